"""Many commands at once: each has its row and its reply, and memory stays bounded."""

from load import Load
from support.process import UNDER_ASAN, wait_until


def test_ten_thousand_creates_at_once(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    load = Load(redis_server, 10000)
    load.push()
    load.take(10000)
    load.take_rest()
    load.check_nothing_lost(database)
    assert load.repeated == 0 and database.query("SELECT COUNT(*) FROM animals") == [(10000,)]
    assert len({reply["row"]["id"] for reply in load.outcomes.values()}) == 10000
    assert all(reply["row"]["species"] == f"m{number}" for number, reply in load.outcomes.items())
    if not UNDER_ASAN:
        assert rowd.peak_memory_bytes() < 64 * 1024 * 1024
    redis = redis_server.client()
    wait_until(lambda: not any(redis.hlen(key) for key in redis.keys("*:inflight:*")), "all acknowledged")


def test_mixed_operations_at_once(producer, database):
    count = 1500
    for number in range(count):
        producer.push({"op": "create", "id": f"c{number}", "table": "checklist",
                       "values": {"code": f"k{number}", "item": "a"}, "reply_list": "rowd:reply:mix"})
        producer.push({"op": "update", "id": f"u{number}", "table": "checklist", "pk": f"k{number}",
                       "set": {"item": "b"}, "reply_list": "rowd:reply:mix"})
        producer.push({"op": "read", "id": f"r{number}", "table": "checklist", "pk": f"k{number}",
                       "reply_list": "rowd:reply:mix"})
    replies = {}
    for _ in range(3 * count):
        reply = producer.take("rowd:reply:mix")
        assert reply["ok"], reply
        replies[reply["id"]] = reply
    assert len(replies) == 3 * count
    assert all(replies[f"r{number}"]["row"]["item"] == "b" for number in range(count))
    assert database.query("SELECT COUNT(*) FROM checklist WHERE item = 'b'") == [(count,)]


def test_large_messages(producer, database):
    body = "김" * 300000
    for number in range(20):
        producer.push({"op": "create", "id": number, "table": "types", "values": {"long_body": body},
                       "reply_list": "rowd:reply:large"})
    for _ in range(20):
        assert producer.take("rowd:reply:large")["row"]["long_body"] == body
    assert database.query("SELECT COUNT(*) FROM types") == [(20,)]
