/* database/transaction_answers.h - the answers to a wave's statements: a part of transaction.c, and private to it. */
#ifndef DATABASE_TRANSACTION_ANSWERS_H
#define DATABASE_TRANSACTION_ANSWERS_H

#include "daemon/database/transaction.h"

/* The statement, what became of it and how long that took, if the options want it. error: NULL when it succeeded. */
void transaction_echo(struct transaction *transaction, struct bytes text, uint64_t rows, const struct sql_error *error);

/* What a statement takes of the outstanding bytes. */
size_t transaction_cost(const struct statement *statement);

/* The next statement to be answered was not sent. */
enum transaction_progress transaction_tell_too_long(struct transaction *transaction);

/* In ANSWERING and in FETCHING: takes in what the finished call brought. */
enum transaction_progress transaction_take_answer(struct transaction *transaction);
enum transaction_progress transaction_take_rows(struct transaction *transaction);

/* Behind the rows of a compound statement came an error. */
enum transaction_progress transaction_take_compound_error(struct transaction *transaction);

/* A compound statement was answered to the end. */
enum transaction_progress transaction_tell_compound(struct transaction *transaction);

/* The connection is of no use any more, for the library's error. Returns BROKEN. */
enum transaction_progress transaction_break_off(struct transaction *transaction);

#endif
