/* tests/fuzz/where_literal_time.c - points in time and times of day, by the C library's calendar. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/where_literal.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

enum { DAY_S = 86400 };

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
	char rest[WHERE_TEXT_BYTES] = "";

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

bool where_time_means(struct bytes literal, const struct column *column, const struct value *value)
{
	char text[WHERE_TEXT_BYTES], given[WHERE_TEXT_BYTES];

	snprintf(text, sizeof(text), "%.*s", BYTES_ARG(literal));
	snprintf(given, sizeof(given), "%.*s", BYTES_ARG(value_bytes(value)));
	if (column->kind == COLUMN_TIME)
		return time_of(text) == time_of(given);
	return moment_means(text, given, value);
}
