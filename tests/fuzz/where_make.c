/* tests/fuzz/where_make.c */
#include "tests/fuzz/where_make.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

enum { DEPTH = 9, MEMBERS = 3, TEXT_LARGEST = 63 };

/* --- the catalog -------------------------------------------------------------------------------------------------- */

struct column_text {
	const char *name, *data_type, *column_type, *collation;
	uint64_t max_length, precision, scale;
};

static const struct column_text columns[] = {
	{"id", "bigint", "bigint(20)", NULL, 0, 19, 0},
	{"tiny", "tinyint", "tinyint(3) unsigned", NULL, 0, 3, 0},
	{"big", "bigint", "bigint(20) unsigned", NULL, 0, 20, 0},
	{"year", "year", "year(4)", NULL, 0, 0, 0},
	{"bits", "bit", "bit(5)", NULL, 0, 5, 0},
	{"money", "decimal", "decimal(5,2)", NULL, 0, 5, 2},
	{"wide", "decimal", "decimal(65,30)", NULL, 0, 65, 30},
	{"half", "float", "float", NULL, 0, 12, 0},
	{"whole", "double", "double", NULL, 0, 22, 0},
	{"text", "varchar", "varchar(5)", "utf8mb4_general_ci", 5, 0, 0},
	{"char", "char", "char(5)", "utf8mb4_nopad_bin", 5, 0, 0},
	{"enum", "enum", "enum('a','b''','c,')", "utf8mb4_general_ci", 2, 0, 0},
	{"set", "set", "set('a','b','7')", "utf8mb4_general_ci", 5, 0, 0},
	{"uuid", "uuid", "uuid", NULL, 0, 0, 0},
	{"inet", "inet6", "inet6", NULL, 0, 0, 0},
	{"fixed", "binary", "binary(4)", NULL, 4, 0, 0},
	{"blob", "blob", "blob", NULL, 65535, 0, 0},
	{"place", "point", "point", NULL, 0, 0, 0},
	{"date", "date", "date", NULL, 0, 0, 0},
	{"moment", "datetime", "datetime(3)", NULL, 0, 0, 3},
	{"stamp", "timestamp", "timestamp", NULL, 0, 0, 0},
	{"time", "time", "time(6)", NULL, 0, 0, 6},
	{"json", "json", "json", "utf8mb4_bin", 0, 0, 0},
	{"and", "int", "int(11)", NULL, 0, 10, 0},
	{"or", "int", "int(11)", NULL, 0, 10, 0},
	{"not", "text", "text", "utf8mb4_bin", 65535, 0, 0},
	{".or", "int", "int(11)", NULL, 0, 10, 0},
	{"col", "int", "int(11)", NULL, 0, 10, 0},
	{"a`b", "text", "text", "utf8mb4_bin", 65535, 0, 0},
	{"`", "text", "text", "utf8mb4_bin", 65535, 0, 0},
	{"x' OR '1'='1", "text", "text", "utf8mb4_bin", 65535, 0, 0},
	{"SELECT", "int", "int(11)", NULL, 0, 10, 0},
	{"\\", "text", "text", "utf8mb4_bin", 65535, 0, 0},
	{"/* -- \xf0\x9f\x90\x88", "text", "text", "utf8mb4_bin", 65535, 0, 0},
};

struct catalog *where_catalog(enum server_kind server)
{
	struct server_facts facts = {
		.kind = server, .version = 101100, .max_allowed_packet = 1 << 24, .auto_increment_increment = 1};
	struct bytes table = BYTES("t`; DROP TABLE t; --");
	struct catalog *catalog;
	int status = catalog_new(&facts, &catalog);

	if (status == 0)
		status = catalog_add_table(catalog, table, false, BYTES("InnoDB"), 1, BYTES(""));
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns) && status == 0; i++) {
		struct catalog_column_row row = {
			.table = table,
			.name = bytes_of(columns[i].name),
			.data_type = bytes_of(columns[i].data_type),
			.column_type = bytes_of(columns[i].column_type),
			.nullable = true,
			.max_length = columns[i].max_length,
			.precision = columns[i].precision,
			.scale = columns[i].scale,
			.collation = bytes_of(columns[i].collation),
		};

		status = catalog_add_column(catalog, &row);
	}
	if (status == 0)
		status = catalog_finish(catalog);
	fuzz_require(status == 0, "a catalog can be made");
	return catalog;
}

/* --- `where` ------------------------------------------------------------------------------------------------------ */

struct maker {
	struct arena *arena;
	const struct table *table;
	struct bytes rest; /* what decides; at its end everything is 0 */
};

static void *allocate(struct maker *maker, size_t count, size_t size)
{
	void *piece = arena_alloc_array(maker->arena, count, size);

	fuzz_require(piece != NULL, "a small tree needs little memory");
	return piece;
}

