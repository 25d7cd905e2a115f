"""Junk of every kind among good commands: rowd lives, the good ones are done, and of each piece somebody hears."""

import collections
import json
import re
import subprocess
import time
from pathlib import Path

import junk
import msgpack
import pytest
from bulk import Bulk

from support.client import QUEUE, Client, decode
from support.process import UNDER_ASAN, program, wait_until
from support.rowd_process import environment

DEAD = f"{{{QUEUE}}}:dead"
AGAIN = f"{{{QUEUE}}}:again"
LIMIT = 1 << 20  # message_bytes, as it is without configuration
UNDECODABLE = {"BAD_MESSAGE", "TOO_LARGE", "FORBIDDEN"}  # a dead letter even when somebody was told


@pytest.fixture
def clean(redis, rowd):
    redis.delete(DEAD, junk.REPLY_LIST)
    yield
    redis.delete(DEAD, junk.REPLY_LIST)


def dead_letters(redis):
    return [{key.decode(): value for key, value in msgpack.unpackb(raw, raw=True).items()}
            for raw in redis.lrange(DEAD, 0, -1)]


def among_good_ones(redis, elements):
    """Pushes the elements, each with a good command behind it, which has to be answered and done."""
    bulk = Bulk(redis)
    good = [msgpack.packb({"op": "create", "id": number, "table": "animals", "values": {"species": f"good{number}"},
                           "reply_list": "rowd:reply:good"}) for number in range(len(elements))]
    redis.delete("rowd:reply:good")
    bulk.push_raw([element for both in zip(elements, good) for element in both])
    replies = [decode(raw) for raw in bulk.take("rowd:reply:good", len(good))]
    assert all(reply["ok"] for reply in replies) and {reply["id"] for reply in replies} == set(range(len(good)))
    return bulk


def check_outcome(redis, pieces):
    """Every piece is a dead letter with its reason, or was answered with it, or both when it could not be decoded."""
    answered = [piece for piece in pieces if piece.answered]
    bulk = Bulk(redis)
    replies = [decode(raw) for raw in bulk.take(junk.REPLY_LIST, len(answered))]
    codes = {code for piece in answered for code in piece.codes}
    for reply in replies:
        bulk.check(reply)
        assert not reply["ok"] and reply["error"]["code"] in codes and reply["id"] in (77, None), reply
    buried = len(pieces) - len(answered) + sum(reply["error"]["code"] in UNDECODABLE for reply in replies)
    wait_until(lambda: redis.llen(DEAD) >= buried, f"{buried} dead letters")
    letters = dead_letters(redis)
    assert len(letters) == buried and redis.llen(junk.REPLY_LIST) == 0
    known = collections.defaultdict(set)
    for piece in pieces:
        known[piece.element].update(piece.codes)
    for letter in letters:
        assert letter["reason"].decode() in known[letter["command"]], letter
        assert letter["error"] and letter["error"].decode("utf-8"), "the reason in words"
    unheard = collections.Counter(piece.element for piece in pieces if not piece.answered)
    unheard.subtract(letter["command"] for letter in letters)
    assert not +unheard, f"lost without a word: {list(+unheard)[:3]}"


@pytest.mark.parametrize("kind", junk.KINDS)
def test_junk(redis, clean, database, kind):
    pieces = list(junk.KINDS[kind]())
    assert len(pieces) >= 4
    among_good_ones(redis, [piece.element for piece in pieces])
    check_outcome(redis, pieces)
    assert database.query("SELECT COUNT(*) FROM animals WHERE species NOT LIKE 'good%'") == [(0,)]
    assert database.query("SELECT COUNT(*) FROM animals") == [(len(pieces),)]


def test_a_message_one_byte_above_the_limit(redis, clean):
    pieces = list(junk.too_large(LIMIT))
    among_good_ones(redis, [piece.element for piece in pieces])
    check_outcome(redis, pieces)
    fitting = junk.at_the_limit(LIMIT)
    assert {len(element) for element in fitting} == {LIMIT}
    Bulk(redis).push_raw(fitting)
    for _ in fitting:
        assert Client(redis).take(junk.REPLY_LIST)["ok"]


def test_junk_in_the_list_of_what_was_given_back(redis, clean, producer):
    """{Q}:again is rowd's own, and yet anybody with the password can write there."""
    redis.rpush(AGAIN, *junk.AGAIN, msgpack.packb([0, msgpack.packb({"op": "ping", **junk.ENVELOPE})]))
    assert Client(redis).take(junk.REPLY_LIST)["ok"], "what is well-formed there is a command"
    wait_until(lambda: redis.llen(DEAD) == len(junk.AGAIN), "a dead letter for each")
    assert {letter["reason"] for letter in dead_letters(redis)} <= {b"BAD_MESSAGE", b"POISON"}
    assert producer.ok("ping") and redis.llen(AGAIN) == 0


