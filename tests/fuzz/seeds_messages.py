"""Commands as msgpack and JSON, and fourteen kinds of junk in their place."""

import json
import struct

import msgpack

LONG = "x" * 40

COMMANDS = {
    "ping": {"op": "ping", "db": True, "id": 7},
    "info": {"op": "info", "v": 1, "timing": True},
    "tables": {"op": "tables", "reply_to": "rowd:reply:a"},
    "describe": {"op": "describe", "table": "pets", "reply_list": "rowd:reply:b", "reply_ttl_ms": 1000},
    "create": {"op": "create", "table": "pets", "values": {"name": "Kim", "age": 3, "tag": None}},
    "create-rows": {"op": "create", "table": "pets", "values": [{"a": 1}, {"b": -2.5}, {}], "returning": ["id"]},
    "read-pk": {"op": "read", "table": "pets", "pk": 2**64 - 1, "select": ["id", "name"], "required": True},
    "read-key-map": {"op": "read", "table": "pairs", "pk": {"a": 1, "b": b"\x00\xff"}},
    "read-where": {"op": "read", "table": "pets", "where": {"age": {"ge": 3, "lt": 9}, "or": [{"name": "a"}, {"b": None}]},
                   "order": ["-age", {"col": "name", "desc": True, "nulls": "last"}], "limit": 10, "offset": 5},
    "read-page": {"op": "read", "table": "pets", "page": 1, "page_size": 20, "first": False, "distinct": True},
    "count": {"op": "count", "table": "pets", "where": {"not": {"name": {"contains": "50%_\\"}}}},
    "exists": {"op": "exists", "table": "pets", "pk": "key", "meta": {"a": [1, {"b": 0.1}]}},
    "update": {"op": "update", "table": "pets", "pk": 1, "set": {"name": "é🐈"}, "returning": False},
    "update-all": {"op": "update", "table": "pets", "all": True, "set": {"a": b"\x00"}},
    "delete": {"op": "delete", "table": "pets", "where": {"id": {"in": [1, 2, 3]}}},
    "traceparent": {"op": "ping", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    "later": {"op": "read", "table": "t", "with": {"spot": True}, "stream": 5},
    "slip": {"op": "raed", "tabel": "t"},
    "wrong-types": {"op": 1, "id": [], "reply_to": {}, "table": False, "limit": -1},
}


def nested(depth, opener, innermost):
    return opener * depth + innermost


# One element of each format of msgpack.
FORMATS = {
    "format-fixint": b"\x7f", "format-negative": b"\xe0", "format-nil": b"\xc0", "format-bools": b"\x92\xc2\xc3",
    "format-uints": b"\x94\xcc\xff\xcd\xff\xff\xce\xff\xff\xff\xff\xcf" + b"\xff" * 8,
    "format-ints": b"\x94\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xd3\x80" + b"\x00" * 7,
    "format-floats": b"\x92\xca" + struct.pack(">f", 16777216) + b"\xcb" + struct.pack(">d", 0.1),
    "format-nan": b"\x93\xca\x7f\x80\x00\x01\xcb\x7f\xf0\x00\x00\x00\x00\x00\x01\xcb\xff\xf0" + b"\x00" * 6,
    "format-str8": b"\xd9\x28" + LONG.encode(), "format-str16": b"\xda\x00\x03abc", "format-str32": b"\xdb\x00\x00\x00\x01a",
    "format-bins": b"\x93\xc4\x02\x00\xff\xc5\x00\x01a\xc6\x00\x00\x00\x00",
    "format-fixexts": b"\x95\xd4\x01a\xd5\x02ab\xd6\x03abcd\xd7\x7f" + b"a" * 8 + b"\xd8\x80" + b"b" * 16,
    "format-exts": b"\x93\xc7\x03\x05abc\xc8\x00\x01\x06a\xc9\x00\x00\x00\x00\x07",
    "format-timestamps": b"\x93\xd6\xff\x00\x00\x00\x01\xd7\xff" + struct.pack(">Q", 999999999 << 34 | 5)
                         + b"\xc7\x0c\xff" + struct.pack(">Iq", 1, -1),
    "format-array16": b"\xdc\x00\x01\x01", "format-array32": b"\xdd\x00\x00\x00\x01\x01",
    "format-map16": b"\xde\x00\x01\xa1a\x01", "format-map32": b"\xdf\x00\x00\x00\x01\xa1a\x01",
    "map-of-20": msgpack.packb({f"key{i}": i for i in range(20)}),
    "map-of-scalars": b"\x86\x01\x02\xc0\x03\xc3\x04\xcb" + b"\x00" * 8 + b"\x05\xd6\xff\x00\x00\x00\x01\x06\xd4\x01a\x07",
    "depth-16": nested(16, b"\x91", b"\xc0"),
}


def messages():
    return {name: msgpack.packb(command) for name, command in COMMANDS.items()} | FORMATS


def junk():
    command = msgpack.packb(COMMANDS["create"])
    return {
        "junk-01-empty": b"",
        "junk-02-truncated": command[:-3],
        "junk-03-wrong-root": b"\x93\x01\x02\x03",
        "junk-04-array-bomb": b"\xdd\xff\xff\xff\xff",
        "junk-05-map-bomb": b"\x82\xa2op\xa4ping\xa4meta\xdf\xff\xff\xff\xff\xa1a",
        "junk-06-str-bomb": b"\xdb\xff\xff\xff\xffabc",
        "junk-07-too-deep": b"\x82\xa2op\xa4ping\xa4meta" + nested(40, b"\x91", b"\xc0"),
        "junk-08-duplicate-key": b"\x83\xa2op\xa4ping\xa2id\x01\xa2id\x02",
        "junk-09-trailing": msgpack.packb(COMMANDS["ping"]) + b"\xc0",
        "junk-10-unused-byte": b"\x81\xa2op\xc1",
        "junk-11-bad-key": b"\x81\x91\x01\x02",
        "junk-12-bad-utf8": b"\x82\xa2op\xa2\xff\xfe\xa2id\xa2\xc0\x80",
        "junk-13-bad-timestamp": b"\x82\xa2op\xa4ping\xa4meta\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "junk-14-text": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "junk-15-reserved-extension": b"\x81\xa2id\xc7\x03\xb20.1",
        "junk-16-many-duplicates": b"\xde\x00\x14" + b"".join(b"\xa1" + bytes([65 + i % 19]) + b"\x01" for i in range(20)),
    }


def commands_as_json():
    seeds = {}
    for name, command in COMMANDS.items():
        text = json.dumps(command, default=lambda data: {"$bin": __import__("base64").b64encode(data).decode()})
        seeds[f"json-{name}"] = text.encode()
    return seeds


def json_texts():
    texts = {
        "numbers": '{"a":[0,-0,1,-1,18446744073709551615,-9223372036854775808,18446744073709551616,0.1,1e22,1E-7,-0.0]}',
        "digits": '{"a":123456789012345678901234567890.123456789012345678901234567890,"b":1e999,"c":16777217.0}',
        "escapes": '{"a":"\\u0000\\b\\f\\n\\r\\t\\"\\\\\\/\\u00e9\\ud83d\\udc08\x7f"}',
        "lone-surrogate": '{"a":"\\ud83d"}',
        "low-first": '{"a":"\\udc08\\ud83d"}',
        "bin": '{"a":{"$bin":"AP8="},"b":{"$bin":""},"c":{"$bin":"!"},"d":{"$bin":"AA==","e":1},"f":{"$bin":1}}',
        "deep": '{"a":' + "[" * 15 + "]" * 15 + "}",
        "too-deep": '{"a":' + "[" * 20 + "]" * 20 + "}",
        "duplicate": '{"a":1,"a":2}',
        "trailing": '{"a":1} x',
        "white-space": ' \t\r\n{ "a" : [ true , false , null ] }\n',
        "scalar": '"text"',
        "array": '[1,2,[],{}]',
        "cut": '{"a":[1,2',
        "comment": '{"a":/* no */1}',
        "many-keys": "{" + ",".join(f'"key{i}":{i}' for i in range(20)) + "}",
        "nan": '{"a":NaN,"b":Infinity}',
        "bad-utf8": b'{"a":"\xff\xc0\x80\xed\xa0\x80"}',
        "empty": "",
        "empty-map": "{}",
        "plus": '{"a":+1,"b":01,"c":.5,"d":5.}',
        "timestamp": '{"a":{"$timestamp":[1,2]},"b":{"$ext":[1,"AA=="]}}',
    }
    texts = {name: text if isinstance(text, bytes) else text.encode() for name, text in texts.items()}
    return texts | commands_as_json()


CONDITIONS = [
    {"id": 1}, {"id": None}, {"text": "a'b\\"}, {"text": {"contains": "50%_\\'"}}, {"text": {"starts": "a", "ends": "b"}},
    {"id": {"in": [1, 2, 3]}, "tiny": {"nin": []}}, {"money": {"between": ["1.5", 2.25]}}, {"id": {"lt": {"col": "big"}}},
    {"or": [{"id": 1}, {"and": [{"id": 2}, {"not": {"text": {"null": True}}}]}]}, {".or": 1, ".and": 2, ".not": "x"},
    {"a`b": "`", "x' OR '1'='1": "' OR '1'='1"}, {"fixed": b"\x00\xff", "blob": {"like": b"%\x00"}},
    {"date": "2024-02-29", "moment": "2024-02-29T12:00:00.5+02:00", "time": "-838:59:59", "stamp": {"ge": "1970-01-01 00:00:01"}},
    {"uuid": "6CCD780CBABA102695645B8C656024DB", "inet": "::1", "enum": "b'", "set": "b,a"},
    {"json": {"eq": [1, {"a": None}]}}, {"json": '{"a": 1}'}, {"half": 0.1, "whole": 1e308, "wide": "1" * 60},
    {"year": 70, "bits": 31, "big": 2**64 - 1}, {"text": {"regexp": "^a.*'$", "nlike": "_%"}}, {"unknown": 1},
    {"wide": "1." + "0" * 124 + "1"}, {"id": "9" * 125}, {"whole": "1" * 200 + "e-200"},
    {"id": {"eqq": 1}}, {"id": []}, {"id": {}}, {"and": []}, {"\\": "\\", "/* -- 🐈": "\x00\n\r\x1a\"'"},
]


def conditions():
    """The first byte of each: the server, and that msgpack follows."""
    seeds = {f"{i:02}": bytes([2 + i % 2]) + msgpack.packb(where) for i, where in enumerate(CONDITIONS)}
    # Without that bit the bytes drive the generator.
    return seeds | {f"made-{i}": bytes([i % 2]) + bytes((i * 37 + j * (2 * i + 1)) % 256 for j in range(40)) for i in range(8)}


def letters():
    """Dead letters, and what is nearly one."""
    members = {"reason": "UNKNOWN_TABLE", "error": "there is no table `pets`", "attempts": 0, "at": 1700000000000,
               "worker": "w-1", "command": b'{"op": "read", "table": "pets"}'}

    def letter(**other):
        return msgpack.packb({**members, **other}, use_bin_type=False)

    made = {f"holds-{name}": letter(command=raw) for name, raw in junk().items() if len(raw) < 500}
    made |= {f"holds-{name}": letter(command=msgpack.packb(command)) for name, command in COMMANDS.items()}
    return made | {
        "plain": letter(), "bin": msgpack.packb(members), "later": letter(added=[1, 2]),
        "escapes": letter(error="\x1b]0;x\x07\x7f\u009b", worker="a\nb"),
        "negative": letter(at=-1), "unsigned": letter(at=2**64 - 1), "text-for-int": letter(attempts="0"),
        "cut": letter()[:-1], "trailing": letter() + b"\x00",
        "no-command": msgpack.packb({name: member for name, member in members.items() if name != "command"})}
