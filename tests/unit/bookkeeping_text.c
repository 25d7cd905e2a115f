/* tests/unit/bookkeeping_text.c - ids and keys stand in the statements byte by byte, whatever they are. */
#include "daemon/database/bookkeeping_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct buffer text;

static int open_buffer(void **state)
{
	(void)state;
	buffer_init(&text, 4096);
	return 0;
}

static int close_buffer(void **state)
{
	(void)state;
	buffer_free(&text);
	return 0;
}

static void expect(const char *statement)
{
	assert_false(buffer_failed(&text));
	if (!bytes_equal_text(buffer_bytes(&text), statement))
		fail_msg("%.*s", BYTES_ARG(buffer_bytes(&text)));
}

static void test_queues(void **state)
{
	static const char *const queues[] = {"a", "", "b'"};

	(void)state;
	bookkeeping_write_queues(&text, queues, 3);
	assert_int_equal(text.size, 7);
	assert_memory_equal(text.data, "\0a\0\0b'\0", 7);
	buffer_reset(&text);
	bookkeeping_write_queues(&text, NULL, 0);
	assert_int_equal(text.size, 1);
}

static void test_row(void **state)
{
	(void)state;
	bookkeeping_write_row(&text, "x'", 3, (struct bytes){"\0a\0", 3}, UINT64_MAX);
	expect("INSERT INTO rowd_slots (worker, slot, queues, connection_id, sequences) VALUES (x'7827', 3, x'006100', "
	       "18446744073709551615, '') ON DUPLICATE KEY UPDATE connection_id = 18446744073709551615");
}

/* Each replaces what was there. */
static void test_others(void **state)
{
	static const struct bookkeeping_marker marker = {.slot = 2, .batch = UINT64_MAX};
	static const struct bookkeeping_marker commit = {.slot = 3, .batch = 7, .is_commit = true};

	(void)state;
	bookkeeping_write_connection(&text, "w", 4, 77);
	expect("UPDATE rowd_slots SET former_id = IF(connection_id = 0, former_id, connection_id), connection_id = 77 "
	       "WHERE worker = x'77' AND slot = 4 AND connection_id <> 77");
	bookkeeping_write_fence(&text, "w");
	expect("UPDATE rowd_slots SET fenced = 1 WHERE worker = x'77'");
	bookkeeping_write_sequences(&text, "w");
	expect("SELECT sequences, 0 FROM rowd_slots WHERE worker = x'77' UNION ALL SELECT sequences, batch = 0 FROM "
	       "rowd_commits WHERE worker = x'77'");
	bookkeeping_write_first_commit(&text, "w");
	expect("INSERT IGNORE INTO rowd_commits (worker, slot, batch, sequences) VALUES (x'77', 0, 0, '')");
	bookkeeping_write_marker(&text, "w", &marker, false);
	expect("SELECT fenced, batch, sequences <> '' FROM rowd_slots WHERE worker = x'77' AND slot = 2");
	bookkeeping_write_marker(&text, "w", &marker, true);
	expect("SELECT fenced, batch, sequences <> '' FROM rowd_slots WHERE worker = x'77' AND slot = 2 FOR UPDATE");
	bookkeeping_write_marker(&text, "w", &commit, true);
	expect("SELECT s.fenced, COALESCE(c.batch, 0), COALESCE(c.sequences, '') <> '' FROM rowd_slots s JOIN "
	       "rowd_commits f ON f.worker = s.worker AND f.slot = 0 AND f.fenced = s.fenced AND f.batch = 0 LEFT JOIN "
	       "rowd_commits c ON c.worker = s.worker AND c.slot = s.slot AND c.fenced = s.fenced AND c.batch = 7 WHERE "
	       "s.worker = x'77' AND s.slot = 3 FOR UPDATE");
	bookkeeping_write_void(&text, "w", &commit);
	expect("INSERT INTO rowd_commits (worker, slot, batch, sequences) VALUES (x'77', 3, 7, '')");
	bookkeeping_write_forget(&text, "w", UINT64_MAX, 10);
	expect("DELETE FROM rowd_commits WHERE worker = x'77' AND batch < 18446744073709551615 AND sequences <> '' LIMIT 10");
	bookkeeping_write_strike(&text, "w", "q");
	expect("UPDATE rowd_slots SET queues = REPLACE(queues, CONCAT(x'00', x'71', x'00'), x'00') WHERE worker = x'77'");
	bookkeeping_write_removal(&text, "w");
	expect("DELETE FROM rowd_slots WHERE worker = x'77' AND queues = x'00'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_queues, open_buffer, close_buffer),
		cmocka_unit_test_setup_teardown(test_row, open_buffer, close_buffer),
		cmocka_unit_test_setup_teardown(test_others, open_buffer, close_buffer),
	};

	return cmocka_run_group_tests_name("bookkeeping_text", tests, NULL, NULL);
}
