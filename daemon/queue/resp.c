/* queue/resp.c - each argument takes one reservation: there are several per command. */
#include "daemon/queue/resp.h"

enum { LINE_BYTES = 1 + RESP_DIGITS_MOST + 2 };

size_t resp_digits(uint64_t number, char to[RESP_DIGITS_MOST])
{
	size_t count = 1;

	for (uint64_t rest = number; rest > 9; rest /= 10)
		count++;
	for (size_t i = count; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
	return count;
}

static char *end_line(char *at)
{
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

static char *write_line(char *at, char kind, uint64_t number)
{
	*at++ = kind;
	return end_line(at + resp_digits(number, at));
}

void resp_append_count(struct buffer *to, uint32_t arguments)
{
	char *start = buffer_reserve(to, LINE_BYTES);

	if (start)
		to->size += (size_t)(write_line(start, '*', arguments) - start);
}

void resp_append(struct buffer *to, struct bytes argument)
{
	char *start = buffer_reserve(to, LINE_BYTES + argument.size + 2);

	if (!start)
		return;
	char *at = write_line(start, '$', argument.size);
	if (argument.size > 0)
		memcpy(at, argument.data, argument.size);
	to->size += (size_t)(end_line(at + argument.size) - start);
}

void resp_append_uint(struct buffer *to, uint64_t argument)
{
	char digits[RESP_DIGITS_MOST];

	resp_append(to, (struct bytes){.data = digits, .size = resp_digits(argument, digits)});
}
