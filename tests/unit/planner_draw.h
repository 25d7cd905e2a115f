/* planner_draw.h - draws commands, and the kind of run they are for. */
#ifndef UNIT_PLANNER_DRAW_H
#define UNIT_PLANNER_DRAW_H

#include "planner_model.h"

struct drawing {
	uint64_t random;
	bool may_lock;    /* some commands never get their locks; the others are to meet less trouble of other kinds */
	uint32_t creates; /* how much more often they are drawn: without, there would be nothing to read */
	uint32_t values;  /* that a column may have: with fewer of them, commands meet more often */
	enum table_name tables[TABLES];
	uint32_t table_count; /* that are written: the same holds for them */
};

/* Begins a run: draws the above, and what the foreign keys do. */
void drawing_begin(struct drawing *drawing, uint64_t seed);

/* A number below that. */
uint32_t drawing_number(struct drawing *drawing, uint32_t below);

/* Makes models[index], which may be about what those before it have made. catalog_number: of the catalog it meets; it
 * may have to wait for the next. */
void drawing_command(struct drawing *drawing, struct command_model *models, uint32_t index, uint64_t catalog_number);

#endif