static unsigned take(struct maker *maker)
{
	if (maker->rest.size == 0)
		return 0;
	maker->rest.size--;
	return (unsigned char)*maker->rest.data++;
}

static uint64_t take_word(struct maker *maker)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | take(maker);
	return word;
}

static struct bytes take_text(struct maker *maker)
{
	struct bytes text = {.data = maker->rest.data, .size = take(maker) & TEXT_LARGEST};

	text.data = maker->rest.data;
	if (text.size > maker->rest.size)
		text.size = maker->rest.size;
	maker->rest.data += text.size;
	maker->rest.size -= text.size;
	return text;
}

static struct value of_text(enum value_type type, struct bytes text)
{
	return (struct value){.type = type, .size = (uint32_t)text.size, .data = text.data ? text.data : ""};
}

/* Texts that some column takes, and such as no literal should let out. */
static struct value make_known_text(struct maker *maker)
{
	static const char *const texts[] = {
		"1",
		"-5",
		"0.10",
		"1e400",
		"-.5",
		"18446744073709551615",
		"123456789012345678901234567890.5",
		"5.",
		"2024-02-29",
		"2024-02-29T23:59:60",
		"2024-02-29T23:59:59.123456+02:00",
		"0000-00-00",
		"2024-00-00",
		"9999-12-31 23:59:59-0100",
		"1970-01-01 00:00",
		"838:59:59",
		"-838:59:59.999999",
		"1:02",
		"00:00:00.5",
		"6CCD780C-baba-1026-9564-5b8c656024db",
		"6ccd780cbaba102695645b8c656024db",
		"::1",
		"a",
		"b,a",
		"7",
		"{\"a\":[1,\"'\",null]}",
		"\"x\"",
		"' OR '1'='1",
		"\\' OR 1=1 -- ",
		"%_\\",
		"'; DROP TABLE t; --",
		"\\",
		"\xf0\x9f\x90\x88",
		"\xbf\x27 OR 1=1",
		"a\nb\rc\x1a",
		"x  ",
		"--",
		"/*",
		"`",
		"\"",
	};

	return of_text(VALUE_STR, bytes_of(texts[take(maker) % (sizeof(texts) / sizeof(*texts))]));
}

static struct value make_real(struct maker *maker, enum value_type type)
{
	struct value value = {.type = type};
	uint64_t bits = take_word(maker);

	memcpy(&value.real, &bits, sizeof(bits));
	if (type == VALUE_FLOAT32)
		value.real = (double)(float)value.real;
	return value;
}

/* As the JSON reader lets them through: no integers of 64 bits. */
static struct value make_number_text(struct maker *maker)
{
	unsigned choice = take(maker);
	unsigned long long whole = take_word(maker) >> choice % 64;
	int exponent = (int)take(maker) - 128;
	struct bytes text;

	if (choice & 64)
		text = arena_format(maker->arena, "%s%llu.%llue%d", choice & 128 ? "-" : "", whole, whole, exponent);
	else
		text = arena_format(maker->arena, "%s%llu.%llu", choice & 128 ? "-" : "", whole, whole);
	fuzz_require(text.data != NULL, "a small tree needs little memory");
	return of_text(VALUE_NUMBER, text);
}

static struct value make_scalar(struct maker *maker)
{
	unsigned choice = take(maker);

	switch (choice % 16) {
	case 0:
		return (struct value){.type = VALUE_NIL};
	case 1:
		return (struct value){.type = VALUE_BOOL, .boolean = choice & 16};
	case 2:
	case 3:
		return (struct value){.type = VALUE_INT, .integer = (int8_t)take(maker)};
	case 4:
		return (struct value){.type = VALUE_INT, .integer = (int64_t)take_word(maker)};
	case 5:
		return (struct value){.type = VALUE_UINT, .unsigned_integer = take_word(maker) | 1ull << 63};
	case 6:
		return make_real(maker, VALUE_FLOAT32);
	case 7:
		return make_real(maker, VALUE_FLOAT64);
	case 8:
		return make_number_text(maker);
	case 9:
		return of_text(VALUE_BIN, take_text(maker));
	case 10:
		return (struct value){.type = VALUE_TIMESTAMP,
				      .integer = (int64_t)take_word(maker) >> (choice >> 4 << 2),
				      .size = (uint32_t)take_word(maker) % 1000000000};
	case 11:
	case 12:
		return of_text(VALUE_STR, take_text(maker));
	default:
		return make_known_text(maker);
	}
}

static struct value make_value(struct maker *maker, uint32_t depth);

static struct value make_array(struct maker *maker, uint32_t size, uint32_t depth)
{
	struct value array = {.type = VALUE_ARRAY, .size = size};

	array.items = allocate(maker, size, sizeof(*array.items));
	for (uint32_t i = 0; i < size; i++)
		array.items[i] = make_value(maker, depth + 1);
	return array;
}

