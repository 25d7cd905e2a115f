/* planner_model.h - commands on the tables of planner_database.h: what they are, what they hold and what they do. */
#ifndef UNIT_PLANNER_MODEL_H
#define UNIT_PLANNER_MODEL_H

#include "fake_procedure.h"
#include "planner_database.h"

enum action { CREATE, UPDATE, DELETE, READ, UPDATE_WHERE, DELETE_WHERE, COUNT, ACTIONS };

/* When a command fails whatever it finds. */
enum doom {
	DOOM_NONE,
	DOOM_AT_ONCE,    /* its first statement does */
	DOOM_AT_END,     /* it finds out once all was answered, and has changed nothing */
	DOOM_AFTERWARDS, /* the same, but it has: its transaction has to go */
	DOOM_LOCKED      /* from some time on it ends in a deadlock, until it is given up */
};

enum {
	UNANSWERED = -3,
	TIMES = 8
}; /* so often at most a command may be executed: a row made by it has an id for each */

struct command_model {
	struct script script;
	enum action action;
	enum table_name table;
	int column, value; /* which row, or rows */
	bool changed[COLUMNS];
	struct row row;
	enum doom doom;
	uint32_t locked_from; /* so many restarts go well */
	uint32_t acts_in_wave;
	int index; /* its place in the queue */

	/* What became of it. */
	uint32_t faults;
	uint32_t times; /* committed, in truth: more than once when an answer to COMMIT was lost */
	uint32_t acted; /* script.restarted when its statement was executed; 0: not since the batch began */
	int found;      /* in its batch; UNANSWERED: its statement was not executed yet */
	int generated_id;
	bool stale;       /* has been told once that the catalog was */
	bool rolled_back; /* what it has found was not committed: it has failed */
	bool done;
};

/* Whether it only reads, and what it finds is not determined. */
bool is_count(const struct command_model *model);

/* What its statement does: rows it met, a row as a number, NOTHING or FAILED. */
int execute_command(struct database *database, const struct command_model *model);

/* What the command as a whole does. */
int run_command(struct database *database, const struct command_model *model);

/* The id of the row that it made when it was last executed, or makes when it is executed next. */
int made_id(const struct command_model *model, uint32_t times);

/* Gives the command a script that does it. Set before: all of the first part, but for the script. */
void script_command(struct command_model *model);

#endif
