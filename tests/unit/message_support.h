/* message_support.h - decodes a message, and keeps its value with what was wrong. */
#ifndef UNIT_MESSAGE_SUPPORT_H
#define UNIT_MESSAGE_SUPPORT_H

#include "common/message.h"
#include "tests/support/unit.h"

enum { LIMIT = 1 << 20 };

/* Each test has its own arena and error; the value of the last decode() lies in the arena. */
extern struct arena arena;
extern struct value value;
extern struct error fault;

/* A command in JSON with something of every kind. */
extern const char sample[];

int set_up(void **state);
int tear_down(void **state);

int decode(struct bytes raw);

/* The member of the map last decoded, which has to be there. */
const struct value *member(const char *key);

#endif
