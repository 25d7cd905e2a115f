"""Dead letters: those of the usual queue, made up ones, and rowctl's commands for them."""

import json
import secrets
import subprocess

import msgpack

from support import contract
from support.client import QUEUE
from support.process import program
from support.rowd_process import environment

DEAD = f"{{{QUEUE}}}:dead"
STATISTICS = f"{{{QUEUE}}}:stats"


def letters(redis):
    """All of them, the newest first, each held against its schema."""
    return [contract.check_dead_letter(raw) for raw in redis.lrange(DEAD, 0, -1)]


def bury(client, *junk):
    """Pushes what can only become a dead letter, in this order, and waits for the end."""
    for element in junk:
        client.redis.lpush(client.queue, element)
    assert client.ok("ping")


def packed(number=0, **members):
    """The bytes of a letter as rowd's script packs them, held against the schema."""
    letter = {"reason": "UNKNOWN_TABLE", "error": f"there is no table `t{number}`", "attempts": 0,
              "at": 1_700_000_000_000 + number, "worker": "w-1",
              "command": msgpack.packb({"op": "read", "table": f"t{number}"}), **members}
    raw = msgpack.packb(letter, use_bin_type=False)
    contract.check_dead_letter(raw)
    return raw


class Desk:
    """A queue of its own, which no rowd serves, and rowctl at it."""

    def __init__(self, redis_server, queue=None, redis_url=None):
        self.redis = redis_server.client()
        self.queue = queue or f"desk:{secrets.token_hex(4)}"
        self.dead = f"{{{self.queue}}}:dead"
        self.statistics = f"{{{self.queue}}}:stats"
        self.redis_url = redis_url or redis_server.url

    def put(self, *letters):
        """Adds letters and keeps the books as bury.lua does."""
        pipeline = self.redis.pipeline()
        for letter in letters:
            pipeline.lpush(self.dead, letter)
            pipeline.hincrby(self.statistics, "dead", 1)
            pipeline.hincrby(self.statistics, "dead_bytes", len(letter))
        pipeline.execute()

    def start(self, *words, before=(), **streams):
        return subprocess.Popen([*before, program("rowctl"), "dead", *words, "--queue", self.queue],
                                env=environment(redis_url=self.redis_url), **streams)

    def run(self, *words, expect=0, given=b""):
        """Standard output; standard error is kept in self.said."""
        with self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            printed, said = child.communicate(given, timeout=60)
        self.said = said.decode()
        assert child.returncode == expect, f"exit {child.returncode}, not {expect}: {printed!r} {self.said}"
        return printed

    def listed(self, *words):
        return json.loads(self.run("list", "--json", "--limit", "0", *words))["letters"]

    def ids(self):
        """The newest first."""
        return [letter["id"] for letter in self.listed()]

    def left(self):
        return self.redis.lrange(self.dead, 0, -1)

    def pushed(self):
        """The commands in the queue, the next one first."""
        return self.redis.lrange(self.queue, 0, -1)[::-1]

    def counted(self, name):
        return int(self.redis.hget(self.statistics, name) or 0)

    def check_books(self):
        assert self.counted("dead_bytes") == sum(map(len, self.left()))
