"""Values of every column type, there and back, in both codecs. What goes in by either comes out the same."""

import base64
import json
import math

import msgpack
import pytest

from support.client import Client

HARD_TEXTS = ["", " ", "plain", "it's", 'say "hi"', "back\\slash", "\\'; DROP TABLE animals; --", "per%cent _ under",
              "nul\x00byte", "\x00", "line\nfeed\r\ttab\x1a\x08", "김철수", "emoji 😀👩‍👩‍👧", "\u2028\u2029\ufeff", "e\u0301",
              " leading and trailing ", "`backtick`", "\\", "\\\\", "%s %d {} $1 ? :name", "-- comment /* x */"]

BOTH_WAYS = [
    *[("tiny", value, value) for value in (-128, 127, 0, -1)],
    ("tiny_u", 255, 255),
    ("small", -32768, -32768),
    ("medium", 8388607, 8388607),
    ("whole", -2147483648, -2147483648),
    ("whole", True, 1),
    ("whole", 3.0, 3),
    ("whole", "42", 42),
    ("whole", "-7", -7),
    *[("big", value, value) for value in (-2**63, 2**63 - 1, 2**53 + 1, -2**53 - 1)],
    *[("big_u", value, value) for value in (2**64 - 1, 2**63, 0)],
    ("big_u", "18446744073709551615", 2**64 - 1),
    ("flag", True, 1),
    ("flag", False, 0),
    ("a_year", 1901, 1901),
    ("a_year", 2155, 2155),
    ("bits", 0, 0),
    ("bits", 1023, 1023),
    ("bits64", 2**64 - 1, 2**64 - 1),
    ("price", "0.10", "0.10"),
    ("price", "-12345678.99", "-12345678.99"),
    ("price", 3, "3.00"),
    ("price", "1e2", "100.00"),
    ("digits", "123456789012345678901234567890.0123456789", "123456789012345678901234567890.0123456789"),
    ("digits", "-999999999999999999999999999999.9999999999", "-999999999999999999999999999999.9999999999"),
    ("digits", 2**64 - 1, "18446744073709551615.0000000000"),
    *[("single", value, value) for value in (0.5, -1.25, 16777216.0, 0.0)],
    ("single", 16777216, 16777216.0),
    *[("twice", value, value) for value in (0.1, 1e308, -1e-300, 5e-324, 1 / 3, 123456789.123456789, 0.0, 2.0**60)],
    ("twice", "0.1", 0.1),
    ("twice", 7, 7.0),
    *[("label", text, text) for text in HARD_TEXTS],
    *[("body", text, text) for text in HARD_TEXTS],
    ("label", 12345, "12345"),
    ("label", -1, "-1"),
    ("label", "007", "007"),
    ("label", "😀" * 200, "😀" * 200),
    ("fixed", "ab", "ab"),
    ("latin", "café", "café"),
    ("kind", "red", "red"),
    ("kind", "it's", "it's"),
    ("kinds", "a,c", "a,c"),
    ("kinds", "", ""),
    *[("day", day, day) for day in ("2024-02-29", "1000-01-01", "9999-12-31", "1969-12-31")],
    ("moment", "2024-02-29 23:59:59", "2024-02-29 23:59:59"),
    ("moment", "2024-02-29T23:59:59", "2024-02-29 23:59:59"),
    ("moment", "2024-02-29T23:59:59Z", "2024-02-29 23:59:59"),
    ("moment", "2024-03-01T08:59:59+09:00", "2024-02-29 23:59:59"),
    ("moment", "2024-02-29T20:29:59-03:30", "2024-02-29 23:59:59"),
    ("moment6", "2024-12-31 23:59:59.999999", "2024-12-31 23:59:59.999999"),
    ("moment6", "2024-12-31T23:59:59.5Z", "2024-12-31 23:59:59.500000"),
    ("moment6", "2024-12-31 23:59:59", "2024-12-31 23:59:59.000000"),
    ("stamp", "2038-01-19 03:14:07", "2038-01-19 03:14:07"),
    ("stamp", "1970-01-01 00:00:01", "1970-01-01 00:00:01"),
    ("stamp", "2024-07-01T00:00:00+09:00", "2024-06-30 15:00:00"),
    ("stamp3", "2024-03-31 02:30:00.123", "2024-03-31 02:30:00.123"),  # an hour that does not exist in Europe
    *[("span", span, span) for span in ("00:00:00", "-838:59:59", "838:59:59", "-00:00:01", "23:59:59")],
    ("span6", "-00:00:00.500000", "-00:00:00.500000"),
]


