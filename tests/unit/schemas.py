"""The schemas of the messages: valid themselves, and strict. Run by ctest; no arguments."""

import json
import pathlib
import re
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "schemas" / "messages"

COMMANDS = [
    '{"op": "ping", "id": {"$bin": "AA"}}',
    '{"op": "ping", "id": 18446744073709551615}',
    '{"op": "read", "table": "t", "page": null, "page_size": null, "limit": 1}',
    '{"op": "read", "table": "t", "pk": {"$bin": "AP8="}, "order": []}',
    '{"op": "read", "table": "t", "where": [], "format": "arrays", "distinct": true, "select": ["a"]}',
    '{"op": "create", "table": "t", "values": []}',
    '{"op": "count", "table": "t", "where": {"a": {"between": [1, "2"]}, "b": {"gt": {"col": "a"}}, "not": {"c": 1}}}',
    '{"op": "ping"}',
    '{"op": "ping", "db": true, "id": 1, "meta": [1], "reply_to": "x", "v": 1, "reply_ttl_ms": null}',
    '{"op": "info"}',
    '{"op": "tables"}',
    '{"op": "describe", "table": "t"}',
    '{"op": "create", "table": "t", "values": [{"a": 1}, []], "returning": ["a"]}',
    '{"op": "create", "table": "t", "values": {"a": {"$bin": "AA=="}}}',
    '{"op": "read", "table": "t", "pk": 1, "id": null}',
    '{"op": "read", "table": "t", "where": {"a": {"in": [1]}, "or": [{"b": null}, {"c": {"ne": null}}],'
    ' "not": {"d": {"contains": "x"}}, ".or": 1}, "order": ["-a", {"col": "b", "nulls": "last"}], "limit": 0}',
    '{"op": "read", "table": "t", "page": 1, "page_size": 5}',
    '{"op": "count", "table": "t"}',
    '{"op": "exists", "table": "t", "where": {}}',
    '{"op": "update", "table": "t", "where": {"a": 1}, "all": false, "set": {"b": {"value": {"x": 1}}}}',
    '{"op": "update", "table": "t", "pk": {"a": 1, "b": 2}, "set": {"c": null}, "required": true}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"inc": 1}, "b": {"mul": "0.5"}, "c": {"concat": "x"},'
    ' "d": {"min": 1.5}, "e": {"max": "2024-01-01"}, "f": {"now": true}, "g": {"default": true}}}',
    '{"op": "delete", "table": "t", "all": true}',
    '{"op": "read", "table": "t", "distinct": true, "select": ["a"], "order": ["a"], "format": "arrays"}',
    '{"op": "read", "table": "t", "pk": 1, "order": [], "distinct": false, "format": null}',
]

