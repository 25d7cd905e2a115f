/* tests/fuzz/where_literal.c - what a literal means to a server, held against the value that it was made of. */
#include "common/message.h"
#include "common/number.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/where_tree.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* DIGITS_COMPARED: no DECIMAL has more than 65 digits, so that behind these it only matters whether there is one. */
enum { DIGITS_COMPARED = 110, TEXT_BYTES = 1100, DAY_S = 86400 };

/* --- numbers ------------------------------------------------------------------------------------------------------ */

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
		char exponent[TEXT_BYTES];

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

/* The value as the text of a number; a float's shortest one. */
static struct bytes number_text(const struct value *value, char to[NUMBER_TEXT_BYTES])
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

static double real_of(struct bytes text)
{
	char copy[TEXT_BYTES];

	snprintf(copy, sizeof(copy), "%.*s", BYTES_ARG(text));
	return strtod(copy, NULL);
}

/* A FLOAT column rounds what it is compared with as it rounds what it stores, unless that is beyond it. */
static bool real_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	bool is_real = value->type == VALUE_FLOAT32 || value->type == VALUE_FLOAT64;
	double real = is_real ? value->real : real_of(number_text(value, space));

	if (column->kind == COLUMN_FLOAT && isfinite((float)real))
		real = (double)(float)real;
	return real_of(literal) == real;
}

static bool number_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	struct bytes text;

	if (column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
		return real_means(literal, column, value);
	text = number_text(value, space);
	/* The server takes 1 to 99 for years of two digits; 100 lies where they lie, and is none. */
	if (column->kind == COLUMN_YEAR && fabs(real_of(text)) >= 1 && fabs(real_of(text)) < 100)
		text = real_of(text) < 0 ? BYTES("-100") : BYTES("100");
	if (column->kind == COLUMN_DECIMAL)
		return same_place(literal, text, column->scale);
	return same_number(literal, text);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static struct bytes without_spaces(struct bytes text)
{
	while (text.size > 0 && text.data[text.size - 1] == ' ')
		text.size--;
	return text;
}

static bool has_part(struct bytes set, struct bytes part)
{
	for (size_t start = 0, at = 0; at <= set.size; at++) {
		if (at < set.size && set.data[at] != ',')
			continue;
		if (bytes_equal((struct bytes){set.data + start, at - start}, part))
			return true;
		start = at + 1;
	}
	return false;
}

static bool has_parts(struct bytes set, struct bytes parts)
{
	for (size_t start = 0, at = 0; at <= parts.size; at++) {
		if (at < parts.size && parts.data[at] != ',')
			continue;
		if (!has_part(set, (struct bytes){parts.data + start, at - start}))
			return false;
		start = at + 1;
	}
	return true;
}

/* Two spellings of one UUID. */
static bool same_digits(struct bytes a, struct bytes b)
{
	size_t left = 0, right = 0;

	for (;;) {
		while (left < a.size && a.data[left] == '-')
			left++;
		while (right < b.size && b.data[right] == '-')
			right++;
		if (left == a.size || right == b.size)
			return left == a.size && right == b.size;
		if (tolower((unsigned char)a.data[left++]) != tolower((unsigned char)b.data[right++]))
			return false;
	}
}

static bool text_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char space[NUMBER_TEXT_BYTES];
	struct bytes text = number_text(value, space);

	if (column->kind == COLUMN_SET)
		return has_parts(text, literal) && has_parts(literal, text);
	if (column->kind == COLUMN_UUID && bytes_equal_text(column->type, "uuid"))
		return same_digits(literal, text);
	if (column->kind == COLUMN_TEXT && column->is_fixed_length)
		return bytes_equal(without_spaces(literal), without_spaces(text));
	return bytes_equal(literal, text);
}

/* BINARY(n) is filled up with zeros by the server. */
static bool bytes_mean(struct bytes literal, const struct column *column, const struct value *value)
{
	struct bytes data = value_bytes(value);

	for (size_t i = data.size; i < literal.size; i++) {
		if (!column->is_fixed_length || literal.size > column->max_length || literal.data[i] != '\0')
			return false;
	}
	return literal.size >= data.size && memcmp(literal.data, data.data ? data.data : "", data.size) == 0;
}

/* --- times -------------------------------------------------------------------------------------------------------- */

/* Microseconds in the fraction that text begins with. */
static long fraction_of(const char *text)
{
	long micro = 0;

	if (*text != '.' && *text != ',')
		return 0;
	text++;
	for (int digit = 0; digit < 6; digit++)
		micro = micro * 10 + (isdigit((unsigned char)*text) ? *text++ - '0' : 0);
	return micro;
}

/* Behind the seconds and their fraction: Z, ±hh, ±hhmm or ±hh:mm, in seconds. */
static long offset_of(const char *text)
{
	const char *sign = text + strcspn(text, "+-");
	int hours = 0, minutes = 0;

	if (*sign == '\0')
		return 0;
	if (sscanf(sign + 1, "%2d:%2d", &hours, &minutes) < 2)
		sscanf(sign + 1, "%2d%2d", &hours, &minutes);
	return (*sign == '-' ? -60L : 60L) * (hours * 60 + minutes);
}

/* Whether a month or day is zero: no calendar has such, and the text stays as it is. */
static bool is_partial(const struct tm *moment)
{
	return moment->tm_mon < 0 || moment->tm_mday == 0;
}

