/* plan/sql/procedure_state.h - the inside of a procedure, shared by procedure*.c only. */
#ifndef PLAN_PROCEDURE_STATE_H
#define PLAN_PROCEDURE_STATE_H

#include "common/fingerprint.h"
#include "daemon/plan/sql/answer.h"
#include "daemon/plan/sql/compiler.h"
#include "daemon/plan/sql/insertion.h"
#include "daemon/plan/sql/procedure.h"
#include "daemon/plan/sql/query.h"

/* The memory of a usual command's texts is kept for the next one. */
enum { WAVE_STATEMENTS = 4, PLAN_SPARE_BYTES = 2048 };

/* What is done with a statement's answer. */
enum statement_role {
	ROLE_EFFECT,  /* counts: matched, affected, insert_id */
	ROLE_ROWS,    /* rows for the answer; counts as well, since RETURNING does both */
	ROLE_KEYS,    /* primary keys, for the statements of the next wave */
	ROLE_IDS,     /* generated keys, for `insert_ids`; counts */
	ROLE_NUMBER,  /* one number */
	ROLE_BAD_ROW, /* rows of an INSERT that is tried again: as many as there are before the bad one */
};

struct wave_statement {
	size_t start, size; /* in the wave's text */
	enum statement_role role;
	bool writes; /* what it affected counts, and would have to be undone */
};

struct wave {
	struct buffer sql;
	uint32_t count;
	struct wave_statement statements[WAVE_STATEMENTS];
};

enum answer_shape { ANSWER_COUNTS, ANSWER_ROW, ANSWER_ROWS };

/* What only `create` needs to know between its waves. */
struct create_state {
	const struct value *rows; /* one map each */
	uint32_t row_count;
	bool is_array;            /* as it was sent, and so as it is answered */
	enum statement_role role; /* ROLE_ROWS, ROLE_IDS, or ROLE_EFFECT when nothing is read back */
	bool one_by_one;          /* each row has an INSERT of its own, and a SELECT behind it */
	bool told;                /* so, but the SELECT comes with the next wave, by the id that the INSERT has told */
	uint32_t read_row;        /* then: how many have been read back, or are about to be */
	uint32_t next_row;        /* without RETURNING, in several waves: the first that was not sent, or read, yet */
	uint32_t first_rows;      /* then: those that the first wave sends, or reads */
	struct insertion *insertion;
	struct row_span *ids; /* where the auto-increment column's values stand in the first wave; size 0: none */
	size_t rows_start;    /* where the first row stands in the INSERT of all of them */
	size_t *row_ends;     /* where each row ends in it */
	bool any_given, any_generated; /* values of the auto-increment column */
};

/* The search for the row that an INSERT has failed at: by halves it is one of those from first up to end. */
enum bad_row_state { BAD_ROW_OVER, BAD_ROW_ASK, BAD_ROW_HALVE };

struct bad_row {
	enum bad_row_state state;
	uint32_t first, end;
	bool end_is_bad;    /* the rows up to end have failed since; before that, what was in the way may be gone */
	uint32_t tried_end; /* the rows that were sent last: up to this one */
	uint32_t number;    /* of the error that is searched for, and its text */
	struct bytes message;
	uint32_t came; /* rows, when the server was asked */
};

/* How the command can share statements with others (plan/sql/shared.h). Where something stands is told by offsets into
 * the first wave's text, which may move while it grows. */
enum share_kind { SHARE_NONE, SHARE_CREATE, SHARE_READ, SHARE_DELETE, SHARE_UPDATE, SHARE_SAME };

struct share_assignment {
	const struct column *column;
	size_t start, size; /* its literal */
	bool is_null;
};

struct share {
	enum share_kind kind;
	uint64_t hash;
	size_t start, size; /* "(…),(…)" of a create, the literal of a key, or all of a statement that is the same */
	struct bytes tuple; /* "(1,'a')": a key of several columns, in place of the above; data NULL: it has one */
	bool is_number;     /* the key is one integer, and this is it: */
	uint64_t number;
	struct share_assignment *assignments; /* of an update, in the order of the table's columns */
	uint32_t assignment_count;
};

/* What `once` needs (plan/sql/ledger.h). */
struct once {
	struct bytes id; /* with its type in front; empty: the command does not want it */
	unsigned char fingerprint[FINGERPRINT_BYTES];
	bool found, is_same; /* there is a row of this id, with this fingerprint */
	bool is_read;        /* `stored` is its answer */
	bool replayed;       /* which is the answer of this one */
	struct bytes stored;
};

struct job_plan {
	struct catalog *catalog;
	const struct table *table;
	enum procedure_kind kind;
	bool writes;
	struct footprint footprint;
	struct compiler compiler;

	enum answer_shape shape;
	const struct column *const *columns; /* what a row of the answer has */
	uint32_t column_count;
	bool arrays;              /* a row is an array, its columns are named once */
	uint64_t row_limit;       /* more rows than this are TOO_LARGE */
	bool rows_if_matched;     /* rows count only when the UPDATE before them found its row */
	const struct value **key; /* by which the row is read back */
	struct create_state create;
	struct share share;
	struct once once;
	bool stands_by; /* it has no statements; its answer, or with `doomed` the error, is there already */
	bool doomed;
	struct bytes update_head; /* "UPDATE t SET …", when its WHERE comes with the second wave */

	/* Completes the first wave, of which compile wrote only what is needed to share it; NULL: it is complete. */
	int (*complete)(struct job *job);
	/* Writes the wave after the one that was answered, if there is one: later.count tells. NULL: there is none.
	 * It takes nothing from the arena: there may be any number of runs. */
	int (*follow)(struct job *job);
	/* Completes the answer, or sets the error. */
	int (*finish)(struct job *job);

