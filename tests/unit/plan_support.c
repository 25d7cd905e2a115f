/* plan_support.c */
#include "plan_support.h"

#include "common/message.h"

#include <errno.h>
#include <string.h>

enum { ARENA_BYTES = 16 << 20, ROW_COLUMNS = 32 };

const struct procedure_facts support_facts = {
	.version = "1.2.3", .worker = "w1", .in_flight = 10, .message_bytes = 20, .batch = 30, .reply_bytes = 40};

struct column_text {
	const char *table, *name, *data_type, *column_type, *extra, *collation;
	uint64_t max_length, precision, scale;
	bool not_null, json;
	const char *default_text;
};

static const struct column_text column_texts[] = {
	{"pets", "id", "int", "int(10) unsigned", "auto_increment", NULL, 0, 10, 0, true, false, NULL},
	{"pets", "name", "varchar", "varchar(20)", "", "utf8mb4_general_ci", 20, 0, 0, true, false, NULL},
	{"pets", "age", "tinyint", "tinyint(4)", "", NULL, 0, 3, 0, false, false, NULL},
	{"pets", "tag", "varchar", "varchar(8)", "", "utf8mb4_nopad_bin", 8, 0, 0, false, false, NULL},
	{"pets", "shout", "varchar", "varchar(20)", "VIRTUAL GENERATED", "utf8mb4_bin", 20, 0, 0, false, false, NULL},
	{"pairs", "a", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"pairs", "b", "varbinary", "varbinary(8)", "", NULL, 8, 0, 0, true, false, NULL},
	{"pairs", "note", "text", "text", "", "utf8mb4_bin", 65535, 0, 0, false, false, NULL},
	{"order", "key", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"order", "or", "int", "int(11)", "", NULL, 0, 10, 0, false, false, "7"},
	{"order", "a`b", "text", "text", "", "utf8mb4_bin", 65535, 0, 0, false, false, "NULL"},
	{"toys", "id", "int", "int(11)", "auto_increment", NULL, 0, 10, 0, true, false, NULL},
	{"toys", "pet_id", "int", "int(10) unsigned", "", NULL, 0, 10, 0, false, false, NULL},
	{"toys", "label", "varchar", "varchar(9)", "", "utf8mb4_bin", 9, 0, 0, false, false, NULL},
	{"notes", "line", "text", "text", "", "utf8mb4_bin", 65535, 0, 0, false, false, NULL},
	{"spied", "id", "int", "int(11)", "auto_increment", NULL, 0, 10, 0, true, false, NULL},
	{"dotted", "id", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"dotted", ".and", "int", "int(11)", "", NULL, 0, 10, 0, false, false, NULL},
	{"dotted", "or", "int", "int(11)", "", NULL, 0, 10, 0, false, false, NULL},
	{"dotted", ".or", "int", "int(11)", "", NULL, 0, 10, 0, false, false, NULL},
	{"dotted", ".x", "int", "int(11)", "", NULL, 0, 10, 0, false, false, NULL},
	{"ticks", "n", "int", "int(11)", "", NULL, 0, 10, 0, false, false, NULL},
	{"ticks", "at", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"words", "word", "varchar", "varchar(9)", "", "utf8mb4_general_ci", 9, 0, 0, true, false, NULL},
	{"loose", "id", "int", "int(11)", "auto_increment", NULL, 0, 10, 0, true, false, NULL},
	{"secret", "id", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"elders", "id", "int", "int(11)", "", NULL, 0, 10, 0, true, false, NULL},
	{"every", "id", "bigint", "bigint(20)", "", NULL, 0, 19, 0, true, false, NULL},
	{"every", "tiny", "tinyint", "tinyint(3) unsigned", "", NULL, 0, 3, 0, false, false, NULL},
	{"every", "big", "bigint", "bigint(20) unsigned", "", NULL, 0, 20, 0, false, false, NULL},
	{"every", "year", "year", "year(4)", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "bits", "bit", "bit(5)", "", NULL, 0, 5, 0, false, false, NULL},
	{"every", "money", "decimal", "decimal(5,2)", "", NULL, 0, 5, 2, false, false, NULL},
	{"every", "half", "float", "float", "", NULL, 0, 12, 0, false, false, NULL},
	{"every", "whole", "double", "double", "", NULL, 0, 22, 0, false, false, NULL},
	{"every", "text", "varchar", "varchar(5)", "", "utf8mb4_general_ci", 5, 0, 0, false, false, NULL},
	{"every", "enum", "enum", "enum('a','b')", "", "utf8mb4_general_ci", 1, 0, 0, false, false, NULL},
	{"every", "set", "set", "set('a','b','7')", "", "utf8mb4_general_ci", 5, 0, 0, false, false, NULL},
	{"every", "uuid", "uuid", "uuid", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "inet", "inet6", "inet6", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "fixed", "binary", "binary(4)", "", NULL, 4, 0, 0, false, false, NULL},
	{"every", "blob", "blob", "blob", "", NULL, 65535, 0, 0, false, false, NULL},
	{"every", "place", "point", "point", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "date", "date", "date", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "moment", "datetime", "datetime(3)", "", NULL, 0, 0, 3, false, false, NULL},
	{"every", "stamp", "timestamp", "timestamp", "", NULL, 0, 0, 0, false, false, NULL},
	{"every", "time", "time", "time(6)", "", NULL, 0, 0, 6, false, false, NULL},
	{"every", "brief", "tinytext", "tinytext", "", "utf8mb4_bin", 255, 0, 0, false, false, NULL},
	{"every", "since", "timestamp", "timestamp", "", NULL, 0, 0, 0, true, false, "current_timestamp()"},
	{"every", "json", "longtext", "longtext", "", "utf8mb4_bin", 4294967295, 0, 0, false, true, NULL},
};

