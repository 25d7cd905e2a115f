/* options/names.c - see names.h. */
#include "daemon/options/names.h"

#include "common/nearest.h"

#include <ctype.h>
#include <string.h>

static char flatten(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool flat_equal(struct bytes name, const char *flat)
{
	for (size_t i = 0; i < name.size; i++) {
		/* Ends at flat's NUL at the latest, which no name contains. */
		if (flatten(name.data[i]) != flat[i])
			return false;
	}
	return flat[name.size] == '\0';
}

const char *option_flat_name(const char *section, const char *key, char to[OPTION_NAME_BYTES])
{
	snprintf(to, OPTION_NAME_BYTES, "%s_%s", section, key);
	return to;
}

const char *option_variable(const struct option *option, char to[OPTION_NAME_BYTES])
{
	if (option->environment)
		return option->environment;
	snprintf(to, OPTION_NAME_BYTES, "ROWD_%s_%s", option->section, option->key);
	for (char *at = to; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return to;
}

const char *option_argument(const struct option *option, char to[OPTION_NAME_BYTES])
{
	option_flat_name(option->section, option->key, to);
	for (char *at = to; *at; at++)
		*at = *at == '_' ? '-' : *at;
	return to;
}

const struct option *option_find_flat(struct bytes name, char ret_nearest[OPTION_NAME_BYTES])
{
	char candidate[OPTION_NAME_BYTES];
	uint32_t best = UINT32_MAX;

	ret_nearest[0] = '\0';
	for (size_t i = 0; i < option_count; i++) {
		option_flat_name(option_table[i].section, option_table[i].key, candidate);
		if (flat_equal(name, candidate))
			return &option_table[i];
		struct nearest nearest = nearest_start(name);
		nearest_offer(&nearest, bytes_of(candidate));
		if (nearest.best.size > 0 && nearest.distance < best) {
			best = nearest.distance;
			memcpy(ret_nearest, candidate, sizeof(candidate));
		}
	}
	return NULL;
}

bool option_flat_is_missing(struct bytes name)
{
	char candidate[OPTION_NAME_BYTES];

	for (size_t i = 0; i < missing_option_count; i++) {
		const struct missing_option *missing = &missing_option_table[i];
		if (missing->key && flat_equal(name, option_flat_name(missing->section, missing->key, candidate)))
			return true;
		size_t size = strlen(missing->section);
		if (!missing->key && name.size > size && flatten(name.data[size]) == '_' &&
		    flat_equal((struct bytes){name.data, size}, missing->section))
			return true;
	}
	return false;
}
