/* tests/fuzz/replay.c - runs files and the files of directories through a fuzz target, without libFuzzer.
 *
 *   fuzz_scanner corpus/scanner crash-1234
 *
 * Each file's name is printed before it runs, so that the last one printed is the one that failed. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

/* The memory is exactly as large as the file, so that a sanitizer or valgrind sees reading past its end. */
static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(size > 0 ? size : 1);
	int result = -1;

	printf("%s\n", path);
	fflush(stdout);
	if (file && data && fread(data, 1, size, file) == size) {
		LLVMFuzzerTestOneInput(data, size);
		result = 0;
	} else {
		fail(path);
	}
	free(data);
	if (file)
		fclose(file);
	return result;
}

static int replay(const char *path);

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_directory(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_shown, alphasort);
	int result = 0;

	if (count < 0)
		return fail(path);
	for (int i = 0; i < count; i++) {
		char inside[4096];

		snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
		free(entries[i]);
		if (result == 0)
			result = replay(inside);
	}
	free(entries);
	if (count == 0) {
		fprintf(stderr, "%s: nothing in it\n", path);
		return -1;
	}
	return result;
}

static int replay(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return fail(path);
	return S_ISDIR(status.st_mode) ? replay_directory(path) : replay_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
		return 64;
	}
	for (int i = 1; i < argc; i++) {
		if (replay(argv[i]) != 0)
			return 1;
	}
	return 0;
}
