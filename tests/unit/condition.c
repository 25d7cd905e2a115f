/* condition.c - `where` as SQL: every condition, every kind of column, what is refused, and with which hint. */
#include "plan_support.h"

#include "daemon/plan/sql/condition.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

struct fixture {
	struct catalog *catalogs[2]; /* by enum server_kind */
	struct arena arena;
	struct buffer sql;
	struct error error;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->catalogs[SERVER_MARIADB] = support_catalog(SERVER_MARIADB);
	fixture->catalogs[SERVER_MYSQL] = support_catalog(SERVER_MYSQL);
	arena_init(&fixture->arena, 1 << 20);
	buffer_init(&fixture->sql, 1 << 20);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	buffer_free(&fixture->sql);
	arena_free(&fixture->arena);
	catalog_unref(fixture->catalogs[SERVER_MARIADB]);
	catalog_unref(fixture->catalogs[SERVER_MYSQL]);
	free(fixture);
	return 0;
}

/* JSON written with ' for ", as in the cases below. */
static const struct value *where_of(struct fixture *fixture, const char *json)
{
	struct bytes copy = arena_copy(&fixture->arena, bytes_of(json));

	for (char *at = (char *)copy.data; *at; at++)
		if (*at == '\'')
			*at = '"';
	return support_value(&fixture->arena, copy.data);
}

static int append(struct fixture *fixture, enum server_kind kind, const char *table, const struct value *where)
{
	const struct catalog *catalog = fixture->catalogs[kind];
	struct compiler compiler = {.arena = &fixture->arena,
				    .out = &fixture->sql,
				    .table = catalog_find(catalog, bytes_of(table)),
				    .server = catalog_server(catalog),
				    .error = &fixture->error};

	assert_non_null(compiler.table);
	buffer_reset(&fixture->sql);
	return condition_append(&compiler, where);
}

struct sql_case {
	const char *table, *where, *sql;
};

static void run_cases(struct fixture *fixture, enum server_kind kind, const struct sql_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (append(fixture, kind, cases[i].table, where_of(fixture, cases[i].where)) != 0)
			fail_msg("%s: %s (%s)", cases[i].where, fixture->error.message, fixture->error.hint);
		buffer_append_byte(&fixture->sql, '\0');
		assert_string_equal(fixture->sql.data, cases[i].sql);
	}
}

static const struct sql_case on_both[] = {
	{"pets", "{'age':1,'name':null}", "`age` = 1 AND `name` IS NULL"},
	{"pets", "{'age':{'ge':3,'lt':9}}", "`age` >= 3 AND `age` < 9"},
	{"pets", "{'age':{'gt':3,'le':1000}}", "`age` > 3 AND `age` <= 1000"},
	{"pets", "{'age':{'eq':null}}", "`age` IS NULL"},
	{"pets", "{'age':{'ne':null}}", "`age` IS NOT NULL"},
	{"pets", "{'age':{'ne':1}}", "`age` <> 1"},
	{"pets", "{'name':0}", "`name` = '0'"},
	{"pets", "{'age':{'in':[1,'2']}}", "`age` IN (1,2)"},
	{"pets", "{'age':{'in':[]}}", "FALSE"},
	{"pets", "{'age':{'nin':[]}}", "TRUE"},
	{"pets", "{'age':{'nin':[1]}}", "`age` NOT IN (1)"},
	{"pets", "{'age':{'between':[1,2]}}", "`age` BETWEEN 1 AND 2"},
	{"pets", "{'age':{'between':[2,1]}}", "`age` BETWEEN 2 AND 1"},
	{"pets", "{'name':{'between':['a','b']}}", "(`name` >= 'a' AND `name` <= 'b')"},
	{"pets", "{'not':{'name':{'between':['a','b']}},'age':1}",
	 "NOT ((`name` >= 'a' AND `name` <= 'b')) AND `age` = 1"},
	{"pets", "{'age':{'null':true}}", "`age` IS NULL"},
	{"pets", "{'age':{'null':false}}", "`age` IS NOT NULL"},
	{"pets", "{'name':{'contains':'5%_\\\\x'}}", "`name` LIKE '%5\\\\%\\\\_\\\\\\\\x%'"},
	{"pets", "{'name':{'contains':''}}", "`name` LIKE '%%'"},
	{"pets", "{'name':{'starts':'a'}}", "`name` LIKE 'a%'"},
	{"pets", "{'name':{'ends':'a'}}", "`name` LIKE '%a'"},
	{"pets", "{'name':{'like':'a_%'}}", "`name` LIKE 'a_%'"},
	{"pets", "{'name':{'like':'a\\\\%'}}", "`name` LIKE 'a\\\\%'"},
	{"pets", "{'name':{'nlike':'a'}}", "`name` NOT LIKE 'a'"},
	{"pets", "{'name':{'regexp':'^a'}}", "`name` REGEXP '^a'"},
	{"pets", "{'shout':{'starts':'a'}}", "`shout` LIKE 'a%'"},
	{"pets", "{'age':{'lt':{'col':'id'}}}", "`age` < `id`"},
	{"pets", "{'name':{'ne':{'col':'tag'}}}", "`name` <> `tag`"},
	{"pets", "{'or':[{'age':1},{'age':2,'id':3}]}", "((`age` = 1) OR (`age` = 2 AND `id` = 3))"},
	{"pets", "{'and':[{'age':1},{'not':{'age':2}}]}", "((`age` = 1) AND (NOT (`age` = 2)))"},
	{"pets", "{'not':{'or':[{'age':1}]},'id':1}", "NOT (((`age` = 1))) AND `id` = 1"},
	{"order", "{'.or':5}", "`or` = 5"},
	{"dotted", "{'.and':1}", "`.and` = 1"},
	{"dotted", "{'.or':1,'..or':2,'.x':3}", "`or` = 1 AND `.or` = 2 AND `.x` = 3"},
};

