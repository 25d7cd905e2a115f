/* common/json_escape.h - what yajl lets pass in the escapes of a JSON text. */
#ifndef COMMON_JSON_ESCAPE_H
#define COMMON_JSON_ESCAPE_H

#include "common/bytes.h"

/* Where the first \u escape is that is half of a surrogate pair without the other half, or json.size. */
size_t json_find_lone_surrogate(struct bytes json);

#endif
