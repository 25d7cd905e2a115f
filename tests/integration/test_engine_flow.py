"""Bounded by construction: what is claimed, what is held for a Redis that takes nothing, and memory."""

import contextlib
import signal
import threading

import msgpack
import pytest
from engine_stage import MIB, Stage

from support.client import QUEUE
from support.process import UNDER_ASAN, wait_until

NOTES = "CREATE TABLE note (id INT PRIMARY KEY, body LONGTEXT) ENGINE = InnoDB DEFAULT CHARACTER SET = latin1"


@contextlib.contextmanager
def locked_table(database, table):
    """Whoever writes it waits until the end of the block."""
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {table} WRITE")
    try:
        yield
    finally:
        connection.close()


def wait_standing(measure, what, polls=60):
    """Until a number has stayed the same for so many looks at it, some 10 ms apart. Returns it."""
    last, same = None, 0

    def stands():
        nonlocal last, same
        now = measure()
        same = same + 1 if now == last else 0
        last = now
        return same >= polls

    wait_until(stands, what, timeout_s=60)
    return last


class Watch(threading.Thread):
    """Keeps the largest value that a measure ever had."""

    def __init__(self, measure):
        super().__init__()
        self.measure, self.most, self.ended, self.looks = measure, 0, threading.Event(), 0

    def run(self):
        while not self.ended.is_set():
            self.most = max(self.most, self.measure())
            self.looks += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def held_bytes(redis):
    return sum(len(raw) for key in redis.keys(f"{{{QUEUE}}}:inflight:*") for raw in redis.hvals(key))


def creates(count, size=1):
    return [{"op": "create", "table": "animals", "values": {"species": f"s{n}", "name": "x" * min(size, 100)},
             "returning": False, "meta": "x" * size} for n in range(count)]


@pytest.mark.parametrize("limit", [50, 1000])
def test_no_more_than_in_flight_are_claimed(world, limit):
    stage = Stage(world, limits_in_flight=limit, limits_batch=min(limit, 512))
    watched = stage.redis_server.client()
    key = wait_until(lambda: stage.redis.zrange(f"{{{QUEUE}}}:workers", 0, -1), "the worker")[0].decode()
    with Watch(lambda: watched.hlen(f"{{{QUEUE}}}:inflight:{key}")) as watch:
        with locked_table(stage.database, "animals"):
            pushed = stage.bulk.push(creates(5000))
            wait_until(lambda: stage.held() > 0, "the claims to begin")
            assert wait_standing(stage.held, "the claims to stop") <= limit
            wait_until(lambda: stage.redis.llen(QUEUE) + stage.held() == 5000, "the rest to stay in the queue")
        pushed.replies()
    assert watch.looks > 10 and watch.most <= limit
    assert stage.database.query("SELECT COUNT(*) FROM animals") == [(5000,)]


def test_no_more_than_in_flight_bytes_are_claimed(world):
    limit = MIB
    stage = Stage(world, limits_in_flight_bytes=limit)
    watched = stage.redis_server.client()
    with Watch(lambda: held_bytes(watched)) as watch:
        with locked_table(stage.database, "animals"):
            pushed = stage.bulk.push(creates(1000, size=20000))
            wait_standing(stage.held, "the claims to stop")
        pushed.replies()
    print(f"at most {watch.most} bytes of commands in flight")
    assert 0 < watch.most <= limit + 20300


# --- a Redis that takes nothing ----------------------------------------------------------------------------------------

def make_notes(stage_database, count, size):
    stage_database.query(NOTES)
    stage_database.query(f"INSERT INTO note SELECT seq, REPEAT('x', {size}) FROM seq_1_to_{count}")


@contextlib.contextmanager
def stopped(stage):
    """Answers nobody at all."""
    stage.redis_server.process.freeze()
    try:
        yield
    finally:
        stage.redis_server.process.send(signal.SIGCONT)


@contextlib.contextmanager
def paused(stage):
    """Takes no writes, scripts among them."""
    stage.redis_server.client().client_pause(60000, all=False)
    try:
        yield
    finally:
        stage.redis_server.client().execute_command("CLIENT", "UNPAUSE")


