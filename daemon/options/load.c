/* options/load.c - from nothing to a complete struct options: the sources in their order, and the end of its life. */
#include "daemon/options/loader.h"

#include "common/nearest.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char standard_file[] = "/etc/rowd/rowd.conf";
static const char standard_queue[] = "rowd:commands";

void loader_problem(struct loader *loader, const char *where, const char *hint, const char *format, ...)
{
	struct options_problem problem;
	va_list arguments;

	/* cppcheck-suppress ctunullpointer ; only a default has no place, and a default is right */
	snprintf(problem.where, sizeof(problem.where), "%s", where);
	snprintf(problem.hint, sizeof(problem.hint), "%s", hint);
	va_start(arguments, format);
	vsnprintf(problem.what, sizeof(problem.what), format, arguments);
	va_end(arguments);
	loader->found++;
	loader->problem(loader->context, &problem);
}

/* ---- one option ---- */

static void *base_of(struct loader *loader, struct queue_options *queue)
{
	return queue ? (void *)queue : (void *)loader->options;
}

static struct option_origin *origin_of(struct loader *loader, const struct option *option, struct queue_options *queue)
{
	return (queue ? queue->origins : loader->options->origins) + (option - option_table);
}

const struct option_origin *loader_origin(const struct loader *loader, const struct option *option)
{
	return &loader->options->origins[option - option_table];
}

void loader_set(struct loader *loader, const struct option *option, struct queue_options *queue, const char *text,
		enum option_source source, const char *where)
{
	struct option_origin *origin = origin_of(loader, option, queue);
	struct options_problem problem = {.what = "", .hint = ""};

	if (source == SOURCE_FILE && origin->source == SOURCE_FILE) {
		loader_problem(loader, where, "", "%s is already set at %s", option->key, origin->where);
		return;
	}
	int result = option->type->parse(option, text, base_of(loader, queue), &problem);
	char *copy = result == 0 && where ? strdup(where) : NULL;
	if (result == -ENOMEM || (result == 0 && where && !copy)) {
		loader->no_memory = true;
		return;
	}
	if (result < 0) {
		assert(where); /* a default is always right */
		loader_problem(loader, where, problem.hint, "%s: %s", option->key, problem.what);
		return;
	}
	free(origin->where);
	*origin = (struct option_origin){.source = source, .where = copy};
}

void loader_set_everywhere(struct loader *loader, const struct option *option, const char *text,
			   enum option_source source, const char *where)
{
	if (!option_is_of_queue(option)) {
		loader_set(loader, option, NULL, text, source, where);
		return;
	}
	uint32_t found = loader->found;
	/* One problem is enough, however many queues there are. */
	for (uint32_t i = 0; i < loader->options->queue_count && loader->found == found; i++)
		loader_set(loader, option, &loader->options->queues[i], text, source, where);
}

static void set_defaults(struct loader *loader, struct queue_options *queue)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		if (option_is_of_queue(option) == (queue != NULL) && option->standard)
			loader_set(loader, option, queue, option->standard, SOURCE_DEFAULT, NULL);
	}
}

struct queue_options *loader_add_queue(struct loader *loader, struct bytes key, const char *where)
{
	struct options *options = loader->options;

	if (options->queue_count == OPTIONS_QUEUES) {
		loader_problem(loader, where, "", "more than %d queues", OPTIONS_QUEUES);
		return NULL;
	}
	/* The array has room for all of them from the start: policies are pointed to. */
	struct queue_options *queue = &options->queues[options->queue_count];
	queue->key = strndup(key.data, key.size);
	queue->where = strdup(where);
	queue->origins = calloc(option_count, sizeof(*queue->origins));
	options->queue_count++;
	if (!queue->key || !queue->where || !queue->origins) {
		loader->no_memory = true;
		return NULL;
	}
	set_defaults(loader, queue);
	return queue;
}

/* ---- names ---- */

static bool section_exists(struct bytes section)
{
	for (size_t i = 0; i < option_count; i++) {
		if (bytes_equal_text(section, option_table[i].section))
			return true;
	}
	return false;
}

/* key of size 0: the section as a whole. */
static bool is_missing(struct bytes section, struct bytes key)
{
	for (size_t i = 0; i < missing_option_count; i++) {
		const struct missing_option *missing = &missing_option_table[i];
		if (bytes_equal_text(section, missing->section) &&
		    (!missing->key || bytes_equal_text(key, missing->key)))
			return true;
	}
	return false;
}

