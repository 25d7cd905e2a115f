/* fake_shared.h - a test double of plan/sql/shared.h: groups of scripts. */
#ifndef UNIT_FAKE_SHARED_H
#define UNIT_FAKE_SHARED_H

#include "daemon/plan/sql/shared.h"
#include "fake_procedure.h"

/* How all groups behave. Tests set it, and set it back. */
struct fake_shared_rules {
	uint32_t begins_that_fail; /* for want of memory */
	bool names_no_culprit;     /* a group that failed says halves instead of who it was */
	bool must_be_undone;       /* a part of it had taken effect */
	size_t size_limit;         /* 0: none */
	size_t kept_bytes;         /* what each takes */
	uint32_t given_back;       /* how often it was too much; counted */
};

extern struct fake_shared_rules fake_shared_rules;

/* The jobs of the group that a statement belongs to, in their order; NULL for a statement of a single job. */
struct job *const *group_of_statement(const struct statement *statement, uint32_t *ret_count);

#endif
