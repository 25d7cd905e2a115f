/* options/loader.h - options while they are being put together. Private to options/. */
#ifndef OPTIONS_LOADER_H
#define OPTIONS_LOADER_H

#include "common/bytes.h"
#include "daemon/options/option.h"

struct loader {
	struct options *options;
	void (*problem)(void *context, const struct options_problem *problem);
	void *context;
	uint32_t found; /* problems told so far */
	bool no_memory; /* nothing more is read */
};

/* Tells a problem. hint may be "". */
void loader_problem(struct loader *loader, const char *where, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds a queue with every option at its default. Returns it, or NULL with no_memory set or the problem told. */
struct queue_options *loader_add_queue(struct loader *loader, struct bytes key, const char *where);

/* Sets one option from text; what is wrong with the text is told as a problem. queue: NULL for an option that is not
 * a queue's. */
void loader_set(struct loader *loader, const struct option *option, struct queue_options *queue, const char *text,
		enum option_source source, const char *where);

/* Sets an option that came from outside the file: a queue's option is set for all queues. */
void loader_set_everywhere(struct loader *loader, const struct option *option, const char *text,
			   enum option_source source, const char *where);

/* The option, or NULL: then the problem was told, with the nearest name. */
const struct option *loader_find(struct loader *loader, struct bytes section, struct bytes key, const char *where);

/* Whether there is such a section; if not, the problem was told. */
bool loader_has_section(struct loader *loader, struct bytes section, const char *where);

/* Where the value of an option came from. */
const struct option_origin *loader_origin(const struct loader *loader, const struct option *option);

/* The sources, each in a file of its own. They tell their problems themselves. */
void options_read_file(struct loader *loader, const char *path, bool needed);
void options_read_environment(struct loader *loader, const char *env_file);
void options_read_arguments(struct loader *loader, char *const *arguments);
void options_read_credentials(struct loader *loader);

/* What holds between options, once all are read. */
void options_validate(struct loader *loader);

#endif
