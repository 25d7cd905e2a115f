/* dead/store.h - the dead letters of one queue, where they lie in Redis.
 *
 * Their list is pushed at the left and, at its cap, dropped at the right, while we look at it. So a place is counted
 * from the left, and moved by as many as {Q}:stats has counted since. */
#ifndef CLI_DEAD_STORE_H
#define CLI_DEAD_STORE_H

#include "cli/arguments.h"
#include "cli/redis.h"
#include "common/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store {
	redisContext *redis;
	const char *queue;
	char *dead, *stats, *paused; /* its keys */
};

/* A part of the list as it was at one moment, the newest letter first. */
struct page {
	redisReply *reply; /* the page's memory; NULL: none */
	int64_t now_ms;    /* by the clock of Redis */
	int64_t total;     /* letters in the list */
	int64_t buried;    /* letters that ever came */
	size_t size;       /* letters on this page */
};

/* A letter to take: its bytes, and where in them its command is; begin 0 when it is not wanted. */
struct store_taking {
	struct bytes letter;
	size_t begin, end; /* from 1, both included, as Lua counts */
};

/* As many letters go into one call, or fewer when their bytes are many: others wait while a script runs. */
enum { STORE_LETTERS = 64, STORE_BYTES = 4 << 20 };

/* Connects to the one queue that the command line names. Returns 0, or an exit status after it has been said. Close it
 * in either case. */
int store_open(struct store *ret_store, const struct arguments *arguments);
void store_close(struct store *store);

/* Reads the letters from `first` to `last` as LRANGE counts them. ret_page is freed first, and stays the caller's to
 * page_free(). Returns 0, or -EIO after it has been said. */
int store_read(struct store *store, int64_t first, int64_t last, struct page *ret_page);
struct bytes page_letter(const struct page *page, size_t index);

/* How many letters to ask for after a page that was asked for so many: what should fit into STORE_BYTES by what this
 * one has, but at most twice as many, since large ones may follow any number of small ones; 1 to most. asked 0: it is
 * the first. */
int64_t page_next(const struct page *page, int64_t asked, int64_t most);
void page_free(struct page *page);

/* Takes letters off the list, and pushes their commands onto the queue if `push`; each letter in one step, so that at
 * no moment it is in neither place. copies: at most so many of each, of those that are equal. ret_taken: for each how
 * many went; 0 when it was gone. At most STORE_LETTERS. Returns 0, or -EIO after it has been said. */
int store_take(struct store *store, bool push, uint32_t copies, const struct store_taking *takings, size_t count,
	       uint32_t *ret_taken);

/* Says so when nobody claims from the queue until it is resumed. */
void store_tell_paused(struct store *store);

#endif
