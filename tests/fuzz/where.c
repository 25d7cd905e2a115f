/* tests/fuzz/where.c - `where` as SQL, parsed back and compared.
 *
 * The first byte chooses the server and how the rest becomes a `where`: as the msgpack of one, or by the generator of
 * where_make.c. What the compiler takes is parsed by the parser of where_sql.c, which was written from the manual of
 * the server: the tree of conditions has to be that of the `where`, each literal has to mean its value to the column
 * that it meets, each identifier has to be a column's, and nothing may be left over. Literals of what is to be stored
 * come from the same maps: each has to be one literal. */
#include "common/message.h"
#include "common/utf8.h"
#include "daemon/plan/sql/condition.h"
#include "daemon/plan/sql/literal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/where_make.h"
#include "tests/fuzz/where_tree.h"

#include <errno.h>

enum { ARENA_BYTES = 8 << 20, SQL_BYTES = 1 << 20, SIZE_LARGEST = 1024 };

static bool has_text_keys(const struct value *value)
{
	for (uint32_t i = 0; i < value->size && value->type == VALUE_MAP; i++) {
		if (!value_is_text(&value->members[i].key) || !has_text_keys(&value->members[i].value))
			return false;
	}
	for (uint32_t i = 0; i < value->size && value->type == VALUE_ARRAY; i++) {
		if (!has_text_keys(&value->items[i]))
			return false;
	}
	return true;
}

/* What the decoder lets through to the compiler; NULL for anything else. */
static const struct value *decode(struct arena *arena, struct bytes msgpack)
{
	struct value *where = arena_alloc_array(arena, 1, sizeof(*where));
	struct error error;

	if (!where || message_codec(msgpack) != CODEC_MSGPACK ||
	    message_decode(arena, msgpack, SIZE_LARGEST, where, &error) != 0 || where->type != VALUE_MAP ||
	    where->size == 0 || !has_text_keys(where))
		return NULL;
	return where;
}

static void check_error(const struct error *error)
{
	fuzz_require(error->code == ERROR_BAD_VALUE || error->code == ERROR_UNKNOWN_COLUMN ||
			     error->code == ERROR_OUT_OF_RANGE || error->code == ERROR_DATA_TOO_LONG ||
			     error->code == ERROR_TOO_LARGE || error->code == ERROR_NOT_NULL_VIOLATION,
		     "a refusal has a code for that");
	fuzz_require(error->message[0] != '\0' && utf8_valid(bytes_of(error->message)) &&
			     utf8_valid(bytes_of(error->hint)),
		     "a refusal is told in texts");
}

/* The members of the map as if they were to be stored: no text may end its literal. */
static void check_stored(struct compiler *compiler, const struct value *map)
{
	for (uint32_t i = 0; i < map->size; i++) {
		const struct member *member = &map->members[i];
		const struct column *column = table_find_column(compiler->table, value_bytes(&member->key));
		const struct condition *parsed;

		if (!column || member->value.type == VALUE_NIL)
			continue;
		buffer_reset(compiler->out);
		buffer_append(compiler->out, column->quoted);
		buffer_append_text(compiler->out, " = ");
		if (literal_append(compiler, column, &member->value, LITERAL_STORE) != 0) {
			check_error(compiler->error);
			continue;
		}
		fuzz_show(buffer_bytes(compiler->out));
		parsed = sql_parse(compiler->arena, buffer_bytes(compiler->out));
		fuzz_require(parsed->type == CONDITION_COMPARE && bytes_equal(parsed->column, column->name) &&
				     parsed->operands,
			     "what is stored is one literal");
	}
}

static void check(struct arena *arena, const struct catalog *catalog, const struct value *where)
{
	static struct buffer sql;
	const struct table *table = catalog_table_at(catalog, 0);
	struct error error = {0};
	struct compiler compiler = {
		.arena = arena, .out = &sql, .table = table, .server = catalog_server(catalog), .error = &error};
	int status;

	if (!sql.limit_bytes)
		buffer_init(&sql, SQL_BYTES);
	buffer_reset(&sql);
	status = condition_append(&compiler, where);
	fuzz_require(status == 0 || status == -EINVAL || status == -ENOENT, "a small `where` needs little memory");
	if (status == 0) {
		fuzz_require(!buffer_failed(&sql), "the SQL of a small `where` is short");
		fuzz_show(buffer_bytes(&sql));
		where_compare(table, sql_parse(arena, buffer_bytes(&sql)), where_tree(arena, catalog, where));
	} else {
		check_error(&error);
	}
	check_stored(&compiler, where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalogs[2];
	static struct arena arena;
	const struct value *where;
	struct catalog *catalog;
	struct bytes rest;

	if (size == 0 || size > SIZE_LARGEST)
		return 0;
	if (!arena.limit_bytes) {
		arena_init(&arena, ARENA_BYTES);
		catalogs[0] = where_catalog(SERVER_MARIADB);
		catalogs[1] = where_catalog(SERVER_MYSQL);
	}
	catalog = catalogs[data[0] & 1];
	rest = fuzz_bytes(data + 1, size - 1);
	where = data[0] & 2 ? decode(&arena, rest) : where_make(&arena, catalog_table_at(catalog, 0), rest);
	if (where)
		check(&arena, catalog, where);
	arena_reset(&arena);
	return 0;
}
