/* database/session.c */
#include "daemon/database/session.h"

#include "daemon/database/errors.h"
#include "daemon/database/result.h"

#include <errmsg.h>
#include <errno.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	COROUTINE_STACK_BYTES = 256 * 1024, /* the library's own default of 60 KiB is too small for TLS */
	/* The largest row: as large as servers let a value be. A smaller limit would bound memory, but the library
	 * meets it with the very error of a server that died, and the command would run again and again. */
	PACKET_BYTES = 1024 * 1024 * 1024,
	TIMEOUT_GRACE_S = 5, /* the server ends a statement first */
	LOCK_WAIT_S = 5,
};

struct session {
	MYSQL *mysql;
	struct server_facts server;
};

int session_library_open(void)
{
	return mysql_library_init(0, NULL, NULL) == 0 ? 0 : -ENOMEM;
}

void session_library_close(void)
{
	mysql_library_end();
}

/* A server may answer any statement with "send me this file of yours". */
static int refuse_file(void **file, const char *name, void *context)
{
	(void)name;
	(void)context;
	*file = NULL;
	return 1;
}

static int read_no_file(void *file, char *buffer, unsigned int size)
{
	(void)file;
	(void)buffer;
	(void)size;
	return -1;
}

static void end_no_file(void *file)
{
	(void)file;
}

static int refuse_file_error(void *file, char *buffer, unsigned int size)
{
	(void)file;
	snprintf(buffer, size, "no local files");
	return CR_UNKNOWN_ERROR;
}

static unsigned whole_seconds(uint32_t ms)
{
	return ms == 0 ? 0 : (ms + 999) / 1000;
}

static void set_timeouts(MYSQL *mysql, const struct database_options *options, bool nonblocking)
{
	unsigned connect_s = whole_seconds(options->connect_timeout_ms);
	unsigned statement_s = whole_seconds(options->statement_timeout_ms);
	/* A handle for the loop uses these for setting the session up only: the loop has its own deadlines. */
	unsigned answer_s = nonblocking ? connect_s : statement_s ? statement_s + TIMEOUT_GRACE_S : 0;

	mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	if (answer_s > 0) {
		mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
		mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	}
}

/* Both flags are set in every mode: Connector/C 3.3 and 3.4 differ in what they take for granted. Encryption without
 * verification falls back to plain text when the server has none; TLS_REQUIRED is checked after connecting. */
static void set_tls(MYSQL *mysql, const struct database_options *options)
{
	/* A unix socket needs no encryption; who asks for it all the same gets it. */
	bool wanted = options->tls == TLS_REQUIRED || options->tls == TLS_VERIFY ||
		      (options->tls == TLS_PREFERRED && options->url.unix_socket[0] == '\0');
	my_bool enforce = wanted;
	my_bool verify = options->tls == TLS_VERIFY;

	if (wanted && options->tls_ca && options->tls_ca[0])
		mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, options->tls_ca);
	if (wanted && options->tls_cert && options->tls_cert[0])
		mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, options->tls_cert);
	if (wanted && options->tls_key && options->tls_key[0])
		mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, options->tls_key);
	mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
	mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

static void set_options(MYSQL *mysql, const struct database_options *options, bool nonblocking)
{
	my_bool no = 0;
	unsigned int local_files = 0;
	size_t packet_bytes = PACKET_BYTES, stack_bytes = COROUTINE_STACK_BYTES;

	if (nonblocking)
		mysql_optionsv(mysql, MYSQL_OPT_NONBLOCK, &stack_bytes);
	mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &no);
	mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &local_files);
	mysql_set_local_infile_handler(mysql, refuse_file, read_no_file, end_no_file, refuse_file_error, NULL);
	mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes);
	mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "rowd");
	set_timeouts(mysql, options, nonblocking);
	set_tls(mysql, options);
}

static int take_facts(void *context, const char *const *values, const unsigned long *lengths, uint32_t count)
{
	struct server_facts *server = context;
	unsigned major = 0, minor = 0, patch = 0;

	(void)lengths;
	if (count != 3 || !values[0] || !values[1] || !values[2]) /* not a server that we know; go on with zeros */
		return 0;
	snprintf(server->version_text, sizeof(server->version_text), "%s", values[0]);
	if (strcasestr(values[0], "mariadb"))
		server->kind = SERVER_MARIADB;
	sscanf(values[0], "%u.%u.%u", &major, &minor, &patch);
	server->version = major * 10000 + minor * 100 + patch;
	server->max_allowed_packet = strtoull(values[1], NULL, 10);
	server->auto_increment_increment = (uint32_t)strtoul(values[2], NULL, 10);
	return 0;
}

static int read_facts(struct session *session, struct sql_error *ret_error)
{
	session->server.kind = mariadb_connection(session->mysql) ? SERVER_MARIADB : SERVER_MYSQL;
	return session_query(session, BYTES("SELECT VERSION(), @@max_allowed_packet, @@auto_increment_increment"),
			     take_facts, &session->server, NULL, ret_error);
}

/* What every session is, whatever the server's own defaults. lc_messages: the texts of errors are read for names.
 * foreign_key_checks: on it rests that nothing is committed by who was declared dead (schemas/tables/rowd.sql). */
static const char session_settings[] =
	"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,"
	"ERROR_FOR_DIVISION_BY_ZERO', time_zone = '+00:00', lc_messages = 'en_US', sql_safe_updates = 0, completion_type = 0, "
	"foreign_key_checks = 1, sql_quote_show_create = 1, "
	"innodb_lock_wait_timeout = %d, lock_wait_timeout = %u, wait_timeout = %u";

