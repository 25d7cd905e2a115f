/* tests/simulation/witness.h - sees what happens at the servers, and holds it against what rowd promises: at once where
 * that is possible, the rest in the end. */
#ifndef SIMULATION_WITNESS_H
#define SIMULATION_WITNESS_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct store_transaction;

void witness_begin(void);
void witness_end(void);

/* --- at Redis --- */

/* Onto a list: a reply, a dead letter, or neither. */
void witness_pushed(struct bytes key, struct bytes element);
void witness_reply(struct bytes place, struct bytes reply);
/* ZADD; key: {Q}:workers. */
void witness_joined(struct bytes key, struct bytes worker);
/* HSET and HDEL; key: {Q}:inflight:<worker>; raw: the command. */
void witness_in_flight(struct bytes key, struct bytes field, struct bytes raw);
void witness_acknowledged(struct bytes key, struct bytes field, struct bytes raw);

/* --- at the database --- */

/* Called with all rows still as they are, and the transaction about to be committed. */
void witness_commit(const struct store_transaction *transaction);

/* --- what was done to the world, which makes some promises smaller --- */

/* A pop of a client that is gone, of which the server has not heard, has moved this command: nobody may know of it for
 * as long as workers are remembered. */
void witness_landed_late(struct bytes element);
/* Whether it is such a client whose calls are executed from now on. */
void witness_serves(bool ghost);
void witness_gave_up_drain(void);       /* a drain did not come to its end in time */
void witness_froze(void);               /* somebody was stopped for longer than a lease, or may have been */
void witness_forgot(uint64_t since_us); /* Redis fell back to what it was then */
void witness_disturbed(void);           /* anything else than peace */
/* The worker of this id was killed. peer: another one has been at work for some leases, and is now. */
void witness_killed(struct bytes id, bool peer);
/* Something else was done to somebody, or is still going on: how fast a recovery is, is not looked at. */
void witness_troubled(void);

/* --- in the end --- */

/* Whether nothing is left to be done: every command has its end, and nothing is held anywhere. why: what is not. */
bool witness_is_settled(const char **ret_why, uint64_t *ret_command);
void witness_judge(void);

#endif
