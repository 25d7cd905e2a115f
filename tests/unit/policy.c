/* policy.c - which tables and reply addresses a queue's commands may name. */
#include "daemon/plan/policy.h"
#include "tests/support/unit.h"

static bool allows(const char *pattern, const char *table)
{
	struct bytes tables[] = {BYTES("elsewhere"), bytes_of(pattern)};
	struct policy policy = {.tables = tables, .table_count = LENGTH(tables)};

	return policy_allows_table(&policy, bytes_of(table));
}

static void test_tables(void **state)
{
	(void)state;
	assert_true(allows("pets", "pets"));
	assert_true(allows("pets", "elsewhere"));
	assert_false(allows("pets", "pet"));
	assert_false(allows("pets", "pets2"));
	assert_false(allows("pets", "Pets")); /* as the catalog spells it */
	assert_true(allows("shop_*", "shop_"));
	assert_true(allows("shop_*", "shop_item"));
	assert_false(allows("shop_*", "shop"));
	assert_true(allows("*", "anything"));
	assert_false(allows("", "anything"));
}

static void test_without_a_list_all_tables(void **state)
{
	struct policy policy = {.tables = NULL};

	(void)state;
	assert_true(policy_allows_table(&policy, BYTES("pets")));
	assert_false(policy_allows_table(&policy, BYTES("rowd_slots")));
}

static void test_our_own_tables_never(void **state)
{
	(void)state;
	assert_false(allows("*", "rowd_slots"));
	assert_false(allows("rowd_*", "rowd_slots"));
	assert_false(allows("rowd_ledger", "rowd_ledger"));
	assert_true(allows("*", "rowd"));
	assert_true(allows("*", "my_rowd_table"));
}

static void test_reply_addresses(void **state)
{
	struct policy policy = {.reply_prefix = BYTES("rowd:reply:")};

	(void)state;
	assert_true(policy_allows_reply(&policy, BYTES("rowd:reply:1")));
	assert_false(policy_allows_reply(&policy, BYTES("rowd:reply:")));
	assert_false(policy_allows_reply(&policy, BYTES("rowd:reply")));
	assert_false(policy_allows_reply(&policy, BYTES("rowd:repl:1")));
	assert_false(policy_allows_reply(&policy, BYTES("x:rowd:reply:1")));
	policy.reply_prefix = BYTES("");
	assert_false(policy_allows_reply(&policy, BYTES("rowd:commands")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_without_a_list_all_tables),
		cmocka_unit_test(test_our_own_tables_never),
		cmocka_unit_test(test_reply_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
