/* options/lists.c - the two options that are lists: which tables, which operations. Items are separated by commas or
 * white space. */
#include "common/command.h"
#include "common/nearest.h"
#include "daemon/options/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = ", \t";

/* The next item of a list, or size 0 at its end. */
static struct bytes next_item(const char **at)
{
	*at += strspn(*at, separators);
	struct bytes item = {*at, strcspn(*at, separators)};
	*at += item.size;
	return item;
}

static uint32_t count_items(const char *text)
{
	uint32_t count = 0;

	while (next_item(&text).size > 0)
		count++;
	return count;
}

/* ---- tables ---- */

static int check_pattern(struct bytes item, struct options_problem *ret_problem)
{
	const char *star = memchr(item.data, '*', item.size);

	if (!star || star == item.data + item.size - 1)
		return 0;
	snprintf(ret_problem->what, sizeof(ret_problem->what), "a '*' stands inside '%.*s'", BYTES_ARG(item));
	snprintf(ret_problem->hint, sizeof(ret_problem->hint), "only at the end of a name, as in shop_*");
	return -EINVAL;
}

/* The patterns and their text are one piece of memory: the array, then the copy that it points into. */
static int parse_patterns(const struct option *option, const char *text, void *base,
			  struct options_problem *ret_problem)
{
	struct policy *policy = option_place(option, base);
	uint32_t count = count_items(text);
	bool all = false;

	if (count == 0) {
		snprintf(ret_problem->what, sizeof(ret_problem->what), "no table at all");
		snprintf(ret_problem->hint, sizeof(ret_problem->hint), "* for all");
		return -EINVAL;
	}
	size_t array_bytes = count * sizeof(struct bytes);
	struct bytes *patterns = malloc(array_bytes + strlen(text) + 1);
	if (!patterns)
		return -ENOMEM;
	const char *at = strcpy((char *)patterns + array_bytes, text);
	for (uint32_t i = 0; i < count; i++) {
		patterns[i] = next_item(&at);
		all = all || bytes_equal_text(patterns[i], "*");
		if (check_pattern(patterns[i], ret_problem) < 0) {
			free(patterns);
			return -EINVAL;
		}
	}
	free((void *)policy->tables);
	policy->tables = patterns;
	policy->table_count = all ? 0 : count;
	return 0;
}

static void print_patterns(const struct option *option, const void *base, FILE *to)
{
	const struct policy *policy = option_place_const(option, base);

	if (policy->table_count == 0)
		fputs("*", to);
	for (uint32_t i = 0; i < policy->table_count; i++)
		fprintf(to, "%s%.*s", i ? " " : "", BYTES_ARG(policy->tables[i]));
}

static void release_patterns(const struct option *option, void *base)
{
	free((void *)((struct policy *)option_place(option, base))->tables);
}

const struct option_type option_type_patterns = {"LIST", parse_patterns, print_patterns, release_patterns};

/* ---- operations ---- */

static int unknown_op(struct bytes item, struct options_problem *ret_problem)
{
	static const char *const later[] = {"aggregate", "sql", "tx"};
	struct nearest nearest = nearest_start(item);

	for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
		if (bytes_equal_text(item, later[i]))
			return option_not_in_this_version(ret_problem, later[i]);
	}
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++)
		nearest_offer(&nearest, bytes_of(op_name(op)));
	snprintf(ret_problem->what, sizeof(ret_problem->what), "no operation '%.*s'", BYTES_ARG(item));
	if (nearest.best.size > 0)
		snprintf(ret_problem->hint, sizeof(ret_problem->hint), "did you mean %.*s?", BYTES_ARG(nearest.best));
	return -EINVAL;
}

static int parse_ops(const struct option *option, const char *text, void *base, struct options_problem *ret_problem)
{
	uint32_t ops = 0;

	for (struct bytes item = next_item(&text); item.size > 0; item = next_item(&text)) {
		enum op op = op_find(item);
		if (op == OP_NONE)
			return unknown_op(item, ret_problem);
		ops |= 1u << op;
	}
	if (ops == 0) {
		snprintf(ret_problem->what, sizeof(ret_problem->what), "no operation at all");
		return -EINVAL;
	}
	memcpy(option_place(option, base), &ops, sizeof(ops));
	return 0;
}

static void print_ops(const struct option *option, const void *base, FILE *to)
{
	const char *separator = "";
	uint32_t ops;

	memcpy(&ops, option_place_const(option, base), sizeof(ops));
	for (enum op op = OP_NONE + 1; op < OP_COUNT_OF_OPS; op++) {
		if (ops & 1u << op) {
			fprintf(to, "%s%s", separator, op_name(op));
			separator = " ";
		}
	}
}

const struct option_type option_type_ops = {"LIST", parse_ops, print_ops, NULL};
