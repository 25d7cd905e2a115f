/* planner_model.h - three tables, commands on them, and a database that runs one command after the other. */
#ifndef UNIT_PLANNER_MODEL_H
#define UNIT_PLANNER_MODEL_H

#include "fake_procedure.h"

enum { ROWS = 4 };

/* parent(id, code unique), child(id, parent_id -> parent.id), generated(id auto_increment, name text unique). */
extern struct table parent, child, generated;
extern struct foreign_key foreign_key; /* the child's; its on_delete is the test's to set */

enum action {
	CREATE_PARENT,
	RECODE_PARENT,
	MOVE_PARENT,
	DELETE_PARENT,
	READ_PARENT,
	CREATE_CHILD,
	REPARENT_CHILD,
	DELETE_CHILD,
	READ_CHILD,
	DELETE_CHILDREN, /* of one parent, by condition */
	COUNT_CHILDREN,
	CREATE_GENERATED,
	DELETE_GENERATED, /* by name: a condition */
	COUNT_GENERATED,
	ACTIONS
};

enum { NO_ROW = -1, FAILED = -2 };

struct command_model {
	struct script script;
	enum action action;
	int row, value;
	bool doomed; /* fails whenever it is run */
	uint32_t faults;
	int expected; /* what it finds when all run one by one */
	int found;    /* what it has found in its batch */
	int generated_id;
	bool done;
};

struct database {
	bool parents[ROWS], children[ROWS], names[ROWS];
	int codes[ROWS], parent_of[ROWS];
};

/* What the command finds in the database, which it changes: rows, a value, NO_ROW or FAILED. Counts find FAILED. */
int run_command(struct database *database, const struct command_model *model);

/* Reads by condition: what they find is not determined. */
bool is_count(const struct command_model *model);

/* What a count waits for: a write of its table, cascades included. */
bool writes_for(const struct command_model *count, const struct command_model *model);

/* The footprint of a script whose `test` is a command_model. */
int footprint_of(struct script *script, struct footprint *footprint);

#endif
