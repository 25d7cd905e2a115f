"""rowctl dead list and show: ids, tables, JSON, letters that are none, thousands of them, others that come meanwhile."""

import json
import os
import re
import subprocess

import msgpack
import pytest

from support.client import QUEUE
from support.dead_letters import Desk, packed
from support.process import UNDER_ASAN, memory_bytes, wait_until

LETTER = msgpack.unpackb(packed(), raw=True)

FOREIGN = {
    "nothing": b"",
    "text": b"hello",
    "an escape sequence": b"\x1b]0;owned\x07",
    "another map": msgpack.packb({"reason": "x"}),
    "an array": msgpack.packb(["reason", "error", "attempts", "at", "worker", "command"]),
    "half a letter": packed()[:-3],
    "a letter and a byte": packed() + b"\x00",
    "a letter whose moment is a text": msgpack.packb({**LETTER, b"at": b"now"}, use_bin_type=False),
    "a letter from before time": msgpack.packb({**LETTER, b"at": -2**63}, use_bin_type=False),
    "a letter without a command": msgpack.packb({"reason": "x", "error": "x", "attempts": 0, "at": 1, "worker": "w"}),
    "claims 4 billion items": b"\xdd\xff\x00\x00\x00",
    "nested deeply": b"\x91" * 10000 + b"\xc0",
}

UNDECODABLE = {"nothing": b"", "junk": b"\x00\xff\x1b[2Jjunk", "half a map": b"\x82\xa2op", "broken JSON": b'{"op": "pi',
               "too deep": b'{"op":"ping","meta":' + b"[" * 5000 + b"]" * 5000 + b"}"}


@pytest.fixture
def desk(redis_server):
    return Desk(redis_server)


def shown(desk, identity):
    return json.loads(desk.run("show", identity, "--json"))


def test_no_letters(desk):
    assert b"no dead letters" in desk.run("list")
    document = json.loads(desk.run("list", "--json"))
    assert document["total"] == 0 and document["letters"] == [] and document["queue"] == desk.queue


def test_the_table(desk):
    desk.put(packed(1), packed(2, reason="REPLY_REFUSED", attempts=2, error="x" * 300,
                               command=b'{"op": "count", "table": "animals"}'))
    heading, newest, oldest = desk.run("list").decode().splitlines()
    assert heading.split() == ["id", "age", "reason", "op", "table", "attempts", "error"]
    assert re.fullmatch(r"[0-9a-f]{10} +\d+ d  REPLY_REFUSED +count +animals +2  x{64}\.\.\.", newest)
    assert re.fullmatch(r"[0-9a-f]{10} +\d+ d  UNKNOWN_TABLE +read +t1 +0  there is no table `t1`", oldest)
    assert heading.index("reason") == newest.index("REPLY_REFUSED") and heading.index("error") == newest.index("xxx")


def test_the_json(desk):
    desk.put(packed(1), b"foreign")
    document = json.loads(desk.run("list", "--json"))
    assert document.keys() == {"queue", "total", "now", "letters"} and document["now"] > 1_700_000_000_000
    foreign, letter = document["letters"]
    assert letter == {"id": letter["id"], "foreign": False, "at": 1_700_000_000_001, "reason": "UNKNOWN_TABLE",
                      "error": "there is no table `t1`", "op": "read", "table": "t1", "attempts": 0, "worker": "w-1",
                      "bytes": len(packed(1))}
    assert re.fullmatch("[0-9a-f]{16}", letter["id"])
    assert foreign == {**dict.fromkeys(letter), "id": foreign["id"], "foreign": True, "bytes": 7}


def test_the_limit(desk):
    desk.put(*map(packed, range(60)))
    lines = desk.run("list").decode().splitlines()
    assert len(lines) == 52 and lines[-1] == "... and 10 older; --limit 0 lists all"
    assert "`t59`" in lines[1] and "`t10`" in lines[50], "the newest first"
    assert len(desk.run("list", "--limit", "60").splitlines()) == 61
    assert len(desk.run("list", "--limit", "0").splitlines()) == 61
    assert len(json.loads(desk.run("list", "--json", "--limit", "3"))["letters"]) == 3


def test_ids_stay_while_letters_come_and_go(desk):
    desk.put(*map(packed, range(10)))
    before = desk.ids()
    desk.put(packed(10), packed(11))
    desk.redis.rpop(desk.dead, 4)
    assert desk.ids()[2:] == before[:6]


