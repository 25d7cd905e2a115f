/* tests/simulation/redis_script.c - the scripts of daemon/queue, run as Redis runs them: Lua 5.1, with redis.call,
 * redis.pcall and cmsgpack.pack. The interpreter is kept from seed to seed; nothing of a run stays in it. */
#include "redis.h"

#include "common/buffer.h"
#include "daemon/queue/script.h"
#include "world.h"

#include "queue_scripts.inc" /* generated from daemon/queue/scripts: name, SHA1 and text of each */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PACKED_BYTES_MOST = 1 << 24, ARGUMENTS_MOST = 1100, DEPTH_MOST = 16 };

static lua_State *lua;
static bool allows_oom[SCRIPT_COUNT];

/* --- between Lua and Redis --- */

/* An answer as a script sees it: nil is false. */
static void push_answer(lua_State *state, const struct redis_answer *answer)
{
	switch (answer->reply.type) {
	case REDIS_NIL:
		lua_pushboolean(state, 0);
		return;
	case REDIS_INTEGER:
		lua_pushnumber(state, (lua_Number)answer->reply.integer);
		return;
	case REDIS_TEXT:
		lua_pushlstring(state, answer->reply.text.data, answer->reply.text.size);
		return;
	case REDIS_ERROR:
		lua_newtable(state);
		lua_pushlstring(state, answer->reply.text.data, answer->reply.text.size);
		lua_setfield(state, -2, "err");
		return;
	case REDIS_ARRAY:
		break;
	}
	lua_createtable(state, (int)answer->count, 0);
	for (uint32_t i = 0; i < answer->count; i++) {
		push_answer(state, &answer->elements[i]);
		lua_rawseti(state, -2, (int)i + 1);
	}
}

/* What a script returns, as an answer: an array ends at the first nil. */
static void take_answer(lua_State *state, int at, struct redis_answer *answer)
{
	size_t size;
	const char *text;

	switch (lua_type(state, at)) {
	case LUA_TNUMBER:
		redis_answer_integer(answer, (int64_t)lua_tonumber(state, at));
		return;
	case LUA_TSTRING:
		text = lua_tolstring(state, at, &size);
		redis_answer_text(answer, (struct bytes){.data = text, .size = size});
		return;
	case LUA_TBOOLEAN:
		if (lua_toboolean(state, at))
			redis_answer_integer(answer, 1);
		else
			redis_answer_nil(answer);
		return;
	case LUA_TTABLE:
		break;
	default:
		redis_answer_nil(answer);
		return;
	}
	lua_getfield(state, at, "err");
	if (lua_isstring(state, -1)) {
		redis_answer_error(answer, lua_tostring(state, -1));
		lua_pop(state, 1);
		return;
	}
	lua_pop(state, 1);
	redis_answer_array(answer);
	for (int i = 1;; i++) {
		lua_rawgeti(state, at, i);
		if (lua_isnil(state, -1)) {
			lua_pop(state, 1);
			return;
		}
		take_answer(state, lua_gettop(state), redis_answer_add(answer));
		lua_pop(state, 1);
	}
}

static int call_redis(lua_State *state, bool raises)
{
	struct bytes words[ARGUMENTS_MOST];
	char digits[ARGUMENTS_MOST / 8][32];
	uint32_t numbers = 0;
	int count = lua_gettop(state);
	struct redis_answer answer = {0};

	if (count > ARGUMENTS_MOST)
		return luaL_error(state, "too many arguments for the fake");
	for (int i = 0; i < count; i++) {
		if (lua_type(state, i + 1) == LUA_TNUMBER && numbers < ARGUMENTS_MOST / 8) {
			snprintf(digits[numbers], sizeof(digits[0]), "%.17g", lua_tonumber(state, i + 1));
			words[i] = bytes_of(digits[numbers++]);
		} else {
			words[i].data = luaL_checklstring(state, i + 1, &words[i].size);
		}
	}
	redis_execute(words, (uint32_t)count, &answer);
	push_answer(state, &answer);
	bool failed = answer.reply.type == REDIS_ERROR;
	redis_answer_clear(&answer);
	return failed && raises ? lua_error(state) : 1;
}

