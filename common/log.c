/* common/log.c - see log.h.
 *
 * A line is put together on the stack and leaves in one write(2), so that lines of several processes on one descriptor
 * do not mix, and logging works when memory has run out. One that is not taken at once is dropped, and counted. */
#include "common/log.h"

#include "common/clock.h"
#include "common/log_sink.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* PIPE_BUF is 4096 on Linux: what is longer might be torn. A field is cut before it can push out the ones behind it. */
enum { LINE_BYTES = 4096, FIELD_BYTES = 512 };

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* What syslog and the journal call them: err, warning, info, debug. */
static const int journal_priorities[] = {3, 4, 6, 7};

/* LOG_FORMAT_AUTO has been decided by then: AUTO here stands for the journal's own format. */
static struct {
	enum log_level level;
	enum log_format format;
	uint64_t dropped; /* lines that were not taken, and were not told of yet */
} sink = {.level = LEVEL_INFO, .format = LOG_FORMAT_TEXT};

struct line {
	char text[LINE_BYTES];
	size_t size;
	bool full;
};

static void line_add(struct line *line, const char *text, size_t size)
{
	/* Two bytes are kept for the end of the line: a closing brace and the newline. */
	if (line->full || size > sizeof(line->text) - 2 - line->size) {
		line->full = true;
		return;
	}
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void line_add_text(struct line *line, const char *text)
{
	line_add(line, text, strlen(text));
}

static void line_add_int(struct line *line, int64_t number)
{
	char text[24];

	int size = snprintf(text, sizeof(text), "%" PRId64, number);
	line_add(line, text, (size_t)size);
}

/* The size of the character that text begins with; 0 when it is none, or a control character: also one of U+0080 to
 * U+009F, which some terminals obey. */
static size_t printable_character(struct bytes text)
{
	unsigned char first = (unsigned char)text.data[0];

	if (first < 0x20 || first == 0x7f)
		return 0;
	if (first == 0xc2 && text.size > 1 && (unsigned char)text.data[1] < 0xa0)
		return 0;
	return utf8_character(text);
}

/* Writes bytes from outside, escaped and cut; for JSON with its escapes, where an invalid byte has to become U+FFFD. */
static void line_add_escaped(struct line *line, struct bytes bytes, bool json)
{
	size_t limit = line->size + FIELD_BYTES;
	char escape[8];
	size_t at = 0;

	while (at < bytes.size && line->size < limit && !line->full) {
		unsigned char byte = (unsigned char)bytes.data[at];
		size_t length = printable_character((struct bytes){bytes.data + at, bytes.size - at});

		if (byte == '"' || byte == '\\')
			snprintf(escape, sizeof(escape), "\\%c", byte);
		else if (length > 0)
			memcpy(escape, bytes.data + at, length), escape[length] = '\0';
		else if (byte == '\n')
			snprintf(escape, sizeof(escape), "\\n");
		else if (byte == '\t')
			snprintf(escape, sizeof(escape), "\\t");
		else if (json && byte >= 0x80)
			snprintf(escape, sizeof(escape), "\\ufffd");
		else
			snprintf(escape, sizeof(escape), json ? "\\u%04x" : "\\x%02x", byte);
		line_add_text(line, escape);
		at += length ? length : 1;
	}
	if (at < bytes.size)
		line_add_text(line, "...");
}

/* A word needs no quotes: what a reader or `grep key=word` sees is then exactly the value. */
static bool is_word(struct bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		char c = bytes.data[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return bytes.size > 0 && bytes.size <= FIELD_BYTES;
}

static void line_add_field(struct line *line, const struct log_field *field, bool json)
{
	size_t start = line->size;

	line_add_text(line, json ? ",\"" : " ");
	line_add_text(line, field->key);
	line_add_text(line, json ? "\":" : "=");
	if (field->type == LOG_FIELD_INT) {
		line_add_int(line, field->integer);
	} else if (!json && is_word(field->text)) {
		line_add(line, field->text.data, field->text.size);
	} else {
		line_add_text(line, "\"");
		line_add_escaped(line, field->text, json);
		line_add_text(line, "\"");
	}
	/* A field is there whole, or not at all. */
	if (line->full)
		line->size = start;
}

static void format_time(char to[32])
{
	uint64_t now_us = clock_realtime_us();
	time_t seconds = (time_t)(now_us / 1000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	size_t size = strftime(to, 32, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(to + size, 32 - size, ".%03uZ", (unsigned)(now_us / 1000 % 1000));
}

static void line_begin(struct line *line, enum log_level level, const char *event)
{
	char start[96];
	char stamp[32];

	if (sink.format == LOG_FORMAT_AUTO) {
		/* The journal has its own clock. */
		snprintf(start, sizeof(start), "<%d>", journal_priorities[level]);
	} else if (sink.format == LOG_FORMAT_JSON) {
		format_time(stamp);
		snprintf(start, sizeof(start), "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"", stamp,
			 level_names[level]);
	} else {
		format_time(stamp);
		snprintf(start, sizeof(start), "%s %s ", stamp, level_names[level]);
	}
	line_add_text(line, start);
	line_add_text(line, event);
	if (sink.format == LOG_FORMAT_JSON)
		line_add_text(line, "\"");
}

/* systemd tells the device and inode of the stream that it connected to the journal: a redirection changes them. */
static bool is_journal(int descriptor)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	uintmax_t device, inode;

	if (!stream || sscanf(stream, "%ju:%ju", &device, &inode) != 2 || fstat(descriptor, &status) != 0)
		return false;
	return (uintmax_t)status.st_dev == device && (uintmax_t)status.st_ino == inode;
}

void log_open(int descriptor, enum log_level level, enum log_format format)
{
	log_sink_open(descriptor);
	sink.dropped = 0;
	sink.level = level;
	sink.format = format == LOG_FORMAT_AUTO && !is_journal(descriptor) ? LOG_FORMAT_TEXT : format;
}

bool log_enabled(enum log_level level)
{
	return level <= sink.level;
}

static bool write_line(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	bool json = sink.format == LOG_FORMAT_JSON;
	struct line line;

	line.size = 0;
	line.full = false;
	line_begin(&line, level, event);
	for (size_t i = 0; i < count && !line.full; i++)
		line_add_field(&line, &fields[i], json);
	if (json)
		line.text[line.size++] = '}';
	line.text[line.size++] = '\n';
	return log_sink_write((struct bytes){line.text, line.size});
}

/* Whatever the level: what is missing may be of any. */
bool log_tell_dropped(void)
{
	struct log_field lines = log_int("lines", (int64_t)sink.dropped);

	if (sink.dropped > 0 && write_line(LEVEL_WARNING, "log.dropped", &lines, 1))
		sink.dropped = 0;
	return sink.dropped == 0;
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	if (!log_enabled(level))
		return;
	if (!log_tell_dropped() || !write_line(level, event, fields, count))
		sink.dropped++;
}
