"""JSON columns: text and values on their way in, every digit and byte on their way out, and where the servers differ."""

import json

import msgpack
import pytest

from support.client import Client


@pytest.fixture(name="keeps_text")
def fixture_keeps_text(database_server):
    """MariaDB keeps a document's text; MySQL parses it, and writes its own."""
    return database_server.is_mariadb()


TEXTS = ["1", '"x"', "null", "true", "-0.5", "[]", "{}", ' {"a": [1, {"b": null}]} ', '{"김": "😀"}', '"\\u0000"',
         '"\\ud83d\\ude00"', "[" * 31 + "]" * 31, '{"' + "k" * 1000 + '": 1}', "18446744073709551615", "-9223372036854775808"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_a_str_is_a_documents_text(redis, rowd, text, keeps_text):
    packed, speaker = Client(redis), Client(redis, "json")
    reply = packed.ok("create", table="types", values={"document": text})
    assert json.loads(reply["row"]["document"]) == json.loads(text) and "warnings" not in reply
    if keeps_text:
        assert reply["row"]["document"] == text
    row = speaker.ok("read", table="types", pk=reply["row"]["id"])["row"]
    assert row["document"] == json.loads(text), "embedded"
    found = packed.ok("count", table="types", where={"id": row["id"], "document": {"eq": reply["row"]["document"]}})
    assert found["value"] == 1


VALUES = [True, False, 0, -1, 2**64 - 1, -2**63, 1.5, 1e300, [], {}, [None, [True]], {"a": {"b": [1, 2.5, "x\0y"]}},
          {"": "", "키": "값"}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_any_other_value_is_encoded(client, value):
    stored = client.ok("create", table="types", values={"document": value})["row"]["document"]
    assert (json.loads(stored) if client.codec == "msgpack" else stored) == value
    row = client.ok("create", table="types", values={})["row"]
    changed = client.ok("update", table="types", pk=row["id"], set={"document": {"value": value}})["row"]["document"]
    assert (json.loads(changed) if client.codec == "msgpack" else changed) == value


def test_nil_is_null_and_the_text_null_is_a_document(client, database):
    client.ok("create", table="types", values=[{"document": None}, {"document": "null"}])
    assert database.query("SELECT document IS NULL, CAST(document AS CHAR) FROM types ORDER BY id") == [
        (1, None), (0, "null")]
    rows = client.ok("read", table="types", order=["id"], select=["document"])["rows"]
    assert [row["document"] for row in rows] == ([None, "null"] if client.codec == "msgpack" else [None, None])


NO_DOCUMENTS = ["", " ", "x", "{", "[1,]", "{'a': 1}", "1.", ".5", "01", "+1", "NaN", "1 2", '"\\x"', '"\\ud800"', '"a\nb"',
                "nul\0", '{"a": 1}\0', "// c\n1", "김"]


@pytest.mark.parametrize("text", NO_DOCUMENTS, ids=repr)
def test_no_document(client, text):
    error = client.fails("BAD_VALUE", "create", table="types", values={"document": text})
    assert error["at"] == {"column": "document"} and "quotes" in error["hint"] and "constraint" not in error["at"]
    client.fails("BAD_VALUE", "count", table="types", where={"document": {"eq": text}})


def test_texts_in_a_document_are_utf8(producer):
    for value in (["\ud800"], {"\udfff": 1}, [[{"a": "x\ud800"}]]):
        packed = _with_broken_text(value)
        producer.redis.lpush(producer.queue, packed)
        error = producer.take("rowd:reply:broken")["error"]
        assert error["code"] == "BAD_VALUE" and error["at"] == {"column": "document"}


def _with_broken_text(value):
    return msgpack.packb({"op": "create", "table": "types", "values": {"document": value},
                          "reply_list": "rowd:reply:broken"}, unicode_errors="surrogatepass")


def test_bytes_in_a_document(redis, rowd):
    row = Client(redis).ok("create", table="types", values={"document": {"a": b"\xff\0"}})["row"]
    assert json.loads(row["document"]) == {"a": {"$bin": "/wA="}}
    assert Client(redis).ok("create", table="types", values={"document": b'{"a":1}'})["row"]["document"].replace(" ", "") == '{"a":1}'


def test_how_deep_a_document_may_be(producer, keeps_text):
    deepest = 31 if keeps_text else 100
    producer.ok("create", table="types", values={"document": "[" * deepest + "]" * deepest})
    deepest += 1
    error = producer.fails("BAD_VALUE", "create", table="types", values={"document": "[" * deepest + "]" * deepest})
    assert "levels" in error["hint"]


LONG_NUMBERS = ["12345678901234567890.125", "[18446744073709551616]", '{"n": 0.12345678901234567890}']


@pytest.mark.parametrize("text", LONG_NUMBERS)
def test_every_digit_is_kept_or_told(redis, rowd, text, keeps_text):
    reply = Client(redis).ok("create", table="types", values={"document": text})
    if keeps_text:
        assert reply["row"]["document"] == text and "warnings" not in reply
        raw = Client(redis, "json").call_raw({"op": "read", "table": "types", "pk": reply["row"]["id"]})
        assert b'"document":' + text.encode() in raw
    else:
        assert "document" in reply["warnings"][0]["message"] and json.loads(reply["row"]["document"]) == json.loads(text)
    told = Client(redis, "json").ok("create", table="types", values={"document": text})
    assert ("warnings" in told) == (not keeps_text)


def test_a_number_beyond_a_double(client, keeps_text):
    if keeps_text:
        client.ok("create", table="types", values={"document": '{"a": 1e400}'})
    else:
        assert "double" in client.fails("BAD_VALUE", "create", table="types", values={"document": '{"a": 1e400}'})["hint"]


def test_a_key_that_stands_twice(producer, keeps_text):
    """JSON leaves it open; the last one counts where the document is parsed."""
    stored = producer.ok("create", table="types", values={"document": '{"a":1,"a":2}'})["row"]["document"]
    assert stored == ('{"a":1,"a":2}' if keeps_text else '{"a": 2}')


def test_documents_compare_as_documents(client):
    client.ok("create", table="types", values={"document": '{"a":1,"b":[2]}'})
    for same in ({"a": 1, "b": [2]}, '{"b": [2], "a": 1}', ' {"a": 1.0, "b": [2]}'):
        assert client.ok("count", table="types", where={"document": {"eq": same}})["value"] == 1, same
    assert client.ok("count", table="types", where={"document": {"eq": {"a": 1, "b": [2, 2]}}})["value"] == 0
