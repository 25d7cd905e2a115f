"""Limits of the database's side: how long a packet, how long a statement may take, and what a KILL means."""

import pytest

from support.client import Client
from support.database_server import kill_connection
from support.process import UNDER_ASAN, wait_until

MIB = 1 << 20


def configuration(world, text):
    path = world.directory / "rowd.conf"
    path.write_text(text, encoding="utf-8")
    return ["-c", str(path)]


class Stage:
    """A server whose max_allowed_packet the test may change, one rowd with one connection, and a table of texts."""

    def __init__(self, world, packet_bytes, **options):
        self.server = world.database_server()
        self.database = world.database(self.server)
        self.redis_server = world.redis()
        self.set_packet_bytes(packet_bytes)
        self.database.query("CREATE TABLE note (id INT PRIMARY KEY AUTO_INCREMENT, body LONGTEXT) "
                            "CHARACTER SET utf8mb4")
        self.rowd = world.rowd(self.database, self.redis_server, database_connections=1, **options)

    def set_packet_bytes(self, size):
        """Of sessions that are opened from now on."""
        self.database.query("SET GLOBAL max_allowed_packet = %s", (size,))

    def client(self, codec="msgpack"):
        return Client(self.redis_server.client(), codec)

    def kill_connection_of_rowd(self):
        for number in rowd_connections(self.database):
            kill_connection(self.database.query, number)


