/* plan/type_member.h - the members of an ENUM or a SET, read from the type as the server spells it: set('a','it''s').
 */
#ifndef PLAN_TYPE_MEMBER_H
#define PLAN_TYPE_MEMBER_H

#include "common/bytes.h"

#include <stdbool.h>

/* Takes the next member from type, as it stands between its quotes; type is what is left of the type's text. False
 * when there is none any more. */
bool type_member_next(struct bytes *type, struct bytes *ret_quoted);

/* Whether a quoted member is this text, byte by byte. The servers also take what the collation calls equal. */
bool type_member_is(struct bytes quoted, struct bytes text);

bool type_member_exists(struct bytes type, struct bytes text);

#endif
