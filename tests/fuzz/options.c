/* tests/fuzz/options.c - a configuration file, a .env file and a command line, in one input parted by lines of "===".
 *
 * Whatever they hold, there is a finding with a place and a reason, or there are options; options that a file alone has
 * set are the same when they are written as a file and read again. */
#include "daemon/options.h"
#include "daemon/options/option.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE_LARGEST = 4096, ARGUMENTS_LARGEST = 16, WRITTEN_BYTES = 1 << 18 };

/* A file in memory, under a path that can be opened again and again. */
struct memory_file {
	int fd;
	char path[32];
};

static void memory_file_set(struct memory_file *file, struct bytes content)
{
	if (file->path[0] == '\0') {
		file->fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	}
	fuzz_require(ftruncate(file->fd, 0) == 0 &&
			     pwrite(file->fd, content.data, content.size, 0) == (ssize_t)content.size,
		     "a file in memory can be written");
}

/* Takes from *rest what stands before the next line of "===". */
static struct bytes take_part(struct bytes *rest)
{
	static const char line[] = "\n===\n";
	const char *end = rest->size > 0 ? memmem(rest->data, rest->size, line, sizeof(line) - 1) : NULL;
	struct bytes part = *rest;

	if (!end) {
		*rest = (struct bytes){0};
		return part;
	}
	part.size = (size_t)(end + 1 - part.data);
	rest->size -= part.size + sizeof(line) - 2;
	rest->data = end + sizeof(line) - 1;
	return part;
}

/* One argument per line, NULL-ended; text is what they point into. */
static void split_arguments(struct bytes lines, char *text, char **arguments)
{
	uint32_t count = 0;

	if (lines.size > 0)
		memcpy(text, lines.data, lines.size);
	text[lines.size] = '\0';
	for (char *rest = text; count < ARGUMENTS_LARGEST && rest && *rest;)
		arguments[count++] = strsep(&rest, "\n");
	arguments[count] = NULL;
}

static void on_problem(void *context, const struct options_problem *problem)
{
	++*(uint32_t *)context;
	fuzz_require(problem->where[0] != '\0' && problem->what[0] != '\0', "a finding has a place and a reason");
	fuzz_require(memchr(problem->where, '\0', sizeof(problem->where)) &&
			     memchr(problem->what, '\0', sizeof(problem->what)) &&
			     memchr(problem->hint, '\0', sizeof(problem->hint)),
		     "the texts of a finding have an end");
}

/* NULL when something was found. */
static struct options *load(struct bytes file, struct bytes env_file, char *const *arguments)
{
	static struct memory_file main_file, other_file;
	struct options *options = NULL;
	uint32_t found = 0;
	int status;

	memory_file_set(&main_file, file);
	if (env_file.size > 0)
		memory_file_set(&other_file, env_file);
	status = options_load(main_file.path, env_file.size > 0 ? other_file.path : NULL, arguments, on_problem, &found,
			      &options);
	fuzz_require(status == 0 || status == -EINVAL, "a small file needs little memory");
	fuzz_require((status == 0) == (found == 0), "it fails when something was found, and only then");
	fuzz_require((status == 0) == (options != NULL), "there are options, or there was something");
	return options;
}

/* The options of one section's struct as a file. URLs as they came: what is printed of them hides the password. */
static void write_settings(const struct options *options, const void *base, bool of_queue, FILE *to)
{
	const char *section = "";

	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];

		if (option_is_of_queue(option) != of_queue)
			continue;
		if (!of_queue && strcmp(section, option->section) != 0)
			fprintf(to, "[%s]\n", option->section);
		section = option->section;
		fprintf(to, "%s = ", option->key);
		if (option->type == &option_type_database_url)
			fputs(options->database.url_text, to);
		else if (option->type == &option_type_redis_url)
			fputs(options->redis.url_text, to);
		else
			option->type->print(option, base, to);
		fputc('\n', to);
	}
}

static struct bytes write_file(const struct options *options, char *to)
{
	FILE *file = fmemopen(to, WRITTEN_BYTES, "w");
	long size;

	fuzz_require(file != NULL, "memory can be written to");
	write_settings(options, options, false, file);
	for (uint32_t i = 0; i < options->queue_count; i++) {
		fprintf(file, "[queue \"%s\"]\n", options->queues[i].key);
		write_settings(options, &options->queues[i], true, file);
	}
	fflush(file);
	size = ftell(file);
	fclose(file);
	return (struct bytes){.data = to, .size = (size_t)size};
}

static void check_again(const struct options *options)
{
	static char *written, *rewritten;
	struct options *again;
	struct bytes text;

	if (!written) {
		written = malloc(WRITTEN_BYTES);
		rewritten = malloc(WRITTEN_BYTES);
	}
	text = write_file(options, written);
	if (text.size >= WRITTEN_BYTES - 1)
		return;
	again = load(text, (struct bytes){0}, NULL);
	fuzz_require(again != NULL, "options that are written as a file are taken");
	fuzz_require(bytes_equal(write_file(again, rewritten), text),
		     "options that are written as a file are the same");
	options_free(again);
}

static void print(const struct options *options)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (nowhere)
		options_print(options, nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[SIZE_LARGEST + 1];
	static char *no_variables[] = {NULL};
	char *arguments[ARGUMENTS_LARGEST + 1];
	struct bytes rest = fuzz_bytes(data, size);
	struct bytes file, env_file;
	struct options *options;

	if (size > SIZE_LARGEST)
		return 0;
	environ = no_variables; /* that of whoever runs this is no part of the input */
	file = take_part(&rest);
	env_file = take_part(&rest);
	split_arguments(rest, text, arguments);
	options = load(file, env_file, arguments);
	if (options) {
		print(options);
		/* A value from elsewhere may hold what a file cannot: blanks at its ends. */
		if (env_file.size == 0 && !arguments[0])
			check_again(options);
	}
	options_free(options);
	return 0;
}
