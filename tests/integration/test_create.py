"""create: one, many, ragged, returning."""

import pytest


def test_one_row_as_stored(client, database):
    reply = client.ok("create", table="animals", values={"species": "cat", "age": 3, "name": "Nabi"})
    row = reply["row"]
    assert reply["affected"] == 1
    assert row == {"id": row["id"], "species": "cat", "age": 3, "name": "Nabi"}
    assert database.query("SELECT id, species, age, name FROM animals") == [(row["id"], "cat", 3, "Nabi")]


def test_what_is_left_out_takes_its_default(client):
    row = client.ok("create", table="member", values={"email": "a@example.org"})["row"]
    assert row["oauth"] == "none" and row["nickname"] is None
    assert row["created_at"] == row["updated_at"] and len(row["created_at"]) == 19


def test_a_row_of_defaults_only(client):
    assert client.ok("create", table="types", values={})["row"]["whole"] is None
    rows = client.ok("create", table="types", values=[{}, {}])["rows"]
    assert len(rows) == 2 and rows[0]["id"] < rows[1]["id"]


def test_nil_is_null_and_generates_a_key(client):
    row = client.ok("create", table="animals", values={"id": None, "species": "owl", "age": None})["row"]
    assert row["age"] is None and row["id"] > 0


def test_zero_in_an_auto_increment_column_is_zero(client):
    assert client.ok("create", table="animals", values={"id": 0, "species": "owl"})["row"]["id"] == 0


def test_many_rows_in_the_order_given(client, database):
    values = [{"species": "cat", "name": f"n{number}"} for number in range(50)]
    reply = client.ok("create", table="animals", values=values)
    assert reply["affected"] == 50 and "row" not in reply
    assert [row["name"] for row in reply["rows"]] == [f"n{number}" for number in range(50)]
    ids = [row["id"] for row in reply["rows"]]
    assert ids == sorted(ids)
    assert database.query("SELECT COUNT(*) FROM animals") == [(50,)]


def test_ragged_rows_each_take_their_own_defaults(client):
    rows = client.ok("create", table="pair", values=[
        {"a": 1, "b": "x"}, {"a": 2, "b": "y", "value": 9}, {"b": "z", "a": 3}, {"value": 1, "a": 4, "b": "w"}])["rows"]
    assert [(row["a"], row["b"], row["value"]) for row in rows] == [
        (1, "x", 7), (2, "y", 9), (3, "z", 7), (4, "w", 1)]


def test_no_rows(client):
    reply = client.ok("create", table="animals", values=[])
    assert reply["rows"] == [] and reply["affected"] == 0


def test_an_array_of_one_answers_rows(client):
    reply = client.ok("create", table="animals", values=[{"species": "cat"}])
    assert len(reply["rows"]) == 1 and "row" not in reply


def test_returning_columns(client):
    row = client.ok("create", table="animals", values={"species": "cat", "age": 4}, returning=["age", "id"])["row"]
    assert set(row) == {"age", "id"} and row["age"] == 4


def test_returning_false_answers_the_generated_ids(client, database):
    reply = client.ok("create", table="animals", values={"species": "cat"}, returning=False)
    assert "row" not in reply and reply["affected"] == 1
    assert database.query("SELECT id FROM animals") == [(reply["insert_id"],)]
    reply = client.ok("create", table="animals", values=[{"species": "a"}, {"species": "b"}], returning=False)
    assert "rows" not in reply
    assert database.query("SELECT id FROM animals WHERE species IN ('a', 'b') ORDER BY id") == [
        (one,) for one in reply["insert_ids"]]


