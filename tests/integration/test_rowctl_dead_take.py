"""rowctl dead retry and drop: in one step, at the right end, with the books right, whatever happens beside."""

import os
import pty
import select

import msgpack
import pytest
from relay import Relay

from support.client import QUEUE, Client
from support.dead_letters import DEAD, Desk, packed
from support.process import ROOT, wait_until


@pytest.fixture
def desk(redis_server):
    return Desk(redis_server)


def command(number):
    return msgpack.packb({"op": "read", "table": f"t{number}"})


def test_retry_pushes_behind_those_that_wait(desk):
    desk.put(*map(packed, range(4)))
    desk.redis.lpush(desk.queue, b"waiting")
    ids = desk.ids()
    printed = desk.run("retry", ids[0], ids[2][:8]).decode().splitlines()
    assert printed == [f"{ids[2][:10]} retried", f"{ids[0][:10]} retried",
                       f"2 pushed onto {desk.queue}, behind those that wait"]
    assert desk.pushed() == [b"waiting", command(1), command(3)], "the oldest first, byte for byte"
    assert desk.left() == [packed(2), packed(0)]
    desk.check_books()
    assert desk.counted("dead_retried") == 2 and desk.counted("dead") == 4


def test_drop(desk):
    desk.put(*map(packed, range(4)))
    ids = desk.ids()
    assert desk.run("drop", ids[1], ids[3], "--yes").decode().splitlines() == [f"{ids[3][:10]} dropped",
                                                                               f"{ids[1][:10]} dropped"]
    assert desk.left() == [packed(3), packed(1)] and desk.pushed() == []
    desk.check_books()
    assert desk.counted("dead_removed") == 2


@pytest.mark.parametrize("verb", [["retry"], ["drop", "--yes"]], ids=" ".join)
def test_all(desk, verb):
    desk.put(*map(packed, range(1000)))
    assert b"1000 " in desk.run(*verb, "--all")
    assert desk.left() == [] and desk.counted("dead_bytes") == 0
    assert desk.pushed() == (list(map(command, range(1000))) if verb == ["retry"] else [])
    desk.run(*verb, "--all")


def test_ten_thousand_large_ones(desk):
    for first in range(0, 10000, 500):
        desk.put(*(packed(number, command=b"%05d" % number + b"x" * 6400) for number in range(first, first + 500)))
    desk.run("retry", *desk.ids()[5000:5100])
    assert len(desk.pushed()) == 100
    desk.check_books()
    desk.run("retry", "--all")
    assert sorted(element[:5] for element in desk.pushed()) == [b"%05d" % number for number in range(10000)]
    desk.redis.delete(desk.queue)


def test_letters_equal_in_every_byte_go_together(desk):
    desk.put(packed(1), packed(2), packed(1))
    assert b"2 copies equal in every byte" in desk.run("retry", desk.ids()[0])
    assert desk.pushed() == [command(1)] * 2 and desk.left() == [packed(2)]
    desk.check_books()


def test_many_copies(desk):
    desk.put(packed(2), *[packed(1)] * 600)
    desk.run("drop", "--yes", desk.ids()[0])
    assert desk.left() == [packed(2)]
    desk.check_books()


def test_one_letter_named_twice_is_retried_once(desk):
    desk.put(packed(1))
    identity = desk.ids()[0]
    desk.run("retry", identity, identity[:5])
    assert desk.pushed() == [command(1)]


def test_an_unknown_id_leaves_the_others_to_be_retried(desk):
    desk.put(packed(1))
    desk.run("retry", "0000000000000000", desk.ids()[0], expect=1)
    assert desk.pushed() == [command(1)] and "0000000000000000" in desk.said


def test_a_letter_of_another_packer_is_retried(desk):
    """Binary as bin, which Lua could not read."""
    desk.put(msgpack.packb({**msgpack.unpackb(packed(), raw=True), b"command": b"\xff\x00\n"}, use_bin_type=True))
    assert not desk.listed()[0]["foreign"]
    desk.run("retry", desk.ids()[0])
    assert desk.pushed() == [b"\xff\x00\n"]


@pytest.mark.parametrize("content", [b"", b"\x00"], ids=["empty", "one byte"])
def test_a_command_of_next_to_nothing_is_pushed_as_it_was(desk, content):
    desk.put(packed(command=content))
    desk.run("retry", "--all")
    assert desk.pushed() == [content]


