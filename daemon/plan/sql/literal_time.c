/* plan/sql/literal_time.c - literals for DATE, DATETIME, TIMESTAMP and TIME, in a grammar of our own.
 *
 * The servers read "10-11-12", 20240101 and "2024-02-31" each in its own way, and sometimes in silence. */
#include "daemon/plan/sql/literal.h"

#include <errno.h>
#include <stdio.h>

enum { TIME_HOURS = 838, FRACTION_DIGITS = 6, DAY_SECONDS = 86400 };

struct moment {
	bool negative; /* TIME only */
	bool has_time;
	int32_t year, month, day;
	int32_t hour, minute, second;
	uint32_t micro;
	bool cut; /* digits behind the sixth of the fraction were not zero */
	bool has_offset;
	int32_t offset_minutes;
};

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* Takes minimum to maximum digits. */
static bool take_digits(struct cursor *cursor, uint32_t minimum, uint32_t maximum, int32_t *ret_number)
{
	int32_t number = 0;
	uint32_t count = 0;

	for (; count < maximum && cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; count++)
		number = number * 10 + (*cursor->at++ - '0');
	*ret_number = number;
	return count >= minimum;
}

static bool take_fraction(struct cursor *cursor, struct moment *moment)
{
	uint32_t digits = 0;

	if (!take(cursor, '.') && !take(cursor, ','))
		return true;
	for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++, digits++) {
		if (digits < FRACTION_DIGITS)
			moment->micro = moment->micro * 10 + (uint32_t)(*cursor->at - '0');
		else if (*cursor->at != '0')
			moment->cut = true;
	}
	for (uint32_t i = digits; i < FRACTION_DIGITS; i++)
		moment->micro *= 10;
	return digits > 0;
}

/* :MM[:SS[.ffffff]] */
static bool take_minutes(struct cursor *cursor, struct moment *moment)
{
	if (!take(cursor, ':') || !take_digits(cursor, 2, 2, &moment->minute) || moment->minute > 59)
		return false;
	if (!take(cursor, ':'))
		return true;
	return take_digits(cursor, 2, 2, &moment->second) && moment->second <= 59 && take_fraction(cursor, moment);
}