@pytest.mark.parametrize("column, sent, expected", BOTH_WAYS, ids=lambda value: repr(value)[:40])
def test_there_and_back(client, column, sent, expected):
    row = client.ok("create", table="types", values={column: sent})["row"]
    assert row[column] == expected and type(row[column]) is type(expected)
    again = client.ok("read", table="types", pk=row["id"])["row"]
    assert again == row
    updated = client.ok("create", table="types", values={})["row"]
    changed = client.ok("update", table="types", pk=updated["id"], set={column: sent})["row"]
    assert changed[column] == expected


@pytest.mark.parametrize("column, sent, expected", [case for case in BOTH_WAYS if case[0] not in ("single",)],
                         ids=lambda value: repr(value)[:40])
def test_found_by_its_own_value(producer, column, sent, expected):
    row = producer.ok("create", table="types", values={column: sent})["row"]
    found = producer.ok("read", table="types", where={column: expected, "id": row["id"]})["rows"]
    assert [one["id"] for one in found] == [row["id"]]


def test_null_in_every_column(client, database):
    columns = [name for (name,) in database.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'types' "
        "AND column_name <> 'id'")]
    row = client.ok("create", table="types", values={name: None for name in columns})["row"]
    assert {name: row[name] for name in columns} == {name: None for name in columns}


HARD_BYTES = [b"", b"\x00", b"\xff\xfe\x00'\"\\%_", bytes(range(256)), b"\xf0\x9f\x98\x80"]


