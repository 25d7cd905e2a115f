"""Texts, members of ENUM and SET, binary values, geometries and vectors."""

import base64
import struct

import pytest

from support.client import Client

AS_SENT = [
    ("fixed", "  ab"), ("fixed", "a\0b"), ("fixed", "ab\t"), ("fixed", "김김김김김"), ("bound", "ab   "),
    ("tiny", "x" * 255), ("tiny", "김" * 85), ("tiny_latin", "é" * 255), ("ascii_only", "a~\0"), ("three_bytes", "김é"),
    ("wide", "😀é"), ("choice", "a"), ("choice", "1"), ("choice", ""), ("choice", "x y"), ("choice", "it's"),
    ("choice", "김"), ("choice", " lead"), ("choice", "c,d"), ("choice", "back\\slash"), ("choice", 'q"q'),
    ("choice", "x','7"), ("several", "a,b"), ("several", ""), ("several", "1"), ("several", "x y,it's,김"),
]


@pytest.mark.parametrize("column, sent", AS_SENT, ids=lambda value: repr(value)[:30])
def test_as_sent(client, column, sent):
    reply = client.ok("create", table="writing", values={column: sent})
    assert reply["row"][column] == sent and "warnings" not in reply
    assert client.ok("count", table="writing", where={column: sent})["value"] == 1


CHANGED = [
    ("fixed", "ab   ", "ab"), ("fixed", "abcde   ", "abcde"), ("fixed", " ", ""),
]


@pytest.mark.parametrize("column, sent, stored", CHANGED, ids=repr)
def test_char_keeps_no_spaces_at_the_end(client, column, sent, stored):
    reply = client.ok("create", table="writing", values={column: sent})
    assert reply["row"][column] == stored and column in reply["warnings"][0]["message"]
    assert client.ok("count", table="writing", where={column: sent})["value"] == 1


@pytest.mark.parametrize("column, sent", [
    ("fixed", "abcdef"), ("fixed", " abcde"), ("bound", "abcde "), ("bound", "김김김김김김"), ("tiny", "x" * 256),
    ("tiny", "김" * 86), ("tiny_latin", "é" * 256)], ids=lambda value: repr(value)[:20])
def test_too_long(client, column, sent):
    assert client.fails("DATA_TOO_LONG", "create", table="writing", values={column: sent})["at"] == {"column": column}
    row = client.ok("create", table="writing", values={})["row"]
    client.fails("DATA_TOO_LONG", "update", table="writing", pk=row["id"], set={column: sent})


@pytest.mark.parametrize("column, sent", [
    ("tiny_latin", "김"), ("tiny_latin", "Ā"), ("three_bytes", "😀"), ("ascii_only", "é"), ("choice", "nope"),
    ("choice", "lead"), ("several", "a,"), ("several", ","), ("several", "a, b"), ("several", "a,nope")])
def test_what_the_column_cannot_hold(client, column, sent):
    error = client.fails("BAD_VALUE", "create", table="writing", values={column: sent})
    assert error["at"] == {"column": column} and error["hint"], error


def test_a_number_stands_for_no_member(client):
    """ENUM('a', 'B', '1', '3', …): to the servers 2 is B, and the text '2' as well."""
    for sent in (2, "2", "4", 0, "0", "+1", "01"):
        error = client.fails("BAD_VALUE", "create", table="writing", values={"choice": sent})
        assert "member" in error["message"] and "enum('a'" in error["hint"]
    for sent in (2, "63", 3):
        client.fails("BAD_VALUE", "create", table="writing", values={"several": sent})
    assert client.ok("create", table="writing", values={"choice": 3})["row"]["choice"] == "3"
    assert client.ok("create", table="writing", values={"several": 1})["row"]["several"] == "1"


def test_members_follow_the_collation(client):
    row = client.ok("create", table="writing", values={"choice": "b", "several": "A"})["row"]
    assert (row["choice"], row["several"]) == ("B", "a")
    assert client.ok("count", table="writing", where={"choice": "b"})["value"] == 1


