"""A small producer that asks for much: rowd and the server live, the others are served, memory stays bounded."""

import secrets
import threading
import time

import msgpack
import pytest
from bulk import Bulk

from support.client import QUEUE, Client, decode
from support.process import UNDER_ASAN, wait_until

SLOW = 8 if UNDER_ASAN else 1  # how much longer anything may take


class Others(threading.Thread):
    """Somebody else, who goes on with small work meanwhile and keeps the longest time that he had to wait."""

    def __init__(self, redis_server):
        super().__init__()
        self.redis = redis_server.client()
        self.ended = threading.Event()
        self.longest_s, self.count, self.failure = 0.0, 0, None

    def run(self):
        client = Client(self.redis)
        try:
            row = client.ok("create", table="users", values={"name": "other", "email": secrets.token_hex(8)})["row"]
            while not self.ended.is_set():
                start = time.monotonic()
                assert client.ok("read", table="users", pk=row["id"])["row"] == row
                self.longest_s = max(self.longest_s, time.monotonic() - start)
                self.count += 1
        except AssertionError as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        assert self.failure is None, self.failure
        assert self.count > 0

    def check_longest(self, seconds):
        print(f"the others: {self.count} reads, the longest took {self.longest_s * 1000:.0f} ms")
        assert self.longest_s < seconds * SLOW


@pytest.fixture
def place(world):
    """Servers and a rowd of its own, whose statements may take a second."""
    class Place:
        database = world.database()
        redis_server = world.redis()
        rowd = world.rowd(database, redis_server, database_statement_timeout_ms=1000)
        redis = redis_server.client()
        bulk = Bulk(redis)
    return Place


REGEXPS = ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^([a-z]+)*[A-Z]$", "^(.*a){24}$", "(x+x+)+y",
           "^((a{1,99}){1,99}){1,99}$", "(?:a?){40}a{40}b", "^(([a-z])+.)+[A-Z]+$",
           "[[:<:]](a+)+[[:>:]]b", "(" * 200 + "a" + ")" * 200, "(" * 5000 + ")" * 5000, "[", "(?R)",
           "a{0,65535}b", "(?=(a+))a*b\\1", "\\", "(*UTF8)a", "*", "^(?:.?){3000}$"]


def test_patterns_that_take_for_ever(place):
    place.bulk.ok([{"op": "create", "table": "animals", "returning": False, "values": [
        {"species": "a" * 45 + "!", "name": "a" * 99 + "!"}] * 500}] * 20)
    slow = [{"op": "count", "table": "animals", "where": {"name": {"regexp": regexp}}} for regexp in REGEXPS]
    slow += [{"op": "count", "table": "animals", "where": {"name": {"like": pattern}}}
             for pattern in ("%a" * 45 + "b", "%" * 50000, "_%" * 40000, "%a" * 100000, "\\" * 1001)]
    slow += [{"table": "animals", "where": {"name": {"regexp": regexp}}, **write} for regexp in REGEXPS[:4]
             for write in ({"op": "delete"}, {"op": "update", "set": {"age": 1}})]
    with Others(place.redis_server) as others:
        replies = []
        for start in range(0, len(slow), 4):  # there are 8 connections
            replies += place.bulk.call(slow[start:start + 4])
    codes = [reply["error"]["code"] if not reply["ok"] else "ok" for reply in replies]
    print(codes)
    assert set(codes) <= {"ok", "TIMEOUT", "BAD_VALUE"}
    assert "TIMEOUT" in codes
    assert place.database.query("SELECT COUNT(*), COUNT(age) FROM animals") == [(10000, 0)]
    others.check_longest(5)


