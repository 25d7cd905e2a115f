"""`set` with operators: what each makes of a column of each family, what is refused, and what is said of it."""

import base64
import datetime

import pytest

from bulk import Bulk

KINDS = {  # of the table `types`: column, a value in it, and the operators that its type takes beside the default
    "tiny": (5, "inc mul min max"), "tiny_u": (5, "inc mul min max"), "small": (5, "inc mul min max"),
    "medium": (5, "inc mul min max"), "whole": (5, "inc mul min max"), "big": (5, "inc mul min max"),
    "big_u": (5, "inc mul min max"), "flag": (1, "inc mul min max"), "bits": (5, "inc mul min max"),
    "bits64": (5, "inc mul min max"), "price": ("5.00", "inc mul min max"), "digits": ("5", "inc mul min max"),
    "single": (5.0, "inc mul min max"), "twice": (5.0, "inc mul min max"), "a_year": (2000, "inc min max"),
    "fixed": ("a", "concat"), "label": ("a", "concat"), "body": ("a", "concat"), "long_body": ("a", "concat"),
    "latin": ("a", "concat"), "raw": (b"a", "concat"), "data": (b"a", "concat"), "raw_fixed": (b"a", ""),
    "kind": ("red", ""), "kinds": ("a", ""), "document": ("{}", ""),
    "day": ("2024-01-01", "now min max"), "moment": ("2024-01-01 00:00:00", "now min max"),
    "moment6": ("2024-01-01 00:00:00", "now min max"), "stamp": ("2024-01-01 00:00:00", "now min max"),
    "stamp3": ("2024-01-01 00:00:00", "now min max"), "span": ("01:00:00", "now min max"),
    "span6": ("01:00:00", "now min max"),
}
OPERATORS = ["inc", "mul", "concat", "min", "max", "now", "default"]


def spelled(client, value):
    """Bytes, as the codec has them."""
    if isinstance(value, dict):
        return {name: spelled(client, inner) for name, inner in value.items()}
    if client.codec == "json" and isinstance(value, bytes):
        return {"$bin": base64.b64encode(value).decode()}
    return value


def changed(client, column, before, change):
    """The update's reply, on a row of its own that held `before`."""
    row = client.ok("create", table="types", values={column: spelled(client, before)}, returning=["id"])["row"]
    return client.call("update", check=False, table="types", pk=row["id"], set={column: spelled(client, change)})


def becomes(client, column, before, change, after, warnings=0):
    reply = changed(client, column, before, change)
    assert reply["ok"], reply
    assert reply["row"][column] == spelled(client, after) and reply["matched"] == 1, reply
    assert reply["affected"] == int(before != after)
    assert len(reply.get("warnings", [])) == warnings, reply


def refused(client, column, before, change, code, hint=None):
    reply = changed(client, column, before, change)
    assert not reply["ok"] and reply["error"]["code"] == code, reply
    assert reply["error"]["at"]["column"] == column
    if hint:
        assert hint in reply["error"]["hint"]
    return reply["error"]


@pytest.mark.parametrize("column, before, operand, after", [
    ("tiny", 5, 1, 6), ("tiny", 5, -10, -5), ("tiny", 127, -255, -128), ("tiny", -128, 255, 127), ("tiny_u", 5, -5, 0),
    ("tiny_u", 0, 255, 255), ("small", 5, "7", 12), ("medium", 5, 2.0, 7), ("whole", 5, True, 6), ("flag", 0, 1, 1),
    ("whole", 5, 0, 5), ("whole", None, 1, None), ("big", -2**63, 2**64 - 1, 2**63 - 1), ("big", 2**63 - 1, -1, 2**63 - 2),
    ("big_u", 2**64 - 2, 1, 2**64 - 1), ("big_u", 2**64 - 1, -2**63, 2**63 - 1), ("bits", 1022, 1, 1023),
    ("bits64", 2**64 - 2, 1, 2**64 - 1), ("a_year", 1999, 1, 2000), ("a_year", 2155, -254, 1901), ("a_year", 2000, -2000, 0),
    ("price", "1.05", "0.10", "1.15"), ("price", "-0.01", "0.01", "0.00"), ("price", "99999999.98", "0.01", "99999999.99"),
    ("price", "-99999999.99", "199999999.98", "99999999.99"), ("price", "0.10", 0.2, "0.30"),
    ("digits", "123456789012345678901234567890.0123456789", "1e-10", "123456789012345678901234567890.0123456790"),
    ("single", 1.5, 0.25, 1.75), ("twice", 0.1, "0.2", 0.1 + 0.2), ("twice", 2.0**53, 1, 2.0**53), ("twice", None, 1, None),
])
def test_inc(client, column, before, operand, after):
    becomes(client, column, before, {"inc": operand}, after)


