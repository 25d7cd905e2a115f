"""read, count, exists: by key and by condition, ordered, in pages."""

import pytest

ANIMALS = [("cat", 3, "Nabi"), ("cat", 7, "Mimi"), ("dog", 1, "Baduk"), ("dog", None, "Jindo"), ("owl", 12, None),
           ("cat", 3, "nabi%_\\")]


@pytest.fixture
def animals(producer):
    rows = producer.ok("create", table="animals", values=[
        {"species": species, "age": age, "name": name} for species, age, name in ANIMALS])["rows"]
    return [row["id"] for row in rows]


def names(reply):
    return [row["name"] for row in reply["rows"]]


def test_by_key(client, animals):
    reply = client.ok("read", table="animals", pk=animals[0])
    assert reply["row"] == {"id": animals[0], "species": "cat", "age": 3, "name": "Nabi"} and "rows" not in reply
    assert client.ok("read", table="animals", pk={"id": animals[1]})["row"]["name"] == "Mimi"
    assert client.ok("read", table="animals", pk=str(animals[1]))["row"]["name"] == "Mimi"


def test_a_missing_row_is_nil_or_not_found(client, animals):
    reply = client.ok("read", table="animals", pk=999999)
    assert "row" in reply and reply["row"] is None
    client.fails("NOT_FOUND", "read", table="animals", pk=999999, required=True)
    client.fails("NOT_FOUND", "read", table="animals", where={"species": "fox"}, required=True)
    assert client.ok("read", table="animals", where={"species": "fox"})["rows"] == []
    assert client.ok("read", table="animals", pk=animals[0], required=True)["row"]


def test_a_nil_key_never_means_all(client, animals):
    client.fails("BAD_VALUE", "read", table="animals", pk=None)
    client.fails("BAD_VALUE", "read", table="animals", where=None)
    client.fails("BAD_VALUE", "count", table="animals", where=None)
    client.fails("BAD_VALUE", "delete", table="animals", where=None)


def test_all_rows_without_a_condition(client, animals):
    assert len(client.ok("read", table="animals")["rows"]) == 6
    assert len(client.ok("read", table="animals", where={})["rows"]) == 6
    assert len(client.ok("read", table="animals", where=[])["rows"]) == 6, "as Lua writes an empty map"


def test_select(client, animals):
    assert client.ok("read", table="animals", pk=animals[0], select=["name", "age"])["row"] == {
        "name": "Nabi", "age": 3}
    error = client.fails("UNKNOWN_COLUMN", "read", table="animals", select=["name", "agee"])
    assert error["at"]["column"] == "agee" and "age" in error["hint"]


def test_order(client, animals):
    rows = client.ok("read", table="animals", order=["species", "-age"], where={"age": {"null": False}})["rows"]
    assert [(row["species"], row["age"]) for row in rows] == [
        ("cat", 7), ("cat", 3), ("cat", 3), ("dog", 1), ("owl", 12)]


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize("nulls", ["first", "last"])
def test_order_with_nulls(client, animals, desc, nulls):
    rows = client.ok("read", table="animals", order=[{"col": "age", "desc": desc, "nulls": nulls}])["rows"]
    ages = [row["age"] for row in rows]
    assert ages.index(None) == (0 if nulls == "first" else 5)
    rest = [age for age in ages if age is not None]
    assert rest == sorted(rest, reverse=desc)


def test_limit_and_offset(client, animals):
    assert names(client.ok("read", table="animals", order=["id"], limit=2)) == ["Nabi", "Mimi"]
    assert names(client.ok("read", table="animals", order=["id"], limit=2, offset=2)) == ["Baduk", "Jindo"]
    assert client.ok("read", table="animals", limit=0)["rows"] == []
    assert client.ok("read", table="animals", limit=5, offset=100)["rows"] == []


def test_pages_never_overlap(client, producer):
    producer.ok("create", table="animals", values=[{"species": "same"} for _ in range(25)])
    seen = []
    for page in (1, 2, 3, 4):
        rows = client.ok("read", table="animals", order=["species"], page=page, page_size=8)["rows"]
        seen += [row["id"] for row in rows]
    assert len(seen) == 25 and seen == sorted(set(seen))
    assert client.ok("read", table="animals", page=5, page_size=8)["rows"] == []


