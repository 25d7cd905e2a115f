/* tests/fuzz/where_literal_number.c - numbers of any length, by their digits. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/where_literal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* No DECIMAL has more than 65 digits, so that behind these it only matters whether there is one. */
enum { DIGITS_COMPARED = 110 };

/* 0.digits * 10^point, without zeros at either end of the digits. */
struct number {
	bool negative, more; /* more: other digits than 0 follow those kept */
	size_t count;
	long point;
	char digits[DIGITS_COMPARED];
};

/* text is a number: the SQL parser, or the code that took it, has said so. */
static void number_read(struct bytes text, struct number *ret_number)
{
	struct number number = {0};
	bool fraction = false;
	size_t at = 0;

	for (; at < text.size && text.data[at] != 'e' && text.data[at] != 'E'; at++) {
		char byte = text.data[at];

		number.negative = number.negative || byte == '-';
		fraction = fraction || byte == '.';
		if (byte < '0' || byte > '9')
			continue;
		if (number.count == 0 && byte == '0') {
			number.point -= fraction;
			continue;
		}
		number.point += !fraction;
		if (number.count < DIGITS_COMPARED)
			number.digits[number.count++] = byte;
		else
			number.more = number.more || byte != '0';
	}
	while (number.count > 0 && !number.more && number.digits[number.count - 1] == '0')
		number.count--;
	if (at < text.size) {
		char exponent[WHERE_TEXT_BYTES];

		snprintf(exponent, sizeof(exponent), "%.*s", (int)(text.size - at - 1), text.data + at + 1);
		number.point += strtol(exponent, NULL, 10);
	}
	if (number.count == 0)
		number = (struct number){0};
	*ret_number = number;
}

static bool same(const struct number *a, const struct number *b)
{
	return a->negative == b->negative && a->more == b->more && a->count == b->count && a->point == b->point &&
	       memcmp(a->digits, b->digits, a->count) == 0;
}

static bool same_number(struct bytes a, struct bytes b)
{
	struct number left, right;

	number_read(a, &left);
	number_read(b, &right);
	return same(&left, &right);
}

/* Keeps so many digits behind the point. */
static void number_cut(struct number *number, long scale)
{
	long keep = number->point + scale;

	if (keep < 0)
		keep = 0;
	if (keep >= (long)number->count)
		return;
	number->more = true; /* the last digit is not zero */
	number->count = (size_t)keep;
	while (number->count > 0 && number->digits[number->count - 1] == '0')
		number->count--;
	number->point = number->count > 0 ? number->point : 0;
}

/* Whether the numbers lie on the same number of so many digits behind the point, or between the same two. */
static bool same_place(struct bytes a, struct bytes b, long scale)
{
	struct number left, right;

	number_read(a, &left);
	number_read(b, &right);
	number_cut(&left, scale);
	number_cut(&right, scale);
	return same(&left, &right);
}

struct bytes where_number_text(const struct value *value, char to[NUMBER_TEXT_BYTES])
{
	int size = 0;

	if (value->type == VALUE_BOOL)
		return value->boolean ? BYTES("1") : BYTES("0");
	if (value->type == VALUE_FLOAT32)
		return number_from_float32((float)value->real, to);
	if (value->type == VALUE_FLOAT64)
		return number_from_float64(value->real, to);
	if (value->type == VALUE_INT)
		size = snprintf(to, NUMBER_TEXT_BYTES, "%lld", (long long)value->integer);
	else if (value->type == VALUE_UINT)
		size = snprintf(to, NUMBER_TEXT_BYTES, "%llu", (unsigned long long)value->unsigned_integer);
	else
		return value_bytes(value);
	return (struct bytes){.data = to, .size = (size_t)size};
}

double where_real(struct bytes text)
{
	char copy[WHERE_TEXT_BYTES];

	snprintf(copy, sizeof(copy), "%.*s", BYTES_ARG(text));
	return strtod(copy, NULL);
}

/* A FLOAT column rounds what it is compared with as it rounds what it stores, unless that is beyond it. */
static bool real_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	bool is_real = value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64;
	double real = is_real ? value->real : where_real(where_number_text(value, space));

	if (column->kind == COLUMN_FLOAT && isfinite((float)real))
		real = (double)(float)real;
	return where_real(literal) == real;
}

bool where_number_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	struct bytes text;

	if (column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
		return real_means(literal, column, value);
	text = where_number_text(value, space);
	/* The server takes 1 to 99 for years of two digits; 100 lies where they lie, and is none. */
	if (column->kind == COLUMN_YEAR && fabs(where_real(text)) >= 1 && fabs(where_real(text)) < 100)
		text = where_real(text) < 0 ? BYTES("-100") : BYTES("100");
	if (column->kind == COLUMN_DECIMAL)
		return same_place(literal, text, column->scale);
	return same_number(literal, text);
}