def rowd_connections(database):
    return [row[0] for row in database.query(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")]


def statement_is_running(database, text):
    rows = database.query("SELECT id FROM information_schema.processlist WHERE info LIKE %s AND id <> CONNECTION_ID()",
                          (text,))
    return rows[0][0] if rows else None


def fits(client, size):
    reply = client.call("create", table="note", values={"body": "x" * size}, returning=False)
    assert reply["ok"] or reply["error"]["code"] == "TOO_LARGE", reply
    return reply["ok"]


# --- max_allowed_packet -----------------------------------------------------------------------------------------------

def test_a_statement_at_max_allowed_packet_and_one_byte_above(world):
    stage = Stage(world, MIB, limits_message_bytes=4 * MIB)
    for codec in ("msgpack", "json"):
        client = stage.client(codec)
        low, high = MIB - 1000, MIB
        assert fits(client, low) and not fits(client, high)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(client, middle) else (low, middle)
        assert fits(client, low) and not fits(client, low + 1)
        text = f"INSERT INTO `note` (`body`) VALUES ('{'x' * low}')"
        assert MIB - 40 < len(text) < MIB, "rowd takes no more room than the protocol does"
        error = client.fails("TOO_LARGE", "create", table="note", values={"body": "x" * (low + 1)}, returning=False)
        assert "errno" not in error and error["hint"]
    assert "database.lost" not in stage.rowd.log(), "it was decided before it was sent"


@pytest.mark.parametrize("op, fields", [
    ("update", {"pk": 1, "set": {"body": "x" * MIB}}),
    ("update", {"where": {"body": "x" * MIB}, "set": {"body": "y"}}),
    ("read", {"where": {"body": {"in": ["x" * (MIB // 2), "y" * (MIB // 2)]}}}),
    ("count", {"where": {"or": [{"body": "x" * (MIB // 2)}, {"body": "y" * (MIB // 2)}]}}),
    ("delete", {"where": {"body": {"ne": "x" * MIB}}}),
    ("create", {"values": [{"body": "x" * 1000}] * 1100}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_long_statement_of_every_op(world, op, fields):
    stage = Stage(world, MIB, limits_message_bytes=4 * MIB)
    client = stage.client()
    client.ok("create", table="note", values={"id": 1, "body": "old"})
    client.fails("TOO_LARGE", op, table="note", **fields)
    assert stage.database.query("SELECT id, body FROM note") == [(1, "old")]
    assert "database.lost" not in stage.rowd.log()


def test_max_allowed_packet_lowered_while_running(world):
    """A session keeps the limit that it was opened with: the next one has the new one, whatever the catalog says."""
    stage = Stage(world, 4 * MIB)
    client = stage.client()
    assert fits(client, 900000)
    stage.set_packet_bytes(MIB // 2)
    assert fits(client, 900000)
    stage.kill_connection_of_rowd()
    wait_until(lambda: client.call("ping", db=True)["ok"] and rowd_connections(stage.database), "the next connection")
    assert not fits(client, 900000) and fits(client, 400000)
    error = client.fails("TOO_LARGE", "create", table="note", values=[{"body": "x" * 300000}] * 3)
    assert error["hint"] == "send less at a time"
    assert stage.rowd.log().count("database.lost") <= 1


def test_a_row_that_is_too_large_to_be_read(world):
    """Whatever its size it is told at once, touches no neighbour, and its memory is not kept."""
    stage = Stage(world, 256 * MIB)
    stage.database.query("INSERT INTO note VALUES (1, REPEAT('x', %s)), (2, 'small')", (65 * MIB,))
    client = stage.client()
    for number in range(20):
        client.push({"op": "read", "id": number, "table": "note", "pk": 2 - (number == 10),
                     "reply_list": "rowd:reply:row"})
    replies = {reply["id"]: reply for reply in (client.take("rowd:reply:row", 60) for _ in range(20))}
    assert {number for number in replies if replies[number]["ok"]} == set(range(20)) - {10}
    error = replies[10]["error"]
    assert error["code"] == "TOO_LARGE" and error["hint"] and "errno" not in error
    assert client.ok("read", table="note", pk=1, select=["id"])["row"] == {"id": 1}
    assert client.ok("update", table="note", pk=1, set={"body": "small"}, returning=["id"])["affected"] == 1
    assert "database.lost" not in stage.rowd.log()
    wait_until(lambda: stage.rowd.memory_bytes() < 64 * MIB or UNDER_ASAN, "the memory to be given back")


# --- time -------------------------------------------------------------------------------------------------------------

def make_slow_tables(database, seconds):
    """A table whose updates take so long, and a view that takes for ever."""
    database.script(
        "CREATE TABLE slow (id INT PRIMARY KEY, v INT);\nINSERT INTO slow VALUES (1, 1);\n"
        f"CREATE TRIGGER sleepy BEFORE UPDATE ON slow FOR EACH ROW SET NEW.v = NEW.v + SLEEP({seconds});\n"
        "CREATE TABLE digit (d INT PRIMARY KEY);\n"
        "INSERT INTO digit VALUES " + ", ".join(f"({n})" for n in range(300)) + ";\n"
        "CREATE VIEW endless AS SELECT COUNT(*) AS n FROM digit a, digit b, digit c, digit d, digit e "
        "WHERE a.d + b.d + c.d + d.d + e.d = 3")


def test_a_queue_has_a_statement_timeout_of_its_own(world):
    database, redis_server = world.database(), world.redis()
    make_slow_tables(database, 1.5)
    arguments = configuration(world, '[queue "patient"]\n[queue "hasty"]\nstatement_timeout_ms = 300\n')
    rowd = world.rowd(database, redis_server, arguments=arguments, queue="patient", database_connections=1)
    redis = redis_server.client()
    patient = Client(redis, queue="patient")
    for codec in ("msgpack", "json"):  # in turns, on one connection
        hasty = Client(redis, codec, queue="hasty")
        error = hasty.fails("TIMEOUT", "read", table="endless")
        assert error["status"] == "DEADLINE_EXCEEDED" and not error["retryable"] and error["errno"]
        hasty.fails("TIMEOUT", "update", table="slow", pk=1, set={"v": 5})
        assert database.query("SELECT v FROM slow") == [(1,)], "nothing took effect"
        assert patient.ok("update", table="slow", pk=1, set={"v": 1})["row"]["v"] == 1
        assert patient.ok("read", table="slow", pk=1)["row"]["v"] == 1
    assert not statement_is_running(database, "%%endless%%")
    assert "database.refused" not in rowd.log()


def test_queues_of_different_timeouts_share_no_transaction(world):
    """Each statement has its own queue's limit, however they are mixed."""
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[queue "a"]\n[queue "b"]\nstatement_timeout_ms = 5s\n[queue "c"]\n')
    world.rowd(database, redis_server, arguments=arguments, queue="a", database_connections=2)
    clients = [Client(redis_server.client(), queue=name) for name in "abc"]
    for number in range(300):
        clients[number % 3].push({"op": "create", "id": number, "table": "animals", "values": {"species": "x"},
                                  "reply_list": "rowd:reply:mixed"})
    assert {clients[0].take("rowd:reply:mixed")["id"] for _ in range(300)} == set(range(300))
    assert database.query("SELECT COUNT(*) FROM animals") == [(300,)]


# --- an administrator's KILL ------------------------------------------------------------------------------------------

def start_slow_update(world, **options):
    database, redis_server = world.database(), world.redis()
    make_slow_tables(database, 20)
    rowd = world.rowd(database, redis_server, database_connections=1, **options)
    client = Client(redis_server.client())
    client.push({"op": "update", "id": 9, "table": "slow", "pk": 1, "set": {"v": 5}, "reply_list": "rowd:reply:slow"})
    return database, rowd, client


def running_update(database):
    return wait_until(lambda: statement_is_running(database, "UPDATE `slow`%%"), "the statement")


def test_kill_query_ends_the_command(world):
    """Somebody has stopped the statement: it is not run again."""
    database, rowd, client = start_slow_update(world)
    database.query(f"KILL QUERY {running_update(database)}")
    error = client.take("rowd:reply:slow")["error"]
    assert error["code"] == "TIMEOUT" and error["errno"] == 1317 and not error["retryable"]
    assert database.query("SELECT v FROM slow") == [(1,)]
    assert client.ok("read", table="slow", pk=1)["row"]["v"] == 1
    rowd.check_alive()


def test_kill_connection_runs_the_command_again(world):
    """A lost connection is nothing that a command is told: it is run again."""
    database, rowd, client = start_slow_update(world)
    killed = running_update(database)
    database.query(f"KILL CONNECTION {killed}")
    assert wait_until(lambda: (number := statement_is_running(database, "UPDATE `slow`%%")) != killed and number,
                      "the second run")
    database.query(f"KILL QUERY {running_update(database)}")
    assert client.take("rowd:reply:slow")["error"]["code"] == "TIMEOUT"
    assert rowd.log().count("database.lost") == 1


def test_who_kills_a_command_six_times_means_it(world):
    database, rowd, client = start_slow_update(world)
    killed = set()

    def killed_once_more():
        number = statement_is_running(database, "UPDATE `slow`%%")
        if number and number not in killed:
            killed.add(number)
            database.query(f"KILL CONNECTION {number}")
        return len(killed) == 6

    wait_until(killed_once_more, "six kills", timeout_s=120)
    error = client.take("rowd:reply:slow")["error"]
    assert error["code"] == "POISON" and error["status"] == "INTERNAL" and not error["retryable"]
    assert database.query("SELECT v FROM slow") == [(1,)]
    assert client.ok("read", table="slow", pk=1)["row"]["v"] == 1
