/* hostile.c - how long the worst that one message can ask for holds the loop, and how much memory it takes.
 *
 * Prints a line per message: its bytes, the longest that one call of the planner took of the processor's time, and the
 * memory that the process held for it. The bounds that are asserted leave room for builds that are not optimised; the
 * figures are those of a release build. */
#include "plan_support.h"

#include "common/message.h"
#include "daemon/plan/planner.h"

#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

enum {
	COLUMNS = 900,
	MESSAGE_BYTES = 1 << 20,
	PACKET_BYTES = 16 << 20,
	REPLY_BYTES = 8 << 20,
	LONGEST_US = 1000 * 1000,
	MEMORY_BYTES = 64 << 20,
};

#if defined(__SANITIZE_ADDRESS__)
static const bool is_sanitized = true;
#elif defined(__has_feature)
static const bool is_sanitized = __has_feature(address_sanitizer);
#else
static const bool is_sanitized = false;
#endif

/* JSON: the head, then items whose # is their number modulo `modulo` (0: itself), separated by commas, then the tail.
 */
struct sample {
	const char *name, *head, *item;
	uint32_t count, modulo;
	const char *tail;
};

static const struct sample samples[] = {
	{"integers in meta", "{\"op\":\"ping\",\"meta\":[", "#", 262100, 10, "]}"},
	{"keys in meta", "{\"op\":\"ping\",\"meta\":{", "\"#\":1", 100000, 0, "}}"},
	{"one key again and again", "{\"op\":\"ping\",\"meta\":{", "\"k\":1", 65000, 0, "}}"},
	{"pairs in meta", "{\"op\":\"ping\",\"meta\":[", "[#]", 131000, 10, "]}"},
	{"in: integers", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"id\":{\"in\":[", "#", 200000, 1000, "]}}}"},
	{"in: texts", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"t\":{\"in\":[", "\"#\"", 180000, 100, "]}}}"},
	{"in: decimals", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"d\":{\"in\":[", "\"#.25\"", 100000, 100,
	 "]}}}"},
	{"in: times", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"at\":{\"in\":[",
	 "\"2024-02-29T12:00:1#+01:00\"", 34000, 10, "]}}}"},
	{"or", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"or\":[", "{\"id\":#}", 80000, 1000, "]}}"},
	{"or of not", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"or\":[", "{\"not\":{\"c#\":1}}", 50000, 900,
	 "]}}"},
	{"contains", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{\"or\":[", "{\"t\":{\"contains\":\"%\"}}", 38000,
	 1, "]}}"},
	{"rows of one value", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":[", "{\"t\":\"\"}",
	 87000, 1, "]}"},
	{"rows of nothing", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":[", "{}", 200000, 1,
	 "]}"},
	{"ragged rows", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":[", "{\"c#\":1}", 80000,
	 900, "]}"},
	{"names in select", "{\"op\":\"read\",\"table\":\"wide\",\"select\":[", "\"c#\"", 130000, 900, "]}"},
	{"names in order", "{\"op\":\"read\",\"table\":\"wide\",\"order\":[", "\"-c#\"", 120000, 900, "]}"},
	{"names in returning", "{\"op\":\"delete\",\"table\":\"wide\",\"all\":true,\"returning\":[", "\"c#\"", 130000,
	 900, "]}"},
	{"unknown columns", "{\"op\":\"count\",\"table\":\"wide\",\"where\":{", "\"x#\":1", 90000, 0, "}}"},
	{"a long unknown name", "{\"op\":\"count\",\"table\":\"", "#", 500000, 10, "\"}"},
	{"unknown fields", "{\"op\":\"ping\",", "\"f#\":1", 90000, 0, "}"},
	{"columns of a key", "{\"op\":\"read\",\"table\":\"wide\",\"pk\":{", "\"c#\":1", 90000, 0, "}}"},
	{"columns in set", "{\"op\":\"update\",\"table\":\"wide\",\"all\":true,\"set\":{", "\"c#\":1", 90000, 0, "}}"},
	{"a number of many digits", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":{\"d\":1",
	 "0", 500000, 1, "1}}"},
	{"a document", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":{\"j\":[", "{\"a\":[#]}",
	 60000, 10, "]}}"},
	{"escapes", "{\"op\":\"create\",\"table\":\"wide\",\"returning\":false,\"values\":{\"t\":\"", "\\u0001", 149000,
	 1, "\"}}"},
};

static void add_column(struct catalog *catalog, const char *name, const char *data_type, const char *column_type)
{
	bool is_key = strcmp(name, "id") == 0, is_text = strcmp(data_type, "longtext") == 0;
	const struct catalog_column_row row = {
		.table = BYTES("wide"),
		.name = bytes_of(name),
		.data_type = bytes_of(data_type),
		.column_type = bytes_of(column_type),
		.extra = is_key ? BYTES("auto_increment") : BYTES(""),
		.nullable = !is_key,
		.max_length = is_text ? UINT32_MAX : 0,
		.precision = 20,
		.scale = strcmp(data_type, "decimal") == 0 ? 2 : 0,
		.collation = is_text ? BYTES("utf8mb4_general_ci") : BYTES(""),
		.json = strcmp(name, "j") == 0,
	};

	assert_int_equal(catalog_add_column(catalog, &row), 0);
}

static struct catalog *wide_catalog(void)
{
	static const char *const columns[][3] = {{"id", "bigint", "bigint(20)"},
						 {"t", "longtext", "longtext"},
						 {"d", "decimal", "decimal(20,2)"},
						 {"at", "datetime", "datetime"},
						 {"j", "longtext", "longtext"}};
	const struct server_facts server = {.kind = SERVER_MARIADB,
					    .version = 101119,
					    .version_text = "10.11.19-MariaDB",
					    .max_allowed_packet = PACKET_BYTES,
					    .auto_increment_increment = 1};
	struct catalog *catalog;
	char name[16];

	assert_int_equal(catalog_new(&server, &catalog), 0);
	assert_int_equal(catalog_add_table(catalog, BYTES("wide"), false, BYTES("InnoDB"), 0, BYTES("")), 0);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		add_column(catalog, columns[i][0], columns[i][1], columns[i][2]);
	for (uint32_t i = 0; i < COLUMNS; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		add_column(catalog, name, "int", "int(11)");
	}
	assert_int_equal(catalog_add_key_column(catalog, BYTES("wide"), BYTES("PRIMARY"), BYTES("id"), false), 0);
	assert_int_equal(catalog_finish(catalog), 0);
	return catalog;
}

static void append_item(struct buffer *out, const char *item, uint32_t number)
{
	const char *mark = strchr(item, '#');

	if (!mark) {
		buffer_append_text(out, item);
		return;
	}
	buffer_append(out, (struct bytes){.data = item, .size = (size_t)(mark - item)});
	buffer_append_uint(out, number);
	buffer_append_text(out, mark + 1);
}

static void write_json(struct buffer *out, const struct sample *sample)
{
	bool separated = strpbrk(sample->item, "\"{[") || strstr(sample->head, "[");

	buffer_reset(out);
	buffer_append_text(out, sample->head);
	for (uint32_t i = 0; i < sample->count; i++) {
		if (i > 0 && separated)
			buffer_append_byte(out, ',');
		append_item(out, sample->item, sample->modulo ? i % sample->modulo : i);
	}
	buffer_append_text(out, sample->tail);
}

/* --- measuring ---------------------------------------------------------------------------------------------------- */

/* The thread's own time: the test may share its processor. */
static uint64_t now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static uint64_t status_bytes(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	uint64_t kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoull(line + strlen(name) + 1, NULL, 10);
	}
	if (file)
		fclose(file);
	return kib * 1024;
}