def test_explicit_and_generated_keys_in_one_command(client):
    rows = client.ok("create", table="animals", values=[
        {"id": 500000, "species": "a"}, {"id": None, "species": "b"}, {"id": 7, "species": "c"}])["rows"]
    assert [row["species"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["id"] == 500000 and rows[2]["id"] == 7


def test_many_rows_with_text_keys_come_back_in_order(client):
    # More than one SELECT tells them on MySQL, and the server finds 'KIM1' by 'kim1'.
    values = [{"scope": f"{'KIM' if i % 2 else 'kim'}{i * 7919 % 2003}", "name": "x", "value": i} for i in range(2003)]
    assert client.ok("create", table="setting", values=values)["rows"] == values


def test_a_part_of_the_key_takes_its_default(client):
    row = {"scope": "a", "name": "all", "value": None}
    assert client.ok("create", table="setting", values={"scope": "a"})["row"] == row
    rows = client.ok("create", table="setting", values=[{"scope": "c", "name": "z"}, {"scope": "b"}])["rows"]
    assert [(row["scope"], row["name"]) for row in rows] == [("c", "z"), ("b", "all")]


def test_a_key_that_is_left_out(client):
    error = client.fails("NOT_NULL_VIOLATION", "create", table="parent", values={})
    assert error["at"]["column"] == "id"


def test_a_table_without_a_key(client, database):
    reply = client.ok("create", table="no_key", values=[{"value": 1}, {"value": 1}], returning=False)
    assert reply["affected"] == 2
    assert database.query("SELECT value FROM no_key") == [(1,), (1,)]


@pytest.mark.only_on("mariadb", reason="MySQL has no RETURNING: a row without a key is not found again")
def test_rows_without_a_key_are_told(client):
    assert client.ok("create", table="no_key", values=[{"value": 1}, {"value": 1}])["rows"] == [{"value": 1}] * 2


@pytest.mark.only_on("mysql", reason="MariaDB's RETURNING needs no key")
def test_rows_without_a_key_are_not_stored_untold(client, database):
    error = client.fails("BAD_VALUE", "create", table="no_key", values={"value": 1})
    assert "returning" in error["hint"]
    assert database.query("SELECT COUNT(*) FROM no_key") == [(0,)]


def test_all_rows_or_none(client, database):
    error = client.fails("UNIQUE_VIOLATION", "create", table="users", values=[
        {"name": "a", "email": "a"}, {"name": "b", "email": "b"}, {"name": "c", "email": "a"}])
    assert error["at"]["row"] == 2
    assert database.query("SELECT COUNT(*) FROM users") == [(0,)]


def test_the_first_bad_row_is_named(client, database):
    error = client.fails("BAD_VALUE", "create", table="animals", values=[
        {"species": "a"}, {"species": "b", "age": "many"}, {"species": "c", "age": []}])
    assert error["at"] == {"row": 1, "column": "age"}
    error = client.fails("UNKNOWN_COLUMN", "create", table="animals", values=[{"species": "a"}, {"specie": "b"}])
    assert error["at"]["row"] == 1 and "species" in error["hint"]
    assert database.query("SELECT COUNT(*) FROM animals") == [(0,)]


def test_names_are_looked_at_before_values_and_these_before_the_database(client):
    refused_by_the_database, bad_value, bad_name = {"age": 1}, {"species": "a", "age": 300}, {"specie": "a"}
    rows = [refused_by_the_database, bad_value, bad_name]
    assert client.fails("UNKNOWN_COLUMN", "create", table="animals", values=rows)["at"]["row"] == 2
    assert client.fails("OUT_OF_RANGE", "create", table="animals", values=rows[:2])["at"]["row"] == 1
    assert client.fails("NOT_NULL_VIOLATION", "create", table="animals", values=rows[:1])["at"]["row"] == 0


def test_what_cannot_be_undone_is_not_tried_again(client, database):
    """To learn the row, where the engine has no transactions, would insert the rows before it once more."""
    client.fails("NOT_NULL_VIOLATION", "create", table="unlogged", values=[{"n": 1}, {"n": 2}, {"n": None}])
    assert database.query("SELECT COUNT(*) FROM unlogged")[0][0] <= 2


def test_a_generated_column_is_computed_and_never_written(client):
    assert client.ok("create", table="guarded", values={"n": 4})["row"]["doubled"] == 8
    error = client.fails("BAD_VALUE", "create", table="guarded", values={"n": 4, "doubled": 1})
    assert error["at"]["column"] == "doubled"


def test_str_and_bin_are_interchangeable(producer):
    row = producer.ok("create", table="types", values={"label": b"text", "raw": "bytes"})["row"]
    assert row["label"] == "text" and row["raw"] == b"bytes"


def test_an_empty_array_is_an_empty_map(client):
    # Lua cannot tell them apart; but values: [] is no rows.
    assert client.ok("create", table="types", values=[[]])["rows"][0]["whole"] is None


@pytest.mark.parametrize("values", [5, "text", [1], [{"species": "a"}, None], None])
def test_values_have_to_be_maps(client, values):
    error = client.call("create", check=False, table="animals", values=values)["error"]
    assert error["code"] in ("BAD_VALUE", "BAD_MESSAGE", "MISSING_FIELD")


def test_generated_keys_rise_in_queue_order(producer, redis, database):
    for number in range(500):
        producer.push({"op": "create", "table": "animals", "values": {"species": f"{number:04}"},
                       "reply_list": "rowd:reply:rise"})
    ids = {}
    for _ in range(500):
        row = producer.take("rowd:reply:rise")["row"]
        ids[row["species"]] = row["id"]
    ordered = [ids[key] for key in sorted(ids)]
    assert len(ids) == 500 and ordered == sorted(ordered)
