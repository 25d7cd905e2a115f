"""The limits of what is kept of dead letters, in number and in bytes."""

from support.client import Client
from support.dead_letters import DEAD, STATISTICS, bury, letters
from support.process import wait_until


def dead_bytes(redis):
    return sum(len(raw) for raw in redis.lrange(DEAD, 0, -1))


def test_dead_letters_are_capped_in_number(world):
    redis_server = world.redis()
    rowd = world.rowd(world.database(), redis_server, limits_dead_letters=5)
    client = Client(redis_server.client())
    bury(client, *(b"junk %d" % number for number in range(5)))
    wait_until(lambda: client.redis.llen(DEAD) == 5, "as many as are kept")
    bury(client, b"junk 5", b"junk 6")
    wait_until(lambda: client.redis.hget(STATISTICS, "dead_dropped") == b"2", "the count of what went")
    assert [letter[b"command"] for letter in letters(client.redis)] == [b"junk %d" % n for n in (6, 5, 4, 3, 2)]
    assert client.redis.hget(STATISTICS, "dead") == b"7"
    wait_until(lambda: "dead.dropped" in rowd.log(), "the line in the log")


def test_dead_letters_are_capped_in_bytes(world):
    """Large ones that follow many small ones make room at once."""
    cap = 65536
    redis_server = world.redis()
    world.rowd(world.database(), redis_server, limits_dead_bytes=cap)
    client = Client(redis_server.client())
    bury(client, *(b"small %d" % number for number in range(300)))
    wait_until(lambda: client.redis.llen(DEAD) == 300, "the small ones")
    for size in (20000, 20000, 20000, 20000):
        bury(client, b"l" * size)
        assert wait_until(lambda: dead_bytes(client.redis), "letters") <= cap
        stats = client.redis.hgetall(STATISTICS)
        wait_until(lambda: int(client.redis.hget(STATISTICS, "dead_bytes")) == dead_bytes(client.redis),
                   "the books to be right")
        assert int(stats[b"dead_bytes"]) <= cap
    wait_until(lambda: [len(letter[b"command"]) for letter in letters(client.redis)] == [20000] * 3, "the newest three")


def test_a_dead_letter_above_the_cap_is_kept_alone(world):
    redis_server = world.redis()
    world.rowd(world.database(), redis_server, limits_dead_bytes=65536)
    client = Client(redis_server.client())
    bury(client, b"first", b"x" * 100000)
    wait_until(lambda: client.redis.llen(DEAD) == 1, "only the large one")
    assert len(letters(client.redis)[0][b"command"]) == 100000
    bury(client, b"next")
    wait_until(lambda: [letter[b"command"] for letter in letters(client.redis)] == [b"next"], "only the next one")
