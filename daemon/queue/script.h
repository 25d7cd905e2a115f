/* queue/script.h - calls of the Lua scripts in scripts/, each described in its own file.
 *
 * Keys first, then arguments, then script_send(). A server that does not know a script (restarted, SCRIPT FLUSH) is
 * sent its text, once, without the caller noticing. */
#ifndef QUEUE_SCRIPT_H
#define QUEUE_SCRIPT_H

#include "common/bytes.h"
#include "daemon/queue/link.h"

#include <stdint.h>

enum script {
	SCRIPT_ADOPT,
	SCRIPT_BURY,
	SCRIPT_CLAIM,
	SCRIPT_COUNT_UP,
	SCRIPT_FETCH,
	SCRIPT_GIVE_BACK,
	SCRIPT_LEASE,
	SCRIPT_LEAVE,
	SCRIPT_LOOK,
	SCRIPT_RECOVER,
	SCRIPT_REPLY,
	SCRIPT_COUNT
};

struct script_call;

/* NULL when there was no memory; the calls below then do nothing and script_send() answers -ENOMEM. */
struct script_call *script_begin(struct link *link, enum script script);
void script_key(struct script_call *call, const char *key);
void script_key_bytes(struct script_call *call, struct bytes key);
void script_argument(struct script_call *call, struct bytes argument);
/* The same without a copy: it has to stay until the answer. At most one for each call. */
void script_lent_argument(struct script_call *call, struct bytes argument);
void script_text(struct script_call *call, const char *argument);
void script_uint(struct script_call *call, uint64_t argument);

/* The answer may take so much longer than usual: it is sent behind something that takes its time. */
void script_extra_ms(struct script_call *call, uint32_t extra_ms);

/* Sends it and gives the call up. answer as for link_commit(). Returns 0, -ENOTCONN or -ENOMEM. */
int script_send(struct script_call *call, link_answer *answer, void *context);

#endif