def test_long_lists_and_wide_trees(place):
    """As many values as a message may have."""
    table = {"op": "count", "table": "animals"}
    tree = {"age": 1}
    for _ in range(3):  # with the one around it as deep as a message may be
        tree = {"or": [tree, {"and": [tree, {"species": "x"}]}]}
    commands = [
        {**table, "where": {"id": {"in": list(range(100000))}}},
        {**table, "where": {"species": {"in": [f"{number:x}" for number in range(100000)]}}},
        {**table, "where": {"id": {"nin": list(range(200000))}}},
        {**table, "where": {"or": [{"id": number} for number in range(60000)]}},
        {**table, "where": {"and": [{"id": {"ne": number}} for number in range(40000)]}},
        {**table, "where": {"not": {"or": [{"not": {"age": number % 100}} for number in range(40000)]}}},
        {**table, "where": tree},
        {**table, "where": {"or": [tree] * 2000}},
        {"op": "read", "table": "animals", "select": ["id"] * 5000},
        {"op": "read", "table": "animals", "select": ["id"] * 100000},
        {"op": "read", "table": "animals", "order": ["id"] * 100000},
        {"op": "read", "table": "animals", "order": ["-species", "species"] * 1000},
        {"op": "create", "table": "animals", "values": {"species": "x"}, "returning": ["id"] * 100000},
        {"op": "create", "table": "animals", "values": [{"species": "x"}] * 80000},
        {"op": "create", "table": "animals", "values": [{"species": "x"}] * 80000, "returning": False},
        {"op": "create", "table": "animals", "values": [{}] * 200000},
        {"op": "read", "table": "animals", "pk": {f"c{number}": 1 for number in range(80000)}},
        {"op": "create", "table": "animals", "values": {f"c{number}": 1 for number in range(80000)}},
    ]
    with Others(place.redis_server) as others:
        replies = place.bulk.call(commands)
    outcomes = [reply["error"]["code"] if not reply["ok"] else "ok" for reply in replies]
    print(outcomes)
    refusals = {"TOO_LARGE", "TIMEOUT", "BAD_VALUE", "UNKNOWN_COLUMN", "NOT_NULL_VIOLATION"}
    assert set(outcomes) <= refusals | {"ok"}, outcomes
    others.check_longest(10)


def test_pages_beyond_the_end_of_numbers(place):
    place.bulk.ok([{"op": "create", "table": "animals", "values": {"species": "x"}}] * 3)
    huge = [2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1]
    commands = [{"op": "read", "table": "animals", "page": page, "page_size": size}
                for page in huge for size in (1, 2, *huge)]
    commands += [{"op": "read", "table": "animals", "limit": 1, "offset": offset} for offset in huge]
    for command, reply in zip(commands, place.bulk.call(commands)):
        assert reply["ok"] or reply["error"]["code"] in ("BAD_VALUE", "OUT_OF_RANGE"), (command, reply)
        assert not reply.get("rows"), (command, reply)
    for limit in huge:
        assert len(place.bulk.ok([{"op": "read", "table": "animals", "limit": limit}])[0]["rows"]) == 3