@pytest.mark.parametrize("column, before, operand, after", [
    ("tiny", 5, -3, -15), ("tiny_u", 5, 0, 0), ("whole", 0, 2**64 - 1, 0), ("big", -2**31, 2**32, -2**63),
    ("big_u", 2**32 - 1, 2**32 + 1, 2**64 - 1), ("bits", 3, "3", 9), ("whole", None, 2, None), ("price", "1.05", 2, "2.10"),
    ("price", "1.00", "0.5", "0.50"), ("price", "1000.00", "0.001", "1.00"), ("single", 1.5, 1.5, 2.25),
    ("twice", 1e300, 1e-300, 1.0), ("digits", "3", "0.3333333333", "0.9999999999"),
])
def test_mul(client, column, before, operand, after):
    becomes(client, column, before, {"mul": operand}, after)


@pytest.mark.parametrize("column, before, change, after", [
    ("price", "1.00", {"inc": "0.005"}, "1.01"), ("price", "-1.00", {"inc": "-0.005"}, "-1.01"),
    ("price", "-1.00", {"inc": "0.005"}, "-0.99"), ("price", "1.00", {"inc": "0.004"}, "1.00"),
    ("price", "1.05", {"mul": "0.5"}, "0.53"), ("price", "-1.05", {"mul": 0.5}, "-0.53"),
    ("price", "0.01", {"mul": "0.1"}, "0.00"), ("digits", "0.0000000001", {"mul": "0.5"}, "0.0000000001"),
    ("price", "1.00", {"min": "0.999"}, "1.00"), ("moment", "2024-01-01 00:00:00", {"max": "2024-01-01 00:00:01.5"},
                                                   "2024-01-01 00:00:01"),
    ("fixed", "ab", {"concat": "c "}, "abc"),
])
def test_what_is_rounded_or_cut_is_said(client, column, before, change, after):
    reply = changed(client, column, before, change)
    assert reply["ok"] and reply["row"][column] == after, reply
    assert [warning["errno"] for warning in reply["warnings"]] == [1265]
    assert f"`{column}`" in reply["warnings"][0]["message"]


@pytest.mark.parametrize("column, before, change", [
    ("tiny", 127, {"inc": 1}), ("tiny", -128, {"inc": -1}), ("tiny_u", 0, {"inc": -1}), ("whole", 2**31 - 1, {"inc": 1}),
    ("whole", 5, {"inc": str(2**64)}), ("big", 2**63 - 1, {"inc": 1}), ("big", -2**63, {"inc": -1}), ("big_u", 0, {"inc": -1}),
    ("big_u", 2**64 - 1, {"inc": 1}), ("big_u", 2**63, {"mul": 2}), ("big", 2**62, {"mul": 2}), ("tiny_u", 1, {"mul": -1}),
    ("bits", 1023, {"inc": 1}), ("bits", 0, {"inc": -1}), ("bits64", 2**64 - 1, {"inc": 1}), ("a_year", 2155, {"inc": 1}),
    ("a_year", 1901, {"inc": -1}), ("a_year", 1901, {"inc": -1851}), ("a_year", 0, {"inc": 5}),
    ("price", "99999999.99", {"inc": "0.01"}), ("price", "1.00", {"inc": "1e9"}), ("price", "99999999.99", {"mul": "1.01"}),
    ("single", 3e38, {"inc": 3e38}), ("twice", 1.7e308, {"inc": 1.7e308}), ("twice", 1.7e308, {"mul": -2}),
    ("twice", 1.0, {"inc": "1e400"}), ("tiny", 5, {"max": 128}), ("tiny_u", 5, {"min": -1}),
    ("stamp", "2024-01-01 00:00:00", {"min": "1969-01-01 00:00:00"}), ("span", "00:00:00", {"max": "839:00:00"}),
])
def test_out_of_range(client, database, column, before, change):
    refused(client, column, before, change, "OUT_OF_RANGE")
    assert client.ok("count", table="types", where={column: spelled(client, before)})["value"] == 1