NO_COMMANDS = [
    '"read"',
    "null",
    '{"op": null}',
    '{"op": "READ", "table": "t"}',
    '{"op": "ping", "v": 2}',
    '{"op": "ping", "v": "1"}',
    '{"op": "ping", "id": 1.5}',
    '{"op": "ping", "id": 18446744073709551616}',
    '{"op": "ping", "id": [1]}',
    '{"op": "ping", "id": {"$bin": ""}}',
    '{"op": "ping", "id": {"$bin": "?"}}',
    '{"op": "ping", "id": {"$bin": "AB"}}',
    '{"op": "ping", "reply_to": ""}',
    '{"op": "ping", "reply_list": 5}',
    '{"op": "ping", "reply_ttl_ms": 3600001}',
    '{"op": "ping", "timing": 1}',
    '{"op": "ping", "db": "yes"}',
    '{"op": "ping", "traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"}',
    '{"op": "ping", "lane": 1}',
    '{"op": "info", "db": true}',
    '{"op": "tables", "table": "t"}',
    '{"op": "describe"}',
    '{"op": "describe", "table": null}',
    '{"op": "describe", "table": 5}',
    '{"op": "create", "table": "t"}',
    '{"op": "create", "table": "t", "values": null}',
    '{"op": "create", "table": "t", "values": "a"}',
    '{"op": "create", "table": "t", "values": [1]}',
    '{"op": "create", "table": "t", "values": [{}, null]}',
    '{"op": "create", "table": "t", "values": {}, "returning": "id"}',
    '{"op": "create", "table": "t", "values": {}, "returning": []}',
    '{"op": "create", "table": "t", "values": {}, "on_conflict": "ignore"}',
    '{"op": "create", "table": "t", "values": {}, "where": {}}',
    '{"op": "read", "table": "t", "pk": {}}',
    '{"op": "read", "table": "t", "pk": [1]}',
    '{"op": "read", "table": "t", "pk": {"a": null}}',
    '{"op": "read", "table": "t", "pk": 1, "limit": 1}',
    '{"op": "read", "table": "t", "pk": 1, "order": ["a"]}',
    '{"op": "read", "table": "t", "pk": 1, "distinct": true}',
    '{"op": "read", "table": "t", "pk": 1, "page": 1, "page_size": 1}',
    '{"op": "read", "table": "t", "where": null}',
    '{"op": "read", "table": "t", "where": [{"a": 1}]}',
    '{"op": "read", "table": "t", "where": {"a": [1]}}',
    '{"op": "read", "table": "t", "where": {"a": {"in": 1}}}',
    '{"op": "read", "table": "t", "where": {"a": {"in": [null]}}}',
    '{"op": "read", "table": "t", "where": {"a": {"lt": null}}}',
    '{"op": "read", "table": "t", "where": {"a": {"between": [1]}}}',
    '{"op": "read", "table": "t", "where": {"a": {"between": [1, null]}}}',
    '{"op": "read", "table": "t", "where": {"a": {"like": 5}}}',
    '{"op": "read", "table": "t", "where": {"a": {"regexp": ""}}}',
    '{"op": "read", "table": "t", "where": {"a": {"null": 1}}}',
    '{"op": "read", "table": "t", "where": {"a": {"lt": {"col": 5}}}}',
    '{"op": "read", "table": "t", "where": {"a": {"in": null}}}',
    '{"op": "read", "table": "t", "where": {"or": {"a": 1}}}',
    '{"op": "read", "table": "t", "where": {"or": [{}]}}',
    '{"op": "read", "table": "t", "where": {"not": [{"a": 1}]}}',
    '{"op": "read", "table": "t", "select": []}',
    '{"op": "read", "table": "t", "select": ["a", "a"]}',
    '{"op": "read", "table": "t", "select": "a"}',
    '{"op": "read", "table": "t", "order": "a"}',
    '{"op": "read", "table": "t", "order": [{"desc": true}]}',
    '{"op": "read", "table": "t", "order": [{"col": "a", "nulls": "up"}]}',
    '{"op": "read", "table": "t", "limit": -1}',
    '{"op": "read", "table": "t", "limit": 1.5}',
    '{"op": "read", "table": "t", "page": 0, "page_size": 1}',
    '{"op": "read", "table": "t", "page_size": 1}',
    '{"op": "read", "table": "t", "page": null, "page_size": 1}',
    '{"op": "read", "table": "t", "page": 1, "page_size": 2, "offset": 1}',
    '{"op": "read", "table": "t", "format": "rows"}',
    '{"op": "read", "table": "t", "after": "x"}',
    '{"op": "count", "table": "t", "limit": 1}',
    '{"op": "exists", "table": "t", "pk": 1, "where": {}}',
    '{"op": "update", "table": "t", "pk": 1}',
    '{"op": "update", "table": "t", "pk": 1, "where": {"a": 1}, "set": {"a": 1}}',
    '{"op": "update", "table": "t", "all": true, "where": {}, "set": {"a": 1}}',
    '{"op": "update", "table": "t", "where": {"a": 1}, "set": {"a": 1}, "limit": 1}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"value": 1, "x": 2}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": [1]}',
    '{"op": "delete", "table": "t", "all": 1}',
    "[]",
    "{}",
    '{"op": "nope"}',
    '{"op": "ping", "table": "t"}',
    '{"op": "ping", "reply_ttl_ms": 0}',
    '{"op": "ping", "traceparent": "x"}',
    '{"op": "ping", "id": ""}',
    '{"op": "read"}',
    '{"op": "read", "table": "t", "once": true}',
    '{"op": "read", "table": "t", "pk": null}',
    '{"op": "read", "table": "t", "pk": 1, "where": {"a": 1}}',
    '{"op": "read", "table": "t", "page": 1}',
    '{"op": "read", "table": "t", "page": 1, "page_size": 2, "limit": 1}',
    '{"op": "read", "table": "t", "where": {"a": {"near": 1}}}',
    '{"op": "read", "table": "t", "where": {"a": {}}}',
    '{"op": "read", "table": "t", "where": {"and": []}}',
    '{"op": "read", "table": "t", "where": {"not": {}}}',
    '{"op": "read", "table": "t", "order": [{"col": "a", "down": true}]}',
    '{"op": "count", "table": "t", "pk": 1}',
    '{"op": "exists", "table": "t"}',
    '{"op": "update", "table": "t", "set": {"a": 1}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"inc": null}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"inc": 1, "mul": 2}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"add": 1}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"now": false}}}',
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"concat": 1.5}}}',
    '{"op": "delete", "table": "t", "where": {}}',
    '{"op": "delete", "table": "t", "pk": 1, "all": true}',
    '{"op": "delete", "table": "t", "pk": 1, "where": {}}',
    '{"op": "delete", "table": "t", "all": true, "where": {}}',
    '{"op": "read", "table": "t", "pk": 1, "where": {}}',
    '{"op": "read", "table": "t", "pk": 1, "order": ["a"]}',
    '{"op": "read", "table": "t", "pk": 1, "distinct": true}',
    '{"op": "read", "table": "t", "select": []}',
    '{"op": "read", "table": "t", "format": "array"}',
]


