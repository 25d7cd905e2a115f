"""rowctl pause, resume, peek and workers."""

import json
import secrets

import msgpack
import pytest

from support.client import QUEUE, Client
from support.process import ROOT, wait_until
from support.rowctl import Tool


@pytest.fixture
def rowctl(redis_server):
    return Tool(redis_server.url)


@pytest.fixture
def queue(redis):
    """One that nobody serves."""
    name = f"shelf:{secrets.token_hex(4)}"
    yield name
    redis.delete(name, f"{{{name}}}:again", f"{{{name}}}:paused")


# ---- pause and resume


def test_a_paused_queue_waits_until_it_is_resumed(world):
    redis_server = world.redis()
    world.rowd(world.database(), redis_server)
    rowctl, client = Tool(redis_server.url), Client(redis_server.client())
    assert rowctl("pause", QUEUE).startswith(f"{QUEUE} is paused: ")
    assert rowctl.said == "" and json.loads(rowctl("status", "--json"))[0]["paused"] is True
    for number in range(3):
        client.push({"op": "ping", "id": number, "reply_list": "rowd:reply:paused"})
    wait_until(lambda: "cmdstat_lmove" in client.redis.info("commandstats"), "rowd to have put back what it had popped")
    assert f"{QUEUE} was paused already" in rowctl("pause", QUEUE)
    wait_until(lambda: [entry["command"]["id"] for entry in json.loads(rowctl("peek", "--json"))] == [0, 1, 2],
               "all of them to wait in their order")
    assert not client.redis.exists("rowd:reply:paused")
    assert rowctl("resume", QUEUE) == f"{QUEUE} goes on\n"
    assert [client.take("rowd:reply:paused")["id"] for _ in range(3)] == [0, 1, 2]
    assert rowctl("resume", QUEUE) == f"{QUEUE} was not paused\n"


def test_a_name_that_nobody_serves_is_told(rowctl, queue, redis):
    rowctl("pause", queue)
    assert "is that its name?" in rowctl.said and redis.exists(f"{{{queue}}}:paused")
    assert rowctl("resume", queue) == f"{queue} goes on\n"


def test_several_queues_at_once(rowctl, queue, redis):
    assert len(rowctl("pause", queue, "shelf:other").splitlines()) == 2
    assert redis.delete(f"{{{queue}}}:paused", "{shelf:other}:paused") == 2


def test_a_full_redis_can_be_paused(world):
    redis_server = world.redis()
    redis_server.client().config_set("maxmemory", "1")
    Tool(redis_server.url)("pause", QUEUE)
    assert redis_server.client().exists(f"{{{QUEUE}}}:paused")


@pytest.mark.parametrize("words", [["pause"], ["resume"], ["pause", "a{b}"], ["resume", ""], ["peek", "a", "0"],
                                   ["peek", "a", "1001"], ["peek", "a", "x"], ["peek", "a", "1", "2"], ["peek", "{a"],
                                   ["workers", "}"]], ids=" ".join)
def test_used_wrongly(rowctl, words):
    assert rowctl(*words, expect=64) == "" and rowctl.said.startswith("rowctl: ")


@pytest.mark.parametrize("name", ["pause", "resume", "peek", "workers"])
def test_help_and_no_redis(rowctl, tmp_path, name):
    assert f"usage: rowctl {name}" in rowctl(name, "--help")
    rowctl(name, QUEUE, "--redis", f"unix://{tmp_path}/none", expect=69)


@pytest.mark.parametrize("words", [["call", '{"op": "ping"}'], ["push", '{"op": "ping"}'], ["peek"], ["dead", "list"]],
                         ids=" ".join)
def test_two_queues_where_there_can_be_one(rowctl, redis, words):
    assert rowctl(*words, "--queue", "a", "--queue", "b", expect=64) == ""
    assert rowctl.said == f"rowctl: {words[0]} takes one queue, and --queue names 2\n" and not redis.exists("a", "b")


# ---- peek


def test_peek_tells_what_is_claimed_next(rowctl, queue, redis):
    for number in range(20):
        redis.lpush(queue, msgpack.packb({"op": "read", "table": f"t{number}", "id": number}))
    redis.lpush(f"{{{queue}}}:again", msgpack.packb([3, b'{"op": "ping", "id": "first"}'], use_bin_type=False))
    heading, first, second, *others = rowctl("peek", queue).splitlines()
    assert heading.split() == ["place", "attempts", "bytes", "op", "table", "id"]
    assert first.split() == ["1", "3", "29", "ping", "-", "first"]
    assert second.split() == ["2", "0", str(len(msgpack.packb({"op": "read", "table": "t0", "id": 0}))), "read", "t0", "0"]
    assert len(others) == 8
    entries = json.loads(rowctl("peek", queue, "3", "--json"))
    assert entries[0] == {"place": 1, "again": True, "attempts": 3, "bytes": 29, "op": "ping", "table": None,
                          "command": {"op": "ping", "id": "first"}, "fault": None}
    assert [entry["command"]["id"] for entry in entries] == ["first", 0, 1]
    assert len(rowctl("peek", queue, "1").splitlines()) == 2
    assert redis.llen(queue) == 20, "nothing was taken"


