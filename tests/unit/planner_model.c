/* planner_model.c */
#include "planner_model.h"

#include <errno.h>

/* parent(id, code unique), child(id, parent_id -> parent.id), generated(id auto_increment, name text unique). */
static struct column parent_columns[] = {{.name = {"id", 2}, .position = 0}, {.name = {"code", 4}, .position = 1}};
static struct column child_columns[] = {{.name = {"id", 2}, .position = 0}, {.name = {"parent_id", 9}, .position = 1}};
static struct column generated_columns[] = {{.name = {"id", 2}, .position = 0, .auto_increment = true},
					    {.name = {"name", 4}, .position = 1, .kind = COLUMN_TEXT}};
static const struct column *parent_id[] = {&parent_columns[0]}, *parent_code[] = {&parent_columns[1]};
static const struct column *child_id[] = {&child_columns[0]}, *child_parent[] = {&child_columns[1]};
static const struct column *generated_id[] = {&generated_columns[0]}, *generated_name[] = {&generated_columns[1]};
static struct key parent_keys[] = {{.name = {"PRIMARY", 7}, .columns = parent_id, .column_count = 1, .exact = true},
				   {.name = {"code", 4}, .columns = parent_code, .column_count = 1, .exact = true}};
static struct key child_keys[] = {{.name = {"PRIMARY", 7}, .columns = child_id, .column_count = 1, .exact = true}};
static struct key generated_keys[] = {
	{.name = {"PRIMARY", 7}, .columns = generated_id, .column_count = 1, .exact = true},
	{.name = {"name", 4}, .columns = generated_name, .column_count = 1}};
static struct bytes references[] = {{"id", 2}};
struct foreign_key foreign_key = {.name = {"fk", 2},
				  .child = &child,
				  .parent = &parent,
				  .columns = child_parent,
				  .references = references,
				  .column_count = 1};
static struct foreign_key *foreign_keys[] = {&foreign_key};
struct table parent = {.name = {"parent", 6},
		       .columns = parent_columns,
		       .column_count = 2,
		       .keys = parent_keys,
		       .key_count = 2,
		       .primary_key = parent_keys,
		       .referenced_by = foreign_keys,
		       .referenced_by_count = 1};
struct table child = {.name = {"child", 5},
		      .columns = child_columns,
		      .column_count = 2,
		      .keys = child_keys,
		      .key_count = 1,
		      .primary_key = child_keys,
		      .foreign_keys = foreign_keys,
		      .foreign_key_count = 1};
struct table generated = {.name = {"generated", 9},
			  .columns = generated_columns,
			  .column_count = 2,
			  .keys = generated_keys,
			  .key_count = 2,
			  .primary_key = generated_keys,
			  .auto_increment = generated_columns};

static int children_of(struct database *database, int row, bool remove)
{
	int count = 0;

	for (int i = 0; i < ROWS; i++)
		if (database->children[i] && database->parent_of[i] == row) {
			count++;
			if (remove)
				database->children[i] = false;
		}
	return count;
}

static bool code_is_taken(const struct database *database, int code, int but)
{
	for (int i = 0; i < ROWS; i++)
		if (i != but && database->parents[i] && database->codes[i] == code)
			return true;
	return false;
}

static int run_parent(struct database *database, const struct command_model *model)
{
	bool *there = &database->parents[model->row];
	int row = model->row, value = model->value;

	if (model->action == CREATE_PARENT) {
		if (*there || code_is_taken(database, value, NO_ROW))
			return FAILED;
		*there = true;
		database->codes[row] = value;
		return 1;
	}
	if (!*there)
		return NO_ROW;
	if (model->action == READ_PARENT)
		return database->codes[row];
	if (model->action == RECODE_PARENT) {
		if (code_is_taken(database, value, row))
			return FAILED;
		database->codes[row] = value;
		return 1;
	}
	/* It moves or goes. */
	if (model->action == MOVE_PARENT && (value == row || database->parents[value]))
		return value == row ? 1 : FAILED;
	if (children_of(database, row, false) > 0) {
		if (model->action == MOVE_PARENT || foreign_key.on_delete == FOREIGN_KEY_RESTRICT)
			return FAILED;
		children_of(database, row, true);
	}
	*there = false;
	if (model->action == MOVE_PARENT) {
		database->parents[value] = true;
		database->codes[value] = database->codes[row];
	}
	return 1;
}