/* Z, +02:00, +0200, +02; nothing is no offset. */
static bool take_offset(struct cursor *cursor, struct moment *moment)
{
	int32_t hours, minutes = 0;
	bool west;

	if (cursor->at == cursor->end)
		return true;
	moment->has_offset = true;
	if (take(cursor, 'Z') || take(cursor, 'z'))
		return true;
	west = take(cursor, '-');
	if ((!west && !take(cursor, '+')) || !take_digits(cursor, 2, 2, &hours))
		return false;
	if (cursor->at < cursor->end) {
		take(cursor, ':');
		if (!take_digits(cursor, 2, 2, &minutes))
			return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	moment->offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

static bool is_leap_year(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_of_month(int32_t year, int32_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap_year(year));
}

static bool is_zero_date(const struct moment *moment)
{
	return moment->year == 0 && moment->month == 0 && moment->day == 0;
}

/* The zero date, and a month or day of zero, are what such a column may hold from elsewhere: such rows can be found,
 * and the zero date be written back. */
static bool date_is_valid(const struct moment *moment, enum literal_use use)
{
	if (is_zero_date(moment))
		return moment->hour == 0 && moment->minute == 0 && moment->second == 0 && moment->micro == 0 &&
		       !moment->has_offset;
	if (use == LITERAL_COMPARE && (moment->month == 0 || moment->day == 0) && !moment->has_offset)
		return moment->month <= 12 && moment->day <= 31;
	return moment->month >= 1 && moment->month <= 12 && moment->day >= 1 &&
	       moment->day <= days_of_month(moment->year, moment->month);
}

/* YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]][offset]] */
static bool parse_date_time(struct bytes text, enum literal_use use, struct moment *moment)
{
	struct cursor cursor = {.at = text.data, .end = text.data + text.size};

	if (!take_digits(&cursor, 4, 4, &moment->year) || !take(&cursor, '-') ||
	    !take_digits(&cursor, 2, 2, &moment->month) || !take(&cursor, '-') ||
	    !take_digits(&cursor, 2, 2, &moment->day))
		return false;
	if (cursor.at < cursor.end) {
		moment->has_time = true;
		if (!take(&cursor, 'T') && !take(&cursor, 't') && !take(&cursor, ' '))
			return false;
		if (!take_digits(&cursor, 2, 2, &moment->hour) || moment->hour > 23 || !take_minutes(&cursor, moment) ||
		    !take_offset(&cursor, moment))
			return false;
	}
	return cursor.at == cursor.end && date_is_valid(moment, use);
}

/* [-]H…:MM[:SS[.ffffff]] */
static bool parse_time(struct bytes text, struct moment *moment)
{
	struct cursor cursor = {.at = text.data, .end = text.data + text.size};

	moment->negative = take(&cursor, '-');
	return take_digits(&cursor, 1, 9, &moment->hour) && take_minutes(&cursor, moment) && cursor.at == cursor.end;
}

/* Days since 1970-01-01 and back, in the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, struct moment *moment)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	moment->day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	moment->month = (int32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	moment->year = (int32_t)(year_of_era + era * 400 + (moment->month <= 2 ? 1 : 0));
}

/* False when the year has no four digits. */
static bool moment_from_seconds(int64_t seconds, struct moment *moment)
{
	int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;

	if (rest < 0) {
		rest += DAY_SECONDS;
		days--;
	}
	if (days < days_from_date(0, 1, 1) || days > days_from_date(9999, 12, 31))
		return false;
	date_from_days(days, moment);
	moment->has_time = true;
	moment->hour = (int32_t)(rest / 3600);
	moment->minute = (int32_t)(rest / 60 % 60);
	moment->second = (int32_t)(rest % 60);
	return true;
}

static int64_t seconds_of(const struct moment *moment)
{
	return days_from_date(moment->year, moment->month, moment->day) * DAY_SECONDS + moment->hour * 3600 +
	       moment->minute * 60 + moment->second;
}

static bool moment_to_utc(struct moment *moment)
{
	return moment->offset_minutes == 0 ||
	       moment_from_seconds(seconds_of(moment) - moment->offset_minutes * 60, moment);
}

/* What of the fraction the column does not keep. */
static uint32_t fraction_behind(const struct column *column, const struct moment *moment)
{
	uint32_t unit = 1;

	for (uint32_t i = column->scale; i < FRACTION_DIGITS; i++)
		unit *= 10;
	return moment->micro % unit;
}

/* Cuts the fraction to what the column keeps. */
static void cut_fraction(struct compiler *compiler, const struct column *column, struct moment *moment)
{
	uint32_t behind = fraction_behind(column, moment);

	if (moment->cut || behind != 0)
		compiler_warn(compiler, column, "cut to the fraction of a second that the column keeps");
	moment->micro -= behind;
}

static void append_fraction(const struct column *column, const struct moment *moment, struct buffer *out)
{
	char digits[FRACTION_DIGITS + 2];
	uint32_t count = FRACTION_DIGITS;

	snprintf(digits, sizeof(digits), "%06u", moment->micro % 1000000);
	while (count > column->scale && digits[count - 1] == '0')
		count--;
	if (count == 0)
		return;
	buffer_append_byte(out, '.');
	buffer_append(out, (struct bytes){.data = digits, .size = count});
}

static const char time_hint[] = "write it as HH:MM:SS, with a - before it and a fraction behind it where there is one";

static int refuse_time(struct compiler *compiler, const struct column *column, enum error_code code, const char *what,
		       const char *hint)
{
	char type[ERROR_QUOTED_BYTES];

	compiler_refuse(compiler, code, column, "%s, and the column is %s", what, error_quote(type, column->type));
	error_hint(compiler->error, "%s", hint);
	return -EINVAL;
}

/* MariaDB keeps a fraction behind the last second, MySQL does not. */
static bool time_fits(const struct compiler *compiler, const struct moment *moment)
{
	bool is_last = moment->hour == TIME_HOURS && moment->minute == 59 && moment->second == 59;

	return moment->hour <= TIME_HOURS && !(is_last && moment->micro > 0 && compiler->server->kind == SERVER_MYSQL);
}

static int append_time(struct compiler *compiler, const struct column *column, struct bytes text, enum literal_use use)
{
	struct moment moment = {0};
	bool is_zero;

	if (!parse_time(text, &moment))
		return refuse_time(compiler, column, ERROR_BAD_VALUE, "the text is not a time", time_hint);
	if (use == LITERAL_STORE && moment.hour <= TIME_HOURS)
		cut_fraction(compiler, column, &moment);
	if (!time_fits(compiler, &moment))
		return refuse_time(compiler, column, ERROR_OUT_OF_RANGE, "the time is beyond 838:59:59",
				   "a TIME column holds at most 838:59:59 in either direction");
	is_zero = moment.hour == 0 && moment.minute == 0 && moment.second == 0 && moment.micro == 0;
	/* Of a mere text MySQL rounds the fraction away, and 00:00:01 equals it. */
	if (compiler->server->kind == SERVER_MYSQL && fraction_behind(column, &moment) != 0)
		buffer_append_text(compiler->out, "TIME");
	buffer_format(compiler->out, "'%s%02d:%02d:%02d", moment.negative && !is_zero ? "-" : "", moment.hour,
		      moment.minute, moment.second);
	append_fraction(column, &moment, compiler->out);
	buffer_append_byte(compiler->out, '\'');
	return 0;
}

static int append_date(struct compiler *compiler, const struct column *column, const struct moment *moment)
{
	if (moment->has_offset || moment->hour != 0 || moment->minute != 0 || moment->second != 0 || moment->micro != 0)
		return refuse_time(compiler, column, ERROR_BAD_VALUE, "the value has a time of day",
				   "write it as YYYY-MM-DD");
	buffer_format(compiler->out, "'%04d-%02d-%02d'", moment->year, moment->month, moment->day);
	return 0;
}

/* A TIMESTAMP counts seconds from 1970 on, in 32 bits; without a sign since MariaDB 11.5. */
static bool timestamp_fits(const struct compiler *compiler, const struct moment *moment)
{
	bool is_wide = compiler->server->kind == SERVER_MARIADB && compiler->server->version >= 110500;
	int64_t seconds = seconds_of(moment);

	return is_zero_date(moment) || (seconds > 0 && seconds <= (is_wide ? (int64_t)UINT32_MAX : INT32_MAX));
}

static int append_moment(struct compiler *compiler, const struct column *column, struct moment *moment,
			 enum literal_use use)
{
	if (column->kind == COLUMN_DATE)
		return append_date(compiler, column, moment);
	if (use == LITERAL_STORE && column->kind == COLUMN_TIMESTAMP && !timestamp_fits(compiler, moment))
		return refuse_time(compiler, column, ERROR_OUT_OF_RANGE, "the time is out of range",
				   "a TIMESTAMP begins in 1970 and ends in 2038, or in 2106; a DATETIME holds more");
	if (use == LITERAL_STORE)
		cut_fraction(compiler, column, moment);
	buffer_format(compiler->out, "'%04d-%02d-%02d %02d:%02d:%02d", moment->year, moment->month, moment->day,
		      moment->hour, moment->minute, moment->second);
	append_fraction(column, moment, compiler->out);
	buffer_append_byte(compiler->out, '\'');
	return 0;
}

static int refuse_bare_number(struct compiler *compiler, const struct column *column)
{
	if (column->kind == COLUMN_TIME)
		return refuse_time(compiler, column, ERROR_BAD_VALUE, "a bare number is not a time of day", time_hint);
	return refuse_time(compiler, column, ERROR_BAD_VALUE, "a bare number is not a point in time",
			   "seconds or milliseconds? write YYYY-MM-DD HH:MM:SS, ISO 8601, or msgpack's timestamp");
}

int literal_append_time(struct compiler *compiler, const struct column *column, const struct value *value,
			enum literal_use use)
{
	struct moment moment = {0};

	switch (value->type) {
	case VALUE_STR:
	case VALUE_BIN:
		if (column->kind == COLUMN_TIME)
			return append_time(compiler, column, value_bytes(value), use);
		if (!parse_date_time(value_bytes(value), use, &moment))
			return refuse_time(compiler, column, ERROR_BAD_VALUE, "the text is not a date",
					   "write it as YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or ISO 8601");
		break;
	case VALUE_TIMESTAMP:
		if (column->kind == COLUMN_TIME)
			return literal_refuse_type(compiler, column, value);
		moment.micro = value->size / 1000;
		moment.cut = value->size % 1000 != 0;
		if (!moment_from_seconds(value->integer, &moment))
			return refuse_time(compiler, column, ERROR_OUT_OF_RANGE, "the year has no four digits",
					   "years go from 0000 to 9999");
		break;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_FLOAT32:
	case VALUE_FLOAT64:
	case VALUE_NUMBER:
		return refuse_bare_number(compiler, column);
	case VALUE_NIL:
	case VALUE_EXTENSION:
	case VALUE_ARRAY:
	case VALUE_MAP:
		return literal_refuse_type(compiler, column, value);
	}
	if (column->kind != COLUMN_DATE && !moment_to_utc(&moment))
		return refuse_time(compiler, column, ERROR_OUT_OF_RANGE, "the year has no four digits in UTC",
				   "years go from 0000 to 9999");
	return append_moment(compiler, column, &moment, use);
}
