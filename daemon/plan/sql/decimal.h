/* plan/sql/decimal.h - decimal numbers as digits, so that no value changes on its way from the wire to the SQL text. */
#ifndef PLAN_DECIMAL_H
#define PLAN_DECIMAL_H

#include "common/buffer.h"
#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* More than any DECIMAL has (65), so that what is cut here can never decide a rounding. */
enum { DECIMAL_DIGITS = 120 };

/* 0.d1d2d3… times ten to the power of `point`; no leading or trailing zeros; zero has count 0, and may
 * have a sign, which only a double keeps. */
struct decimal {
	bool negative;
	bool cut; /* digits beyond DECIMAL_DIGITS were not zero; the last one kept is not zero either */
	uint32_t count;
	int32_t point;
	char digits[DECIMAL_DIGITS];
};

/* [+-]digits[.digits][e[+-]digits], also ".5" and "5."; nothing else around it. False: not a number. */
bool decimal_parse(struct bytes text, struct decimal *ret_decimal);

/* The shortest digits that read back to the same value; single: read back as a float32. real must be finite. */
void decimal_from_real(double real, bool single, struct decimal *ret_decimal);
void decimal_from_integer(int64_t integer, struct decimal *ret_decimal);
void decimal_from_unsigned(uint64_t integer, struct decimal *ret_decimal);

/* Whether there is nothing behind the decimal point. */
bool decimal_is_integer(const struct decimal *number);

/* The integer's absolute value. False when it does not fit. The number must be an integer. */
bool decimal_magnitude(const struct decimal *number, uint64_t *ret_magnitude);

/* Rounds half away from zero to so many digits after the point. Returns whether that changed the value. */
bool decimal_round(struct decimal *number, uint32_t scale);

/* Keeps so many digits after the point; where what goes is not zero, the last one that stays is not zero either. So it
 * still lies between the same two numbers of fewer digits. */
void decimal_cut(struct decimal *number, uint32_t scale);

/* Digits in front of the point, 0 for those below 1. */
uint32_t decimal_integer_digits(const struct decimal *number);

/* Appends plain digits with at least `scale` of them after the point; a number too large or too small to write out has
 * an exponent instead. Zero has no sign. */
void decimal_append(const struct decimal *number, uint32_t scale, struct buffer *out);

/* False when it is beyond a double. */
bool decimal_real(const struct decimal *number, double *ret_real);

#endif
