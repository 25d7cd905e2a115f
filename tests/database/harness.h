/* tests/database/harness.h - a pool on a real server, transactions from a script, and what became of them. */
#ifndef TESTS_DATABASE_HARNESS_H
#define TESTS_DATABASE_HARNESS_H

#include "daemon/database/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	SCRIPT_WAVES = 4,
	SCRIPT_STATEMENTS = 64,
	SHORT_TIMEOUT_MS = 1000, /* for what is to be ended by it, or never to be answered */
};

struct script_answer {
	bool done, failed;
	struct statement_result result;
	struct sql_error error;
	uint32_t rows;
	char first[64]; /* the first value of the first row; "NULL" */
};

/* Set `waves` (each ends with NULL) and `end`, the rest is filled in. */
struct script {
	const char *waves[SCRIPT_WAVES][SCRIPT_STATEMENTS];
	enum transaction_step last;
	uint32_t rows_wanted;       /* 0: all */
	uint32_t timeout_ms;        /* 0: the options' */
	void (*before_first)(void); /* called before the first wave is asked for */
	void (*before_last)(void);  /* called before COMMIT or ROLLBACK is asked for */
	bool reads;                 /* the first wave is said to change nothing */
	bool one_statement;         /* the first wave is said to be one, and all there is */
	const char *compound;       /* the first wave's two statements, as one that commits by itself */
	struct script *follower;    /* sent behind the COMMIT, if that may be */

	size_t wave, answered; /* in the wave */
	struct statement statements[SCRIPT_STATEMENTS];
	struct script_answer answers[SCRIPT_WAVES][SCRIPT_STATEMENTS];
	bool ended;
	enum transaction_end end;
	struct sql_error error; /* number 0: none */
	bool inside_run;
	const struct script *before; /* the one that it follows */
	bool asked_early;            /* its first wave, before that one had ended */
	bool others_idle;
};

struct harness {
	uv_loop_t loop;
	struct database_options options;
	struct pool *pool;
	bool closed, down;
	uint32_t health_calls, idle_calls;
	struct sql_error trouble;
	uint64_t ticks; /* of a 10 ms timer */
};

/* Over the unix socket. */
void harness_options(struct database_options *ret_options);
void harness_options_tcp(struct database_options *ret_options, enum tls_mode tls);

/* Opens the loop and the pool with harness->options, and waits until it can run something. */
void harness_open(struct harness *harness);
void harness_open_only(struct harness *harness);
/* Over the unix socket, with one connection, and an empty table pet (id, age). */
void harness_open_pet(struct harness *harness);
/* Closes the pool, and checks that nothing is left in the loop. */
void harness_close(struct harness *harness);

/* Runs the loop until *what is true; fails the test after 60 s. */
void harness_wait(struct harness *harness, const bool *what);
void harness_wait_ready(struct harness *harness);
void harness_turn(struct harness *harness);

/* Counts the ticks of a timer while the script runs. */
void harness_start_ticking(struct harness *harness);
void harness_stop_ticking(struct harness *harness);

/* Starts it on an idle connection; the loop has to turn for the rest. */
void script_start(struct harness *harness, struct script *script);
/* Starts it and waits for its end. */
void script_run(struct harness *harness, struct script *script);
/* Starts it on a pool of its own with one connection, which is closed after so many turns of the loop, or at the end of
 * *last: the script itself, or one that follows it. Returns whether that was over before. */
bool script_run_and_close(struct script *script, const struct script *last, int turns,
			  void (*set_options)(struct database_options *ret_options));
/* One statement in a transaction of its own, committed; must succeed. */
void script_do(struct harness *harness, const char *text, char ret_first[64]);

/* Has run.py do something to the server: kill, start, freeze, thaw. */
void control(const char *word);
/* The same for a script's before_first and before_last. */
void control_freeze(void);
void control_kill(void);

#endif