/* POINT(1 1), as a read answers it. */
#define POINT     "{'$bin':'AAAAAAEBAAAAAAAAAAAA8D8AAAAAAADwPw=='}"
#define POINT_SQL "x'000000000101000000000000000000f03f000000000000f03f'"

static const struct sql_case by_kind[] = {
	{"every", "{'half':0.1}", "`half` = 1.0000000149011612e-01"},
	{"every", "{'half':{'in':[0.1]}}", "`half` IN (1.0000000149011612e-01)"},
	{"every", "{'half':{'eq':{'col':'tiny'}}}", "`half` = CAST(`tiny` AS FLOAT)"},
	{"every", "{'half':{'lt':{'col':'half'}}}", "`half` < `half`"},
	{"every", "{'tiny':{'ne':{'col':'half'}}}", "CAST(`tiny` AS FLOAT) <> `half`"},
	{"every", "{'whole':{'eq':{'col':'half'}}}",
	 "IF(ABS(`whole`) <= 3.4028234663852886e38,CAST(`whole` AS FLOAT),`whole`) = `half`"},
	{"every", "{'whole':{'eq':{'col':'money'}}}", "`whole` = `money`"},
	{"every", "{'blob':{'contains':'%'}}", "`blob` LIKE x'255c2525'"},
	{"every", "{'blob':{'lt':'a','between':['a','b']}}", "`blob` < x'61' AND `blob` BETWEEN x'61' AND x'62'"},
	{"every", "{'place':{'in':[" POINT "]}}", "`place` IN (" POINT_SQL ")"},
	{"every", "{'place':{'ne':" POINT "}}", "`place` <> " POINT_SQL},
	{"every", "{'place':{'eq':{'col':'place'}}}", "`place` = `place`"},
	{"every", "{'json':{'contains':'a'}}", "`json` LIKE '%a%'"},
	{"every", "{'json':null}", "`json` IS NULL"},
	{"every", "{'uuid':{'starts':'6ccd'}}", "`uuid` LIKE '6ccd%'"},
	{"every", "{'set':{'contains':'a'}}", "`set` LIKE '%a%'"},
	{"every", "{'moment':{'ge':{'col':'date'}}}", "`moment` >= `date`"},
	{"every", "{'year':{'between':[1,2000]},'bits':5}", "`year` BETWEEN 100 AND 2000 AND `bits` = 5"},
	{"every", "{'time':{'lt':'-00:00:01'}}", "`time` < '-00:00:01.000000'"},
};

static const struct sql_case documents_on_mariadb[] = {
	{"every", "{'json':{'eq':[1]}}", "JSON_EQUALS(`json`,'[1]') = 1"},
	{"every", "{'json':{'ne':{'a':1}}}", "JSON_EQUALS(`json`,'{\\\"a\\\":1}') = 0"},
	{"every", "{'json':{'in':[1,[2]]}}", "(JSON_EQUALS(`json`,'1') = 1 OR JSON_EQUALS(`json`,'[2]') = 1)"},
	{"every", "{'json':{'nin':[1]}}", "NOT (JSON_EQUALS(`json`,'1') = 1)"},
	{"every", "{'json':{'eq':{'col':'json'}}}", "JSON_EQUALS(`json`,`json`) = 1"},
};

