"""Queues take turns: who floods one makes nobody else wait."""

import msgpack
from engine_stage import Stage, nothing_claimed

from support.process import wait_until

FLOOD = 50000
SINGLES = 200
# A single command waits for the transactions that run already, and for its turn in the next: a connection has at most a
# batch of 512 under way, and there are eight.
MOST_BEFORE_IT = 2 * 8 * 512


def flood(stage, queue, reply_list):
    """Creates, all there before the first is claimed."""
    with nothing_claimed(stage.redis, queue):
        for start in range(0, FLOOD, 1000):
            stage.redis.lpush(queue, *[
                msgpack.packb({"op": "create", "id": number, "table": "animals", "values": {"species": f"f{number}"},
                               "returning": False, "reply_list": reply_list, "reply_ttl_ms": 600000})
                for number in range(start, start + 1000)])
    wait_until(lambda: stage.redis.llen(reply_list) > 0, "the flood to begin")


def test_single_commands_beside_a_flood(world):
    stage = Stage(world, queues=["flooded", "quiet"])
    stage.database.query("INSERT INTO users (id, name, email) VALUES (1, 'a', 'a')")
    quiet = stage.bulk_of("quiet")
    flood(stage, "flooded", "rowd:reply:flood")
    waited = []
    for number in range(SINGLES):
        before = stage.redis.llen("rowd:reply:flood")
        command = {"op": "update", "table": "users", "pk": 1, "set": {"name": f"n{number}"}} if number % 2 else {
            "op": "read", "table": "users", "pk": 1}
        quiet.ok([command])
        after = stage.redis.llen("rowd:reply:flood")
        if after < FLOOD:
            waited.append(after - before)
    waited.sort()
    print(f"{len(waited)} single commands beside the flood: between push and reply {waited[len(waited) // 2]} of the "
          f"flood's replies in the middle, {waited[-1]} at most")
    assert len(waited) >= 10, "the flood was over before anybody could see it"
    # (A moment without a processor for this process, between two looks at the list, spoils a few of them at most.)
    assert waited[-4] <= MOST_BEFORE_IT
    stage.bulk.take("rowd:reply:flood", FLOOD)
    assert stage.database.query("SELECT COUNT(*) FROM animals") == [(FLOOD,)]


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