/* What the server ends by itself. MySQL's limit does not reach writes: the stopper does; and it lets a transaction lie
 * open for as long as the connection. The limit for writes would stand before that for all, were it set. */
static void write_limits(char *to, size_t size, enum server_kind kind, const struct database_options *options)
{
	uint32_t statement_ms = options->statement_timeout_ms;
	unsigned idle_s = whole_seconds(options->idle_transaction_ms);

	if (kind == SERVER_MARIADB)
		snprintf(to, size,
			 "SET SESSION max_statement_time = %u.%03u, idle_transaction_timeout = %u, "
			 "idle_write_transaction_timeout = %u",
			 statement_ms / 1000, statement_ms % 1000, idle_s, idle_s);
	else
		snprintf(to, size, "SET SESSION max_execution_time = %u", statement_ms);
}

static int set_session(struct session *session, const struct database_options *options, struct sql_error *ret_error)
{
	unsigned statement_s = whole_seconds(options->statement_timeout_ms);
	/* Long enough to outlive two pings that came late; the servers' own default without pings. */
	unsigned wait_s = options->idle_ping_s ? 3 * options->idle_ping_s + 60 : 28800;
	char settings[512], limits[192];
	const char *statements[] = {settings, limits, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
				    "SET SESSION autocommit = 0"};
	int r;

	/* lock_wait_timeout is about metadata locks. */
	snprintf(settings, sizeof(settings), session_settings, LOCK_WAIT_S, statement_s ? statement_s : 3600, wait_s);
	write_limits(limits, sizeof(limits), session->server.kind, options);

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		r = session_query(session, bytes_of(statements[i]), NULL, NULL, NULL, ret_error);
		if (r)
			return r;
	}
	/* Not every version and account may set it; without it NULL in a TIMESTAMP column means now. */
	r = session_query(session, BYTES("SET SESSION explicit_defaults_for_timestamp = 1"), NULL, NULL, NULL,
			  ret_error);
	return r && ret_error->class == SQL_ERROR_CONNECTION ? r : 0;
}

static int fail(struct session *session, struct sql_error *ret_error)
{
	result_take_error(session->mysql, session->server.kind, ret_error);
	return -EIO;
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static int connect_and_set(struct session *session, const struct database_options *options, struct sql_error *ret_error)
{
	const struct database_url *url = &options->url;
	MYSQL *mysql = session->mysql;
	int r;

	/* The password is never NULL: that would read $MYSQL_PWD. */
	if (!mysql_real_connect(mysql, or_null(url->host), url->user, url->password, or_null(url->database), url->port,
				or_null(url->unix_socket), CLIENT_FOUND_ROWS))
		return fail(session, ret_error);
	if (options->tls == TLS_REQUIRED && !mysql_get_ssl_cipher(mysql)) {
		sql_error_lost(ret_error, CR_SSL_CONNECTION_ERROR, "tls = required, but the server has no TLS");
		return -EIO;
	}
	if (mysql_set_character_set(mysql, "utf8mb4"))
		return fail(session, ret_error);
	r = read_facts(session, ret_error);
	return r ? r : set_session(session, options, ret_error);
}

int session_open(const struct database_options *options, bool nonblocking, struct session **ret_session,
		 struct sql_error *ret_error)
{
	struct session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	session->mysql = mysql_init(NULL);
	if (!session->mysql) {
		free(session);
		return -ENOMEM;
	}
	set_options(session->mysql, options, nonblocking);
	r = connect_and_set(session, options, ret_error);
	if (r) {
		session_close(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

void session_close_released(MYSQL *mysql)
{
	my_socket socket = mysql_get_socket(mysql);

	/* Under TLS the library would wait for the server's goodbye after its own. */
	if (socket != MARIADB_INVALID_SOCKET)
		shutdown(socket, SHUT_RD);
	mysql_close(mysql);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	session_close_released(session->mysql);
	free(session);
}

struct st_mysql *session_release(struct session *session)
{
	MYSQL *mysql = session->mysql;

	free(session);
	return mysql;
}

const struct server_facts *session_server(const struct session *session)
{
	return &session->server;
}

/* Reads all rows, also those that nobody wants any more: the connection has to stay usable. */
static int read_rows(struct session *session,
		     int (*row)(void *context, const char *const *values, const unsigned long *lengths, uint32_t count),
		     void *context, struct statement_result *result, struct sql_error *ret_error)
{
	MYSQL *mysql = session->mysql;
	MYSQL_RES *answer = mysql_use_result(mysql);
	uint64_t rows = 0;
	MYSQL_ROW values;
	int r = 0;

	if (!answer)
		return fail(session, ret_error);
	result_forget_error(mysql);
	while ((values = mysql_fetch_row(answer))) {
		rows++;
		if (row && r == 0)
			r = row(context, (const char *const *)values, mysql_fetch_lengths(answer),
				mysql_num_fields(answer));
	}
	mysql_free_result(answer);
	if (mysql_errno(mysql))
		return fail(session, ret_error);
	result_take_rows(mysql, rows, result);
	return r;
}

int session_query(struct session *session, struct bytes text,
		  int (*row)(void *context, const char *const *values, const unsigned long *lengths, uint32_t count),
		  void *context, struct statement_result *ret_result, struct sql_error *ret_error)
{
	MYSQL *mysql = session->mysql;
	struct statement_result result;
	int r;

	if (mysql_real_query(mysql, text.data, text.size))
		return fail(session, ret_error);
	if (mysql_field_count(mysql) > 0) {
		r = read_rows(session, row, context, &result, ret_error);
		if (r)
			return r;
	} else {
		result_take(mysql, &result);
	}
	if (ret_result)
		*ret_result = result;
	return 0;
}
