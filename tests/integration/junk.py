"""Junk: what a broken, careless or hostile producer may push, by kind. Data only.

Each entry says what becomes of it: the codes that are right, and whether it has a reply address that can be read. All
of them that have one name it REPLY_LIST; those that are JSON or msgpack up to the fault carry the id 77."""

import json
import struct
from typing import NamedTuple

import msgpack

REPLY_LIST = "rowd:reply:junk"
BAD = ("BAD_MESSAGE",)
FORM = ("BAD_MESSAGE", "BAD_VALUE", "UNKNOWN_FIELD", "UNKNOWN_OP", "MISSING_FIELD", "WHERE_REQUIRED")
ENVELOPE = {"id": 77, "reply_list": REPLY_LIST}
REAL = {"op": "create", **ENVELOPE, "table": "animals", "values": {"species": "junk", "age": 3, "name": None},
        "meta": [1.5, True, {"a": b"\x00\xff"}], "reply_ttl_ms": 300000, "timing": True}


class Junk(NamedTuple):
    element: bytes
    codes: tuple = BAD  # of the dead letter, or of the reply where there is one
    answered: bool = False


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def pack_map(*pairs):
    """A map from already packed keys and values: duplicates and all."""
    assert len(pairs) < 16
    return bytes([0x80 | len(pairs)]) + b"".join(key + value for key, value in pairs)


def envelope_pairs(op="ping"):
    return [(pack("op"), pack(op)), (pack("id"), pack(77)), (pack("reply_list"), pack(REPLY_LIST))]


def with_raw(name, value, op="ping"):
    """A good command and one more member, whose value is given as msgpack."""
    return pack_map(*envelope_pairs(op), (pack(name), value))


def nothing():
    yield from (Junk(element) for element in (b"", b" ", b"\n", b" \t\r\n" * 50, b"\x00", b"\x00" * 1000, b"\r\n\r\n"))


def truncated():
    """Cut at every byte, in both codecs: no part of a command is a command."""
    whole = pack(REAL)
    yield from (Junk(whole[:size]) for size in range(len(whole)))
    text = json.dumps({**REAL, "meta": [1.5, True, {"a": "\u00e9\U0001f600"}]}, ensure_ascii=False).encode()
    yield from (Junk(text[:size]) for size in range(len(text)))


FIELDS = {
    "v": "ping", "op": "ping", "id": "ping", "reply_to": "ping", "reply_ttl_ms": "ping", "traceparent": "ping",
    "timing": "ping", "db": "ping", "table": "describe", "pk": "exists", "where": "count", "values": "create",
    "select": "read", "order": "read", "limit": "read", "offset": "read", "page": "read", "page_size": "read",
    "first": "read", "required": "read", "set": "update", "all": "update", "returning": "create",
}
TAKES = {  # which of the samples below the field takes: they are left out
    "v": (), "op": (), "id": ("str", "bin", "int", "negative", "large"), "reply_to": (), "reply_ttl_ms": ("int",),
    "traceparent": (),
    "timing": ("bool",), "db": ("bool",), "table": (), "pk": ("bool", "int", "negative", "large", "whole float"),
    "where": ("empty map", "empty array"),
    "values": ("empty map", "empty array"), "select": ("empty array",), "order": ("empty array",), "limit": ("int",),
    "offset": ("int",), "page": ("int",), "page_size": ("int",), "first": ("bool",), "required": ("bool",), "set": (),
    "all": ("bool",), "returning": ("bool", "empty array"),
}
SAMPLES = {
    "bool": True, "int": 7, "negative": -7, "large": 2**64 - 1, "float": 1.5, "whole float": 3.0, "nan": float("nan"),
    "infinity": float("-inf"), "str": "x", "empty": "", "bin": b"\x00\xff", "array": [[1]], "empty array": [],
    "map": {"nosuch": {"nosuch": 1}}, "empty map": {}, "timestamp": msgpack.Timestamp(0, 1),
    "extension": msgpack.ExtType(5, b"x"),
}
BODIES = {
    "ping": {}, "describe": {"table": "animals"}, "exists": {"table": "animals", "pk": 1},
    "count": {"table": "animals"},
    "create": {"table": "animals", "values": {"species": "junk"}}, "read": {"table": "animals"},
    "update": {"table": "animals", "pk": 1, "set": {"age": 1}},
}


