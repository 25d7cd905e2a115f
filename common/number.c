/* common/number.c */
#include "common/number.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* More digits than this no double needs; a longer text may still name one (many zeros). */
enum { LONGEST_TEXT = 1200 };

static struct bytes with_point(char *text, int size)
{
	assert(size > 0 && size < NUMBER_TEXT_BYTES - 2);
	if (!strpbrk(text, ".e")) {
		memcpy(text + size, ".0", 3);
		size += 2;
	}
	return (struct bytes){.data = text, .size = (size_t)size};
}

struct bytes number_from_float64(double number, char to[NUMBER_TEXT_BYTES])
{
	int size = 0;

	assert(isfinite(number));
	/* 15 digits survive a double in any case, 17 always suffice. */
	for (int digits = 15; digits <= 17; digits++) {
		size = snprintf(to, NUMBER_TEXT_BYTES, "%.*g", digits, number);
		if (strtod(to, NULL) == number)
			break;
	}
	return with_point(to, size);
}

struct bytes number_from_float32(float number, char to[NUMBER_TEXT_BYTES])
{
	int size = 0;

	assert(isfinite(number));
	for (int digits = 6; digits <= 9; digits++) {
		size = snprintf(to, NUMBER_TEXT_BYTES, "%.*g", digits, (double)number);
		if (strtof(to, NULL) == number)
			break;
	}
	return with_point(to, size);
}

/* A number's significant digits, without zeros at either end, and the power of ten of the last one. */
struct decimal {
	bool negative;
	size_t digit_count;
	int64_t exponent;
	char digits[LONGEST_TEXT];
};

/* text is a number in JSON's notation. */
static void decimal_read(struct bytes text, struct decimal *ret_decimal)
{
	size_t at = 0;
	bool fraction = false;

	ret_decimal->negative = text.size > 0 && text.data[0] == '-';
	ret_decimal->digit_count = 0;
	ret_decimal->exponent = 0;
	for (at = ret_decimal->negative; at < text.size; at++) {
		char letter = text.data[at];

		if (letter == '.') {
			fraction = true;
			continue;
		}
		if (letter < '0' || letter > '9')
			break;
		if (letter != '0' || ret_decimal->digit_count > 0)
			ret_decimal->digits[ret_decimal->digit_count++] = letter;
		ret_decimal->exponent -= fraction;
	}
	if (at < text.size) {
		/* An exponent of more digits than a double's makes it infinite or nothing: the comparison says so. */
		char exponent[8] = {0};
		size_t size = text.size - at - 1;

		memcpy(exponent, text.data + at + 1, size < sizeof(exponent) - 1 ? size : sizeof(exponent) - 1);
		ret_decimal->exponent += strtol(exponent, NULL, 10);
	}
	while (ret_decimal->digit_count > 0 && ret_decimal->digits[ret_decimal->digit_count - 1] == '0') {
		ret_decimal->digit_count--;
		ret_decimal->exponent++;
	}
}

bool number_to_float64(struct bytes text, double *ret_number)
{
	char terminated[LONGEST_TEXT + 1];
	char shortest_text[NUMBER_TEXT_BYTES];
	struct decimal given, shortest;

	if (text.size == 0 || text.size > LONGEST_TEXT)
		return false;
	memcpy(terminated, text.data, text.size);
	terminated[text.size] = '\0';

	double number = strtod(terminated, NULL);

	if (!isfinite(number))
		return false;
	decimal_read(text, &given);
	decimal_read(number_from_float64(number, shortest_text), &shortest);

	bool same_digits = given.digit_count == shortest.digit_count &&
			   memcmp(given.digits, shortest.digits, given.digit_count) == 0;
	bool same_exponent = given.digit_count == 0 || given.exponent == shortest.exponent;

	if (!same_digits || !same_exponent || given.negative != shortest.negative)
		return false;
	*ret_number = number;
	return true;
}
