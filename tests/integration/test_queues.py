"""Queues by name, several of one rowd, and what each may do."""

import msgpack
import pytest

from support.client import Client
from support.process import wait_until


def configuration(world, text):
    path = world.directory / "rowd.conf"
    path.write_text(text, encoding="utf-8")
    return ["-c", str(path)]


def test_several_queues_in_turn(world):
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[queue "first"]\n[queue "second"]\n[queue "한글 queue"]\n')
    redis = redis_server.client()
    clients = [Client(redis, queue=name) for name in ("first", "second", "한글 queue")]
    for number in range(2000):  # a long first queue must not starve the others
        clients[0].push({"op": "create", "id": number, "table": "animals", "values": {"species": "x"},
                         "reply_list": "rowd:reply:first"})
    for client in clients[1:]:
        client.push({"op": "info", "reply_list": f"rowd:reply:{client.queue}"})
    world.rowd(database, redis_server, arguments=arguments, queue="first", wait=False)
    for client in clients[1:]:
        assert client.take(f"rowd:reply:{client.queue}")["row"]["queue"] == client.queue
    for _ in range(2000):
        assert clients[0].take("rowd:reply:first")["ok"]
    assert redis.llen("rowd:commands") == 0


def test_a_flooded_queue_leaves_room_for_another(world):
    """The flood fills what may be in flight; a command that lands beside it is still taken at once."""
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[queue "flood"]\n[queue "trickle"]\n')
    rowd = world.rowd(database, redis_server, arguments=arguments, queue="trickle", limits_in_flight=64,
                      limits_batch=64)
    redis = redis_server.client()
    flood, trickle = Client(redis, queue="flood"), Client(redis, queue="trickle")
    redis.set("{flood}:paused", "1")
    element = msgpack.packb({"op": "create", "table": "animals", "values": {"species": "x"}})
    for _ in range(40):
        redis.lpush("flood", *[element] * 500)
    redis.delete("{flood}:paused")
    wait_until(lambda: redis.llen("flood") < 19000, "the flood")
    for _ in range(20):
        assert trickle.ok("ping")
    assert redis.llen(flood.queue) > 0, "the flood was long enough"
    assert "queue.no_memory" not in rowd.log()


def test_a_queues_tables_and_operations(world):
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[queue "all"]\n[queue "public"]\ntables = animals, users\nops = read, count\n')
    world.rowd(database, redis_server, arguments=arguments, queue="all")
    redis = redis_server.client()
    everything, public = Client(redis, queue="all"), Client(redis, queue="public")
    everything.ok("create", table="animals", values={"species": "a"})
    assert public.ok("count", table="animals")["value"] == 1
    public.fails("FORBIDDEN", "delete", table="animals", all=True)
    public.fails("UNKNOWN_TABLE", "read", table="member")  # for this queue there is no such table
    assert everything.ok("count", table="animals")["value"] == 1


def test_max_rows(world):
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[queue "small"]\nmax_rows = 3\n')
    world.rowd(database, redis_server, arguments=arguments, queue="small")
    client = Client(redis_server.client(), queue="small")
    client.ok("create", table="animals", values=[{"species": "a"}] * 3)
    assert len(client.ok("read", table="animals")["rows"]) == 3
    client.ok("create", table="animals", values={"species": "a"})
    client.fails("TOO_LARGE", "read", table="animals")
    assert len(client.ok("read", table="animals", limit=2)["rows"]) == 2


def test_a_reply_prefix_of_its_own(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, reply_prefix="answers:", wait=False)
    client = Client(redis_server.client())
    client.push({"op": "ping", "reply_list": "answers:1"}, check=False)
    assert client.take("answers:1")["ok"]
    client.push({"op": "ping", "reply_list": "rowd:reply:1"}, check=False)
    wait_until(lambda: client.redis.llen("{rowd:commands}:dead") == 1, "the dead letter")


@pytest.mark.parametrize("limit, value", [("limits_message_bytes", 2000), ("limits_reply_bytes", 5000)])
def test_limits_of_size(world, limit, value):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, **{limit: value})
    client = Client(redis_server.client())
    client.ok("create", table="animals", values={"species": "a"})
    if limit == "limits_message_bytes":
        client.fails("TOO_LARGE", "create", table="animals", values={"species": "a", "name": "x" * 2000})
        return
    client.ok("create", table="animals", values=[{"species": "a" * 50}] * 100, returning=False)
    client.fails("TOO_LARGE", "read", table="animals")
    assert client.ok("ping")


def test_a_write_whose_reply_would_be_too_large_has_no_effect(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, limits_reply_bytes=5000)
    client = Client(redis_server.client())
    client.fails("TOO_LARGE", "create", table="animals", values=[{"species": "a" * 50}] * 200)
    assert database.query("SELECT COUNT(*) FROM animals") == [(0,)], "decided before COMMIT"


def test_a_few_commands_in_flight_are_enough(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, limits_in_flight=2, limits_batch=1, database_connections=1)
    client = Client(redis_server.client())
    for number in range(200):
        client.push({"op": "create", "id": number, "table": "animals", "values": {"species": "a"},
                     "reply_list": "rowd:reply:few"})
    assert {client.take("rowd:reply:few")["id"] for _ in range(200)} == set(range(200))


def test_echo_tells_statements_and_hides_values(world):
    database, redis_server = world.database(), world.redis()
    quiet = world.rowd(database, redis_server)
    Client(redis_server.client()).ok("create", table="animals", values={"species": "secret-one"})
    quiet.terminate()
    assert "INSERT" not in quiet.log() and "secret-one" not in quiet.log()
    loud = world.rowd(database, redis_server, database_echo="on")
    Client(redis_server.client()).ok("create", table="animals", values={"species": "secret-two"})
    loud.terminate()
    assert "INSERT INTO" in loud.log() and "secret-two" not in loud.log()
    full = world.rowd(database, redis_server, database_echo="params")
    Client(redis_server.client()).ok("create", table="animals", values={"species": "secret-three"})
    full.terminate()
    assert "secret-three" in full.log()


def test_no_password_in_the_log(world):
    database, redis_server = world.database(), world.redis(requirepass="hush-hush")
    redis = redis_server.client(password="hush-hush")
    rowd = world.rowd(database, redis_server, wait=False,
                      redis_url=redis_server.url.replace("redis://", "redis://:hush-hush@"), log_level="debug")
    assert Client(redis).ok("ping")
    rowd.terminate()
    assert "hush-hush" not in rowd.log()
