/* plan/sql/set_operator_number.c - sums and products with a column of numbers.
 *
 * Integers are computed as DECIMAL, which holds every sum and product of two of them: so what is out of range is so for
 * the column, by its name, and never for an intermediate BIGINT of the server's choice. */
#include "daemon/plan/sql/set_operator.h"

#include "daemon/plan/sql/decimal.h"
#include "daemon/plan/sql/literal.h"

#include <errno.h>

/* What a DECIMAL of the servers has at most; of what is behind the point MySQL keeps no more than this. */
enum { SERVER_DIGITS = 65, SERVER_SCALE = 30 };

static uint32_t fraction_digits(const struct decimal *number)
{
	int64_t digits = (int64_t)number->count - number->point;

	return number->count > 0 && digits > 0 ? (uint32_t)digits : 0;
}

static void append_operation(struct buffer *out, const struct column *column, const char *operation)
{
	buffer_append(out, column->quoted);
	buffer_append_text(out, operation);
}

/* "`a` + 1.0": the point makes it a DECIMAL. */
static int append_integer(struct compiler *compiler, const struct column *column, const char *operation,
			  const struct value *operand)
{
	struct decimal number = {0};
	uint64_t magnitude;
	int result = literal_read_integer(compiler, column, operand, &number);

	if (result < 0)
		return result;
	if (!decimal_magnitude(&number, &magnitude))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	append_operation(compiler->out, column, operation);
	decimal_append(&number, 1, compiler->out);
	return 0;
}

/* The servers take 1 to 99 for 1970 to 2069; 100 lies where these lie, between the years that a YEAR holds. */
static int append_year(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	int result;

	buffer_append_text(compiler->out, "IF(");
	result = append_integer(compiler, column, " + ", operand);
	buffer_append_text(compiler->out, " BETWEEN 1 AND 99,100,");
	if (result == 0)
		result = append_integer(compiler, column, " + ", operand);
	buffer_append_byte(compiler->out, ')');
	return result;
}

/* Rounded as a plain value is, so that what the server adds needs no rounding. */
static int append_decimal_sum(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	uint32_t most = (uint32_t)(column->precision - column->scale) + 1; /* from one end to the other */
	struct decimal number = {0};
	int result = literal_read_number(compiler, column, operand, &number);

	if (result < 0)
		return result;
	literal_round_number(compiler, column, &number);
	if (most > (uint32_t)(SERVER_DIGITS - column->scale))
		most = (uint32_t)(SERVER_DIGITS - column->scale);
	if (decimal_integer_digits(&number) > most)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	append_operation(compiler->out, column, " + ");
	decimal_append(&number, column->scale, compiler->out);
	return 0;
}

/* Whether the product has more digits than the column is known only when it is there: the server then has a note. */
static int append_decimal_product(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	struct decimal factor = {0};
	int result = literal_read_number(compiler, column, operand, &factor);
	uint32_t fraction = fraction_digits(&factor);

	if (result < 0)
		return result;
	if (fraction > SERVER_SCALE || factor.cut)
		return literal_refuse_number(compiler, column, ERROR_BAD_VALUE,
					     "more than 30 digits behind the point are not multiplied exactly");
	if (decimal_integer_digits(&factor) + fraction > SERVER_DIGITS)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	if (fraction > 0 && column->scale + fraction > SERVER_SCALE)
		compiler_warn(compiler, column, literal_rounded);
	else if (fraction > 0)
		compiler_warn_if_noted(compiler, column, literal_rounded);
	append_operation(compiler->out, column, " * ");
	decimal_append(&factor, 0, compiler->out);
	return 0;
}

/* FLOAT(M,D) rounds sums as a DECIMAL does; all else that a float loses is what a float is. */
static int append_real(struct compiler *compiler, const struct column *column, const char *operation, bool rounds,
		       const struct value *operand)
{
	struct decimal number = {0};
	double real;
	int result = literal_read_number(compiler, column, operand, &number);

	if (result < 0)
		return result;
	if (rounds && column->is_scaled)
		literal_round_number(compiler, column, &number);
	if (!decimal_real(&number, &real))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	append_operation(compiler->out, column, operation);
	literal_append_double(compiler->out, real);
	return 0;
}

int set_operator_append_sum(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	if (column->kind == COLUMN_DECIMAL)
		return append_decimal_sum(compiler, column, operand);
	if (column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
		return append_real(compiler, column, " + ", true, operand);
	if (column->kind == COLUMN_YEAR)
		return append_year(compiler, column, operand);
	return append_integer(compiler, column, " + ", operand);
}

int set_operator_append_product(struct compiler *compiler, const struct column *column, const struct value *operand)
{
	if (column->kind == COLUMN_DECIMAL)
		return append_decimal_product(compiler, column, operand);
	if (column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
		return append_real(compiler, column, " * ", false, operand);
	return append_integer(compiler, column, " * ", operand);
}