static const struct sql_case documents_on_mysql[] = {
	{"every", "{'json':{'eq':[1]}}", "`json` = CAST('[1]' AS JSON)"},
	{"every", "{'json':{'nin':[1,[2]]}}", "`json` NOT IN (CAST('1' AS JSON),CAST('[2]' AS JSON))"},
	{"every", "{'json':{'ne':{'col':'json'}}}", "`json` <> `json`"},
};

static void writes_sql(void **state)
{
	run_cases(*state, SERVER_MARIADB, on_both, LENGTH(on_both));
	run_cases(*state, SERVER_MYSQL, on_both, LENGTH(on_both));
	run_cases(*state, SERVER_MARIADB, by_kind, LENGTH(by_kind));
	run_cases(*state, SERVER_MYSQL, by_kind, LENGTH(by_kind));
	run_cases(*state, SERVER_MARIADB, documents_on_mariadb, LENGTH(documents_on_mariadb));
	run_cases(*state, SERVER_MYSQL, documents_on_mysql, LENGTH(documents_on_mysql));
}

struct refusal {
	const char *where, *column, *hint; /* column "": none */
	enum error_code code;
};

static const struct refusal refusals[] = {
	{"{'naem':1}", "naem", "`name`", ERROR_UNKNOWN_COLUMN},
	{"{'age':{}}", "age", "in", ERROR_BAD_VALUE},
	{"{'age':[]}", "age", "in", ERROR_BAD_VALUE},
	{"{'age':[1]}", "age", "in", ERROR_BAD_VALUE},
	{"{'and':[]}", "", "empty", ERROR_BAD_VALUE},
	{"{'or':[]}", "", "empty", ERROR_BAD_VALUE},
	{"{'or':{'age':1}}", "", "", ERROR_BAD_VALUE},
	{"{'or':[{}]}", "", "empty", ERROR_BAD_VALUE},
	{"{'or':[5]}", "", "", ERROR_BAD_VALUE},
	{"{'not':{}}", "", "empty", ERROR_BAD_VALUE},
	{"{'not':[]}", "", "empty", ERROR_BAD_VALUE},
	{"{'not':5}", "", "", ERROR_BAD_VALUE},
	{"{'age':{'contians':1}}", "age", "`contains`", ERROR_BAD_VALUE},
	{"{'age':{'$regularly':1}}", "age", "between", ERROR_BAD_VALUE},
	{"{'age':{'col':'id'}}", "age", "`eq`", ERROR_BAD_VALUE},
	{"{'age':{'contains':'1'}}", "age", "`between`", ERROR_BAD_VALUE},
	{"{'age':{'regexp':'1'}}", "age", "`eq`", ERROR_BAD_VALUE},
	{"{'name':{'contains':1}}", "name", "", ERROR_BAD_VALUE},
	{"{'name':{'like':null}}", "name", "`null`", ERROR_BAD_VALUE},
	{"{'name':{'regexp':''}}", "name", "`null`", ERROR_BAD_VALUE},
	{"{'name':{'contains':{'$bin':'/w=='}}}", "name", "BINARY", ERROR_BAD_VALUE},
	{"{'age':{'in':[1,null]}}", "age", "`or`", ERROR_BAD_VALUE},
	{"{'age':{'nin':[null]}}", "age", "`and`", ERROR_BAD_VALUE},
	{"{'age':{'in':1}}", "age", "", ERROR_BAD_VALUE},
	{"{'age':{'in':null}}", "age", "`null`", ERROR_BAD_VALUE},
	{"{'age':{'lt':null}}", "age", "`null`", ERROR_BAD_VALUE},
	{"{'age':{'between':[1]}}", "age", "[low, high]", ERROR_BAD_VALUE},
	{"{'age':{'between':[1,2,3]}}", "age", "[low, high]", ERROR_BAD_VALUE},
	{"{'age':{'between':[null,2]}}", "age", "`le`", ERROR_BAD_VALUE},
	{"{'age':{'between':[1,null]}}", "age", "`ge`", ERROR_BAD_VALUE},
	{"{'age':{'between':5}}", "age", "[low, high]", ERROR_BAD_VALUE},
	{"{'age':{'null':1}}", "age", "{`null`: true}", ERROR_BAD_VALUE},
	{"{'age':{'null':null}}", "age", "{`null`: true}", ERROR_BAD_VALUE},
	{"{'age':'x'}", "age", "", ERROR_BAD_VALUE},
	{"{'age':{'lt':{'col':'nmae'}}}", "nmae", "`name`", ERROR_UNKNOWN_COLUMN},
	{"{'age':{'lt':{'col':'name'}}}", "age", "numbers with numbers", ERROR_BAD_VALUE},
	{"{'age':{'lt':{'col':5}}}", "age", "", ERROR_BAD_VALUE},
	{"{'age':{'in':[{'col':'id'}]}}", "age", "", ERROR_BAD_VALUE},
};