static int run_child(struct database *database, const struct command_model *model)
{
	bool *there = &database->children[model->row];

	switch ((int)model->action) {
	case CREATE_CHILD:
		if (*there || !database->parents[model->value])
			return FAILED;
		*there = true;
		database->parent_of[model->row] = model->value;
		return 1;
	case REPARENT_CHILD:
		if (*there && !database->parents[model->value])
			return FAILED;
		if (*there)
			database->parent_of[model->row] = model->value;
		return *there;
	case DELETE_CHILD: {
		bool was_there = *there;

		*there = false;
		return was_there;
	}
	case DELETE_CHILDREN:
		return children_of(database, model->row, true);
	default:
		return *there ? database->parent_of[model->row] : NO_ROW;
	}
}

static int run_generated(struct database *database, const struct command_model *model)
{
	bool was_there = database->names[model->row];

	if (model->action == CREATE_GENERATED && was_there)
		return FAILED;
	database->names[model->row] = model->action == CREATE_GENERATED;
	return was_there;
}

bool is_count(const struct command_model *model)
{
	return model->action == COUNT_CHILDREN || model->action == COUNT_GENERATED;
}

int run_command(struct database *database, const struct command_model *model)
{
	if (model->doomed || is_count(model))
		return FAILED;
	if (model->action <= READ_PARENT)
		return run_parent(database, model);
	return model->action <= COUNT_CHILDREN ? run_child(database, model) : run_generated(database, model);
}

bool writes_for(const struct command_model *count, const struct command_model *model)
{
	if (model->doomed || is_count(model) || model->action == READ_PARENT || model->action == READ_CHILD)
		return false;
	if (count->action == COUNT_GENERATED)
		return model->action >= CREATE_GENERATED;
	return (model->action >= CREATE_CHILD && model->action <= DELETE_CHILDREN) ||
	       (model->action == DELETE_PARENT && foreign_key.on_delete == FOREIGN_KEY_CASCADE);
}

static const char *const digits[ROWS] = {"0", "1", "2", "3"};

int footprint_of(struct script *script, struct footprint *footprint)
{
	const struct command_model *model = script->test;
	struct bytes row[2] = {bytes_of(digits[model->row]), bytes_of(digits[model->value])};
	struct bytes key[2] = {row[0], {0}};
	struct bytes moved[2] = {row[1], {0}};
	struct bytes second[2] = {{0}, row[1]};
	struct bytes name[2] = {{0}, {0}};
	static const bool first_changed[2] = {true, false}, second_changed[2] = {false, true};

	switch (model->action) {
	case CREATE_PARENT:
		return footprint_create(footprint, &parent, row);
	case RECODE_PARENT:
		return footprint_write_key(footprint, &parent, key, second_changed, second);
	case MOVE_PARENT:
		return footprint_write_key(footprint, &parent, key, first_changed, moved);
	case DELETE_PARENT:
		return footprint_write_key(footprint, &parent, key, NULL, NULL);
	case READ_PARENT:
		return footprint_read_key(footprint, &parent, key);
	case CREATE_CHILD:
		return footprint_create(footprint, &child, row);
	case REPARENT_CHILD:
		return footprint_write_key(footprint, &child, key, second_changed, second);
	case DELETE_CHILD:
		return footprint_write_key(footprint, &child, key, NULL, NULL);
	case READ_CHILD:
		return footprint_read_key(footprint, &child, key);
	case DELETE_CHILDREN:
		return footprint_write(footprint, &child, NULL);
	case COUNT_CHILDREN:
		return footprint_read(footprint, &child);
	case CREATE_GENERATED:
		return footprint_create(footprint, &generated, name);
	case DELETE_GENERATED:
		return footprint_write(footprint, &generated, NULL);
	case COUNT_GENERATED:
		return footprint_read(footprint, &generated);
	case ACTIONS:
		break;
	}
	return -EINVAL;
}
