/* The spellings of URLs that people have, and what is refused with which words. */
#include "common/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct database_url database(const char *text)
{
	struct database_url url;
	char problem[URL_PROBLEM_BYTES] = "";

	if (url_parse_database(text, &url, problem) != 0)
		fail_msg("%s: %s", text, problem);
	return url;
}

static struct redis_url redis(const char *text)
{
	struct redis_url url;
	char problem[URL_PROBLEM_BYTES] = "";

	if (url_parse_redis(text, &url, problem) != 0)
		fail_msg("%s: %s", text, problem);
	return url;
}

static void refuses_database(const char *text, const char *because)
{
	struct database_url url;
	char problem[URL_PROBLEM_BYTES] = "";

	assert_int_not_equal(url_parse_database(text, &url, problem), 0);
	if (!strstr(problem, because))
		fail_msg("%s: '%s' does not say '%s'", text, problem, because);
	assert_null(strstr(problem, "secret"));
}

static void refuses_redis(const char *text, const char *because)
{
	struct redis_url url;
	char problem[URL_PROBLEM_BYTES] = "";

	assert_int_not_equal(url_parse_redis(text, &url, problem), 0);
	if (!strstr(problem, because))
		fail_msg("%s: '%s' does not say '%s'", text, problem, because);
	assert_null(strstr(problem, "secret"));
}

static void test_database_plain(void **state)
{
	(void)state;
	struct database_url url = database("mysql://kim:secret@db.example:3307/shop");

	assert_string_equal(url.host, "db.example");
	assert_int_equal(url.port, 3307);
	assert_string_equal(url.user, "kim");
	assert_string_equal(url.password, "secret");
	assert_string_equal(url.database, "shop");
	assert_string_equal(url.unix_socket, "");
}

static void test_database_schemes(void **state)
{
	static const char *const texts[] = {
		"mariadb://u@h/d",       "mysql+aiomysql://u@h/d",   "mysql+asyncmy://u@h/d",
		"mysql+pymysql://u@h/d", "mariadb+whatever://u@h/d", "MySQL://u@h/d",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct database_url url = database(texts[i]);
		assert_string_equal(url.host, "h");
		assert_int_equal(url.port, 3306);
		assert_string_equal(url.user, "u");
		assert_string_equal(url.password, "");
	}
}

static void test_database_encoded(void **state)
{
	(void)state;
	struct database_url url = database("mysql://k%40im:p%2Fw%3A%25%3F%23+ @h/my%20shop");

	assert_string_equal(url.user, "k@im");
	assert_string_equal(url.password, "p/w:%?#+ ");
	assert_string_equal(url.database, "my shop");
}

static void test_database_bare_at_and_colon_in_password(void **state)
{
	(void)state;
	struct database_url url = database("mysql://kim:a:b@c@h/d");

	assert_string_equal(url.password, "a:b@c");
	assert_string_equal(url.host, "h");
}

static void test_database_hosts(void **state)
{
	(void)state;
	assert_string_equal(database("mysql://u@localhost/d").host, "127.0.0.1");
	assert_string_equal(database("mysql://u@LOCALHOST:3307/d").host, "127.0.0.1");
	assert_string_equal(database("mysql:///d").host, "127.0.0.1");
	assert_string_equal(database("mysql://[::1]/d").host, "::1");
	assert_int_equal(database("mysql://u:p@[fe80::1]:3310/d").port, 3310);
}

static void test_database_parameters(void **state)
{
	(void)state;
	struct database_url url =
		database("mysql://u:p@localhost/d?charset=utf8mb4&unix_socket=%2Frun%2Fmy.sock&ssl_ca=/x");

	assert_string_equal(url.unix_socket, "/run/my.sock");
	assert_string_equal(url.host, "");
	assert_string_equal(database("mysql://h/d?charset=utf8mb4").unix_socket, "");
	assert_string_equal(database("mysql://h/d?unix_socket=").host, "h");
}