static int on_call(lua_State *state)
{
	return call_redis(state, true);
}

static int on_pcall(lua_State *state)
{
	return call_redis(state, false);
}

/* --- cmsgpack.pack --- */

static void put(struct buffer *to, uint8_t kind, uint64_t value, int bytes)
{
	buffer_append_byte(to, (char)kind);
	while (bytes-- > 0)
		buffer_append_byte(to, (char)(value >> 8 * bytes));
}

static void pack_text(struct buffer *to, struct bytes text)
{
	if (text.size < 32)
		put(to, (uint8_t)(0xa0 | text.size), 0, 0);
	else if (text.size < 256)
		put(to, 0xd9, text.size, 1);
	else if (text.size < 65536)
		put(to, 0xda, text.size, 2);
	else
		put(to, 0xdb, text.size, 4);
	buffer_append(to, text);
}

static void pack_number(struct buffer *to, double number)
{
	union {
		double number;
		uint64_t bits;
	} as = {.number = number};
	int64_t integer = (int64_t)number;

	if ((double)integer != number)
		put(to, 0xcb, as.bits, 8);
	else if (integer >= 0 && integer < 128)
		put(to, (uint8_t)integer, 0, 0);
	else if (integer >= 0)
		put(to, 0xcf, (uint64_t)integer, 8);
	else
		put(to, 0xd3, (uint64_t)integer, 8);
}

static void pack(lua_State *state, int at, struct buffer *to, int depth);

static void pack_table(lua_State *state, int at, struct buffer *to, int depth)
{
	size_t length = lua_objlen(state, at), members = 0;

	lua_pushnil(state);
	while (lua_next(state, at)) {
		members++;
		lua_pop(state, 1);
	}
	if (length == members) {
		put(to, 0xdc, length, 2);
		to->data[to->size - 3] = (char)(length < 16 ? 0x90 | length : 0xdc);
		to->size -= length < 16 ? 2 : 0;
	} else {
		put(to, 0xde, members, 2);
	}
	for (size_t i = 1; length == members && i <= length; i++) {
		lua_rawgeti(state, at, (int)i);
		pack(state, lua_gettop(state), to, depth + 1);
		lua_pop(state, 1);
	}
	if (length == members)
		return;
	lua_pushnil(state);
	while (lua_next(state, at)) {
		int top = lua_gettop(state);
		pack(state, top - 1, to, depth + 1);
		pack(state, top, to, depth + 1);
		lua_pop(state, 1);
	}
}

static void pack(lua_State *state, int at, struct buffer *to, int depth)
{
	size_t size;
	const char *text;

	switch (lua_type(state, at)) {
	case LUA_TNUMBER:
		pack_number(to, lua_tonumber(state, at));
		return;
	case LUA_TSTRING:
		text = lua_tolstring(state, at, &size);
		pack_text(to, (struct bytes){.data = text, .size = size});
		return;
	case LUA_TBOOLEAN:
		put(to, lua_toboolean(state, at) ? 0xc3 : 0xc2, 0, 0);
		return;
	case LUA_TTABLE:
		if (depth < DEPTH_MOST) {
			pack_table(state, at, to, depth);
			return;
		}
		break;
	default:
		break;
	}
	put(to, 0xc0, 0, 0);
}

static int on_pack(lua_State *state)
{
	struct buffer to;

	buffer_init(&to, PACKED_BYTES_MOST);
	pack(state, 1, &to, 0);
	lua_pushlstring(state, to.data, to.size);
	buffer_free(&to);
	return 1;
}

/* --- the interpreter --- */

