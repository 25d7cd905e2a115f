"""Junk among good commands: dead letters with their reason, and a reply where an address could be read."""

import json

import msgpack
import pytest

from support.client import Client
from support.dead_letters import DEAD, letters
from support.process import wait_until

JUNK = {
    "empty": b"",
    "spaces": b"   ",
    "text": b"hello",
    "half of a map": b"\x82\xa2op",
    "an array": msgpack.packb(["op", "ping"]),
    "an integer": msgpack.packb(7),
    "nil": b"\xc0",
    "claims 4 billion items": b"\xdd\xff\x00\x00\x00",
    "claims 4 billion members": b"\xdf\xff\xff\xff\xff",
    "claims 4 GB of text": b"\x81\xdb\xff\xff\xff\xff",
    "never used byte": b"\xc1",
    "nested deeply": b"\x81\xa4meta" + b"\x91" * 10000 + b"\xc0",
    "broken JSON": b'{"op": "ping"',
    "JSON with a comma too much": b'{"op": "ping",}',
    "JSON nested deeply": b'{"op":"ping","meta":' + b"[" * 100000 + b"]" * 100000 + b"}",
    "invalid UTF-8 in JSON": b'{"op": "\xff\xfe"}',
    "no op": msgpack.packb({"table": "animals"}),
    "unknown op": msgpack.packb({"op": "explode"}),
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_is_kept_with_the_reason_and_the_next_command_runs(redis, rowd, empty_dead, name):
    redis.lpush("rowd:commands", JUNK[name])
    assert Client(redis).ok("ping")["value"] == "pong"
    raw = wait_until(lambda: redis.lindex(DEAD, 0), "the dead letter")
    letter = msgpack.unpackb(raw, raw=True)
    assert {b"reason", b"error", b"attempts", b"at", b"worker", b"command"} <= set(letter)
    assert letter[b"command"] == JUNK[name], "byte for byte"
    assert letter[b"reason"] in (b"BAD_MESSAGE", b"UNKNOWN_OP", b"MISSING_FIELD")
    assert redis.llen(DEAD) == 1


BROKEN_WITH_ADDRESS = {
    "trailing bytes": msgpack.packb({"op": "ping", "id": 9, "reply_list": "rowd:reply:broken"}) + b"\x01",
    "duplicate key": b"\x84" + b"".join(map(msgpack.packb, ["op", "ping", "op", "info", "id", 9, "reply_list",
                                                            "rowd:reply:broken"])),
    "duplicate key in JSON": b'{"id": 9, "op": "ping", "op": "ping", "reply_list": "rowd:reply:broken"}',
    "trailing JSON": b'{"id": 9, "op": "ping", "reply_list": "rowd:reply:broken"} {}',
    "wrong type": msgpack.packb({"op": 5, "id": 9, "reply_list": "rowd:reply:broken"}),
    "unknown field": msgpack.packb({"op": "ping", "id": 9, "colour": 1, "reply_list": "rowd:reply:broken"}),
}


@pytest.mark.parametrize("name", BROKEN_WITH_ADDRESS)
def test_what_can_be_answered_is_answered(redis, rowd, empty_dead, name):
    redis.lpush("rowd:commands", BROKEN_WITH_ADDRESS[name])
    reply = Client(redis).take("rowd:reply:broken")
    assert not reply["ok"] and reply["id"] == 9
    assert reply["error"]["code"] in ("BAD_MESSAGE", "UNKNOWN_FIELD")
    assert reply["error"]["message"]


def test_a_failed_command_without_a_place_to_reply_is_a_dead_letter(producer, redis, empty_dead):
    producer.push({"op": "read", "table": "no_such"})
    producer.push({"op": "create", "table": "animals", "values": {"species": None}})
    wait_until(lambda: redis.llen(DEAD) == 2, "both letters")
    reasons = {msgpack.unpackb(raw, raw=True)[b"reason"] for raw in redis.lrange(DEAD, 0, -1)}
    assert reasons == {b"UNKNOWN_TABLE", b"NOT_NULL_VIOLATION"}


def test_a_failed_command_with_a_reply_is_no_dead_letter(producer, redis, empty_dead):
    producer.fails("UNKNOWN_TABLE", "read", table="no_such")
    producer.ok("ping")
    assert redis.llen(DEAD) == 0


def test_a_reply_that_redis_refuses_for_good(client, redis, empty_dead):
    redis.set("rowd:reply:a-string", "x")
    client.push({"op": "ping", "id": 5, "reply_list": "rowd:reply:a-string"})
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")
    assert letters(redis)[0][b"reason"] == b"REPLY_REFUSED" and b"WRONGTYPE" in letters(redis)[0][b"error"]
    assert redis.get("rowd:reply:a-string") == b"x"
    assert client.ok("ping")


def test_good_commands_among_junk(producer, redis, empty_dead, database):
    pipeline = redis.pipeline(transaction=False)
    junk = list(JUNK.values())
    for number in range(1000):
        if number % 10 == 0:
            pipeline.lpush("rowd:commands", junk[number // 10 % len(junk)])
        else:
            pipeline.lpush("rowd:commands", json.dumps({
                "op": "create", "table": "animals", "values": {"species": f"{number}"}, "id": number,
                "reply_list": "rowd:reply:among"}))
    pipeline.execute()
    seen = {producer.take("rowd:reply:among")["id"] for _ in range(900)}
    assert len(seen) == 900
    wait_until(lambda: redis.llen(DEAD) == 100, "100 dead letters")
    assert database.query("SELECT COUNT(*) FROM animals") == [(900,)]


def test_a_dead_list_of_another_type_keeps_the_letter_until_it_is_mended(world):
    redis_server = world.redis()
    rowd = world.rowd(world.database(), redis_server)
    client = Client(redis_server.client())
    client.redis.set(DEAD, "not a list")
    client.redis.lpush(client.queue, b"junk")
    wait_until(lambda: "WRONGTYPE" in rowd.log(), "the line in the log")
    assert client.ok("ping"), "others are answered"
    assert client.redis.get(DEAD) == b"not a list"
    client.redis.delete(DEAD)
    wait_until(lambda: client.redis.llen(DEAD) == 1, "the dead letter")
    assert letters(client.redis)[0][b"command"] == b"junk"


def test_a_queue_of_another_type_is_served_when_it_is_mended(world):
    redis_server = world.redis()
    rowd = world.rowd(world.database(), redis_server)
    client = Client(redis_server.client())
    client.redis.set(client.queue, "not a list")
    wait_until(lambda: "WRONGTYPE" in rowd.log(), "the line in the log")
    client.redis.delete(client.queue)
    assert client.ok("ping")