@pytest.mark.parametrize("sent", HARD_BYTES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("column", ["raw", "data"])
def test_bytes(redis, rowd, sent, column):
    written = Client(redis).ok("create", table="types", values={column: sent})["row"]
    assert written[column] == sent and isinstance(written[column], bytes)
    speaker = Client(redis, "json")
    encoded = {"$bin": base64.b64encode(sent).decode()}
    assert speaker.ok("read", table="types", pk=written["id"])["row"][column] == encoded
    assert speaker.ok("create", table="types", values={column: encoded})["row"][column] == encoded


def test_fixed_bytes_are_padded_by_the_server(producer):
    assert producer.ok("create", table="types", values={"raw_fixed": b"ab"})["row"]["raw_fixed"] == b"ab\0\0"


def test_bad_base64_is_refused(redis, rowd):
    client = Client(redis, "json")
    error = client.call("create", check=False, table="types", values={"raw": {"$bin": "not base64!"}})["error"]
    assert error["code"] in ("BAD_MESSAGE", "BAD_VALUE")


def test_float_widths_in_msgpack(producer):
    raw = producer.call_raw({"op": "create", "table": "types", "values": {"single": 0.1, "twice": 0.1}})
    row = msgpack.unpackb(raw, raw=False)["row"]
    assert row["twice"] == 0.1
    assert b"\xca" + bytes.fromhex("3dcccccd") in raw, "FLOAT comes as float32"
    assert math.isclose(row["single"], 0.1, rel_tol=1e-7)


def test_float32_is_accepted(redis, rowd):
    client = Client(redis)
    command = msgpack.packb({"op": "create", "table": "types", "values": {"single": 0.1},
                             "reply_list": "rowd:reply:f32"}, use_single_float=True)
    redis.lpush(client.queue, command)
    row = client.take("rowd:reply:f32")["row"]
    found = client.ok("read", table="types", where={"single": 0.1, "id": row["id"]})["rows"]
    assert len(found) == 1, "eq on a FLOAT column compares as FLOAT"


def test_doubles_in_json_read_back_to_the_same_value(redis, rowd):
    client = Client(redis, "json")
    for number in (0.1, 1 / 3, 1e23, 5e-324, 1.7976931348623157e308, -2.5):
        assert client.ok("create", table="types", values={"twice": number})["row"]["twice"] == number


def test_large_integers_keep_all_digits_in_json(redis, rowd):
    client = Client(redis, "json")
    raw = client.call_raw({"op": "create", "table": "types", "values": {"big_u": 2**64 - 1, "big": -2**63}})
    assert b"18446744073709551615" in raw and b"-9223372036854775808" in raw


def test_json_numbers_beyond_a_double_keep_their_digits_in_a_decimal(redis, rowd):
    client = Client(redis, "json")
    redis.lpush(client.queue, b'{"op": "create", "table": "types", "reply_list": "rowd:reply:dec", "values": '
                              b'{"digits": 123456789012345678901234567890.0123456789, "price": 0.10}}')
    row = client.take("rowd:reply:dec")["row"]
    assert row["digits"] == "123456789012345678901234567890.0123456789" and row["price"] == "0.10"


def test_the_timestamp_extension(producer):
    stamp = msgpack.Timestamp(1709251199, 999999000)
    row = producer.ok("create", table="types", values={"moment6": stamp})["row"]
    assert row["moment6"] == "2024-02-29 23:59:59.999999"
    row = producer.ok("create", table="types", values={"moment": msgpack.Timestamp(-1, 0)})["row"]
    assert row["moment"] == "1969-12-31 23:59:59"


DOCUMENTS = [{"a": [1, 2.5, None, True, "x"], "b": {"c": "김"}}, [1, [2, [3]]], [], "text", 7, True]


@pytest.mark.parametrize("document", DOCUMENTS[:3], ids=str)
def test_json_documents(redis, rowd, document):
    packed, speaker = Client(redis), Client(redis, "json")
    row = packed.ok("create", table="types", values={"document": document})["row"]
    assert isinstance(row["document"], str) and json.loads(row["document"]) == document
    assert speaker.ok("read", table="types", pk=row["id"])["row"]["document"] == document
    row = speaker.ok("create", table="types", values={"document": document})["row"]
    assert row["document"] == document


def test_a_str_is_a_documents_text(client):
    row = client.ok("create", table="types", values={"document": '{"n": 12345678901234567890.125}'})["row"]
    if client.codec == "msgpack":
        assert "12345678901234567890.125" in row["document"] or "1.2345678901234567e19" in row["document"]
    error = client.fails("BAD_VALUE", "create", table="types", values={"document": "not json"})
    assert error["at"] == {"column": "document"}, "how MariaDB has a JSON type is no constraint of anybody's"


REFUSED = [
    ("whole", "many"), ("whole", 1.5), ("whole", ""), ("whole", [1]), ("whole", {"a": 1}), ("whole", "1 "),
    ("big", 2.0**54), ("whole", float("nan")), ("twice", float("inf")), ("twice", "abc"), ("price", "1.2.3"),
    ("price", float("nan")), ("label", 1.5), ("label", True), ("label", ["x"]), ("label", {"x": 1}),
    ("day", "2023-02-29"), ("day", "yesterday"), ("day", 20240229), ("moment", 1709251199), ("moment", 1709251199.5),
    ("moment", "2024-13-01 00:00:00"), ("moment", "2024-01-01 25:00:00"), ("span", "12:60:00"), ("stamp", 0),
    ("kind", ["red"]), ("raw", [1]), ("kind", "blue"), ("kind", 1), ("kind", "1"), ("kinds", 3), ("kinds", "d"),
    ("document", float("nan")), ("document", {"a": [float("-inf")]}), ("latin", "김"),
]


@pytest.mark.parametrize("column, value", REFUSED, ids=lambda value: repr(value)[:30])
def test_refused(producer, database, column, value):
    error = producer.call("create", check=False, table="types", values={column: value})["error"]
    assert error["code"] in ("BAD_VALUE", "OUT_OF_RANGE"), error
    assert error["at"]["column"] == column
    assert database.query("SELECT COUNT(*) FROM types") == [(0,)]


def test_a_bare_number_for_a_time_is_refused_with_a_question(client):
    error = client.fails("BAD_VALUE", "create", table="types", values={"stamp": 1709251199})
    assert "seconds" in error["hint"]


def test_text_must_be_utf8(redis, rowd):
    for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80"):
        Client(redis).fails("BAD_VALUE", "create", table="types", values={"label": bad})


OUT_OF_RANGE = [("tiny", 128), ("tiny", -129), ("tiny_u", -1), ("tiny_u", 256), ("whole", 2**31), ("big", 2**63),
                ("big_u", -1), ("bits", 1024), ("a_year", 1800), ("price", "123456789.00"), ("single", 1e39),
                ("span", "839:00:00"), ("stamp", "1969-01-01 00:00:00")]


@pytest.mark.parametrize("column, value", OUT_OF_RANGE, ids=lambda value: repr(value)[:30])
def test_out_of_range(client, column, value):
    error = client.fails("OUT_OF_RANGE", "create", table="types", values={column: value})
    assert error["at"]["column"] == column


@pytest.mark.parametrize("column, value", [("label", "x" * 201), ("fixed", "123456789"), ("raw", b"x" * 301)],
                         ids=lambda value: repr(value)[:12])
def test_too_long(producer, column, value):
    error = producer.fails("DATA_TOO_LONG", "create", table="types", values={column: value})
    assert error["at"]["column"] == column


def test_more_digits_than_kept_are_rounded_and_told(client):
    reply = client.ok("create", table="types", values={"price": "1.235"})
    assert reply["row"]["price"] == "1.24" and reply["warnings"]
    assert client.ok("create", table="types", values={"price": "-1.235"})["row"]["price"] == "-1.24"
    assert "warnings" not in client.ok("create", table="types", values={"price": "1.2300"})


def test_more_fraction_than_kept_is_cut_and_told(client):
    reply = client.ok("create", table="types", values={"moment": "2024-12-31 23:59:59.999999"})
    assert reply["row"]["moment"] == "2024-12-31 23:59:59" and reply["warnings"]
    reply = client.ok("create", table="types", values={"span": "10:00:00.9"})
    assert reply["row"]["span"] == "10:00:00" and reply["warnings"]


def test_two_digits_are_no_year(client, producer):
    """The servers take 24 for 2024."""
    producer.ok("create", table="types", values=[{"a_year": 2024}, {"a_year": 1970}, {"a_year": 0}])
    for year, count in ((24, 0), (70, 0), ({"lt": 30}, 1), ({"gt": 99}, 2), (2024, 1), (0, 1)):
        assert client.ok("count", table="types", where={"a_year": year})["value"] == count, year


def test_a_text_outside_the_columns_character_set(client, producer):
    producer.ok("create", table="types", values={"latin": "é"})
    assert client.ok("count", table="types", where={"latin": "é"})["value"] == 1
    client.fails("BAD_VALUE", "count", table="types", where={"latin": "김"})
    client.fails("BAD_VALUE", "count", table="types", where={"latin": {"contains": "김"}})


def test_a_number_with_more_digits_than_anything_has(client):
    for digits in (100, 1000, 100000):
        code = "OUT_OF_RANGE" if digits > 100 else None
        for column, number in (("big", "9" * digits), ("price", "-" + "9" * digits)):
            if code:
                client.fails(code, "read", table="types", where={column: number})
            else:
                assert client.ok("read", table="types", where={column: number})["rows"] == []
            client.fails("OUT_OF_RANGE", "create", table="types", values={column: number})


def test_nil_is_null_in_a_timestamp_too(client, database):
    """MariaDB would store the current time."""
    error = client.fails("NOT_NULL_VIOLATION", "create", table="member", values={"email": "a", "created_at": None})
    assert error["at"] == {"column": "created_at"}


def test_zero_is_not_all_text(client, producer):
    producer.ok("create", table="animals", values=[{"species": "cat"}, {"species": "0"}])
    assert [row["species"] for row in client.ok("read", table="animals", where={"species": 0})["rows"]] == ["0"]


def test_a_document_that_only_the_server_takes_for_one_spoils_no_reply(redis, rowd, database, database_server):
    if not database_server.is_mariadb():
        pytest.skip("MySQL keeps documents parsed")
    for text in ("1.", '"\\x"'):
        database.query("INSERT INTO types (document) VALUES (%s)", (text,))
    rows = Client(redis, "json").ok("read", table="types", order=["id"], select=["document"])["rows"]
    assert [row["document"] for row in rows] == ["1.", '"\\x"']
