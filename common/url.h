/* common/url.h - DATABASE_URL and REDIS_URL, in every spelling that people have in their environment. */
#ifndef COMMON_URL_H
#define COMMON_URL_H

#include <stdbool.h>
#include <stdint.h>

enum { URL_TEXT_BYTES = 256 };

/* {mysql,mariadb}[+driver]://[user[:password]@][host[:port]]/database[?unix_socket=/path], NUL-terminated, decoded.
 *
 * The driver and all other query parameters (charset, ssl_ca, …) are ignored: the URL may be SQLAlchemy's. No host and
 * "localhost" are 127.0.0.1, by TCP; a socket is used only where unix_socket names it. IPv6 hosts stand in brackets. */
struct database_url {
	char host[URL_TEXT_BYTES]; /* empty with a socket */
	uint16_t port;
	char unix_socket[URL_TEXT_BYTES];
	char user[URL_TEXT_BYTES];
	char password[URL_TEXT_BYTES];
	char database[URL_TEXT_BYTES];
};

/* redis://[[user]:password@]host[:port][/db] ; unix://[[user]:password@]/path[?db=n] */
struct redis_url {
	char host[URL_TEXT_BYTES]; /* empty with a socket */
	uint16_t port;
	char unix_socket[URL_TEXT_BYTES];
	char user[URL_TEXT_BYTES];
	char password[URL_TEXT_BYTES];
	uint32_t database;
	bool tls; /* rediss:// */
};

/* Returns 0 and fills ret_url, or -EINVAL with the reason and what to do in ret_problem (never the password). */
enum { URL_PROBLEM_BYTES = 256 };
int url_parse_database(const char *text, struct database_url *ret_url, char ret_problem[URL_PROBLEM_BYTES]);
int url_parse_redis(const char *text, struct redis_url *ret_url, char ret_problem[URL_PROBLEM_BYTES]);

/* Copies the URL with its password as "***", for logs and `rowd config`. Cuts what does not fit. */
void url_mask(const char *text, char *to, unsigned to_bytes);

#endif
