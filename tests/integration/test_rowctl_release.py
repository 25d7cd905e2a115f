"""rowctl release: what an operator decides about a dead worker that the database does not know."""

import json
import os
import pty
import secrets
import subprocess

import msgpack
import pytest

from support.process import program
from support.rowd_process import environment

WORKER = "exo-0123456789abcdef0123456789abcdef"
UNKNOWN = -1900000000000.75


class Operator:
    def __init__(self, redis_server):
        self.url, self.redis = redis_server.url, redis_server.client()
        self.queue = f"shelf:{secrets.token_hex(4)}"

    def key(self, name):
        return f"{{{self.queue}}}:{name}"

    def hold(self, fields, score=UNKNOWN):
        self.redis.zadd(self.key("workers"), {WORKER: score})
        self.redis.hset(self.key(f"inflight:{WORKER}"), mapping=fields)

    def held(self):
        return self.redis.hlen(self.key(f"inflight:{WORKER}"))

    def __call__(self, *words, expect=0):
        done = subprocess.run([program("rowctl"), *words, "--queue", self.queue], capture_output=True, text=True,
                              timeout=60, check=False, stdin=subprocess.DEVNULL, env=environment(redis_url=self.url))
        assert done.returncode == expect, f"exit {done.returncode}, not {expect}: {done.stdout!r} {done.stderr!r}"
        return done.stdout


@pytest.fixture
def rowctl(redis_server):
    operator = Operator(redis_server)
    yield operator
    for key in operator.redis.keys(f"*{operator.queue}*"):
        operator.redis.delete(key)


def test_shown_as_unknown_until_it_is_released(rowctl):
    rowctl.hold({"1": b"one"})
    assert json.loads(rowctl("workers", "--json"))[0]["state"] == "unknown"
    assert "unknown" in rowctl("status")
    rowctl("release", WORKER, "--dead", "--yes")
    assert json.loads(rowctl("workers", "--json"))[0]["state"] == "dead"


def test_again_in_their_old_order_before_all_else(rowctl):
    # What was given back before stays behind.
    rowctl.redis.lpush(rowctl.key("again"), msgpack.packb([0, b"earlier"]))
    rowctl.hold({f"{number}" if number % 2 else f"{number}:3": b"%d" % number for number in range(1, 301)})
    calls = rowctl.redis.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"]
    assert rowctl("release", WORKER, "--again", "--yes").startswith(f"300 commands of {WORKER} run again")
    # At once: a worker that claims meanwhile would take the last part first.
    assert rowctl.redis.info("commandstats")["cmdstat_eval"]["calls"] == calls + 1
    again = [msgpack.unpackb(element, raw=True) for element in rowctl.redis.lrange(rowctl.key("again"), 0, -1)]
    assert again[0] == [0, b"earlier"]
    assert again[:0:-1] == [[1 if number % 2 else 4, b"%d" % number] for number in range(1, 301)]
    assert rowctl.held() == 0


def test_as_dead_letters_that_are_not_retried_by_mistake(rowctl):
    rowctl.hold({"7": b"\xff\x00", "8:1": b"{}"})
    assert "are dead letters: UNKNOWN_OUTCOME" in rowctl("release", WORKER, "--dead", "--yes")
    letters = json.loads(rowctl("dead", "list", "--json"))["letters"]
    assert [(letter["reason"], letter["worker"], letter["attempts"]) for letter in letters] == [
        ("UNKNOWN_OUTCOME", WORKER, 2), ("UNKNOWN_OUTCOME", WORKER, 1)]
    stats = rowctl.redis.hgetall(rowctl.key("stats"))
    sizes = [len(element) for element in rowctl.redis.lrange(rowctl.key("dead"), 0, -1)]
    assert int(stats[b"dead"]) == 2 and int(stats[b"dead_bytes"]) == sum(sizes)
    rowctl("dead", "retry", "--all", expect=1)
    assert rowctl.redis.llen(rowctl.queue) == 0
    rowctl("dead", "retry", "--all", "--yes")
    assert rowctl.redis.lrange(rowctl.queue, 0, -1) == [b"{}", b"\xff\x00"]


@pytest.mark.parametrize("where", ["--again", "--dead"])
def test_what_has_surely_taken_effect_is_left(rowctl, where):
    rowctl.hold({"1": b"one", "2r": b"two", "3:1r": b"three", "4:1:r": b"four"})
    assert rowctl("release", WORKER, where, "--yes").startswith("2 commands")
    assert sorted(rowctl.redis.hkeys(rowctl.key(f"inflight:{WORKER}"))) == [b"2r", b"3:1r"]


@pytest.mark.parametrize("score", [1900000000000, 0, -1900000000000, -1900000000000.5, None])
def test_whom_rowd_looks_after_is_left_alone(rowctl, score):
    rowctl.hold({"1": b"one"}, score if score is not None else UNKNOWN)
    if score is None:
        rowctl.redis.delete(rowctl.key("workers"))
    for where in ("--again", "--dead"):
        rowctl("release", WORKER, where, "--yes", expect=1)
    assert rowctl.held() == 1


def test_nothing_is_done_unasked(rowctl):
    rowctl.hold({"1": b"one"})
    for words in (["--again"], ["--dead"], ["--yes"], ["--again", "--dead", "--yes"]):
        rowctl("release", WORKER, *words, expect=64)
    rowctl("release", "--again", "--yes", expect=64)
    rowctl("release", WORKER, WORKER, "--again", "--yes", expect=64)
    assert rowctl.held() == 1


@pytest.mark.parametrize(("answer", "left"), [(b"yes\n", 0), (b"y\n", 1), (b"\n", 1)])
def test_asks_on_a_terminal(rowctl, answer, left):
    rowctl.hold({"1": b"one"})
    master, slave = pty.openpty()
    try:
        os.write(master, answer)
        done = subprocess.run([program("rowctl"), "release", WORKER, "--again", "--queue", rowctl.queue], stdin=slave,
                              capture_output=True, timeout=60, check=False, env=environment(redis_url=rowctl.url))
    finally:
        os.close(slave)
        os.close(master)
    assert done.returncode == left and b"Type yes to go on" in done.stdout
    assert rowctl.held() == left
