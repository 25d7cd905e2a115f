/* plan/sql/decimal.c */
#include "daemon/plan/sql/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Exponents beyond this are as good as infinite, and sums of two of them do not overflow. */
enum { EXPONENT_LIMIT = 100000, PLAIN_DIGITS = 90 };

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Takes the next digit; the first significant one fixes the point. */
static void push_digit(struct decimal *number, char digit)
{
	if (number->count < DECIMAL_DIGITS)
		number->digits[number->count++] = digit;
	else if (digit != '0')
		number->cut = true;
}

static void normalise(struct decimal *number)
{
	while (number->count > 0 && number->digits[number->count - 1] == '0')
		number->count--;
	if (number->count == 0)
		number->point = 0;
}

/* Reads "e[+-]digits" at `at`; returns the index behind it, or 0 when it is not one. */
static size_t parse_exponent(struct bytes text, size_t at, int32_t *ret_exponent)
{
	bool negative = false;
	int32_t exponent = 0;
	size_t first;

	at++;
	if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
		negative = text.data[at++] == '-';
	first = at;
	for (; at < text.size && is_digit(text.data[at]); at++)
		if (exponent < EXPONENT_LIMIT)
			exponent = exponent * 10 + (text.data[at] - '0');
	*ret_exponent = negative ? -exponent : exponent;
	return at > first ? at : 0;
}

bool decimal_parse(struct bytes text, struct decimal *ret_decimal)
{
	struct decimal number = {0};
	bool any = false, behind_point = false;
	size_t at = 0;

	if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
		number.negative = text.data[at++] == '-';
	for (; at < text.size && (is_digit(text.data[at]) || (text.data[at] == '.' && !behind_point)); at++) {
		if (text.data[at] == '.') {
			behind_point = true;
			continue;
		}
		any = true;
		if (number.count > 0 || text.data[at] != '0') {
			push_digit(&number, text.data[at]);
			if (!behind_point && number.point < EXPONENT_LIMIT)
				number.point++;
		} else if (behind_point && number.point > -EXPONENT_LIMIT) {
			number.point--;
		}
	}
	if (!any)
		return false;
	if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
		int32_t exponent;

		at = parse_exponent(text, at, &exponent);
		if (at == 0)
			return false;
		number.point += exponent;
	}
	if (at != text.size)
		return false;
	/* Else 1.000…1 would be taken for 1, and find it. */
	if (number.cut && number.digits[DECIMAL_DIGITS - 1] == '0')
		number.digits[DECIMAL_DIGITS - 1] = '1';
	normalise(&number);
	*ret_decimal = number;
	return true;
}

void decimal_from_real(double real, bool single, struct decimal *ret_decimal)
{
	char text[40];

	for (int digits = single ? 6 : 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, real);
		if (single ? strtof(text, NULL) == (float)real : strtod(text, NULL) == real)
			break;
	}
	decimal_parse(bytes_of(text), ret_decimal);
}

void decimal_from_unsigned(uint64_t integer, struct decimal *ret_decimal)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)integer);
	decimal_parse(bytes_of(text), ret_decimal);
}

void decimal_from_integer(int64_t integer, struct decimal *ret_decimal)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)integer);
	decimal_parse(bytes_of(text), ret_decimal);
}

bool decimal_is_integer(const struct decimal *number)
{
	return number->count == 0 || (!number->cut && number->point >= (int32_t)number->count);
}

bool decimal_magnitude(const struct decimal *number, uint64_t *ret_magnitude)
{
	uint64_t magnitude = 0;

	if (number->count > 0 && number->point > 20)
		return false;
	for (int32_t i = 0; i < number->point; i++) {
		uint64_t digit = i < (int32_t)number->count ? (uint64_t)(number->digits[i] - '0') : 0;

		if (__builtin_mul_overflow(magnitude, 10u, &magnitude) ||
		    __builtin_add_overflow(magnitude, digit, &magnitude))
			return false;
	}
	*ret_magnitude = magnitude;
	return true;
}

bool decimal_round(struct decimal *number, uint32_t scale)
{
	int64_t keep = (int64_t)number->point + scale; /* digits that stay */
	bool up;

	if (keep >= (int64_t)number->count)
		return false;
	up = keep >= 0 && number->digits[keep] >= '5';
	number->count = keep > 0 ? (uint32_t)keep : 0;
	number->cut = false;
	if (up) {
		uint32_t i = number->count;

		while (i > 0 && number->digits[i - 1] == '9')
			i--;
		if (i > 0) {
			number->digits[i - 1]++;
			number->count = i;
		} else { /* 9.99 became 10, or 0.005 became 0.01 */
			number->digits[0] = '1';
			number->count = 1;
			number->point++;
		}
	}
	normalise(number);
	return true;
}

void decimal_cut(struct decimal *number, uint32_t scale)
{
	int64_t keep = (int64_t)number->point + scale; /* digits that stay */

	if (keep >= (int64_t)number->count)
		return;
	if (keep > 0) {
		number->count = (uint32_t)keep;
	} else {
		number->count = 1;
		number->point = 1 - (int32_t)scale;
		number->digits[0] = '0';
	}
	if (number->digits[number->count - 1] == '0')
		number->digits[number->count - 1] = '1';
}

uint32_t decimal_integer_digits(const struct decimal *number)
{
	return number->point > 0 ? (uint32_t)number->point : 0;
}

static void append_plain(const struct decimal *number, uint32_t scale, struct buffer *out)
{
	int32_t first = number->point < 0 ? number->point : 0; /* zeros in front of the first digit, negative */
	int32_t after = (int32_t)number->count - number->point;

	if (number->point <= 0)
		buffer_append_byte(out, '0');
	for (int32_t i = 0; i < number->point; i++)
		buffer_append_byte(out, i < (int32_t)number->count ? number->digits[i] : '0');
	if (after < (int32_t)scale)
		after = (int32_t)scale;
	if (after <= 0)
		return;
	buffer_append_byte(out, '.');
	for (int32_t i = number->point > 0 ? number->point : 0, written = 0; written < after; written++) {
		if (first < 0) {
			first++;
			buffer_append_byte(out, '0');
			continue;
		}
		buffer_append_byte(out, i < (int32_t)number->count ? number->digits[i] : '0');
		i++;
	}
}

void decimal_append(const struct decimal *number, uint32_t scale, struct buffer *out)
{
	if (number->negative && number->count > 0)
		buffer_append_byte(out, '-');
	if (number->point <= PLAIN_DIGITS && number->point >= -PLAIN_DIGITS) {
		append_plain(number, scale, out);
		return;
	}
	buffer_append_text(out, "0.");
	buffer_append(out, (struct bytes){.data = number->digits, .size = number->count});
	buffer_append_byte(out, 'e');
	buffer_append_int(out, number->point);
}

bool decimal_real(const struct decimal *number, double *ret_real)
{
	char text[DECIMAL_DIGITS + 32];
	double real;

	snprintf(text, sizeof(text), "%s0.%.*se%d", number->negative ? "-" : "", (int)number->count, number->digits,
		 number->point);
	real = strtod(text, NULL);
	if (!isfinite(real))
		return false;
	*ret_real = real;
	return true;
}