def test_the_largest_rows_by_hundreds(place):
    """Nobody takes the replies: what counts is what rowd holds meanwhile."""
    place.database.script("CREATE TABLE large (id INT NOT NULL PRIMARY KEY, body LONGTEXT);\n"
                          "INSERT INTO large VALUES (1, REPEAT('x', 7000000)), (2, REPEAT('y', 7000000)), (3, '')")
    count = 60 if UNDER_ASAN else 300
    commands = [{"op": "read", "table": "large", "pk": number % 2 + 1} for number in range(count)]
    commands += [{"op": "read", "table": "large", "where": {"id": {"ge": number % 3}}} for number in range(count // 3)]
    with Others(place.redis_server) as others:
        place.bulk.push_raw([msgpack.packb({**command, "reply_to": "rowd:reply:nobody"}) for command in commands])
        wait_until(lambda: place.redis.llen(QUEUE) == 0 and sum(
            place.redis.hlen(key) for key in place.redis.keys("*:inflight:*")) <= 1, "all done", 90 * SLOW)
    print(f"peak {place.rowd.peak_memory_bytes() >> 20} MiB")
    if not UNDER_ASAN:  # 8 connections, each with a row on its way in and a reply of 7 MB on its way out
        assert place.rowd.peak_memory_bytes() < 320 << 20
    others.check_longest(15)  # in line behind 2.8 GB of others' rows


def test_names_of_half_a_megabyte_and_ids_of_64_kib(place):
    name, count = "rowd:reply:" + "n" * 500000, 20
    place.bulk.push_raw([msgpack.packb({"op": "ping", "id": number, "reply_list": name, "reply_to": name})
                         for number in range(count)])
    assert sorted(decode(raw)["id"] for raw in place.bulk.take(name, count)) == list(range(count))
    ids = [secrets.token_bytes(32768).hex() for _ in range(200)] + ["x" * 129, "x" * 128, b"\xff" * 128]
    place.bulk.push_raw([msgpack.packb({"op": "ping", "id": identity, "reply_list": "rowd:reply:ids"})
                         for identity in ids])
    replies = [msgpack.unpackb(raw) for raw in place.bulk.take("rowd:reply:ids", len(ids))]
    assert sum(reply["ok"] for reply in replies) == 2
    assert all(reply["ok"] or (reply["error"]["code"] == "BAD_VALUE" and reply["id"] is None) for reply in replies)
    assert len(place.rowd.log().splitlines()) < 60 and len(place.rowd.log()) < 20000


def test_thousands_of_reply_lists_vanish_again(place):
    keys = place.redis.dbsize()
    place.bulk.push_raw([msgpack.packb({"op": "ping", "reply_list": f"rowd:reply:many:{number}", "reply_ttl_ms": 1,
                                        "reply_to": f"rowd:reply:many:{number}"}) for number in range(20000)])
    assert Client(place.redis).ok("ping")
    wait_until(lambda: place.redis.dbsize() <= keys + 2, "the lists to expire")
    assert not place.redis.exists(*[f"rowd:reply:many:{number}" for number in range(20000)])


def test_one_id_for_everything(place):
    command = {"op": "create", "id": "same", "table": "animals", "reply_list": "rowd:reply:same"}
    place.bulk.push_raw([msgpack.packb({**command, "values": {"species": f"{number}"}}) for number in range(5000)])
    replies = [decode(raw) for raw in place.bulk.take("rowd:reply:same", 5000)]
    assert {reply["row"]["species"] for reply in replies} == {str(number) for number in range(5000)}


def test_a_flood_of_unknown_names(place):
    """Each of them may be a table that was just made; the catalog is read once per second for all."""
    commands = [{"op": "read", "table": f"no_such_{number}"} for number in range(8000)]
    with Others(place.redis_server) as others:
        replies = place.bulk.call(commands)
    assert {reply["error"]["code"] for reply in replies} == {"UNKNOWN_TABLE"}
    others.check_longest(10)


def test_a_slip_of_the_pen_repeated(place):
    """The first ones wait for the catalog, which is read once per second; then it is known that there is no such name."""
    client = Client(place.redis)
    start = time.monotonic()
    for _ in range(40):
        error = client.fails("UNKNOWN_COLUMN", "create", table="users", values={"nmae": "x"})
        assert "name" in error["hint"]
    assert time.monotonic() - start < 30, "forty times a second was waited"


def test_a_flood_of_names_that_are_nearly_right(place):
    """Each is compared with all tables, for the hint, and is looked at again when the catalog was read."""
    place.database.script(";\n".join(f"CREATE TABLE `{'x' * 20}{number:04}{'y' * 20}` (id INT)" for number in range(500)))
    commands = [{"op": "read", "table": f"{'x' * 20}{number:05}{'y' * 20}"} for number in range(3000)]
    with Others(place.redis_server) as others:
        replies = place.bulk.call(commands)
    assert {reply["error"]["code"] for reply in replies} == {"UNKNOWN_TABLE"}
    # A flood loses its hints before it holds up anybody.
    hints = [reply["error"]["hint"] for reply in replies if "hint" in reply["error"]]
    assert hints and all(hint.startswith("did you mean") for hint in hints)
    others.check_longest(5)  # a second of which is for the catalog


def test_elements_that_are_larger_than_any_message(place):
    """A list takes elements of up to 512 MiB. What is too large goes without having been looked into."""
    size = 24 << 20
    for _ in range(2):
        place.redis.lpush(QUEUE, b"\x81\xa4meta\xc6" + b"x" * size)
        place.redis.lpush(QUEUE, b'{"meta":"' + b"x" * size)
        assert Client(place.redis).ok("ping")
    wait_until(lambda: place.redis.hget(f"{{{QUEUE}}}:stats", "dead") == b"4", "four dead letters")
    assert place.redis.llen(f"{{{QUEUE}}}:dead") <= 3, "the cap of dead_bytes"
    if not UNDER_ASAN:
        assert place.rowd.peak_memory_bytes() < 80 << 20, "rowd was sent all of it"
    print(f"peak {place.rowd.peak_memory_bytes() >> 20} MiB")


def test_a_queue_of_elements_that_are_larger_than_any_message(place):
    """Redis hands an element over whole or not at all: with each claim one, not as many as a claim might take."""
    count, size = 8, 16 << 20
    place.redis.set(f"{{{QUEUE}}}:paused", "1")
    for _ in range(count):
        place.redis.lpush(QUEUE, b"\x81\xa4meta\xc6" + b"x" * size)
    place.redis.config_resetstat()
    before = place.redis.info("memory")["used_memory"]
    place.redis.delete(f"{{{QUEUE}}}:paused")
    wait_until(lambda: place.redis.hget(f"{{{QUEUE}}}:stats", "dead") == str(count).encode(), "the dead letters", 120)
    more = place.redis.info("memory")["used_memory_peak"] - before
    print(f"Redis needed {more >> 20} MiB more, rowd {place.rowd.peak_memory_bytes() >> 20} MiB")
    assert more < 6 * size
