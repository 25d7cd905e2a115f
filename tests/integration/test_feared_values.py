"""Values that people fear: there and back to the byte, found by themselves, changed and deleted; or refused, and then
nothing happened. Thousands at once, in both codecs."""

import base64
import itertools
import json
import math
import struct

import feared_values as feared
import pytest
from bulk import Bulk

REFUSALS = {"BAD_VALUE", "OUT_OF_RANGE", "DATA_TOO_LONG", "BAD_MESSAGE", "TOO_LARGE"}


@pytest.fixture(params=["msgpack", "json"])
def bulk(request, redis, rowd):
    return Bulk(redis, request.param)


def wire(bulk, value):
    """As it stands in a message of the codec."""
    if bulk.codec == "json" and isinstance(value, bytes):
        return {"$bin": base64.b64encode(value).decode()}
    return value


def same(bulk, column, got, value):
    expected = wire(bulk, value)
    if bulk.codec == "json" and column == "single":  # the shortest digits that read back as the same FLOAT
        got = struct.unpack("f", struct.pack("f", got))[0]
    return got == expected and type(got) is type(expected)


def check_rows(bulk, cases, replies):
    wrong = [(column, value, reply["row"] and reply["row"][column]) for (column, value), reply in zip(cases, replies)
             if not reply["row"] or not same(bulk, column, reply["row"][column], value)]
    assert not wrong, f"{len(wrong)} differ, such as {wrong[:5]!r}"


def test_there_and_back_and_found_and_changed_and_deleted(bulk, database):
    cases = list(feared.there_and_back())
    assert len(cases) > 700
    values = [{column: wire(bulk, value)} for column, value in cases]

    created = bulk.ok([{"op": "create", "table": "types", "values": value} for value in values])
    check_rows(bulk, cases, created)
    keys = [reply["row"]["id"] for reply in created]

    check_rows(bulk, cases, bulk.ok([{"op": "read", "table": "types", "pk": key} for key in keys]))

    for form in (lambda value: value, lambda value: {"eq": value}, lambda value: {"in": [value]}):
        found = bulk.ok([{"op": "read", "table": "types", "select": ["id"], "where": {"id": key, **{
            column: form(sent) for column, sent in value.items()}}} for key, value in zip(keys, values)])
        missed = [case for case, reply in zip(cases, found) if len(reply["rows"]) != 1]
        assert not missed, f"{len(missed)} are not found by themselves: {missed[:5]!r}"

    empty = bulk.ok([{"op": "create", "table": "types", "values": {}, "returning": ["id"]} for _ in cases])
    blank = [reply["row"]["id"] for reply in empty]
    changed = bulk.ok([{"op": "update", "table": "types", "pk": key, "set": value} for key,
                       value in zip(blank, values)])
    check_rows(bulk, cases, changed)
    assert all(reply["matched"] == 1 for reply in changed)

    gone = bulk.ok([{"op": "delete", "table": "types", "where": {"id": key, **value}}
                    for key, value in zip(keys, values)])
    assert [reply["affected"] for reply in gone] == [1] * len(cases)
    assert database.query("SELECT COUNT(*) FROM types") == [(len(cases),)], "the others are there"
    check_rows(bulk, cases, bulk.ok([{"op": "read", "table": "types", "pk": key} for key in blank]))


def test_a_whole_column_of_them_in_one_command(bulk):
    """Multi-row writes and long lists: no value spills into its neighbour."""
    texts = [text for text in feared.TEXTS if len(text) <= 200]
    reply = bulk.ok([{"op": "create", "table": "types",
                      "values": [{"label": text, "body": text} for text in texts]}])[0]
    assert [row["label"] for row in reply["rows"]] == texts and [row["body"] for row in reply["rows"]] == texts
    keys = [row["id"] for row in reply["rows"]]
    found = bulk.ok([{"op": "read", "table": "types", "order": ["id"], "where": {"label": {"in": texts}}}])[0]["rows"]
    assert [row["id"] for row in found] == keys
    changed = bulk.ok([{"op": "update", "table": "types", "where": {"id": {"in": keys}}, "set": {"body": text}}
                       for text in texts[:40]])
    assert all(reply["matched"] == len(texts) for reply in changed)


def sendable(bulk, value):
    return bulk.codec == "msgpack" or not isinstance(value, float) or math.isfinite(value)


