/* cli/dead/dead.c - `rowctl dead`: the commands that failed and could not be answered. */
#include "cli/dead/verbs.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct verb {
	const char *name;
	int (*run)(struct store *store, const struct arguments *arguments);
	bool ids, all; /* what it takes */
};

static const struct verb verbs[] = {
	{"list", dead_list, false, false},
	{"show", dead_show, true, false},
	{"retry", dead_retry, true, true},
	{"drop", dead_drop, true, true},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; name && i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static int check_operands(const struct verb *verb, const struct arguments *arguments)
{
	bool some = arguments->operands[0] != NULL, all = arguments->dead.all;

	if (!verb->ids && some)
		fprintf(stderr, "rowctl: dead %s takes no operands; the queue is named by --queue\n", verb->name);
	else if (!verb->all && all)
		fprintf(stderr, "rowctl: dead %s does not take --all\n", verb->name);
	else if (verb->ids && verb->all && some == all)
		fprintf(stderr, "rowctl: dead %s takes either ids or --all; rowctl dead list shows the ids\n",
			verb->name);
	else if (verb->run == dead_show && (!some || arguments->operands[1]))
		fputs("rowctl: dead show takes one id; rowctl dead list shows the ids\n", stderr);
	else
		return 0;
	return EX_USAGE;
}

static int dead(const struct arguments *arguments)
{
	struct arguments inner = *arguments;
	struct store store;
	const struct verb *verb = find_verb(inner.operands[0]);

	if (!verb) {
		fputs("rowctl: dead takes a verb: list, show, retry or drop; see rowctl dead --help\n", stderr);
		return EX_USAGE;
	}
	inner.operands++;
	int status = check_operands(verb, &inner);
	if (status != 0)
		return status;
	status = store_open(&store, &inner);
	if (status == 0)
		status = verb->run(&store, &inner);
	store_close(&store);
	return status;
}

const struct rowctl_command dead_command = {
	.name = "dead",
	.summary = "list, show, retry or drop what failed and could not be answered",
	.usage = "usage: rowctl dead list [--limit N] [--json]\n"
		 "       rowctl dead show ID [--json | --raw]\n"
		 "       rowctl dead retry ID ... | --all [--yes]\n"
		 "       rowctl dead drop ID ... | --all [--yes]\n"
		 "                   [--redis URL] [--queue KEY]\n"
		 "\n"
		 "The dead letters of a queue: commands that failed and could not be answered.\n"
		 "\n"
		 "  list    a line for each, the newest first, with its id\n"
		 "  show    all of one letter, its command decoded\n"
		 "  retry   pushes the command onto the queue anew, behind those that wait, and takes the letter off\n"
		 "  drop    takes the letter off for good; asks, unless told --yes\n"
		 "\n"
		 "An id is made of the letter's bytes and stays the same while others come and go. The first digits\n"
		 "are enough, at least 4, when no other letter's begin so. Letters equal in every byte have one id,\n"
		 "and are retried and dropped together.\n"
		 "\n"
		 "  --limit N   list: the newest N (50); 0: all\n"
		 "  --raw       show: the command's bytes as they were pushed, and nothing else\n"
		 "  --all       retry, drop: all that are there now, the oldest first\n"
		 "  --yes       drop: without asking, as it must be when standard input is no terminal\n"
		 "              retry: also what has been run already, and only its reply was refused\n"
		 "\n"
		 "Exit status: 0 all done, 1 a letter is not there or was left, 64 wrong usage, 69 Redis cannot be\n"
		 "reached or refuses it.\n",
	.run = dead,
};