/* YYYY-MM-DD[( |T)HH:MM[:SS[.f]][offset]] as microseconds, in an order of its own where the calendar has none. */
static long long microseconds_of(const char *text)
{
	struct tm moment = {0};
	char rest[TEXT_BYTES] = "";

	sscanf(text, "%4d-%2d-%2d", &moment.tm_year, &moment.tm_mon, &moment.tm_mday);
	moment.tm_year -= 1900;
	moment.tm_mon -= 1;
	if (strlen(text) > 16) {
		sscanf(text + 11, "%2d:%2d", &moment.tm_hour, &moment.tm_min);
		if (text[16] == ':')
			sscanf(text + 17, "%2d", &moment.tm_sec);
		snprintf(rest, sizeof(rest), "%s", text + (text[16] == ':' ? 19 : 16));
	} else if (strlen(text) == 16) {
		sscanf(text + 11, "%2d:%2d", &moment.tm_hour, &moment.tm_min);
	}
	if (is_partial(&moment))
		return -((((long long)(moment.tm_year + 1900) * 13 + moment.tm_mon + 1) * 32 + moment.tm_mday) * DAY_S +
			 moment.tm_hour * 3600 + moment.tm_min * 60 + moment.tm_sec + 1) *
			       1000000 -
		       fraction_of(rest) - (1LL << 60);
	return (timegm(&moment) - offset_of(rest)) * 1000000LL + fraction_of(rest);
}

static bool moment_means(const char *literal, const char *given, const struct value *value)
{
	if (value->type == VALUE_TIMESTAMP)
		return microseconds_of(literal) == value->integer * 1000000LL + value->size / 1000;
	return microseconds_of(literal) == microseconds_of(given);
}

/* [-]H…:MM[:SS[.f]] */
static long long time_of(const char *text)
{
	bool negative = *text == '-';
	int hours = 0, minutes = 0, seconds = 0, size = 0;
	long long micro;

	sscanf(text + negative, "%5d:%2d%n", &hours, &minutes, &size);
	text += negative + size;
	if (*text == ':') {
		sscanf(text + 1, "%2d", &seconds);
		text += 3;
	}
	micro = ((hours * 60LL + minutes) * 60 + seconds) * 1000000 + fraction_of(text);
	return negative ? -micro : micro;
}

static bool time_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char text[TEXT_BYTES], given[TEXT_BYTES];

	snprintf(text, sizeof(text), "%.*s", BYTES_ARG(literal));
	snprintf(given, sizeof(given), "%.*s", BYTES_ARG(value_bytes(value)));
	if (column->kind == COLUMN_TIME)
		return time_of(text) == time_of(given);
	return moment_means(text, given, value);
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static bool document_is(const struct value *read, const struct value *value);

static bool members_are(const struct value *read, const struct value *value)
{
	for (uint32_t i = 0; i < value->size; i++) {
		if (value->type == VALUE_ARRAY && !document_is(&read->items[i], &value->items[i]))
			return false;
		/* A key that is no text becomes the text of its JSON, and is not looked at. */
		if (value->type == VALUE_MAP &&
		    ((value->members[i].key.type == VALUE_STR &&
		      !bytes_equal(value_bytes(&read->members[i].key), value_bytes(&value->members[i].key))) ||
		     !document_is(&read->members[i].value, &value->members[i].value)))
			return false;
	}
	return true;
}

static bool document_is(const struct value *read, const struct value *value)
{
	double real = value->real;

	if (value->type == VALUE_FLOAT32)
		return read->type == VALUE_NUMBER && (float)real_of(value_bytes(read)) == (float)real;
	if (value->type == VALUE_FLOAT64)
		return read->type == VALUE_NUMBER && real_of(value_bytes(read)) == real;
	if (value->type == VALUE_TIMESTAMP || value->type == VALUE_EXTENSION)
		return read->type == VALUE_MAP;
	if (value->type != VALUE_ARRAY && value->type != VALUE_MAP)
		return fuzz_same_value(read, value);
	/* A map of one $bin is read back as a bin. */
	return read->type == VALUE_BIN ||
	       (read->type == value->type && read->size == value->size && members_are(read, value));
}

/* A text is a document already; any other value is encoded. */
static bool document_means(struct bytes literal, const struct value *value)
{
	static struct arena arena;
	struct bytes message;
	struct value read;
	struct error error;
	bool same;

	if (value_is_text(value))
		return bytes_equal(literal, value_bytes(value));
	arena_init(&arena, 1 << 20);
	message = arena_format(&arena, "{\"document\":%.*s}", BYTES_ARG(literal));
	/* A value that nests as deep as a message may is too deep within one more map; keys may be one as texts. */
	same = message_decode(&arena, message, 1 << 20, &read, &error) != 0 ||
	       document_is(&read.members[0].value, value);
	arena_free(&arena);
	return same;
}

bool literal_means(const struct literal *literal, const struct column *column, const struct value *value)
{
	switch (column->kind) {
	case COLUMN_INTEGER:
	case COLUMN_YEAR:
	case COLUMN_BIT:
	case COLUMN_DECIMAL:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
		return literal->type == LITERAL_NUMBER && number_means(literal->text, column, value);
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_SET:
	case COLUMN_UUID:
		return literal->type == LITERAL_TEXT && text_means(literal->text, column, value);
	case COLUMN_BINARY:
	case COLUMN_GEOMETRY:
		return literal->type == LITERAL_BYTES && bytes_mean(literal->text, column, value);
	case COLUMN_DATE:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP:
	case COLUMN_TIME:
		return literal->type == LITERAL_TEXT && time_means(literal->text, column, value);
	case COLUMN_JSON:
		return (literal->type == LITERAL_TEXT || literal->type == LITERAL_DOCUMENT) &&
		       document_means(literal->text, value);
	}
	return false;
}
