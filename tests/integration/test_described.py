"""What `describe` tells of columns and keys, the same on both servers; and rows whose keys somebody else has made."""

import pytest

from support.client import Client

DEFAULTS = {
    "id": None, "none": None, "number": "-3", "digits": "1.50", "bits": "b'101'", "quoted": "'it''s'", "blank": "''",
    "null_": "'NULL'", "slashes": "'a\\\\b\\nc'", "chosen": "'b'", "day": "'2020-01-01'", "now_": "current_timestamp(3)",
    "bytes": "'ab'", "computed": "concat('it\\'s','x')", "sum_": "(1 + 2)", "document": "'{}'", "virtual_": None,
    "stored_": None, "hidden": "3",
}


def test_defaults_are_sql_on_both_servers(client):
    columns = client.ok("describe", table="preset")["columns"]
    assert {column["name"]: column["default"] for column in columns} == DEFAULTS
    assert {column["name"] for column in columns if column["generated"]} == {"virtual_", "stored_"}
    assert {column["name"]: column["type"] for column in columns}["document"] == "json"


def test_what_is_left_out_takes_its_default(client):
    row = client.ok("create", table="preset", values={})["row"]
    assert (row["number"], row["digits"], row["bits"], row["quoted"], row["null_"]) == (-3, "1.50", 5, "it's", "NULL")
    assert (row["computed"], row["sum_"], row["virtual_"], row["stored_"]) == ("it'sx", 3, -2, -1)
    assert row["hidden"] == 3, "an invisible column is a column"
    assert client.ok("update", table="preset", pk=row["id"], set={"hidden": 4, "number": 1})["row"]["virtual_"] == 2
    assert client.ok("read", table="preset", where={"hidden": 4}, select=["hidden"])["rows"] == [{"hidden": 4}]


@pytest.mark.parametrize("column", ["virtual_", "stored_"])
def test_a_computed_column_is_not_written(client, column):
    assert client.fails("BAD_VALUE", "create", table="preset", values={column: 1})["at"] == {"column": column}
    row = client.ok("create", table="preset", values={})["row"]
    assert client.fails("BAD_VALUE", "update", table="preset", pk=row["id"], set={column: 1})["at"] == {"column": column}


@pytest.mark.only_on("mysql", reason="MariaDB has no keys over expressions")
def test_unique_keys_of_expressions(client, database):
    if not database.query("SHOW TABLES LIKE 'folded'"):
        database.script("CREATE TABLE folded (id INT AUTO_INCREMENT PRIMARY KEY, a INT, s VARCHAR(20));\n"
                        "CREATE UNIQUE INDEX mixed ON folded (a, (concat(s, 'it''s')));\n"
                        "CREATE UNIQUE INDEX sum_ ON folded ((a + 1))")
    database.query("DELETE FROM folded")
    unique = client.ok("describe", table="folded")["unique"]
    assert {"name": "mixed", "columns": ["a", "(concat(`s`,'it\\'s'))"]} in unique
    assert {"name": "sum_", "columns": ["(`a` + 1)"]} in unique
    client.ok("create", table="folded", values={"a": 1, "s": "x"})
    error = client.fails("UNIQUE_VIOLATION", "create", table="folded", values={"a": 1, "s": "y"})
    assert error["at"] == {"constraint": "sum_"}


def test_a_trigger_that_sets_the_generated_key(client):
    assert client.ok("create", table="triggered", values={"value": 1})["row"] == {"id": 101, "value": 1}
    assert client.ok("create", table="triggered", values={"value": 2}, returning=False)["insert_id"] == 102
    rows = client.ok("create", table="triggered", values=[{"value": 3}, {"id": 7, "value": 4}, {"value": 5}])["rows"]
    assert rows == [{"id": 103, "value": 3}, {"id": 104, "value": 4}, {"id": 105, "value": 5}]
    reply = client.ok("create", table="triggered", values=[{"value": 6}, {"value": 8}], returning=False)
    assert reply["insert_ids"] == [106, 108] and reply["affected"] == 2
    error = client.fails("UNIQUE_VIOLATION", "create", table="triggered", values=[{"value": 9}, {"value": 1}])
    assert error["at"]["row"] == 1
    assert client.ok("count", table="triggered")["value"] == 7, "all rows of a command, or none"


def test_a_trigger_that_moves_a_given_key(client, database_server):
    if database_server.is_mariadb():
        assert client.ok("create", table="moved", values={"id": 1, "value": 2})["row"] == {"id": 101, "value": 2}
        return
    error = client.fails("BAD_VALUE", "create", table="moved", values={"id": 1, "value": 2})
    assert "trigger" in error["hint"] and "returning" in error["hint"]
    assert client.ok("count", table="moved")["value"] == 0, "what cannot be answered was not done"
    assert client.ok("create", table="moved", values={"id": 1, "value": 2}, returning=False)["affected"] == 1


@pytest.mark.parametrize("key, last", [("TINYINT", 127), ("BIGINT UNSIGNED", 2**64 - 1)])
def test_keys_that_have_come_to_their_end(client, database, database_server, key, last):
    name = f"ended_{len(key)}"
    if not database.query(f"SHOW TABLES LIKE '{name}'"):
        database.query(f"CREATE TABLE {name} (id {key} AUTO_INCREMENT PRIMARY KEY, value INT)")
    assert client.ok("create", table=name, values={"id": last})["row"]["id"] == last
    code = "OUT_OF_RANGE" if database_server.is_mariadb() or last == 2**64 - 1 else "UNIQUE_VIOLATION"
    assert client.fails(code, "create", table=name, values=[{"value": 1}])["at"]["column"] == "id"


def test_a_key_from_an_expression(client, database, database_server):
    if not database.query("SHOW TABLES LIKE 'self_named'"):
        database.query("CREATE TABLE self_named (id VARCHAR(36) PRIMARY KEY DEFAULT (UUID()), value INT)")
    if database_server.is_mariadb():
        assert len(client.ok("create", table="self_named", values={"value": 1})["row"]["id"]) == 36
        return
    error = client.fails("BAD_VALUE", "create", table="self_named", values={"value": 1})
    assert "primary key" in error["hint"] and "returning" in error["hint"]
    assert client.ok("create", table="self_named", values={"value": 1}, returning=False)["affected"] == 1


def test_a_foreign_key_whose_rule_is_hidden(world, database_server):
    """From an account with rights on single tables MariaDB hides what becomes of a row's children; MySQL does not."""
    database = world.database()
    database.query("CREATE TABLE whole (id INT PRIMARY KEY)")
    database.query("CREATE TABLE part (id INT PRIMARY KEY, whole INT, "
                   "CONSTRAINT part_of FOREIGN KEY (whole) REFERENCES whole (id) ON DELETE CASCADE)")
    database.query("CREATE USER IF NOT EXISTS tables_only@localhost IDENTIFIED BY ''")
    for table in ("whole", "part"):
        database.query(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database.name}.{table} TO tables_only@localhost")
    redis_server = world.redis()
    world.rowd(database, redis_server, database_url=database.url.replace("root@", "tables_only@"),
               queue_delivery="at-least-once")
    described = Client(redis_server.client()).ok("describe", table="part")
    assert described["foreign_keys"] == [
        {"name": "part_of", "columns": ["whole"], "table": "whole", "references": ["id"],
         "on_delete": None if database_server.is_mariadb() else "CASCADE"}]
    database.query("DROP USER tables_only@localhost")
