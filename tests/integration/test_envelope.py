"""What comes back untouched (id, meta, traceparent), and what a reply tells beside its body: us, warnings, at."""

import json
import math
import re
import secrets
import struct

import msgpack
import pytest

from support.client import Client, encode
from support.process import wait_until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def raw_reply(redis, element):
    """The reply's bytes to an element's bytes, in which @ stands for a reply list."""
    name = f"rowd:reply:{secrets.token_hex(8)}"  # as long as a fixstr can be told
    redis.lpush("rowd:commands", element.replace(b"@", name.encode()))
    popped = redis.blpop(name, timeout=20)
    assert popped, f"no reply to {element!r}"
    return popped[1]


def packed_reply(redis, fields):
    """Reply to a ping that has these fields beside, each a pair of packed bytes."""
    body = b"\xa2op\xa4ping" + b"\xaareply_list\xbb@" + b"".join(fields)
    return raw_reply(redis, bytes([0x80 | (2 + len(fields))]) + body)


# --- id ---------------------------------------------------------------------------------------------------------------

IDS = ["x", "a" * 128, "김" * 42, 0, -1, 2**63 - 1, -2**63, 2**64 - 1, 7, "7", " ", '"\\\n', "\0"]


@pytest.mark.parametrize("identity", IDS, ids=repr)
def test_the_id_comes_back_with_its_type(client, identity):
    reply = client.call("ping", id=identity)
    assert reply["id"] == identity and type(reply["id"]) is type(identity)


def test_a_bin_id_comes_back_as_bin(redis, producer):
    assert producer.call("ping", id=b"\xff\0\x80")["id"] == b"\xff\0\x80"
    reply = json.loads(raw_reply(redis, b'{"op": "ping", "id": {"$bin": "/wCA"}, "reply_list": "@"}'))
    assert reply["id"] == {"$bin": "/wCA"}


def test_a_str_that_is_no_utf8_comes_back_byte_by_byte(redis, rowd):
    """Producers in Lua and PHP have no bin. What they sent as a str has to be found again by their own comparison."""
    reply = packed_reply(redis, [b"\xa2id\xa3\xff\xc3(", b"\xa4meta\x81\xa2\x80k\xa2\xfe\xfe"])
    assert b"\xa2id\xa3\xff\xc3(" in reply and b"\xa4meta\x81\xa2\x80k\xa2\xfe\xfe" in reply
    decoded = msgpack.unpackb(reply, raw=False, unicode_errors="surrogateescape")
    assert decoded["ok"] and decoded["value"] == "pong"


