/* planner_model.c */
#include "planner_model.h"

#include <errno.h>
#include <stdio.h>

bool is_count(const struct command_model *model)
{
	return model->action == COUNT;
}

int made_id(const struct command_model *model, uint32_t times)
{
	return model->index * TIMES + (int)times;
}

int execute_command(struct database *database, const struct command_model *model)
{
	struct row row = model->row;

	switch (model->action) {
	case CREATE:
		if (model->table == MADE)
			row.values[0] = made_id(model, model->times);
		return database_create(database, model->table, &row);
	case UPDATE:
	case UPDATE_WHERE:
		return database_update(database, model->table, model->column, model->value, model->changed, &row);
	case DELETE:
	case DELETE_WHERE:
		return database_delete(database, model->table, model->column, model->value);
	case READ:
		return database_read(database, model->table, model->value);
	case COUNT:
	case ACTIONS:
		break;
	}
	return 0;
}

int run_command(struct database *database, const struct command_model *model)
{
	return model->doom != DOOM_NONE ? FAILED : execute_command(database, model);
}

/* --- what it holds --- */

enum { DIGITS = 16 };

/* A value as footprints want it: of what only the server can compare nothing is known. */
static struct bytes name_value(enum table_name table, int column, int value, char digits[DIGITS])
{
	if (value == NOTHING)
		return FOOTPRINT_NULL;
	if (column_is_text(table, column))
		return (struct bytes){0};
	(void)snprintf(digits, DIGITS, "%d", value);
	return bytes_of(digits);
}

static int hold(struct script *script, struct footprint *footprint)
{
	const struct command_model *model = script->test;
	const struct table *table = &planner_tables[model->table];
	struct bytes row[COLUMNS], key[COLUMNS] = {{0}};
	char digits[COLUMNS + 1][DIGITS];

	for (int i = 0; i < COLUMNS; i++)
		row[i] = name_value(model->table, i, model->row.values[i], digits[i]);
	key[0] = name_value(model->table, 0, model->value, digits[COLUMNS]);
	switch (model->action) {
	case CREATE:
		if (model->table == MADE)
			row[0] = (struct bytes){0};
		return footprint_create(footprint, table, row);
	case UPDATE:
		return footprint_write_key(footprint, table, key, model->changed, row);
	case DELETE:
		return footprint_write_key(footprint, table, key, NULL, NULL);
	case READ:
		return footprint_read_key(footprint, table, key);
	case UPDATE_WHERE:
		return footprint_write(footprint, table, model->changed);
	case DELETE_WHERE:
		return footprint_write(footprint, table, NULL);
	case COUNT:
		return footprint_read(footprint, table);
	case ACTIONS:
		break;
	}
	return -EINVAL;
}

void script_command(struct command_model *model)
{
	static const enum op ops[ACTIONS] = {
		[CREATE] = OP_CREATE, [UPDATE] = OP_UPDATE,       [DELETE] = OP_DELETE,      [READ] = OP_READ,
		[COUNT] = OP_COUNT,   [UPDATE_WHERE] = OP_UPDATE, [DELETE_WHERE] = OP_DELETE};
	static const char *const names[TABLES] = {"parent", "child", "grandchild", "node", "word", "made"};
	static const struct value key = {.type = VALUE_INT};
	bool by_key = model->action <= READ;

	model->script.op = ops[model->action];
	model->script.table = names[model->table];
	model->script.pk = by_key && model->action != CREATE ? &key : NULL;
	model->script.kind = by_key ? PROCEDURE_BY_KEY : PROCEDURE_ALONE;
	model->script.footprint = hold;
	model->script.test = model;
	model->script.fails_at_end = model->doom == DOOM_AT_END || model->doom == DOOM_AFTERWARDS;
	model->script.undo |= model->doom == DOOM_AFTERWARDS;
	if (!by_key && model->action != COUNT)
		model->script.share = 0;
	else if (model->script.share > 0)
		model->script.share = (uint32_t)(model->action * TABLES) + model->table + 1;
}
