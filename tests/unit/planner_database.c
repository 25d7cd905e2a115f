/* planner_database.c */
#include "planner_database.h"

#include <string.h>

#define NUMBER(text, at)                                                                                               \
	{                                                                                                              \
		.name = {text, sizeof(text) - 1}, .position = (at)                                                     \
	}
#define TEXT(text, at)                                                                                                 \
	{                                                                                                              \
		.name = {text, sizeof(text) - 1}, .position = (at), .kind = COLUMN_TEXT                                \
	}

static struct column columns[TABLES][COLUMNS] = {
	[PARENT] = {NUMBER("id", 0), NUMBER("code", 1), TEXT("name", 2)},
	[CHILD] = {NUMBER("id", 0), NUMBER("parent_id", 1), NUMBER("parent_code", 2), NUMBER("tag", 3)},
	[GRANDCHILD] = {NUMBER("id", 0), NUMBER("child_id", 1), NUMBER("node_id", 2)},
	[NODE] = {NUMBER("id", 0), NUMBER("up", 1), NUMBER("name", 2)},
	[WORD] = {TEXT("word", 0), TEXT("kin", 1), NUMBER("rank", 2)},
	[MADE] = {{.name = {"id", 2}, .auto_increment = true}, NUMBER("name", 1), NUMBER("parent_id", 2)},
};

