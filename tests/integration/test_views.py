"""Views: read like tables, never written, and said to be broken when what they are made from is gone."""

import pytest

VIEWS = ["old_animals", "of_two", "counted", "computed", "of_view"]


@pytest.fixture(name="animals")
def fixture_animals(producer):
    producer.ok("create", table="animals", values=[{"species": "cat", "age": 3}, {"species": "cat", "age": 12},
                                                   {"species": "dog", "age": 11}])


def test_a_view_is_read_like_a_table(client, producer, animals):
    rows = client.ok("read", table="old_animals", where={"species": "cat"}, select=["species", "age"])["rows"]
    assert rows == [{"species": "cat", "age": 12}]
    assert client.ok("read", table="of_view", order=["-age"], first=True, select=["age"])["row"] == {"age": 12}
    assert client.ok("count", table="of_view")["value"] == 2
    assert client.ok("exists", table="old_animals", where={"species": "cow"})["value"] is False
    producer.ok("create", table="parent", values={"id": 7})
    child = producer.ok("create", table="child", values={"parent_id": 7})["row"]
    assert client.ok("read", table="of_two")["rows"] == [{"id": child["id"], "parent_id": 7, "of_parent": 7}]


def test_aggregates_have_the_types_of_their_columns(client, animals):
    rows = client.ok("read", table="counted", order=["species"])["rows"]
    assert rows == [{"species": "cat", "number": 2, "years": "15", "mean": "7.5000"},
                    {"species": "dog", "number": 1, "years": "11", "mean": "11.0000"}]
    assert client.ok("read", table="counted", where={"mean": {"gt": "7.50001"}}, select=["species"])["rows"] == [
        {"species": "dog"}]


def test_expressions_have_types_too(client, animals):
    row = client.ok("read", table="computed", where={"twice": 6})["rows"][0]
    assert (row["twice"], row["third"], row["loud"], row["nothing"], row["one"], row["old"]) == (
        6, "1.0000", "cat!", None, 1.0, 0)
    assert row["raw"] == (b"\0\xff" if client.codec == "msgpack" else {"$bin": "AP8="})


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_not_written(client, view):
    for op, fields in (("create", {"values": {"id": 1}}), ("create", {"values": []}), ("delete", {"all": True}),
                       ("update", {"where": {"id": 1}, "set": {"id": 2}}), ("delete", {"pk": 1})):
        error = client.fails("BAD_VALUE", op, table=view, **fields)
        assert "view" in error["message"] and "tables" in error["hint"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_no_key(client, view):
    assert "where" in client.fails("BAD_VALUE", "read", table=view, pk=1)["hint"]
    described = client.ok("describe", table=view)
    assert described["primary_key"] == [] and described["unique"] == [] and described["foreign_keys"] == []
    assert all(column["default"] is None and not column["generated"] for column in described["columns"])


def test_views_are_listed(client):
    kinds = {row["name"]: (row["kind"], row["engine"], row["comment"]) for row in client.ok("tables")["rows"]}
    assert {view: kinds[view] for view in VIEWS} == {view: ("view", None, "") for view in VIEWS}


def test_a_view_of_a_table_that_is_gone(client):
    for op in ("describe", "read", "count"):
        error = client.fails("UNKNOWN_TABLE", op, table="orphaned")
        assert "gone" in error["message"] and error["hint"]


def test_a_view_that_breaks_and_is_mended(producer, database):
    database.script("DROP VIEW IF EXISTS fragile;\nDROP TABLE IF EXISTS brittle;\nCREATE TABLE brittle (a INT, b INT);\n"
                    "CREATE VIEW fragile AS SELECT a, b FROM brittle")
    assert producer.ok("read", table="fragile")["rows"] == []
    database.query("DROP TABLE brittle")
    producer.fails("UNKNOWN_TABLE", "read", table="fragile")
    database.script("CREATE TABLE brittle (a INT, b INT);\nINSERT INTO brittle VALUES (1, 2)")
    assert producer.ok("read", table="fragile")["rows"] == [{"a": 1, "b": 2}]
    database.script("DROP VIEW fragile;\nDROP TABLE brittle")
