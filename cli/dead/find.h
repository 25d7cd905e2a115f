/* dead/find.h - the letters that the command line names by the first digits of their ids. */
#ifndef CLI_DEAD_FIND_H
#define CLI_DEAD_FIND_H

#include "cli/dead/letter.h"
#include "cli/dead/store.h"
#include "common/buffer.h"

/* So many letters are shown of those that a few digits could mean. */
enum { FIND_CANDIDATES = 8 };

struct found {
	const char *word; /* as typed */
	struct letter_prefix prefix;
	struct buffer raw; /* the letter; of several with one id the newest */
	int64_t place;     /* from the newest, 0 */
	uint32_t copies;   /* 0: there is none */
	uint64_t ids[FIND_CANDIDATES];
	uint32_t id_count;
	struct buffer lines; /* of the table: the candidates */
};

struct finds {
	struct found *found; /* one for each word */
	size_t count;
	int64_t now_ms; /* by the clock of Redis */
	bool missing;   /* a word that means no letter, which has been said */
};

/* Looks for all words, at least one, each of which has to mean one letter or none. Two words that mean the same letter
 * are one: the second has no copies, and is not missing. Returns 0, or an exit status after it has been said. Free it
 * in either case. */
int find_letters(struct store *store, char **words, struct finds *ret_finds);
void finds_free(struct finds *finds);

#endif
