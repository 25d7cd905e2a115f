/* fake_procedure.h - a test double of plan/sql/procedure.h, the command decoder and the catalog: commands are scripts.
 *
 * The raw bytes of a command are a pointer to its script, which the test owns and looks into afterwards. */
#ifndef UNIT_FAKE_PROCEDURE_H
#define UNIT_FAKE_PROCEDURE_H

#include "daemon/plan/planner.h"
#include "daemon/plan/sql/procedure.h"

enum { SCRIPT_ENTRIES = 8, FAKE_PACKET_BYTES = 100 };

struct script {
	/* What it is. */
	enum op op;             /* OP_NONE: one that the planner has no rule for */
	const struct value *pk; /* as the command has it */
	enum procedure_kind kind;
	struct footprint_entry entries[SCRIPT_ENTRIES];
	uint32_t entry_count;
	const struct table *creates_in;
	int (*footprint)(struct script *script, struct footprint *footprint); /* instead of entries */
	uint32_t waves;                                                       /* how many it sends */
	uint32_t statements;                                                  /* in each wave; 0 stands for 1 */
	bool undecodable;
	int compile_result;         /* what procedure_compile returns, until the catalog's number reaches heals_at */
	uint64_t heals_at;          /* 0: never */
	bool fails_at_end;          /* after its waves it finds that it has failed */
	bool undo;                  /* … or when a statement fails, and then its effects are still there */
	uint32_t replies_that_fail; /* how often procedure_reply has no memory */
	const char *table;
	uint32_t share; /* shares its statement with scripts of the same number; 0: with nobody */
	size_t size;    /* of its part in that */
	bool is_one_statement;
	bool fits_compound;
	bool was_recovered; /* filled in: when it was compiled last */
	bool stale_row;     /* each row is none of the table that was known */
	bool bad;           /* makes a shared statement fail, and its own */
	bool takes_nothing_back;
	bool once;
	bool reused;         /* what the ledger has of its id is of another command */
	size_t answer_bytes; /* of what is to be kept */
	void *test;          /* the test's own */

	/* What became of it. */
	uint32_t compiled, restarted, replied, rows;
	bool told_executed;
	uint32_t wave; /* waves sent since the last restart */
	bool came;     /* its row of the ledger, in this run */
	bool failed;
	bool stands_by;
	enum error_code code; /* of the reply */
};

/* The raw command of a script. */
struct bytes script_raw(struct script *const *script);

/* A catalog with a number, and no tables but those that are put into it. */
struct catalog *fake_catalog(uint64_t number);
void fake_catalog_add(struct catalog *catalog, const struct table *table);

/* Catalog references that are not given back. */
int fake_catalog_references(void);

struct script *script_of(const struct job *job);

/* The job fails with that. */
void fake_fail(struct job *job, enum error_code code);
struct script *script_of_statement(const struct statement *statement);

#endif