def test_show(desk):
    desk.put(packed(1), packed(2, attempts=3))
    identity = desk.ids()[0]
    text = desk.run("show", identity[:6]).decode()
    for line in (f"id        {identity}", 'reason    "UNKNOWN_TABLE"', 'error     "there is no table `t2`"', "attempts  3",
                 'worker    "w-1"', 'command   {"op":"read","table":"t2"}'):
        assert line in text.splitlines()
    assert re.search(r"^at        2023-11-14 22:13:20\.002 UTC, \d+ d ago$", text, re.MULTILINE)
    document = shown(desk, identity.upper())
    assert document["command"] == {"op": "read", "table": "t2"} and document["fault"] is None
    assert document["copies"] == 1 and document["attempts"] == 3
    assert desk.run("show", identity, "--raw") == msgpack.packb({"op": "read", "table": "t2"})


def test_a_command_in_json_is_shown_as_json(desk):
    desk.put(packed(command=b' {"op": "read", "pk": 12345678901234567890123.5}'))
    assert b'"pk":12345678901234567890123.5' in desk.run("show", desk.ids()[0])


@pytest.mark.parametrize("name", UNDECODABLE)
def test_a_command_that_cannot_be_decoded(desk, name):
    command = UNDECODABLE[name]
    desk.put(packed(reason="BAD_MESSAGE", command=command))
    identity = desk.ids()[0]
    text = desk.run("show", identity)
    assert f"{len(command)} bytes: the message ".encode() in text and b"\x1b" not in text
    assert not command or b"00000000  " + command[:8].hex(" ").encode() in text
    assert desk.run("show", identity, "--raw") == command
    assert shown(desk, identity)["command"].keys() == {"$bin"} and shown(desk, identity)["fault"]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_letter_is_listed_as_such(desk, name):
    desk.put(packed(1), FOREIGN[name], packed(2))
    assert [letter["foreign"] for letter in desk.listed()] == [False, True, False]
    line = desk.run("list").splitlines()[2]
    assert b"no letter of rowd's" in line and b"\x1b" not in line
    identity = desk.ids()[1]
    assert b"no letter of rowd's" in desk.run("show", identity) and desk.run("show", identity, "--raw") == FOREIGN[name]
    assert shown(desk, identity)["foreign"] is True


def test_a_letter_of_a_later_version_is_one(desk):
    letter = {**LETTER, b"added": [1, 2]}
    desk.put(msgpack.packb(letter, use_bin_type=False), msgpack.packb(letter, use_bin_type=True))
    assert [letter["foreign"] for letter in desk.listed()] == [False, False]


def test_letters_equal_in_every_byte_have_one_id(desk):
    desk.put(packed(1), packed(2), packed(1))
    newest, _, oldest = desk.ids()
    assert newest == oldest
    assert b"copies    2, equal in every byte" in desk.run("show", newest) and shown(desk, newest)["copies"] == 2


def shared_beginning(ids):
    """Two ids that begin with the same digits, and these."""
    for digits in range(15, 3, -1):
        seen = {}
        for identity in ids:
            other = seen.setdefault(identity[:digits], identity)
            if other != identity:
                return identity[:digits], {identity, other}
    raise AssertionError("no two ids share their first four digits")


def test_an_id_that_could_be_several_is_told_with_all_of_them(desk):
    desk.put(*map(packed, range(3000)))
    prefix, pair = shared_beginning(desk.ids())
    for words in (["show", prefix], ["retry", prefix], ["drop", prefix, "--yes"]):
        assert desk.run(*words, expect=1) == b""
        assert all(identity in desk.said for identity in pair) and "more digits" in desk.said
    assert desk.redis.llen(desk.dead) == 3000
    assert shown(desk, pair.pop())["foreign"] is False


def test_an_id_that_nobody_has(desk):
    desk.put(packed(1))
    desk.run("show", "0" * 16, expect=1)
    assert "0" * 16 in desk.said and "dead list" in desk.said


@pytest.mark.parametrize("words", [[], ["fly"], ["show"], ["show", "1234", "5678"], ["show", "123"], ["show", "12g4"],
                                   ["show", "1" * 17], ["show", "--all"], ["retry"], ["retry", "--all", "1234"], ["drop"],
                                   ["drop", "--all"], ["drop", "1234"], ["list", "1234"], ["list", "--all"],
                                   ["list", "--limit", "-1"], ["list", "--queue", "another"]], ids=" ".join)
