/* cli/dead/retry.c - `rowctl dead retry`: pushes commands anew. */
#include "cli/dead/take.h"
#include "cli/dead/verbs.h"

#include <inttypes.h>
#include <stdio.h>

int dead_retry(struct store *store, const struct arguments *arguments)
{
	struct take take = {.store = store, .push = true, .run_again = arguments->dead.yes};
	int status = arguments->dead.all ? take_all(&take) : take_named(&take, arguments->operands, "retried");

	if (take.taken > 0 || (arguments->dead.all && status == 0))
		printf("%" PRIu64 " pushed onto %s, behind those that wait\n", take.taken, store->queue);
	fflush(stdout);
	if (take.taken > 0 && store->redis->err == 0)
		store_tell_paused(store);
	int left = take_tell_left(&take);
	return status != 0 ? status : left;
}