def test_page_needs_page_size_and_counts_from_one(client):
    assert client.call("read", check=False, table="animals", page=1)["error"]["code"] in ("MISSING_FIELD", "BAD_VALUE")
    client.fails("BAD_VALUE", "read", table="animals", page=0, page_size=5)
    client.fails("BAD_VALUE", "read", table="animals", page=1, page_size=5, offset=1)


def test_first(client, animals):
    reply = client.ok("read", table="animals", where={"species": "cat"}, order=["-age"], first=True)
    assert reply["row"]["name"] == "Mimi" and "rows" not in reply
    assert client.ok("read", table="animals", where={"species": "fox"}, first=True)["row"] is None
    client.fails("NOT_FOUND", "read", table="animals", where={"species": "fox"}, first=True, required=True)


def test_composite_keys(client, producer):
    producer.ok("create", table="pair", values=[{"a": 1, "b": "x"}, {"a": 1, "b": "X"}, {"a": 2, "b": "x"}])
    assert client.ok("read", table="pair", pk={"b": "X", "a": 1})["row"] == {"a": 1, "b": "X", "value": 7}
    assert client.ok("read", table="pair", pk={"a": 9, "b": "x"})["row"] is None
    client.fails("BAD_VALUE", "read", table="pair", pk=1)
    client.fails("BAD_VALUE", "read", table="pair", pk={"a": 1})
    client.fails("BAD_VALUE", "read", table="pair", pk={"a": 1, "b": None})
    error = client.call("read", check=False, table="pair", pk={"a": 1, "b": "x", "value": 7})["error"]
    assert error["code"] in ("BAD_VALUE", "UNKNOWN_COLUMN")


def test_a_binary_key(producer):
    key = bytes(range(240, 256))
    producer.ok("create", table="raw_key", values={"id": key, "value": 1})
    assert producer.ok("read", table="raw_key", pk=key)["row"] == {"id": key, "value": 1}
    assert producer.ok("read", table="raw_key", pk=bytes(16))["row"] is None


def test_a_text_key(client, producer):
    producer.ok("create", table="checklist", values={"code": "pass'port\\", "item": "Passport"})
    assert client.ok("read", table="checklist", pk="pass'port\\")["row"]["item"] == "Passport"
    assert client.ok("read", table="checklist", pk=0)["row"] is None, "a number is its decimal text here"


def test_a_table_without_a_key_has_no_pk(client, producer):
    producer.ok("create", table="no_key", values=[{"value": 1}, {"value": 2}], returning=False)
    client.fails("BAD_VALUE", "read", table="no_key", pk=1)
    assert client.ok("read", table="no_key", where={"value": 2})["rows"] == [{"value": 2}]


def test_a_view_can_be_read(client, animals):
    assert names(client.ok("read", table="old_animals")) == [None]
    assert client.ok("count", table="old_animals")["value"] == 1


def test_pk_and_where_together_are_refused(client, animals):
    error = client.call("read", check=False, table="animals", pk=1, where={"species": "cat"})["error"]
    assert error["code"] in ("BAD_VALUE", "UNKNOWN_FIELD")


def test_count(client, animals):
    assert client.ok("count", table="animals")["value"] == 6
    assert client.ok("count", table="animals", where={"species": "cat"})["value"] == 3
    assert client.ok("count", table="animals", where={"species": "fox"})["value"] == 0


def test_exists(client, animals):
    assert client.ok("exists", table="animals", pk=animals[0])["value"] is True
    assert client.ok("exists", table="animals", pk=999999)["value"] is False
    assert client.ok("exists", table="animals", where={"species": "owl"})["value"] is True
    assert client.ok("exists", table="animals", where={"species": "fox"})["value"] is False


def test_a_read_sees_the_write_before_it(producer, redis):
    for number in range(200):
        producer.push({"op": "create", "table": "checklist", "values": {"code": f"k{number}", "item": "x"}})
        producer.push({"op": "update", "table": "checklist", "pk": f"k{number}", "set": {"item": f"v{number}"}})
        producer.push({"op": "read", "table": "checklist", "pk": f"k{number}", "id": number,
                       "reply_list": "rowd:reply:order"})
        producer.push({"op": "delete", "table": "checklist", "pk": f"k{number}"})
    for _ in range(200):
        reply = producer.take("rowd:reply:order")
        assert reply["row"] and reply["row"]["item"] == f"v{reply['id']}"
    assert producer.ok("count", table="checklist")["value"] == 0