static void add_tables(struct catalog *catalog)
{
	static const char *const tables[] = {"words", "pets",  "pairs",  "order",  "toys",  "notes",     "spied",
					     "every", "ticks", "dotted", "secret", "loose", "rowd_slots"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(
			catalog_add_table(catalog, bytes_of(tables[i]), false, BYTES("InnoDB"), 3, BYTES("a comment")),
			0);
	assert_int_equal(catalog_add_not_transactional(catalog, BYTES("loose")), 0);
	assert_int_equal(catalog_add_table(catalog, BYTES("elders"), true, BYTES(""), 0, BYTES("")), 0);
	for (size_t i = 0; i < sizeof(column_texts) / sizeof(column_texts[0]); i++) {
		const struct column_text *text = &column_texts[i];
		struct catalog_column_row row = {
			.table = bytes_of(text->table),
			.name = bytes_of(text->name),
			.data_type = bytes_of(text->data_type),
			.column_type = bytes_of(text->column_type),
			.default_text = bytes_of(text->default_text),
			.nullable = !text->not_null,
			.extra = bytes_of(text->extra),
			.max_length = text->max_length,
			.precision = text->precision,
			.scale = text->scale,
			.collation = bytes_of(text->collation),
			.json = text->json,
		};

		assert_int_equal(catalog_add_column(catalog, &row), 0);
	}
}

static void add_keys(struct catalog *catalog)
{
	static const char *const keys[][3] = {
		{"pets", "tag", "tag"},      {"pets", "PRIMARY", "id"},    {"pairs", "PRIMARY", "a"},
		{"pairs", "PRIMARY", "b"},   {"order", "PRIMARY", "key"},  {"toys", "PRIMARY", "id"},
		{"toys", "place", "pet_id"}, {"toys", "place", "label"},   {"spied", "PRIMARY", "id"},
		{"loose", "PRIMARY", "id"},  {"dotted", "PRIMARY", "id"},  {"ticks", "n", "n"},
		{"ticks", "tick", "at"},     {"words", "PRIMARY", "word"}, {"every", "PRIMARY", "id"},
		{"secret", "PRIMARY", "id"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(catalog_add_key_column(catalog, bytes_of(keys[i][0]), bytes_of(keys[i][1]),
							bytes_of(keys[i][2]), false),
				 0);
	assert_int_equal(catalog_add_foreign_key_column(catalog, BYTES("toys"), BYTES("toy_pet"), BYTES("pet_id"),
							BYTES("pets"), BYTES("id"), BYTES("CASCADE"),
							BYTES("NO ACTION")),
			 0);
	assert_int_equal(catalog_add_trigger(catalog, BYTES("spied")), 0);
}

struct catalog *support_catalog(enum server_kind kind)
{
	struct server_facts server = {.kind = kind,
				      .version = 101119,
				      .version_text = "10.11.19-MariaDB",
				      .max_allowed_packet = 65536,
				      .auto_increment_increment = 2};
	struct catalog *catalog;

	assert_int_equal(catalog_new(&server, &catalog), 0);
	add_tables(catalog);
	add_keys(catalog);
	assert_int_equal(catalog_finish(catalog), 0);
	return catalog;
}

const struct value *support_value(struct arena *arena, const char *json)
{
	struct bytes text = arena_format(arena, "{\"value\":%s}", json);
	struct value *map = arena_alloc_array(arena, 1, sizeof(*map));
	struct error error;
	int result = message_decode(arena, text, 1 << 20, map, &error);

	if (result < 0)
		fail_msg("%s: %s (%s)", json, error.message, error.hint);
	return &map->members[0].value;
}

struct policy support_policy(void)
{
	static const struct bytes tables[] = {{"pets", 4},    {"pairs", 5}, {"ord*", 4},   {"toys", 4},  {"notes", 5},
					      {"spied", 5},   {"every", 5}, {"elders", 6}, {"words", 5}, {"ticks", 5},
					      {"nothing", 7}, {"loose", 5}, {"rowd_*", 6}};

	return (struct policy){
		.queue = BYTES("rowd:commands"),
		.reply_prefix = BYTES("rowd:reply:"),
		.tables = tables,
		.table_count = sizeof(tables) / sizeof(tables[0]),
		.ops = UINT32_MAX,
		.max_rows = 1000,
		.reply_bytes = 1 << 20,
		.message_bytes = 1 << 20,
		.delivery = BYTES("at-least-once"),
	};
}

/* Plans are made of what the real decoder lets through, and of nothing else. */
struct job *support_job(const struct policy *policy, const char *json)
{
	struct job *job = calloc(1, sizeof(*job));
	struct error error = {0};

	assert_non_null(job);
	arena_init(&job->arena, ARENA_BYTES);
	job->policy = policy;
	job->raw = arena_copy(&job->arena, bytes_of(json));
	if (command_decode(&job->arena, job->raw, 1 << 20, &job->command, &error) < 0)
		fail_msg("%s: %s (%s)", json, error.message, error.hint);
	return job;
}

void support_job_free(struct job *job)
{
	procedure_free(job);
	buffer_free(&job->spare_sql);
	buffer_free(&job->spare_body);
	arena_free(&job->arena);
	free(job);
}

int support_row(struct job *job, uint32_t index, ...)
{
	const char *values[ROW_COLUMNS] = {NULL};
	unsigned long lengths[ROW_COLUMNS] = {0};
	uint32_t count = 0;
	va_list texts;

	va_start(texts, index);
	for (const char *text = va_arg(texts, const char *); text; text = va_arg(texts, const char *)) {
		/* "\\N" stands for NULL. */
		values[count] = strcmp(text, "\\N") == 0 ? NULL : text;
		lengths[count++] = strlen(text);
	}
	va_end(texts);
	return procedure_row(job, index, values, lengths, count);
}

const char *support_reply(struct job *job, const struct error *error)
{
	assert_int_equal(procedure_reply(job, error), 0);
	return arena_copy(&job->arena, job->reply.encoded).data;
}
