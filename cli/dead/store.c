/* cli/dead/store.c - see store.h. */
#include "cli/dead/store.h"

#include "cli/connect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum script { SCRIPT_PAGE, SCRIPT_TAKE, SCRIPT_COUNT };

#include "dead_scripts.inc" /* generated from scripts/ */

/* What stands before the elements in a page's answer. */
enum { PAGE_HEAD = 3 };

/* EVAL, the script, how many keys, three of them, how many copies, and three for each letter. */
enum { CALL_WORDS = 7 + 3 * STORE_LETTERS };

struct call {
	const char *words[CALL_WORDS];
	size_t sizes[CALL_WORDS];
	int count;
};

/* ---- what went wrong ---- */

/* The type of a key when it is neither a list nor nothing: what is in the way. */
static bool is_in_the_way(struct store *store, const char *key, char ret_type[32])
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(store->redis, 2, (const char *[]){"TYPE", key}, NULL, problem);
	bool in_the_way = reply && reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "list") != 0 &&
			  strcmp(reply->str, "none") != 0;

	if (in_the_way)
		snprintf(ret_type, 32, "%s", reply->str);
	freeReplyObject(reply);
	return in_the_way;
}

static int tell(struct store *store, const char *problem)
{
	const char *const keys[] = {store->dead, store->queue};
	char type[32];

	connect_tell(problem);
	for (size_t i = 0; strstr(problem, "WRONGTYPE") && i < sizeof(keys) / sizeof(*keys); i++) {
		if (is_in_the_way(store, keys[i], type))
			fprintf(stderr, "rowctl: the key %s is no list but a %s\n", keys[i], type);
	}
	return -EIO;
}

/* ---- opening ---- */

int store_open(struct store *ret_store, const struct arguments *arguments)
{
	struct store store = {.queue = arguments->queues[0]};
	int status = 0;

	*ret_store = (struct store){0};
	if (arguments_check_one_queue(arguments, "dead") < 0)
		return EX_USAGE;
	if (asprintf(&store.dead, "{%s}:dead", store.queue) < 0)
		store.dead = NULL;
	if (asprintf(&store.stats, "{%s}:stats", store.queue) < 0)
		store.stats = NULL;
	if (asprintf(&store.paused, "{%s}:paused", store.queue) < 0)
		store.paused = NULL;
	if (!store.dead || !store.stats || !store.paused)
		status = EX_OSERR;
	else
		store.redis = connect_redis(arguments, arguments->timeout_ms, &status);
	*ret_store = store;
	return status;
}

void store_close(struct store *store)
{
	free(store->dead);
	free(store->stats);
	free(store->paused);
	redisFree(store->redis);
	*store = (struct store){0};
}

/* ---- scripts ---- */

static void add(struct call *call, struct bytes word)
{
	call->words[call->count] = word.data;
	call->sizes[call->count++] = word.size;
}

/* EVAL and not its digest: a run has few calls, and Redis knows a text that it has seen. */
static void begin(struct call *call, enum script script, const char *const *keys, int key_count)
{
	static const char *const counts[] = {"0", "1", "2", "3"};

	*call = (struct call){.count = 0};
	add(call, BYTES("EVAL"));
	add(call, (struct bytes){(const char *)scripts[script].text, scripts[script].size});
	add(call, bytes_of(counts[key_count]));
	for (int i = 0; i < key_count; i++)
		add(call, bytes_of(keys[i]));
}

static redisReply *run(struct store *store, struct call *call)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(store->redis, call->count, call->words, call->sizes, problem);

	if (!reply) {
		tell(store, problem);
		return NULL;
	}
	if (reply->type != REDIS_REPLY_ARRAY) {
		fputs("rowctl: Redis: an answer of another kind than expected\n", stderr);
		freeReplyObject(reply);
		return NULL;
	}
	return reply;
}

int store_read(struct store *store, int64_t first, int64_t last, struct page *ret_page)
{
	char from[24], to[24];
	struct call call;

	page_free(ret_page);
	snprintf(from, sizeof(from), "%" PRId64, first);
	snprintf(to, sizeof(to), "%" PRId64, last);
	begin(&call, SCRIPT_PAGE, (const char *[]){store->dead, store->stats}, 2);
	add(&call, bytes_of(from));
	add(&call, bytes_of(to));
	redisReply *reply = run(store, &call);
	if (!reply)
		return -EIO;
	int64_t buried = reply->element[2]->integer;
	*ret_page = (struct page){
		.reply = reply,
		.now_ms = reply->element[0]->integer,
		.total = reply->element[1]->integer,
		.buried = buried > 0 ? buried : 0,
		.size = reply->elements - PAGE_HEAD,
	};
	return 0;
}

struct bytes page_letter(const struct page *page, size_t index)
{
	const redisReply *letter = page->reply->element[PAGE_HEAD + index];

	return (struct bytes){.data = letter->str, .size = letter->len};
}

int64_t page_next(const struct page *page, int64_t asked, int64_t most)
{
	int64_t bytes = 1, next;

	if (asked == 0)
		return 1;
	for (size_t i = 0; i < page->size; i++)
		bytes += (int64_t)page_letter(page, i).size;
	next = STORE_BYTES * (int64_t)page->size / bytes;
	if (next > 2 * asked)
		next = 2 * asked;
	if (next > most)
		next = most;
	return next > 1 ? next : 1;
}

void page_free(struct page *page)
{
	freeReplyObject(page->reply);
	*page = (struct page){0};
}

int store_take(struct store *store, bool push, uint32_t copies, const struct store_taking *takings, size_t count,
	       uint32_t *ret_taken)
{
	char most[16], places[STORE_LETTERS][2][24];
	struct call call;

	snprintf(most, sizeof(most), "%" PRIu32, copies);
	begin(&call, SCRIPT_TAKE, (const char *[]){store->dead, store->stats, store->queue}, push ? 3 : 2);
	add(&call, bytes_of(most));
	for (size_t i = 0; i < count; i++) {
		snprintf(places[i][0], sizeof(places[i][0]), "%zu", takings[i].begin);
		snprintf(places[i][1], sizeof(places[i][1]), "%zu", takings[i].end);
		add(&call, takings[i].letter);
		add(&call, bytes_of(places[i][0]));
		add(&call, bytes_of(places[i][1]));
	}
	redisReply *reply = run(store, &call);
	if (!reply)
		return -EIO;
	for (size_t i = 0; i < count; i++)
		ret_taken[i] = i < reply->elements ? (uint32_t)reply->element[i]->integer : 0;
	freeReplyObject(reply);
	return 0;
}

void store_tell_paused(struct store *store)
{
	char problem[REDIS_PROBLEM_BYTES];
	redisReply *reply = redis_command(store->redis, 2, (const char *[]){"EXISTS", store->paused}, NULL, problem);

	if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0)
		fprintf(stderr, "rowctl: %s is paused: nobody claims from it until rowctl resume %s\n", store->queue,
			store->queue);
	freeReplyObject(reply);
}