@pytest.mark.only_on("mariadb", reason="the rows come from its sequences")
@pytest.mark.parametrize("away", [stopped, paused])
def test_replies_that_redis_does_not_take_stop_the_work(world, away):
    count, size, limit = 2000, 100000, 8 * MIB
    database = world.database()
    make_notes(database, count, size)
    stage = Stage(world, database=database, limits_in_flight_bytes=limit, delivery_lease_ms=60000)
    with locked_table(database, "note"):
        pushed = stage.bulk.push([{"op": "read", "table": "note", "pk": 1 + n} for n in range(count)])
        wait_until(lambda: stage.held() * size > 10 * limit, "as many claims as matter")
        wait_standing(stage.held, "the claims to stop")
        ending = contextlib.ExitStack()
        ending.enter_context(away(stage))
    with ending:
        wait_standing(stage.rowd.memory_bytes, "the work to stop")
        wait_standing(lambda: stage.executed("select"), "the reads to stop", polls=10)
        assert stage.rowd.process.alive()
    replies = pushed.replies()
    assert all(len(reply["row"]["body"]) == size for reply in replies)
    peak = stage.rowd.peak_memory_bytes()
    print(f"{away.__name__}: {peak / MIB:.0f} MiB at most for replies of {count * size / MIB:.0f} MiB")
    if not UNDER_ASAN:
        assert peak < 96 * MIB


@pytest.mark.only_on("mariadb", reason="the rows come from its sequences")
def test_large_results_on_all_connections(world):
    """Eight of 8 MiB at a time, and many more waiting."""
    count, size = 48, 8 * MIB - 1000
    database = world.database()
    make_notes(database, count, size)
    stage = Stage(world, database=database)
    redis = stage.redis_server.client()
    pushed = stage.bulk.push([{"op": "read", "table": "note", "pk": 1 + n} for n in range(count)])
    for _ in range(count):
        popped = redis.blpop(pushed.reply_list, timeout=60)
        assert popped
        reply = msgpack.unpackb(popped[1])
        assert reply["ok"] and len(reply["row"]["body"]) == size
    peak = stage.rowd.peak_memory_bytes()
    print(f"{count} results of 8 MiB: {peak / MIB:.0f} MiB at most")
    if not UNDER_ASAN:
        assert peak < 320 * MIB


# --- memory ------------------------------------------------------------------------------------------------------------

def fill(stage, count):
    """So many creates, which are all executed while as many wait."""
    for start in range(0, count, 10000):
        stage.redis.lpush(QUEUE, *[
            msgpack.packb({"op": "create", "id": number, "table": "animals", "values": {"species": f"s{number}"},
                           "returning": False})
            for number in range(start, min(start + 10000, count))])


def peak_with(world, count):
    stage = Stage(world)
    stage.redis.set(f"{{{QUEUE}}}:paused", 1)
    fill(stage, count)
    stage.redis.delete(f"{{{QUEUE}}}:paused")
    wait_until(lambda: stage.redis.llen(QUEUE) == 0 and stage.held() == 0, "all of them to be done", timeout_s=120)
    assert stage.database.query("SELECT COUNT(*) FROM animals") == [(count,)]
    peak = stage.rowd.peak_memory_bytes()
    assert stage.rowd.terminate() == 0
    return peak


@pytest.mark.skipif(UNDER_ASAN, reason="the sanitizer's own memory is in it")
def test_memory_does_not_depend_on_the_length_of_the_queue(world):
    few, many = peak_with(world, 10000), peak_with(world, 200000)
    print(f"at most {few / MIB:.1f} MiB with 10,000 waiting, {many / MIB:.1f} MiB with 200,000")
    assert many <= 96 * MIB and many <= few + 8 * MIB


@pytest.mark.skipif(UNDER_ASAN, reason="the sanitizer's own memory is in it")
def test_memory_when_idle(world):
    stage = Stage(world)
    assert stage.rowd.memory_bytes() <= 32 * MIB
    stage.bulk.call(creates(1000))
    assert stage.rowd.memory_bytes() <= 96 * MIB