/* From here on VmHWM is the most that is resident. */
static uint64_t forget_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	malloc_trim(0);
	if (file) {
		fputs("5", file);
		fclose(file);
	}
	return status_bytes("VmRSS");
}

struct figures {
	uint64_t longest_us, started_us;
	const char *outcome;
};

static void begin(struct figures *figures)
{
	figures->started_us = now_us();
}

static void end(struct figures *figures)
{
	uint64_t took_us = now_us() - figures->started_us;

	if (took_us > figures->longest_us)
		figures->longest_us = took_us;
}

/* A server that finds no row, and takes whatever it is sent. */
static void run_batches(struct planner *planner, struct figures *figures)
{
	const struct statement *statements;
	struct batch *batch;
	uint64_t wake_us;
	size_t count;

	while ((batch = planner_choose(planner, 1, &wake_us))) {
		for (;;) {
			begin(figures);
			enum batch_step step = batch_next(batch, 1, &statements, &count);
			end(figures);
			if (step != BATCH_SEND) {
				batch_ended(batch, step == BATCH_COMMIT ? BATCH_COMMITTED : BATCH_ROLLED_BACK, NULL, 1);
				break;
			}
			for (size_t i = 0; i < count; i++)
				batch_done(batch, i, &(struct statement_result){0});
		}
	}
}

