/* common/command_together.h - whether the fields of an operation go together. Private to command_*.c. */
#ifndef COMMON_COMMAND_TOGETHER_H
#define COMMON_COMMAND_TOGETHER_H

#include "common/command.h"

/* For an operation whose fields were all read: each is of its type and its range, and those that the op needs are
 * there. False with ret_error set: BAD_VALUE, MISSING_FIELD or WHERE_REQUIRED. */
bool command_check_together(const struct operation *operation, struct error *ret_error);

#endif
