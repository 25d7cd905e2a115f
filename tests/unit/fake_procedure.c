/* fake_procedure.c */
#include "fake_procedure.h"

#include <errno.h>
#include <stdlib.h>

enum { FAKE_TABLES = 8 };

struct catalog {
	uint64_t number;
	int references;
	const struct table *tables[FAKE_TABLES];
	uint32_t table_count;
};

struct job_plan {
	struct catalog *catalog;
	struct footprint footprint;
	struct error error;
};

static int references;

struct catalog *fake_catalog(uint64_t number)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));

	if (!catalog)
		abort();
	catalog->number = number;
	catalog->references = 1;
	references++;
	return catalog;
}

void fake_catalog_add(struct catalog *catalog, const struct table *table)
{
	catalog->tables[catalog->table_count++] = table;
}

int fake_catalog_references(void)
{
	return references;
}

struct catalog *catalog_ref(struct catalog *catalog)
{
	catalog->references++;
	references++;
	return catalog;
}

void catalog_unref(struct catalog *catalog)
{
	if (!catalog)
		return;
	references--;
	if (--catalog->references == 0)
		free(catalog);
}

const struct table *catalog_find(const struct catalog *catalog, struct bytes name)
{
	for (uint32_t i = 0; i < catalog->table_count; i++)
		if (bytes_equal(catalog->tables[i]->name, name))
			return catalog->tables[i];
	return NULL;
}