static void load(enum script script)
{
	const char *text = (const char *)scripts[script].text;
	size_t size = scripts[script].size;
	const char *line_end = memchr(text, '\n', size);

	/* The first line is Redis' own. */
	if (size > 2 && text[0] == '#' && line_end) {
		allows_oom[script] = memmem(text, (size_t)(line_end - text), "allow-oom", 9) != NULL;
		size -= (size_t)(line_end - text);
		text = line_end;
	}
	if (luaL_loadbuffer(lua, text, size, scripts[script].name))
		violated(NULL, "script %s: %s", scripts[script].name, lua_tostring(lua, -1));
	lua_rawseti(lua, LUA_REGISTRYINDEX, 1000 + (int)script);
}

static void open_lua(void)
{
	lua = luaL_newstate();
	luaL_openlibs(lua);
	lua_newtable(lua);
	lua_pushcfunction(lua, on_call);
	lua_setfield(lua, -2, "call");
	lua_pushcfunction(lua, on_pcall);
	lua_setfield(lua, -2, "pcall");
	lua_setglobal(lua, "redis");
	lua_newtable(lua);
	lua_pushcfunction(lua, on_pack);
	lua_setfield(lua, -2, "pack");
	lua_setglobal(lua, "cmsgpack");
	for (int script = 0; script < SCRIPT_COUNT; script++)
		load((enum script)script);
}

void redis_script_end(void)
{
	if (lua)
		lua_close(lua);
	lua = NULL;
}

static int find_script(struct bytes sha1_or_text)
{
	for (int script = 0; script < SCRIPT_COUNT; script++)
		if (bytes_equal_text(sha1_or_text, scripts[script].sha1) ||
		    (sha1_or_text.size == scripts[script].size &&
		     memcmp(sha1_or_text.data, scripts[script].text, sha1_or_text.size) == 0))
			return script;
	return -1;
}

const char *redis_script_name(struct bytes sha1_or_text)
{
	int script = find_script(sha1_or_text);

	return script < 0 ? NULL : scripts[script].name;
}

static void set_array(const char *name, const struct bytes *words, uint32_t count)
{
	lua_createtable(lua, (int)count, 0);
	for (uint32_t i = 0; i < count; i++) {
		lua_pushlstring(lua, words[i].data ? words[i].data : "", words[i].size);
		lua_rawseti(lua, -2, (int)i + 1);
	}
	lua_setglobal(lua, name);
}

static void run(int script, const struct bytes *words, uint32_t keys, uint32_t count, struct redis_answer *answer)
{
	int top = lua_gettop(lua);

	set_array("KEYS", words, keys);
	set_array("ARGV", words + keys, count - keys);
	lua_rawgeti(lua, LUA_REGISTRYINDEX, 1000 + script);
	redis.in_script = true;
	int failed = lua_pcall(lua, 0, 1, 0);
	redis.in_script = false;
	if (failed && !lua_istable(lua, -1))
		violated(NULL, "script %s: %s", scripts[script].name, lua_tostring(lua, -1));
	take_answer(lua, lua_gettop(lua), answer);
	lua_settop(lua, top);
}

void redis_evaluate(const struct bytes *arguments, uint32_t count, struct redis_answer *answer)
{
	int script = find_script(arguments[1]);
	bool whole = bytes_equal_text(arguments[0], "EVAL");

	if (!lua)
		open_lua();
	if (script < 0)
		violated(NULL, "a script that is not daemon/queue's");
	if (whole)
		redis.known_scripts[script] = true;
	if (!redis.known_scripts[script]) {
		redis_answer_error(answer, "NOSCRIPT No matching script. Please use EVAL.");
		return;
	}
	if (redis.full && !allows_oom[script]) {
		redis_answer_error(answer,
				   "OOM allow-oom flag is not set on the script, can not run it when used memory > "
				   "'maxmemory'");
		return;
	}
	uint32_t keys = (uint32_t)strtoul(arguments[2].data, NULL, 10);
	run(script, arguments + 3, keys, count - 3, answer);
}
