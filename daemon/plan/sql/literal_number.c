/* plan/sql/literal_number.c - literals for the numeric columns. */
#include "daemon/plan/sql/literal.h"

#include "daemon/plan/sql/decimal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

/* Up to here a double holds every integer; beyond, it may already be another one than was meant. */
#define EXACT_INTEGER_LIMIT 9007199254740992.0

/* From here on a double no longer rounds to a finite float: FLT_MAX and half of its last digit. */
#define FLOAT_LIMIT 3.4028235677973366e38

/* What a DECIMAL is compared with has an exponent when it is large; beyond a double's it is no number to the server. */
enum { REAL_DIGITS = 308 };

const char literal_rounded[] = "rounded to the digits that the column keeps";
static const char too_small[] = "too small for the column, and so zero";

int literal_refuse_number(struct compiler *compiler, const struct column *column, enum error_code code, const char *why)
{
	char type[ERROR_QUOTED_BYTES];

	return compiler_refuse(compiler, code, column, "%s, and the column is %s", why,
			       error_quote(type, column->type));
}

/* Any value that stands for a number. */
int literal_read_number(struct compiler *compiler, const struct column *column, const struct value *value,
			struct decimal *ret_number)
{
	switch (value->type) {
	case VALUE_BOOL:
		decimal_from_integer(value->boolean, ret_number);
		return 0;
	case VALUE_INT:
		decimal_from_integer(value->integer, ret_number);
		return 0;
	case VALUE_UINT:
		decimal_from_unsigned(value->unsigned_integer, ret_number);
		return 0;
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
		if (!isfinite(value->real))
			return literal_refuse_number(compiler, column, ERROR_BAD_VALUE,
						     "NaN and infinity are no numbers");
		decimal_from_real(value->real, value->type == VALUE_FLOAT32, ret_number);
		return 0;
	case VALUE_NUMBER:
	case VALUE_STR:
	case VALUE_BIN:
		if (!decimal_parse(value_bytes(value), ret_number))
			return literal_refuse_number(compiler, column, ERROR_BAD_VALUE, "the text is not a number");
		return 0;
	case VALUE_NIL:
	case VALUE_TIMESTAMP:
	case VALUE_EXTENSION:
	case VALUE_ARRAY:
	case VALUE_MAP:
		break;
	}
	return literal_refuse_type(compiler, column, value);
}

/* The largest absolute value on that side of zero. */
static uint64_t integer_limit(const struct column *column, bool negative)
{
	uint32_t bits = column->kind == COLUMN_BIT ? column->integer_bytes : 8u * column->integer_bytes;
	uint64_t all = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	if (column->is_unsigned || column->kind == COLUMN_BIT)
		return negative ? 0 : all;
	return negative ? all / 2 + 1 : all / 2;
}

static bool integer_fits(const struct column *column, bool negative, uint64_t magnitude)
{
	if (column->kind == COLUMN_YEAR)
		return magnitude == 0 || (!negative && magnitude >= 1901 && magnitude <= 2155);
	return magnitude <= integer_limit(column, negative);
}

/* An integer of 64 bits and a sign. */
static int append_magnitude(struct compiler *compiler, const struct column *column, bool negative, uint64_t magnitude,
			    enum literal_use use)
{
	if (use == LITERAL_STORE && !integer_fits(column, negative, magnitude))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	/* The servers take 1 to 99 for 1970 to 2069; 100 lies where these lie, between the years that a YEAR holds. */
	if (column->kind == COLUMN_YEAR && magnitude > 0 && magnitude < 100)
		magnitude = 100;
	if (negative && magnitude > 0)
		buffer_append_byte(compiler->out, '-');
	buffer_append_uint(compiler->out, magnitude);
	return 0;
}

int literal_read_integer(struct compiler *compiler, const struct column *column, const struct value *value,
			 struct decimal *ret_number)
{
	bool real = value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64;
	int result = literal_read_number(compiler, column, value, ret_number);

	if (result < 0)
		return result;
	if (real && fabs(value->real) > EXACT_INTEGER_LIMIT) {
		literal_refuse_number(compiler, column, ERROR_BAD_VALUE, "a float above 2^53 is not exact");
		error_hint(compiler->error, "send it as an int or as a str");
		return -EINVAL;
	}
	/* Of more digits than these not all are kept: nobody can say any more whether there is a fraction. */
	if (ret_number->point > DECIMAL_DIGITS)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	if (!decimal_is_integer(ret_number))
		return literal_refuse_number(compiler, column, ERROR_BAD_VALUE, "the number has a fraction");
	return 0;
}