def test_what_no_row_may_hold_is_refused(bulk, database):
    cases = [(column, value) for column, values in feared.REFUSED.items() for value in values if sendable(bulk, value)]
    kept = bulk.ok([{"op": "create", "table": "types", "values": {}}])[0]["row"]
    values = [{column: wire(bulk, value)} for column, value in cases]

    def check(commands):
        wrong = [(case, reply.get("row") or reply["error"]) for case, reply in zip(cases, bulk.call(commands))
                 if reply["ok"] or reply["error"]["code"] not in REFUSALS]
        assert not wrong, f"{len(wrong)}: " + "\n".join(repr(one)[:400] for one in wrong[:20])

    check([{"op": "create", "table": "types", "values": value} for value in values])
    check([{"op": "create", "table": "types", "values": [{}, value, {}]} for value in values])
    check([{"op": "update", "table": "types", "pk": kept["id"], "set": value} for value in values])
    check([{"op": "update", "table": "types", "where": {"id": kept["id"]}, "set": value} for value in values])
    assert database.query("SELECT COUNT(*) FROM types") == [(1,)]
    assert bulk.ok([{"op": "read", "table": "types", "pk": kept["id"]}])[0]["row"] == kept


def test_comparing_with_them_finds_nothing_and_fails_for_no_strange_reason(bulk):
    bulk.ok([{"op": "create", "table": "types", "values": {}}])
    cases = [(column, value) for column, values in feared.REFUSED.items() for value in values if sendable(bulk, value)]
    commands = [{"op": "count", "table": "types", "where": {column: {operator: wire(bulk, value)}}}
                for column, value in cases for operator in ("eq", "ne", "lt", "ge")]
    for command, reply in zip(commands, bulk.call(commands)):
        if reply["ok"]:
            assert reply["value"] == 0, command  # all columns are NULL
        else:
            assert reply["error"]["code"] in REFUSALS, (command, reply["error"])


def test_patterns_mean_themselves(bulk):
    """contains, starts and ends against Python's own idea of them; the column's collation is binary."""
    texts = sorted({text for pattern in feared.PATTERNS
                    for text in (pattern, "x" + pattern, pattern + "x", "x" + pattern + "y", pattern * 2,
                                 pattern + "\n",
                                 pattern.replace("%", "q"), pattern.replace("_", "q"), pattern.replace("\\", ""),
                                 pattern.replace("\\", "\\\\")) if len(text) <= 20} | {"", "abc", "z"})
    bulk.ok([{"op": "create", "table": "pair", "values": {"a": number, "b": text}} for number,
             text in enumerate(texts)])
    means = {"contains": lambda text, part: part in text, "starts": str.startswith, "ends": str.endswith}
    asked = list(itertools.product(means, [*feared.PATTERNS, "", "x", "q"]))
    replies = bulk.ok([{"op": "read", "table": "pair", "where": {"b": {how: part}}} for how, part in asked])
    for (how, part), reply in zip(asked, replies):
        expected = {text for text in texts if means[how](text, part)}
        assert {row["b"] for row in reply["rows"]} == expected, (how, part)


def test_documents_keep_every_digit(bulk):
    created = bulk.ok([{"op": "create", "table": "types", "values": {"document": text}} for text in feared.DOCUMENTS])
    read = bulk.ok([{"op": "read", "table": "types", "pk": reply["row"]["id"]} for reply in created])
    for text, reply in zip(feared.DOCUMENTS, read):
        got = reply["row"]["document"]
        assert (json.loads(got) if bulk.codec == "msgpack" else got) == json.loads(text), text


@pytest.fixture
def large(database):
    database.script("CREATE TABLE large (id INT NOT NULL PRIMARY KEY, data LONGBLOB, body LONGTEXT) "
                    "DEFAULT CHARACTER SET utf8mb4")
    yield
    database.script("DROP TABLE large")


def test_values_as_large_as_a_message_can_be(bulk, large):
    room = (1 << 20) - 2000
    blob = bytes(range(256)) * 4096
    bodies = [text * (room // len(text.encode()) // 2) for text in ("'", "\\", "\x00\\'", "\U0001f600", "%", "한")]
    if bulk.codec == "json":
        bodies[2] = "\\'" * 100000  # a NUL takes six bytes there
    blobs = [blob[:room if bulk.codec == "msgpack" else room // 4 * 3], b"'" * (room // 2), b"\xff" * (room // 2)]
    cases = [("data", value) for value in blobs] + [("body", value) for value in bodies]
    rows = bulk.ok([{"op": "create", "table": "large", "values": {"id": number, column: wire(bulk, value)}}
                    for number, (column, value) in enumerate(cases)])
    check_rows(bulk, cases, rows)
    read = bulk.ok([{"op": "read", "table": "large", "pk": number} for number in range(len(cases))])
    check_rows(bulk, cases, read)
    found = bulk.ok([{"op": "count", "table": "large", "where": {column: wire(bulk, value)}} for column,
                     value in cases])
    assert [reply["value"] for reply in found] == [1] * len(cases)