def error_reply(op="read", **fields):
    error = {"code": "BAD_VALUE", "status": "INVALID_ARGUMENT", "message": "x", "retryable": False, **fields}
    return json.dumps({"v": 1, "id": 1, "op": op, "ok": False, "error": error})


LATER_CODES = {"MAX_AFFECTED", "CONFLICT", "DEADLINE_EXCEEDED"}

ERROR = '"error": {"code": "BAD_MESSAGE", "status": "INVALID_ARGUMENT", "message": "x", "retryable": false}'

REPLIES = [
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": 7, "op": "read", "ok": true, "row": null, "meta": 1}',
    '{"v": 1, "id": 7, "op": "update", "ok": true, "affected": 1, "matched": 5, "rows": [{"a": 1}]}',
    '{"v": 1, "id": "x", "op": "create", "ok": true, "affected": 1, "insert_id": 5,'
    ' "warnings": [{"errno": 1, "message": "x"}], "attempt": 2}',
    '{"v": 1, "id": 7, "op": null, "ok": false, ' + ERROR + "}",
    '{"v": 1, "id": 7, "op": "read", "ok": true, "cols": ["a", "b"], "rows": [[1, null]]}',
    '{"v": 1, "id": 7, "op": "read", "ok": true, "cols": ["a"], "row": null}',
    '{"v": 1, "id": {"$bin": "AP8="}, "op": "update", "ok": true, "affected": 0, "matched": 0, "row": null}',
    '{"v": 1, "id": 7, "op": "delete", "ok": true, "affected": 0, "row": null}',
    '{"v": 1, "id": 7, "op": "create", "ok": true, "affected": 0, "rows": []}',
    '{"v": 1, "id": 7, "op": "create", "ok": true, "affected": 2, "insert_ids": [1, 2]}',
    error_reply("create", at={"row": 0, "column": "a", "constraint": "b"}, hint="x", errno=1062, sqlstate="23000"),
    error_reply(at={"column": "a"}),
]