LOG_POISON = ["\n", "\r\n", "\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\x00", "\x08\x08", "\x7f", "\u0085", "\u009b31m",
              "\u2028",
              "\nlevel=error event=forged", '" forged="1', "\x1bP", "%n%s%x", "${jndi:ldap://x}", "\u202eevil"]
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def poisonous_commands():
    """Every text of a command that could find its way into the log."""
    for poison in LOG_POISON:
        for command in ({"op": poison}, {"op": "ping", poison: 1}, {"op": "read", "table": poison},
                        {"op": "read", "table": "animals", "where": {poison: 1}}, {"op": "ping", "id": poison + "x"},
                        {"op": "read", "table": "animals", "select": [poison]}, {"op": "ping", "reply_to": poison},
                        {"op": "ping", "reply_to": "rowd:reply:" + poison}, {"op": "ping", "traceparent": poison},
                        {"op": "create", "table": "animals", "values": {"age": poison, "species": poison * 90}},
                        {"op": "create", "table": "guarded", "values": {"n": 1, "code": poison * 9}},
                        {"op": "count", "table": "animals", "where": {"species": {"regexp": "(" + poison}}},
                        {"op": "ping", "reply_list": "rowd:reply:string" + poison}):
            yield {"id": poison[:128], **command}


@pytest.mark.parametrize("settings", [{}, {"log_format": "json", "log_level": "debug"}, {"database_echo": "on"}],
                         ids=["text", "json", "echo"])
def test_nothing_from_outside_can_forge_a_line_of_the_log(world, settings):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, **settings)
    redis = redis_server.client()
    for poison in LOG_POISON:
        redis.set("rowd:reply:string" + poison, "no list")
    commands = list(poisonous_commands())
    Bulk(redis).push_raw([msgpack.packb(command) for command in commands])
    assert Client(redis).ok("ping")
    wait_until(lambda: redis.llen(QUEUE) + sum(redis.hlen(key) for key in redis.keys("*:inflight:*")) == 0, "all done")
    log = rowd.process.log_path.read_bytes()
    assert not CONTROL.search(log), CONTROL.search(log)
    assert b"forged" not in log or b"\nlevel=error" not in log
    is_json = settings.get("log_format") == "json"
    start = rb'{"time":"\d' if is_json else rb"\d{4}-\d\d-\d\dT[\d:.]+Z (info|warning|error) "
    for line in log.splitlines():
        assert re.match(start, line), line
        assert len(line) < 4096
    if not settings:
        assert len(log.splitlines()) < 60, "it tells how many there were, not each of them"


WRONG_KEYS = [("again", "string"), ("stats", "string"), ("stats", "hash"), ("workers", "hash"), ("owner", "list")]


@pytest.mark.parametrize("name, kind", WRONG_KEYS)
def test_a_key_of_its_own_of_the_wrong_type(world, name, kind):
    """rowd survives it, says so without flooding the log, and goes on when it is mended. Nothing is lost."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, delivery_lease_ms=1000)
    redis, key = redis_server.client(), f"{{{QUEUE}}}:{name}"
    redis.delete(key)
    {"string": lambda: redis.set(key, "junk"), "list": lambda: redis.rpush(key, b"\xc1"),
     "hash": lambda: redis.hset(key, mapping={"dead_bytes": "junk", "claimed": "x", "": ""})}[kind]()
    client = Client(redis)
    for number in range(5):
        client.push({"op": "create", "id": number, "table": "animals", "values": {"species": f"s{number}"},
                     "reply_list": "rowd:reply:wrong"})
        redis.lpush(QUEUE, b"\xc1")
    lines = len(rowd.log().splitlines())
    Bulk(redis).push_raw([b"\xc1"] * 200)
    redis.delete(key)
    replies = [client.take("rowd:reply:wrong") for _ in range(5)]
    assert all(reply["ok"] for reply in replies)
    assert {row for (row,) in database.query("SELECT species FROM animals")} == {f"s{number}" for number in range(5)}
    wait_until(lambda: redis.llen(DEAD) >= 205, "every piece of junk is a dead letter")
    assert len(rowd.log().splitlines()) - lines < 60


def test_dead_letters_that_cannot_be_kept_hold_up_nobody(world):
    """{Q}:dead is a string: the letters wait until somebody mends it. All others are answered meanwhile."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    redis = redis_server.client()
    redis.set(DEAD, "junk")
    Bulk(redis).push_raw([b"\xc1"] * 50)
    client = Client(redis)
    start = time.monotonic()
    while time.monotonic() < start + 6:  # longer than the 5 s that rowd waits before it tries to bury them again
        sent = time.monotonic()
        assert client.ok("create", table="animals", values={"species": "x"})
        assert time.monotonic() - sent < 4
    assert redis.get(DEAD) == b"junk" and len(rowd.log().splitlines()) < 60
    redis.delete(DEAD)
    wait_until(lambda: redis.llen(DEAD) == 50, "the dead letters")


