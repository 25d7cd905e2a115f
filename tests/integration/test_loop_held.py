"""The loop is never held for more than 50 ms, whichever server falls silent, in whichever phase, by TLS or without.

rowd measures its turns itself (daemon/ops/loop_watch.h). On a starved machine a turn can last for long without any
fault of rowd's: the time that the kernel says it was able to run and had no processor does not count."""

import signal
import socket
import subprocess
import threading

import msgpack
import pytest

from bulk import Bulk
from conftest import World
from load import Load
from loop_stage import WAYS, Stage, best_of_three, fields, lines_of
from support.certificate import make_certificate
from support.database_server import OwnServer, kill_connection
from support.process import program, wait_until

TABLES = 2000
WIDE_ROWS = 120
WIDE_BYTES = 64000
CROWD = 1000000
PAUSE_MS = 300


@pytest.fixture(scope="module")
def servers(tmp_path_factory, database_server):
    """A database server with TLS and a Redis, which may be frozen."""
    if not database_server.restartable:
        pytest.skip("ROWD_TEST_DATABASE_URL names a server that is not ours to stop")
    directory = tmp_path_factory.mktemp("held")
    certificate, key = make_certificate(directory, "server")
    world = World(directory, database_server)
    server = OwnServer(directory / "database", f"--ssl-cert={certificate}", f"--ssl-key={key}")
    world.opened.append(server)
    database = server.create_database()
    database.create_example_tables()
    database.script("CREATE USER 'tcp'@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO 'tcp'@'%';\n"
                    "CREATE USER 'tcp'@'localhost' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO 'tcp'@'localhost';\n"
                    "CREATE TABLE wide (id INT PRIMARY KEY AUTO_INCREMENT, body LONGTEXT);\n")
    database.query("INSERT INTO wide (body) SELECT REPEAT('x', %s) FROM seq_1_to_%s", (WIDE_BYTES, WIDE_ROWS))
    yield database, world.redis()
    world.close()


# What happens at the database's connections is played in each of the ways, the rest in two that have nothing in common.
two_ways = pytest.mark.parametrize("stage", ["tls-tcp", "plain-socket"], indirect=True)


@pytest.fixture(params=list(WAYS))
def stage(request, world, servers):
    database, redis_server = servers
    redis_server.client().flushall()
    stage = Stage(world, request.param, database, redis_server)
    yield stage
    stage.close()


def crowd(stage, count=20000):
    """Enough to keep all connections busy for a while."""
    load = Load(stage.redis_server, count)
    load.push()
    wait_until(lambda: stage.redis.llen(load.reply_list) > 0, "the first reply")
    return load


@best_of_three
def test_the_database_is_silent_while_its_connections_are_idle(stage):
    """Pings go unanswered, connections are given up, others are opened in vain."""
    stage.start()
    crowd(stage).take(20000)
    with stage.freeze_database():
        stage.wait_event("database.lost")
        stage.wait_event("database.refused")
        stage.wait_renewals(1)
    stage.wait_well()
    stage.stop()


@best_of_three
def test_the_database_is_silent_in_the_middle_of_statements(stage):
    stage.start()
    load = crowd(stage)
    with stage.freeze_database():
        stage.wait_event("database.lost")
        stage.wait_turns(3)
    stage.wait_well()
    stage.redis.delete(load.queue)
    stage.stop()


@best_of_three
def test_the_database_is_silent_in_commit(stage):
    stage.start()
    blocker = stage.database.connect()
    with blocker.cursor() as cursor:
        for step in ("START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT"):
            cursor.execute(f"BACKUP STAGE {step}")
        stage.client.push({"op": "create", "table": "animals", "values": {"species": "c"}, "reply_list": "rowd:reply:c"})
        wait_until(lambda: stage.database.query(
            "SELECT 1 FROM information_schema.processlist WHERE info = 'COMMIT' AND state LIKE '%%backup%%'"),
            "the COMMIT to wait")
        with stage.freeze_database():
            stage.wait_event("database.lost")
            stage.wait_renewals(1)
        cursor.execute("BACKUP STAGE END")
    blocker.close()
    stage.client.take("rowd:reply:c")
    stage.wait_well()
    stage.stop()


@best_of_three
def test_the_database_is_silent_while_connections_are_opened(stage):
    """All of rowd's are killed; the tables are to be read too, so that two threads wait for a connection."""
    stage.start()
    connection = stage.database.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'tcp'")
        victims = [row[0] for row in cursor.fetchall()]
        for victim in victims:
            kill_connection(cursor.execute, victim)
        with stage.freeze_database():
            stage.wait_event("database.lost")
            stage.wait_turns(2)
            stage.wait_event("database.refused")
            stage.wait_renewals(1)
    connection.close()
    stage.wait_well()
    stage.stop()


