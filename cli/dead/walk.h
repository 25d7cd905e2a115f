/* dead/walk.h - goes through the dead letters of a queue, the newest first, page by page, while others come and go.
 *
 *   struct walk walk = {.store = &store};
 *   while ((result = walk_next(&walk, &raw)) > 0) …
 *   walk_end(&walk);
 *
 * It meets each letter that was there at its beginning and still is when it comes to it, and none that came later. */
#ifndef CLI_DEAD_WALK_H
#define CLI_DEAD_WALK_H

#include "cli/dead/store.h"

struct walk {
	struct store *store;
	struct page page;
	size_t on_page;  /* letters of the page that were handed out, or are known from an earlier one */
	int64_t at;      /* from the left: where the next page begins */
	int64_t buried;  /* as of the newest page */
	int64_t pending; /* letters that it was asked for; 0 before the first page */
};

/* Returns 1 with the next letter, valid until the next call; 0 at the end; -EIO after it has been said. */
int walk_next(struct walk *walk, struct bytes *ret_raw);
void walk_end(struct walk *walk);

#endif
