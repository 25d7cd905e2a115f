"""Pushes windows of commands and takes their replies, wherever each asked for its own."""

import base64
import json
import time

import msgpack

from support.client import decode

TIMEOUT_S = 60


def to_json(value):
    if isinstance(value, bytes):
        return {"$bin": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return [to_json(item) for item in value] if isinstance(value, list) else value


def encode(command, codec):
    if codec == "json":
        return json.dumps(to_json(command), ensure_ascii=False).encode()
    return msgpack.packb(command, use_bin_type=True)


class Traffic:
    def __init__(self, redis, queue, channel):
        """channel: what all reply channels begin with."""
        self.redis, self.queue, self.channel = redis, queue, channel
        self.heard = {}
        self.subscription = redis.pubsub(ignore_subscribe_messages=True)
        self.subscription.psubscribe(channel + "*")
        self.subscription.get_message(timeout=5)

    def close(self):
        self.subscription.close()

    def exchange(self, window):
        """window: [(command, codec)], pushed at once. The replies in that order, raw."""
        self.redis.lpush(self.queue, *[encode(command, codec) for command, codec in window])
        return [self._take(command) for command, _ in window]

    def _take(self, command):
        raw = published = None
        if command.get("reply_list") is not None:
            raw = self._pop(command)
        if (command.get("reply_to") or "").startswith(self.channel):
            published = self._hear(command["reply_to"])
        assert raw is None or published is None or same_reply(raw, published), \
            f"one reply on the list and another on the channel: {raw!r} and {published!r}"
        return raw if raw is not None else published

    def _pop(self, command):
        ttl_ms = command.get("reply_ttl_ms")
        if not isinstance(ttl_ms, int) or ttl_ms < 1:
            popped = self.redis.blpop(command["reply_list"], timeout=TIMEOUT_S)
            assert popped, f"no reply within {TIMEOUT_S} s to {command!r}"
            return popped[1]
        # It stays on the list long enough to ask how long it would.
        moved = self.redis.blmove(command["reply_list"], command["reply_list"], TIMEOUT_S)
        assert moved, f"no reply within {TIMEOUT_S} s to {command!r}"
        left = self.redis.pttl(command["reply_list"])
        assert 0 < left <= ttl_ms, f"the list lives for {left} ms more: {command!r}"
        return self.redis.lpop(command["reply_list"])

    def _hear(self, name):
        end = time.monotonic() + TIMEOUT_S
        while name not in self.heard:
            message = self.subscription.get_message(timeout=1)
            if message:
                self.heard[message["channel"].decode()] = message["data"]
            assert time.monotonic() < end, f"nothing was published on {name} within {TIMEOUT_S} s"
        return self.heard.pop(name)


def same_reply(one, other):
    return decode(one) == decode(other)
