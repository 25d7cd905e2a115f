/* tests/bench/straight_line.c - what the machine can do when nothing is promised: the program to beat.
 *
 *   straight_line serve create|read BATCH   claim up to BATCH, run them as one statement, publish, acknowledge; again
 *   straight_line attend create             wait for one command, run it, publish, acknowledge; again
 *
 * It waits for each step before it begins the next, looks at nothing that could be wrong and ends by a signal. Its
 * commands are those of `rowctl bench` on MariaDB. Environment: REDIS_PORT, QUEUE, DATABASE_SOCKET, DATABASE. */
#include "common/message.h"
#include "common/writer.h"

#include <hiredis/hiredis.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH_LARGEST = 1000, SQL_BYTES = 4 << 20, ARENA_BYTES = 64 << 20, IDLE_US = 1000 };

static const char claim_script[] = "local taken = redis.call('LRANGE', KEYS[1], -ARGV[1], -1)\n"
				   "if #taken == 0 then return {0, taken} end\n"
				   "local first = redis.call('INCRBY', KEYS[3], #taken) - #taken\n"
				   "local pairs = {}\n"
				   "for i = 1, #taken do pairs[2 * i - 1] = first + i; pairs[2 * i] = taken[i] end\n"
				   "redis.call('HSET', KEYS[2], unpack(pairs))\n"
				   "redis.call('LTRIM', KEYS[1], 0, -#taken - 1)\n"
				   "return {first, taken}";

struct program {
	redisContext *redis;
	MYSQL *mysql;
	const char *queue;
	struct arena arena;
	struct buffer sql, reply;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "straight_line: %s: %s\n", what, why);
	exit(1);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		die(name, "not set");
	return value;
}

static void open_servers(struct program *program)
{
	program->queue = variable("QUEUE");
	program->redis = redisConnect("127.0.0.1", atoi(variable("REDIS_PORT")));
	if (!program->redis || program->redis->err)
		die("Redis", program->redis ? program->redis->errstr : "no memory");
	program->mysql = mysql_init(NULL);
	if (!mysql_real_connect(program->mysql, NULL, "root", "", variable("DATABASE"), 0, variable("DATABASE_SOCKET"),
				0))
		die("database", mysql_error(program->mysql));
	mysql_set_character_set(program->mysql, "utf8mb4");
	arena_init(&program->arena, ARENA_BYTES);
	buffer_init(&program->sql, SQL_BYTES);
	buffer_init(&program->reply, SQL_BYTES);
}

static redisReply *redis_answer(struct program *program)
{
	redisReply *reply = NULL;

	if (redisGetReply(program->redis, (void **)&reply) != REDIS_OK)
		die("Redis", program->redis->errstr);
	if (reply->type == REDIS_REPLY_ERROR)
		die("Redis", reply->str);
	return reply;
}

static const struct value *decode(struct program *program, const redisReply *raw)
{
	struct value *command = arena_alloc(&program->arena, sizeof(*command));
	struct error error;

	if (!command ||
	    message_decode(&program->arena, (struct bytes){raw->str, raw->len}, SQL_BYTES, command, &error) < 0)
		die("command", "not readable");
	return command;
}

static struct bytes text_of(const struct value *map, struct bytes name)
{
	return value_bytes(value_find(map, name));
}

static void append_text(struct program *program, struct bytes text)
{
	char *to;

	buffer_append_byte(&program->sql, '\'');
	to = buffer_reserve(&program->sql, text.size * 2 + 1);
	program->sql.size += mysql_real_escape_string(program->mysql, to, text.data, text.size);
	buffer_append_byte(&program->sql, '\'');
}

static void append_row(struct program *program, const struct value *command)
{
	const struct value *values = value_find(command, BYTES("values"));

	buffer_append_byte(&program->sql, '(');
	append_text(program, text_of(values, BYTES("species")));
	buffer_append_byte(&program->sql, ',');
	buffer_append_int(&program->sql, value_find(values, BYTES("age"))->integer);
	buffer_append_byte(&program->sql, ',');
	append_text(program, text_of(values, BYTES("name")));
	buffer_append_byte(&program->sql, ')');
}

static void append_statement(struct program *program, const struct value **commands, size_t count, bool create)
{
	buffer_reset(&program->sql);
	buffer_append_text(&program->sql, create ? "INSERT INTO animals(species,age,name) VALUES"
						 : "SELECT id,species,age,name FROM animals WHERE id IN(");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_byte(&program->sql, ',');
		if (create)
			append_row(program, commands[i]);
		else
			buffer_append_int(&program->sql, value_find(commands[i], BYTES("pk"))->integer);
	}
	buffer_append_text(&program->sql, create ? " RETURNING id,species,age,name" : ")");
}

static MYSQL_RES *execute(struct program *program)
{
	MYSQL_RES *result;

	if (mysql_real_query(program->mysql, program->sql.data, program->sql.size) != 0)
		die("database", mysql_error(program->mysql));
	result = mysql_store_result(program->mysql);
	if (!result)
		die("database", mysql_error(program->mysql));
	return result;
}

