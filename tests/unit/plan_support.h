/* plan_support.h - a catalog, values and jobs for the tests of plan/. */
#ifndef PLAN_SUPPORT_H
#define PLAN_SUPPORT_H

#include "daemon/plan/sql/compiler.h"
#include "daemon/plan/sql/procedure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Tables:
 *   pets     id INT UNSIGNED auto, name VARCHAR(20), age TINYINT, tag VARCHAR unique, shout (computed)
 *   pairs    (a INT, b VARBINARY(8)) primary, note TEXT
 *   order    key INT primary, or INT, a`b TEXT
 *   toys     id INT auto, pet_id -> pets.id, (pet_id, label) unique
 *   notes    line TEXT, no key
 *   spied    id INT auto; has a trigger
 *   words    word VARCHAR primary, text key
 *   ticks    n INT unique but may be NULL, at INT unique; no primary key
 *   dotted   id INT primary, columns called `.and`, `or`, `.or` and `.x`
 *   every    one column of every type, primary key id BIGINT
 *   elders   a view over pets; rowd_slots and secret exist as well */
struct catalog *support_catalog(enum server_kind kind);

/* Parses one JSON value. */
const struct value *support_value(struct arena *arena, const char *json);

extern const struct procedure_facts support_facts;

/* A policy that allows all tables but `secret`, all ops, 1000 rows and 1 MB. */
struct policy support_policy(void);

/* A job as the planner makes it, from JSON that the decoder takes for a command. */
struct job *support_job(const struct policy *policy, const char *json);
void support_job_free(struct job *job);

/* Hands in one row; NULL ends the texts. */
int support_row(struct job *job, uint32_t index, ...) __attribute__((sentinel));

/* The reply's text, with the reply made from error, or from the answer when that is NULL. NUL-terminated, the job's. */
const char *support_reply(struct job *job, const struct error *error);

#endif
