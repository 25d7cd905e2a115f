/* plan/sql/procedure_recovered.c - a command that a worker has committed before it died: it is not run again, only
 * answered. Where it names the key of one row that it wanted back, that is read as it is now; otherwise the reply says
 * no more than that the command took effect. */
#include "daemon/plan/sql/procedure_state.h"

#include <errno.h>

/* The members of a row's map that are its primary key, as a map; or NULL: it does not name them all. */
static const struct value *key_of_row(struct job *job, const struct value *row)
{
	const struct key *key = job->plan->table->primary_key;
	struct value *map = arena_alloc(&job->arena, sizeof(*map));
	struct member *members = key ? arena_alloc_array(&job->arena, key->column_count, sizeof(*members)) : NULL;

	if (!map || !members)
		return NULL;
	for (uint32_t i = 0; i < key->column_count; i++) {
		struct bytes name = key->columns[i]->name;
		const struct value *value = value_find(row, name);

		if (!value || value->type == VALUE_NIL)
			return NULL;
		members[i] = (struct member){.key = {.type = VALUE_STR, .size = (uint32_t)name.size, .data = name.data},
					     .value = *value};
	}
	*map = (struct value){.type = VALUE_MAP, .size = key->column_count, .members = members};
	return map;
}

static bool sets_key(const struct job *job)
{
	const struct key *key = job->plan->table->primary_key;

	for (uint32_t i = 0; key && i < key->column_count; i++)
		if (value_find(job->command.operation.set, key->columns[i]->name))
			return true;
	return false;
}

/* The key of the one row that the command wanted back; NULL: there is none, or it is not told. */
static const struct value *key_to_read(struct job *job)
{
	const struct operation *operation = &job->command.operation;
	const struct value *returning = operation->returning;

	if (!job->plan->table || (returning && returning->type == VALUE_BOOL && !returning->boolean))
		return NULL;
	if (operation->op == OP_UPDATE && operation->pk && !sets_key(job))
		return operation->pk;
	if (operation->op == OP_CREATE && operation->values->type == VALUE_MAP)
		return key_of_row(job, operation->values);
	return NULL;
}

int compile_recovered(struct job *job)
{
	const struct operation *operation = &job->command.operation;
	const struct value *returning = operation->returning;
	const struct value *key;

	/* Again with a newer catalog: it is that read already. */
	if (operation->op == OP_READ)
		return compile_read(job);
	key = key_to_read(job);
	if (!key)
		return 0;
	job->command.operation = (struct operation){
		.op = OP_READ,
		.table = operation->table,
		.pk = key,
		.select = returning && returning->type == VALUE_ARRAY ? returning : NULL,
	};
	job->plan->writes = false;
	return compile_read(job);
}
