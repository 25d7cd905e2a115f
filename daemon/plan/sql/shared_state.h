/* plan/sql/shared_state.h - the inside of a group. Private to shared*.c. */
#ifndef PLAN_SHARED_STATE_H
#define PLAN_SHARED_STATE_H

#include "daemon/plan/sql/procedure_state.h"
#include "daemon/plan/sql/shared.h"

enum { SHARED_NOBODY = UINT32_MAX };

/* What a statement's rows are for. */
enum shared_role {
	SHARED_EFFECT,   /* has none */
	SHARED_IN_ORDER, /* rows of creates, in the order of the jobs */
	SHARED_BY_KEY,   /* rows of whatever job has the key that stands in the last columns */
	SHARED_BEFORE,   /* the key, and the columns that are about to be set */
	SHARED_AFTER,    /* the row, the key, and the columns that were set */
	SHARED_FOR_ALL,  /* rows of each job */
};

struct shared_job {
	struct job *job;
	uint32_t next_same;               /* of those with the same key; SHARED_NOBODY: the last */
	uint64_t rows;                    /* rows of it so far */
	uint64_t insert_id;               /* the first generated key */
	size_t before_start, before_size; /* what the set columns were; size 0: there was no row */
	bool told;
};

/* The jobs by their keys, in open addressing. */
struct shared_slot {
	uint64_t hash; /* of the key; the key itself, when that is an integer */
	uint32_t job;  /* the first that has it, or SHARED_NOBODY */
};

struct shared {
	uint32_t capacity;
	struct shared_job *jobs;
	uint32_t count;
	const struct job_plan *plan; /* of the first job: what is the same for all */

	struct buffer sql;
	struct {
		size_t start, size;
		enum shared_role role;
	} statements[SHARED_STATEMENTS];
	uint32_t statement_count;

	struct shared_slot *slots;
	uint32_t slot_mask;
	struct buffer key; /* that of the row at hand, as it would stand in a statement */
	struct buffer before;

	uint32_t cursor; /* SHARED_IN_ORDER: whose row comes next */
	uint64_t insert_id;
	uint64_t looked_at;             /* rows that came with their keys, before there was an effect */
	uint64_t changed, changed_told; /* rows, by the UPDATE and by what was compared */
	bool unclear;                   /* of a row it is not known whose it is, or what it was before */
	bool has_effects;
	bool failed;
	struct sql_error error;
};

/* Writes the statements of the group. */
void shared_write(struct shared *shared);

/* Notes where each job's key is. */
void shared_index_keys(struct shared *shared);

/* The first job with the key that stands in these columns of a row, or SHARED_NOBODY. */
uint32_t shared_find(struct shared *shared, const char *const *values, const unsigned long *lengths);

#endif
