"""Tables whose engine takes nothing back: what is promised about them, and how it is told."""

import re
import signal

import pytest

from support.client import Client
from support.process import wait_until

HINT = "the table is not transactional: a part of the command may have taken effect"
TABLES = """
CREATE TABLE loose (id INT NOT NULL PRIMARY KEY, n INT NULL, CONSTRAINT small CHECK (n < 10)) ENGINE = MyISAM;
CREATE TABLE fleeting (id INT NOT NULL PRIMARY KEY) ENGINE = MEMORY;
CREATE TABLE watched (id INT NOT NULL PRIMARY KEY) ENGINE = InnoDB;
CREATE TABLE noted (id INT NOT NULL PRIMARY KEY) ENGINE = InnoDB;
CREATE TRIGGER watch AFTER INSERT ON watched FOR EACH ROW INSERT INTO noted (id) VALUES (NEW.id);
CREATE VIEW seen AS SELECT id FROM loose;
"""


def events(rowd):
    return re.findall(r"catalog\.not_transactional .*", rowd.log())


@pytest.fixture
def database(world):
    database = world.database()
    database.script(TABLES)
    return database


def test_they_are_named_at_the_start_and_in_info(world, database, database_server):
    names = ["fleeting", "loose"]
    if database_server.is_mariadb():
        database.script("CREATE TABLE airy (id INT NOT NULL PRIMARY KEY) ENGINE = Aria;\n")
        names.insert(0, "airy")
    redis_server = world.redis()
    configuration = world.directory / "rowd.conf"
    configuration.write_text('[queue "all"]\n[queue "some"]\ntables = loose, animals\n[queue "none"]\ntables = animals\n')
    rowd = world.rowd(database, redis_server, arguments=["-c", str(configuration)], queue="all")

    def named(queue):
        return Client(redis_server.client(), queue=queue).ok("info")["row"]["not_transactional"]

    assert named("all") == names
    assert named("some") == ["loose"]
    assert named("none") == []
    assert len(events(rowd)) == 1
    assert f"tables={len(names)}" in events(rowd)[0] and ", ".join(names) in events(rowd)[0]


def test_they_are_named_again_when_they_are_others(world, database):
    redis_server = world.redis()
    rowd = world.rowd(database, redis_server, log_level="debug")
    assert len(events(rowd)) == 1
    read = rowd.log().count("catalog.read")
    rowd.process.send(signal.SIGHUP)
    wait_until(lambda: rowd.log().count("catalog.read") > read, "the tables to be read again")
    assert len(events(rowd)) == 1
    database.script("ALTER TABLE fleeting ENGINE = InnoDB;\n")
    rowd.process.send(signal.SIGHUP)
    wait_until(lambda: len(events(rowd)) == 2, "the tables to be named again")
    assert "fleeting" not in events(rowd)[1] and "loose" in events(rowd)[1]


def test_a_failure_says_what_it_may_have_left(world, database):
    redis_server = world.redis()
    world.rowd(database, redis_server)
    client = Client(redis_server.client())
    client.ok("create", table="loose", values=[{"id": 1, "n": 1}, {"id": 2, "n": 2}])
    error = client.fails("UNIQUE_VIOLATION", "create", table="loose", values=[{"id": 3}, {"id": 1}])
    assert HINT in error["hint"]
    assert database.query("SELECT COUNT(*) FROM loose WHERE id = 3") in ([(0,)], [(1,)])
    error = client.fails("CHECK_VIOLATION", "update", table="loose", where={"id": {"ge": 1}}, set={"n": 10})
    assert HINT in error["hint"]
    # One row is written or not; and before anything is sent, nothing is done.
    assert HINT not in client.fails("UNIQUE_VIOLATION", "create", table="loose", values={"id": 1}).get("hint", "")
    assert HINT not in client.fails("UNKNOWN_COLUMN", "update", table="loose", where={"id": 1}, set={"m": 1}).get("hint", "")
    assert HINT not in client.fails("UNIQUE_VIOLATION", "create", table="animals",
                                    values=[{"id": 1, "species": "a"}, {"id": 1, "species": "b"}]).get("hint", "")


def transactions(log):
    """The statements of each transaction, as the echo of the only connection tells them."""
    found, open_one = [], []
    for quoted, bare in re.findall(r'database\.statement sql=(?:"((?:[^"\\]|\\.)*)"|(\S+))', log):
        if (quoted or bare) in ("COMMIT", "ROLLBACK"):
            found.append(open_one)
            open_one = []
        else:
            open_one.append(quoted or bare)
    return found


def test_writes_to_them_and_to_what_triggers_watch_share_no_transaction(world, database):
    """A trigger may write to anything. (MySQL with GTIDs refuses that both kinds of tables change in one statement.)"""
    redis_server = world.redis()
    rowd = world.rowd(database, redis_server, database_echo="on", database_connections=1)
    client = Client(redis_server.client())
    client.redis.set("{rowd:commands}:paused", "1")
    for number in range(20):
        for table, values in [("animals", {"species": "a"}), ("loose", {"id": number}),
                              ("watched", {"id": number})]:
            client.push({"op": "create", "table": table, "values": values, "returning": False,
                         "reply_list": "rowd:reply:crowd"})
    client.redis.delete("{rowd:commands}:paused")
    replies = [client.take("rowd:reply:crowd") for _ in range(60)]
    assert not [reply for reply in replies if not reply["ok"]]
    for table in ("animals", "loose", "noted"):
        assert database.query(f"SELECT COUNT(*) FROM {table}") == [(20,)]
    alone = [statements for statements in transactions(rowd.log())
             if any("`loose`" in text or "`watched`" in text for text in statements)]
    assert len(alone) == 40
    for statements in alone:
        inserts = [text for text in statements if text.startswith("INSERT")]
        assert len(inserts) == 1, statements


def test_trouble_with_rowds_own_tables_repeats_no_write_to_them(world, database):
    """It could not be undone: done again for each try, it would be there many times."""
    redis_server = world.redis()
    rowd = world.rowd(database, redis_server)
    client = Client(redis_server.client())
    client.ok("create", table="loose", values={"id": 1, "n": 1})
    database.script("CREATE TRIGGER refuse BEFORE UPDATE ON rowd_slots FOR EACH ROW SIGNAL SQLSTATE '45000';\n")
    assert client.ok("update", table="loose", pk=1, set={"n": {"inc": 1}})["row"]["n"] == 2
    wait_until(lambda: "database.own_tables_failed" in rowd.log(), "rowd to say so")
    assert database.query("SELECT n FROM loose WHERE id = 1") == [(2,)]
