/* plan/sql/answer.h - the body of a reply while it is written: rows as the server sends them, encoded at once.
 *
 *   answer_init --> [answer_restart --> answer_begin --> writer calls or answer_row* --> answer_end]* --> answer_reply
 *
 * Failure is the buffer's: BUFFER_TOO_LARGE when the body grew beyond its limit. */
#ifndef PLAN_ANSWER_H
#define PLAN_ANSWER_H

#include "common/reply.h"
#include "common/writer.h"
#include "daemon/plan/catalog.h"

struct answer_field {
	const char *name;
	size_t start, size;
};

struct answer {
	struct buffer body;
	struct writer writer;
	enum codec codec;
	uint64_t rows; /* written so far to the field that is open */
	struct answer_field fields[REPLY_FIELDS];
	uint32_t field_count;
};

/* spare: memory for the body, from buffer_spare(). */
void answer_init(struct answer *answer, enum codec codec, struct buffer *spare, size_t limit_bytes);
void answer_restart(struct answer *answer);
void answer_free(struct answer *answer);

/* Opens a field; name has to stay. What is written until answer_end() must be one value. */
struct writer *answer_begin(struct answer *answer, const char *name);
void answer_end(struct answer *answer);

/* The same for an array whose length is not known before its end: answer_row() or one value per answer_item(). */
void answer_begin_array(struct answer *answer, const char *name);
struct writer *answer_item(struct answer *answer);
void answer_end_array(struct answer *answer);

/* Writes one row as a map from column to value, in the order of the columns; values[i] NULL is nil. */
void answer_row(struct answer *answer, const struct column *const *columns, uint32_t count, const char *const *values,
		const unsigned long *lengths);

/* The same as an array of the values. */
void answer_row_array(struct answer *answer, const struct column *const *columns, uint32_t count,
		      const char *const *values, const unsigned long *lengths);

/* One value, by the column's type. */
void answer_value(struct writer *writer, const struct column *column, struct bytes text);

void answer_uint(struct answer *answer, const char *name, uint64_t number);
void answer_bool(struct answer *answer, const char *name, bool value);

/* Hands the fields to the reply as views. */
void answer_reply(const struct answer *answer, struct reply *reply);

#endif