def test_what_is_no_letter_can_be_dropped_and_not_retried(desk):
    desk.put(packed(1), b"foreign", packed(2), b"")
    empty, _, foreign, _ = desk.ids()
    desk.run("retry", foreign, expect=1)
    assert "no letter" in desk.said and foreign[:10] in desk.said
    desk.run("retry", "--all", expect=1)
    assert desk.pushed() == [command(1), command(2)] and desk.left() == [b"", b"foreign"]
    assert "2 left" in desk.said
    desk.check_books()
    desk.run("drop", foreign, empty, "--yes")
    assert desk.left() == [] and desk.counted("dead_bytes") == 0


def test_what_has_been_run_already_is_run_again_only_when_told(desk):
    desk.put(packed(1, reason="REPLY_REFUSED"), packed(2))
    refused = desk.ids()[1]
    desk.run("retry", refused, expect=1)
    assert "run already" in desk.said and desk.pushed() == []
    desk.run("retry", "--all", expect=1)
    assert desk.pushed() == [command(2)] and "run already" in desk.said
    desk.run("retry", refused, "--yes")
    assert desk.pushed() == [command(2), command(1)]


def test_a_paused_queue_is_told(desk):
    desk.put(packed(1))
    desk.redis.set(f"{{{desk.queue}}}:paused", 1)
    desk.run("retry", "--all")
    assert "is paused" in desk.said and desk.pushed() == [command(1)]


def test_a_queue_of_another_type_keeps_the_letter(desk):
    desk.put(packed(1))
    desk.redis.set(desk.queue, "no list")
    desk.run("retry", "--all", expect=69)
    assert f"the key {desk.queue} is no list but a string" in desk.said and desk.left() == [packed(1)]
    desk.check_books()


def test_drop_asks_on_a_terminal(desk):
    desk.put(packed(1))
    identity = desk.ids()[0]
    for answer, status, left in ((b"no\n", 1, 1), (b"yes\n", 0, 0)):
        ours, theirs = pty.openpty()
        with desk.start("drop", identity, stdin=theirs, stdout=theirs, stderr=theirs) as child:
            os.close(theirs)
            asked = b""
            while b"Type yes" not in asked:
                assert select.select([ours], [], [], 30)[0], asked
                asked += os.read(ours, 1000)
            assert identity.encode() in asked and b"t1" in asked and desk.redis.llen(desk.dead) == 1
            os.write(ours, answer)
            assert child.wait(30) == status
        os.close(ours)
        assert desk.redis.llen(desk.dead) == left


def test_a_full_redis_loses_nothing(world):
    redis_server = world.redis()
    desk = Desk(redis_server)
    desk.put(*(packed(number, command=b"%d" % number + b"x" * 5000) for number in range(500)))
    desk.redis.config_set("maxmemory", "1mb")
    desk.run("retry", desk.ids()[7])
    desk.run("retry", "--all")
    assert len(desk.pushed()) == 500 and desk.left() == []
    desk.redis.lpop(desk.queue, 500)


class Before(Relay):
    """Does something before Redis hears that letters are to be taken."""

    def __init__(self, redis_server, action):
        self.action = action
        super().__init__(("127.0.0.1", redis_server.port))

    def passing(self, data):
        if b"flags=allow-oom" in data:
            self.action()


def with_relay(redis_server, desk, action):
    relay = Before(redis_server, action)
    desk.redis_url = f"redis://127.0.0.1:{relay.port}"
    return relay


def test_a_letter_that_goes_between_being_found_and_being_taken(redis_server, desk):
    desk.put(packed(1), packed(2))
    identity = desk.ids()[1]
    with_relay(redis_server, desk, lambda: desk.redis.rpop(desk.dead))
    for verb in (["retry"], ["drop", "--yes"]):
        desk.put(packed(3))
        desk.run(*verb, identity, expect=1)
        assert identity[:10] in desk.said and "1 gone meanwhile" in desk.said and desk.pushed() == []
        desk.redis.rpush(desk.dead, packed(1))


