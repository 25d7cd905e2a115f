/* options.h - what rowd was told: defaults, /etc/rowd/rowd.conf, the environment, the command line; the later wins.
 *
 * One table (options/table.c) gives each option its name, type, unit, default, range and one line of documentation; the
 * help text, `rowd config`, the sample file and the manual come from it. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "common/bytes.h"
#include "common/log.h"
#include "common/url.h"
#include "daemon/plan/policy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_QUEUES = 256, OPTIONS_QUEUE_KEY_BYTES = 400, OPTIONS_PATH_BYTES = 512 };

enum tls_mode { TLS_OFF, TLS_PREFERRED, TLS_REQUIRED, TLS_VERIFY };
enum echo_mode { ECHO_OFF, ECHO_ON, ECHO_PARAMS };

struct database_options {
	char *url_text;
	struct database_url url;
	uint32_t connections;
	uint32_t connect_timeout_ms;
	uint32_t statement_timeout_ms;
	uint32_t idle_ping_s;
	uint32_t max_lifetime_s;
	uint32_t idle_transaction_ms; /* no option: a client that is silent for so long has lost its lease */
	enum echo_mode echo;
	enum tls_mode tls;
	char *tls_ca, *tls_cert, *tls_key; /* paths; NULL or empty: none */
};

struct redis_options {
	char *url_text;
	struct redis_url url;
	uint32_t command_timeout_ms;
};

struct limit_options {
	uint32_t in_flight;
	uint64_t in_flight_bytes;
	uint32_t message_bytes;
	uint32_t batch;
	uint64_t reply_bytes;
	uint32_t dead_letters;
	uint64_t dead_bytes;
};

struct delivery_options {
	uint32_t lease_ms;
	uint32_t drain_timeout_ms;
	uint32_t once_window_s;
};

struct option_origin; /* private to options/ */

struct queue_options {
	char *key;
	char *where;          /* of its section: "rowd.conf:12"; its key when no file names it */
	struct policy policy; /* its texts are this struct's own */
	bool shared;
	struct option_origin *origins;
};

struct options {
	struct database_options database;
	struct redis_options redis;
	struct limit_options limits;
	struct delivery_options delivery;
	struct queue_options *queues; /* at least one */
	uint32_t queue_count;
	char *reply_prefix;
	enum log_level log_level;
	enum log_format log_format;
	char *runtime_directory; /* where the worker's id is kept; $RUNTIME_DIRECTORY under systemd */
	struct option_origin *origins;
};

/* A finding: where, what, and what to do. */
struct options_problem {
	char where[OPTIONS_PATH_BYTES]; /* "rowd.conf:12", "ROWD_LIMITS_BATCH", "--limits-batch" */
	char what[512];
	char hint[256];
};

/* Reads everything.
 *
 * file: NULL is /etc/rowd/rowd.conf, which may be absent; a file that is named may not. env_file: a .env file, or NULL.
 * Its variables stand behind those of the environment proper. arguments: --section-key=value words, NULL-ended; NULL:
 * none. A [queue] option that is set outside the file holds for every queue. An empty variable counts as not set. The
 * URLs may also come from files `database_url` and `redis_url` in $CREDENTIALS_DIRECTORY, when nothing else sets them.
 *
 * Every finding is told through problem() in order; the options are usable only when it returns 0.
 * Returns 0, -EINVAL when something was found, -ENOMEM. */
int options_load(const char *file, const char *env_file, char *const *arguments,
		 void (*problem)(void *context, const struct options_problem *problem), void *context,
		 struct options **ret_options);
void options_free(struct options *options); /* legal on NULL */

/* `rowd config`: each option in force, where it came from; passwords masked. */
void options_print(const struct options *options, FILE *to);
/* The commented sample file; the options part of --help; that of rowd.conf(5), in man's macros. */
void options_print_sample(FILE *to);
void options_print_help(FILE *to);
void options_print_manual(FILE *to);

#endif