def stream_large_results(stage, count, **fields):
    """The database falls silent in the midst of so many results of 7.7 MB each, and goes on."""
    commands = [{"op": "read", "table": "wide", "where": {"id": {"gt": -number}}, "limit": WIDE_ROWS, **fields}
                for number in range(count)]
    pushed = Bulk(stage.redis).push(commands)
    wait_until(lambda: pushed.arrived() > 0, "the first reply")
    with stage.freeze_database():
        stage.wait_event("database.lost")
        stage.wait_turns(2)
    wait_until(lambda: pushed.arrived() >= len(commands), "the replies")
    stage.redis.delete(pushed.reply_list)
    stage.stop()


@best_of_three
def test_the_database_is_silent_while_large_results_stream(stage):
    stage.start()
    stream_large_results(stage, 30)


@two_ways
@best_of_three
def test_the_database_is_silent_while_large_results_stream_to_two_places(stage):
    stage.start()
    stream_large_results(stage, 30, reply_to="rowd:reply:nobody")


@two_ways
@best_of_three
def test_the_database_is_silent_while_large_results_stream_on_many_connections(stage):
    stage.start(database_connections=64)
    stream_large_results(stage, 100)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@best_of_three
def test_the_database_is_silent_at_the_end(stage, busy):
    """The drain ends without it, and closing the connections waits for nobody."""
    stage.start()
    load = crowd(stage)
    if not busy:
        load.take(20000)
    with stage.freeze_database():
        stage.stop()
    stage.redis.delete(load.queue)


@best_of_three
def test_the_end_comes_while_threads_wait_for_the_database(stage):
    """One connects, one reads the tables: both are left behind."""
    stage.start(database_connect_timeout_ms=60000, database_idle_ping_s=60, database_statement_timeout_ms=60000)
    with stage.freeze_database():
        stage.wait_turns(1)
        stage.client.push({"op": "create", "table": "animals", "values": {"species": "e"}})
        stage.wait_renewals(1)
        stage.stop()
    assert "rowd.abandoned" in stage.rowd.log()


@two_ways
@best_of_three
def test_redis_is_silent_while_nothing_is_to_be_done(stage):
    stage.start()
    with stage.freeze_redis():
        stage.wait_event("redis.lost")
        stage.wait_turns(3)
    stage.wait_well()
    stage.stop()


@two_ways
@best_of_three
def test_redis_is_silent_under_load(stage):
    stage.start()
    load = crowd(stage)
    with stage.freeze_redis():
        stage.wait_event("redis.lost")
        stage.wait_turns(3)
    stage.wait_well()
    stage.redis.delete(load.queue)
    stage.stop()


@two_ways
@best_of_three
def test_redis_is_silent_while_large_replies_leave(stage):
    stage.start()
    pushed = Bulk(stage.redis).push([{"op": "read", "table": "wide", "where": {"id": {"gt": -number}},
                                      "limit": WIDE_ROWS} for number in range(30)])
    wait_until(lambda: pushed.arrived() > 0, "the first reply")
    with stage.freeze_redis():
        stage.wait_event("redis.lost")
        stage.wait_turns(2)
    wait_until(lambda: pushed.arrived() >= 30, "the replies")
    stage.stop()


@two_ways
@best_of_three
def test_redis_is_silent_at_the_end(stage):
    stage.start()
    load = crowd(stage)
    with stage.freeze_redis():
        stage.stop()
    stage.redis.delete(load.queue)


@two_ways
@best_of_three
def test_both_are_silent_at_the_end(stage):
    stage.start()
    load = crowd(stage)
    with stage.freeze_database(), stage.freeze_redis():
        stage.wait_turns(2)
        stage.stop()
    stage.redis.delete(load.queue)


