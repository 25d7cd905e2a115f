/* cli/dead/letter_write.c - a letter for people and for programs. See letter.h. */
#include "cli/dead/letter.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEX_LINE = 16 };

void letter_write_age(int64_t age_ms, char to[LETTER_AGE_BYTES])
{
	/* A clock that was set back makes letters of the future. */
	int64_t seconds = age_ms < 0 ? 0 : age_ms / 1000;

	if (seconds < 60)
		snprintf(to, LETTER_AGE_BYTES, "%" PRId64 " s", seconds);
	else if (seconds < 60 * 60)
		snprintf(to, LETTER_AGE_BYTES, "%" PRId64 " min", seconds / 60);
	else if (seconds < 48 * 60 * 60)
		snprintf(to, LETTER_AGE_BYTES, "%" PRId64 " h", seconds / (60 * 60));
	else
		snprintf(to, LETTER_AGE_BYTES, "%" PRId64 " d", seconds / (24 * 60 * 60));
}

void letter_write_id(uint64_t id, char to[LETTER_ID_DIGITS + 1])
{
	snprintf(to, LETTER_ID_DIGITS + 1, "%0*" PRIx64, LETTER_ID_DIGITS, id);
}

void letter_write_heading(int digits, struct buffer *out)
{
	buffer_format(out, "%-*s %7s  %-20s %-9s %-20s %8s  %s\n", digits, "id", "age", "reason", "op", "table",
		      "attempts", "error");
}

/* At least so wide. A name that is empty is told as a dash. */
static void write_column(struct buffer *out, struct bytes text, int width)
{
	char quoted[ERROR_QUOTED_BYTES];

	buffer_format(out, "%-*s ", width, text.size > 0 ? error_quote(quoted, text) : "-");
}

void letter_write_line(const struct letter *letter, const struct glance *command, int64_t now_ms, int digits,
		       struct buffer *out)
{
	char id[LETTER_ID_DIGITS + 1], age[LETTER_AGE_BYTES] = "-", quoted[ERROR_QUOTED_BYTES];

	if (!letter->foreign)
		letter_write_age(now_ms - letter->at_ms, age);
	letter_write_id(letter->id, id);
	buffer_format(out, "%.*s %7s  ", digits, id, age);
	if (letter->foreign) {
		buffer_format(out, "no letter of rowd's: %s\n", error_quote(quoted, letter->raw));
		return;
	}
	write_column(out, letter->reason, 20);
	write_column(out, command->op, 9);
	write_column(out, command->table, 20);
	buffer_format(out, "%8" PRId64 "  %s\n", letter->attempts, error_quote(quoted, letter->error));
}

static void write_text(struct writer *writer, const char *name, const struct letter *letter, struct bytes text)
{
	writer_key(writer, bytes_of(name));
	if (letter->foreign || !text.data)
		writer_nil(writer);
	else
		writer_str(writer, text);
}

static void write_int(struct writer *writer, const char *name, const struct letter *letter, int64_t number)
{
	writer_key(writer, bytes_of(name));
	if (letter->foreign)
		writer_nil(writer);
	else
		writer_int(writer, number);
}

void letter_write_members(const struct letter *letter, const struct glance *command, struct writer *writer)
{
	char id[LETTER_ID_DIGITS + 1];

	letter_write_id(letter->id, id);
	writer_key(writer, BYTES("id"));
	writer_str(writer, bytes_of(id));
	writer_key(writer, BYTES("foreign"));
	writer_bool(writer, letter->foreign);
	write_int(writer, "at", letter, letter->at_ms);
	write_text(writer, "reason", letter, letter->reason);
	write_text(writer, "error", letter, letter->error);
	write_text(writer, "op", letter, command->op);
	write_text(writer, "table", letter, command->table);
	write_int(writer, "attempts", letter, letter->attempts);
	write_text(writer, "worker", letter, letter->worker);
	writer_key(writer, BYTES("bytes"));
	writer_uint(writer, letter->raw.size);
}

void letter_write_hex(struct bytes bytes, size_t most, struct buffer *out)
{
	size_t size = bytes.size < most ? bytes.size : most;

	for (size_t line = 0; line < size; line += HEX_LINE) {
		size_t end = line + HEX_LINE < size ? line + HEX_LINE : size;
		buffer_format(out, "  %08zx ", line);
		for (size_t at = line; at < line + HEX_LINE; at++) {
			if (at < end)
				buffer_format(out, " %02x", (unsigned)(unsigned char)bytes.data[at]);
			else
				buffer_append_text(out, "   ");
		}
		buffer_append_text(out, "  ");
		for (size_t at = line; at < end; at++) {
			bool plain = bytes.data[at] >= 0x20 && bytes.data[at] < 0x7f;
			buffer_append_byte(out, plain ? bytes.data[at] : '.');
		}
		buffer_append_byte(out, '\n');
	}
	if (size < bytes.size)
		buffer_format(out, "  ... and %zu more bytes\n", bytes.size - size);
}
