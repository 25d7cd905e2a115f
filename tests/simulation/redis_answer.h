/* tests/simulation/redis_answer.h - one answer of the fake Redis, owning its texts. */
#ifndef SIMULATION_REDIS_ANSWER_H
#define SIMULATION_REDIS_ANSWER_H

#include "blob.h"
#include "daemon/queue/redis_reply.h"

struct redis_answer {
	struct redis_reply reply; /* its texts are the blob's, and its elements the answers' */
	struct blob *text;
	struct redis_answer *elements;
	uint32_t count, capacity;
};

/* Each fills a zeroed one. */
void redis_answer_nil(struct redis_answer *answer);
void redis_answer_integer(struct redis_answer *answer, int64_t integer);
void redis_answer_text(struct redis_answer *answer, struct bytes text);
void redis_answer_blob(struct redis_answer *answer, struct blob *blob); /* takes a reference of its own */
void redis_answer_error(struct redis_answer *answer, const char *text);
void redis_answer_array(struct redis_answer *answer);
/* The next element of an array, zeroed; valid until the next one. */
struct redis_answer *redis_answer_add(struct redis_answer *array);

/* As the code under test wants it; valid as long as the answer is not changed. */
const struct redis_reply *redis_answer_reply(struct redis_answer *answer);
void redis_answer_clear(struct redis_answer *answer);

#endif
