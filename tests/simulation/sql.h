/* tests/simulation/sql.h - the statements that plan/ writes for the tables of store.h, executed. One that is not
 * understood is a fault of the test: it says so and ends. */
#ifndef SIMULATION_SQL_H
#define SIMULATION_SQL_H

#include "store.h"

#include "daemon/plan/statement.h"

struct sql_result {
	bool waits; /* for the holder of a row: nothing was done, it is to be executed again */
	bool failed;
	struct sql_error error;
	bool has_rows;
	uint32_t columns;
	struct blobs cells; /* row after row; NULL is NULL */
	struct statement_result result;
};

/* Fills a zeroed result. */
void sql_execute(struct store_transaction *transaction, struct bytes text, struct sql_result *result);
void sql_result_clear(struct sql_result *result);

/* An error of the server, or of the client library. */
void sql_fail(struct sql_result *result, uint32_t number, const char *sqlstate, const char *message);

#endif
