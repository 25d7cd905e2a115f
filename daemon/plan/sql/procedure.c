/* plan/sql/procedure.c - from the command to its first wave. The run is in procedure_run.c, the reply in
 * procedure_reply.c.
 */
#include "daemon/plan/sql/procedure_state.h"

#include "common/nearest.h"
#include "daemon/plan/sql/ledger.h"

#include <errno.h>

/* A wave's text: its statements are checked one by one; two of them at most are long. */
enum { LONG_STATEMENTS = 2 };

static void plan_release(struct job *job)
{
	struct job_plan *plan = job->plan;

	catalog_unref(plan->catalog);
	buffer_spare(&plan->first.sql, &job->spare_sql, PLAN_SPARE_BYTES);
	buffer_spare(&plan->answer.body, &job->spare_body, PLAN_SPARE_BYTES);
	buffer_free(&plan->later.sql);
	buffer_free(&plan->keys);
}

void procedure_free(struct job *job)
{
	if (job->plan)
		plan_release(job);
	job->plan = NULL;
	/* The reply stood in it: until now it could not be given away. */
	if (job->spare_sql.capacity > PLAN_SPARE_BYTES)
		buffer_free(&job->spare_sql);
}

static int plan_start(struct job *job, struct catalog *catalog, struct error *error)
{
	const struct server_facts *server = catalog_server(catalog);
	struct job_plan *plan = job->plan;

	if (plan)
		plan_release(job);
	else
		plan = arena_alloc(&job->arena, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	memset(plan, 0, offsetof(struct job_plan, first));
	plan->first.count = plan->later.count = 0;
	plan->warnings.count = plan->warnings_if_noted.count = plan->compiled_warnings = 0;
	plan->error.code = ERROR_NONE;
	job->plan = plan;
	plan->catalog = catalog_ref(catalog);
	plan->kind = PROCEDURE_ANSWERED;
	plan->writes = op_writes(job->command.operation.op);
	plan->row_limit = job->policy->max_rows;
	plan->compiler = (struct compiler){
		.arena = &job->arena,
		.server = server,
		.error = error,
		.warnings = &plan->warnings,
		.warnings_if_noted = &plan->warnings_if_noted,
	};
	footprint_init(&plan->footprint, &job->arena);
	buffer_init_with(&plan->first.sql, &job->spare_sql, LONG_STATEMENTS * server->max_allowed_packet);
	buffer_init(&plan->later.sql, LONG_STATEMENTS * server->max_allowed_packet);
	buffer_init(&plan->keys, server->max_allowed_packet);
	answer_init(&plan->answer, job->command.codec, &job->spare_body, job->policy->reply_bytes);
	return 0;
}

/* A command whose reply may not go where it asks is not run. */
static int check_reply_address(struct job *job)
{
	const struct command *command = &job->command;
	struct compiler *compiler = &job->plan->compiler;
	bool channel = command->reply_to.size == 0 || policy_allows_reply(job->policy, command->reply_to);
	bool list = command->reply_list.size == 0 || policy_allows_reply(job->policy, command->reply_list);
	char quoted[ERROR_QUOTED_BYTES];

	if (channel && list)
		return 0;
	compiler_refuse(compiler, ERROR_FORBIDDEN, NULL, "`%s` is not a place for replies",
			channel ? "reply_list" : "reply_to");
	error_hint(compiler->error, "it must begin with `%s`", error_quote(quoted, job->policy->reply_prefix));
	return -EINVAL;
}

/* A flood of unknown names, each held against thousands of tables, would keep everybody waiting: when names_left is
 * used up, there is no hint. */
static void hint_at_table(struct job *job, uint32_t *names_left)
{
	uint32_t count = catalog_table_count(job->plan->catalog);
	struct nearest nearest = nearest_start(job->command.operation.table);
	char quoted[ERROR_QUOTED_BYTES];

	if (names_left && *names_left == 0)
		return;
	if (names_left)
		*names_left -= *names_left < count ? *names_left : count;
	for (uint32_t i = 0; i < count; i++) {
		const struct table *table = catalog_table_at(job->plan->catalog, i);

		if (policy_allows_table(job->policy, table->name))
			nearest_offer(&nearest, table->name);
	}
	if (nearest.best.size > 0)
		error_hint(job->plan->compiler.error, "did you mean `%s`?", error_quote(quoted, nearest.best));
}

static int refuse_unknown_table(struct job *job, uint32_t *names_left)
{
	char quoted[ERROR_QUOTED_BYTES];

	compiler_refuse(&job->plan->compiler, ERROR_UNKNOWN_TABLE, NULL, "there is no table `%s`",
			error_quote(quoted, job->command.operation.table));
	hint_at_table(job, names_left);
	return -ENOENT;
}

/* The servers tell no columns of it. When it was mended, the catalog has to be read again to see them. */
static int refuse_broken_view(struct job *job)
{
	struct job_plan *plan = job->plan;
	char quoted[ERROR_QUOTED_BYTES];

	compiler_refuse(&plan->compiler, ERROR_UNKNOWN_TABLE, NULL,
			"the view `%s` refers to a table or a column that is gone",
			error_quote(quoted, plan->table->name));
	error_hint(plan->compiler.error, "the view has to be made anew, or what it is made from");
	return -ENOENT;
}

static int resolve_table(struct job *job, uint32_t *names_left)
{
	struct job_plan *plan = job->plan;
	struct bytes name = job->command.operation.table;
	char quoted[ERROR_QUOTED_BYTES];

	/* What the queue may not use does not exist for it, rowd's own tables for nobody; and no newer catalog will
	 * have them. */
	if (!policy_allows_table(job->policy, name)) {
		refuse_unknown_table(job, names_left);
		return -EINVAL;
	}
	plan->table = catalog_find(plan->catalog, name);
	plan->compiler.table = plan->table;
	if (!plan->table)
		return refuse_unknown_table(job, names_left);
	if (!plan->table->is_view)
		return 0;
	if (!plan->writes)
		return plan->table->column_count > 0 ? 0 : refuse_broken_view(job);
	compiler_refuse(&plan->compiler, ERROR_BAD_VALUE, NULL, "`%s` is a view, and views are only read",
			error_quote(quoted, name));
	error_hint(plan->compiler.error, "write to the tables that the view is made from");
	return -EINVAL;
}

static bool op_needs_table(enum op op)
{
	return op != OP_PING && op != OP_INFO && op != OP_TABLES;
}

static int compile_operation(struct job *job, const struct procedure_facts *facts)
{
	switch (job->command.operation.op) {
	case OP_PING:
		return answer_ping(job);
	case OP_INFO:
		return answer_info(job, facts);
	case OP_TABLES:
		return answer_tables(job);
	case OP_DESCRIBE:
		return answer_describe(job);
	case OP_CREATE:
		return compile_create(job);
	case OP_READ:
		return compile_read(job);
	case OP_COUNT:
		return compile_count(job);
	case OP_EXISTS:
		return compile_exists(job);
	case OP_UPDATE:
		return compile_update(job);
	case OP_DELETE:
		return compile_delete(job);
	case OP_NONE:
	case OP_COUNT_OF_OPS:
		break;
	}
	return compiler_refuse(&job->plan->compiler, ERROR_UNKNOWN_OP, NULL, "there is no such operation");
}

/* What was answered at once may already be too large. */
static int check_answer(struct job *job)
{
	struct job_plan *plan = job->plan;
	int result;

	if (plan->kind != PROCEDURE_ANSWERED)
		return 0;
	if (plan->answer.body.state == BUFFER_NO_MEMORY)
		return -ENOMEM;
	result = buffer_failed(&plan->answer.body) ? -EFBIG : plan_check_reply_size(job);
	if (result != -EFBIG)
		return result;
	return compiler_refuse(&plan->compiler, ERROR_TOO_LARGE, NULL, "the answer is larger than a reply may be");
}

static void stand_by(struct job_plan *plan)
{
	plan->kind = PROCEDURE_BY_KEY;
	plan->stands_by = true;
	plan->share = (struct share){0};
}

/* What is not run any more has no plan. */
static bool plan_to_stand_by(struct job *job, struct catalog *catalog)
{
	struct error error;

	return ledger_wants(job) && plan_start(job, catalog, &error) == 0 && ledger_compile(job) == 0;
}

bool procedure_stand_by(struct job *job, struct catalog *catalog, const struct error *error)
{
	struct job_plan *plan;

	if (!job->plan && !plan_to_stand_by(job, catalog))
		return false;
	plan = job->plan;
	if (plan->once.id.size == 0 || plan->stands_by)
		return false;
	stand_by(plan);
	plan->doomed = plan->failed = true;
	plan->error = *error;
	/* It touches nothing but the row of its id. */
	footprint_init(&plan->footprint, &job->arena);
	return ledger_compile(job) == 0;
}

int procedure_compile(struct job *job, struct catalog *catalog, const struct procedure_facts *facts,
		      struct error *ret_error)
{
	enum op op = job->command.operation.op;
	struct job_plan *plan;
	int result = plan_start(job, catalog, ret_error);

	if (result < 0)
		return result;
	plan = job->plan;
	result = check_reply_address(job);
	if (result == 0)
		result = ledger_compile(job);
	if (result == 0 && !job->recovered && !(job->policy->ops & (1u << op)))
		result = compiler_refuse(&plan->compiler, ERROR_FORBIDDEN, NULL, "the queue may not use `%s`",
					 op_name(op));
	if (result == 0 && op_needs_table(op))
		result = resolve_table(job, facts->names_left);
	if (result == 0)
		result = job->recovered ? compile_recovered(job) : compile_operation(job, facts);
	if (result == 0)
		result = check_answer(job);
	if (result == 0 && plan->kind != PROCEDURE_ANSWERED)
		plan_rows_begin(plan);
	/* Whatever has become of the table since: the command has taken effect, and that is its answer. */
	if (job->recovered && (result == -EINVAL || result == -ENOENT)) {
		plan->kind = PROCEDURE_ANSWERED;
		result = 0;
	}
	/* Its answer may be kept, with all that was said. */
	if (result == 0 && job->recovered && plan->kind == PROCEDURE_ANSWERED && ledger_wants(job))
		stand_by(plan);
	/* From here on errors are the run's own. */
	plan->compiler.error = &plan->error;
	plan->compiler.warnings = plan->compiler.warnings_if_noted = NULL;
	plan->compiled_warnings = plan->warnings.count;
	return result;
}

bool procedure_takes_nothing_back(const struct job *job)
{
	const struct job_plan *plan = job->plan;

	return plan->writes && plan->table && !plan->table->transactional;
}

enum procedure_kind procedure_kind(const struct job *job)
{
	return job->plan->kind;
}

const struct footprint *procedure_footprint(const struct job *job)
{
	return &job->plan->footprint;
}