def test_statistics_that_cannot_be_counted_do_not_multiply_dead_letters(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    redis, stats = redis_server.client(), f"{{{QUEUE}}}:stats"
    for spoil in (lambda: redis.set(stats, "junk"), lambda: redis.hset(stats, "dead_bytes", "junk")):
        redis.delete(stats, DEAD)
        spoil()
        redis.lpush(QUEUE, b"\xc1")
        client = Client(redis)
        for _ in range(20):
            assert client.ok("ping")
        assert redis.llen(DEAD) <= 1, "the same letter again and again"
        redis.delete(stats)
        wait_until(lambda: not any(redis.hlen(key) for key in redis.keys("*:inflight:*")), "acknowledged")
        assert redis.llen(DEAD) == 1


def test_junk_fields_among_the_commands_in_flight(world):
    """Whatever stands there is given back and ends as a command or a dead letter; recovery comes to an end. (Where commands
    are delivered exactly once, nobody knows what became of them, and they are left to an operator: tests/queue.)"""
    database, redis_server = world.database(), world.redis()
    first = world.rowd(database, redis_server, delivery_lease_ms=1000, queue_delivery="at-least-once")
    redis = redis_server.client()
    worker = redis.zrange(f"{{{QUEUE}}}:workers", 0, -1)[0].decode()
    first.kill()
    fields = ["", "x", "-1", "1e400", "9" * 40, "7:x", "7:" + "9" * 400, "7:-1", "\n", "8:4294967296", "9:1:2", " 5",
              "0x10"]
    redis.hset(f"{{{QUEUE}}}:inflight:{worker}", mapping={field: b"\xc1" + field.encode() for field in fields})
    redis.rpush(f"{{{QUEUE}}}:landing:{worker}", b"", b"\x92\x00\xa1x")
    second = world.rowd(database, redis_server, delivery_lease_ms=1000, queue_delivery="at-least-once")
    wait_until(lambda: redis.llen(DEAD) == len(fields) + 2, "a dead letter for each")
    assert Client(redis).ok("ping")
    second.check_alive()


def descriptors(pid):
    """Without those that are open for some milliseconds now and then: the least of several looks."""
    def look():
        time.sleep(0.01)
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))

    return min(look() for _ in range(50))


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096


def test_a_hundred_thousand_pieces_of_junk_leave_nothing_behind(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    redis, bulk = redis_server.client(), Bulk(redis_server.client())
    pieces = [piece.element for kind in ("nothing", "truncated", "wrong types", "length bombs", "duplicates", "no maps",
                                         "broken json", "numbers", "invalid utf8") for piece in junk.KINDS[kind]()]
    pieces = [piece for piece in pieces if len(piece) < 2000]

    def push(count):
        bulk.push_raw((pieces * (count // len(pieces) + 1))[:count])
        wait_until(lambda: redis.llen(QUEUE) == 0 and Client(redis).ok("ping"), "all of it claimed", 120)

    count = 10000 if UNDER_ASAN else 100000
    push(count)  # until as much is in flight as ever will be
    before, opened = resident_bytes(rowd.pid), descriptors(rowd.pid)
    push(count)
    if not UNDER_ASAN:  # which keeps what was freed
        assert resident_bytes(rowd.pid) - before < 6 << 20, "60 bytes each would be too much"
    assert descriptors(rowd.pid) == opened
    assert redis.llen(DEAD) <= 10000, "the cap"
    assert len(rowd.log().splitlines()) < 200
    print(f"resident before {before >> 10} KiB, after {resident_bytes(rowd.pid) >> 10} KiB")


def test_no_control_byte_of_others_reaches_the_terminal(redis, rowd, redis_server):
    """rowctl is run by people, in terminals that obey."""
    evil = "a\x1b[2J\x07\x7f\u0085\u009b31m\n\rb"
    workers, stats = f"{{{QUEUE}}}:workers", f"{{{QUEUE}}}:stats"
    redis.zadd(workers, {evil: 9e15})
    redis.hset(stats, evil, 1)

    def shown(*arguments):
        return subprocess.run([program("rowctl"), "--redis", redis_server.url, *arguments], capture_output=True,
                              env=environment(), timeout=30, check=False).stdout

    try:
        for output in (shown("status"), shown("status", "--json"),
                       shown("call", json.dumps({"op": "read", "table": evil})),
                       shown("call", json.dumps({"op": "create", "table": "animals", "values": {"species": evil}})),
                       shown("call", json.dumps({"op": "ping", "id": evil, "meta": {evil: evil}}))):
            assert b"31m" in output and not CONTROL.search(output), output
    finally:
        redis.zrem(workers, evil)
        redis.hdel(stats, evil)