NO_REPLIES = [
    '{"v": 1, "id": null, "op": "ping", "ok": true}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "x": 1}',
    '{"v": 1, "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": null, "op": "x", "ok": true}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "row": {"a": 1}, "rows": []}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "row": null, ' + ERROR + "}",
    '{"v": 1, "id": null, "op": "read", "ok": false}',
    '{"v": 1, "id": null, "op": "read", "ok": false, "row": null, ' + ERROR + "}",
    '{"v": 1, "id": null, "op": "create", "ok": true, "affected": 1, "row": {"a": 1}, "insert_id": 5}',
    '{"v": 1, "id": null, "op": "count", "ok": true, "value": -1}',
    '{"v": 2, "id": null, "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": null, "ok": true, "value": "pong"}',
    '{"v": 1, "id": null, "op": "ping", "value": "pong"}',
    '{"v": 1, "id": 1.5, "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": "", "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": null, "op": "ping", "ok": "yes", "value": "pong"}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "ping"}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "meta": null}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "attempt": 1}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "us": {"wait": 1, "db": 1}}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "warnings": []}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "warnings": [{"errno": 0, "message": "x"}]}',
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong", "next": "x"}',
    '{"v": 1, "id": null, "op": "info", "ok": true, "row": {"version": "1"}}',
    '{"v": 1, "id": null, "op": "tables", "ok": true, "rows": [{"name": "a"}]}',
    '{"v": 1, "id": null, "op": "describe", "ok": true, "columns": [], "primary_key": [], "unique": [],'
    ' "foreign_keys": []}',
    '{"v": 1, "id": null, "op": "exists", "ok": true, "value": 1}',
    '{"v": 1, "id": null, "op": "read", "ok": true}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "rows": {}}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "rows": [null]}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "rows": [[1]]}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "cols": ["a"], "rows": [{"a": 1}]}',
    '{"v": 1, "id": null, "op": "read", "ok": true, "cols": [], "rows": []}',
    '{"v": 1, "id": null, "op": "count", "ok": true, "value": 1, "rows": []}',
    '{"v": 1, "id": null, "op": "create", "ok": true, "row": {"a": 1}}',
    '{"v": 1, "id": null, "op": "create", "ok": true, "row": {"a": 1}, "affected": 2}',
    '{"v": 1, "id": null, "op": "create", "ok": true, "row": null, "affected": 0}',
    '{"v": 1, "id": null, "op": "create", "ok": true, "insert_id": 1, "insert_ids": [1], "affected": 1}',
    '{"v": 1, "id": null, "op": "create", "ok": true, "insert_id": "1", "affected": 1}',
    '{"v": 1, "id": null, "op": "update", "ok": true, "affected": 1}',
    '{"v": 1, "id": null, "op": "update", "ok": true, "affected": 1, "matched": 2, "row": {"a": 1}}',
    '{"v": 1, "id": null, "op": "update", "ok": true, "affected": 0, "matched": 0, "row": {"a": 1}}',
    '{"v": 1, "id": null, "op": "delete", "ok": true, "affected": 1, "matched": 1}',
    '{"v": 1, "id": null, "op": "delete", "ok": true, "affected": 1, "row": null}',
    '{"v": 1, "id": null, "op": "delete", "ok": true, "affected": 0, "row": {"a": 1}}',
    error_reply(message=""),
    error_reply(hint=""),
    error_reply(at={}),
    error_reply(at={"row": 1}),
    error_reply("create", at={"row": -1}),
    error_reply(at={"op": 0}),
    error_reply(sqlstate="2300"),
    error_reply(errno=0),
    error_reply(row={"a": 1}),
]

LETTER = {"reason": "BAD_MESSAGE", "error": "x", "attempts": 0, "at": 1700000000000, "worker": "w", "command": ""}

DEAD_LETTERS = [json.dumps(LETTER), json.dumps({**LETTER, "reason": "REPLY_REFUSED"})]