def wrong_types():
    for field, op in FIELDS.items():
        for kind, value in SAMPLES.items():
            if kind in TAKES[field] or (field in ("limit", "offset", "page", "page_size") and kind == "large"):
                continue
            command = {"op": op, **BODIES[op], **ENVELOPE, field: value}
            codes = FORM + ("UNKNOWN_TABLE", "UNKNOWN_COLUMN", "FORBIDDEN", "OUT_OF_RANGE")
            yield Junk(pack(command), codes, answered=True)
    for kind, value in SAMPLES.items():
        if kind not in ("str", "bin"):
            yield Junk(pack({"op": "ping", "id": 77, "reply_list": value}), FORM)


BOMBS = [bytes([first]) + struct.pack(">I", count) for first in (0xdc + 1, 0xde + 1, 0xdb, 0xc6, 0xc9)
         for count in (2**32 - 1, 2**31, 2**31 - 1, 0xff000000, 2**24)]
SHORT_BOMBS = [b"\xdc\xff\xff", b"\xde\xff\xff", b"\xda\xff\xff", b"\xc5\xff\xff", b"\xc8\xff\xff\x01", b"\xd9\xff",
               b"\xc4\xff", b"\xc7\xff\x01", b"\xd8\x00", b"\x9f", b"\x8f", b"\xbf"]


def length_bombs():
    """A few bytes that claim to hold gigabytes: as the whole, as a value, as a key, behind a good beginning."""
    for bomb in BOMBS + SHORT_BOMBS:
        yield Junk(bomb)
        yield Junk(b"\x81\xa4meta" + bomb)
        yield Junk(b"\x81" + bomb + b"\xc0")
        yield Junk(pack({"op": "ping"})[:1].replace(b"\x81", b"\x82") + pack("op") + pack("ping") + pack("id") + bomb)
        yield Junk(b"\x82\xa2op\xa5count\xa5where\x81\xa3age\x81\xa2in" + bomb)
        yield Junk(b"\x91" * 14 + bomb)
    yield Junk(b"\xdd\x00\x10\x00\x00" + b"\x91" * 1000)
    yield Junk(b"\x81\xa4meta" + b"\xdd\x00\x00\xff\xff" * 200)


def nested():
    for depth in (16, 17, 64, 1000, 10000):
        for opened, closed in ((b"\x91", b"\xc0"), (b"\x81\xa1k", b"\xc0"), (b"\x91\x81\xa1k", b"\x00")):
            yield Junk(with_raw("meta", opened * depth + closed), answered=True)
    yield Junk(b"\x91" * 500000)
    yield Junk(b"\x81" * 500000)
    yield Junk(with_raw("where", b"\x81\xa3not" * 40 + b"\x80", "count"), FORM, answered=True)
    for name in ("meta", "where", "id", "op", "values"):
        yield Junk(b'{"reply_list":"%s","id":77,"%s":' % (REPLY_LIST.encode(), name.encode()) + b"[" * 17 + b"]" * 17
                   + b"}", BAD if name != "op" else BAD, answered=True)
    yield Junk(b'{"id":77,"op":"ping","meta":' + b'{"a":' * 200000)
    yield Junk(b'{"id":77,"op":"ping","meta":' + b"[" * 900000)
    yield Junk(b'{"op":"ping","id":77,"reply_list":"%s","meta":' % REPLY_LIST.encode() + b'{"a":' * 60 + b"1" +
               b"}" * 61, answered=True)


