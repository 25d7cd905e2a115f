/* cli/dead/find.c - see find.h. */
#include "cli/dead/find.h"

#include "cli/dead/walk.h"
#include "cli/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { LINES_BYTES = 1 << 14 };

static int read_words(char **words, struct finds *finds)
{
	size_t count = 0;

	while (words[count])
		count++;
	assert(count > 0);
	finds->found = calloc(count, sizeof(*finds->found));
	if (!finds->found)
		return EX_OSERR;
	for (; finds->count < count; finds->count++) {
		struct found *found = &finds->found[finds->count];
		found->word = words[finds->count];
		buffer_init(&found->raw, (size_t)TEXT_BYTES * 4);
		buffer_init(&found->lines, LINES_BYTES);
		if (!letter_prefix_read(found->word, &found->prefix)) {
			fprintf(stderr, "rowctl: an id is %d to %d of the digits 0 to 9 and a to f, not '%s'\n",
				LETTER_ID_LEAST, LETTER_ID_DIGITS, found->word);
			return EX_USAGE;
		}
	}
	return 0;
}

static bool is_known(const struct found *found, uint64_t id)
{
	for (uint32_t i = 0; i < found->id_count; i++) {
		if (found->ids[i] == id)
			return true;
	}
	return found->id_count == FIND_CANDIDATES;
}

/* A letter that the word could mean. Returns 0 or an exit status. */
static int add(struct found *found, struct arena *arena, struct bytes raw, uint64_t id, const struct walk *walk,
	       int64_t place)
{
	struct letter letter;
	struct glance command;

	if (found->copies > 0 && bytes_equal(raw, buffer_bytes(&found->raw)))
		found->copies++;
	if (is_known(found, id))
		return 0;
	arena_reset(arena);
	if (letter_read(arena, raw, &letter) < 0 || letter_read_command(arena, &letter, &command) < 0)
		return EX_OSERR;
	if (found->id_count == 0) {
		buffer_append(&found->raw, raw);
		found->copies = 1;
		found->place = place;
	}
	found->ids[found->id_count++] = id;
	letter_write_line(&letter, &command, walk->page.now_ms, LETTER_ID_DIGITS, &found->lines);
	return buffer_failed(&found->raw) ? EX_OSERR : 0;
}

static int look(struct store *store, struct finds *finds)
{
	struct walk walk = {.store = store};
	struct arena arena;
	struct bytes raw;
	int more = 0, status = 0;

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	for (int64_t place = 0; status == 0 && (more = walk_next(&walk, &raw)) > 0; place++) {
		uint64_t id = letter_id(raw);
		for (size_t i = 0; i < finds->count && status == 0; i++) {
			if (letter_prefix_matches(&finds->found[i].prefix, id))
				status = add(&finds->found[i], &arena, raw, id, &walk, place);
		}
	}
	if (status == EX_OSERR)
		fputs("rowctl: out of memory\n", stderr);
	finds->now_ms = walk.page.now_ms;
	walk_end(&walk);
	arena_free(&arena);
	return more < 0 ? EX_UNAVAILABLE : status;
}

static int tell_ambiguous(const struct found *found)
{
	struct buffer heading;

	buffer_init(&heading, LINES_BYTES);
	letter_write_heading(LETTER_ID_DIGITS, &heading);
	fprintf(stderr, "rowctl: '%s' could be any of these; type more digits. Nothing was done.\n%.*s%.*s",
		found->word, BYTES_ARG(buffer_bytes(&heading)), BYTES_ARG(buffer_bytes(&found->lines)));
	if (found->id_count == FIND_CANDIDATES)
		fputs("...\n", stderr);
	buffer_free(&heading);
	return EXIT_NOT_OK;
}

/* The same letter twice would be gone when its turn comes again. */
static void forget_repeated(struct finds *finds, size_t index)
{
	struct found *found = &finds->found[index];

	for (size_t i = 0; i < index && found->copies > 0; i++) {
		if (finds->found[i].copies > 0 && finds->found[i].place == found->place)
			found->copies = 0;
	}
}

int find_letters(struct store *store, char **words, struct finds *ret_finds)
{
	*ret_finds = (struct finds){0};
	int status = read_words(words, ret_finds);
	if (status == 0)
		status = look(store, ret_finds);
	for (size_t i = 0; i < ret_finds->count && status == 0; i++) {
		if (ret_finds->found[i].id_count > 1)
			status = tell_ambiguous(&ret_finds->found[i]);
	}
	for (size_t i = 0; i < ret_finds->count && status == 0; i++) {
		const struct found *found = &ret_finds->found[i];
		if (found->id_count == 0) {
			fprintf(stderr,
				"rowctl: no dead letter of %s has the id '%s': it was taken off, or the oldest "
				"made room at the cap; see rowctl dead list\n",
				store->queue, found->word);
			ret_finds->missing = true;
		}
		forget_repeated(ret_finds, i);
	}
	return status;
}

void finds_free(struct finds *finds)
{
	for (size_t i = 0; i < finds->count; i++) {
		buffer_free(&finds->found[i].raw);
		buffer_free(&finds->found[i].lines);
	}
	free(finds->found);
	*finds = (struct finds){0};
}