def test_a_set_has_no_order(client):
    for sent in ("b,a", "a,b", "b,a,b,a"):
        row = client.ok("create", table="writing", values={"several": sent})["row"]
        assert row["several"] == "a,b"
    assert client.ok("count", table="writing", where={"several": "b,a"})["value"] == 3
    assert client.ok("count", table="writing", where={"several": {"in": ["김,a", "b,b,a"]}})["value"] == 3
    row = client.ok("create", table="set_key", values={"id": "c,a", "value": 1})["row"]
    assert row == {"id": "a,c", "value": 1}
    assert client.ok("read", table="set_key", pk="c,a")["row"] == row
    assert client.ok("update", table="set_key", pk="a,c", set={"id": "b,a"})["row"]["id"] == "a,b"
    client.fails("UNIQUE_VIOLATION", "create", table="set_key", values={"id": "b,a"})


def test_a_char_key_with_spaces_finds_its_row(client):
    """MySQL's own collation takes 'ab' and 'ab ' for two, and CHAR gives 'ab' back."""
    row = client.ok("create", table="char_key", values={"id": "ab ", "value": 1})["row"]
    assert row == {"id": "ab", "value": 1}
    for key in ("ab", "ab ", "ab   "):
        assert client.ok("read", table="char_key", pk=key)["row"] == row
    assert client.ok("update", table="char_key", pk="ab", set={"id": "cd  "})["row"]["id"] == "cd"


@pytest.mark.parametrize("column", ["bound", "fixed", "tiny", "choice", "several"])
@pytest.mark.parametrize("sent", [True, 1.5, [1], {"a": 1}], ids=repr)
def test_no_text(client, column, sent):
    error = client.fails("BAD_VALUE", "create", table="writing", values={column: sent})
    assert error["at"] == {"column": column} and "str" in error["hint"]


@pytest.mark.parametrize("sent", [b"\xff", b"a\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80"],
                         ids=repr)
@pytest.mark.parametrize("column", ["bound", "choice", "tiny_latin", "wide"])
def test_no_utf8(producer, column, sent):
    error = producer.fails("BAD_VALUE", "create", table="writing", values={column: sent})
    assert error["at"] == {"column": column}
    producer.fails("BAD_VALUE", "count", table="writing", where={column: sent})
    producer.fails("BAD_VALUE", "count", table="writing", where={column: {"contains": sent}})


def test_a_text_of_the_binary_character_set_is_bytes(redis, rowd):
    client = Client(redis)
    assert client.ok("create", table="writing", values={"of_bytes": b"\xff\0"})["row"]["of_bytes"] == b"\xff\0"
    assert client.ok("create", table="writing", values={"of_bytes": "é"})["row"]["of_bytes"] == "é".encode()
    row = Client(redis, "json").ok("create", table="writing", values={"of_bytes": "é"})["row"]
    assert row["of_bytes"] == {"$bin": base64.b64encode("é".encode()).decode()}


def test_escapes_of_json(redis, rowd):
    client = Client(redis, "json")
    for escaped, text in ((r"\ud83d\ude00", "😀"), (r"\u0000", "\0"), (r"\/", "/"), (r"\"\\", '"\\')):
        redis.lpush(client.queue, '{"op": "create", "table": "writing", "values": {"tiny": "%s"}, '
                                  '"reply_list": "rowd:reply:escapes"}' % escaped)
        assert client.take("rowd:reply:escapes")["row"]["tiny"] == text


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\ude00", rb"\ud83d\u0041", b"\xff", b"\xed\xa0\x80"])
def test_half_an_emoji_is_answered(redis, rowd, half):
    """JSON.stringify writes it so when a text was cut in the middle."""
    client = Client(redis, "json")
    redis.lpush(client.queue, b'{"op": "create", "table": "writing", "values": {"tiny": "%s"}, '
                              b'"reply_list": "rowd:reply:half"}' % half)
    assert client.take("rowd:reply:half")["error"]["code"] == "BAD_MESSAGE"


