/* cli/dead/take.c - see take.h. */
#include "cli/dead/take.h"

#include "cli/dead/find.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* Of letters that are equal in every byte, so many go at once. */
enum { COPIES = 256 };

/* Whether the letter is to be taken; if not, it is counted as left. */
static bool is_wanted(struct take *take, const struct letter *letter)
{
	if (!take->push)
		return true;
	if (letter->foreign) {
		take->foreign++;
		return false;
	}
	/* The reasons that are given after a command has been run, or may have been. */
	if (!take->run_again && (bytes_equal(letter->reason, BYTES("REPLY_REFUSED")) ||
				 bytes_equal(letter->reason, BYTES("UNKNOWN_OUTCOME")))) {
		take->been_run++;
		return false;
	}
	return true;
}

static struct store_taking taking_of(const struct letter *letter)
{
	size_t before = letter->foreign ? 0 : (size_t)(letter->command.data - letter->raw.data);

	return (struct store_taking){.letter = letter->raw, .begin = before + 1, .end = before + letter->command.size};
}

/* ---- by name ---- */

static int compare_places(const void *a, const void *b)
{
	const struct found *left = *(const struct found *const *)a, *right = *(const struct found *const *)b;

	return left->place < right->place ? 1 : -1;
}

/* Takes all copies of one letter. */
static int take_one(struct take *take, const struct found *found, struct arena *arena, const char *done_word)
{
	struct letter letter;
	char id[LETTER_ID_DIGITS + 1];
	uint32_t copies = 0, taken;

	arena_reset(arena);
	if (letter_read(arena, buffer_bytes(&found->raw), &letter) < 0)
		return EX_OSERR;
	letter_write_id(letter.id, id);
	if (!is_wanted(take, &letter)) {
		fprintf(stderr, "rowctl: %.*s is left\n", LETTER_ID_SHOWN, id);
		return 0;
	}
	do {
		struct store_taking taking = taking_of(&letter);
		if (store_take(take->store, take->push, COPIES, &taking, 1, &taken) < 0)
			return EX_UNAVAILABLE;
		copies += taken;
	} while (taken == COPIES);
	take->taken += copies;
	if (copies == 0) {
		fprintf(stderr, "rowctl: %.*s is gone\n", LETTER_ID_SHOWN, id);
		take->vanished++;
	} else if (copies == 1) {
		printf("%.*s %s\n", LETTER_ID_SHOWN, id, done_word);
	} else {
		printf("%.*s %s, %" PRIu32 " copies equal in every byte\n", LETTER_ID_SHOWN, id, done_word, copies);
	}
	return 0;
}

static int take_found(struct take *take, const struct finds *finds, const char *done_word)
{
	const struct found **order = calloc(finds->count, sizeof(*order));
	struct arena arena;
	size_t count = 0;
	int status = order ? 0 : EX_OSERR;

	for (size_t i = 0; i < finds->count && order; i++) {
		if (finds->found[i].copies > 0)
			order[count++] = &finds->found[i];
	}
	if (count > 1)
		qsort(order, count, sizeof(*order), compare_places);
	if (count > 0 && take->confirm && !take->confirm(finds, (int64_t)count))
		status = EXIT_NOT_OK;
	arena_init(&arena, TEXT_BYTES);
	for (size_t i = 0; i < count && status == 0; i++)
		status = take_one(take, order[i], &arena, done_word);
	arena_free(&arena);
	free(order);
	return status;
}

int take_named(struct take *take, char **words, const char *done_word)
{
	struct finds finds;
	int status = find_letters(take->store, words, &finds);

	if (status == 0)
		status = take_found(take, &finds, done_word);
	if (status == 0 && finds.missing)
		status = EXIT_NOT_OK;
	finds_free(&finds);
	return status;
}

/* ---- all ---- */

/* One way through the list from its right end, where the oldest are. What is left stays there, and is passed over. */
struct sweep {
	struct take *take;
	struct page page;
	struct arena arena;
	struct store_taking takings[STORE_LETTERS];
	size_t count, bytes;
	int64_t begun_total, begun_buried; /* of all sweeps */
	int64_t left;
	int64_t asked; /* letters that the page was asked for */
};

