/* cli/arguments.h - the command line of rowctl. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

enum { ARGUMENTS_QUEUES = 64, ARGUMENTS_TABLES = 256 };

/* What only `bench` takes. */
struct bench_arguments {
	uint64_t count;                       /* --count */
	uint64_t in_flight;                   /* --in-flight; 0: any number */
	uint64_t rate;                        /* --rate: per second */
	uint64_t keys;                        /* --keys */
	const char *tables[ARGUMENTS_TABLES]; /* --table; at least one: the default */
	uint32_t table_count;
};

/* What only `dead` takes. */
struct dead_arguments {
	uint64_t limit; /* --limit: letters listed; 0: all */
	bool all;       /* --all: instead of ids */
	bool yes;       /* --yes */
	bool raw;       /* --raw */
};

/* What only `release` takes; and --yes. */
struct release_arguments {
	bool again, dead; /* --again, --dead: where to */
};

struct arguments {
	const char *redis;                    /* --redis: a URL; NULL: $REDIS_URL, else the local server */
	const char *queues[ARGUMENTS_QUEUES]; /* --queue; at least one: the default */
	uint32_t queue_count;
	const char *reply_prefix; /* --reply-prefix */
	uint32_t timeout_ms;      /* --timeout: how long to wait for a reply */
	bool json;                /* --json: tables as JSON */
	struct bench_arguments bench;
	struct dead_arguments dead;
	struct release_arguments release;
	char **operands; /* NULL-ended; views of argv */
	bool help, version;
};

/* A command of rowctl. */
struct rowctl_command {
	const char *name;
	const char *summary;
	const char *usage;
	int (*run)(const struct arguments *arguments); /* returns the exit status */
};

extern const struct rowctl_command call_command, push_command, encode_command, decode_command, status_command,
	dead_command, pause_command, resume_command, peek_command, workers_command, release_command, bench_command;

/* Exit statuses beside those of <sysexits.h>. */
enum { EXIT_NOT_OK = 1, EXIT_NO_REPLY = 2 };

/* Sorts the words of a command line; operands, the command's name first, is filled in place, in `words`.
 * Returns 0, or -EINVAL after it has said on standard error what is wrong. */
int arguments_read(char **words, struct arguments *ret_arguments);

/* Reads a number from least to most; name: what it is, for a fault's message. Returns as above. */
int arguments_read_number(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret_number);

/* Makes an operand a queue: the only one, or one more. Returns as above. */
int arguments_name_queue(struct arguments *arguments, const char *key, bool only);

/* For a command that works on one queue: returns -EINVAL after it has said that --queue names several, else 0. */
int arguments_check_one_queue(const struct arguments *arguments, const char *command);

#endif