static void unknown(struct loader *loader, const char *where, struct bytes name, struct bytes nearest, const char *kind)
{
	char hint[256] = "";

	if (nearest.size > 0)
		snprintf(hint, sizeof(hint), "did you mean %.*s?", BYTES_ARG(nearest));
	loader_problem(loader, where, hint, "no %s '%.*s'", kind, (int)(name.size < 80 ? name.size : 80), name.data);
}

bool loader_has_section(struct loader *loader, struct bytes section, const char *where)
{
	struct nearest nearest = nearest_start(section);

	if (section_exists(section))
		return true;
	if (is_missing(section, (struct bytes){NULL, 0})) {
		loader_problem(loader, where, "", "[%.*s] is not in this version", BYTES_ARG(section));
		return false;
	}
	for (size_t i = 0; i < option_count; i++)
		nearest_offer(&nearest, bytes_of(option_table[i].section));
	unknown(loader, where, section, nearest.best, "section");
	return false;
}

const struct option *loader_find(struct loader *loader, struct bytes section, struct bytes key, const char *where)
{
	struct nearest nearest = nearest_start(key);

	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		if (!bytes_equal_text(section, option->section))
			continue;
		if (bytes_equal_text(key, option->key))
			return option;
		nearest_offer(&nearest, bytes_of(option->key));
	}
	if (is_missing(section, key))
		loader_problem(loader, where, "", "%.*s is not in this version", BYTES_ARG(key));
	else
		unknown(loader, where, key, nearest.best, "option");
	return NULL;
}

/* ---- all of them ---- */

static struct options *options_new(void)
{
	struct options *options = calloc(1, sizeof(*options));

	if (!options)
		return NULL;
	options->queues = calloc(OPTIONS_QUEUES, sizeof(*options->queues));
	options->origins = calloc(option_count, sizeof(*options->origins));
	if (!options->queues || !options->origins) {
		options_free(options);
		return NULL;
	}
	return options;
}

/* systemd names the directory; without it the user's own runtime directory, or the system's for root. */
static char *choose_runtime_directory(void)
{
	const char *named = getenv("RUNTIME_DIRECTORY");
	const char *users = getenv("XDG_RUNTIME_DIR");
	char *path = NULL;
	int size;

	if (named && *named) /* several are separated by colons: the first is ours */
		return strndup(named, strcspn(named, ":"));
	if (geteuid() == 0)
		return strdup("/run/rowd");
	if (users && *users)
		size = asprintf(&path, "%s/rowd", users);
	else
		size = asprintf(&path, "/tmp/rowd-%u", (unsigned)geteuid());
	return size < 0 ? NULL : path;
}

static void read_all(struct loader *loader, const char *file, const char *env_file, char *const *arguments)
{
	set_defaults(loader, NULL);
	options_read_file(loader, file ? file : standard_file, file != NULL);
	if (loader->options->queue_count == 0 && !loader->no_memory)
		loader_add_queue(loader, bytes_of(standard_queue), standard_queue);
	options_read_environment(loader, env_file);
	if (arguments)
		options_read_arguments(loader, arguments);
	options_read_credentials(loader);
	loader->options->runtime_directory = choose_runtime_directory();
	if (!loader->options->runtime_directory)
		loader->no_memory = true;
	if (!loader->no_memory)
		options_validate(loader);
}

int options_load(const char *file, const char *env_file, char *const *arguments,
		 void (*problem)(void *context, const struct options_problem *problem), void *context,
		 struct options **ret_options)
{
	struct loader loader = {.options = options_new(), .problem = problem, .context = context};

	if (!loader.options)
		return -ENOMEM;
	read_all(&loader, file, env_file, arguments);
	if (loader.no_memory || loader.found > 0) {
		options_free(loader.options);
		return loader.no_memory ? -ENOMEM : -EINVAL;
	}
	*ret_options = loader.options;
	return 0;
}

static void release(void *base, struct option_origin *origins, bool of_queue)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		if (option_is_of_queue(option) == of_queue && option->type->release)
			option->type->release(option, base);
	}
	for (size_t i = 0; origins && i < option_count; i++)
		free(origins[i].where);
	free(origins);
}

void options_free(struct options *options)
{
	if (!options)
		return;
	for (uint32_t i = 0; i < options->queue_count; i++) {
		release(&options->queues[i], options->queues[i].origins, true);
		free(options->queues[i].key);
		free(options->queues[i].where);
	}
	release(options, options->origins, false);
	free(options->queues);
	free(options->runtime_directory);
	free(options);
}
