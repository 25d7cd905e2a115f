/* plan/sql/literal.h - values as SQL literals, typed by the column that they meet and never by themselves.
 *
 * Quoted text relies on utf8mb4 as the connection's character set and on a session without NO_BACKSLASH_ESCAPES. */
#ifndef PLAN_LITERAL_H
#define PLAN_LITERAL_H

#include "common/value.h"
#include "daemon/plan/sql/compiler.h"

/* What is stored must fit the column; what is compared may lie beyond it, and is never rounded. */
enum literal_use { LITERAL_STORE, LITERAL_COMPARE };

/* Appends the value as a literal for the column; nil is NULL. Errors: BAD_VALUE, OUT_OF_RANGE, DATA_TOO_LONG,
 * NOT_NULL_VIOLATION, each with the column, and never with the value: it may be nobody's business who reads the log. */
int literal_append(struct compiler *compiler, const struct column *column, const struct value *value,
		   enum literal_use use);

/* Whether the column's literals are canonical: equal texts mean equal values, and the other way round. */
bool literal_column_is_canonical(const struct column *column);

/* False when text cannot be what the server sends for the column: no number, where one stands in SQL as it is. */
bool literal_is_result(const struct column *column, struct bytes text);

/* Appends text that the server sent for the column as a literal that finds the same value again; data NULL is NULL. */
void literal_append_result(struct buffer *out, const struct column *column, struct bytes text);

/* 'text' with what has a meaning escaped; x'…'. */
void literal_append_quoted(struct buffer *out, struct bytes text);
void literal_append_hexadecimal(struct buffer *out, struct bytes data);

/* `name`, as it stands in SQL. */
void literal_append_identifier(struct buffer *out, struct bytes name);

/* The number of characters, or -1 when it is not UTF-8 (overlong forms, surrogates and beyond U+10FFFF included). */
int64_t literal_utf8_length(struct bytes text);

/* The kinds that have files of their own. */
int literal_append_text(struct compiler *compiler, const struct column *column, const struct value *value,
			enum literal_use use);
int literal_append_binary(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use);
int literal_append_document(struct compiler *compiler, const struct column *column, const struct value *value,
			    enum literal_use use);
int literal_append_number(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use);
int literal_append_time(struct compiler *compiler, const struct column *column, const struct value *value,
			enum literal_use use);

/* What literals of numbers are made of, for arithmetic with the column. As a number: exactly, whether the column could
 * hold it or not. As an integer: the same, without a fraction. */
struct decimal;
int literal_read_number(struct compiler *compiler, const struct column *column, const struct value *value,
			struct decimal *ret_number);
int literal_read_integer(struct compiler *compiler, const struct column *column, const struct value *value,
			 struct decimal *ret_number);

/* Rounds to the digits that the column keeps, with a warning, which is this text, when that has changed the number. */
void literal_round_number(struct compiler *compiler, const struct column *column, struct decimal *number);
extern const char literal_rounded[];

/* Refuses a number, and says why and what the column is. */
int literal_refuse_number(struct compiler *compiler, const struct column *column, enum error_code code,
			  const char *why);

/* Every digit of it, as a double. real must be finite. */
void literal_append_double(struct buffer *out, double real);

/* "column "age" (int(11)) takes no array": BAD_VALUE for a value of the wrong sort. */
int literal_refuse_type(struct compiler *compiler, const struct column *column, const struct value *value);

/* BAD_VALUE for bytes that are not UTF-8 where text belongs. */
int literal_refuse_encoding(struct compiler *compiler, const struct column *column);

/* INET4 and INET6 are of the same kind. */
bool literal_column_is_uuid(const struct column *column);

/* Adds to a BAD_VALUE of the server's what to do about it, where something can be said. column may be NULL. */
void literal_hint_refused(const struct column *column, uint32_t server_errno, struct error *error);

#endif
