"""Queues take turns: who floods one makes nobody else wait."""

import itertools

import msgpack
from engine_stage import Stage, nothing_claimed

from support.process import wait_until

FLOOD = 50000
REPLIES = "rowd:reply:flood"
FEWEST_SINGLES = 20
EVERY = 250
# A single command waits for the transactions that run already, and for its turn in the next: a connection has at most a
# batch of 512 under way, and there are eight.
MOST_BEFORE_IT = 2 * 8 * 512


def packed(command, number):
    return msgpack.packb({**command, "id": number, "reply_list": REPLIES, "reply_ttl_ms": 600000})


def flood(stage, queue):
    """Creates, all there before the first is claimed."""
    create = {"op": "create", "table": "animals", "values": {"species": "flooded"}, "returning": False}
    with nothing_claimed(stage.redis, queue):
        for _ in range(FLOOD // 1000):
            stage.redis.lpush(queue, *[packed(create, "flood") for _ in range(1000)])


def push_singles_beside(stage, queue, end, before):
    """One whenever some more of the flood has been answered, until all of it is: however fast or slow this process is. To
    `before` go, by the commands' numbers, how many replies there were when each was pushed, as Redis counts it."""
    for number in itertools.count(len(before)):
        command = {"op": "update", "table": "users", "pk": 1, "set": {"name": f"n{number}"}} if number % 2 else {
            "op": "read", "table": "users", "pk": 1}
        with stage.redis.pipeline(transaction=True) as pipeline:
            pipeline.llen(REPLIES).lpush(queue, packed(command, number))
            answered = pipeline.execute()[0]
        before.append(answered)
        if answered >= end:
            return
        wait_until(lambda: stage.redis.llen(REPLIES) >= min(end, answered + EVERY), "the flood to go on")


def test_single_commands_beside_a_flood(world):
    stage = Stage(world, queues=["flooded", "quiet"])
    stage.database.query("INSERT INTO users (id, name, email) VALUES (1, 'a', 'a')")
    before, floods = [], 0
    while len(before) < FEWEST_SINGLES + floods:
        flood(stage, "flooded")
        floods += 1
        push_singles_beside(stage, "quiet", floods * FLOOD, before)
    wait_until(lambda: stage.held("flooded") + stage.held("quiet") == 0 and not stage.redis.exists("flooded", "quiet"),
               "all to be done")
    replies = [msgpack.unpackb(raw) for raw in stage.redis.lrange(REPLIES, 0, -1)]
    assert all(reply["ok"] for reply in replies)
    waited = sorted(position - before[reply["id"]]
                    for position, reply in enumerate(replies) if reply["id"] != "flood")
    print(f"{len(waited)} single commands beside the flood: between push and reply {waited[len(waited) // 2]} of the "
          f"flood's replies in the middle, {waited[-1]} at most")
    assert len(waited) == len(before)
    assert waited[-1] <= MOST_BEFORE_IT
    assert stage.database.query("SELECT COUNT(*) FROM animals") == [(floods * FLOOD,)]


def test_many_queues_are_served_alike(world):
    """Of sixteen that are all full, none is done long before another has begun."""
    queues = [f"q{number}" for number in range(16)]
    stage = Stage(world, queues=queues)
    with nothing_claimed(stage.redis, *queues):
        for queue in queues:
            stage.redis.lpush(queue, *[
                msgpack.packb({"op": "create", "id": queue, "table": "animals", "values": {"species": queue},
                               "returning": False, "reply_list": "rowd:reply:all", "reply_ttl_ms": 600000})
                for _ in range(2000)])
    replies = [msgpack.unpackb(raw)["id"] for raw in stage.bulk.take("rowd:reply:all", 2000 * len(queues))]
    half = replies[:len(replies) // 2]
    shares = sorted(half.count(queue) for queue in queues)
    print(f"of the first half of the replies each queue had {shares}")
    assert shares[0] >= 2000 / 8