def test_the_column_of_several_is_named(client):
    row = client.ok("create", table="types", values={"single": 1.0, "twice": 1e308, "tiny": 127}, returning=["id"])["row"]
    error = client.fails("OUT_OF_RANGE", "update", table="types", pk=row["id"],
                         set={"single": {"inc": 1}, "twice": {"mul": 1e10}})
    assert error["at"] == {"column": "twice"}
    error = client.fails("OUT_OF_RANGE", "update", table="types", pk=row["id"],
                         set={"single": {"inc": 1}, "tiny": {"inc": 1}})
    assert error["at"] == {"column": "tiny"}


@pytest.mark.parametrize("column, before, change", [
    ("whole", 5, {"inc": 1.5}), ("whole", 5, {"inc": "1.5"}), ("whole", 5, {"mul": 0.5}), ("whole", 5, {"inc": "many"}),
    ("whole", 5, {"inc": None}), ("whole", 5, {"inc": [1]}), ("whole", 5, {"inc": {"inc": 1}}), ("whole", 5, {"min": None}),
    ("bits", 5, {"inc": 0.1}), ("price", "1.00", {"inc": ""}), ("price", "1.00", {"mul": "0." + "3" * 31}),
    ("label", "a", {"concat": None}), ("label", "a", {"concat": 1.5}), ("label", "a", {"concat": ["b"]}),
    ("day", None, {"now": False}), ("day", None, {"now": None}), ("day", None, {"now": 1}), ("day", None, {"default": "x"}),
    ("day", "2024-01-01", {"max": "yesterday"}), ("moment", None, {"max": 1700000000}),
    ("whole", 5, {}), ("whole", 5, {"inc": 1, "mul": 2}), ("whole", 5, {"inc": 1, "x": 2}),
])
def test_operands_that_make_no_sense(client, column, before, change):
    refused(client, column, before, change, "BAD_VALUE")


@pytest.mark.parametrize("column", KINDS)
def test_each_type_takes_its_operators_and_no_other(client, column):
    before, takes = KINDS[column]
    operands = {"inc": 1, "mul": 1, "concat": "b", "min": before, "max": before, "now": True, "default": True}
    for operator in OPERATORS:
        if operator in ["default", *takes.split()]:
            reply = changed(client, column, before, {operator: operands[operator]})
            assert reply["ok"], reply
        else:
            hint = refused(client, column, before, {operator: operands[operator]}, "BAD_VALUE")["hint"]
            assert all(f"`{name}`" in hint for name in ["value", "default", *takes.split()]), hint
            assert f"`{operator}`" not in hint


def test_an_unknown_operator_names_the_near_one(client):
    refused(client, "whole", 5, {"incr": 1}, "BAD_VALUE", hint="`inc`")
    refused(client, "whole", 5, {"Max": 1}, "BAD_VALUE", hint="`max`")
    refused(client, "document", "{}", {"colour": 1}, "BAD_VALUE", hint="`value`")


