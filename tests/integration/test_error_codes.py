"""Every error code that this version can answer, once in each codec, with all that the reply says beside it."""

import json

import pytest

from support import contract
from support.client import Client
from support.process import wait_until

# Of ops and fields that are still to come.
LATER = {"MAX_AFFECTED", "CONFLICT", "DEADLINE_EXCEEDED"}
# Tests of their own: below, in test_limits_database.py, test_policy.py, test_once.py, and in tests/unit (no memory).
ELSEWHERE = {"UNAVAILABLE", "TIMEOUT", "POISON", "FORBIDDEN", "INTERNAL", "ID_REUSED"}

SECRET = "a row's own business"
SIGNALS = {1: ("45000", 1644), 2: ("40001", 1213), 3: ("HY000", 1205)}


def with_tables(database):
    """Triggers that say what is hard to bring about: an error of their own, a deadlock, a lock that is not granted."""
    database.script(
        "CREATE TABLE keyed (id INT PRIMARY KEY, name VARCHAR(40) UNIQUE, small TINYINT, short VARCHAR(3), "
        "must INT NOT NULL DEFAULT 1, CONSTRAINT positive CHECK (must > 0)) CHARACTER SET utf8mb4;\n"
        "CREATE TABLE leaf (id INT PRIMARY KEY, root INT, CONSTRAINT of_root FOREIGN KEY (root) REFERENCES keyed (id));\n"
        "CREATE TABLE mood (id INT PRIMARY KEY);\n"
        "CREATE TRIGGER moody BEFORE INSERT ON mood FOR EACH ROW BEGIN " + "".join(
            f"IF NEW.id = {number} THEN SIGNAL SQLSTATE '{state}' SET MYSQL_ERRNO = {errno}, "
            f"MESSAGE_TEXT = 'INSERT INTO {SECRET[:5]} secret'; END IF; "
            for number, (state, errno) in SIGNALS.items()) + "END")
    database.query("INSERT INTO keyed (id, name) VALUES (1, %s)", (SECRET,))


# code: op, fields, errno, sqlstate, at
CASES = [
    ("BAD_MESSAGE", "ping", {"meta": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}, None, None, None),
    ("UNKNOWN_OP", "frobnicate", {}, None, None, None),
    ("UNKNOWN_FIELD", "count", {"table": "keyed", "colour": 1}, None, None, None),
    ("MISSING_FIELD", "update", {"table": "keyed", "pk": 1}, None, None, None),
    ("BAD_VALUE", "create", {"table": "keyed", "values": {"id": "seven"}}, None, None, {"column": "id"}),
    ("UNKNOWN_TABLE", "read", {"table": "keys"}, None, None, None),
    ("UNKNOWN_COLUMN", "read", {"table": "keyed", "where": {"nam": 1}}, None, None, {"column": "nam"}),
    ("WHERE_REQUIRED", "delete", {"table": "keyed"}, None, None, None),
    ("TOO_LARGE", "create", {"table": "keyed", "values": {"name": "x" * (1 << 20)}}, None, None, None),
    ("NOT_FOUND", "read", {"table": "keyed", "pk": 99, "required": True}, None, None, None),
    ("UNIQUE_VIOLATION", "create", {"table": "keyed", "values": {"id": 1}}, 1062, "23000",
     {"constraint": "PRIMARY", "column": "id"}),
    ("UNIQUE_VIOLATION", "create", {"table": "keyed", "values": [{"id": 5}, {"id": 6, "name": SECRET}]}, 1062, "23000",
     {"constraint": "name", "column": "name", "row": 1}),
    ("FOREIGN_KEY_VIOLATION", "create", {"table": "leaf", "values": {"id": 1, "root": 7}}, 1452, "23000",
     {"constraint": "of_root", "column": "root"}),
    ("NOT_NULL_VIOLATION", "update", {"table": "keyed", "pk": 1, "set": {"must": None}}, None, None, {"column": "must"}),
    ("CHECK_VIOLATION", "update", {"table": "keyed", "pk": 1, "set": {"must": -1}}, (4025, 3819), None,
     {"constraint": "positive"}),
    ("OUT_OF_RANGE", "create", {"table": "keyed", "values": {"id": 3, "small": 128}}, None, None, {"column": "small"}),
    ("DATA_TOO_LONG", "create", {"table": "keyed", "values": {"id": 3, "short": "four"}}, None, None,
     {"column": "short"}),
    ("SQL_ERROR", "create", {"table": "mood", "values": {"id": 1}}, 1644, "45000", None),
    ("DEADLOCK", "create", {"table": "mood", "values": {"id": 2}}, 1213, "40001", None),
    ("LOCK_TIMEOUT", "create", {"table": "mood", "values": {"id": 3}}, 1205, "HY000", None),
]


def test_every_code_has_a_test():
    assert {case[0] for case in CASES} | LATER | ELSEWHERE == set(contract.ERRORS)


@pytest.fixture(scope="module")
def stage(tmp_path_factory, redis_server, database_server):
    from support.rowd_process import Rowd  # noqa: PLC0415
    database = database_server.create_database()
    with_tables(database)
    rowd = Rowd(tmp_path_factory.mktemp("codes"), database.url, redis_server, queue="codes",
                arguments=_one_queue(tmp_path_factory))
    yield database, redis_server.client(), rowd
    rowd.close()
    database_server.drop_database(database)


def _one_queue(tmp_path_factory):
    path = tmp_path_factory.mktemp("configuration") / "rowd.conf"
    path.write_text('[queue "codes"]\n', encoding="utf-8")
    return ["-c", str(path)]


@pytest.mark.parametrize("code, op, fields, errno, sqlstate, at", CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_code(stage, codec, code, op, fields, errno, sqlstate, at):
    database, redis, _ = stage
    before = database.query("SELECT * FROM keyed"), database.query("SELECT * FROM leaf, mood")
    error = Client(redis, codec, queue="codes").call(op, check=False, **fields)["error"]
    assert error["code"] == code  # status and retryable: contract.check_reply
    if errno is not None:
        assert error["errno"] in (errno if isinstance(errno, tuple) else (errno,))
    if sqlstate is not None:
        assert error["sqlstate"] == sqlstate
    if at is not None:
        assert at.items() <= error["at"].items()
    text = json.dumps({name: value for name, value in error.items() if name != "at"})
    for banned in (SECRET, "secret", "INSERT", "UPDATE", "SELECT", "VALUES", database.name):
        assert banned not in text, "never another row's data, never the SQL"
    assert before == (database.query("SELECT * FROM keyed"), database.query("SELECT * FROM leaf, mood"))


def test_unavailable_is_what_a_ping_is_told(world):
    """A command waits for the database; a ping that asks for it does not."""
    server, redis_server = world.database_server(), world.redis()
    world.rowd(world.database(server), redis_server, database_connections=1)
    client = Client(redis_server.client())
    server.process.freeze()
    for number in range(3):
        client.push({"op": "ping", "id": number, "db": True, "reply_list": "rowd:reply:db"})
    client.push({"op": "count", "id": "later", "table": "animals", "reply_list": "rowd:reply:later"})
    worker = client.redis.zrange("{rowd:commands}:workers", 0, -1)[0].decode()
    wait_until(lambda: client.redis.hlen("{rowd:commands}:inflight:" + worker) == 4, "the claims")
    assert client.ok("ping"), "without db it is answered all the same"
    server.kill()
    error = client.take("rowd:reply:db")["error"]
    assert error["code"] == "UNAVAILABLE" and error["retryable"] and "errno" not in error
    server.start()
    assert client.take("rowd:reply:later")["value"] == 0
