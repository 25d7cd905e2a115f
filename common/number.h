/* common/number.h - floating-point numbers as decimal text, in the locale that the process starts with ("C"). */
#ifndef COMMON_NUMBER_H
#define COMMON_NUMBER_H

#include "common/bytes.h"

#include <stdbool.h>

enum { NUMBER_TEXT_BYTES = 32 };

/* The shortest text that reads back as the same number of that width: "0.1", "1e+22", "-0.0". It always has a point or
 * an exponent, so that it also reads back as a float. The number is finite. */
struct bytes number_from_float64(double number, char to[NUMBER_TEXT_BYTES]);
struct bytes number_from_float32(float number, char to[NUMBER_TEXT_BYTES]);

/* Reads a number in JSON's notation. True when the double's own shortest text names the same number, so that no digit
 * of the text is lost: true for 1.10, false for 0.1234567890123456789 and for 1e999. */
bool number_to_float64(struct bytes text, double *ret_number);

#endif
