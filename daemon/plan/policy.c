/* plan/policy.c */
#include "daemon/plan/policy.h"

static bool pattern_matches(struct bytes pattern, struct bytes name)
{
	if (pattern.size > 0 && pattern.data[pattern.size - 1] == '*') {
		pattern.size--;
		return bytes_starts(name, pattern);
	}
	return bytes_equal(pattern, name);
}

bool policy_allows_table(const struct policy *policy, struct bytes table)
{
	if (bytes_starts(table, BYTES("rowd_")))
		return false;
	for (uint32_t i = 0; i < policy->table_count; i++)
		if (pattern_matches(policy->tables[i], table))
			return true;
	return policy->table_count == 0;
}

bool policy_allows_reply(const struct policy *policy, struct bytes name)
{
	/* The prefix alone is no address, and an empty prefix (which the options refuse) must not open all of Redis. */
	return policy->reply_prefix.size > 0 && name.size > policy->reply_prefix.size &&
	       bytes_starts(name, policy->reply_prefix);
}