@two_ways
@best_of_three
def test_a_million_commands_wait(stage):
    stage.start()
    command = msgpack.packb({"op": "create", "table": "animals", "values": {"species": "m"}})
    stage.redis.set("{rowd:commands}:paused", 1)
    for _ in range(CROWD // 10000):
        stage.redis.lpush("rowd:commands", *[command] * 10000)
    stage.redis.delete("{rowd:commands}:paused")
    wait_until(lambda: stage.redis.llen("rowd:commands") < CROWD - 20000, "the first of them to be done")
    with stage.freeze_database():
        stage.wait_event("database.lost")
        stage.wait_turns(2)
        for _ in range(3):
            subprocess.run([program("rowctl"), "status", "--redis", stage.redis_server.url], check=True,
                           capture_output=True)
    stage.redis.delete("rowd:commands")
    stage.wait_well()
    stage.stop()


@best_of_three
def test_messages_as_large_as_they_may_be(stage):
    stage.start()
    body = "x" * (1000 * 1000)
    pushed = Bulk(stage.redis).push([{"op": "create", "table": "wide", "values": {"body": body}, "return": True}
                                     for _ in range(30)])
    wait_until(lambda: pushed.arrived() > 0, "the first reply")
    with stage.freeze_database():
        stage.wait_event("database.lost")
        stage.wait_renewals(1)
    wait_until(lambda: pushed.arrived() >= 30, "the replies")
    stage.database.query("DELETE FROM wide WHERE LENGTH(body) > %s", (WIDE_BYTES,))
    stage.stop()


@pytest.fixture(scope="module")
def many_tables(servers):
    """2,000 tables in a database of their own."""
    server = servers[0].server
    database = server.create_database()
    database.create_example_tables()
    connection = database.connect()
    with connection.cursor() as cursor:
        for number in range(TABLES):
            cursor.execute(f"CREATE TABLE t{number} (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b VARCHAR(20), "
                           "c DATETIME, UNIQUE KEY (a)) ENGINE = InnoDB")
    connection.close()
    return database


@two_ways
@best_of_three
def test_two_thousand_tables_are_read_again_and_again(stage, many_tables):
    """While commands name tables that are not there: each of them is looked at again with each catalog."""
    stage.database = many_tables
    stage.start(database_connect_timeout_ms=5000, database_statement_timeout_ms=30000)
    commands = [{"op": "create", "table": f"t{number % TABLES}", "values": {"a": number}} for number in range(20000)]
    commands += [{"op": "read", "table": f"u{number}", "where": {"id": 1}} for number in range(4000)]
    pushed = Bulk(stage.redis).push(commands)
    wait_until(lambda: pushed.arrived() > 0, "the first reply")
    for _ in range(3):
        stage.wait_turns(1)
    wait_until(lambda: pushed.arrived() == len(commands), "the replies", timeout_s=60)
    stage.stop()


@two_ways
@best_of_three
def test_nobody_reads_the_log(stage):
    """A pipe that is full: what does not fit is dropped, and told as soon as somebody reads again."""
    with stage.start_with_pipe(log_level="debug") as (process, pipe):
        load = crowd(stage)
        load.take(20000)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(pipe))
        reader.start()
        wait_until(lambda: any(" log.dropped " in line for line in list(lines)), "the loss to be told")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        reader.join()
    log = "".join(lines)
    dropped = sum(fields(line)["lines"] for line in lines_of(log, "log.dropped"))
    assert len(lines_of(log, "command.done")) + dropped >= 20000
    stage.check(log)


@pytest.mark.parametrize("stage", ["tls-tcp"], indirect=True)
@best_of_three
def test_the_service_manager_is_silent(stage):
    """Its socket is full: it is told later that rowd is ready, and nobody waits for it."""
    path = stage.world.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        manager.bind(str(path))
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                other.sendto(b"X", str(path))
        stage.start(variables={"NOTIFY_SOCKET": str(path)})
        crowd(stage).take(20000)
        manager.settimeout(30)
        messages = []
        while b"READY=1" not in messages:
            messages.append(manager.recv(4096))
        stage.stop()


@pytest.mark.parametrize("stage", ["tls-tcp"], indirect=True)
def test_a_turn_that_was_long_is_told(stage):
    """The proof that the tests above can fail: a rowd that is stopped in the middle of its work says so."""
    stage.start()
    load = crowd(stage, 200000)

    def stopped_in_a_turn():
        stage.rowd.process.freeze()
        threading.Event().wait(PAUSE_MS / 1000)  # it is this stretch of time that has to be seen
        stage.rowd.process.send(signal.SIGCONT)
        return any(fields(line)["wall_ms"] >= PAUSE_MS for line in lines_of(stage.rowd.log(), "loop.held"))

    wait_until(stopped_in_a_turn, "the long turn to be told")
    stage.redis.delete(load.queue)
    assert stage.rowd.terminate() == 0
    with pytest.raises(AssertionError, match="the loop was held"):
        stage.check(stage.rowd.log())
    assert fields(lines_of(stage.rowd.log(), "rowd.stopped")[0])["longest_turn_ms"] >= PAUSE_MS