def test_the_oldest_make_room_for_new_ones_while_all_are_retried(redis_server, desk):
    """What is retried is what is left of those that were there at the beginning, and nothing that came since."""
    desk.put(*map(packed, range(1000)))
    coming = iter(range(1000, 100000))

    def make_room():
        desk.put(*(packed(next(coming)) for _ in range(10)))
        desk.redis.rpop(desk.dead, 10)

    with_relay(redis_server, desk, make_room)
    desk.run("retry", "--all", expect=1)
    taken = {msgpack.unpackb(element)["table"] for element in desk.pushed()}
    assert "gone meanwhile" in desk.said and len(taken) == len(desk.pushed())
    assert taken < {f"t{number}" for number in range(1000)} and "t999" in taken
    assert desk.left() == [packed(number) for number in range(1000, next(coming))][::-1]


def test_what_fails_again_is_not_retried_for_ever(redis_server, desk):
    """rowd is quick: a letter comes for each that was taken. Where nobody counts them there is an end, too."""
    for counted in (True, False):
        desk.put(*map(packed, range(1000)))
        coming = iter(range(1000, 10000))

        def fail(put=desk.put if counted else lambda letter: desk.redis.lpush(desk.dead, letter)):
            put(packed(next(coming)))

        direct = desk.redis_url
        with_relay(redis_server, desk, fail)
        desk.run("retry", "--all")
        desk.redis_url = direct
        assert len(desk.pushed()) == 1000
        came = desk.redis.llen(desk.dead)
        assert came > 10 and desk.left() == [packed(1000 + number) for number in range(came)][::-1]
        desk.redis.delete(desk.queue, desk.dead, desk.statistics)


def test_retry_while_foreign_elements_are_dropped_at_the_right(redis_server, desk):
    """What was passed over makes room at the cap: none of the others is missed for it."""
    desk.put(*[b"foreign %d" % number for number in range(100)], *map(packed, range(1000)))

    def make_room():
        if desk.redis.lindex(desk.dead, -1).startswith(b"foreign"):
            desk.redis.rpop(desk.dead)

    with_relay(redis_server, desk, make_room)
    desk.run("retry", "--all", expect=1)
    assert len(desk.pushed()) == 1000 and "left: no letter" in desk.said


def test_retry_and_rowd(redis_server, producer, empty_dead, rowd):
    """A command that failed for want of a table succeeds once there is one."""
    desk = Desk(redis_server, QUEUE)
    desk.redis.set("rowd:reply:desk", "no list")
    producer.push({"op": "ping", "reply_list": "rowd:reply:desk"})
    wait_until(lambda: desk.redis.llen(DEAD) == 1, "the letter")
    desk.redis.delete("rowd:reply:desk")
    desk.run("retry", "--all", "--yes")
    assert Client(desk.redis).take("rowd:reply:desk")["value"] == "pong"
    assert desk.redis.llen(DEAD) == 0


def test_all_fail_again_at_once(redis_server, producer, empty_dead):
    desk = Desk(redis_server, QUEUE)
    for number in range(300):
        producer.push({"op": "read", "table": f"none_{number}"})
    wait_until(lambda: desk.redis.llen(DEAD) == 300, "the letters")
    before = set(desk.ids())
    assert b"300 pushed" in desk.run("retry", "--all")
    wait_until(lambda: desk.redis.llen(DEAD) == 300, "the letters of the second time")
    assert not before & set(desk.ids())
    wait_until(lambda: desk.counted("dead_bytes") == sum(map(len, desk.left())), "the books to be right")


def test_the_shipped_acl_lets_the_operator_do_all_of_it(world):
    acl = world.directory / "redis.acl"
    acl.write_text((ROOT / "systemd" / "redis.acl").read_text())
    redis_server = world.redis(aclfile=str(acl))

    def at(user, password):
        desk = Desk(redis_server, QUEUE, redis_server.url.replace("redis://", f"redis://{user}:{password}@"))
        desk.redis = redis_server.client(username="worker", password="change-me-2")
        return desk

    operator = at("operator", "change-me-3")
    operator.put(*map(packed, range(4)))
    ids = operator.ids()
    operator.run("show", ids[0])
    operator.run("retry", ids[0])
    operator.run("drop", ids[1], "--yes")
    operator.redis.set(f"{{{QUEUE}}}:paused", 1)
    operator.run("retry", "--all")
    assert "paused" in operator.said and len(operator.pushed()) == 3
    operator.check_books()
    producer = at("producer", "change-me-1")
    producer.run("list", expect=69)
    assert "systemd/redis.acl" in producer.said
