/* plan/policy.h - what one queue may do. Owned by the options; outlives every job. */
#ifndef PLAN_POLICY_H
#define PLAN_POLICY_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct policy {
	struct bytes queue;
	struct bytes reply_prefix;  /* never empty */
	const struct bytes *tables; /* patterns: a name, or a prefix and '*' */
	uint32_t table_count;       /* 0: all */
	uint32_t ops;               /* bit 1u << enum op */
	uint64_t max_rows;
	uint32_t statement_timeout_ms;
	uint64_t reply_bytes;
	uint64_t message_bytes;
	struct bytes delivery; /* for `info` */
	bool exactly_once;     /* what `delivery` says */
};

/* What the queue may not use does not exist for it, and rowd's own tables exist for nobody. */
bool policy_allows_table(const struct policy *policy, struct bytes table);
/* Whether a reply may go to this channel or list. */
bool policy_allows_reply(const struct policy *policy, struct bytes name);

#endif
