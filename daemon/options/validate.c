/* options/validate.c - what has to hold between options, and the defaults that are taken from other options. */
#include "daemon/options/loader.h"

#include <stdlib.h>
#include <string.h>

/* Where a queue's option came from; its section when nobody set it. */
static const char *where_of(const struct queue_options *queue, const char *key)
{
	for (size_t i = 0; i < option_count; i++) {
		if (option_is_of_queue(&option_table[i]) && strcmp(option_table[i].key, key) == 0 &&
		    queue->origins[i].where)
			return queue->origins[i].where;
	}
	return queue->where;
}

static const char *where_of_global(const struct loader *loader, const char *section, const char *key)
{
	for (size_t i = 0; i < option_count; i++) {
		if (strcmp(option_table[i].section, section) == 0 && strcmp(option_table[i].key, key) == 0 &&
		    loader->options->origins[i].where)
			return loader->options->origins[i].where;
	}
	return section;
}

static void inherit(struct loader *loader, struct queue_options *queue)
{
	struct options *options = loader->options;

	if (!queue->policy.reply_prefix.data) {
		char *copy = strdup(options->reply_prefix);
		if (!copy) {
			loader->no_memory = true;
			return;
		}
		queue->policy.reply_prefix = bytes_of(copy);
	}
	if (queue->policy.statement_timeout_ms == 0)
		queue->policy.statement_timeout_ms = options->database.statement_timeout_ms;
	queue->policy.queue = bytes_of(queue->key);
	queue->policy.reply_bytes = options->limits.reply_bytes;
	queue->policy.message_bytes = options->limits.message_bytes;
}

static void check_queue(struct loader *loader, const struct queue_options *queue)
{
	if (queue->key[0] == '\0')
		loader_problem(loader, queue->where, "[queue \"KEY\"]", "a queue's key is empty");
	if (strlen(queue->key) > OPTIONS_QUEUE_KEY_BYTES)
		loader_problem(loader, queue->where, "", "a queue's key is longer than %d bytes",
			       OPTIONS_QUEUE_KEY_BYTES);
	if (strpbrk(queue->key, "{}"))
		loader_problem(loader, queue->where, "rowd's own keys are {KEY}:...", "a brace in a queue's key");
	if (queue->policy.reply_prefix.size == 0)
		loader_problem(loader, where_of(queue, "reply_prefix"),
			       "rowd:reply:", "reply_prefix is empty: producers could make rowd write anywhere");
}

/* Where a queue's reply prefix was set; NULL: it is the default. */
static const char *where_of_prefix(const struct loader *loader, const struct queue_options *queue)
{
	const char *own = where_of(queue, "reply_prefix");
	const char *general = where_of_global(loader, "reply", "prefix");

	if (own != queue->where)
		return own;
	return strcmp(general, "reply") == 0 ? NULL : general;
}

/* Whether some name that begins with the prefix is one of rowd's own keys of the queue, {KEY}:dead and the like. */
static bool prefix_reaches_own_keys(struct bytes prefix, const char *key)
{
	char own[OPTIONS_PATH_BYTES];
	struct bytes start = {.data = own};

	snprintf(own, sizeof(own), "{%s}:", key);
	start.size = strlen(own);
	return bytes_starts(start, prefix) || bytes_starts(prefix, start);
}

/* A producer that could name one of these as its reply list would have rowd write into its own books. */
static void check_own_keys_are_no_reply(struct loader *loader, const struct queue_options *queue)
{
	const struct options *options = loader->options;

	for (uint32_t i = 0; i < options->queue_count; i++) {
		struct bytes prefix = options->queues[i].policy.reply_prefix;
		if (prefix.size == 0 || !prefix_reaches_own_keys(prefix, queue->key))
			continue;
		const char *where = where_of_prefix(loader, &options->queues[i]);
		loader_problem(loader, where ? where : queue->where, "take another prefix",
			       "rowd's own keys of the queue '%s' begin with the reply prefix '%.*s'", queue->key,
			       BYTES_ARG(prefix));
		return;
	}
}

/* A reply list with the name of a queue would turn replies into commands, whichever queue they are replies of. */
static void check_key_is_no_reply(struct loader *loader, const struct queue_options *queue)
{
	const struct options *options = loader->options;

	for (uint32_t i = 0; i < options->queue_count; i++) {
		struct bytes prefix = options->queues[i].policy.reply_prefix;
		if (prefix.size == 0 || !bytes_starts(bytes_of(queue->key), prefix))
			continue;
		const char *where = where_of_prefix(loader, &options->queues[i]);
		loader_problem(loader, where ? where : queue->where,
			       "replies could become commands: take another key, or another prefix",
			       "the queue '%s' begins with the reply prefix '%.*s'", queue->key, BYTES_ARG(prefix));
		return; /* most often all queues have the same one */
	}
}

static void check_limits(struct loader *loader)
{
	const struct limit_options *limits = &loader->options->limits;

	if (limits->batch > limits->in_flight)
		loader_problem(loader, where_of_global(loader, "limits", "batch"), "",
			       "batch (%u) is larger than in_flight (%u)", limits->batch, limits->in_flight);
	if (limits->message_bytes > limits->in_flight_bytes)
		loader_problem(loader, where_of_global(loader, "limits", "message_bytes"), "",
			       "message_bytes is larger than in_flight_bytes: such a command could never be claimed");
}

static void check_tls(struct loader *loader)
{
	const struct database_options *database = &loader->options->database;

	if ((*database->tls_cert == '\0') != (*database->tls_key == '\0'))
		loader_problem(loader,
			       where_of_global(loader, "database", *database->tls_cert ? "tls_cert" : "tls_key"), "",
			       "tls_cert and tls_key only make sense together");
}

void options_validate(struct loader *loader)
{
	struct options *options = loader->options;

	/* A URL that was set and found wrong has been told already. */
	if (!options->database.url_text && loader->found == 0)
		loader_problem(loader, "[database] url", "set DATABASE_URL=mysql://user:password@host:3306/name",
			       "no database is named");
	if (options->reply_prefix[0] == '\0')
		loader_problem(loader, where_of_global(loader, "reply", "prefix"), "rowd:reply:", "prefix is empty");
	for (uint32_t i = 0; i < options->queue_count && !loader->no_memory; i++) {
		inherit(loader, &options->queues[i]);
		check_queue(loader, &options->queues[i]);
	}
	for (uint32_t i = 0; i < options->queue_count; i++) {
		check_key_is_no_reply(loader, &options->queues[i]);
		check_own_keys_are_no_reply(loader, &options->queues[i]);
	}
	options->database.idle_transaction_ms = options->delivery.lease_ms;
	check_limits(loader);
	check_tls(loader);
}
