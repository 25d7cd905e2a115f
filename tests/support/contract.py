"""Holds every message that passes in a test against schemas/: commands, replies, error codes."""

import base64
import json

import jsonschema
import msgpack

from support.process import ROOT


def _list(name):
    return json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


class Schema:
    """One of the message schemas. A message is held against the part for its op only, and that one's fields are counted
    beforehand: `if` for each op and unevaluatedProperties say the same, and take ten times as long."""

    def __init__(self, name):
        self.whole = json.loads((ROOT / "schemas" / "messages" / f"{name}.schema.json").read_text(encoding="utf-8"))
        self.by_op = {}

    def _meant(self, reference):
        return self.whole["$defs"][reference.rsplit("/", 1)[1]]

    def _is_for(self, choice, op):
        condition = choice.get("if", {})
        if "$ref" in condition:
            condition = self._meant(condition["$ref"])
        return condition.get("properties", {}).get("op", {}).get("const", op) == op

    def _narrowed(self, schema, op):
        if not isinstance(schema, dict):
            return schema
        narrowed = dict(schema)
        if "allOf" in schema:
            narrowed["allOf"] = [choice for choice in schema["allOf"] if self._is_for(choice, op)] or [True]
        for branch in ("then", "else"):
            if branch in schema:
                narrowed[branch] = self._narrowed(schema[branch], op)
        return narrowed

    def _fields(self, schema):
        """All that the schema knows a property by."""
        if not isinstance(schema, dict):
            return set()
        found = set(schema.get("properties", {}))
        parts = [*schema.get("allOf", []), *schema.get("anyOf", []), *schema.get("oneOf", []),
                 schema.get("then"), schema.get("else"), *schema.get("dependentSchemas", {}).values()]
        if "$ref" in schema:
            parts.append(self._meant(schema["$ref"]))
        return found.union(*map(self._fields, parts))

    def validator(self, op):
        if op not in self.by_op:
            narrowed = self._narrowed(self.whole, op)
            if narrowed.pop("unevaluatedProperties", True) is False:
                narrowed["propertyNames"] = {"enum": sorted(self._fields(narrowed))}
            self.by_op[op] = jsonschema.Draft202012Validator(narrowed)
        return self.by_op[op]


COMMAND = Schema("command")
REPLY = Schema("reply")
DEAD_LETTER = Schema("dead_letter")
ERRORS = {entry["code"]: entry for entry in _list("errors")}
DEAD_LETTER_REASONS = ERRORS.keys() | {entry["reason"] for entry in _list("dead_letter_reasons")}


def _as_json(value):
    """The message as the schemas see it: bytes in the way that JSON writes them."""
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return {"$bin": base64.b64encode(value).decode()}
    if isinstance(value, (msgpack.Timestamp, msgpack.ExtType)):
        return str(value)
    return value


def _check(schema, message, what):
    document = _as_json(message)
    op = document.get("op")
    validator = schema.validator(op if isinstance(op, str) else None)
    findings = [f"{'/'.join(map(str, finding.absolute_path)) or '(whole)'}: {finding.message}"
                for finding in validator.iter_errors(document)]
    assert not findings, f"{what} does not keep its schema: {document!r}\n" + "\n".join(findings)


def check_command(command):
    _check(COMMAND, command, "the command")


def check_dead_letter(raw):
    """Checks an element of {Q}:dead, and returns it with its texts as bytes."""
    letter = msgpack.unpackb(raw, raw=True)
    _check(DEAD_LETTER, {name.decode(): value.decode("latin-1") if isinstance(value, bytes) else value
                         for name, value in letter.items()}, "the dead letter")
    assert letter[b"reason"].decode() in DEAD_LETTER_REASONS
    return letter


def check_reply(reply):
    _check(REPLY, reply, "the reply")
    if reply["ok"]:
        assert "error" not in reply
        return
    error = reply["error"]
    entry = ERRORS[error["code"]]
    assert error["status"] == entry["status"]
    assert error["retryable"] is entry["retryable"]
    assert error["message"], "an error has a message for people"
