/* procedure_fixture.h - runs one command after the other without a server: the test hands in the answers. */
#ifndef PROCEDURE_FIXTURE_H
#define PROCEDURE_FIXTURE_H

#include "plan_support.h"

struct fixture {
	struct catalog *catalog;
	struct policy policy;
	struct job *job; /* the command at hand; NULL: none yet */
};

int fixture_set_up(void **state);
int fixture_set_up_mysql(void **state);
int fixture_tear_down(void **state);

/* Compiles a command, which must be right, and begins its first run. */
struct job *fixture_start(struct fixture *fixture, const char *command);

/* The same for one that was committed by a worker that died: it may be wrong. */
struct job *fixture_start_recovered(struct fixture *fixture, const char *command);

/* The next wave has to be these statements; second may be NULL. */
void expect_wave(struct job *job, const char *first, const char *second);

/* There has to be a next wave. */
void send_any_wave(struct job *job);

/* There is none any more. */
void expect_end(struct job *job, enum procedure_step step, bool expected_undo);
void expect_failure(struct job *job, enum error_code code, bool undo);

/* It is finished, and this is the reply behind "ok":true. */
void expect_answer(struct job *job, const char *body);

void statement_done(struct job *job, uint32_t index, uint64_t matched, uint64_t affected, uint64_t insert_id);

#endif
