/* literal_fixture.c */
#include "literal_fixture.h"

int literal_set_up(void **state, struct catalog *catalog, const char *table)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->catalog = catalog;
	arena_init(&fixture->arena, 1 << 20);
	buffer_init(&fixture->sql, 1 << 20);
	fixture->compiler = (struct compiler){.arena = &fixture->arena,
					      .out = &fixture->sql,
					      .table = catalog_find(catalog, bytes_of(table)),
					      .server = catalog_server(catalog),
					      .error = &fixture->error,
					      .warnings = &fixture->warnings};
	*state = fixture;
	return 0;
}

int literal_tear_down(void **state)
{
	struct fixture *fixture = *state;

	buffer_free(&fixture->sql);
	arena_free(&fixture->arena);
	catalog_unref(fixture->catalog);
	free(fixture);
	return 0;
}

int literal_of(struct fixture *fixture, const char *column_name, const struct value *value, enum literal_use use)
{
	const struct column *column = table_find_column(fixture->compiler.table, bytes_of(column_name));

	assert_non_null(column);
	buffer_reset(&fixture->sql);
	fixture->warnings.count = 0;
	fixture->error = (struct error){0};
	return literal_append(&fixture->compiler, column, value, use);
}
