/* options/types.c - how values are read and written: numbers with units, words, texts. */
#include "daemon/options/option.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- numbers ---- */

struct suffix {
	enum option_unit unit;
	const char *text;
	uint64_t factor; /* of the option's unit */
};

static const struct suffix suffixes[] = {
	{UNIT_BYTES, "B", 1},
	{UNIT_BYTES, "bytes", 1},
	{UNIT_BYTES, "K", 1ull << 10},
	{UNIT_BYTES, "KiB", 1ull << 10},
	{UNIT_BYTES, "M", 1ull << 20},
	{UNIT_BYTES, "MiB", 1ull << 20},
	{UNIT_BYTES, "G", 1ull << 30},
	{UNIT_BYTES, "GiB", 1ull << 30},
	{UNIT_MS, "ms", 1},
	{UNIT_MS, "s", 1000},
	{UNIT_MS, "min", 60 * 1000},
	{UNIT_S, "s", 1},
	{UNIT_S, "min", 60},
	{UNIT_S, "h", 3600},
};

/* 0: no such suffix for this unit. */
static uint64_t suffix_factor(enum option_unit unit, const char *text)
{
	if (*text == '\0')
		return 1;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (suffixes[i].unit == unit && strcasecmp(suffixes[i].text, text) == 0)
			return suffixes[i].factor;
	}
	return 0;
}

static void print_amount(enum option_unit unit, uint64_t number, FILE *to)
{
	static const char *const names[] = {" GiB", " MiB", " KiB"};

	if (unit == UNIT_BYTES) {
		for (unsigned i = 0; i < 3; i++) {
			unsigned shift = 30 - 10 * i;
			if (number >= 1ull << shift && number % (1ull << shift) == 0) {
				fprintf(to, "%" PRIu64 "%s", number >> shift, names[i]);
				return;
			}
		}
	}
	fprintf(to, "%" PRIu64, number);
}

static int number_fault(const struct option *option, struct options_problem *ret_problem, const char *what)
{
	static const char *const spelled[] = {
		[UNIT_NONE] = "", [UNIT_BYTES] = "", [UNIT_MS] = " ms (or s, min)", [UNIT_S] = " s (or min, h)"};
	FILE *hint = fmemopen(ret_problem->hint, sizeof(ret_problem->hint), "w");

	snprintf(ret_problem->what, sizeof(ret_problem->what), "%s", what);
	if (!hint)
		return -ENOMEM;
	fputs("from ", hint);
	print_amount(option->unit, option->minimum, hint);
	fputs(" to ", hint);
	print_amount(option->unit, option->maximum, hint);
	fputs(spelled[option->unit], hint);
	fclose(hint);
	return -EINVAL;
}

static int parse_number(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	uint64_t number = 0;
	const char *at = text;

	if (!isdigit((unsigned char)*at))
		return number_fault(option, ret_problem, "not a whole number");
	for (; isdigit((unsigned char)*at); at++) {
		if (__builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (unsigned)(*at - '0'), &number))
			return number_fault(option, ret_problem, "too large");
	}
	at += strspn(at, " \t");
	uint64_t factor = suffix_factor(option->unit, at);
	if (factor == 0)
		return number_fault(option, ret_problem, "not a whole number with a known unit");
	if (__builtin_mul_overflow(number, factor, &number) || number > option->maximum)
		return number_fault(option, ret_problem, "too large");
	if (number < option->minimum)
		return number_fault(option, ret_problem, "too small");

	if (option->width == sizeof(uint64_t))
		memcpy(option_place(option, base), &number, sizeof(uint64_t));
	else
		memcpy(option_place(option, base), &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
	return 0;
}

static void print_number(const struct option *option, const void *base, FILE *to)
{
	uint64_t number = 0;
	uint32_t narrow;

	if (option->width == sizeof(number)) {
		memcpy(&number, option_place_const(option, base), sizeof(number));
	} else {
		memcpy(&narrow, option_place_const(option, base), sizeof(narrow));
		number = narrow;
	}
	print_amount(option->unit, number, to);
}

const struct option_type option_type_number = {"NUMBER", parse_number, print_number, NULL};

/* ---- words ---- */

static int parse_yes_no(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)option_place(option, base) = i % 2 == 1;
			return 0;
		}
	}
	snprintf(ret_problem->what, sizeof(ret_problem->what), "neither yes nor no");
	return -EINVAL;
}

static void print_yes_no(const struct option *option, const void *base, FILE *to)
{
	fputs(*(const bool *)option_place_const(option, base) ? "yes" : "no", to);
}

const struct option_type option_type_yes_no = {"yes|no", parse_yes_no, print_yes_no, NULL};

static int parse_choice(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	size_t size = 0;

	for (uint32_t i = 0; option->choices[i]; i++) {
		if (strcasecmp(text, option->choices[i]) == 0) {
			memcpy(option_place(option, base), &i, sizeof(i));
			return 0;
		}
	}
	snprintf(ret_problem->what, sizeof(ret_problem->what), "not one of its words");
	for (size_t i = 0; option->choices[i] && size < sizeof(ret_problem->hint); i++)
		size += (size_t)snprintf(ret_problem->hint + size, sizeof(ret_problem->hint) - size, "%s%s",
					 i ? ", " : "one of ", option->choices[i]);
	return -EINVAL;
}