@pytest.mark.parametrize("text", [b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\\ud800"'], ids=repr)
def test_json_is_utf8(redis, producer, text):
    """Text that is none is a fault of the whole element, as in any JSON parser: a dead letter."""
    before = redis.llen("{rowd:commands}:dead")
    redis.lpush("rowd:commands", b'{"op": "ping", "id": ' + text + b"}")
    wait_until(lambda: redis.llen("{rowd:commands}:dead") == before + 1, "the dead letter")
    letter = msgpack.unpackb(redis.lindex("{rowd:commands}:dead", 0), raw=True)
    assert b"JSON" in letter[b"reason"] + letter[b"error"] and letter[b"command"].endswith(text + b"}")


@pytest.mark.parametrize("identity", [1.0, True, [1], {"a": 1}, ""], ids=repr)
def test_what_is_no_id(client, identity):
    reply = client.call_raw({"op": "ping", "id": identity}, check=False)
    reply = json.loads(reply) if client.codec == "json" else msgpack.unpackb(reply)
    assert reply["id"] is None and reply["error"]["code"] in ("BAD_MESSAGE", "BAD_VALUE")
    assert "`id`" in reply["error"]["hint"]


# --- meta -------------------------------------------------------------------------------------------------------------

METAS = [False, True, 0, -1, 2**64 - 1, -2**63, 0.1, -0.0, 1e300, "", "x", "\0\x1f\x7f\u2028", "나비", [], {}, [[], {}],
         [None], {"": None}, {"a": {"b": [1, 2, {"c": "d"}]}}, [1] * 1000, {str(i): i for i in range(1000)},
         [0.5, True, None, "s", 2**63]]


@pytest.mark.parametrize("meta", METAS, ids=lambda meta: repr(meta)[:40])
def test_meta_comes_back_untouched(client, meta):
    for reply in (client.call("ping", meta=meta), client.call("describe", check=False, meta=meta)):
        assert reply["meta"] == meta and repr(reply["meta"]) == repr(meta)


def test_no_meta(client):
    assert "meta" not in client.call("ping") and "meta" not in client.call("ping", meta=None)


METAS_OF_MSGPACK = [
    b"\xff\0'\\", msgpack.Timestamp(1, 2), msgpack.Timestamp(2**34, 999999999), msgpack.Timestamp(-1, 0),
    msgpack.ExtType(5, b"\0\xff"), msgpack.ExtType(127, b"x" * 300), {1: "int", -5: "negative", True: "bool"},
    {b"\xff": b""}, {1.5: 1}, math.inf, -math.inf]


@pytest.mark.parametrize("meta", METAS_OF_MSGPACK, ids=lambda meta: repr(meta)[:40])
def test_meta_that_only_msgpack_has(redis, rowd, meta):
    reply = packed_reply(redis, [b"\xa4meta" + msgpack.packb(meta)])
    assert msgpack.unpackb(reply, strict_map_key=False)["meta"] == meta


def test_meta_keeps_the_width_of_a_float(redis, rowd):
    single, nan = b"\xca" + struct.pack(">f", 0.1), b"\xcb" + struct.pack(">d", math.nan)
    reply = packed_reply(redis, [b"\xa4meta\x92" + single + nan])
    assert b"\xa4meta\x92" + single + nan in reply


@pytest.mark.parametrize("meta", ["123456789012345678901234567890.123456789", "1e400", "-0.0", "1.10", "1E5",
                                  "18446744073709551616", '{"$bin":"AP8="}'])
def test_meta_keeps_every_digit_of_json(redis, rowd, meta):
    reply = raw_reply(redis, b'{"op": "ping", "reply_list": "@", "meta": ' + meta.encode() + b"}")
    assert f'"meta":{meta}'.encode() in reply


def test_meta_may_be_as_large_as_a_message(client, rowd):
    meta = "\0" * 150000 if client.codec == "json" else "\0" * 1000000
    assert client.call("ping", meta=meta)["meta"] == meta
    client.ok("create", table="animals", values={"species": "cat"}, meta=meta)


def test_meta_may_nest_as_deep_as_a_message(client):
    meta = "x"
    for _ in range(15):
        meta = [meta]
    assert client.call("ping", meta=meta)["meta"] == meta
    client.fails("BAD_MESSAGE", "ping", meta=[meta])


@pytest.mark.parametrize("meta", [b"\x82\xa1a\x01\xa1a\x02", b"\x81\x91\x01\x02", b"\x91" * 17 + b"\x01"])
def test_no_meta_comes_back_of_what_cannot_be_decoded(redis, rowd, meta):
    """It would make a reply that cannot be decoded either, or hold something else than was sent."""
    reply = msgpack.unpackb(packed_reply(redis, [b"\xa2id\x07", b"\xa4meta" + meta]), strict_map_key=False)
    assert reply["error"]["code"] == "BAD_MESSAGE" and reply["id"] == 7 and "meta" not in reply


# --- traceparent and timing -------------------------------------------------------------------------------------------

def test_traceparent_comes_back(client):
    for trace in (TRACE, TRACE.replace("00-", "cc-") + "-and-more", TRACE[:-2] + "00"):
        assert client.call("ping", traceparent=trace)["traceparent"] == trace
    assert client.call("describe", check=False, traceparent=TRACE)["traceparent"] == TRACE
    assert "traceparent" not in client.call("ping", traceparent=None)


BAD_TRACES = ["", "x", TRACE.upper(), TRACE.replace("00-", "ff-", 1), TRACE + "-", TRACE + "x", TRACE[:-1], TRACE[1:],
              "00-" + "0" * 32 + "-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
              TRACE.replace("-", "_"), TRACE.replace("0af", "0ag"), " " + TRACE, TRACE + "\n", TRACE.replace("00-", "0g-", 1),
              TRACE.replace("00-", "cc-") + "x"]


@pytest.mark.parametrize("trace", BAD_TRACES)
def test_no_traceparent(client, trace):
    error = client.fails("BAD_VALUE", "ping", traceparent=trace)
    assert "W3C" in error["hint"]


def test_the_log_names_the_trace(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, log_level="debug")
    client = Client(redis_server.client())
    client.ok("create", table="animals", values={"species": "hush"}, id="hush", traceparent=TRACE)
    client.fails("UNKNOWN_COLUMN", "read", table="animals", select=["x"], traceparent=TRACE.replace("0af7", "0bf7"))
    rowd.terminate()
    lines = [line for line in rowd.log().splitlines() if "command.done" in line]
    assert any(TRACE in line and "op=create" in line and "outcome=ok" in line for line in lines), lines
    assert any("0bf7" in line and "op=read" in line and "outcome=UNKNOWN_COLUMN" in line for line in lines), lines
    assert not any("hush" in line for line in lines)


def test_the_times_add_up(client, producer):
    for call in (lambda: client.ok("create", table="animals", values={"species": "x"}, timing=True),
                 lambda: client.call("create", check=False, table="animals", values={"age": 1}, timing=True),
                 lambda: client.ok("info", timing=True)):
        us = call()["us"]
        assert us["wait"] + us["db"] == us["total"] < 60_000_000
    assert "us" not in client.ok("ping") and "us" not in client.ok("ping", timing=False)


# --- warnings and at --------------------------------------------------------------------------------------------------

def test_warnings_name_the_column_once(client):
    reply = client.ok("create", table="types", values=[{"price": "1.005"}, {"price": "2.005"}, {"span": "00:00:01.5"}])
    assert [set(warning) for warning in reply["warnings"]] == [{"errno", "message"}] * 2
    assert "`price`" in reply["warnings"][0]["message"] and "`span`" in reply["warnings"][1]["message"]
    assert "warnings" not in client.ok("create", table="types", values={"price": "1.00"})
    assert "warnings" not in client.ok("read", table="types")


def test_at_names_all_that_is_known(client, producer):
    producer.ok("create", table="parent", values={"id": 1})
    producer.ok("create", table="pair", values={"a": 1, "b": "x"})

    def at(code, op, **fields):
        return client.fails(code, op, **fields).get("at")

    rows = [{"n": 1}, {"n": 2}, {"n": -1}]
    assert at("CHECK_VIOLATION", "create", table="guarded", values=rows) == {"row": 2, "constraint": "n_positive"}
    assert at("CHECK_VIOLATION", "create", table="guarded", values=rows[2]) == {"constraint": "n_positive"}
    assert at("NOT_NULL_VIOLATION", "create", table="guarded", values=[{"n": 1}, {"n": None}]) == {
        "row": 1, "column": "n"}
    assert at("NOT_NULL_VIOLATION", "create", table="guarded", values={"code": "x"}) == {"column": "n"}
    assert at("DATA_TOO_LONG", "create", table="guarded", values=[{"n": 1, "code": "123456"}]) == {
        "row": 0, "column": "code"}
    assert at("FOREIGN_KEY_VIOLATION", "create", table="child", values=[{"parent_id": 1}, {"parent_id": 2}]) == {
        "row": 1, "column": "parent_id", "constraint": "child_of_parent"}
    assert at("UNIQUE_VIOLATION", "create", table="parent", values=[{"id": 2}, {"id": 1}]) == {
        "row": 1, "column": "id", "constraint": "PRIMARY"}
    assert at("UNIQUE_VIOLATION", "create", table="pair", values={"a": 1, "b": "x"}) == {"constraint": "PRIMARY"}
    assert at("UNKNOWN_COLUMN", "create", table="pair", values=[{"a": 5, "b": "x"}, {"aa": 1}]) == {
        "row": 1, "column": "aa"}
    assert at("UNKNOWN_COLUMN", "read", table="pair", order=["-nope"]) == {"column": "nope"}
    assert at("BAD_VALUE", "update", table="pair", pk={"a": 1, "b": "x"}, set={"value": "x"}) == {"column": "value"}
    assert at("BAD_VALUE", "read", table="pair", pk={"a": 1, "value": 1}) == {"column": "value"}
    assert at("BAD_MESSAGE", "create", table="pair", values=[{}, 5]) == {"row": 1}
    assert at("UNKNOWN_TABLE", "read", table="nope") is None


def test_a_reply_begins_with_what_it_answers(client):
    """v, id, op, ok come first, whoever reads a raw reply."""
    raw = client.call_raw({"op": "ping", "id": 1})
    if client.codec == "json":
        assert re.match(rb'\{"v":1,"id":1,"op":"ping","ok":true,', raw)
    else:
        assert raw[1:].startswith(encode("v", "msgpack") + b"\x01" + encode("id", "msgpack") + b"\x01")
