/* command_support.h - decodes a command, and keeps it with what was wrong. */
#ifndef UNIT_COMMAND_SUPPORT_H
#define UNIT_COMMAND_SUPPORT_H

#include "common/command.h"
#include "tests/support/unit.h"

enum { LIMIT = 1 << 20 };

/* Each test has its own arena; the last decode left its command and error here. */
extern struct arena arena;
extern struct command command;
extern struct error fault;

int set_up(void **state);
int tear_down(void **state);

int decode_raw(struct bytes raw);

/* Decodes JSON written with ' for ", and the same as msgpack: both have to be of one mind. */
int decode(const char *text);

#endif
