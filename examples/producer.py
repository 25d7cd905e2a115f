#!/usr/bin/env python3
"""A producer in Python: msgpack in by LPUSH, the reply out by BLPOP.

    apt install python3-redis python3-msgpack
    REDIS_URL=redis://127.0.0.1:6379 python3 examples/producer.py
"""

import os
import uuid

import msgpack
import redis


class CommandFailed(Exception):
    """The reply said ok: false. `error` has code, message, hint, retryable."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error


def call(server, queue="rowd:commands", timeout_s=10, **command):
    """Pushes one command, waits for its reply and returns it; raises CommandFailed or TimeoutError."""
    reply_list = f"rowd:reply:{uuid.uuid4().hex}"
    server.lpush(queue, msgpack.packb({**command, "reply_list": reply_list}))
    popped = server.blpop([reply_list], timeout=timeout_s)
    if popped is None:
        # Not lost: rowd runs the command when it is back. But nobody waits for this reply any more.
        raise TimeoutError(f"no reply within {timeout_s} s")
    reply = msgpack.unpackb(popped[1])
    if not reply["ok"]:
        raise CommandFailed(reply["error"])
    return reply


def main():
    server = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
    row = call(server, op="create", table="animals", values={"species": "cat", "name": "Nabi", "age": 3})["row"]
    print("created", row)
    row = call(server, op="update", table="animals", pk=row["id"], set={"age": 4})["row"]
    print("updated", row)
    for row in call(server, op="read", table="animals", where={"species": "cat"}, order=["name"])["rows"]:
        print("read   ", row)
    try:
        call(server, op="read", table="animal")
    except CommandFailed as failure:
        print("failed ", failure, "-", failure.error.get("hint"))


if __name__ == "__main__":
    main()
