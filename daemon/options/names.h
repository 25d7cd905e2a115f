/* options/names.h - one option's name outside the file: SECTION_KEY in the environment, section-key on the command
 * line. Private to options/. */
#ifndef OPTIONS_NAMES_H
#define OPTIONS_NAMES_H

#include "daemon/options/option.h"

enum { OPTION_NAME_BYTES = 64 };

/* "section_key" */
const char *option_flat_name(const char *section, const char *key, char to[OPTION_NAME_BYTES]);

/* "ROWD_SECTION_KEY", or the option's own variable. */
const char *option_variable(const struct option *option, char to[OPTION_NAME_BYTES]);

/* "section-key" */
const char *option_argument(const struct option *option, char to[OPTION_NAME_BYTES]);

/* Finds by a flat name, '-' and '_' and the case of letters being the same. NULL: none; ret_nearest is then a flat name
 * that is near, or "". */
const struct option *option_find_flat(struct bytes name, char ret_nearest[OPTION_NAME_BYTES]);

/* Whether it is the flat name of an option, or of anything in a section, that this version lacks. */
bool option_flat_is_missing(struct bytes name);

#endif