static void run(struct catalog *catalog, struct bytes raw, struct figures *figures)
{
	const struct planner_options options = {
		.batch = 16, .batch_bytes = REPLY_BYTES, .version = "1", .worker = "w", .reply_bytes = REPLY_BYTES};
	const struct policy policy = {.queue = BYTES("q"),
				      .reply_prefix = BYTES("r:"),
				      .ops = UINT32_MAX,
				      .max_rows = 1000000,
				      .statement_timeout_ms = 1000,
				      .reply_bytes = REPLY_BYTES,
				      .message_bytes = MESSAGE_BYTES,
				      .delivery = BYTES("at-least-once")};
	struct planner *planner;
	struct job *job;

	*figures = (struct figures){0};
	assert_int_equal(planner_new(&options, &planner), 0);
	planner_set_catalog(planner, catalog, 0);
	begin(figures);
	assert_int_equal(planner_submit(planner, &(struct planner_command){.policy = &policy, .raw = raw}, 0), 0);
	end(figures);
	if (planner_wants_catalog(planner)) { /* it names what is not known: once more with a newer catalog */
		begin(figures);
		planner_set_catalog(planner, catalog, 2000000);
		end(figures);
	}
	run_batches(planner, figures);
	job = planner_finished(planner);
	assert_non_null(job);
	figures->outcome = job->reply.code == ERROR_NONE ? "ok" : error_code_name(job->reply.code);
	begin(figures);
	job_free(job);
	end(figures);
	planner_free(planner);
}

static void measure(struct catalog *catalog, const char *name, const char *codec, struct bytes raw)
{
	uint64_t before = forget_peak(), peak;
	struct figures figures;

	assert_true(raw.size > 0 && raw.size <= MESSAGE_BYTES);
	run(catalog, raw, &figures);
	peak = status_bytes("VmHWM");
	printf("%-26s %-8s %8zu bytes  %6.1f ms  %4" PRIu64 " MiB  %s\n", name, codec, raw.size,
	       (double)figures.longest_us / 1000, peak > before ? (peak - before) >> 20 : 0, figures.outcome);
	assert_true(figures.longest_us < LONGEST_US);
	if (!is_sanitized) /* which keeps what was freed */
		assert_true(peak < before + MEMORY_BYTES);
}

static void test_samples(void **state)
{
	struct catalog *catalog = wide_catalog();
	struct buffer json, msgpack;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct arena arena;
		struct error error;

		buffer_init(&json, SIZE_MAX);
		buffer_init(&msgpack, SIZE_MAX);
		arena_init(&arena, SIZE_MAX);
		write_json(&json, &samples[i]);
		if (message_encode_json(&arena, buffer_bytes(&json), &msgpack, &error) != 0)
			buffer_reset(&msgpack); /* what JSON alone can say, like one key twice */
		arena_free(&arena);
		measure(catalog, samples[i].name, "json", buffer_bytes(&json));
		if (msgpack.size > 0)
			measure(catalog, samples[i].name, "msgpack", buffer_bytes(&msgpack));
		buffer_free(&json);
		buffer_free(&msgpack);
	}
	catalog_unref(catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
