/* tests/unit/bookkeeping_memory.c - each allocation fails once: an errand is refused and nothing is left of it, or it
 * is taken and told about. There is no server, so what is told is that. */
#include "daemon/database/bookkeeping.h"
#include "daemon/database/session.h"
#include "tests/support/allocations.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct {
	uv_loop_t loop;
	struct database_options options;
	struct bookkeeping *bookkeeping;
	uint32_t told;
	bool closed;
} books;

static void on_told(const struct sql_error *error)
{
	assert_non_null(error);
	assert_int_equal(error->class, SQL_ERROR_CONNECTION);
	books.told++;
}

static void on_done(void *context, const struct sql_error *error)
{
	assert_ptr_equal(context, &books);
	on_told(error);
}

static void on_fenced(void *context, bool found, const struct ranges *done, const struct sql_error *error)
{
	assert_ptr_equal(context, &books);
	assert_false(found);
	assert_null(done);
	on_told(error);
}

static void on_resolved(void *context, const struct bookkeeping_marker *markers, uint32_t count,
			const struct sql_error *error)
{
	assert_ptr_equal(context, &books);
	assert_int_equal(count, 2);
	assert_false(markers[0].known || markers[1].known);
	on_told(error);
}

static int enroll(void)
{
	static const char *const queues[] = {"a", "b"};
	static const uint64_t ids[] = {7, 8};

	return bookkeeping_enroll(books.bookkeeping, "x:one", queues, 2, 3, ids, 2, on_done, &books);
}

static int record(void)
{
	return bookkeeping_record_connection(books.bookkeeping, "x:one", 3, 1, 9, on_done, &books);
}

static int fence(void)
{
	return bookkeeping_fence(books.bookkeeping, "x:one", on_fenced, &books);
}

static int resolve(void)
{
	static const struct bookkeeping_marker markers[] = {{.slot = 0, .batch = 1}, {.slot = 2, .batch = 3}};

	return bookkeeping_resolve(books.bookkeeping, "x:one", markers, 2, on_resolved, &books);
}

static int dismiss(void)
{
	return bookkeeping_dismiss(books.bookkeeping, "x:one", "a", on_done, &books);
}

static void on_forgotten(void *context, bool more, const struct sql_error *error)
{
	assert_ptr_equal(context, &books);
	assert_false(more);
	on_told(error);
}

static int forget(void)
{
	return bookkeeping_forget(books.bookkeeping, "x:one", 7, on_forgotten, &books);
}

static void on_closed(void *context)
{
	*(bool *)context = true;
}

static int open_books(void **state)
{
	(void)state;
	snprintf(books.options.url.unix_socket, URL_TEXT_BYTES, "/nowhere/there/is/a/server");
	snprintf(books.options.url.user, URL_TEXT_BYTES, "nobody");
	books.options.connect_timeout_ms = 1000;
	assert_int_equal(uv_loop_init(&books.loop), 0);
	for (uint32_t n = 1;; n++) {
		int r;

		allocations_fail_at(n);
		r = bookkeeping_open(&books.loop, &books.options, 1000, &books.bookkeeping);
		if (!allocations_end()) {
			assert_int_equal(r, 0);
			return 0;
		}
		assert_int_equal(r, -ENOMEM);
	}
}

static int close_books(void **state)
{
	(void)state;
	bookkeeping_close(books.bookkeeping, on_closed, &books.closed);
	assert_int_equal(uv_run(&books.loop, UV_RUN_DEFAULT), 0);
	assert_true(books.closed);
	assert_int_equal(uv_loop_close(&books.loop), 0);
	return 0;
}

static void test_each_errand(void **state)
{
	static int (*const errands[])(void) = {enroll, record, fence, resolve, dismiss, forget};

	(void)state;
	for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
		bool failed = true;

		for (uint32_t n = 1; failed; n++) {
			int r;

			books.told = 0;
			allocations_fail_at(n);
			r = errands[i]();
			/* The thread may be the one that had no memory. */
			uv_run(&books.loop, UV_RUN_DEFAULT);
			failed = allocations_end();
			assert_true(r == 0 || (failed && r == -ENOMEM));
			assert_int_equal(books.told, r == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_each_errand, open_books, close_books)};
	int failed;

	if (session_library_open() != 0)
		return 1;
	failed = cmocka_run_group_tests_name("bookkeeping_memory", tests, NULL, NULL);
	session_library_close();
	return failed;
}
