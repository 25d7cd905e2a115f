"""The schemas of the messages: valid themselves, and strict. Run by ctest; no arguments."""

import json
import pathlib
import unittest

import jsonschema

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "messages"

COMMANDS = [
    '{"op": "ping"}',
    '{"op": "ping", "db": true, "id": 1, "meta": [1], "reply_to": "x", "v": 1, "reply_ttl_ms": null}',
    '{"op": "info"}',
    '{"op": "tables"}',
    '{"op": "describe", "table": "t"}',
    '{"op": "create", "table": "t", "values": [{"a": 1}, []], "returning": ["a"]}',
    '{"op": "create", "table": "t", "values": {"a": {"$bin": "AA=="}}}',
    '{"op": "create", "table": "t", "values": []}',
    '{"op": "read", "table": "t", "pk": 1, "id": null}',
    '{"op": "read", "table": "t", "where": {"a": {"in": [1]}, "or": [{"b": null}, {"c": {"ne": null}}],'
    ' "not": {"d": {"contains": "x"}}, ".or": 1}, "order": ["-a", {"col": "b", "nulls": "last"}], "limit": 0}',
    '{"op": "read", "table": "t", "page": 1, "page_size": 5}',
    '{"op": "count", "table": "t"}',
    '{"op": "exists", "table": "t", "where": {}}',
    '{"op": "update", "table": "t", "where": {"a": 1}, "all": false, "set": {"b": {"value": {"x": 1}}}}',
    '{"op": "update", "table": "t", "pk": {"a": 1, "b": 2}, "set": {"c": null}, "required": true}',
    '{"op": "delete", "table": "t", "all": true}',
    '{"op": "read", "table": "t", "distinct": true, "select": ["a"], "order": ["a"], "format": "arrays"}',
    '{"op": "read", "table": "t", "pk": 1, "order": [], "distinct": false, "format": null}',
]

NO_COMMANDS = [
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
    '{"op": "update", "table": "t", "pk": 1, "set": {"a": {"inc": 1}}}',
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

ERROR = '"error": {"code": "BAD_MESSAGE", "status": "INVALID_ARGUMENT", "message": "x", "retryable": false}'

REPLIES = [
    '{"v": 1, "id": null, "op": "ping", "ok": true, "value": "pong"}',
    '{"v": 1, "id": 7, "op": "read", "ok": true, "row": null, "meta": 1}',
    '{"v": 1, "id": 7, "op": "update", "ok": true, "affected": 1, "matched": 5, "row": {"a": 1}}',
    '{"v": 1, "id": "x", "op": "create", "ok": true, "affected": 1, "insert_id": 5,'
    ' "warnings": [{"errno": 1, "message": "x"}], "attempt": 2}',
    '{"v": 1, "id": 7, "op": null, "ok": false, ' + ERROR + "}",
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
]


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

    def test_reply(self):
        self.check("reply", REPLIES, NO_REPLIES)


if __name__ == "__main__":
    unittest.main()
