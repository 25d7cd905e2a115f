/* common/log.h - one event per line, key=value.
 *
 *   log_event(LEVEL_WARNING, "redis.lost", log_text("peer", peer), log_int("in_flight", n));
 *
 * Event names are stable and listed in the manual. Bytes from outside are escaped and cut. Never log a password, nor a
 * value of a row (but for the `echo = params` option). The sink is set once, at start. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

/* LOG_FORMAT_AUTO: the journal's priorities when standard error is the journal, else text. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_field_type { LOG_FIELD_TEXT, LOG_FIELD_INT };

struct log_field {
	const char *key;
	enum log_field_type type;
	struct bytes text;
	int64_t integer;
};

static inline struct log_field log_bytes(const char *key, struct bytes text)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_TEXT, .text = text};
}

static inline struct log_field log_text(const char *key, const char *text)
{
	return log_bytes(key, bytes_of(text));
}

static inline struct log_field log_int(const char *key, int64_t integer)
{
	return (struct log_field){.key = key, .type = LOG_FIELD_INT, .integer = integer};
}

void log_open(int descriptor, enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count);

/* Whoever reads the log may stop reading; the lines of that time are dropped, and counted, and the next line that is
 * taken again tells how many they were. To be called now and then, for when no other line follows. Returns whether
 * nothing is left to tell. */
bool log_tell_dropped(void);

#define log_event(level, event, ...)                                                                                   \
	log_fields((level), (event), (const struct log_field[]){__VA_ARGS__},                                          \
		   sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