HOSTILE = [b"", b"junk", b"\x1b]0;owned\x07", b"\xdd\xff\x00\x00\x00", msgpack.packb(["op"]), msgpack.packb(7),
           b'{"op": "\x1b[31m"', msgpack.packb({"op": "\x1b[31mread", "table": "a\nb", "id": "\x07"}), b"\x91" * 5000]


@pytest.mark.parametrize("element", HOSTILE, ids=repr)
def test_peek_at_what_is_no_command(rowctl, queue, redis, element):
    redis.lpush(queue, element)
    redis.lpush(f"{{{queue}}}:again", element)
    text = rowctl("peek", queue)
    assert len(text.splitlines()) == 3 and "\x1b" not in text and "\x07" not in text
    again, waiting = json.loads(rowctl("peek", queue, "--json"))
    assert again["again"] is True and waiting["again"] is False and waiting["bytes"] == len(element)
    assert (waiting["fault"] is None) == (waiting["command"] is None or not isinstance(waiting["command"], dict)
                                          or "$bin" not in waiting["command"])


def test_peek_at_an_empty_queue(rowctl, queue):
    assert rowctl("peek", queue) == f"nothing waits in {queue}\n" and json.loads(rowctl("peek", queue, "--json")) == []


def test_peek_at_something_else(rowctl, queue, redis):
    redis.set(queue, "no list")
    rowctl("peek", queue, expect=69)
    assert "redis-cli TYPE" in rowctl.said


# ---- workers


def test_workers(rowctl, producer):
    worker = producer.ok("info")["row"]["worker"]
    heading, *lines = rowctl("workers").splitlines()
    assert heading.split() == ["queue", "id", "state", "lease", "in", "flight"]
    assert [QUEUE, worker, "owner"] in [line.split()[:3] for line in lines]
    found = next(entry for entry in json.loads(rowctl("workers", QUEUE, "--json")) if entry["id"] == worker)
    assert found.keys() == {"queue", "id", "state", "lease_ms", "in_flight", "landing"}
    assert found["queue"] == QUEUE and found["state"] == "owner" and found["lease_ms"] > 0


def test_no_workers(rowctl, queue):
    assert json.loads(rowctl("workers", queue, "--json")) == [] and "no rowd serves" in rowctl.said


def test_states_of_workers(world):
    redis_server = world.redis()
    redis = redis_server.client()
    seconds, microseconds = redis.time()
    now = seconds * 1000 + microseconds // 1000
    redis.zadd(f"{{{QUEUE}}}:workers", {"one\x1b[31m": now + 60000, "two": now + 60000, "three": now - 5000, "four": -1})
    redis.set(f"{{{QUEUE}}}:owner", "two")
    redis.hset(f"{{{QUEUE}}}:inflight:two", mapping={"1": "a", "2": "b"})
    rowctl = Tool(redis_server.url)
    entries = {entry["id"]: entry for entry in json.loads(rowctl("workers", "--json"))}
    assert {name: entry["state"] for name, entry in entries.items()} == {
        "one\x1b[31m": "standby", "two": "owner", "three": "expired", "four": "dead"}
    assert entries["two"]["in_flight"] == 2
    assert "\x1b" not in rowctl("workers")


# ---- rights


def test_the_shipped_acl_lets_the_operator_do_all_of_it(world):
    acl = world.directory / "redis.acl"
    acl.write_text((ROOT / "systemd" / "redis.acl").read_text())
    redis_server = world.redis(aclfile=str(acl))
    operator = Tool(redis_server.url.replace("redis://", "redis://operator:change-me-3@"))
    producer = Tool(redis_server.url.replace("redis://", "redis://producer:change-me-1@"))
    operator("pause", QUEUE)
    operator("resume", QUEUE)
    operator("peek", QUEUE)
    operator("workers", QUEUE)
    for words in (["pause", QUEUE], ["resume", QUEUE], ["peek", QUEUE], ["workers", QUEUE]):
        producer(*words, expect=69)
        assert "systemd/redis.acl" in producer.said