/* A map of one member. */
static struct value make_pair(struct maker *maker, struct bytes key, struct value value)
{
	struct value map = {.type = VALUE_MAP, .size = 1};

	map.members = allocate(maker, 1, sizeof(*map.members));
	map.members[0] = (struct member){.key = of_text(VALUE_STR, key), .value = value};
	return map;
}

/* For JSON columns, and where it has no business. */
static struct value make_value(struct maker *maker, uint32_t depth)
{
	unsigned choice = take(maker);

	if (depth < DEPTH && choice >= 250)
		return make_pair(maker, take_text(maker), make_value(maker, depth + 1));
	if (depth < DEPTH && choice >= 244)
		return make_array(maker, choice % MEMBERS, depth);
	return make_scalar(maker);
}

static struct bytes make_column(struct maker *maker)
{
	unsigned choice = take(maker);
	struct bytes name, dotted;
	char *to;

	if (choice >= 252)
		return take_text(maker);
	name = maker->table->columns[choice % maker->table->column_count].name;
	if (!bytes_equal_text(name, "and") && !bytes_equal_text(name, "or") && !bytes_equal_text(name, "not"))
		return name;
	dotted.size = name.size + 1;
	to = allocate(maker, dotted.size, 1);
	to[0] = '.';
	memcpy(to + 1, name.data, name.size);
	dotted.data = to;
	return dotted;
}

static struct member make_operator(struct maker *maker, uint32_t depth)
{
	static const char *const names[] = {"eq",   "ne",   "lt",    "le",       "gt",     "ge",   "in",     "nin",
					    "null", "like", "nlike", "contains", "starts", "ends", "regexp", "between"};
	unsigned choice = take(maker);
	const char *name = names[choice % 16];
	struct member member = {.key = of_text(VALUE_STR, bytes_of(name))};

	if (choice >= 240)
		member.value = make_value(maker, depth);
	else if (strcmp(name, "in") == 0 || strcmp(name, "nin") == 0)
		member.value = make_array(maker, choice / 16 % 4, depth);
	else if (strcmp(name, "between") == 0)
		member.value = make_array(maker, 2, depth);
	else if (strcmp(name, "null") == 0)
		member.value = (struct value){.type = VALUE_BOOL, .boolean = choice & 16};
	else if (choice % 16 < 6 && choice >= 192)
		member.value = make_pair(maker, BYTES("col"), of_text(VALUE_STR, make_column(maker)));
	else
		member.value = make_value(maker, depth);
	return member;
}

static struct value make_condition(struct maker *maker, uint32_t depth)
{
	unsigned choice = take(maker);
	struct value map = {.type = VALUE_MAP, .size = choice % MEMBERS + (choice < 250)};

	if (choice & 64)
		return make_value(maker, depth);
	map.members = allocate(maker, map.size, sizeof(*map.members));
	for (uint32_t i = 0; i < map.size; i++)
		map.members[i] = make_operator(maker, depth + 1);
	return map;
}

static struct value make_map(struct maker *maker, uint32_t depth);

static struct member make_list(struct maker *maker, const char *word, uint32_t depth)
{
	struct value list = {.type = VALUE_ARRAY, .size = 1 + take(maker) % MEMBERS};

	list.items = allocate(maker, list.size, sizeof(*list.items));
	for (uint32_t i = 0; i < list.size; i++)
		list.items[i] = make_map(maker, depth + 1);
	return (struct member){.key = of_text(VALUE_STR, bytes_of(word)), .value = list};
}

static struct member make_member(struct maker *maker, uint32_t depth)
{
	unsigned choice = depth <= DEPTH && maker->rest.size > 0 ? take(maker) % 8 : 7;

	if (choice == 0)
		return make_list(maker, "and", depth);
	if (choice == 1)
		return make_list(maker, "or", depth);
	if (choice == 2)
		return (struct member){.key = of_text(VALUE_STR, BYTES("not")), .value = make_map(maker, depth + 1)};

	struct bytes column = make_column(maker);

	return (struct member){.key = of_text(VALUE_STR, column), .value = make_condition(maker, depth)};
}

static struct value make_map(struct maker *maker, uint32_t depth)
{
	struct value map = {.type = VALUE_MAP, .size = 1 + take(maker) % MEMBERS};

	map.members = allocate(maker, map.size, sizeof(*map.members));
	for (uint32_t i = 0; i < map.size; i++)
		map.members[i] = make_member(maker, depth);
	return map;
}

const struct value *where_make(struct arena *arena, const struct table *table, struct bytes bytes)
{
	struct maker maker = {.arena = arena, .table = table, .rest = bytes};
	struct value *where = allocate(&maker, 1, sizeof(*where));

	*where = make_map(&maker, 0);
	return where;
}