const struct column *table_find_column(const struct table *table, struct bytes name)
{
	for (uint32_t i = 0; i < table->column_count; i++)
		if (bytes_equal(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

struct bytes script_raw(struct script *const *script)
{
	return (struct bytes){.data = (const char *)script, .size = sizeof(*script)};
}

struct script *script_of(const struct job *job)
{
	struct script *script;

	memcpy(&script, job->raw.data, sizeof(script));
	return script;
}

struct script *script_of_statement(const struct statement *statement)
{
	return (struct script *)(uintptr_t)statement->text.data;
}

int command_decode(struct arena *arena, struct bytes raw, size_t limit_bytes, struct command *ret_command,
		   struct error *ret_error)
{
	struct script *script;

	(void)limit_bytes;
	memcpy(&script, raw.data, sizeof(script));
	*ret_command = (struct command){0};
	if (script->undecodable) {
		error_set(ret_error, ERROR_BAD_MESSAGE, "undecodable");
		return -EBADMSG;
	}
	ret_command->operation.op = script->op;
	ret_command->operation.pk = script->pk;
	ret_command->operation.table = arena_copy(arena, bytes_of(script->table ? script->table : ""));
	return ret_command->operation.table.data ? 0 : -ENOMEM;
}

static int add_footprint(struct script *script, struct footprint *footprint)
{
	if (script->footprint)
		return script->footprint(script, footprint);
	footprint->creates_in = script->creates_in;
	for (uint32_t i = 0; i < script->entry_count; i++)
		if (footprint_add(footprint, script->entries[i].resource, script->entries[i].mode) < 0)
			return -ENOMEM;
	return 0;
}

static int take_plan(struct job *job, struct catalog *catalog)
{
	struct job_plan *plan = arena_alloc_array(&job->arena, 1, sizeof(*plan));

	if (!plan)
		return -ENOMEM;
	plan->catalog = catalog_ref(catalog);
	job->plan = plan;
	footprint_init(&plan->footprint, &job->arena);
	if (add_footprint(script_of(job), &plan->footprint) < 0) {
		procedure_free(job);
		return -ENOMEM;
	}
	return 0;
}

int procedure_compile(struct job *job, struct catalog *catalog, const struct procedure_facts *facts,
		      struct error *ret_error)
{
	struct script *script = script_of(job);

	(void)facts;
	script->compiled++;
	script->was_recovered = job->recovered;
	if (script->compile_result < 0 && (script->heals_at == 0 || catalog->number < script->heals_at)) {
		error_set(ret_error, script->compile_result == -ENOENT ? ERROR_UNKNOWN_TABLE : ERROR_BAD_VALUE, "no");
		return script->compile_result;
	}
	return take_plan(job, catalog);
}

void procedure_free(struct job *job)
{
	if (job->plan)
		catalog_unref(job->plan->catalog);
	job->plan = NULL;
}

enum procedure_kind procedure_kind(const struct job *job)
{
	return script_of(job)->kind;
}

const struct footprint *procedure_footprint(const struct job *job)
{
	return &job->plan->footprint;
}

void procedure_restart(struct job *job)
{
	struct script *script = script_of(job);

	script->restarted++;
	script->wave = 0;
	script->rows = 0;
	script->failed = script->stands_by;
}

enum procedure_step procedure_next(struct job *job, struct statement ret_statements[4], uint32_t *ret_count,
				   bool *ret_undo)
{
	struct script *script = script_of(job);

	*ret_undo = script->undo && !script->stands_by;
	if (script->failed)
		return PROCEDURE_FAILED;
	if (script->wave < script->waves) {
		script->wave++;
		*ret_count = script->statements > 0 ? script->statements : 1;
		for (uint32_t i = 0; i < *ret_count; i++)
			ret_statements[i].text = (struct bytes){.data = (const char *)script, .size = sizeof(*script)};
		return PROCEDURE_SEND;
	}
	if (!script->fails_at_end)
		return PROCEDURE_FINISHED;
	error_set(&job->plan->error, ERROR_NOT_FOUND, "failed at its end");
	return PROCEDURE_FAILED;
}

int procedure_row(struct job *job, uint32_t index, const char *const *values, const unsigned long *lengths,
		  uint32_t count)
{
	(void)index;
	(void)values;
	(void)lengths;
	(void)count;
	script_of(job)->rows++;
	return script_of(job)->stale_row ? -ESTALE : 0;
}

void procedure_done(struct job *job, uint32_t index, const struct statement_result *result)
{
	(void)job;
	(void)index;
	(void)result;
}

void fake_fail(struct job *job, enum error_code code)
{
	script_of(job)->failed = true;
	error_set(&job->plan->error, code, "failed");
}

bool procedure_stand_by(struct job *job, struct catalog *catalog, const struct error *error)
{
	struct script *script = script_of(job);

	if (!script->once || !job->policy->exactly_once || script->stands_by)
		return false;
	if (!job->plan && take_plan(job, catalog) < 0)
		return false;
	script->stands_by = script->failed = true;
	job->plan->error = *error;
	return true;
}

void procedure_failed(struct job *job, uint32_t index, const struct sql_error *error)
{
	(void)index;
	script_of(job)->failed = true;
	error_set(&job->plan->error, (enum error_code)error->code, "failed");
}

bool procedure_fits_compound(const struct job *job)
{
	return script_of(job)->fits_compound;
}

bool procedure_is_one_statement(const struct job *job)
{
	return script_of(job)->is_one_statement;
}

bool procedure_takes_nothing_back(const struct job *job)
{
	return script_of(job)->takes_nothing_back;
}

void procedure_refuse_row(struct job *job)
{
	script_of(job)->failed = true;
	error_set(&job->plan->error, ERROR_INTERNAL, "stale");
}

void procedure_tell_executed(struct job *job)
{
	script_of(job)->told_executed = true;
	error_set(&job->plan->error, ERROR_INTERNAL, "executed");
}

const struct error *procedure_error(const struct job *job)
{
	return &job->plan->error;
}

int procedure_reply(struct job *job, const struct error *error)
{
	struct script *script = script_of(job);

	if (script->replies_that_fail > 0) {
		script->replies_that_fail--;
		return -ENOMEM;
	}
	script->replied++;
	script->code = error ? error->code : ERROR_NONE;
	job->reply = (struct job_reply){.code = script->code};
	return 0;
}

void procedure_error_from_sql(const struct job *job, const struct sql_error *from, struct error *ret_error)
{
	(void)job;
	error_set(ret_error, (enum error_code)from->code, "the server said no");
}
