"""A producer that keeps thousands of commands in flight: pushes a list of them at once and takes their replies.

A schema check takes longer than a command, so that each shape of a reply is held against the schema a few times only."""

import collections
import secrets

from support import contract
from support.client import QUEUE, decode, encode

PUSH_AT_ONCE = 500
CHECKS_PER_SHAPE = 4
PATIENCE_S = 60


def _shape(reply):
    error = reply.get("error")
    return (reply.get("op"), *sorted(reply), *(sorted(error) if error else ()), error and error["code"],
            *sorted(type(value).__name__ for value in reply.values()))


class Pushed:
    """Commands that were pushed, and the list on which their replies arrive."""

    def __init__(self, bulk, reply_list, count):
        self.bulk, self.reply_list, self.count = bulk, reply_list, count

    def arrived(self):
        """How many replies lie there."""
        return self.bulk.redis.llen(self.reply_list)

    def replies(self, timeout_s=PATIENCE_S):
        """In the order of the commands: one each, and no more."""
        replies = [None] * self.count
        for raw in self.bulk.take(self.reply_list, self.count, timeout_s):
            reply = decode(raw)
            self.bulk.check(reply)
            assert replies[reply["id"]] is None, f"answered twice: {reply!r}"
            replies[reply["id"]] = reply
        return replies


class Bulk:
    def __init__(self, redis, codec="msgpack", queue=QUEUE):
        self.redis = redis
        self.codec = codec
        self.queue = queue
        self.at_once = PUSH_AT_ONCE
        self.shapes = collections.Counter()

    def push_raw(self, elements):
        for start in range(0, len(elements), self.at_once):
            self.redis.lpush(self.queue, *elements[start:start + self.at_once])

    def check(self, reply):
        shape = _shape(reply)
        self.shapes[shape] += 1
        if self.shapes[shape] <= CHECKS_PER_SHAPE:
            contract.check_reply(reply)

    def take(self, reply_list, count, timeout_s=PATIENCE_S):
        """So many replies from a list, each as its bytes; fewer within the time fail the test."""
        taken = []
        while len(taken) < count:
            popped = self.redis.blpop(reply_list, timeout=timeout_s)
            assert popped, f"only {len(taken)} of {count} replies within {timeout_s} s"
            taken.append(popped[1])
            taken += self.redis.lpop(reply_list, count - len(taken)) or [] if count > len(taken) else []
        return taken

    def push(self, commands):
        """Pushes them, with ids of their own, and does not wait."""
        reply_list = f"rowd:reply:bulk-{secrets.token_hex(6)}"
        self.push_raw([encode({"reply_ttl_ms": 600000, **command, "id": number, "reply_list": reply_list}, self.codec)
                       for number, command in enumerate(commands)])
        return Pushed(self, reply_list, len(commands))

    def call(self, commands, timeout_s=PATIENCE_S):
        """The replies in the order of the commands, which get ids of their own: one each, and no more."""
        return self.push(commands).replies(timeout_s)

    def ok(self, commands, timeout_s=PATIENCE_S):
        """The same, all of which have to succeed."""
        replies = self.call(commands, timeout_s)
        for command, reply in zip(commands, replies):
            assert reply["ok"], f"{command!r:.600}: {reply['error']!r}"
        return replies