def duplicates():
    """At the top and inside, also str against bin, also in what is only echoed."""
    for name, value in (("op", "ping"), ("id", 77), ("reply_list", REPLY_LIST), ("meta", 1), ("v", 1)):
        yield Junk(pack_map(*envelope_pairs(), *2 * [(pack(name), pack(value))]), answered=True)
    yield Junk(pack_map(*envelope_pairs(), (pack(b"op"), pack("ping"))), answered=True)
    twice = {"values": pack_map((pack("species"), pack("a")), (pack("species"), pack("b"))),
             "meta": pack([{"a": 1}]).replace(b"\x81\xa1a\x01", b"\x82\xa1a\x01\xa1a\x02")}
    for name, value in twice.items():
        yield Junk(pack_map(*envelope_pairs("create" if name == "values" else "ping"), (pack("table"), pack("animals")),
                            (pack(name), value)), answered=True)
    condition = pack_map((pack("age"), pack(1)), (pack(b"age"), pack(2)))
    yield Junk(pack_map(*envelope_pairs("count"), (pack("table"), pack("animals")), (pack("where"), condition)),
               answered=True)
    inner = pack_map((pack("age"), pack_map((pack("eq"), pack(1)), (pack("eq"), pack(2)))))
    yield Junk(pack_map(*envelope_pairs("count"), (pack("table"), pack("animals")), (pack("where"), inner)),
               answered=True)
    for text in ('"op":"ping"', '"\\u006fp":"ping"', f'"reply_list":"{REPLY_LIST}"', '"meta":{"k":1,"k":1}',
                 '"meta":{"":1,"":1}', '"meta":{"k":1,"\\u006b":1}', '"id":77'):
        yield Junk(f'{{"op":"ping","id":77,"reply_list":"{REPLY_LIST}",{text}}}'.encode(), answered=True)
    many = b"".join(pack(f"key{number}") + b"\x01" for number in range(20000))
    yield Junk(pack_map(*envelope_pairs(), (pack("meta"), b"\xdf" + struct.pack(">I", 20001) + many + pack("key7") +
                                            b"\x02")), answered=True)


def trailing():
    good = pack({"op": "ping", **ENVELOPE})
    for tail in (b"\x00", b"\xc0", b"\n", b" ", good, b"\xc1", b"\xdd\xff\xff\xff\xff", b"{}", b"\x00" * 100000):
        yield Junk(good + tail, answered=True)
    text = json.dumps({"op": "ping", **ENVELOPE}).encode()
    for tail in (b"{}", text, b"x", b"]", b"}", b",", b"\x00", b"\n{}", b"null", b" \xff", b"\xc0"):
        yield Junk(text + tail, answered=True)


def keys_that_are_no_text():
    for key in (0, -1, 2**64 - 1, None, True, 1.5, msgpack.Timestamp(1), msgpack.ExtType(1, b"op"), [], ["op"], {},
                {"op": 1}):
        packed = pack(key)
        yield Junk(pack_map(*envelope_pairs(), (packed, pack(1))), answered=True)
        for op, field in (("create", "values"), ("count", "where"), ("update", "set"), ("exists", "pk")):
            body = [(pack("table"), pack("animals")), (pack(field), pack_map((packed, pack(1))))]
            if op == "update":
                body.append((pack("pk"), pack(1)))
            yield Junk(pack_map(*envelope_pairs(op), *body), answered=True)
        nested_condition = pack_map((pack("not"), pack_map((pack("age"), pack_map((packed, pack(1)))))))
        yield Junk(pack_map(*envelope_pairs("count"), (pack("table"), pack("animals")),
                            (pack("where"), nested_condition)), answered=True)


def extensions():
    for kind in range(-128, 128):
        for data in (b"", b"\x00" * 4, b"x" * 300):
            if kind == -1 and len(data) == 4:
                continue
            reserved = msgpack.ExtType if kind >= 0 else None
            packed = pack(reserved(kind, data)) if reserved else (
                b"\xc8" + struct.pack(">H", len(data)) + struct.pack("b", kind) + data)
            yield Junk(with_raw("table", packed, "describe"), BAD, answered=False if kind in (-1, -128) else True)
    for bad in (b"\xc7\x00\xff", b"\xd4\xff\x00", b"\xd5\xff\x00\x00", b"\xc7\x05\xff" + b"\x00" * 5,
                b"\xd8\xff" + b"\x00" * 16, b"\xd7\xff" + b"\xff" * 8, b"\xc7\x0c\xff" + b"\xff" * 12):
        yield Junk(with_raw("meta", bad))


