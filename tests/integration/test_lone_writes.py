"""A write by itself: with its commit marker and COMMIT it is one statement on MariaDB."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from support.client import Client
from support.process import wait_until


@pytest.fixture
def chained(database_server):
    """A server on which COMMIT begins the next transaction."""
    with closing(database_server.create_database().connect()) as root:
        root.cursor().execute("SET GLOBAL completion_type = 'CHAIN'")
        yield
        root.cursor().execute("SET GLOBAL completion_type = 'NO_CHAIN'")


def test_commit_ends_a_transaction_whatever_the_server_is_set_to(world, chained):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    client = Client(redis_server.client(), "json")
    for number in range(1, 4):
        reply = client.ok("create", table="animals", values={"species": "cat"})
        assert reply["row"]["id"] == number and "recovered" not in reply
    assert "worker.fenced" not in rowd.log()


def test_one_that_found_no_row_fails_again_when_its_worker_dies(world):
    """It has changed nothing, and nobody may say that it was done."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, delivery_lease_ms=1000)
    redis = redis_server.client()
    client = Client(redis, "json")
    with closing(database.connect()) as holder:
        holder.cursor().execute("LOCK TABLES animals WRITE")
        client.push({"op": "delete", "table": "animals", "pk": 7, "returning": True, "required": True, "id": "gone",
                     "reply_list": "rowd:reply:gone"})
        wait_until(lambda: sum(redis.hlen(key) for key in redis.keys("{rowd:commands}:inflight:*")) == 1, "it to be in flight")
        redis.execute_command("CLIENT", "PAUSE", 60000, "WRITE")
    executed = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND COMMAND = 'Query' AND INFO LIKE '%DELETE%'"
    wait_until(lambda: list(database.query(executed + " AND ID <> CONNECTION_ID()"))[0][0] == 0, "its end")
    rowd.kill()
    redis.execute_command("CLIENT", "UNPAUSE")
    world.rowd(database, redis_server, delivery_lease_ms=1000)
    reply = client.take("rowd:reply:gone")
    assert reply["error"]["code"] == "NOT_FOUND" and "recovered" not in reply, reply


def test_the_table_of_the_markers_may_go_and_come_back(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    client = Client(redis_server.client(), "json")
    client.ok("create", table="animals", values={"species": "cat"})
    for _ in range(3):
        database.query("DROP TABLE rowd_commits, rowd_slots")
        reply = client.ok("create", table="animals", values={"species": "cat"})
        assert reply["row"]["species"] == "cat" and "recovered" not in reply
    log = rowd.log()
    assert "worker.fenced" not in log and "batch.in_doubt" not in log, log


@pytest.mark.only_on("mariadb", reason="elsewhere they are not used")
def test_the_table_of_the_commits_may_go_and_come_back(world):
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    client = Client(redis_server.client(), "json")
    client.ok("create", table="animals", values={"species": "cat"})
    database.query("DROP TABLE rowd_commits")
    reply = client.ok("create", table="animals", values={"species": "cat"})
    assert reply["row"]["species"] == "cat" and "recovered" not in reply
    wait_until(lambda: database.query("SHOW TABLES LIKE 'rowd_commits'"), "the table to be made again")
    client.ok("create", table="animals", values={"species": "cat"})
    assert "worker.fenced" not in rowd.log()


@pytest.mark.only_on("mariadb", reason="elsewhere they are not used")
def test_the_table_of_the_commits_comes_back_while_others_write(world):
    """There is always some batch whose commands Redis has not forgotten yet."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server)
    over = threading.Event()
    done = []

    def write():
        client = Client(redis_server.client(), "json")
        while not over.is_set():
            assert "recovered" not in client.ok("create", table="animals", values={"species": "cat"})
            done.append(1)

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write) for _ in range(6)]
        try:
            wait_until(lambda: len(done) > 100, "some to be written")
            database.query("DROP TABLE rowd_commits")
            wait_until(lambda: database.query("SHOW TABLES LIKE 'rowd_commits'"), "the table to be made again")
            before = len(done)
            wait_until(lambda: len(done) > before + 100, "more to be written")
        finally:
            over.set()
        for writer in writers:
            writer.result()
    assert database.query("SELECT COUNT(*) FROM animals") == [(len(done),)]
    assert "worker.fenced" not in rowd.log()


@pytest.mark.only_on("mariadb", reason="elsewhere they are not used")
def test_rows_of_commits_go(world):
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    client = Client(redis_server.client(), "json")
    rows = "SELECT COUNT(*) FROM rowd_commits WHERE sequences <> ''"
    wait_until(lambda: client.ok("create", table="animals", values={"species": "cat"}) and database.query(rows) != [(0,)], "rows")
    wait_until(lambda: database.query(rows) == [(0,)], "them to be removed", 30)
    client.ok("create", table="animals", values={"species": "cat"})


def test_nobody_knows_without_the_commits_of_the_dead(world):
    """To run them again might do them twice."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, delivery_lease_ms=1000)
    redis = redis_server.client()
    client = Client(redis, "json")
    client.ok("create", table="animals", values={"species": "cat"})
    with closing(database.connect()) as holder:
        holder.cursor().execute("LOCK TABLES animals WRITE")
        client.push({"op": "create", "table": "animals", "values": {"species": "dog"}})
        wait_until(lambda: sum(redis.hlen(key) for key in redis.keys("{rowd:commands}:inflight:*")) == 1, "it to be in flight")
        rowd.kill()
    database.query("DROP TABLE rowd_commits")
    second = world.rowd(database, redis_server, delivery_lease_ms=1000)
    wait_until(lambda: "queue.unknown_worker" in second.log(), "the worker to be unknown")
    assert sum(redis.hlen(key) for key in redis.keys("{rowd:commands}:inflight:*")) == 1
    client.ok("create", table="animals", values={"species": "cat"})