@pytest.mark.parametrize("column, before, operator, operand, after", [
    ("whole", 5, "min", 3, 3), ("whole", 5, "min", 7, 5), ("whole", 5, "max", 7, 7), ("whole", 5, "max", -1, 5),
    ("whole", 5, "max", 5, 5), ("whole", None, "max", 5, None), ("whole", None, "min", 5, None),
    ("big_u", 2**64 - 1, "max", 1, 2**64 - 1), ("big_u", 2**64 - 1, "min", 2**64 - 2, 2**64 - 2),
    ("big", -2**63, "min", 0, -2**63), ("bits64", 2**64 - 1, "max", 1, 2**64 - 1), ("bits", 9, "min", 2, 2),
    ("a_year", 2000, "max", 2024, 2024), ("a_year", 2000, "min", 0, 0), ("price", "1.05", "min", "1.04", "1.04"),
    ("price", "1.05", "max", 1, "1.05"), ("single", 1.5, "max", 1.25, 1.5), ("twice", 0.1, "min", 0.05, 0.05),
    ("day", "2024-01-05", "max", "2024-02-01", "2024-02-01"), ("day", "2024-01-05", "min", "2024-02-01", "2024-01-05"),
    ("moment", "2024-01-05 10:00:00", "max", "2024-01-05T12:00:00+01:00", "2024-01-05 11:00:00"),
    ("moment6", "2024-01-05 10:00:00.123456", "min", "2024-01-05 10:00:00.123457", "2024-01-05 10:00:00.123456"),
    ("stamp3", "2024-01-05 10:00:00.123", "max", "2024-01-05 10:00:00.124", "2024-01-05 10:00:00.124"),
    ("span", "100:00:00", "min", "99:00:00", "99:00:00"), ("span6", "-01:00:00.5", "max", "-01:00:00.4", "-01:00:00.4"),
    ("span", "-01:00:00", "max", "00:00:00", "00:00:00"),
])
def test_min_and_max(client, column, before, operator, operand, after):
    reply = changed(client, column, before, {operator: operand})
    stored = changed(client, column, before, after)  # as the contract tells it, with its digits
    assert reply["ok"] and reply["row"][column] == stored["row"][column], reply
    assert reply["affected"] == stored["affected"]


def test_a_float_that_is_there_is_neither_smaller_nor_larger(client):
    for operator in ("min", "max"):
        reply = changed(client, "single", 1.1, {operator: 1.1})
        assert (reply["matched"], reply["affected"]) == (1, 0)


@pytest.mark.parametrize("column, before, operand, after", [
    ("label", "ab", "cd", "abcd"), ("label", None, "cd", None), ("label", "", "'\\%\n", "'\\%\n"), ("label", "n", 42, "n42"),
    ("label", "김", "😀", "김😀"), ("fixed", "abc", "defgh", "abcdefgh"), ("body", "x", "y" * 1000, "x" + "y" * 1000),
    ("long_body", "x", " ", "x "), ("latin", "caf", "é", "café"), ("label", "a" * 199, " ", "a" * 199 + " "),
    ("raw", b"\x00\xff", b"\xff\x00", b"\x00\xff\xff\x00"), ("data", b"", b"\x00", b"\x00"), ("data", b"a", "é", b"a\xc3\xa9"),
])
def test_concat(client, column, before, operand, after):
    becomes(client, column, before, {"concat": operand}, after)


@pytest.mark.parametrize("column, before, text", [
    ("label", "a" * 199, "bc"), ("label", "a" * 200, "b"), ("label", "a", "b" * 201), ("label", "a" * 200, " "),
    ("label", "a" * 198, "b  "), ("label", "김" * 199, "김 "), ("fixed", "abcdefgh", "i"), ("latin", "é" * 50, " "),
    ("body", "a" * 65535, "b"), ("body", "a" * 65535, " "), ("raw", b"a" * 300, b"b"), ("raw", b"a" * 300, b" "),
    ("raw", b"a" * 300, b"\x00"), ("data", b"a" * 65535, b" "),
])
def test_no_room_for_what_is_added(client, column, before, text):
    refused(client, column, before, {"concat": text}, "DATA_TOO_LONG")


def test_a_character_that_the_column_lacks(client):
    reply = changed(client, "latin", "abc", {"concat": "김"})
    assert reply["error"]["code"] == "BAD_VALUE" and "character set" in reply["error"]["hint"]


