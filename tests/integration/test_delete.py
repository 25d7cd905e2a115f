"""delete: by key, by condition, all; with the rows that are gone or the counts."""

import pytest


@pytest.fixture
def ids(producer):
    return [row["id"] for row in producer.ok("create", table="animals", values=[
        {"species": "cat", "age": 1, "name": "a"}, {"species": "cat", "age": 2, "name": "b"},
        {"species": "dog", "age": 3, "name": "c"}])["rows"]]


def test_by_key(client, ids):
    reply = client.ok("delete", table="animals", pk=ids[0])
    assert reply["affected"] == 1 and "row" not in reply
    assert client.ok("delete", table="animals", pk=ids[0])["affected"] == 0
    client.fails("NOT_FOUND", "delete", table="animals", pk=ids[0], required=True)


def test_by_condition_and_all(client, ids):
    assert client.ok("delete", table="animals", where={"species": "cat"})["affected"] == 2
    client.fails("NOT_FOUND", "delete", table="animals", where={"species": "cat"}, required=True)
    assert client.ok("delete", table="animals", all=True)["affected"] == 1
    assert client.ok("count", table="animals")["value"] == 0


@pytest.mark.parametrize("address", [{}, {"where": {}}, {"all": False}])
def test_everything_only_on_purpose(client, ids, address):
    client.fails("WHERE_REQUIRED", "delete", table="animals", **address)
    assert client.ok("count", table="animals")["value"] == 3


def test_exactly_one_address(client, ids):
    client.fails("BAD_VALUE", "delete", table="animals", pk=ids[0], all=True)
    client.fails("BAD_VALUE", "delete", table="animals", pk=None)


def test_composite_key(client, producer):
    producer.ok("create", table="pair", values=[{"a": 1, "b": "x"}, {"a": 1, "b": "X"}])
    assert client.ok("delete", table="pair", pk={"a": 1, "b": "x"})["affected"] == 1
    assert client.ok("read", table="pair")["rows"] == [{"a": 1, "b": "X", "value": 7}]


def test_cascades(client, producer, database):
    member = producer.ok("create", table="member", values={"email": "m"})["row"]["id"]
    spot = producer.ok("create", table="spot", values={
        "kor_name": "경복궁", "latitude": 37.579617, "longitude": 126.977041})["row"]["id"]
    plan = producer.ok("create", table="plan", values={
        "member_id": member, "name": "서울", "start_date": "2024-02-29 09:00:00", "end_date": "2024-03-01 18:00:00"}
    )["row"]["id"]
    producer.ok("create", table="plan_spot_map", values={
        "plan_id": plan, "spot_id": spot, "day_x": 1, "order": 1, "spot_time": "09:30:00"})
    assert client.ok("delete", table="member", pk=member)["affected"] == 1
    assert database.query("SELECT COUNT(*) FROM plan_spot_map") == [(0,)]
    assert client.ok("read", table="spot", pk=spot)["row"]["business_status"] == 1


def test_returning_the_row(client, ids, database):
    reply = client.ok("delete", table="animals", pk=ids[0], returning=True)
    assert reply["row"] == {"id": ids[0], "species": "cat", "age": 1, "name": "a"} and reply["affected"] == 1
    assert client.ok("delete", table="animals", pk=ids[1], returning=["name"])["row"] == {"name": "b"}
    reply = client.ok("delete", table="animals", pk=ids[0], returning=True)
    assert reply["row"] is None and reply["affected"] == 0
    assert database.query("SELECT id FROM animals") == [(ids[2],)]


def test_returning_rows(client, ids):
    reply = client.ok("delete", table="animals", where={"species": "cat"}, returning=["id", "age"])
    assert sorted(reply["rows"], key=lambda row: row["id"]) == [{"id": ids[0], "age": 1}, {"id": ids[1], "age": 2}]
    assert reply["affected"] == 2
    assert client.ok("delete", table="animals", where={"species": "cat"}, returning=True)["rows"] == []
    assert [row["name"] for row in client.ok("delete", table="animals", all=True, returning=True)["rows"]] == ["c"]
    assert client.ok("count", table="animals")["value"] == 0


def test_what_refers_to_it_holds_it(client, producer, database):
    producer.ok("create", table="parent", values=[{"id": 1}, {"id": 2}])
    producer.ok("create", table="child", values={"parent_id": 2})
    error = client.fails("FOREIGN_KEY_VIOLATION", "delete", table="parent", all=True)
    assert error["at"]["constraint"] == "child_of_parent" and "child" in error["hint"]
    assert database.query("SELECT COUNT(*) FROM parent") == [(2,)], "all rows, or none"


def test_a_table_without_a_key(client, database):
    database.query("INSERT INTO no_key VALUES (1), (1), (2), (NULL)")
    client.fails("BAD_VALUE", "delete", table="no_key", pk=1)
    assert client.ok("delete", table="no_key", where={"value": 1})["affected"] == 2
    assert client.ok("delete", table="no_key", where={"value": None})["affected"] == 1
    assert client.ok("delete", table="no_key", all=True)["affected"] == 1


def test_a_view_is_only_read(client, ids):
    client.fails("BAD_VALUE", "delete", table="old_animals", all=True)
    assert client.ok("count", table="animals")["value"] == 3


def test_a_key_of_the_wrong_type_deletes_nothing(client, ids):
    for key in ("1 OR 1=1", "", [1], {"id": [1]}, {}):
        error = client.call("delete", check=False, table="animals", pk=key)["error"]
        assert error["code"] in ("BAD_VALUE", "BAD_MESSAGE"), key
    client.fails("UNKNOWN_COLUMN", "delete", table="animals", pk={"id` OR 1=1 -- ": 1})
    assert client.ok("count", table="animals")["value"] == 3


def test_more_rows_than_a_reply_may_have_stay(producer, database):
    database.query("INSERT INTO animals (species) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                   "WHERE i < 999) SELECT 's' FROM n")
    for _ in range(11):
        database.query("INSERT INTO animals (species) SELECT species FROM animals LIMIT 1000")
    before = database.query("SELECT COUNT(*), MIN(id) FROM animals")
    assert before[0][0] > 10000
    for op, fields in (("delete", {}), ("update", {"set": {"age": 1}})):
        error = producer.fails("TOO_LARGE", op, table="animals", where={"species": "s"}, returning=["id"], **fields)
        assert "returning" in error["hint"]
        assert database.query("SELECT COUNT(*), MIN(id) FROM animals WHERE age IS NULL") == before
    assert producer.ok("delete", table="animals", where={"species": "s"})["affected"] == before[0][0]