def no_maps():
    for value in (None, True, 0, -1, 2**64 - 1, 1.5, "op", b"op", "x" * 70000, [{"op": "ping", **ENVELOPE}],
                  ["op", "ping"], msgpack.ExtType(1, pack({"op": "ping"})), msgpack.Timestamp(1, 2), [None] * 10000):
        yield Junk(pack(value))
    for text in (b"null", b"true", b"7", b'"op"', b'[{"op":"ping"}]', b"ping", b"op=ping", b"<op>ping</op>",
                 b"---\nop: ping",
                 b"*1\r\n$4\r\nPING\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SELECT 1", b"PK\x03\x04",
                 b"\x1f\x8b\x08"):
        yield Junk(text)
    yield Junk(pack({}), ("MISSING_FIELD",))
    yield Junk(pack([]), ("MISSING_FIELD",))  # which Lua sends for an empty map
    yield Junk(b"{}", ("MISSING_FIELD",))


BROKEN_JSON = [
    b'{', b'{"', b'{"op"', b'{"op":', b'{"op":"ping"', b'{"op":"ping",', b'{"op":"ping",}', b'{,}', b'{"op" "ping"}',
    b"{'op':'ping'}", b'{op:"ping"}', b'{"op":ping}', b'{"op":"ping";}', b'{"op":"ping"}}', b'{"op":"ping"]',
    b'{"op":"pi\nng"}',
    b'{"op":"pi\tng"}', b'{"op":"ping\x00"}', b'{"op":"\x1f"}', b'{"op":"ping",/*c*/}', b'{/**/"op":"ping"}',
    b'{"op":"ping"}//x', b'{"op":"ping" # x\n}', b'{"op":"\\x41"}', b'{"op":"\\u12"}', b'{"op":"\\u"}',
    b'{"op":"\\uZZZZ"}',
    b'{"op":"\\ud800"}', b'{"op":"\\udc00\\ud800"}', b'{"op":"\\ud800\\u0041"}', b'{"op":"\\ud800x"}', b'{"op":"\\"}',
    b'{"op":"\\q"}',
    b'{"op":"\\\'"}', b'{"op":"\\0"}', b'{"meta":01}', b'{"meta":-01}', b'{"meta":1.}', b'{"meta":.5}', b'{"meta":+1}',
    b'{"meta":1e}',
    b'{"meta":1e+}', b'{"meta":0x10}', b'{"meta":1_000}', b'{"meta":--1}', b'{"meta":-}', b'{"meta":NaN}',
    b'{"meta":nan}',
    b'{"meta":Infinity}', b'{"meta":-Infinity}', b'{"meta":True}', b'{"meta":None}', b'{"meta":undefined}',
    b'{"meta":nul}',
    b'{"meta":truefalse}', b'{"meta":[1,]}', b'{"meta":[,1]}', b'{"meta":[1 2]}', b'{"meta":[1}', b'{"meta":{]}',
    b'{1:2}', b'{null:1}',
    b'{["op"]:1}', b'{"op":"ping":"x"}', b'{"op","ping"}', b"{{}}", b'{"op"::"ping"}', b'{"meta":"\xc3"}',
    b'{"\xff":1}', b'{"meta":"\xed\xa0\x80"}',
    b'{"meta":"\xc0\xaf"}', b'{"meta":"\xf4\x90\x80\x80"}', b'{"meta":"\xf8\x88\x80\x80\x80"}',
    b'{"meta":\xe2\x80\xa81}', b'{\xc2\xa0"op":"ping"}',
    b'{"op":"ping"\xef\xbb\xbf}', b"{\x00}", b"{\xff\xfe", b'{"op":"ping"\x0b}', b'{"op":"ping"\x0c}',
    "{“op”:“ping”}".encode(),
]
BYTE_ORDER_MARKS = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"]