	/* The run. */
	const struct wave *wave; /* the one that was sent last; NULL: none yet */
	uint64_t matched, affected, insert_id, number;
	bool has_effects;   /* something is in the transaction that a failure has to undo */
	struct buffer keys; /* "(1),(2)": what ROLE_KEYS brought, as literals */
	uint64_t key_rows;
	bool failed;
	struct bad_row bad_row;

	/* From here on nothing is cleared at the start: it is large, and each part is set when it comes into use. */
	struct wave first; /* what compile wrote, and every run sends first */
	struct wave later;
	struct answer answer;
	/* Those of the compiler first; behind them those that the run has found to hold. */
	struct compiler_warnings warnings, warnings_if_noted;
	uint32_t compiled_warnings;
	struct error error;
};

/* Starts and ends a statement of the wave that the compiler writes to. The end refuses what is too long to send. */
struct buffer *plan_statement_begin(struct job_plan *plan, struct wave *wave, enum statement_role role);
int plan_statement_end(struct job_plan *plan, struct wave *wave);

/* The answer to a statement that is too long. Returns -EINVAL. */
int plan_refuse_length(struct job_plan *plan);

/* " RETURNING …" for the statement that is being written; its rows are then taken as the role says. */
void plan_statement_returning(struct job_plan *plan, struct wave *wave, enum statement_role role);

/* Sets the columns of the answer from `returning` or `select`. names NULL: all. */
int plan_answer_columns(struct job_plan *plan, const struct value *names, const char *what);

/* Reads `returning`: whether rows are wanted, and then which columns. */
int plan_returning(struct job *job, bool by_default, bool *ret_returning);

/* How the rows that a write concerns are named: exactly one of pk, where, all. */
enum target { TARGET_KEY, TARGET_WHERE, TARGET_ALL };
int plan_target(struct job *job, enum target *ret_target);

/* Opens the field for rows in the plan's shape, and closes it, with nil when there was none. */
void plan_rows_begin(struct job_plan *plan);
void plan_rows_end(struct job_plan *plan);

/* "`a`,`b`" of the primary key, in brackets when there are several. */
void plan_append_key_columns(struct job_plan *plan);

/* Returns 0; -EFBIG when the reply with the answer, as it would be sent, is above the queue's limit; -ENOMEM. A command
 * that asks for no reply has none that could be too large. */
int plan_check_reply_size(struct job *job);

/* Whether a reply with one row of the plan's columns, whatever stands in it, is surely within the queue's limit. */
bool plan_row_surely_fits(const struct job *job);

/* A write that must not share its transaction: it could not be undone with it, or a trigger may do anything. */
enum procedure_kind plan_write_kind(const struct table *table);

/* After plan->error was set: starts the search, if there is one to make. next: writes its next wave, or returns false
 * when plan->error is complete. failed: what the server answered. */
void bad_row_begin(struct job_plan *plan, uint32_t index, const struct sql_error *error);
bool bad_row_next(struct job_plan *plan);
void bad_row_failed(struct job_plan *plan, const struct sql_error *error);

/* Offers the first wave, once it is complete, for sharing; nothing happens when it cannot be shared. row, key: where
 * the literals of the primary key stand. set: where those of the columns stand that `changed` says. Those that return
 * something: 0 or -ENOMEM. share_same() is for a read by condition, which only its like can share. */
void share_create(struct job_plan *plan);
int share_by_key(struct job_plan *plan, enum share_kind kind, const struct row *row);
int share_update(struct job_plan *plan, const struct row *key, const struct share_assignment *set, const bool *changed);
void share_same(struct job_plan *plan);

/* What differs from job to job; stays while the plan does. */
struct bytes share_text(const struct job_plan *plan);

/* Reads an integer of 64 bits, zeros in front or not; negative ones as two's complement. False: it is none. */
bool share_read_number(struct bytes digits, uint64_t *ret_number);

/* Marks the first wave as sent, by somebody else. */
void procedure_sent(struct job *job);

/* How the current row of a create is found again on a server without RETURNING. */
enum found_by { FOUND_BY_KEY, FOUND_BY_GENERATED_ID, NOT_FOUND_AGAIN };
enum found_by reread_found_by(const struct insertion *insertion, const struct table *table);

/* SELECTs behind the INSERT, in the order of the rows: some rows by their keys; all of them, over several waves; rows
 * with generated ids, that LAST_INSERT_ID() was the first of. */
int reread_by_key(struct job_plan *plan, struct wave *wave, uint32_t first, uint32_t count);
int reread_by_keys(struct job_plan *plan);
int reread_by_generated_ids(struct job_plan *plan, struct wave *wave, uint32_t count);

/* " AND id % …" of generated ids: where several servers count in turns, in steps, those between ours may be theirs. */
void reread_append_step(const struct job_plan *plan, struct buffer *out);

/* The SELECT of one row, by the id that came with the answer to its INSERT. */
int reread_by_told_id(struct job_plan *plan, struct wave *wave);

int compile_create(struct job *job);
int compile_read(struct job *job);
int compile_count(struct job *job);
int compile_exists(struct job *job);
int compile_update(struct job *job);
int compile_delete(struct job *job);
int compile_recovered(struct job *job);

/* These are answered from what is known already. */
int answer_ping(struct job *job);
int answer_info(struct job *job, const struct procedure_facts *facts);
int answer_tables(struct job *job);
int answer_describe(struct job *job);

#endif
