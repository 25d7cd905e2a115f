/* common/url.c - see url.h.
 *
 * Strict where a guess could connect to the wrong place, lenient where other programs' URLs carry what rowd has no use
 * for: the driver after '+', and query parameters that it does not know (charset, ssl_ca, pool sizes). No problem text
 * quotes a piece of the URL that could be part of a password. */
#include "common/url.h"

#include "common/bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MYSQL_PORT = 3306, REDIS_PORT = 6379, REDIS_DATABASES_MAX = 1 << 20 };

/* The pieces of scheme://[user[:password]@][host[:port]][/path][?query], still encoded. data NULL: not there. */
struct pieces {
	struct bytes scheme, user, password, host, port, path, query;
};

static int fault(char ret_problem[URL_PROBLEM_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fault(char ret_problem[URL_PROBLEM_BYTES], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_problem, URL_PROBLEM_BYTES, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static bool scheme_is(struct bytes scheme, const char *name)
{
	return scheme.size == strlen(name) && strncasecmp(scheme.data, name, scheme.size) == 0;
}

/* Splits `whole` at the first separator: returns what is before it and leaves in *rest what is behind it. */
static struct bytes cut(struct bytes whole, char separator, struct bytes *rest)
{
	const char *at = whole.size ? memchr(whole.data, separator, whole.size) : NULL;

	if (!at) {
		*rest = (struct bytes){NULL, 0};
		return whole;
	}
	size_t size = (size_t)(at - whole.data);
	*rest = (struct bytes){at + 1, whole.size - size - 1};
	return (struct bytes){whole.data, size};
}

static int split_host(struct bytes address, struct pieces *pieces, char ret_problem[URL_PROBLEM_BYTES])
{
	if (address.size == 0 || address.data[0] != '[') {
		pieces->host = cut(address, ':', &pieces->port);
		return 0;
	}
	struct bytes behind;
	struct bytes inside = cut(address, ']', &behind);
	if (!behind.data)
		return fault(ret_problem, "the '[' of an IPv6 address is not closed");
	if (behind.size > 0 && behind.data[0] != ':')
		return fault(ret_problem, "after the ']' of an IPv6 address only ':' and a port may follow");
	pieces->host = (struct bytes){inside.data + 1, inside.size - 1};
	if (behind.size > 0)
		pieces->port = (struct bytes){behind.data + 1, behind.size - 1};
	return 0;
}

static int split(const char *text, struct pieces *ret_pieces, char ret_problem[URL_PROBLEM_BYTES])
{
	struct pieces pieces = {0};
	const char *colon = strstr(text, "://");

	if (!colon)
		return fault(ret_problem, "not a URL: it has no '://'");
	pieces.scheme = (struct bytes){text, (size_t)(colon - text)};
	const char *authority = colon + 3;
	if (strchr(authority, '#'))
		return fault(ret_problem, "a '#' must be written %%23");

	size_t authority_size = strcspn(authority, "/?");
	/* The last '@': passwords with a bare '@' are common, and host names have none. */
	const char *at = memrchr(authority, '@', authority_size);
	struct bytes address = {authority, authority_size};
	if (at) {
		struct bytes credentials = {authority, (size_t)(at - authority)};
		pieces.user = cut(credentials, ':', &pieces.password);
		address = (struct bytes){at + 1, authority_size - credentials.size - 1};
	}
	const char *rest = authority + authority_size;
	if (*rest == '/') {
		size_t size = strcspn(rest, "?");
		pieces.path = (struct bytes){rest, size};
		rest += size;
	}
	if (*rest == '?')
		pieces.query = bytes_of(rest + 1);
	int result = split_host(address, &pieces, ret_problem);
	if (result == 0)
		*ret_pieces = pieces;
	return result;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decodes into a NUL-terminated text. name: what the problem calls it. */
static int decode(struct bytes encoded, const char *name, char to[URL_TEXT_BYTES], char ret_problem[URL_PROBLEM_BYTES])
{
	size_t size = 0;

	for (size_t i = 0; i < encoded.size; i++) {
		char c = encoded.data[i];
		if (c == '%') {
			int high = i + 1 < encoded.size ? hex_digit(encoded.data[i + 1]) : -1;
			int low = i + 2 < encoded.size ? hex_digit(encoded.data[i + 2]) : -1;
			if (high < 0 || low < 0)
				return fault(ret_problem,
					     "a '%%' in the %s is not followed by two hexadecimal digits "
					     "(write %%25 for '%%' itself)",
					     name);
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0')
			return fault(ret_problem, "the %s contains a zero byte", name);
		if (size == URL_TEXT_BYTES - 1)
			return fault(ret_problem, "the %s is longer than %d bytes", name, URL_TEXT_BYTES - 1);
		to[size++] = c;
	}
	to[size] = '\0';
	return 0;
}

/* A whole number from 0 to maximum in digits, or -EINVAL. */
static int parse_number(struct bytes text, uint32_t maximum, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (text.size == 0 || text.size > 9)
		return -EINVAL;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(text.data[i] - '0');
	}
	if (number > maximum)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

static int parse_port(struct bytes text, uint16_t standard, uint16_t *ret_port, char ret_problem[URL_PROBLEM_BYTES])
{
	uint32_t number = standard;

	if (text.size > 0 && (parse_number(text, UINT16_MAX, &number) < 0 || number == 0))
		return fault(ret_problem, "the port is not a number from 1 to 65535; a ':', '/' or '?' in a password "
					  "must be written %%3A, %%2F or %%3F");
	*ret_port = (uint16_t)number;
	return 0;
}

/* Looks for one parameter of the query; others are somebody else's. found is left alone when it is not there. */
static void find_parameter(struct bytes query, const char *name, struct bytes *found)
{
	while (query.size > 0) {
		struct bytes rest, value;
		struct bytes parameter = cut(query, '&', &rest);

		if (bytes_equal_text(cut(parameter, '=', &value), name))
			*found = value;
		query = rest;
	}
}

/* "localhost" means TCP here as in other programs; libmariadb would take the unix socket for it. */
static void settle_host(char host[URL_TEXT_BYTES])
{
	if (host[0] == '\0' || strcasecmp(host, "localhost") == 0)
		strcpy(host, "127.0.0.1");
}

static int check_database_scheme(struct bytes scheme, char ret_problem[URL_PROBLEM_BYTES])
{
	struct bytes driver;
	struct bytes kind = cut(scheme, '+', &driver);

	if (scheme_is(kind, "mysql") || scheme_is(kind, "mariadb"))
		return 0;
	if (scheme_is(kind, "sqlite"))
		return fault(ret_problem, "SQLite is not in this version: use mysql:// or mariadb://");
	if (scheme_is(kind, "postgresql") || scheme_is(kind, "postgres"))
		return fault(ret_problem, "PostgreSQL is not in this version: use mysql:// or mariadb://");
	return fault(ret_problem, "the scheme is not known: write mysql://user:password@host:3306/database");
}

int url_parse_database(const char *text, struct database_url *ret_url, char ret_problem[URL_PROBLEM_BYTES])
{
	struct database_url url = {0};
	struct bytes unix_socket = {NULL, 0};
	struct pieces pieces = {0};
	int result;

	/* sqlite:file.db has no "://": the scheme is looked at first, so that the answer is about that. */
	struct bytes rest;
	struct bytes scheme = cut(bytes_of(text), ':', &rest);
	if (rest.data && (result = check_database_scheme(scheme, ret_problem)) < 0)
		return result;
	if ((result = split(text, &pieces, ret_problem)) < 0)
		return result;
	find_parameter(pieces.query, "unix_socket", &unix_socket);
	struct bytes database = pieces.path;
	if (database.size > 0) {
		database.data++;
		database.size--;
	}
	if ((result = decode(pieces.user, "user", url.user, ret_problem)) < 0 ||
	    (result = decode(pieces.password, "password", url.password, ret_problem)) < 0 ||
	    (result = decode(pieces.host, "host", url.host, ret_problem)) < 0 ||
	    (result = decode(database, "database name", url.database, ret_problem)) < 0 ||
	    (result = decode(unix_socket, "unix_socket", url.unix_socket, ret_problem)) < 0 ||
	    (result = parse_port(pieces.port, MYSQL_PORT, &url.port, ret_problem)) < 0)
		return result;
	if (url.database[0] == '\0')
		return fault(ret_problem, "it names no database: end it with /NAME");
	if (strchr(url.database, '/'))
		return fault(ret_problem, "there is a '/' in the database name");
	if (url.unix_socket[0] != '\0' && url.unix_socket[0] != '/')
		return fault(ret_problem, "unix_socket is not an absolute path");
	if (url.unix_socket[0] != '\0')
		url.host[0] = '\0';
	else
		settle_host(url.host);
	*ret_url = url;
	return 0;
}

/* The path of a redis:// URL is the number of a database; that of a unix:// URL is the socket. */
static int parse_redis_path(const struct pieces *pieces, bool is_socket, struct redis_url *url,
			    char ret_problem[URL_PROBLEM_BYTES])
{
	struct bytes database = {NULL, 0};

	find_parameter(pieces->query, "db", &database);
	if (is_socket) {
		int result = decode(pieces->path, "path", url->unix_socket, ret_problem);
		if (result < 0)
			return result;
		if (url->unix_socket[0] == '\0' || pieces->host.size > 0)
			return fault(ret_problem, "it names no socket: write unix:///path/to/redis.sock");
	} else if (pieces->path.size > 1) {
		database = (struct bytes){pieces->path.data + 1, pieces->path.size - 1};
	}
	if (database.size > 0 && parse_number(database, REDIS_DATABASES_MAX, &url->database) < 0)
		return fault(ret_problem, "the database is not a number: write %s",
			     is_socket ? "unix:///path?db=0" : "redis://host:6379/0");
	return 0;
}

int url_parse_redis(const char *text, struct redis_url *ret_url, char ret_problem[URL_PROBLEM_BYTES])
{
	struct redis_url url = {0};
	struct pieces pieces = {0};
	int result = split(text, &pieces, ret_problem);

	if (result < 0)
		return result;
	bool is_socket = scheme_is(pieces.scheme, "unix");
	url.tls = scheme_is(pieces.scheme, "rediss");
	if (!is_socket && !url.tls && !scheme_is(pieces.scheme, "redis"))
		return fault(ret_problem, "the scheme is not known: write redis://host:6379/0 or unix:///path");
	if ((result = decode(pieces.user, "user", url.user, ret_problem)) < 0 ||
	    (result = decode(pieces.password, "password", url.password, ret_problem)) < 0 ||
	    (result = decode(pieces.host, "host", url.host, ret_problem)) < 0 ||
	    (result = parse_port(pieces.port, REDIS_PORT, &url.port, ret_problem)) < 0 ||
	    (result = parse_redis_path(&pieces, is_socket, &url, ret_problem)) < 0)
		return result;
	if (!is_socket)
		settle_host(url.host);
	*ret_url = url;
	return 0;
}

/* Where the masked copy goes on. */
struct mask {
	char *to;
	size_t room;
};

static void mask_copy(struct mask *mask, const char *text, size_t size)
{
	if (size > mask->room)
		size = mask->room;
	memcpy(mask->to, text, size);
	mask->to += size;
	mask->room -= size;
}

/* Where a secret begins in the query: behind "password=" or "passwd=". */
static const char *find_secret_parameter(const char *query)
{
	static const char *const names[] = {"password=", "passwd="};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *found = strstr(query, names[i]);
		if (found && (!first || found < first))
			first = found;
	}
	return first ? strchr(first, '=') + 1 : NULL;
}

void url_mask(const char *text, char *to, unsigned to_bytes)
{
	if (to_bytes == 0)
		return;
	struct mask mask = {.to = to, .room = to_bytes - 1};
	const char *authority = strstr(text, "://");
	const char *rest = text;

	/* Up to the last '@' of the whole text, so that a password with a bare '/' or '?' does not show half of it. */
	const char *at = authority ? strrchr(authority, '@') : NULL;
	const char *colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;
	if (colon) {
		mask_copy(&mask, text, (size_t)(colon + 1 - text));
		mask_copy(&mask, "***", 3);
		rest = at;
	}
	const char *secret;
	while ((secret = find_secret_parameter(rest))) {
		mask_copy(&mask, rest, (size_t)(secret - rest));
		mask_copy(&mask, "***", 3);
		rest = secret + strcspn(secret, "&");
	}
	mask_copy(&mask, rest, strlen(rest));
	*mask.to = '\0';
}