def broken_json():
    yield from (Junk(text, FORM) for text in BROKEN_JSON)
    yield from (Junk(space + text, FORM) for space in (b" ", b"\r\n\t") for text in BROKEN_JSON[:12])
    good = json.dumps({"op": "ping", **ENVELOPE})
    yield from (Junk(mark + good.encode()) for mark in BYTE_ORDER_MARKS)
    yield from (Junk(good.encode(encoding)) for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"))
    yield Junk(b"\x0b" + good.encode())
    yield Junk(b"\xc2\xa0" + good.encode())
    for bad in ('{"$bin":"%%%"}', '{"$bin":"A"}', '{"$bin":"AAA=A"}', '{"$bin":"AAAA=="}', '{"$bin":"\\u0000"}'):
        yield Junk(f'{{"op":"ping","id":77,"reply_list":"{REPLY_LIST}","meta":{bad}}}'.encode(), answered=True)


NO_UTF8 = [b"\xff", b"\xc3", b"a\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98"]


def invalid_utf8():
    """In every text of a command; what is only echoed may hold it in msgpack, which knows no better."""
    def text(data):
        return bytes([0xa0 | len(data)]) + data

    for data in NO_UTF8:
        yield Junk(pack_map(*envelope_pairs(), (text(data), pack(1))), FORM, answered=True)
        yield Junk(pack_map(*envelope_pairs()[1:], (pack("op"), text(data))), FORM, answered=True)
        yield Junk(with_raw("table", text(data), "describe"), ("UNKNOWN_TABLE",), answered=True)
        yield Junk(with_raw("traceparent", text(data)), FORM, answered=True)
        yield Junk(with_raw("reply_to", text(data)), ("FORBIDDEN",), answered=True)
        yield Junk(pack_map((pack("op"), pack("ping")), (pack("id"), pack(77)), (pack("reply_list"), text(data))),
                   ("FORBIDDEN",))
        for op, field, shape in (("create", "values", b"\x81%b\x01"), ("count", "where", b"\x81%b\x01"),
                                 ("count", "where", b"\x81\xa3age\x81%b\x01"), ("read", "select", b"\x91%b"),
                                 ("read", "order", b"\x91%b"), ("exists", "pk", b"\x81%b\x01"),
                                 ("create", "values", b"\x81\xa7species%b"), ("count", "where", b"\x81\xa7species%b"),
                                 ("count", "where", b"\x81\xa7species\x81\xa8contains%b")):
            yield Junk(pack_map(*envelope_pairs(op), (pack("table"), pack("animals")),
                                (pack(field), shape % text(data))),
                       FORM + ("UNKNOWN_COLUMN",), answered=True)
        yield Junk(b'{"op":"ping","id":77,"reply_list":"%s","meta":"' % REPLY_LIST.encode() + data + b'"}',
                   answered=True)


def numbers():
    for field, op in (("limit", "read"), ("offset", "read"), ("page", "read"), ("page_size", "read"),
                      ("reply_ttl_ms", "ping"), ("v", "ping"), ("id", "ping")):
        for value in (1.0, 0.5, -0.0, 1e300, float("nan"), float("inf"), float("-inf"), -2**63, "1", b"1", "١"):
            if field == "id" and isinstance(value, (str, bytes, int)):
                continue
            yield Junk(pack({"op": op, **BODIES[op], **ENVELOPE, field: value}), FORM, answered=True)
        for text in ("1.0", "1e0", "1E400", "-1e999", "1" * 400, "-" + "9" * 400, "18446744073709551616",
                     "-9223372036854775809", "0.1e1", "1e-400"):
            command = json.dumps({"op": op, **BODIES[op], **ENVELOPE, field: "@"}).replace('"@"', text)
            yield Junk(command.encode(), FORM, answered=True)


def reserved_byte():
    yield Junk(b"\xc1")
    yield Junk(b"\xc1" * 1000)
    yield Junk(b"\x81\xc1\xc0")
    yield from (Junk(with_raw("meta", value)) for value in (b"\xc1", b"\x91\xc1", b"\x81\xa1k\xc1", b"\x81\xc1\x01"))
    yield Junk(b"\x81\xc1" + pack(REAL)[2:])


def too_large(limit):
    """One byte above the limit, in both codecs; and much more, which is not even looked into."""
    for size in (limit + 1, limit + 2, limit * 2):
        command = pack({"op": "ping", **ENVELOPE, "meta": ""})
        yield Junk(pack({"op": "ping", **ENVELOPE, "meta": "x" * (size - len(command) - 4)}), ("TOO_LARGE",), True)
        text = json.dumps({"op": "ping", **ENVELOPE, "meta": ""})
        yield Junk(text.replace('""', '"' + "x" * (size - len(text)) + '"').encode(), ("TOO_LARGE",), True)
        yield Junk(text.encode() + b" " * (size - len(text)), ("TOO_LARGE",), True)
    yield Junk(b"\xc1" * (limit + 1), ("TOO_LARGE",))
    yield Junk(b"{" * (limit + 1), ("TOO_LARGE",))
    yield Junk(b" " * (limit + 1), ("TOO_LARGE",))


def at_the_limit(limit):
    """What is not junk, by one byte."""
    command = pack({"op": "ping", **ENVELOPE, "meta": ""})
    text = json.dumps({"op": "ping", **ENVELOPE, "meta": ""})
    return [pack({"op": "ping", **ENVELOPE, "meta": "x" * (limit - len(command) - 4)}),
            text.replace('""', '"' + "x" * (limit - len(text)) + '"').encode(),
            b" " * (limit - len(text)) + text.encode()]


def too_many_values():
    """Within the size, and yet a tree that would take sixteen times as much."""
    yield Junk(with_raw("meta", b"\xdd" + struct.pack(">I", 300000) + b"\xc0" * 300000), ("TOO_LARGE",), True)
    yield Junk(with_raw("meta", b"\xdd" + struct.pack(">I", 90000) + b"\x93\xc0\xc0\xc0" * 90000), ("TOO_LARGE",), True)
    yield Junk(with_raw("meta", b"\xdf" + struct.pack(">I", 140000) + b"".join(
        b"\xce" + struct.pack(">I", number) + b"\xc0" for number in range(140000))), ("TOO_LARGE",), True)
    yield Junk(json.dumps({"op": "ping", **ENVELOPE, "meta": [0] * 300000}).encode(), ("TOO_LARGE",), True)


KINDS = {kind.__name__.replace("_", " "): kind for kind in (
    nothing, truncated, wrong_types, length_bombs, nested, duplicates, trailing, keys_that_are_no_text, extensions,
    no_maps, broken_json, invalid_utf8, numbers, reserved_byte, too_many_values)}

# What anybody with the right to it may have put in {Q}:again, where rowd itself keeps [attempts, command].
AGAIN = [b"", b"\x92", b"\x92\x00", b"\x92\x00\xa5", b"\x92\xcc", b"\x92\xce\xff\xff\xff",
         b"\x92\x00\xdb\xff\xff\xff\xff",
         b"\x92\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa0", b"\x92\xff\xa1x",
         b"\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1x",
         b"\x92\xd0\x80\xa1x", b"\x93\x00\xa1x\xa1x", b"\x92\x00\xa1xtrailing", b"\x92\x00\xc0",
         b"\x92\x00\x92\x00\xa1x",
         b"junk", b"{", b"\x91\xa0", b"\x92\xa1a\xa1b", b"\x92\xc0\xc4\x00", b"\x92\x7f\xa1x",
         b"\x92\xce\xff\xff\xff\xff\xa1x",
         b"\x92\x00\xa0", b"\xdd\x00\x00\x00\x02\x00\xa1x", b"\x00" * 5000]
