/* database/errors.c - the table of the servers' errors. */
#include "daemon/database/errors.h"

#include "common/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct meaning {
	uint32_t number;
	enum sql_error_class class;
	enum error_code code;
};

/* In order of the numbers: it is searched by halves. Whatever is not here is judged by its SQLSTATE. */
static const struct meaning meanings[] = {
	{3, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},             /* EE_WRITE: error writing file */
	{167, SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE},        /* MariaDB: AUTO_INCREMENT has come to its end */
	{1020, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* CHECKREAD: MariaDB's snapshot isolation since 11.6 */
	{1021, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* DISK_FULL */
	{1022, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},   /* DUP_KEY */
	{1026, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* ERROR_ON_WRITE */
	{1030, SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR},          /* GET_ERRNO: the text decides, see below */
	{1037, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* OUTOFMEMORY */
	{1040, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* CON_COUNT: too many connections */
	{1041, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* OUT_OF_RESOURCES */
	{1042, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* BAD_HOST */
	{1043, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* HANDSHAKE */
	{1044, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* DBACCESS_DENIED */
	{1045, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* ACCESS_DENIED */
	{1047, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* UNKNOWN_COM: Galera's "node not ready" too */
	{1048, SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION}, /* BAD_NULL */
	{1049, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* BAD_DB */
	{1053, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* SERVER_SHUTDOWN */
	{1054, SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_COLUMN},  /* BAD_FIELD */
	{1062, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},   /* DUP_ENTRY */
	{1114, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* RECORD_FILE_FULL: InnoDB's disk full */
	{1129, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* HOST_IS_BLOCKED */
	{1130, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* HOST_NOT_PRIVILEGED */
	{1135, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},          /* CANT_CREATE_THREAD */
	{1139, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MariaDB: REGEXP */
	{1142, SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN},          /* TABLEACCESS_DENIED */
	{1143, SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN},          /* COLUMNACCESS_DENIED */
	{1146, SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE},   /* NO_SUCH_TABLE */
	{1152, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* ABORTING_CONNECTION */
	{1153, SQL_ERROR_OF_COMMAND, ERROR_TOO_LARGE},          /* NET_PACKET_TOO_LARGE */
	{1158, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* NET_READ_ERROR */
	{1159, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* NET_READ_INTERRUPTED */
	{1160, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* NET_ERROR_ON_WRITE */
	{1161, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* NET_WRITE_INTERRUPTED */
	{1162, SQL_ERROR_OF_COMMAND, ERROR_TOO_LARGE},          /* TOO_LONG_STRING */
	{1169, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},   /* DUP_UNIQUE */
	{1180, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* ERROR_DURING_COMMIT */
	{1184, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* NEW_ABORTING_CONNECTION */
	{1203, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* TOO_MANY_USER_CONNECTIONS */
	{1205, SQL_ERROR_LOCK_WAIT, ERROR_LOCK_TIMEOUT},        /* LOCK_WAIT_TIMEOUT */
	{1206, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* LOCK_TABLE_FULL */
	{1210, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* WRONG_ARGUMENTS: VECTOR = x'00' */
	{1213, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* LOCK_DEADLOCK */
	{1216, SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION}, /* NO_REFERENCED_ROW */
	{1217, SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION}, /* ROW_IS_REFERENCED */
	{1226, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},           /* USER_LIMIT_REACHED */
	{1227, SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN},             /* SPECIFIC_ACCESS_DENIED */
	{1251, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},               /* NOT_SUPPORTED_AUTH_MODE */
	{1263, SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION},    /* WARN_NULL_TO_NOTNULL */
	{1264, SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE},          /* WARN_DATA_OUT_OF_RANGE */
	{1265, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* WARN_DATA_TRUNCATED: no such ENUM value, "1x" */
	{1267, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* CANT_AGGREGATE_2COLLATIONS: text that the column's
								    * character set lacks, two columns that differ */
	{1270, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* CANT_AGGREGATE_3COLLATIONS */
	{1271, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* CANT_AGGREGATE_NCOLLATIONS */
	{1290, SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR},             /* OPTION_PREVENTS_STATEMENT: the text decides */
	{1292, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* TRUNCATED_WRONG_VALUE */
	{1300, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* INVALID_CHARACTER_STRING */
	{1301, SQL_ERROR_OF_COMMAND, ERROR_TOO_LARGE},             /* WARN_ALLOWED_PACKET_OVERFLOWED */
	{1317, SQL_ERROR_TIME, ERROR_TIMEOUT},                     /* QUERY_INTERRUPTED: somebody's KILL QUERY */
	{1348, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* NONUPDATEABLE_COLUMN of a view */
	{1356, SQL_ERROR_STALE_CATALOG, ERROR_UNKNOWN_TABLE},      /* VIEW_INVALID: what it is made from is gone */
	{1364, SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION},    /* NO_DEFAULT_FOR_FIELD */
	{1365, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* DIVISION_BY_ZERO */
	{1366, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* TRUNCATED_WRONG_VALUE_FOR_FIELD */
	{1367, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* ILLEGAL_VALUE_FOR_TYPE */
	{1369, SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION},       /* VIEW_CHECK_FAILED */
	{1370, SQL_ERROR_OF_COMMAND, ERROR_FORBIDDEN},             /* PROCACCESS_DENIED */
	{1406, SQL_ERROR_OF_COMMAND, ERROR_DATA_TOO_LONG},         /* DATA_TOO_LONG */
	{1411, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* WRONG_VALUE_FOR_TYPE */
	{1412, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},             /* TABLE_DEF_CHANGED: "please retry transaction" */
	{1416, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* CANT_CREATE_GEOMETRY_OBJECT */
	{1441, SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE},          /* DATETIME_FUNCTION_OVERFLOW */
	{1451, SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION}, /* ROW_IS_REFERENCED_2 */
	{1452, SQL_ERROR_OF_COMMAND, ERROR_FOREIGN_KEY_VIOLATION}, /* NO_REFERENCED_ROW_2 */
	{1461, SQL_ERROR_RESOURCE, ERROR_UNAVAILABLE},             /* MAX_PREPARED_STMT_COUNT_REACHED */
	{1467, SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE},          /* AUTOINC_READ_FAILED: it is at its end */
	{1524, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},               /* PLUGIN_IS_NOT_LOADED */
	{1525, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* WRONG_VALUE */
	{1586, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},      /* DUP_ENTRY_WITH_KEY_NAME */
	{1613, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},             /* XA_RBTIMEOUT */
	{1614, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},             /* XA_RBDEADLOCK */
	{1637, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},             /* TOO_MANY_CONCURRENT_TRXS */
	{1644, SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR},             /* SIGNAL, whatever SQLSTATE it chose */
	{1689, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},             /* LOCK_ABORTED */
	{1690, SQL_ERROR_OF_COMMAND, ERROR_OUT_OF_RANGE},          /* DATA_OUT_OF_RANGE */
	{1698, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},               /* ACCESS_DENIED_NO_PASSWORD */
	{1761, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},      /* FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO */
	{1762, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},      /* FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO */
	{1792, SQL_ERROR_READ_ONLY, ERROR_UNAVAILABLE},            /* CANT_EXECUTE_IN_READ_ONLY_TRANSACTION */
	{1820, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},               /* MUST_CHANGE_PASSWORD */
	{1836, SQL_ERROR_READ_ONLY, ERROR_UNAVAILABLE},            /* READ_ONLY_MODE */
	{1859, SQL_ERROR_OF_COMMAND, ERROR_UNIQUE_VIOLATION},      /* DUP_UNKNOWN_IN_INDEX */
	{1862, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},               /* MUST_CHANGE_PASSWORD_LOGIN */
	{1906, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},             /* MariaDB: value for a generated column */
	{1927, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},           /* MariaDB: CONNECTION_KILLED */
	{1969, SQL_ERROR_TIME, ERROR_TIMEOUT},                     /* MariaDB: STATEMENT_TIMEOUT */
	{2020, SQL_ERROR_CONNECTION, ERROR_TOO_LARGE},          /* client: packet too large; it closes the connection */
	{2058, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* client: auth plugin cannot be initialised */
	{2059, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* client: auth plugin cannot be loaded */
	{2061, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* client: auth plugin error */
	{3024, SQL_ERROR_TIME, ERROR_TIMEOUT},                  /* MySQL: QUERY_TIMEOUT */
	{3032, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* MySQL: SERVER_OFFLINE_MODE */
	{3100, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* MySQL: RUN_HOOK_ERROR, at COMMIT */
	{3101, SQL_ERROR_TRANSACTION, ERROR_DEADLOCK},          /* MySQL: group replication's certification */
	{3105, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: value for a generated column */
	{3118, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},            /* MySQL: ACCOUNT_HAS_BEEN_LOCKED */
	{3140, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: INVALID_JSON_TEXT */
	{3156, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: INVALID_JSON_VALUE_FOR_CAST */
	{3169, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},        /* MySQL: SESSION_WAS_KILLED */
	{3548, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: SRS_NOT_FOUND */
	{3572, SQL_ERROR_LOCK_WAIT, ERROR_LOCK_TIMEOUT},        /* MySQL: LOCK_NOWAIT */
	{3643, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: WRONG_SRID_FOR_COLUMN */
	{3673, SQL_ERROR_OF_COMMAND, ERROR_NOT_NULL_VIOLATION}, /* MySQL: NULL for a geometry */
	{3685, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: this and the next are about REGEXP */
	{3687, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: INTERNAL_ERROR: thousands of brackets, say */
	{3688, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: RULE_SYNTAX */
	{3689, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: BAD_ESCAPE_SEQUENCE */
	{3690, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: UNIMPLEMENTED */
	{3691, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: MISMATCHED_PAREN */
	{3692, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: BAD_INTERVAL */
	{3693, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: MAX_LT_MIN */
	{3694, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: INVALID_BACK_REF */
	{3695, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: LOOK_BEHIND_LIMIT */
	{3696, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: MISSING_CLOSE_BRACKET */
	{3697, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: INVALID_RANGE */
	{3698, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},          /* MySQL: STACK_OVERFLOW */
	{3699, SQL_ERROR_TIME, ERROR_TIMEOUT},               /* MySQL: TIME_OUT: regexp_time_limit, counted in steps */
	{3700, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MySQL: PATTERN_TOO_BIG */
	{3819, SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION}, /* MySQL: CHECK_CONSTRAINT_VIOLATED */
	{3854, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MySQL: CANNOT_CONVERT_STRING, in a comparison */
	{3887, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MySQL: REGEXP_INVALID_CAPTURE_GROUP_NAME */
	{3988, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MySQL: text that the column's character set lacks */
	{4025, SQL_ERROR_OF_COMMAND, ERROR_CHECK_VIOLATION}, /* MariaDB: CONSTRAINT_FAILED */
	{4031, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE},     /* MySQL: CLIENT_INTERACTION_TIMEOUT */
	{4038, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MariaDB: JSON_SYNTAX */
	{4078, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MariaDB: ILLEGAL_PARAMETER_DATA_TYPES */
	{4151, SQL_ERROR_ACCESS, ERROR_UNAVAILABLE},         /* MariaDB: ACCOUNT_HAS_BEEN_LOCKED */
	{6136, SQL_ERROR_OF_COMMAND, ERROR_BAD_VALUE},       /* MySQL: this is no VECTOR */
};

static int compare_number(const void *key, const void *element)
{
	uint32_t number = *(const uint32_t *)key;
	const struct meaning *meaning = element;

	return (number > meaning->number) - (number < meaning->number);
}

/* The client library's own numbers: everything there is about the connection. */
static bool is_of_client(uint32_t number)
{
	return (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
}

static struct meaning meaning_of_sqlstate(uint32_t number, const char *sqlstate)
{
	struct meaning meaning = {number, SQL_ERROR_OF_COMMAND, ERROR_SQL_ERROR};

	if (strncmp(sqlstate, "40", 2) == 0) {
		meaning.class = SQL_ERROR_TRANSACTION;
		meaning.code = ERROR_DEADLOCK;
	} else if (strncmp(sqlstate, "08", 2) == 0) {
		meaning.class = SQL_ERROR_CONNECTION;
		meaning.code = ERROR_UNAVAILABLE;
	} else if (strncmp(sqlstate, "28", 2) == 0) {
		meaning.class = SQL_ERROR_ACCESS;
		meaning.code = ERROR_UNAVAILABLE;
	} else if (strncmp(sqlstate, "22", 2) == 0) {
		meaning.code = ERROR_BAD_VALUE;
	}
	return meaning;
}

/* "Got error 28 "No space left on device" from storage engine InnoDB": whether the errno is the machine's trouble. */
static bool engine_is_out_of_resources(const char *message)
{
	static const char prefix[] = "Got error ";
	long number;

	if (strncmp(message, prefix, sizeof(prefix) - 1) != 0)
		return false;
	number = strtol(message + sizeof(prefix) - 1, NULL, 10);
	return number == 12 || number == 28 || number == 122 || number == 135 || number == 136;
}

static struct meaning meaning_of(uint32_t number, const char *sqlstate, const char *message)
{
	const struct meaning *found =
		bsearch(&number, meanings, sizeof(meanings) / sizeof(meanings[0]), sizeof(meanings[0]), compare_number);
	struct meaning meaning;

	if (found)
		meaning = *found;
	else if (is_of_client(number))
		meaning = (struct meaning){number, SQL_ERROR_CONNECTION, ERROR_UNAVAILABLE};
	else
		meaning = meaning_of_sqlstate(number, sqlstate);

	if (number == 1030 && engine_is_out_of_resources(message)) {
		meaning.class = SQL_ERROR_RESOURCE;
		meaning.code = ERROR_UNAVAILABLE;
	}
	/* "--read-only", "--super-read-only" (MySQL), "--read_only": other options that forbid a statement stay so. */
	if (number == 1290 && (strstr(message, "read-only") || strstr(message, "read_only"))) {
		meaning.class = SQL_ERROR_READ_ONLY;
		meaning.code = ERROR_UNAVAILABLE;
	}
	return meaning;
}

void sql_error_set(struct sql_error *ret_error, enum server_kind kind, uint32_t number, const char *sqlstate,
		   const char *message)
{
	struct meaning meaning = meaning_of(number, sqlstate, message);

	*ret_error = (struct sql_error){.class = meaning.class, .number = number, .code = meaning.code, .row = -1};
	snprintf(ret_error->sqlstate, sizeof(ret_error->sqlstate), "%.5s", sqlstate);
	snprintf(ret_error->message, sizeof(ret_error->message), "%s", message);
	sql_error_find_names(ret_error, kind);
}

void sql_error_lost(struct sql_error *ret_error, uint32_t number, const char *message)
{
	*ret_error = (struct sql_error){
		.class = SQL_ERROR_CONNECTION, .number = number, .code = ERROR_UNAVAILABLE, .row = -1};
	snprintf(ret_error->sqlstate, sizeof(ret_error->sqlstate), "08S01");
	snprintf(ret_error->message, sizeof(ret_error->message), "%s", message);
}

void sql_error_too_long(struct sql_error *ret_error, uint64_t packet_bytes)
{
	*ret_error = (struct sql_error){.class = SQL_ERROR_OF_COMMAND, .code = ERROR_TOO_LARGE, .row = -1};
	snprintf(ret_error->message, sizeof(ret_error->message),
		 "the statement is larger than max_allowed_packet (%" PRIu64 ")", packet_bytes);
}
