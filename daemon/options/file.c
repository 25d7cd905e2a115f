/* options/file.c - the configuration file.
 *
 *   # a comment, on a line of its own          ; or so
 *   [section]   [queue "KEY"]
 *   key = value                                blanks around both are trimmed; nothing else in a value is special
 *
 * Read here and not by inih: Debian's build of it cuts lines at 199 bytes and section names at 49 without a word, and
 * does not tell the number of a line. */
#include "daemon/options/loader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct file_reader {
	struct loader *loader;
	const char *path;
	char where[OPTIONS_PATH_BYTES];
	char section[32];            /* empty before the first, and after a bad one */
	bool skip;                   /* in a bad section: the problem was told, its keys are not looked at */
	struct queue_options *queue; /* of a [queue "KEY"] section */
};

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && isspace((unsigned char)text.data[text.size - 1]))
		text.size--;
	return text;
}

/* What stands behind the name in [queue "KEY"], without its quotes. data NULL when it is not so. */
static struct bytes section_argument(struct bytes text)
{
	text = trim(text);
	if (text.size < 2 || text.data[0] != '"' || text.data[text.size - 1] != '"')
		return (struct bytes){NULL, 0};
	return (struct bytes){text.data + 1, text.size - 2};
}

static void begin_queue(struct file_reader *reader, struct bytes argument)
{
	const struct options *options = reader->loader->options;
	struct bytes key = section_argument(argument);

	if (!key.data) {
		loader_problem(reader->loader, reader->where, "[queue \"rowd:commands\"]", "a queue has no key");
		reader->skip = true;
		return;
	}
	for (uint32_t i = 0; i < options->queue_count; i++) {
		if (bytes_equal_text(key, options->queues[i].key)) {
			loader_problem(reader->loader, reader->where, "", "a second section for the queue '%s'",
				       options->queues[i].key);
			reader->skip = true;
			return;
		}
	}
	reader->queue = loader_add_queue(reader->loader, key, reader->where);
	reader->skip = !reader->queue;
}

static void begin_section(struct file_reader *reader, struct bytes line)
{
	reader->queue = NULL;
	reader->skip = true;
	if (line.data[line.size - 1] != ']') {
		loader_problem(reader->loader, reader->where, "", "the section's ']' is missing");
		return;
	}
	struct bytes inside = trim((struct bytes){line.data + 1, line.size - 2});
	size_t size = 0;
	while (size < inside.size && !isspace((unsigned char)inside.data[size]) && inside.data[size] != '"')
		size++;
	struct bytes name = {inside.data, size};
	struct bytes argument = {inside.data + size, inside.size - size};

	reader->skip = !loader_has_section(reader->loader, name, reader->where);
	if (reader->skip)
		return;
	snprintf(reader->section, sizeof(reader->section), "%.*s", BYTES_ARG(name));
	if (strcmp(reader->section, "queue") == 0) {
		begin_queue(reader, argument);
	} else if (argument.size > 0) {
		loader_problem(reader->loader, reader->where, "", "[%s] takes no name", reader->section);
		reader->skip = true;
	}
}

static void read_setting(struct file_reader *reader, struct bytes line)
{
	char *equals = memchr(line.data, '=', line.size);

	if (!equals) {
		loader_problem(reader->loader, reader->where, "key = value, [section], or # a comment",
			       "neither a section nor a setting");
		return;
	}
	if (reader->skip)
		return;
	if (reader->section[0] == '\0') {
		loader_problem(reader->loader, reader->where, "", "a setting before the first [section]");
		return;
	}
	struct bytes key = trim((struct bytes){line.data, (size_t)(equals - line.data)});
	struct bytes value = trim((struct bytes){equals + 1, line.size - (size_t)(equals + 1 - line.data)});
	const struct option *option = loader_find(reader->loader, bytes_of(reader->section), key, reader->where);
	if (!option)
		return;
	char *text = strndup(value.data, value.size);
	if (!text) {
		reader->loader->no_memory = true;
		return;
	}
	loader_set(reader->loader, option, reader->queue, text, SOURCE_FILE, reader->where);
	free(text);
}

static void read_line(struct file_reader *reader, struct bytes line)
{
	line = trim(line);
	if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';')
		return;
	if (memchr(line.data, '\0', line.size))
		loader_problem(reader->loader, reader->where, "", "a zero byte");
	else if (line.data[0] == '[')
		begin_section(reader, line);
	else
		read_setting(reader, line);
}

void options_read_file(struct loader *loader, const char *path, bool needed)
{
	struct file_reader reader = {.loader = loader, .path = path};
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	if (!file) {
		if (needed || errno != ENOENT)
			loader_problem(loader, path, "", "cannot be read: %s", strerror(errno));
		return;
	}
	for (unsigned number = 1; !loader->no_memory && (size = getline(&line, &capacity, file)) >= 0; number++) {
		struct bytes text = {line, (size_t)size};
		if (number == 1 && bytes_starts(text, BYTES("\xef\xbb\xbf")))
			text = (struct bytes){line + 3, (size_t)size - 3};
		snprintf(reader.where, sizeof(reader.where), "%s:%u", path, number);
		read_line(&reader, text);
	}
	if (ferror(file))
		loader_problem(loader, path, "", "cannot be read: %s", strerror(errno));
	free(line);
	fclose(file);
}