def test_now(client, database):
    names = ["day", "moment", "moment6", "stamp", "stamp3", "span", "span6"]
    row = client.ok("create", table="types", values={}, returning=["id"])["row"]
    before = database.query("SELECT NOW(6)")[0][0]
    row = client.ok("update", table="types", pk=row["id"], set={name: {"now": True} for name in names})["row"]
    after = database.query("SELECT NOW(6)")[0][0]
    now = datetime.datetime.fromisoformat(row["moment6"])
    assert before <= now <= after
    assert row["day"] == row["moment6"][:10] and row["moment"] == row["stamp"] == row["moment6"][:19]
    assert row["stamp3"] == row["moment6"][:23]
    assert row["span"] == row["moment6"][11:19] and row["span6"] == row["moment6"][11:]


def test_default(client, producer):
    row = producer.ok("create", table="preset", values={
        "none": 5, "number": 5, "digits": 2, "bits": 1, "quoted": "x", "chosen": "a", "day": "2024-01-01",
        "now_": "2001-01-01 00:00:00", "bytes": b"x", "computed": "x", "sum_": 9, "document": {"a": 1}})["row"]
    fresh = producer.ok("create", table="preset", values={})["row"]
    names = ["none", "number", "digits", "bits", "quoted", "chosen", "day", "bytes", "computed", "sum_", "document"]
    changed_row = client.ok("update", table="preset", pk=row["id"],
                            set={name: {"default": True} for name in [*names, "now_"]})["row"]
    expected = client.ok("read", table="preset", pk=fresh["id"])["row"]
    assert {name: changed_row[name] for name in names} == {name: expected[name] for name in names}
    assert changed_row["now_"] > "2024" and changed_row["virtual_"] == -2


def test_a_column_without_a_default(client, producer):
    row = producer.ok("create", table="guarded", values={"n": 1})["row"]
    error = client.fails("NOT_NULL_VIOLATION", "update", table="guarded", pk=row["id"], set={"n": {"default": True}})
    assert error["at"]["column"] == "n"
    error = client.fails("BAD_VALUE", "update", table="guarded", pk=row["id"], set={"doubled": {"inc": 1}})
    assert error["at"]["column"] == "doubled"


def test_a_generated_column_has_no_default(client, producer):
    """Both servers would store 0."""
    producer.ok("create", table="numbered", values={"name": "a"})
    error = client.fails("BAD_VALUE", "update", table="numbered", pk="a", set={"number": {"default": True}})
    assert error["at"]["column"] == "number" and "`default`" not in error["hint"]
    row = client.ok("update", table="numbered", pk="a", set={"number": {"inc": 7}})["row"]
    assert row["number"] > 7


@pytest.mark.parametrize("change", [{"inc": 1}, {"min": 0}, {"default": True}, {"mul": 2}])
def test_no_operator_on_the_primary_key(client, producer, database, change):
    producer.ok("create", table="pair", values={"a": 1, "b": "x"})
    for address in ({"pk": {"a": 1, "b": "x"}}, {"where": {"a": 1}}, {"all": True}):
        error = client.fails("BAD_VALUE", "update", table="pair", set={"a": change}, **address)
        assert error["at"]["column"] == "a" and "plain value" in error["hint"]
    assert database.query("SELECT a FROM pair") == [(1,)]


def test_a_unique_key_of_another_row(client, producer, database):
    rows = producer.ok("create", table="users", values=[
        {"name": "a", "email": "a"}, {"name": "b", "email": ""}])["rows"]
    error = client.fails("UNIQUE_VIOLATION", "update", table="users", pk=rows[1]["id"], set={"email": {"concat": "a"}})
    assert error["at"]["column"] == "email"
    assert database.query("SELECT email FROM users ORDER BY id") == [("a",), ("",)]


def test_checks_and_computed_columns_see_the_new_value(client, producer):
    row = producer.ok("create", table="guarded", values={"n": 2})["row"]
    assert client.ok("update", table="guarded", pk=row["id"], set={"n": {"mul": 3}})["row"]["doubled"] == 12
    client.fails("CHECK_VIOLATION", "update", table="guarded", pk=row["id"], set={"n": {"inc": -6}})


@pytest.fixture
def ages(producer):
    producer.ok("create", table="animals", values=[
        {"id": number, "species": "cat", "age": age} for number, age in ((1, 1), (2, None), (3, 255), (4, 7))])