static void test_database_refused(void **state)
{
	char long_url[1024] = "mysql://";

	(void)state;
	refuses_database("", "no '://'");
	refuses_database("shop", "no '://'");
	refuses_database("mysql:shop", "no '://'");
	refuses_database("http://h/d", "scheme");
	refuses_database("sqlite:///file.db", "SQLite is not in this version");
	refuses_database("sqlite:file.db", "not in this version");
	refuses_database("postgresql://u:secret@h/d", "PostgreSQL is not in this version");
	refuses_database("postgres+asyncpg://u:secret@h/d", "not in this version");
	refuses_database("mysql://u:secret@h", "no database");
	refuses_database("mysql://u:secret@h/", "no database");
	refuses_database("mysql://u:secret@h/a/b", "'/' in the database name");
	refuses_database("mysql://u:secret@h:0/d", "port");
	refuses_database("mysql://u:secret@h:65536/d", "port");
	refuses_database("mysql://u:secret@h:x/d", "port");
	refuses_database("mysql://u:secret/more@h/d", "%2F");
	refuses_database("mysql://u:secret#more@h/d", "%23");
	refuses_database("mysql://u:secret%2@h/d", "two hexadecimal digits");
	refuses_database("mysql://u:secret%00@h/d", "zero byte");
	refuses_database("mysql://[::1/d", "not closed");
	refuses_database("mysql://[::1]x/d", "']'");
	refuses_database("mysql://h/d?unix_socket=relative", "absolute");
	memset(long_url + 8, 'h', 300);
	strcpy(long_url + 308, "/d");
	refuses_database(long_url, "longer than");
}

static void test_redis(void **state)
{
	(void)state;
	struct redis_url url = redis("redis://kim:secret@cache:6380/3");

	assert_string_equal(url.host, "cache");
	assert_int_equal(url.port, 6380);
	assert_string_equal(url.user, "kim");
	assert_string_equal(url.password, "secret");
	assert_int_equal(url.database, 3);
	assert_false(url.tls);
	url = redis("redis://:secret@localhost");
	assert_string_equal(url.user, "");
	assert_string_equal(url.password, "secret");
	assert_string_equal(url.host, "127.0.0.1");
	assert_int_equal(url.port, 6379);
	assert_int_equal(url.database, 0);
	assert_true(redis("rediss://h").tls);
	assert_int_equal(redis("redis://h/?db=4").database, 4);
	assert_int_equal(redis("redis://h/2?socket_timeout=5").database, 2);
}

static void test_redis_socket(void **state)
{
	(void)state;
	struct redis_url url = redis("unix://kim:secret@/run/redis.sock?db=2");

	assert_string_equal(url.unix_socket, "/run/redis.sock");
	assert_string_equal(url.host, "");
	assert_string_equal(url.password, "secret");
	assert_int_equal(url.database, 2);
	assert_string_equal(redis("unix:///tmp/r%20s").unix_socket, "/tmp/r s");
}

static void test_redis_refused(void **state)
{
	(void)state;
	refuses_redis("localhost:6379", "no '://'");
	refuses_redis("http://h", "scheme");
	refuses_redis("redis://:secret@h/zero", "database is not a number");
	refuses_redis("redis://:secret@h:port", "port");
	refuses_redis("unix://run/redis.sock", "names no socket");
	refuses_redis("unix://", "names no socket");
}

static void masks(const char *text, const char *expected)
{
	char masked[256];

	url_mask(text, masked, sizeof(masked));
	assert_string_equal(masked, expected);
}

static void test_mask(void **state)
{
	char narrow[12];

	(void)state;
	masks("mysql://kim:secret@h/d", "mysql://kim:***@h/d");
	masks("mysql://kim@h/d", "mysql://kim@h/d");
	masks("redis://:secret@h", "redis://:***@h");
	masks("mysql://kim:sec/ret@h/d", "mysql://kim:***@h/d");
	masks("mysql://kim:sec@ret@h/d", "mysql://kim:***@h/d");
	masks("mysql://h/d?user=u&password=secret&x=1", "mysql://h/d?user=u&password=***&x=1");
	masks("mysql://h/d?passwd=a&password=b", "mysql://h/d?passwd=***&password=***");
	masks("no url", "no url");
	url_mask("mysql://kim:secret@h/d", narrow, sizeof(narrow));
	assert_string_equal(narrow, "mysql://kim");
}

static void test_lengths(void **state)
{
	(void)state;
	char text[2 * URL_TEXT_BYTES], name[URL_TEXT_BYTES];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "mysql://u@h/%s", name);
	assert_string_equal(database(text).database, name);
	snprintf(text, sizeof(text), "mysql://u@h/%s%%6e", name);
	refuses_database(text, "longer than 255 bytes");
	refuses_redis("redis://h:1234567890", "port");
	refuses_redis("redis://h:65536", "port");
	refuses_redis("redis://h:0", "port");
	assert_int_equal(redis("redis://h:65535").port, 65535);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_database_plain),
		cmocka_unit_test(test_database_schemes),
		cmocka_unit_test(test_database_encoded),
		cmocka_unit_test(test_database_bare_at_and_colon_in_password),
		cmocka_unit_test(test_database_hosts),
		cmocka_unit_test(test_database_parameters),
		cmocka_unit_test(test_database_refused),
		cmocka_unit_test(test_redis),
		cmocka_unit_test(test_redis_socket),
		cmocka_unit_test(test_redis_refused),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
