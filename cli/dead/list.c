/* cli/dead/list.c - `rowctl dead list`. One page is in memory at a time, and one letter's command as a tree. */
#include "cli/dead/letter.h"
#include "cli/dead/verbs.h"
#include "cli/dead/walk.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

struct list {
	struct walk walk;
	bool json;
	uint64_t limit; /* 0: none */
	uint64_t listed;
	struct arena arena;
	struct buffer out;
	struct writer writer;
};

/* Once standard output has failed, as behind `| head`, nobody reads what would follow. */
static bool put(struct list *list)
{
	fwrite(list->out.data, 1, list->out.size, stdout);
	bool fine = !buffer_failed(&list->out) && !ferror(stdout);
	buffer_reset(&list->out);
	return fine;
}

static bool begin(struct list *list)
{
	const struct page *page = &list->walk.page;

	if (list->json) {
		writer_map(&list->writer, 4);
		writer_key(&list->writer, BYTES("queue"));
		writer_str(&list->writer, bytes_of(list->walk.store->queue));
		writer_key(&list->writer, BYTES("total"));
		writer_int(&list->writer, page->total);
		writer_key(&list->writer, BYTES("now"));
		writer_int(&list->writer, page->now_ms);
		writer_key(&list->writer, BYTES("letters"));
		writer_array(&list->writer, 0); /* JSON needs no count */
	} else if (page->total == 0) {
		buffer_format(&list->out, "no dead letters in %s\n", list->walk.store->queue);
	} else {
		letter_write_heading(LETTER_ID_SHOWN, &list->out);
	}
	return put(list);
}

static void end(struct list *list, int64_t total)
{
	if (list->json) {
		writer_array_end(&list->writer);
		writer_map_end(&list->writer);
		buffer_append_byte(&list->out, '\n');
	} else if (list->listed == list->limit && total > (int64_t)list->listed) {
		buffer_format(&list->out, "... and %" PRId64 " older; --limit 0 lists all\n",
			      total - (int64_t)list->listed);
	}
	put(list);
}

/* Returns 0 or an exit status. */
static int list_one(struct list *list, struct bytes raw)
{
	struct letter letter;
	struct glance command;

	arena_reset(&list->arena);
	if (letter_read(&list->arena, raw, &letter) < 0 || letter_read_command(&list->arena, &letter, &command) < 0) {
		fputs("rowctl: out of memory\n", stderr);
		return EX_OSERR;
	}
	if (list->json) {
		writer_map(&list->writer, LETTER_MEMBERS);
		letter_write_members(&letter, &command, &list->writer);
		writer_map_end(&list->writer);
	} else {
		letter_write_line(&letter, &command, list->walk.page.now_ms, LETTER_ID_SHOWN, &list->out);
	}
	list->listed++;
	return put(list) ? 0 : EX_IOERR;
}

static int list_all(struct list *list)
{
	struct bytes raw;
	int more = walk_next(&list->walk, &raw), status = 0;
	int64_t total = list->walk.page.total;

	if (more < 0)
		return EX_UNAVAILABLE;
	if (!begin(list))
		return EX_IOERR;
	while (more > 0 && status == 0) {
		status = list_one(list, raw);
		if (list->listed == list->limit || status != 0)
			break;
		more = walk_next(&list->walk, &raw);
	}
	if (more < 0)
		status = EX_UNAVAILABLE;
	end(list, total);
	return status;
}

int dead_list(struct store *store, const struct arguments *arguments)
{
	struct list list = {.walk = {.store = store}, .json = arguments->json, .limit = arguments->dead.limit};

	arena_init(&list.arena, (size_t)TEXT_BYTES * 4);
	buffer_init(&list.out, TEXT_BYTES);
	writer_init(&list.writer, CODEC_JSON, &list.out);
	int status = list_all(&list);
	walk_end(&list.walk);
	arena_free(&list.arena);
	buffer_free(&list.out);
	return status;
}