static const struct refusal refusals_by_kind[] = {
	{"{'json':{'lt':'1'}}", "json", "`eq`", ERROR_BAD_VALUE},
	{"{'json':{'between':['1','2']}}", "json", "`eq`", ERROR_BAD_VALUE},
	{"{'json':[1]}", "json", "{`eq`: […]}", ERROR_BAD_VALUE},
	{"{'json':{'a':1}}", "json", "{`eq`: {…}}", ERROR_BAD_VALUE},
	{"{'place':{'ge':'x'}}", "place", "`eq`", ERROR_BAD_VALUE},
	{"{'place':{'contains':'x'}}", "place", "`eq`", ERROR_BAD_VALUE},
	{"{'blob':{'regexp':'x'}}", "blob", "`contains`", ERROR_BAD_VALUE},
	{"{'date':{'like':'2024%'}}", "date", "`between`", ERROR_BAD_VALUE},
	{"{'uuid':{'eq':{'col':'inet'}}}", "uuid", "", ERROR_BAD_VALUE},
	{"{'date':{'eq':{'col':'time'}}}", "date", "dates with dates", ERROR_BAD_VALUE},
	{"{'blob':{'eq':{'col':'text'}}}", "blob", "", ERROR_BAD_VALUE},
};

static void run_refusals(struct fixture *fixture, const char *table, const struct refusal *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct refusal *refusal = &cases[i];

		if (append(fixture, SERVER_MARIADB, table, where_of(fixture, refusal->where)) == 0)
			fail_msg("%s: not refused", refusal->where);
		if (fixture->error.code != refusal->code || strcmp(fixture->error.at_column, refusal->column) != 0 ||
		    !strstr(fixture->error.hint, refusal->hint))
			fail_msg("%s: %s at `%s`: %s (%s)", refusal->where, error_code_name(fixture->error.code),
				 fixture->error.at_column, fixture->error.message, fixture->error.hint);
	}
}

static void refuses(void **state)
{
	run_refusals(*state, "pets", refusals, LENGTH(refusals));
	run_refusals(*state, "every", refusals_by_kind, LENGTH(refusals_by_kind));
}

static void tells_how_a_column_with_the_name_of_a_connective_is_written(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(append(fixture, SERVER_MARIADB, "order", where_of(fixture, "{'or':5}")), -EINVAL);
	assert_non_null(strstr(fixture->error.hint, "`.or`"));
}

static void knows_the_column_of_the_only_regexp(void **state)
{
	static const struct {
		const char *where, *column;
	} cases[] = {
		{"{'name':{'regexp':'('},'age':1}", "name"},
		{"{'or':[{'age':1},{'not':{'and':[{'tag':{'ne':'x','regexp':'('}}]}}]}", "tag"},
		{"{'name':{'regexp':'('},'not':{'tag':{'regexp':'a'}}}", NULL},
		{"{'name':{'like':'regexp'}}", NULL},
		{"{}", NULL},
	};
	struct fixture *fixture = *state;
	const struct table *table = catalog_find(fixture->catalogs[SERVER_MYSQL], BYTES("pets"));

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct column *column = condition_regexp_column(table, where_of(fixture, cases[i].where));

		assert_true((column != NULL) == (cases[i].column != NULL));
		if (column)
			assert_true(bytes_equal_text(column->name, cases[i].column));
	}
	assert_null(condition_regexp_column(table, NULL));
}

static void nests_to_eight_and_no_deeper(void **state)
{
	struct fixture *fixture = *state;

	for (int depth = 8; depth <= 9; depth++) {
		char where[256] = "";

		for (int i = 0; i < depth; i++)
			strcat(where, "{'not':");
		strcat(where, "{'age':1}");
		for (int i = 0; i < depth; i++)
			strcat(where, "}");
		assert_int_equal(append(fixture, SERVER_MARIADB, "pets", where_of(fixture, where)),
				 depth == 8 ? 0 : -EINVAL);
	}
	assert_non_null(strstr(fixture->error.message, "8 levels"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_sql, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_how_a_column_with_the_name_of_a_connective_is_written, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(knows_the_column_of_the_only_regexp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nests_to_eight_and_no_deeper, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