static void field(struct writer *writer, const char *name, const char *text)
{
	writer_key(writer, bytes_of(name));
	writer_str(writer, bytes_of(text));
}

/* Appends PUBLISH to the pipeline. */
static void publish(struct program *program, const struct value *command, MYSQL_ROW row)
{
	struct bytes channel = text_of(command, BYTES("reply_to"));
	struct writer writer;

	if (!row)
		die("database", "no row");
	buffer_reset(&program->reply);
	writer_init(&writer, CODEC_MSGPACK, &program->reply);
	writer_map(&writer, 4);
	writer_key(&writer, BYTES("v"));
	writer_uint(&writer, 1);
	writer_key(&writer, BYTES("id"));
	writer_str(&writer, text_of(command, BYTES("id")));
	writer_key(&writer, BYTES("ok"));
	writer_bool(&writer, true);
	writer_key(&writer, BYTES("row"));
	writer_map(&writer, 4);
	writer_key(&writer, BYTES("id"));
	writer_uint(&writer, strtoull(row[0], NULL, 10));
	field(&writer, "species", row[1]);
	writer_key(&writer, BYTES("age"));
	writer_uint(&writer, strtoull(row[2], NULL, 10));
	field(&writer, "name", row[3]);
	redisAppendCommand(program->redis, "PUBLISH %b %b", channel.data, channel.size, program->reply.data,
			   program->reply.size);
}

static void acknowledge(struct program *program, long long first, size_t count)
{
	static char numbers[BATCH_LARGEST][24];
	const char *words[BATCH_LARGEST + 2] = {"HDEL", "straight_line:inflight"};

	for (size_t i = 0; i < count; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%lld", first + (long long)i + 1);
		words[i + 2] = numbers[i];
	}
	redisAppendCommandArgv(program->redis, (int)count + 2, words, NULL);
}

/* One batch. Returns how many there were. */
static size_t serve_once(struct program *program, const char *script, const char *batch, bool create)
{
	const struct value *commands[BATCH_LARGEST];
	redisReply *claim =
		redisCommand(program->redis, "EVALSHA %s 3 %s straight_line:inflight straight_line:numbers %s", script,
			     program->queue, batch);

	if (!claim || claim->type == REDIS_REPLY_ERROR)
		die("Redis", claim ? claim->str : program->redis->errstr);
	const redisReply *raw = claim->element[1];
	size_t count = raw->elements;
	/* The right end is the oldest. */
	for (size_t i = 0; i < count; i++)
		commands[i] = decode(program, raw->element[count - 1 - i]);
	if (count > 0) {
		append_statement(program, commands, count, create);
		MYSQL_RES *result = execute(program);
		MYSQL_ROW row = NULL, next;
		for (size_t i = 0; i < count; i++) {
			/* A key that several ask for comes once: any row is as much work as the right one. */
			next = mysql_fetch_row(result);
			row = next ? next : row;
			publish(program, commands[i], row);
		}
		acknowledge(program, claim->element[0]->integer, count);
		for (size_t i = 0; i <= count; i++)
			freeReplyObject(redis_answer(program));
		mysql_free_result(result);
	}
	freeReplyObject(claim);
	arena_reset(&program->arena);
	return count;
}

static void serve(struct program *program, const char *batch, bool create)
{
	redisReply *script = redisCommand(program->redis, "SCRIPT LOAD %s", claim_script);
	struct timespec pause = {.tv_nsec = IDLE_US * 1000};

	if (!script || script->type == REDIS_REPLY_ERROR)
		die("Redis", script ? script->str : program->redis->errstr);
	for (;;)
		if (serve_once(program, script->str, batch, create) == 0)
			nanosleep(&pause, NULL);
}

static void attend(struct program *program)
{
	for (;;) {
		redisReply *raw =
			redisCommand(program->redis, "BLMOVE %s straight_line:landing RIGHT LEFT 0", program->queue);
		if (!raw || raw->type != REDIS_REPLY_STRING)
			die("Redis", "no command");
		const struct value *command = decode(program, raw);
		append_statement(program, &command, 1, true);
		MYSQL_RES *result = execute(program);
		publish(program, command, mysql_fetch_row(result));
		redisAppendCommand(program->redis, "LPOP straight_line:landing");
		for (int i = 0; i < 2; i++)
			freeReplyObject(redis_answer(program));
		mysql_free_result(result);
		freeReplyObject(raw);
		arena_reset(&program->arena);
	}
}

int main(int argc, char **argv)
{
	struct program program = {0};

	if (argc == 4 && strcmp(argv[1], "serve") == 0) {
		int batch = atoi(argv[3]);
		if (batch < 1 || batch > BATCH_LARGEST)
			die("BATCH", "1 to 1000");
		open_servers(&program);
		serve(&program, argv[3], strcmp(argv[2], "create") == 0);
	} else if (argc == 3 && strcmp(argv[1], "attend") == 0) {
		open_servers(&program);
		attend(&program);
	}
	fputs("usage: straight_line serve create|read BATCH | attend create\n", stderr);
	return 64;
}