def test_by_condition(client, ages, database):
    reply = client.ok("update", table="animals", where={"age": {"lt": 100}}, set={"age": {"inc": 2}})
    assert (reply["matched"], reply["affected"]) == (2, 2)
    assert database.query("SELECT age FROM animals ORDER BY id") == [(3,), (None,), (255,), (9,)]


def test_all_of_them_or_none(client, ages, database):
    error = client.fails("OUT_OF_RANGE", "update", table="animals", all=True, set={"age": {"inc": 1}})
    assert error["at"] == {"column": "age"}
    assert database.query("SELECT age FROM animals ORDER BY id") == [(1,), (None,), (255,), (7,)]
    reply = client.ok("update", table="animals", all=True, set={"age": {"min": 5}})
    assert (reply["matched"], reply["affected"]) == (4, 2)
    assert database.query("SELECT age FROM animals ORDER BY id") == [(1,), (None,), (5,), (5,)]


def test_rows_are_those_that_were_found(client, ages):
    """Afterwards the condition holds for another row."""
    reply = client.ok("update", table="animals", where={"age": {"le": 7}}, set={"age": {"inc": 6}}, returning=["id", "age"])
    assert reply["rows"] == [{"id": 1, "age": 7}, {"id": 4, "age": 13}]
    assert (reply["matched"], reply["affected"]) == (2, 2)


def test_beside_plain_values_and_returning(client, ages):
    reply = client.ok("update", table="animals", pk=1, set={"age": {"inc": 1}, "name": "x", "species": {"concat": "s"}},
                      returning=["age", "species"])
    assert reply["row"] == {"age": 2, "species": "cats"}
    assert "row" not in client.ok("update", table="animals", pk=1, set={"age": {"inc": 1}}, returning=False)
    assert client.ok("read", table="animals", pk=1)["row"]["age"] == 3


def test_a_missing_row(client):
    reply = client.ok("update", table="animals", pk=999, set={"age": {"inc": 1}})
    assert reply["row"] is None and (reply["matched"], reply["affected"]) == (0, 0)
    client.fails("NOT_FOUND", "update", table="animals", pk=999, set={"age": {"inc": 1}}, required=True)


def test_only_what_was_rounded_is_warned_of(client, producer, database):
    """By condition: of one row the product has a digit too many."""
    producer.ok("create", table="types", values=[{"price": "1.00"}, {"price": "1.01"}])
    reply = client.ok("update", table="types", where={"price": "1.00"}, set={"price": {"mul": "0.5"}})
    assert "warnings" not in reply
    reply = client.ok("update", table="types", all=True, set={"price": {"mul": "0.5"}})
    assert [warning["errno"] for warning in reply["warnings"]] == [1265]
    assert sorted(str(price) for price, in database.query("SELECT price FROM types")) == ["0.25", "0.51"]


def test_a_crowd_of_increments_adds_up(redis, producer, database):
    """Pushed at once, on few rows, among plain values that share statements: no increment is lost or made twice."""
    producer.ok("create", table="types", values=[{"id": number, "whole": 0, "price": 0} for number in range(1, 6)])
    rows = [number % 5 + 1 for number in range(1000)]
    adds = [number % 10 < 8 for number in range(1000)]
    commands = [{"op": "update", "table": "types", "pk": row,
                 "set": {"whole": {"inc": 1}, "price": {"inc": "0.01"}} if add else {"label": str(number)}}
                for number, (row, add) in enumerate(zip(rows, adds))]
    replies = Bulk(redis).push(commands).replies()
    assert all(reply["ok"] and reply["matched"] == 1 for reply in replies)
    wanted = [sum(add for add, of in zip(adds, rows) if of == row) for row in range(1, 6)]
    told = {row: [reply["row"]["whole"] for reply, add, of in zip(replies, adds, rows) if add and of == row]
            for row in range(1, 6)}
    assert told == {row: list(range(1, count + 1)) for row, count in zip(range(1, 6), wanted)}
    assert database.query("SELECT whole, price * 100 FROM types ORDER BY id") == [(count, count) for count in wanted]
