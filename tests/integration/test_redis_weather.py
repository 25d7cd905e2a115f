"""A Redis that is killed, restarted, full, or forgets its scripts: rowd goes on by itself."""

import msgpack
import pytest
import redis as redis_py

from load import Load
from support.client import Client
from support.process import ROOT, wait_until
from support.proxy import Proxy


class PatientLoad(Load):
    """A producer that pushes again when Redis is away. A push whose answer was lost may be there twice."""

    seen = 0

    def _push_until_taken(self, elements):
        def pushed():
            try:
                return self.redis.lpush(self.queue, *elements) is not None
            except redis_py.RedisError:
                return False

        wait_until(pushed, "the push", timeout_s=60)

    def take(self, until, timeout_s=60):
        """They stay in the list: what is popped may be gone on the way."""

        def complete():
            try:
                for raw in self.redis.lrange(self.reply_list, self.seen, self.seen + 999):
                    self._note(raw)
                    self.seen += 1
            except redis_py.RedisError:
                pass
            return len(self.outcomes) >= until

        wait_until(complete, f"{until} replies", timeout_s)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_redis_restarts_under_load(world, how):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    load = PatientLoad(redis_server, 4000)

    def each(start):
        if start == 2000:
            getattr(redis_server, how)()
            redis_server.start()

    pusher = load.push_in_background(each)
    load.take(4000, timeout_s=90)
    pusher.join()
    load.check_nothing_lost(database)
    rowd.check_alive()


def test_redis_is_not_there_at_the_start(world):
    database, redis_server = world.database(), world.redis()
    redis_server.stop()
    rowd = world.rowd(database, redis_server, wait=False)
    wait_until(lambda: rowd.log(), "rowd says something")
    redis_server.start()
    rowd.wait_ready()


