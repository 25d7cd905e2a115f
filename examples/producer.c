/* A producer in C: msgpack in by LPUSH, the reply out by BLPOP, with hiredis and msgpack-c.
 *
 *   cc -o producer examples/producer.c $(pkg-config --cflags --libs hiredis msgpack-c || pkg-config --cflags --libs
 * hiredis msgpack) REDIS_URL=redis://127.0.0.1:6379 ./producer
 */
#include <hiredis/hiredis.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pack_text(msgpack_packer *packer, const char *text)
{
	msgpack_pack_str(packer, strlen(text));
	msgpack_pack_str_body(packer, text, strlen(text));
}

/* {op: create, table: animals, values: {species: cat, name: Nabi, age: 4}, reply_list: ...} */
static void pack_command(msgpack_packer *packer, const char *reply_list)
{
	msgpack_pack_map(packer, 4);
	pack_text(packer, "op");
	pack_text(packer, "create");
	pack_text(packer, "table");
	pack_text(packer, "animals");
	pack_text(packer, "values");
	msgpack_pack_map(packer, 3);
	pack_text(packer, "species");
	pack_text(packer, "cat");
	pack_text(packer, "name");
	pack_text(packer, "Nabi");
	pack_text(packer, "age");
	msgpack_pack_int(packer, 4);
	pack_text(packer, "reply_list");
	pack_text(packer, reply_list);
}

/* Whether the map's "ok" is true. Maps have no order: look at the keys. */
static bool reply_is_ok(const msgpack_object *reply)
{
	if (reply->type != MSGPACK_OBJECT_MAP)
		return false;
	for (uint32_t i = 0; i < reply->via.map.size; i++) {
		const msgpack_object_kv *member = &reply->via.map.ptr[i];
		if (member->key.type == MSGPACK_OBJECT_STR && member->key.via.str.size == 2 &&
		    memcmp(member->key.via.str.ptr, "ok", 2) == 0)
			return member->val.type == MSGPACK_OBJECT_BOOLEAN && member->val.via.boolean;
	}
	return false;
}

static bool print_reply(const redisReply *popped)
{
	msgpack_unpacked unpacked;
	bool ok = false;

	if (!popped || popped->type != REDIS_REPLY_ARRAY || popped->elements != 2) {
		fputs("no reply in time\n", stderr);
		return false;
	}
	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, popped->element[1]->str, popped->element[1]->len, NULL) ==
	    MSGPACK_UNPACK_SUCCESS) {
		msgpack_object_print(stdout, unpacked.data);
		putchar('\n');
		ok = reply_is_ok(&unpacked.data);
	}
	msgpack_unpacked_destroy(&unpacked);
	return ok;
}

static bool create_animal(redisContext *redis)
{
	char reply_list[64];
	msgpack_sbuffer command;
	msgpack_packer packer;

	snprintf(reply_list, sizeof(reply_list), "rowd:reply:c-%ld", (long)getpid());
	msgpack_sbuffer_init(&command);
	msgpack_packer_init(&packer, &command, msgpack_sbuffer_write);
	pack_command(&packer, reply_list);
	freeReplyObject(redisCommand(redis, "LPUSH rowd:commands %b", command.data, command.size));
	msgpack_sbuffer_destroy(&command);

	redisReply *popped = redisCommand(redis, "BLPOP %s 10", reply_list);
	bool ok = print_reply(popped);
	freeReplyObject(popped);
	return ok;
}

int main(void)
{
	const char *url = getenv("REDIS_URL");
	char host[256] = "127.0.0.1";
	int port = 6379;

	if (url)
		sscanf(url, "redis://%255[^:/]:%d", host, &port);
	redisContext *redis = redisConnect(host, port);
	if (!redis || redis->err) {
		fprintf(stderr, "Redis: %s\n", redis ? redis->errstr : "out of memory");
		return 1;
	}
	bool ok = create_animal(redis);
	redisFree(redis);
	return ok ? 0 : 1;
}
