/* planner_draw.c */
#include "planner_draw.h"

#include <errno.h>

uint32_t drawing_number(struct drawing *drawing, uint32_t below)
{
	drawing->random = drawing->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(drawing->random >> 33) % below;
}

/* --- what holds for a whole run --- */

static enum foreign_key_action draw_action(struct drawing *drawing)
{
	return drawing_number(drawing, 2) ? FOREIGN_KEY_CASCADE
					  : (enum foreign_key_action)drawing_number(drawing, FOREIGN_KEY_SET_DEFAULT);
}

/* Any tables, or some that refer to each other. */
static void draw_tables(struct drawing *drawing)
{
	static const enum table_name families[][3] = {{PARENT, CHILD, GRANDCHILD},
						      {PARENT, MADE, CHILD},
						      {NODE, GRANDCHILD, CHILD},
						      {WORD, WORD, MADE},
						      {PARENT, PARENT, CHILD}};
	enum { FAMILIES = sizeof(families) / sizeof(*families) };
	uint32_t family = drawing_number(drawing, 2 * FAMILIES);

	drawing->table_count = family < FAMILIES ? 3 : 1 + drawing_number(drawing, TABLES);
	for (uint32_t i = 0; i < drawing->table_count; i++)
		drawing->tables[i] =
			family < FAMILIES ? families[family][i] : (enum table_name)drawing_number(drawing, TABLES);
}

void drawing_begin(struct drawing *drawing, uint64_t seed)
{
	*drawing = (struct drawing){.random = seed * 2 + 1};
	drawing->may_lock = drawing_number(drawing, 4) == 0;
	drawing->creates = drawing_number(drawing, 3) > 0 ? 4 : 30;
	drawing->values = 2 + drawing_number(drawing, VALUES - 1);
	draw_tables(drawing);
	for (uint32_t i = 0; i < FOREIGN_KEYS; i++) {
		planner_foreign_keys[i]->on_delete = draw_action(drawing);
		planner_foreign_keys[i]->on_update = draw_action(drawing);
	}
}

/* --- commands --- */

static int draw_value(struct drawing *drawing, enum table_name table, int column)
{
	bool may_be_null = column > 0 && !(table == MADE && column == 1);

	if (may_be_null && drawing_number(drawing, 4) == 0)
		return NOTHING;
	return (int)drawing_number(drawing, column_is_text(table, column) ? 2 * drawing->values : drawing->values);
}

/* The id of a row that a producer has been told of; or one that never was. */
static int draw_made_id(struct drawing *drawing, const struct command_model *models, uint32_t count)
{
	uint32_t from = count == 0 ? 0 : drawing_number(drawing, count);

	for (uint32_t i = 0; i < count; i++) {
		const struct command_model *model = &models[(from + i) % count];

		if (model->done && model->table == MADE && model->action == CREATE)
			return made_id(model, model->times - 1);
	}
	return -TIMES;
}

/* Which rows it is about. Generated keys stay as they are. */
static void aim(struct drawing *drawing, struct command_model *models, struct command_model *model)
{
	bool by_key = model->action != UPDATE_WHERE && model->action != DELETE_WHERE;

	model->column = by_key ? 0 : 1 + (int)drawing_number(drawing, planner_tables[model->table].column_count - 1);
	model->value = draw_value(drawing, model->table, model->column);
	if (model->table == MADE && by_key)
		model->value = draw_made_id(drawing, models, (uint32_t)model->index);
	for (uint32_t i = 0; i < planner_tables[model->table].column_count; i++) {
		model->row.values[i] = draw_value(drawing, model->table, (int)i);
		model->changed[i] = drawing_number(drawing, 3) == 0 && (i > 0 || model->table != MADE);
	}
	model->changed[1 + drawing_number(drawing, planner_tables[model->table].column_count - 1)] = true;
}

void drawing_command(struct drawing *drawing, struct command_model *models, uint32_t index, uint64_t catalog_number)
{
	struct command_model *model = &models[index];
	uint32_t kind = drawing_number(drawing, ACTIONS + drawing->creates);

	*model = (struct command_model){.action = kind < ACTIONS ? (enum action)kind : CREATE,
					.table = drawing->tables[drawing_number(drawing, drawing->table_count)],
					.doom = drawing_number(drawing, 12) == 0
							? (enum doom)(1 + drawing_number(drawing, DOOM_AFTERWARDS))
							: DOOM_NONE,
					.index = (int)index,
					.found = UNANSWERED};
	aim(drawing, models, model);
	model->script = (struct script){.waves = 1 + drawing_number(drawing, 3),
					.statements = 1 + drawing_number(drawing, 2),
					.size = 1 + drawing_number(drawing, 3)};
	if (drawing_number(drawing, 2) == 0)
		model->script.waves = model->script.statements = 1;
	model->acts_in_wave = model->action == CREATE ? 1 : 1 + drawing_number(drawing, model->script.waves);
	if (drawing->may_lock && drawing_number(drawing, 8) == 0)
		model->doom = DOOM_LOCKED;
	model->locked_from = drawing_number(drawing, 3);
	model->script.undo = drawing_number(drawing, 6) == 0;
	if (model->script.waves == 1 && model->script.statements == 1 && !model->script.undo &&
	    (model->doom <= DOOM_AT_ONCE || model->doom == DOOM_LOCKED))
		model->script.share = drawing_number(drawing, 3) > 0;
	model->script.is_one_statement = model->script.waves == 1 && model->script.statements == 1 &&
					 !model->script.undo && model->doom != DOOM_AFTERWARDS &&
					 drawing_number(drawing, 2) == 0;
	script_command(model);
	if (drawing_number(drawing, 20) == 0) {
		model->script.compile_result = -ENOENT;
		model->script.heals_at = catalog_number + 1;
	}
}
