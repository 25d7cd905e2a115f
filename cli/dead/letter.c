/* cli/dead/letter.c - see letter.h. How a letter is written for people and programs: letter_write.c. */
#include "cli/dead/letter.h"

#include "common/scan.h"

#include <errno.h>

/* A letter has six members, and a later version may add some. */
enum { LETTER_DEPTH = 4, LETTER_NODES = 64 };

/* FNV-1a, then the last step of MurmurHash3, without which the last bytes would not reach the first digits. Nobody
 * gains anything by two letters of one id, so that it need not withstand an attack. */
uint64_t letter_id(struct bytes raw)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < raw.size; i++)
		hash = (hash ^ (unsigned char)raw.data[i]) * 0x100000001b3u;
	hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
	hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
	return hash ^ (hash >> 33);
}

static int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return -1;
}

bool letter_prefix_read(const char *text, struct letter_prefix *ret_prefix)
{
	struct letter_prefix prefix = {0};

	for (; text[prefix.digits] != '\0'; prefix.digits++) {
		int digit = digit_of(text[prefix.digits]);
		if (digit < 0 || prefix.digits == LETTER_ID_DIGITS)
			return false;
		prefix.bits |= (uint64_t)digit << (60 - 4 * prefix.digits);
	}
	if (prefix.digits < LETTER_ID_LEAST)
		return false;
	*ret_prefix = prefix;
	return true;
}

bool letter_prefix_matches(const struct letter_prefix *prefix, uint64_t id)
{
	return (id ^ prefix->bits) >> (64 - 4 * prefix->digits) == 0;
}

static bool find_text(const struct value *map, struct bytes key, struct bytes *ret_text)
{
	const struct value *found = value_find(map, key);

	if (!found || !value_is_text(found))
		return false;
	*ret_text = value_bytes(found);
	return true;
}

/* None is ever negative, and reckoning with one that is could overflow. */
static bool find_int(const struct value *map, struct bytes key, int64_t *ret_number)
{
	const struct value *found = value_find(map, key);

	if (!found || found->type != VALUE_INT || found->integer < 0)
		return false;
	*ret_number = found->integer;
	return true;
}

int letter_read(struct arena *arena, struct bytes raw, struct letter *ret_letter)
{
	static const struct scan_limits limits = {.depth = LETTER_DEPTH, .nodes = LETTER_NODES};
	struct letter letter = {.id = letter_id(raw), .raw = raw};
	struct scan scan;

	scan_message(arena, raw, &limits, &scan);
	if (scan.fault == SCAN_NO_MEMORY)
		return -ENOMEM;
	if (scan.fault == SCAN_FINE && scan.value.type == VALUE_MAP &&
	    find_text(&scan.value, BYTES("reason"), &letter.reason) &&
	    find_text(&scan.value, BYTES("error"), &letter.error) &&
	    find_text(&scan.value, BYTES("worker"), &letter.worker) &&
	    find_text(&scan.value, BYTES("command"), &letter.command) &&
	    find_int(&scan.value, BYTES("attempts"), &letter.attempts) &&
	    find_int(&scan.value, BYTES("at"), &letter.at_ms))
		*ret_letter = letter;
	else
		*ret_letter = (struct letter){.id = letter.id, .raw = raw, .foreign = true};
	return 0;
}

int letter_read_command(struct arena *arena, const struct letter *letter, struct glance *ret_command)
{
	*ret_command = (struct glance){0};
	return letter->foreign ? 0 : glance_read(arena, letter->command, ret_command);
}
