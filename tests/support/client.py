"""A producer: pushes commands in either codec and takes the replies, checking both against the contract."""

import json
import secrets

import msgpack

from support import contract

QUEUE = "rowd:commands"
REPLY_TIMEOUT_S = 20

# Refusals of the command's own form: such a command need not keep the schema.
REFUSALS = {"BAD_MESSAGE", "UNKNOWN_OP", "UNKNOWN_FIELD", "MISSING_FIELD", "BAD_VALUE", "WHERE_REQUIRED", "TOO_LARGE",
            "FORBIDDEN"}


def encode(command, codec):
    if codec == "json":
        return json.dumps(command, ensure_ascii=False).encode()
    return msgpack.packb(command, use_bin_type=True)


def decode(raw):
    """The reply, whichever codec it is in: only JSON begins with '{'."""
    if raw[:1] == b"{":
        return json.loads(raw)
    return msgpack.unpackb(raw, raw=False, strict_map_key=False)


def codec_of(raw):
    return "json" if raw[:1] == b"{" else "msgpack"


class Client:
    def __init__(self, redis, codec="msgpack", queue=QUEUE):
        self.redis = redis
        self.codec = codec
        self.queue = queue

    def push(self, command, check=True):
        """Fire and forget."""
        if check:
            contract.check_command(command)
        self.redis.lpush(self.queue, encode(command, self.codec))

    def take(self, reply_list, timeout_s=REPLY_TIMEOUT_S):
        """The next reply on a list, checked."""
        popped = self.redis.blpop(reply_list, timeout=timeout_s)
        assert popped, f"no reply on {reply_list} within {timeout_s} s"
        reply = decode(popped[1])
        contract.check_reply(reply)
        return reply

    def call_raw(self, command, check=True):
        """Pushes it with a reply list of its own and returns the reply's bytes."""
        reply_list = f"rowd:reply:{secrets.token_hex(8)}"
        self.push({**command, "reply_list": reply_list}, check)
        popped = self.redis.blpop(reply_list, timeout=REPLY_TIMEOUT_S)
        assert popped, f"no reply within {REPLY_TIMEOUT_S} s to {command!r}"
        assert codec_of(popped[1]) == self.codec, "the reply comes in the command's codec"
        contract.check_reply(decode(popped[1]))
        return popped[1]

    def call(self, op, check=True, **fields):
        identity = fields.pop("id", secrets.token_hex(4))
        reply = decode(self.call_raw({"op": op, "id": identity, **fields}, check))
        assert reply["id"] == identity and reply["op"] == op and reply["v"] == 1
        return reply

    def ok(self, op, **fields):
        reply = self.call(op, **fields)
        assert reply["ok"], f"{op} {fields!r}: {reply['error']!r}"
        return reply

    def fails(self, code, op, **fields):
        """The error, which has to have this code."""
        reply = self.call(op, check=code not in REFUSALS, **fields)
        assert not reply["ok"], f"{op} {fields!r} should have failed with {code}: {reply!r}"
        assert reply["error"]["code"] == code, reply["error"]
        return reply["error"]
