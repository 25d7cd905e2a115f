/* cli/dead/drop.c - `rowctl dead drop`: takes letters off for good. */
#include "cli/dead/find.h"
#include "cli/dead/take.h"
#include "cli/dead/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static bool ask(const struct finds *finds, int64_t total)
{
	char answer[16];

	if (!finds)
		printf("All %" PRId64 " dead letters", total);
	for (size_t i = 0; finds && i < finds->count; i++) {
		if (finds->found[i].copies > 0)
			printf("%.*s", BYTES_ARG(buffer_bytes(&finds->found[i].lines)));
	}
	if (finds)
		fputs("These", stdout);
	fputs(" will be gone for good, with their commands. Type yes to go on: ", stdout);
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0)
		return true;
	fputs("rowctl: nothing was done\n", stderr);
	return false;
}

int dead_drop(struct store *store, const struct arguments *arguments)
{
	struct take take = {.store = store, .confirm = arguments->dead.yes ? NULL : ask};
	int status;

	if (!arguments->dead.yes && !isatty(STDIN_FILENO)) {
		fputs("rowctl: dead drop needs --yes when standard input is no terminal\n", stderr);
		return EX_USAGE;
	}
	status = arguments->dead.all ? take_all(&take) : take_named(&take, arguments->operands, "dropped");
	if (arguments->dead.all && status == 0)
		printf("%" PRIu64 " dropped\n", take.taken);
	fflush(stdout);
	int left = take_tell_left(&take);
	return status != 0 ? status : left;
}