/* Whatever else stands for an integer. */
static int append_parsed_integer(struct compiler *compiler, const struct column *column, const struct value *value,
				 enum literal_use use)
{
	struct decimal number = {0};
	uint64_t magnitude;
	int result = literal_read_integer(compiler, column, value, &number);

	if (result < 0)
		return result;
	if (decimal_magnitude(&number, &magnitude))
		return append_magnitude(compiler, column, number.negative, magnitude, use);
	if (use == LITERAL_STORE)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	decimal_append(&number, 0, compiler->out);
	return 0;
}

static int append_integer(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
{
	if (value->type == VALUE_UINT)
		return append_magnitude(compiler, column, false, value->unsigned_integer, use);
	if (value->type == VALUE_INT)
		return append_magnitude(compiler, column, value->integer < 0,
					value->integer < 0 ? 0 - (uint64_t)value->integer : (uint64_t)value->integer,
					use);
	return append_parsed_integer(compiler, column, value, use);
}

void literal_round_number(struct compiler *compiler, const struct column *column, struct decimal *number)
{
	if (decimal_round(number, column->scale))
		compiler_warn(compiler, column, literal_rounded);
}

/* Rounds to the digits that the column keeps, and refuses more than it has room for. */
static int round_to_column(struct compiler *compiler, const struct column *column, struct decimal *number)
{
	literal_round_number(compiler, column, number);
	if (decimal_integer_digits(number) > (uint32_t)(column->precision - column->scale))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	return 0;
}

static int append_decimal(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
{
	struct decimal number = {0};
	int result = literal_read_number(compiler, column, value, &number);

	if (result == 0 && use == LITERAL_STORE)
		result = round_to_column(compiler, column, &number);
	if (result < 0)
		return result;
	/* Of a literal of more than 81 digits the servers drop the last ones in silence, and find what is not equal. */
	if (use == LITERAL_COMPARE)
		decimal_cut(&number, column->scale + 1u);
	if (number.point > REAL_DIGITS ||
	    (use == LITERAL_STORE && number.negative && number.count > 0 && column->is_unsigned))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	decimal_append(&number, column->scale, compiler->out);
	return 0;
}

void literal_append_double(struct buffer *out, double real)
{
	char text[48];

	/* Without an exponent the server takes the digits for a DECIMAL, and may cut them. */
	snprintf(text, sizeof(text), "%.16e", real);
	buffer_append_text(out, text);
}

/* The value as a double, rounded to the column's digits where it has such. */
static int read_real(struct compiler *compiler, const struct column *column, const struct value *value,
		     enum literal_use use, double *ret_real)
{
	bool rounds = column->is_scaled && use == LITERAL_STORE;
	bool is_real = value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64;
	struct decimal number = {0};
	int result;

	if (is_real && isfinite(value->real) && !rounds) {
		*ret_real = value->real;
		return 0;
	}
	result = literal_read_number(compiler, column, value, &number);
	if (result == 0 && rounds)
		result = round_to_column(compiler, column, &number);
	if (result < 0)
		return result;
	if (!decimal_real(&number, ret_real))
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	if (*ret_real == 0 && number.count > 0 && use == LITERAL_STORE)
		compiler_warn(compiler, column, too_small);
	return 0;
}

/* As a FLOAT column rounds it, so that what was stored is found again. */
static int round_to_single(struct compiler *compiler, const struct column *column, enum literal_use use, double *real)
{
	double given = *real;

	if (fabs(given) < FLOAT_LIMIT)
		*real = (double)(float)given;
	else if (use == LITERAL_STORE)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	if (*real == 0 && given != 0 && use == LITERAL_STORE)
		compiler_warn(compiler, column, too_small);
	return 0;
}

static int append_real(struct compiler *compiler, const struct column *column, const struct value *value,
		       enum literal_use use)
{
	double real;
	int result = read_real(compiler, column, value, use, &real);

	if (result < 0)
		return result;
	if (use == LITERAL_STORE && real < 0 && column->is_unsigned)
		return literal_refuse_number(compiler, column, ERROR_OUT_OF_RANGE, "the number is out of range");
	if (column->kind == COLUMN_FLOAT)
		result = round_to_single(compiler, column, use, &real);
	if (result == 0)
		literal_append_double(compiler->out, real);
	return result;
}

int literal_append_number(struct compiler *compiler, const struct column *column, const struct value *value,
			  enum literal_use use)
{
	if (column->kind == COLUMN_DECIMAL)
		return append_decimal(compiler, column, value, use);
	if (column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
		return append_real(compiler, column, value, use);
	return append_integer(compiler, column, value, use);
}