#define COLUMN(table, at) ((const struct column *[]){&columns[table][at]})
#define KEY(table, at, is_exact)                                                                                       \
	{                                                                                                              \
		.name = {#table #at, sizeof(#table #at) - 1}, .columns = COLUMN(table, at), .column_count = 1,         \
		.exact = (is_exact)                                                                                    \
	}

static struct key keys[TABLES][3] = {
	[PARENT] = {KEY(PARENT, 0, true), KEY(PARENT, 1, true), KEY(PARENT, 2, false)},
	[CHILD] = {KEY(CHILD, 0, true), KEY(CHILD, 3, true)},
	[GRANDCHILD] = {KEY(GRANDCHILD, 0, true)},
	[NODE] = {KEY(NODE, 0, true), KEY(NODE, 2, true)},
	[WORD] = {KEY(WORD, 0, false), KEY(WORD, 2, true)},
	[MADE] = {KEY(MADE, 0, true), KEY(MADE, 1, true)},
};

#define FOREIGN_KEY(from, at, to, column_name)                                                                         \
	{                                                                                                              \
		.name = {#from #at, sizeof(#from #at) - 1}, .child = &planner_tables[from],                            \
		.columns = COLUMN(from, at), .parent = &planner_tables[to],                                            \
		.references = (struct bytes[]){{column_name, sizeof(column_name) - 1}}, .column_count = 1              \
	}

static struct foreign_key child_parent = FOREIGN_KEY(CHILD, 1, PARENT, "id");
static struct foreign_key child_code = FOREIGN_KEY(CHILD, 2, PARENT, "code");
static struct foreign_key grandchild_child = FOREIGN_KEY(GRANDCHILD, 1, CHILD, "id");
static struct foreign_key grandchild_node = FOREIGN_KEY(GRANDCHILD, 2, NODE, "id");
static struct foreign_key node_up = FOREIGN_KEY(NODE, 1, NODE, "id");
static struct foreign_key word_kin = FOREIGN_KEY(WORD, 1, WORD, "word");
static struct foreign_key made_parent = FOREIGN_KEY(MADE, 2, PARENT, "id");

struct foreign_key *planner_foreign_keys[FOREIGN_KEYS] = {
	&child_parent, &child_code, &grandchild_child, &grandchild_node, &node_up, &word_kin, &made_parent};

static struct foreign_key *of_child[] = {&child_parent, &child_code};
static struct foreign_key *of_grandchild[] = {&grandchild_child, &grandchild_node};
static struct foreign_key *of_node[] = {&node_up};
static struct foreign_key *to_node[] = {&node_up, &grandchild_node};
static struct foreign_key *of_word[] = {&word_kin};
static struct foreign_key *of_made[] = {&made_parent};
static struct foreign_key *to_parent[] = {&child_parent, &child_code, &made_parent};
static struct foreign_key *to_child[] = {&grandchild_child};

#define TABLE(text, table, columns_of, keys_of)                                                                        \
	.name = {text, sizeof(text) - 1}, .columns = columns[table], .column_count = (columns_of),                     \
	.keys = keys[table], .key_count = (keys_of), .primary_key = keys[table]
#define REFERS(list)   .foreign_keys = (list), .foreign_key_count = sizeof(list) / sizeof(*(list))
#define REFERRED(list) .referenced_by = (list), .referenced_by_count = sizeof(list) / sizeof(*(list))

struct table planner_tables[TABLES] = {
	[PARENT] = {TABLE("parent", PARENT, 3, 3), REFERRED(to_parent)},
	[CHILD] = {TABLE("child", CHILD, 4, 2), REFERS(of_child), REFERRED(to_child)},
	[GRANDCHILD] = {TABLE("grandchild", GRANDCHILD, 3, 1), REFERS(of_grandchild)},
	[NODE] = {TABLE("node", NODE, 3, 2), REFERS(of_node), REFERRED(to_node)},
	[WORD] = {TABLE("word", WORD, 3, 2), REFERS(of_word), REFERRED(of_word)},
	[MADE] = {TABLE("made", MADE, 3, 2), REFERS(of_made), .auto_increment = columns[MADE]},
};

bool column_is_text(enum table_name table, int column)
{
	return columns[table][column].kind == COLUMN_TEXT;
}

/* As the server compares: NULL equals nothing. */
static bool equal(enum table_name table, int column, int a, int b)
{
	if (a == NOTHING || b == NOTHING)
		return false;
	return column_is_text(table, column) ? a / 2 == b / 2 : a == b;
}

/* The index of the first row from `from` on with this value; -1: none. */
static int find(const struct rows *rows, enum table_name table, int column, int value, int from)
{
	for (int i = from; i < rows->count; i++)
		if (equal(table, column, rows->rows[i].values[column], value))
			return i;
	return -1;
}

static enum table_name name_of(const struct table *table)
{
	return (enum table_name)(table - planner_tables);
}

static int referenced_column(const struct foreign_key *foreign_key)
{
	return (int)table_find_column(foreign_key->parent, foreign_key->references[0])->position;
}

static int referring_column(const struct foreign_key *foreign_key)
{
	return (int)foreign_key->columns[0]->position;
}

/* --- one row; false: something forbids it, and the statement has to be undone --- */

static void take_out(struct rows *rows, int index)
{
	rows->count--;
	memmove(&rows->rows[index], &rows->rows[index + 1], (size_t)(rows->count - index) * sizeof(struct row));
	memset(&rows->rows[rows->count], 0, sizeof(struct row));
}

/* Puts it in its place, unless a key or a parent forbids it. */
static bool put_in(struct database *database, enum table_name table, const struct row *row)
{
	struct rows *rows = &database->tables[table];
	int place = 0;

	for (uint32_t i = 0; i < planner_tables[table].key_count; i++) {
		int column = (int)keys[table][i].columns[0]->position;

		if (find(rows, table, column, row->values[column], 0) >= 0)
			return false;
	}
	while (place < rows->count && rows->rows[place].values[0] < row->values[0])
		place++;
	memmove(&rows->rows[place + 1], &rows->rows[place], (size_t)(rows->count - place) * sizeof(struct row));
	rows->rows[place] = *row;
	rows->count++;
	return true;
}

static bool has_parents(const struct database *database, enum table_name table, const struct row *row)
{
	for (uint32_t i = 0; i < planner_tables[table].foreign_key_count; i++) {
		const struct foreign_key *foreign_key = planner_tables[table].foreign_keys[i];
		enum table_name parent = name_of(foreign_key->parent);
		int value = row->values[referring_column(foreign_key)];

		if (value != NOTHING &&
		    find(&database->tables[parent], parent, referenced_column(foreign_key), value, 0) < 0)
			return false;
	}
	return true;
}

static bool change_row(struct database *database, enum table_name table, int index, const struct row *after);
static bool delete_row(struct database *database, enum table_name table, int index);

/* The children of a row that had this value and now has `after`, or is gone. */
static bool follow(struct database *database, const struct foreign_key *foreign_key, int before, const int *after)
{
	enum table_name child = name_of(foreign_key->child);
	enum foreign_key_action action = after ? foreign_key->on_update : foreign_key->on_delete;
	int column = referring_column(foreign_key), index;

	while ((index = find(&database->tables[child], child, column, before, 0)) >= 0) {
		struct row changed = database->tables[child].rows[index];

		if (action == FOREIGN_KEY_RESTRICT)
			return false;
		if (action == FOREIGN_KEY_CASCADE && !after) {
			if (!delete_row(database, child, index))
				return false;
			continue;
		}
		changed.values[column] = action == FOREIGN_KEY_CASCADE && after ? *after : NOTHING;
		/* One that is only spelled anew would be found again. */
		if (after && equal(child, column, before, changed.values[column]))
			return true;
		if (!change_row(database, child, index, &changed))
			return false;
	}
	return true;
}

static bool delete_row(struct database *database, enum table_name table, int index)
{
	struct row before = database->tables[table].rows[index];

	take_out(&database->tables[table], index);
	for (uint32_t i = 0; i < planner_tables[table].referenced_by_count; i++) {
		const struct foreign_key *foreign_key = planner_tables[table].referenced_by[i];

		if (!follow(database, foreign_key, before.values[referenced_column(foreign_key)], NULL))
			return false;
	}
	return true;
}

static bool change_row(struct database *database, enum table_name table, int index, const struct row *after)
{
	struct row before = database->tables[table].rows[index];

	take_out(&database->tables[table], index);
	if (!put_in(database, table, after))
		return false;
	for (uint32_t i = 0; i < planner_tables[table].referenced_by_count; i++) {
		const struct foreign_key *foreign_key = planner_tables[table].referenced_by[i];
		int column = referenced_column(foreign_key);

		if (before.values[column] != after->values[column] &&
		    !follow(database, foreign_key, before.values[column], &after->values[column]))
			return false;
	}
	return true;
}

/* --- statements --- */

int database_create(struct database *database, enum table_name table, const struct row *row)
{
	struct database before = *database;

	if (put_in(database, table, row) && has_parents(database, table, row))
		return 1;
	*database = before;
	return FAILED;
}

int database_update(struct database *database, enum table_name table, int column, int value, const bool *changed,
		    const struct row *row)
{
	struct database before = *database;
	struct rows meant = database->tables[table];
	int count = 0;

	for (int i = find(&meant, table, column, value, 0); i >= 0; i = find(&meant, table, column, value, i + 1)) {
		int index = find(&database->tables[table], table, 0, meant.rows[i].values[0], 0);
		struct row after = index < 0 ? *row : database->tables[table].rows[index];

		for (int at = 0; at < COLUMNS; at++)
			if (changed[at])
				after.values[at] = row->values[at];
		if (index < 0 || !change_row(database, table, index, &after) || !has_parents(database, table, &after)) {
			*database = before;
			return FAILED;
		}
		count++;
	}
	return count;
}

int database_delete(struct database *database, enum table_name table, int column, int value)
{
	struct database before = *database;
	int count = 0, index;

	while ((index = find(&database->tables[table], table, column, value, 0)) >= 0) {
		if (!delete_row(database, table, index)) {
			*database = before;
			return FAILED;
		}
		count++;
	}
	return count;
}

int database_read(const struct database *database, enum table_name table, int key)
{
	const struct rows *rows = &database->tables[table];
	int index = find(rows, table, 0, key, 0);
	uint32_t number = 0;

	if (index < 0)
		return NOTHING;
	for (int i = 0; i < COLUMNS; i++)
		number = number * 1024 + (uint32_t)rows->rows[index].values[i] + 1;
	return (int)number;
}
