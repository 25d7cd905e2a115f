/* cli/arguments.c - see arguments.h. */
#include "cli/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LARGEST = 1000000000, IN_FLIGHT_USUAL = 100 };

/* No number that --in-flight can be. */
static const uint64_t in_flight_unsaid = UINT64_MAX;

static int fault(const char *what, const char *word)
{
	fprintf(stderr, "rowctl: %s '%s'; see rowctl --help\n", what, word);
	return -EINVAL;
}

static int read_timeout(const char *text, uint32_t *ret_timeout_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !isfinite(seconds) || seconds < 0.001 || seconds > 86400)
		return fault("--timeout is seconds, from 0.001 to 86400, not", text);
	*ret_timeout_ms = (uint32_t)(seconds * 1000);
	return 0;
}

static int add_queue(struct arguments *arguments, const char *key)
{
	if (*key == '\0' || strpbrk(key, "{}"))
		return fault("a queue's key is not empty and has no braces:", key);
	if (arguments->queue_count == ARGUMENTS_QUEUES)
		return fault("too many queues at", key);
	arguments->queues[arguments->queue_count++] = key;
	return 0;
}

static int add_table(struct bench_arguments *bench, const char *name)
{
	if (bench->table_count == ARGUMENTS_TABLES)
		return fault("too many tables at", name);
	bench->tables[bench->table_count++] = name;
	return 0;
}

int arguments_read_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < least || number > most) {
		fprintf(stderr, "rowctl: %s is a number from %" PRIu64 " to %" PRIu64 ", not '%s'; see rowctl --help\n",
			name, least, most, text);
		return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

static int read_number(const char *name, const char *text, uint64_t least, uint64_t *ret_number)
{
	return arguments_read_number(name, text, least, NUMBER_LARGEST, ret_number);
}

static int set_bench_option(struct bench_arguments *bench, const char *name, const char *value)
{
	if (strcmp(name, "--table") == 0)
		return add_table(bench, value);
	if (strcmp(name, "--count") == 0)
		return read_number(name, value, 1, &bench->count);
	if (strcmp(name, "--in-flight") == 0)
		return read_number(name, value, 0, &bench->in_flight);
	if (strcmp(name, "--rate") == 0)
		return read_number(name, value, 0, &bench->rate);
	return read_number(name, value, 1, &bench->keys);
}

/* The options that take a value. */
static int set_option(struct arguments *arguments, const char *name, const char *value)
{
	if (strcmp(name, "--redis") == 0)
		arguments->redis = value;
	else if (strcmp(name, "--queue") == 0)
		return add_queue(arguments, value);
	else if (strcmp(name, "--reply-prefix") == 0)
		arguments->reply_prefix = value;
	else if (strcmp(name, "--timeout") == 0)
		return read_timeout(value, &arguments->timeout_ms);
	else if (strcmp(name, "--limit") == 0)
		return read_number(name, value, 0, &arguments->dead.limit);
	else
		return set_bench_option(&arguments->bench, name, value);
	return 0;
}

static bool takes_value(const char *name)
{
	static const char *const names[] = {"--redis", "--queue",     "--reply-prefix", "--timeout", "--table",
					    "--count", "--in-flight", "--rate",         "--keys",    "--limit"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* The options that take none: where each is told, or NULL. */
static bool *find_switch(struct arguments *arguments, const char *name)
{
	const struct {
		const char *name;
		bool *value;
	} switches[] = {
		{"--json", &arguments->json},
		{"--help", &arguments->help},
		{"-h", &arguments->help},
		{"--version", &arguments->version},
		{"--all", &arguments->dead.all},
		{"--yes", &arguments->dead.yes},
		{"--raw", &arguments->dead.raw},
		{"--again", &arguments->release.again},
		{"--dead", &arguments->release.dead},
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		if (strcmp(name, switches[i].name) == 0)
			return switches[i].value;
	}
	return NULL;
}

/* Reads one word, or two. Returns how many, or -EINVAL. */
static int read_option(struct arguments *arguments, char **words)
{
	char name[32];
	size_t size = strcspn(words[0], "=");

	bool *is_on = find_switch(arguments, words[0]);

	if (is_on) {
		*is_on = true;
		return 1;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(size < sizeof(name) ? size : sizeof(name) - 1), words[0]);
	if (!takes_value(name))
		return fault("no option", name);
	const char *value = words[0][size] == '=' ? words[0] + size + 1 : words[1];
	if (!value)
		return fault("a value is missing behind", name);
	int result = set_option(arguments, name, value);
	if (result < 0)
		return result;
	return words[0][size] == '=' ? 1 : 2;
}

int arguments_read(char **words, struct arguments *ret_arguments)
{
	struct arguments arguments = {
		.timeout_ms = 10000,
		.reply_prefix = "rowd:reply:",
		.operands = words,
		.bench = {.count = 10000, .in_flight = in_flight_unsaid, .keys = 20000},
		.dead = {.limit = 50},
	};
	size_t operand_count = 0;
	bool options_end = false;

	for (size_t i = 0; words[i];) {
		/* "-" is standard input, and what follows "--" is never an option. */
		if (!options_end && strcmp(words[i], "--") == 0) {
			options_end = true;
			i++;
		} else if (!options_end && words[i][0] == '-' && words[i][1] != '\0') {
			int taken = read_option(&arguments, words + i);
			if (taken < 0)
				return taken;
			i += (size_t)taken;
		} else {
			words[operand_count++] = words[i++];
		}
	}
	words[operand_count] = NULL;
	if (arguments.queue_count == 0)
		arguments.queues[arguments.queue_count++] = "rowd:commands";
	if (arguments.bench.in_flight == in_flight_unsaid)
		arguments.bench.in_flight = arguments.bench.rate > 0 ? 0 : IN_FLIGHT_USUAL;
	if (arguments.bench.table_count == 0)
		arguments.bench.tables[arguments.bench.table_count++] = "animals";
	*ret_arguments = arguments;
	return 0;
}

int arguments_name_queue(struct arguments *arguments, const char *key, bool only)
{
	if (only)
		arguments->queue_count = 0;
	return add_queue(arguments, key);
}

int arguments_check_one_queue(const struct arguments *arguments, const char *command)
{
	if (arguments->queue_count <= 1)
		return 0;
	fprintf(stderr, "rowctl: %s takes one queue, and --queue names %" PRIu32 "\n", command, arguments->queue_count);
	return -EINVAL;
}
