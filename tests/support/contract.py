"""Holds every message that passes in a test against schemas/: commands, replies, error codes."""

import base64
import json

import jsonschema
import msgpack

from support.process import ROOT


def _validator(name):
    schema = json.loads((ROOT / "schemas" / "messages" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _list(name):
    return json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


COMMAND = _validator("command")
REPLY = _validator("reply")
DEAD_LETTER = _validator("dead_letter")
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


def _check(validator, message, what):
    document = _as_json(message)
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