static int take_batch(struct sweep *sweep)
{
	uint32_t taken[STORE_LETTERS];

	if (sweep->count > 0 &&
	    store_take(sweep->take->store, sweep->take->push, 1, sweep->takings, sweep->count, taken) < 0)
		return EX_UNAVAILABLE;
	for (size_t i = 0; i < sweep->count; i++) {
		sweep->take->taken += taken[i];
		sweep->take->vanished += taken[i] == 0;
	}
	sweep->count = sweep->bytes = 0;
	return 0;
}

/* How many of the letters that were there at the beginning are still to be looked at. Those that came since stand left
 * of them. Where nobody counts those that come there is an end all the same: after as many as there were. */
static int64_t still_wanted(const struct sweep *sweep)
{
	int64_t came = sweep->page.buried > sweep->begun_buried ? sweep->page.buried - sweep->begun_buried : 0;
	int64_t there = sweep->page.total - came;
	int64_t untaken = sweep->begun_total - (int64_t)(sweep->take->taken + sweep->take->vanished);

	return (there < untaken ? there : untaken) - sweep->left;
}

static int take_letter(struct sweep *sweep, struct bytes raw)
{
	struct letter letter;
	int status = 0;

	arena_reset(&sweep->arena);
	if (letter_read(&sweep->arena, raw, &letter) < 0)
		return EX_OSERR;
	if (!is_wanted(sweep->take, &letter)) {
		sweep->left++;
		return 0;
	}
	if (sweep->bytes + raw.size > STORE_BYTES)
		status = take_batch(sweep);
	sweep->takings[sweep->count++] = taking_of(&letter);
	sweep->bytes += raw.size;
	return status;
}

/* Reads the next letters and takes them. *ret_done: there are no more. */
static int take_page(struct sweep *sweep, bool *ret_done)
{
	int status = 0;

	sweep->asked = page_next(&sweep->page, sweep->asked, STORE_LETTERS);
	if (store_read(sweep->take->store, -(sweep->left + sweep->asked), -(sweep->left + 1), &sweep->page) < 0)
		return EX_UNAVAILABLE;
	int64_t wanted = still_wanted(sweep);
	if (wanted > (int64_t)sweep->page.size)
		wanted = (int64_t)sweep->page.size;
	*ret_done = wanted <= 0;
	for (int64_t i = 0; i < wanted && status == 0; i++)
		status = take_letter(sweep, page_letter(&sweep->page, sweep->page.size - 1 - (size_t)i));
	return status == 0 ? take_batch(sweep) : status;
}

static int sweep_once(struct sweep *sweep)
{
	bool done = false;
	int status = 0;

	sweep->left = 0;
	sweep->take->foreign = sweep->take->been_run = 0;
	while (status == 0 && !done)
		status = take_page(sweep, &done);
	return status;
}

int take_all(struct take *take)
{
	struct sweep sweep = {.take = take};
	uint64_t before;
	int status = store_read(take->store, 0, 0, &sweep.page) < 0 ? EX_UNAVAILABLE : 0;

	arena_init(&sweep.arena, TEXT_BYTES);
	sweep.begun_total = sweep.page.total;
	sweep.begun_buried = sweep.page.buried;
	if (status == 0 && sweep.begun_total > 0 && take->confirm && !take->confirm(NULL, sweep.begun_total))
		status = EXIT_NOT_OK;
	/* When the oldest make room meanwhile, those that are passed over are fewer than we think, and others are
	 * missed: until a sweep finds nothing more. */
	do {
		before = take->taken;
		if (status == 0)
			status = sweep_once(&sweep);
	} while (status == 0 && sweep.left > 0 && take->taken > before);
	page_free(&sweep.page);
	arena_free(&sweep.arena);
	return status;
}

/* ---- what was left ---- */

int take_tell_left(const struct take *take)
{
	if (take->foreign > 0)
		fprintf(stderr,
			"rowctl: %" PRIu64
			" left: no letter of rowd's, and nothing to push; see dead show, dead drop\n",
			take->foreign);
	if (take->been_run > 0)
		fprintf(stderr,
			"rowctl: %" PRIu64
			" left: REPLY_REFUSED was run already (UNKNOWN_OUTCOME may have been), and would be run "
			"twice; --yes does it all the same\n",
			take->been_run);
	if (take->vanished > 0)
		fprintf(stderr,
			"rowctl: %" PRIu64 " gone meanwhile: somebody took them, or they made room at the cap\n",
			take->vanished);
	return take->foreign + take->been_run + take->vanished > 0 ? EXIT_NOT_OK : 0;
}
