/* options/option.h - one row of the table of options, and how its type is read and written. Private to options/. */
#ifndef OPTIONS_OPTION_H
#define OPTIONS_OPTION_H

#include "daemon/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct option;

struct option_type {
	const char *metavariable; /* what --help shows for the value */
	/* Reads text into the option's place, giving back what was there. base: the struct of the section.
	 * Returns 0; -EINVAL with what and hint of ret_problem set; -ENOMEM. The place is untouched on failure. */
	int (*parse)(const struct option *option, const char *text, void *base, struct options_problem *ret_problem);
	/* Writes the value in force, spelled as the file wants it; passwords masked. */
	void (*print)(const struct option *option, const void *base, FILE *to);
	/* Gives back what parse allocated. NULL: nothing. */
	void (*release)(const struct option *option, void *base);
};

enum option_unit { UNIT_NONE, UNIT_BYTES, UNIT_MS, UNIT_S };

struct option {
	const char *section;
	const char *key;
	const struct option_type *type;
	const char *standard;       /* the default's text; NULL: none, or see `inherits` */
	const char *inherits;       /* where the default is taken from; NULL: `standard` says it */
	const char *environment;    /* the variable; NULL: ROWD_SECTION_KEY */
	const char *const *choices; /* words in the order of the enum, NULL-ended */
	uint64_t minimum, maximum;  /* numbers, in the option's unit */
	enum option_unit unit;
	size_t offset;             /* of its place in the section's struct */
	size_t width;              /* numbers: bytes of the place */
	const char *documentation; /* one line */
};

/* Where the option's value lies in its section's struct. */
static inline void *option_place(const struct option *option, void *base)
{
	return (char *)base + option->offset;
}

static inline const void *option_place_const(const struct option *option, const void *base)
{
	return (const char *)base + option->offset;
}

extern const struct option_type option_type_number, option_type_yes_no, option_type_choice, option_type_text,
	option_type_bytes, option_type_patterns, option_type_ops, option_type_delivery, option_type_database_url,
	option_type_redis_url;

/* The table. Options of the section "queue" live in struct queue_options, all others in struct options. */
extern const struct option option_table[];
extern const size_t option_count;

bool option_is_of_queue(const struct option *option);

/* What the contract of rowd has but this version has not. key NULL: the whole section. */
struct missing_option {
	const char *section;
	const char *key;
};
extern const struct missing_option missing_option_table[];
extern const size_t missing_option_count;

enum option_source { SOURCE_NONE, SOURCE_DEFAULT, SOURCE_CREDENTIAL, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_ARGUMENT };

struct option_origin {
	enum option_source source;
	char *where; /* "rowd.conf:12"; NULL for SOURCE_NONE and SOURCE_DEFAULT */
};

/* Says "not in this version" into ret_problem. Returns -EINVAL. */
int option_not_in_this_version(struct options_problem *ret_problem, const char *what);

#endif
