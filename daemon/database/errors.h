/* database/errors.h - what an error of the server means: its class, the code that a producer is told, and the names
 * that its text gives.
 *
 * Pure: numbers and texts in, a struct out. Numbers are those of MariaDB and of MySQL; the two never use one number for
 * two things that would need different answers, except where the text decides (1030, 1290). */
#ifndef DATABASE_ERRORS_H
#define DATABASE_ERRORS_H

#include "daemon/plan/catalog.h"
#include "daemon/plan/statement.h"

#include <stdint.h>

/* Fills ret_error from what the server, or the client library, said. message is cut to what fits; sqlstate may be
 * empty. An unknown number is judged by its SQLSTATE. */
void sql_error_set(struct sql_error *ret_error, enum server_kind kind, uint32_t number, const char *sqlstate,
		   const char *message);

/* An error of our own about a connection: it is gone or must go. number is one of the client library's. */
void sql_error_lost(struct sql_error *ret_error, uint32_t number, const char *message);

/* An error of our own about a statement that the server would not take: its packets are smaller than packet_bytes. */
void sql_error_too_long(struct sql_error *ret_error, uint64_t packet_bytes);

/* Finds the column, the constraint and the row that error->message names; leaves the others empty. error->number
 * decides where to look. Part of sql_error_set(), in database/error_names.c. */
void sql_error_find_names(struct sql_error *error, enum server_kind kind);

#endif
