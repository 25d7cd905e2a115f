/* plan/type_member.c */
#include "daemon/plan/type_member.h"

bool type_member_next(struct bytes *type, struct bytes *ret_quoted)
{
	const char *start = memchr(type->data, '\'', type->size);
	size_t left = start ? type->size - (size_t)(start - type->data) : 0;

	/* A quote inside is doubled, and so is a backslash: two of them never end a member. */
	for (size_t i = 1; i < left; i++) {
		if (start[i] == '\'' && (i + 1 == left || start[i + 1] != '\'')) {
			*ret_quoted = (struct bytes){.data = start + 1, .size = i - 1};
			*type = (struct bytes){.data = start + i + 1, .size = left - i - 1};
			return true;
		}
		if (start[i] == '\'' || start[i] == '\\')
			i++;
	}
	return false;
}

/* What the letter behind a backslash stands for. */
static char unescaped(char letter)
{
	switch (letter) {
	case '0':
		return '\0';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	default:
		return letter;
	}
}

bool type_member_is(struct bytes quoted, struct bytes text)
{
	size_t at = 0;

	for (size_t i = 0; i < quoted.size; i++, at++) {
		char byte = quoted.data[i];

		if (byte == '\\' && i + 1 < quoted.size)
			byte = unescaped(quoted.data[++i]);
		else if (byte == '\'')
			i++;
		if (at == text.size || text.data[at] != byte)
			return false;
	}
	return at == text.size;
}

bool type_member_exists(struct bytes type, struct bytes text)
{
	struct bytes quoted;

	while (type_member_next(&type, &quoted))
		if (type_member_is(quoted, text))
			return true;
	return false;
}