def test_binary_is_filled_up_and_told(producer):
    reply = producer.ok("create", table="types", values={"raw_fixed": b"ab"})
    assert reply["row"]["raw_fixed"] == b"ab\0\0" and "raw_fixed" in reply["warnings"][0]["message"]
    assert "warnings" not in producer.ok("create", table="types", values={"raw_fixed": b"ab\0\0"})
    assert producer.ok("count", table="types", where={"raw_fixed": b"ab"})["value"] == 2
    producer.fails("DATA_TOO_LONG", "create", table="types", values={"raw_fixed": b"abcd\0"})


def point(x, y, srid=0):
    return struct.pack("<IBIdd", srid, 1, 1, x, y)


def test_geometries_in_the_form_of_the_server(redis, rowd, database):
    client = Client(redis)
    row = client.ok("create", table="writing", values={"area": point(1, 2), "dot": point(-0.5, 1e10)})["row"]
    assert row["area"] == point(1, 2) and row["dot"] == point(-0.5, 1e10)
    assert database.query("SELECT ST_AsText(area), ST_X(dot) FROM writing") == [("POINT(1 2)", -0.5)]
    line = struct.pack("<IBII4d", 0, 1, 2, 2, 0, 0, 1, 1)
    assert client.ok("update", table="writing", pk=row["id"], set={"area": line})["row"]["area"] == line
    encoded = {"$bin": base64.b64encode(point(3, 4)).decode()}
    assert Client(redis, "json").ok("create", table="writing", values={"dot": encoded})["row"]["dot"] == encoded


@pytest.mark.parametrize("sent", [b"", b"\0\0\0\0", point(1, 2)[4:], "POINT(1 2)", point(1, 2)[:-1], 5, {"type": "Point"}],
                         ids=repr)
def test_no_geometry(producer, sent):
    error = producer.fails("BAD_VALUE", "create", table="writing", values={"dot": sent})
    if not isinstance(sent, (int, dict)):
        assert "SRID" in error["hint"]


def test_a_geometry_of_another_type(producer):
    line = struct.pack("<IBII4d", 0, 1, 2, 2, 0, 0, 1, 1)
    assert "SRID" in producer.fails("BAD_VALUE", "create", table="writing", values={"dot": line})["hint"]


@pytest.mark.only_on("mysql", reason="a SRID is part of the type there; MariaDB has no such")
def test_a_column_of_one_srid(producer, database):
    database.query("CREATE TABLE IF NOT EXISTS on_earth (id INT AUTO_INCREMENT PRIMARY KEY, g POINT SRID 4326 NOT NULL)")
    row = producer.ok("create", table="on_earth", values={"g": point(1, 2, 4326)})["row"]
    assert row["g"] == point(1, 2, 4326)
    error = producer.fails("BAD_VALUE", "create", table="on_earth", values={"g": point(1, 2)})
    assert error["at"] == {"column": "g"} and "SRID" in error["hint"]
    assert producer.fails("NOT_NULL_VIOLATION", "create", table="on_earth", values={"g": None})["at"] == {"column": "g"}


@pytest.mark.only_on("mysql", reason="this MariaDB may be older than VECTOR")
def test_a_vector_is_its_float32s(producer, database):
    database.query("CREATE TABLE IF NOT EXISTS arrow (id INT AUTO_INCREMENT PRIMARY KEY, v VECTOR(3))")
    numbers = struct.pack("<3f", 1, -2.5, 1e10)
    assert producer.ok("create", table="arrow", values={"v": numbers})["row"]["v"] == numbers
    assert "float32" in producer.fails("BAD_VALUE", "create", table="arrow", values={"v": b"abc"})["hint"]
    producer.fails("BAD_VALUE", "create", table="arrow", values={"v": [1, 2, 3]})
    producer.fails("DATA_TOO_LONG", "create", table="arrow", values={"v": numbers + b"\0\0\0\0"})
    producer.fails("BAD_VALUE", "count", table="arrow", where={"v": numbers})
