/* cli/dead/show.c - `rowctl dead show`: all of one letter. */
#include "cli/dead/find.h"
#include "cli/dead/verbs.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

/* Of bytes that are no message nobody reads more than this; --raw writes all. */
enum { HEX_BYTES = 1024 };

/* What a text has in it may be anybody's: as JSON it cannot reach the terminal as it is. */
static void write_text(struct buffer *out, const char *name, struct bytes text)
{
	struct writer writer;

	buffer_format(out, "%-9s ", name);
	writer_init(&writer, CODEC_JSON, out);
	writer_str(&writer, text);
	buffer_append_byte(out, '\n');
}

static void write_time(struct buffer *out, int64_t at_ms, int64_t now_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	char text[64] = "", age[LETTER_AGE_BYTES];
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	letter_write_age(now_ms - at_ms, age);
	buffer_format(out, "at        %s.%03d UTC, %s ago\n", text, (int)(at_ms % 1000), age);
}

static void write_command(struct buffer *out, const struct letter *letter, const struct glance *command)
{
	struct writer writer;

	if (command->fault.code == ERROR_NONE) {
		buffer_append_text(out, "command   ");
		writer_init(&writer, CODEC_JSON, out);
		writer_value(&writer, &command->value);
		buffer_append_byte(out, '\n');
		return;
	}
	buffer_format(out, "command   %zu bytes: %s\n", letter->command.size, command->fault.message);
	letter_write_hex(letter->command, HEX_BYTES, out);
}

static void write_letter(struct buffer *out, const struct letter *letter, const struct glance *command,
			 const struct finds *finds)
{
	char id[LETTER_ID_DIGITS + 1];

	letter_write_id(letter->id, id);
	buffer_format(out, "id        %s\n", id);
	if (finds->found[0].copies > 1)
		buffer_format(out, "copies    %" PRIu32 ", equal in every byte\n", finds->found[0].copies);
	if (letter->foreign) {
		buffer_format(out, "no letter of rowd's, but %zu bytes that somebody has put there:\n",
			      letter->raw.size);
		letter_write_hex(letter->raw, HEX_BYTES, out);
		return;
	}
	write_text(out, "reason", letter->reason);
	write_text(out, "error", letter->error);
	buffer_format(out, "attempts  %" PRId64 "\n", letter->attempts);
	write_time(out, letter->at_ms, finds->now_ms);
	write_text(out, "worker", letter->worker);
	write_command(out, letter, command);
}

static void write_json(struct buffer *out, const struct letter *letter, const struct glance *command,
		       const struct finds *finds)
{
	struct writer writer;

	writer_init(&writer, CODEC_JSON, out);
	writer_map(&writer, LETTER_MEMBERS + 3);
	letter_write_members(letter, command, &writer);
	writer_key(&writer, BYTES("copies"));
	writer_uint(&writer, finds->found[0].copies);
	/* What cannot be decoded is there all the same, as {"$bin": …}: the command, or the whole element. */
	writer_key(&writer, BYTES("command"));
	if (letter->foreign)
		writer_bin(&writer, letter->raw);
	else if (command->fault.code != ERROR_NONE)
		writer_bin(&writer, letter->command);
	else
		writer_value(&writer, &command->value);
	writer_key(&writer, BYTES("fault"));
	if (letter->foreign)
		writer_str(&writer, BYTES("no letter of rowd's"));
	else if (command->fault.code != ERROR_NONE)
		writer_str(&writer, bytes_of(command->fault.message));
	else
		writer_nil(&writer);
	writer_map_end(&writer);
	buffer_append_byte(out, '\n');
}

static int show(const struct finds *finds, const struct arguments *arguments, struct arena *arena, struct buffer *out)
{
	struct letter letter;
	struct glance command;

	if (letter_read(arena, buffer_bytes(&finds->found[0].raw), &letter) < 0 ||
	    letter_read_command(arena, &letter, &command) < 0) {
		fputs("rowctl: out of memory\n", stderr);
		return EX_OSERR;
	}
	if (arguments->dead.raw)
		buffer_append(out, letter.foreign ? letter.raw : letter.command);
	else if (arguments->json)
		write_json(out, &letter, &command, finds);
	else
		write_letter(out, &letter, &command, finds);
	if (buffer_failed(out)) {
		fputs("rowctl: the letter is too large to be shown; --raw writes the command's bytes\n", stderr);
		return EX_OSERR;
	}
	fwrite(out->data, 1, out->size, stdout);
	return 0;
}

int dead_show(struct store *store, const struct arguments *arguments)
{
	struct finds finds;
	struct arena arena;
	struct buffer out;
	int status = find_letters(store, arguments->operands, &finds);

	arena_init(&arena, (size_t)TEXT_BYTES * 4);
	buffer_init(&out, (size_t)TEXT_BYTES * 4);
	if (status == 0)
		status = finds.missing ? EXIT_NOT_OK : show(&finds, arguments, &arena, &out);
	finds_free(&finds);
	arena_free(&arena);
	buffer_free(&out);
	return status;
}
