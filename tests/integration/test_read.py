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


def test_arrays(client, animals):
    reply = client.ok("read", table="animals", where={"species": "cat"}, order=["id"], select=["name", "age"],
                      format="arrays")
    assert reply["cols"] == ["name", "age"]
    assert reply["rows"] == [["Nabi", 3], ["Mimi", 7], ["nabi%_\\", 3]]
    reply = client.ok("read", table="animals", where={"species": "fox"}, format="arrays")
    assert (reply["cols"], reply["rows"]) == (["id", "species", "age", "name"], [])
    assert "cols" not in client.ok("read", table="animals", format="maps")


def test_one_row_as_an_array(client, animals):
    reply = client.ok("read", table="animals", pk=animals[3], format="arrays")
    assert reply["cols"] == ["id", "species", "age", "name"] and reply["row"] == [animals[3], "dog", None, "Jindo"]
    reply = client.ok("read", table="animals", pk=999999, format="arrays")
    assert reply["cols"] == ["id", "species", "age", "name"] and reply["row"] is None
    reply = client.ok("read", table="animals", order=["-age"], first=True, select=["age"], format="arrays")
    assert (reply["cols"], reply["row"]) == (["age"], [12])
    client.fails("NOT_FOUND", "read", table="animals", pk=999999, format="arrays", required=True)


def test_an_unknown_format(client, animals):
    error = client.fails("BAD_VALUE", "read", table="animals", format="array")
    assert '"maps"' in error["hint"] and '"arrays"' in error["hint"]


def test_distinct(client, animals):
    rows = client.ok("read", table="animals", select=["species", "age"], distinct=True, order=["species", "-age"],
                     format="arrays")["rows"]
    assert rows == [["cat", 7], ["cat", 3], ["dog", 1], ["dog", None], ["owl", 12]]
    assert len(client.ok("read", table="animals", distinct=True)["rows"]) == 6, "the key is among the columns"
    assert client.ok("read", table="animals", select=["species"], distinct=True, first=True)["row"] == {
        "species": "cat"}


def test_pages_of_distinct_rows_never_overlap(client, animals):
    seen = []
    for page in (1, 2, 3):
        rows = client.ok("read", table="animals", select=["species", "age"], distinct=True, order=["age"], page=page,
                         page_size=2)["rows"]
        seen += [(row["species"], row["age"]) for row in rows]
    assert seen == [("dog", None), ("dog", 1), ("cat", 3), ("cat", 7), ("owl", 12)]


def test_what_distinct_does_not_go_with(client, animals):
    error = client.fails("BAD_VALUE", "read", table="animals", select=["species"], distinct=True, order=["age"])
    assert error["at"]["column"] == "age" and "`select`" in error["hint"]
    client.fails("BAD_VALUE", "read", table="animals", pk=animals[0], distinct=True)


def test_distinct_values_of_every_kind(client, producer):
    """FLOAT and BIT are selected as expressions; BLOB is compared to its last byte."""
    long = b"x" * 3000
    rows = [{"single": 0.1, "bits": 5, "data": long, "document": [1]},
            {"single": 0.1, "bits": 5, "data": long, "document": [1]},
            {"single": 0.2, "bits": 6, "data": long + b"y", "document": [2]},
            {"single": None, "bits": None, "data": None, "document": None}]
    producer.ok("create", table="types", values=rows)
    rows = client.ok("read", table="types", select=["single", "bits"], distinct=True, order=["-single", "bits"],
                     limit=5, format="arrays")["rows"]
    assert [(single and round(single, 6), bits) for single, bits in rows] == [(0.2, 6), (0.1, 5), (None, None)]
    assert len(client.ok("read", table="types", select=["data"], distinct=True)["rows"]) == 3
    assert len(client.ok("read", table="types", select=["document"], distinct=True)["rows"]) == 3
    error = client.fails("BAD_VALUE", "read", table="types", select=["document"], distinct=True, limit=5)
    assert error["at"]["column"] == "document"


def test_a_key_with_an_empty_condition_is_said_twice(client, animals):
    for op, fields in (("read", {}), ("exists", {}), ("update", {"set": {"age": 1}}), ("delete", {})):
        for where in ({}, []):
            error = client.fails("BAD_VALUE", op, table="animals", pk=animals[0], where=where, **fields)
            assert "`pk`" in error["hint"] and "`where`" in error["hint"]
    client.fails("BAD_VALUE", "delete", table="animals", all=True, where={})
    assert client.ok("count", table="animals")["value"] == 6


@pytest.mark.parametrize("other", [{"order": ["id"]}, {"limit": 1}, {"offset": 1}, {"page": 1, "page_size": 1}], ids=str)
def test_a_key_names_one_row(client, animals, other):
    client.fails("BAD_VALUE", "read", table="animals", pk=animals[0], **other)


def test_a_page_that_cannot_be_counted(client, animals):
    client.fails("BAD_VALUE", "read", table="animals", page=2**33, page_size=2**33)
    assert client.ok("read", table="animals", page=2**32, page_size=2**32)["rows"] == []
    assert client.ok("read", table="animals", offset=2**64 - 1)["rows"] == []


@pytest.mark.parametrize("order, reason", [
    ([{"col": "age", "dsc": True}], "`desc`"), ([{"col": "age", "nulls": "up"}], "`nulls`"), ([{"desc": True}], "`col`"),
    ([{"col": 5}], "`col`"), ([{"col": "age", "desc": 1}], "`desc`")], ids=str)
def test_a_bad_order(client, order, reason):
    assert reason in client.fails("BAD_VALUE", "read", table="animals", order=order)["hint"]


def test_a_unique_key_orders_pages_where_there_is_no_other(client, producer):
    producer.ok("create", table="tick", values=[{"n": 1, "at": at} for at in (5, 3, 9, 1, 7)], returning=False)
    seen = [client.ok("read", table="tick", order=["n"], page=page, page_size=2, select=["at"], format="arrays")["rows"]
            for page in (1, 2, 3)]
    assert seen == [[[1], [3]], [[5], [7]], [[9]]]