def test_scripts_are_flushed(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    client = Client(redis_server.client())
    for _ in range(5):
        client.redis.script_flush()
        assert client.ok("ping", db=True)


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
def test_connections_are_killed(world, kind):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    load = PatientLoad(redis_server, 2000)

    def each(start):
        if start % 500 == 0:
            load.redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")

    pusher = load.push_in_background(each)
    load.take(2000, timeout_s=60)
    pusher.join()
    load.check_nothing_lost(database)


def test_a_full_redis_drains(world):
    """At maxmemory producers are refused; what is in the queue is claimed, run, and answered once there is room."""
    database, redis_server = world.database(), world.redis()
    redis = redis_server.client()
    load = PatientLoad(redis_server, 3000)
    load.push()
    redis.config_set("maxmemory", "1")
    with pytest.raises(redis_py.ResponseError):
        redis.lpush("rowd:commands", "x")
    rowd = world.rowd(database, redis_server, wait=False)
    wait_until(lambda: database.query("SELECT COUNT(*) FROM animals")[0][0] > 0, "the first rows")
    rowd.check_alive()
    redis.config_set("maxmemory", "0")
    load.take(3000, timeout_s=60)
    load.check_nothing_lost(database)


def test_sigterm_when_redis_takes_no_reply(world):
    """The drain has an end, and so has the lease: what was run but not answered is recovered."""
    database, redis_server = world.database(), world.redis()
    first = world.rowd(database, redis_server, delivery_drain_timeout_ms=500, delivery_lease_ms=1000)
    redis = redis_server.client()
    load = PatientLoad(redis_server, 2000)
    redis.set("{rowd:commands}:paused", "1")
    load.push()
    redis.config_set("maxmemory", "1")
    redis.delete("{rowd:commands}:paused")
    wait_until(lambda: redis.llen("rowd:commands") == 0, "the claims")
    assert first.terminate(timeout_s=15) == 0
    assert "drain.incomplete" in first.log()
    assert [score for _, score in redis.zrange("{rowd:commands}:workers", 0, -1, withscores=True)] == [0]
    redis.config_set("maxmemory", "0")
    world.rowd(database, redis_server, delivery_lease_ms=1000)
    load.take(2000, timeout_s=60)
    load.check_nothing_lost(database)


def test_a_command_lands_while_the_server_has_forgotten_the_worker(world):
    """The pop of the forgotten worker is still waiting, and moves the command to a place that only its own id names."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    client = Client(redis_server.client())
    command = msgpack.packb({"op": "ping", "reply_list": "rowd:reply:landed"})
    pipeline = client.redis.pipeline(transaction=True)
    pipeline.delete("{rowd:commands}:workers", "{rowd:commands}:owner").lpush(client.queue, command).execute()
    assert client.take("rowd:reply:landed")["ok"]
    wait_until(lambda: "worker.new" in rowd.log(), "the new incarnation")
    assert client.ok("ping", db=True)


def test_the_address_moves_to_another_server(world):
    """A failover behind one address: the old server stays reachable over the old connection, as a replica."""
    database, old = world.database(), world.redis()
    new = world.redis(replicaof=f"127.0.0.1 {old.port}")
    proxy = Proxy(("127.0.0.1", old.port))
    rowd = world.rowd(database, old, redis_url=f"redis://127.0.0.1:{proxy.port}")
    wait_until(lambda: new.client().exists("{rowd:commands}:workers"), "the replica")
    new.client().replicaof("NO", "ONE")
    old.client().replicaof("127.0.0.1", new.port)
    wait_until(lambda: "READONLY" in rowd.log(), "rowd hears of it")
    proxy.move(("127.0.0.1", new.port))
    assert Client(new.client()).ok("ping", db=True)
    proxy.close()


def test_a_flood_of_refused_replies_is_told_in_few_lines(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, limits_dead_letters=100)
    redis = redis_server.client()
    redis.set("rowd:reply:no-list", "x")
    elements = [msgpack.packb({"op": "ping", "id": number, "reply_list": "rowd:reply:no-list"})
                for number in range(3000)]
    before = len(rowd.log().splitlines())
    redis.lpush("rowd:commands", *elements)
    wait_until(lambda: int(redis.hget("{rowd:commands}:stats", "dead") or 0) == 3000, "the dead letters")
    wait_until(lambda: "dead.dropped" in rowd.log(), "the loss is told")
    assert "reply.refused" in rowd.log()
    assert len(rowd.log().splitlines()) - before < 20


def test_a_paused_queue_is_not_claimed(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    client = Client(redis_server.client())
    client.redis.set("{rowd:commands}:paused", "1")
    # A pop that was waiting may still take one; after that nothing.
    client.push({"op": "ping", "reply_list": "rowd:reply:first"})
    client.push({"op": "ping", "id": 1, "reply_list": "rowd:reply:paused"})
    assert client.redis.blpop("rowd:reply:paused", timeout=2) is None
    client.redis.delete("{rowd:commands}:paused")
    assert client.take("rowd:reply:paused")["id"] == 1


def test_a_risky_redis_is_warned_about(world):
    database = world.database()
    redis_server = world.redis(appendonly="no", maxmemory_policy="allkeys-lru")
    rowd = world.rowd(database, redis_server)
    log = rowd.log().lower()
    assert "appendonly" in log or "aof" in log
    assert "maxmemory" in log


@pytest.mark.parametrize("url", ["tcp", "socket"])
def test_both_ways_to_redis(world, url):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, redis_url=redis_server.url if url == "tcp" else redis_server.socket_url)
    assert Client(redis_server.client()).ok("ping")


def test_the_shipped_acl_is_enough(world):
    acl = world.directory / "redis.acl"
    acl.write_text((ROOT / "systemd" / "redis.acl").read_text())
    redis_server = world.redis(aclfile=str(acl))
    database = world.database()
    rowd = world.rowd(database, redis_server, wait=False,
                      redis_url=redis_server.url.replace("redis://", "redis://worker:change-me-2@"))
    producer = Client(redis_server.client(username="producer", password="change-me-1"))
    assert producer.ok("create", table="animals", values={"species": "a"})
    for forbidden in (["GET", "{rowd:commands}:owner"], ["LRANGE", "rowd:commands", "0", "-1"], ["FLUSHALL"],
                      ["LPUSH", "elsewhere", "x"]):
        with pytest.raises(redis_py.ResponseError):
            producer.redis.execute_command(*forbidden)
    load = Load(redis_server, 1000)
    load.redis = producer.redis
    load.push()
    load.take(1000)
    rowd.check_alive()