def test_used_wrongly(desk, words):
    assert desk.run(*words, expect=64) == b"" and desk.said.startswith("rowctl: ")


def test_a_key_of_another_type_is_named(desk):
    desk.redis.set(desk.dead, "not a list")
    for words in (["list"], ["list", "--json"], ["show", "1234"], ["retry", "--all"], ["drop", "1234", "--yes"]):
        assert desk.run(*words, expect=69) == b""
        assert f"the key {desk.dead} is no list but a string" in desk.said and "redis-cli RENAME" in desk.said
    assert desk.redis.get(desk.dead) == b"not a list"


def test_statistics_of_another_type_hinder_nothing(desk):
    desk.redis.set(desk.statistics, "no hash")
    desk.redis.lpush(desk.dead, *map(packed, range(100)))
    assert len(desk.ids()) == 100
    desk.run("retry", "--all")
    assert len(desk.pushed()) == 100 and desk.redis.get(desk.statistics) == b"no hash"


@pytest.mark.parametrize("count", [b"999999999999", b"-9223372036854775808", b"1e300", b"nan", b"many"])
def test_a_count_that_somebody_has_written_hinders_nothing(desk, count):
    desk.redis.lpush(desk.dead, *map(packed, range(100)))
    desk.redis.hset(desk.statistics, "dead", count)
    assert len(set(desk.ids())) == 100
    desk.run("retry", "--all")
    assert len(desk.pushed()) == 100


def test_no_redis(desk, tmp_path):
    desk.run("list", "--redis", f"unix://{tmp_path}/none", expect=69)


def test_ten_thousand_large_letters_take_little_memory(desk):
    for first in range(0, 10000, 500):
        desk.put(*(packed(number, command=os.urandom(6400)) for number in range(first, first + 500)))
    with desk.start("list", "--limit", "0", "--json", stdout=subprocess.PIPE) as child:
        printed = b"".join(child.stdout.readline(200) for _ in range(8000))
        # What is left does not fit into the pipe: it waits for us. (What wait4() tells is pytest's, from before the exec.)
        peak_bytes = memory_bytes(child.pid, "VmHWM")
        letters = json.loads(printed + child.stdout.read())["letters"]
        assert child.wait(30) == 0
    assert len({letter["id"] for letter in letters}) == 10000
    assert [letter["at"] for letter in letters] == sorted((letter["at"] for letter in letters), reverse=True)
    assert UNDER_ASAN or peak_bytes < 48 << 20, "64 MB of letters"
    desk.redis.delete(desk.dead)


def test_a_list_that_grows_and_is_cut_while_it_is_read(desk):
    """Each letter that was there at the beginning and still is at the end is told once, and none that came later."""
    desk.put(*(packed(number, command=b"x" * 5000) for number in range(2000)))
    with desk.start("list", "--limit", "0", "--json", stdout=subprocess.PIPE) as child:
        printed = child.stdout.read(1 << 16)
        for number in range(2000, 2500):
            desk.put(packed(number))
            desk.redis.rpop(desk.dead)
        printed += child.stdout.read()
    document = json.loads(printed)
    assert document["total"] == 2000, "it had begun"
    told = [letter["at"] - 1_700_000_000_000 for letter in document["letters"]]
    assert len(set(told)) == len(told) and set(range(500, 2000)) <= set(told) <= set(range(2000))


def test_nobody_reads_the_rest(desk):
    desk.put(*(packed(number, command=b"x" * 5000) for number in range(3000)))
    with desk.start("list", "--limit", "0", before=["bash", "-c", 'set -o pipefail; "$@" | head -n 2', "bash"],
                    stdout=subprocess.PIPE) as child:
        assert child.stdout.read().count(b"\n") == 2 and child.wait(30) == 74


def test_a_failed_command_that_nobody_waits_for(redis_server, producer, empty_dead):
    """What rowd itself has buried."""
    desk = Desk(redis_server, QUEUE)
    producer.push({"op": "read", "table": "no_such", "meta": {"trace": 7}})
    wait_until(lambda: desk.redis.llen(desk.dead) == 1, "the letter")
    letter = desk.listed()[0]
    assert letter["reason"] == "UNKNOWN_TABLE" and letter["op"] == "read" and letter["table"] == "no_such"
    assert shown(desk, letter["id"])["command"] == {"op": "read", "table": "no_such", "meta": {"trace": 7}}
