/* tests/fuzz/url.c - the URLs of the configuration: any text is answered, and what is taken is the same when it is
 * written out in full, escaped, and read again; nothing shows a password. */
#include "common/url.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 4096, CANONICAL_BYTES = 6 * 3 * URL_TEXT_BYTES };

static size_t append(char *to, size_t at, const char *text)
{
	size_t size = strlen(text);

	memcpy(to + at, text, size + 1);
	return at + size;
}

/* Everything but letters and digits as %XX. */
static size_t append_escaped(char *to, size_t at, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
			to[at++] = *text;
			continue;
		}
		to[at++] = '%';
		to[at++] = digits[byte >> 4];
		to[at++] = digits[byte & 15];
	}
	to[at] = '\0';
	return at;
}

static size_t append_number(char *to, size_t at, const char *before, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%u", before, number);
	return append(to, at, text);
}

static size_t append_credentials(char *to, size_t at, const char *user, const char *password)
{
	at = append_escaped(to, at, user);
	at = append(to, at, ":");
	at = append_escaped(to, at, password);
	return append(to, at, "@");
}

/* What the password's masking makes of a URL in full form. */
static void check_mask(const char *canonical, const char *user)
{
	static char expected[CANONICAL_BYTES], masked[CANONICAL_BYTES];
	size_t at = (size_t)(strstr(canonical, "://") - canonical) + 3;
	const char *rest = strchr(canonical + at, '@');

	memcpy(expected, canonical, at);
	at = append_escaped(expected, at, user);
	at = append(expected, at, ":***");
	append(expected, at, rest);
	url_mask(canonical, masked, sizeof(masked));
	fuzz_require(strcmp(masked, expected) == 0, "url_mask() shows what surrounds the password and nothing else");
}

static void check_database(const char *text)
{
	static char canonical[CANONICAL_BYTES];
	struct database_url url, again;
	char problem[URL_PROBLEM_BYTES];
	size_t at;

	if (url_parse_database(text, &url, problem) != 0) {
		fuzz_require(problem[0] != '\0' && memchr(problem, '\0', sizeof(problem)), "a refusal has a reason");
		return;
	}
	fuzz_require(url.port > 0 && url.database[0] != '\0', "a database URL has a port and a database");
	fuzz_require((url.host[0] == '\0') == (url.unix_socket[0] == '/'), "it has either a host or a socket");
	at = append_credentials(canonical, append(canonical, 0, "mysql://"), url.user, url.password);
	at = append_escaped(canonical, at, url.host);
	at = append_number(canonical, at, ":", url.port);
	at = append_escaped(canonical, append(canonical, at, "/"), url.database);
	append_escaped(canonical, append(canonical, at, "?unix_socket="), url.unix_socket);
	fuzz_require(url_parse_database(canonical, &again, problem) == 0, "a database URL written in full is taken");
	fuzz_require(url.port == again.port && strcmp(url.host, again.host) == 0 &&
			     strcmp(url.unix_socket, again.unix_socket) == 0 && strcmp(url.user, again.user) == 0 &&
			     strcmp(url.password, again.password) == 0 && strcmp(url.database, again.database) == 0,
		     "a database URL written in full says the same");
	check_mask(canonical, url.user);
}

static void check_redis(const char *text)
{
	static char canonical[CANONICAL_BYTES];
	struct redis_url url, again;
	char problem[URL_PROBLEM_BYTES];
	size_t at;

	if (url_parse_redis(text, &url, problem) != 0) {
		fuzz_require(problem[0] != '\0' && memchr(problem, '\0', sizeof(problem)), "a refusal has a reason");
		return;
	}
	bool is_socket = url.unix_socket[0] != '\0';

	fuzz_require(url.port > 0 && is_socket == (url.host[0] == '\0'), "a Redis URL has a port, a host or a socket");
	at = append(canonical, 0, is_socket ? "unix://" : url.tls ? "rediss://" : "redis://");
	at = append_credentials(canonical, at, url.user, url.password);
	if (is_socket) {
		/* Its path begins with a slash that is none when it is escaped. */
		fuzz_require(url.unix_socket[0] == '/', "a socket's path is absolute");
		at = append_escaped(canonical, append(canonical, at, "/"), url.unix_socket + 1);
		append_number(canonical, at, "?db=", url.database);
	} else {
		at = append_escaped(canonical, at, url.host);
		at = append_number(canonical, at, ":", url.port);
		append_number(canonical, at, "/", url.database);
	}
	fuzz_require(url_parse_redis(canonical, &again, problem) == 0, "a Redis URL written in full is taken");
	fuzz_require(url.database == again.database && url.tls == again.tls && strcmp(url.host, again.host) == 0 &&
			     (is_socket || url.port == again.port) && strcmp(url.unix_socket, again.unix_socket) == 0 &&
			     strcmp(url.user, again.user) == 0 && strcmp(url.password, again.password) == 0,
		     "a Redis URL written in full says the same");
	check_mask(canonical, url.user);
}

/* Whatever the text and the room: an end, and nothing behind it. */
static void check_any_mask(const char *text)
{
	char masked[64];

	for (unsigned room = 1; room <= sizeof(masked); room *= 4) {
		memset(masked, 'x', sizeof(masked));
		url_mask(text, masked, room);
		fuzz_require(memchr(masked, '\0', room), "a masked URL ends within its room");
		for (size_t i = room; i < sizeof(masked); i++)
			fuzz_require(masked[i] == 'x', "nothing is written behind the room");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buffer[TEXT_BYTES + 1];

	if (size > TEXT_BYTES)
		return 0;
	/* At the end of the buffer, so that reading past the text is found. */
	char *text = buffer + TEXT_BYTES - size;

	memcpy(text, data, size);
	buffer[TEXT_BYTES] = '\0';
	check_database(text);
	check_redis(text);
	check_any_mask(text);
	return 0;
}