NO_DEAD_LETTERS = [
    *[json.dumps({name: value for name, value in LETTER.items() if name != left_out}) for left_out in LETTER],
    *[json.dumps({**LETTER, name: value}) for name, value in (
        ("reason", "no code"), ("reason", None), ("attempts", -1), ("attempts", "1"), ("at", 0), ("worker", ""),
        ("command", None), ("codec", "json"))],
]


def fields_of_the_code():
    """What the table in common/command_field.c says: per op the fields that it takes, and those that it needs; and the
    fields of the envelope."""
    header = (ROOT / "common" / "command.h").read_text(encoding="utf-8")
    source = (ROOT / "common" / "command_field.c").read_text(encoding="utf-8")
    ops = re.findall(r"^\tOP_([A-Z]+),", re.search(r"enum op \{(.*?)\};", header, re.DOTALL)[1], re.MULTILINE)[1:]
    sets = {f"OP_{op}": number for number, op in enumerate(ops)} | {"OP_COUNT_OF_OPS": len(ops)}
    for name, bits in re.findall(r"^\t([A-Z_]+) = (.*),$", source.split("};")[0], re.MULTILINE):
        sets[name] = eval(bits.replace("1u", "1"), {}, sets)  # names and operators that C and Python share
    takes = {op.lower(): set() for op in ops}
    needs = {op.lower(): set() for op in ops}
    envelope = set()
    for name, rest in re.findall(r'^\t\{NAME\("([a-z_]+)"\)(.*)$', source, re.MULTILINE):
        if "ENVELOPE(" in rest or ".envelope = true" in rest:
            envelope.add(name)
        for column, found in ((".ops", takes), (".required_ops", needs)):
            bits = re.search(rf"(?<![a-z_]){re.escape(column)} = ([^,}}]+)", rest)
            for number, op in enumerate(found):
                if bits and eval(bits[1], {}, sets) >> number & 1:
                    found[op].add(name)
    return takes, needs, envelope


class Schemas(unittest.TestCase):
    def check(self, name, good, bad):
        schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for text in good:
            with self.subTest(text):
                self.assertEqual([], [error.message for error in validator.iter_errors(json.loads(text))])
        for text in bad:
            with self.subTest(text):
                self.assertFalse(validator.is_valid(json.loads(text)))

    def test_command(self):
        self.check("command", COMMANDS, NO_COMMANDS)

    def test_fields_of_a_command_are_those_of_the_code(self):
        schema = json.loads((FOLDER / "command.schema.json").read_text(encoding="utf-8"))
        takes, needs, envelope = fields_of_the_code()
        self.assertEqual(set(takes), set(schema["properties"]["op"]["enum"]))
        self.assertEqual(envelope, set(schema["properties"]))
        for op in takes:
            with self.subTest(op):
                part = schema["$defs"].get(op, {})
                self.assertEqual(takes[op], set(part.get("properties", {})))
                self.assertEqual(needs[op], set(part.get("required", [])))

    def test_reply(self):
        self.check("reply", REPLIES, NO_REPLIES)

    def test_dead_letter(self):
        self.check("dead_letter", DEAD_LETTERS, NO_DEAD_LETTERS)

    def test_errors_are_those_of_the_list(self):
        """Each code of this version with its own status and retryable, and with no other."""
        entries = json.loads((FOLDER.parent / "errors.json").read_text(encoding="utf-8"))
        sent = [entry for entry in entries if entry["code"] not in LATER_CODES]
        for entry in entries:
            good, bad = [], []
            for status in {other["status"] for other in entries}:
                for retryable in (False, True):
                    right = entry in sent and (status, retryable) == (entry["status"], entry["retryable"])
                    (good if right else bad).append(
                        error_reply(code=entry["code"], status=status, retryable=retryable))
            self.check("reply", good, bad)
        self.check("reply", [], [error_reply(code="NO_SUCH_CODE")])


if __name__ == "__main__":
    unittest.main()