static void print_choice(const struct option *option, const void *base, FILE *to)
{
	uint32_t index;

	memcpy(&index, option_place_const(option, base), sizeof(index));
	fputs(option->choices[index], to);
}

const struct option_type option_type_choice = {"WORD", parse_choice, print_choice, NULL};

int option_not_in_this_version(struct options_problem *ret_problem, const char *what)
{
	snprintf(ret_problem->what, sizeof(ret_problem->what), "%s is not in this version", what);
	return -EINVAL;
}

/* The word stands in replies; what it says decides. */
static int parse_delivery(const struct option *option, const char *text, void *base,
			  struct options_problem *ret_problem)
{
	struct policy *place = option_place(option, base);
	bool exactly_once = strcmp(text, "exactly-once") == 0;

	if (!exactly_once && strcmp(text, "at-least-once") != 0) {
		snprintf(ret_problem->what, sizeof(ret_problem->what), "not a kind of delivery");
		snprintf(ret_problem->hint, sizeof(ret_problem->hint), "exactly-once or at-least-once");
		return -EINVAL;
	}
	place->exactly_once = exactly_once;
	place->delivery = exactly_once ? BYTES("exactly-once") : BYTES("at-least-once");
	return 0;
}

static void print_delivery(const struct option *option, const void *base, FILE *to)
{
	const struct policy *place = option_place_const(option, base);

	fwrite(place->delivery.data, 1, place->delivery.size, to);
}

const struct option_type option_type_delivery = {"WORD", parse_delivery, print_delivery, NULL};

/* ---- texts ---- */

static int parse_text(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	char **place = option_place(option, base);
	char *copy = strdup(text);

	(void)ret_problem;
	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

static void print_text(const struct option *option, const void *base, FILE *to)
{
	fputs(*(char *const *)option_place_const(option, base), to);
}

static void release_text(const struct option *option, void *base)
{
	free(*(char **)option_place(option, base));
}

const struct option_type option_type_text = {"TEXT", parse_text, print_text, release_text};

static void print_bytes(const struct option *option, const void *base, FILE *to)
{
	const struct bytes *bytes = option_place_const(option, base);

	fwrite(bytes->data, 1, bytes->size, to);
}

static int parse_bytes(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	struct bytes *place = option_place(option, base);
	char *copy = strdup(text);

	(void)ret_problem;
	if (!copy)
		return -ENOMEM;
	free((char *)place->data);
	*place = bytes_of(copy);
	return 0;
}

static void release_bytes(const struct option *option, void *base)
{
	free((char *)((struct bytes *)option_place(option, base))->data);
}

const struct option_type option_type_bytes = {"TEXT", parse_bytes, print_bytes, release_bytes};

/* ---- URLs: the text, and what it says ---- */

static int parse_database_url(const struct option *option, const char *text, void *base,
			      struct options_problem *ret_problem)
{
	struct database_options *place = option_place(option, base);
	char problem[URL_PROBLEM_BYTES];
	struct database_url url;

	if (url_parse_database(text, &url, problem) < 0) {
		snprintf(ret_problem->what, sizeof(ret_problem->what), "%s", problem);
		return -EINVAL;
	}
	char *copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(place->url_text);
	place->url_text = copy;
	place->url = url;
	return 0;
}

static int parse_redis_url(const struct option *option, const char *text, void *base,
			   struct options_problem *ret_problem)
{
	struct redis_options *place = option_place(option, base);
	char problem[URL_PROBLEM_BYTES];
	struct redis_url url;

	if (url_parse_redis(text, &url, problem) < 0) {
		snprintf(ret_problem->what, sizeof(ret_problem->what), "%s", problem);
		return -EINVAL;
	}
	if (url.tls) {
		snprintf(ret_problem->hint, sizeof(ret_problem->hint), "redis:// or unix://");
		return option_not_in_this_version(ret_problem, "rediss:// (TLS)");
	}
	char *copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(place->url_text);
	place->url_text = copy;
	place->url = url;
	return 0;
}

static void print_url(const char *text, FILE *to)
{
	char masked[1024];

	url_mask(text, masked, sizeof(masked));
	fputs(masked, to);
}

static void print_database_url(const struct option *option, const void *base, FILE *to)
{
	const struct database_options *place = option_place_const(option, base);

	if (place->url_text)
		print_url(place->url_text, to);
}

static void print_redis_url(const struct option *option, const void *base, FILE *to)
{
	const struct redis_options *place = option_place_const(option, base);

	print_url(place->url_text, to);
}

static void release_database_url(const struct option *option, void *base)
{
	free(((struct database_options *)option_place(option, base))->url_text);
}

static void release_redis_url(const struct option *option, void *base)
{
	free(((struct redis_options *)option_place(option, base))->url_text);
}

const struct option_type option_type_database_url = {"URL", parse_database_url, print_database_url,
						     release_database_url};
const struct option_type option_type_redis_url = {"URL", parse_redis_url, print_redis_url, release_redis_url};
