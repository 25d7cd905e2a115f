"""update: by key, by condition, all; with the row back or the counts."""

import pytest


@pytest.fixture
def ids(producer):
    return [row["id"] for row in producer.ok("create", table="animals", values=[
        {"species": "cat", "age": 1, "name": "a"}, {"species": "cat", "age": 2, "name": "b"},
        {"species": "dog", "age": 3, "name": "c"}])["rows"]]


def test_by_key_answers_the_row(client, ids, database):
    reply = client.ok("update", table="animals", pk=ids[0], set={"age": 9, "name": None})
    assert reply["row"] == {"id": ids[0], "species": "cat", "age": 9, "name": None}
    assert reply["matched"] == 1 and reply["affected"] == 1
    assert database.query("SELECT age FROM animals ORDER BY id") == [(9,), (2,), (3,)]


def test_matched_and_affected_differ(client, ids):
    reply = client.ok("update", table="animals", pk=ids[0], set={"age": 1})
    assert (reply["matched"], reply["affected"]) == (1, 0)
    reply = client.ok("update", table="animals", where={"species": "cat"}, set={"age": 2})
    assert (reply["matched"], reply["affected"]) == (2, 1)


def test_by_condition_answers_counts(client, ids, database):
    reply = client.ok("update", table="animals", where={"species": "cat"}, set={"age": 5})
    assert "rows" not in reply and "row" not in reply
    assert (reply["matched"], reply["affected"]) == (2, 2)
    assert database.query("SELECT age FROM animals ORDER BY id") == [(5,), (5,), (3,)]


def test_all(client, ids):
    assert client.ok("update", table="animals", all=True, set={"age": 8})["affected"] == 3


def test_a_missing_row(client, ids):
    reply = client.ok("update", table="animals", pk=999999, set={"age": 1})
    assert reply["row"] is None and (reply["matched"], reply["affected"]) == (0, 0)
    client.fails("NOT_FOUND", "update", table="animals", pk=999999, set={"age": 1}, required=True)
    client.fails("NOT_FOUND", "update", table="animals", where={"species": "fox"}, set={"age": 1}, required=True)


def test_required_counts_matches_not_changes(client, ids):
    assert client.ok("update", table="animals", pk=ids[0], set={"age": 1}, required=True)["matched"] == 1


def test_returning(client, ids):
    assert client.ok("update", table="animals", pk=ids[0], set={"age": 4}, returning=["age"])["row"] == {"age": 4}
    assert "row" not in client.ok("update", table="animals", pk=ids[0], set={"age": 5}, returning=False)


@pytest.mark.parametrize("address", [{}, {"where": {}}, {"all": False}, {"where": []}])
def test_everything_only_on_purpose(client, ids, address):
    client.fails("WHERE_REQUIRED", "update", table="animals", set={"age": 1}, **address)


def test_exactly_one_address(client, ids):
    client.fails("BAD_VALUE", "update", table="animals", pk=ids[0], all=True, set={"age": 1})
    client.fails("BAD_VALUE", "update", table="animals", pk=ids[0], where={"age": 1}, set={"age": 1})
    client.fails("BAD_VALUE", "update", table="animals", pk=None, set={"age": 1})


@pytest.mark.parametrize("change", [{}, [], None, 5, [{"age": 1}]])
def test_set_has_to_change_something(client, ids, change):
    error = client.call("update", check=False, table="animals", pk=ids[0], set=change)["error"]
    assert error["code"] in ("BAD_VALUE", "BAD_MESSAGE", "MISSING_FIELD")


def test_set_is_needed(client, ids):
    assert client.fails("MISSING_FIELD", "update", table="animals", pk=ids[0])


def test_unknown_and_computed_columns(client, ids, producer):
    error = client.fails("UNKNOWN_COLUMN", "update", table="animals", pk=ids[0], set={"agge": 1})
    assert error["at"]["column"] == "agge" and "age" in error["hint"]
    row = producer.ok("create", table="guarded", values={"n": 1})["row"]
    client.fails("BAD_VALUE", "update", table="guarded", pk=row["id"], set={"doubled": 1})
    assert client.ok("update", table="guarded", pk=row["id"], set={"n": 6})["row"]["doubled"] == 12


def test_composite_key(client, producer):
    producer.ok("create", table="pair", values=[{"a": 1, "b": "x"}, {"a": 1, "b": "y"}])
    assert client.ok("update", table="pair", pk={"a": 1, "b": "y"}, set={"value": 3})["row"] == {
        "a": 1, "b": "y", "value": 3}
    assert client.ok("count", table="pair", where={"value": 7})["value"] == 1


def test_changing_the_key_answers_the_row_where_it_is_now(client, producer):
    producer.ok("create", table="pair", values={"a": 1, "b": "x"})
    reply = client.ok("update", table="pair", pk={"a": 1, "b": "x"}, set={"a": 2})
    assert reply["row"] == {"a": 2, "b": "x", "value": 7}
    assert client.ok("read", table="pair", pk={"a": 1, "b": "x"})["row"] is None


def test_the_server_keeps_updated_at(client, producer, database):
    row = producer.ok("create", table="member", values={"email": "a"})["row"]
    database.query("UPDATE member SET created_at = '2001-01-01', updated_at = '2001-01-01'")
    changed = client.ok("update", table="member", pk=row["id"], set={"nickname": "n"})["row"]
    assert changed["created_at"] == "2001-01-01 00:00:00" and changed["updated_at"] >= row["updated_at"]


def test_a_unique_key_of_another_row(client, producer, database):
    rows = producer.ok("create", table="users", values=[
        {"name": "a", "email": "a"}, {"name": "b", "email": "b"}])["rows"]
    client.fails("UNIQUE_VIOLATION", "update", table="users", pk=rows[1]["id"], set={"email": "a"})
    assert database.query("SELECT email FROM users ORDER BY id") == [("a",), ("b",)]
