"""Every error code of this version, with what the reply says beside it."""

import json
import secrets

import msgpack
import pytest

from support.client import Client
from support.process import ROOT, wait_until


def test_unknown_op(client):
    error = client.fails("UNKNOWN_OP", "craete", table="animals")
    assert "create" in error["hint"]
    client.fails("UNKNOWN_OP", "explode")


@pytest.mark.parametrize("op", ["aggregate", "sql", "tx"])
def test_ops_of_later_versions(client, op):
    assert client.fails("UNKNOWN_OP", op, table="animals")["hint"] == "not in this version"


LATER_FIELDS = [
    ("ping", {"lane": "a"}), ("ping", {"not_before": 1}), ("ping", {"deadline": 2**42}),
    ("ping", {"timeout_ms": 5000}), ("read", {"dry_run": True}), ("read", {"distinct": True}), ("read", {"after": "x"}),
    ("read", {"with": {"spot": True}}), ("read", {"format": "arrays"}), ("read", {"stream": 10}),
    ("create", {"values": {"species": "a"}, "on_conflict": "ignore"}), ("delete", {"all": True, "max_affected": 1}),
    ("update", {"pk": 1, "set": {"age": 1}, "if": {"age": 2}}), ("update", {"rows": [{"id": 1, "age": 2}]}),
    ("delete", {"all": True, "limit": 1}),
]


@pytest.mark.parametrize("op, fields", LATER_FIELDS, ids=lambda value: str(value)[:40])
def test_fields_of_later_versions(client, op, fields):
    if op != "ping":
        fields = {"table": "animals", **fields}
    reply = client.call(op, check=False, **fields)
    if not reply["ok"]:
        assert reply["error"]["code"] == "UNKNOWN_FIELD", reply["error"]
        assert reply["error"]["hint"] == "not in this version"


def test_unknown_field_names_the_near_one(client):
    assert "where" in client.fails("UNKNOWN_FIELD", "read", table="animals", wehre={"age": 1})["hint"]
    client.fails("UNKNOWN_FIELD", "ping", table="animals")
    client.fails("UNKNOWN_FIELD", "count", table="animals", limit=1)


def test_missing_field(client):
    assert "table" in client.fails("MISSING_FIELD", "read")["message"]
    assert "values" in client.fails("MISSING_FIELD", "create", table="animals")["message"]
    error = client.call("exists", check=False, table="animals")["error"]
    assert error["code"] in ("MISSING_FIELD", "BAD_VALUE")


def test_unknown_table_names_the_near_one(client):
    assert "animals" in client.fails("UNKNOWN_TABLE", "read", table="animal")["hint"]
    client.fails("UNKNOWN_TABLE", "read", table="ANIMALS")
    client.fails("UNKNOWN_TABLE", "read", table="animals`; DROP TABLE animals; --")
    client.fails("UNKNOWN_TABLE", "read", table="information_schema.tables")
    client.fails("UNKNOWN_TABLE", "read", table="")


WRONG_TYPES = [
    ("read", {"table": 5}), ("read", {"table": "animals", "where": "x"}), ("read", {"table": "animals", "select": "age"}),
    ("read", {"table": "animals", "limit": -1}), ("read", {"table": "animals", "limit": "many"}),
    ("read", {"table": "animals", "first": 1}), ("read", {"table": "animals", "order": "age"}),
    ("create", {"table": "animals", "values": {"species": "a"}, "returning": 5}),
    ("delete", {"table": "animals", "all": "yes"}), ("ping", {"db": 1}),
]


@pytest.mark.parametrize("op, fields", WRONG_TYPES, ids=str)
def test_a_wrong_type(client, op, fields):
    error = client.call(op, check=False, **fields)["error"]
    assert error["code"] in ("BAD_MESSAGE", "BAD_VALUE")
    field = [name for name in fields if name != "table"] or ["table"]
    assert any(name in error["message"] + error.get("hint", "") for name in (*field, *fields))


def test_another_contract_version(client):
    client.fails("BAD_MESSAGE", "ping", v=2)
    assert client.ok("ping", v=1)


def test_bad_envelope(redis, rowd, client):
    for fields in ({"reply_ttl_ms": 0}, {"reply_ttl_ms": 3600001}, {"reply_ttl_ms": "long"}):
        error = client.call("ping", check=False, **fields)["error"]
        assert error["code"] in ("BAD_MESSAGE", "BAD_VALUE")
    for identity in ("", "x" * 129, 1.5, ["a"]):
        raw = client.call_raw({"op": "ping", "id": identity}, check=False)
        reply = json.loads(raw) if client.codec == "json" else msgpack.unpackb(raw, raw=False)
        assert reply["error"]["code"] in ("BAD_MESSAGE", "BAD_VALUE")


def test_too_large(client):
    error = client.fails("TOO_LARGE", "create", table="types", values={"long_body": "x" * (1024 * 1024)})
    assert error["message"]


def test_a_result_that_is_too_large(producer, database):
    database.query("INSERT INTO animals (species) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                   "WHERE i < 999) SELECT 's' FROM n")
    for _ in range(11):
        database.query("INSERT INTO animals (species) SELECT species FROM animals LIMIT 1000")
    error = producer.fails("TOO_LARGE", "read", table="animals")
    assert "limit" in error["hint"]
    assert len(producer.ok("read", table="animals", limit=10000)["rows"]) == 10000


def test_unique_violation(client):
    client.ok("create", table="users", values={"name": "a", "email": "secret@example.org"})
    error = client.fails("UNIQUE_VIOLATION", "create", table="users", values={
        "name": "b", "email": "secret@example.org"})
    assert error["errno"] == 1062 and error["sqlstate"] == "23000"
    assert error["at"]["constraint"] == "users_email"
    assert "secret@example.org" not in error["message"], "never a row's data"


def test_foreign_key_violation(client, producer):
    error = client.fails("FOREIGN_KEY_VIOLATION", "create", table="child", values={"parent_id": 5})
    assert error["at"]["constraint"] == "child_of_parent" and error["errno"] == 1452
    producer.ok("create", table="parent", values={"id": 5})
    client.ok("create", table="child", values={"parent_id": 5})
    error = client.fails("FOREIGN_KEY_VIOLATION", "delete", table="parent", pk=5)
    assert error["errno"] == 1451


def test_not_null_violation(client):
    error = client.fails("NOT_NULL_VIOLATION", "create", table="animals", values={"species": None})
    assert error["at"]["column"] == "species"
    error = client.fails("NOT_NULL_VIOLATION", "create", table="animals", values={"age": 1})
    assert error["at"]["column"] == "species"


def test_check_violation(client, database_server):
    error = client.fails("CHECK_VIOLATION", "create", table="guarded", values={"n": -1})
    assert error["at"]["constraint"] == "n_positive"
    assert error["errno"] == (4025 if database_server.is_mariadb() else 3819)


def test_data_too_long(client):
    error = client.fails("DATA_TOO_LONG", "create", table="guarded", values={"n": 1, "code": "123456"})
    assert error["at"]["column"] == "code"


def test_forbidden_reply_addresses(client, redis):
    reply_list = f"rowd:reply:{secrets.token_hex(4)}"
    client.push({"op": "ping", "id": 1, "reply_to": "elsewhere", "reply_list": reply_list}, check=False)
    reply = client.take(reply_list)
    assert reply["error"]["code"] == "FORBIDDEN" and reply["id"] == 1
    before = redis.llen("{rowd:commands}:dead")
    client.push({"op": "create", "table": "animals", "values": {"species": "x"}, "reply_list": "rowd:commands"},
                check=False)
    wait_until(lambda: redis.llen("{rowd:commands}:dead") > before, "a dead letter")
    assert client.ok("count", table="animals")["value"] == 0, "the command was not run"


def test_forbidden_by_the_database_account(world, database_server):
    if not database_server.restartable:
        pytest.skip("ROWD_TEST_DATABASE_URL: accounts of a foreign server are not ours to make")
    database = world.database()
    redis_server = world.redis()
    database.query("CREATE USER IF NOT EXISTS limited@localhost IDENTIFIED BY ''")
    database.script((ROOT / "schemas" / "tables" / "rowd.sql").read_text(encoding="utf-8"))
    for name in ("rowd_slots", "rowd_commits", "rowd_ledger"):
        database.query(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.{name} TO limited@localhost")
    database.query(f"GRANT SELECT ON `{database.name}`.animals TO limited@localhost")
    database.query(f"GRANT SELECT, INSERT ON `{database.name}`.users TO limited@localhost")
    world.rowd(database, redis_server, database_url=database.url.replace("root@", "limited@"))
    client = Client(redis_server.client())
    client.fails("FORBIDDEN", "create", table="animals", values={"species": "a"})
    client.fails("UNKNOWN_TABLE", "read", table="member")
    assert client.ok("create", table="users", values={"name": "a", "email": "a"}, returning=False)
    assert database.query("SELECT COUNT(*) FROM users") == [(1,)]


def test_a_row_that_somebody_else_holds_is_waited_for(world):
    """Once it is free the write goes through. LOCK_TIMEOUT, when it never is: test_error_codes.py."""
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server)
    client = Client(redis_server.client())
    row = client.ok("create", table="animals", values={"species": "a"})["row"]
    holder = database.connect(autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT * FROM animals WHERE id = %s FOR UPDATE", (row["id"],))
        client.push({"op": "update", "table": "animals", "pk": row["id"], "set": {"age": 5},
                     "reply_list": "rowd:reply:lock"})
        other = client.ok("create", table="users", values={"name": "n", "email": "e"})
        assert other["ok"], "nobody else waits for it"
    holder.rollback()
    holder.close()
    assert client.take("rowd:reply:lock")["row"]["age"] == 5


def test_a_slow_write_is_stopped_on_the_server(world):
    database, redis_server = world.database(), world.redis()
    database.script("CREATE TABLE slow (id INT PRIMARY KEY, v INT);\nINSERT INTO slow VALUES (1, 1);\n"
                    "CREATE TRIGGER sleepy BEFORE UPDATE ON slow FOR EACH ROW SET NEW.v = NEW.v + SLEEP(600)")
    world.rowd(database, redis_server, database_statement_timeout_ms=1000, database_connections=1)
    producer = Client(redis_server.client())
    producer.fails("TIMEOUT", "update", table="slow", pk=1, set={"v": 2})
    running = "SELECT info FROM information_schema.processlist WHERE info LIKE 'UPDATE `slow`%'"
    wait_until(lambda: not database.query(running), "the server to be done with it", timeout_s=10)
    assert database.query("SELECT v FROM slow") == [(1,)]
    # The connection goes on, or another takes its place.
    assert producer.ok("read", table="slow", pk=1)["row"]["v"] == 1


def test_a_new_table_is_found_without_a_restart(producer, database):
    name = f"later_{secrets.token_hex(4)}"
    producer.fails("UNKNOWN_TABLE", "read", table=name)
    database.query(f"CREATE TABLE {name} (id INT PRIMARY KEY)")
    try:
        # The catalog is read at most once per second: the command may have to be sent again, but not for long.
        wait_until(lambda: producer.call("read", table=name)["ok"], "the new table", timeout_s=10)
        database.query(f"ALTER TABLE {name} ADD COLUMN extra INT")
        wait_until(lambda: producer.call("read", table=name, select=["extra"])["ok"], "the new column", timeout_s=10)
    finally:
        database.query(f"DROP TABLE {name}")


def test_a_table_made_anew_while_its_old_columns_are_remembered(world):
    """No error tells that the catalog is old: numbers have become texts, and the key has gone."""
    database, redis_server = world.database(), world.redis()
    database.script("CREATE TABLE t (id INT PRIMARY KEY, v INT);\nINSERT INTO t VALUES (1, 1), (2, 1)")
    world.rowd(database, redis_server)
    for codec in ("msgpack", "json"):
        client = Client(redis_server.client(), codec)
        evil = "0) OR (1=1"
        database.script("DROP TABLE t;\nCREATE TABLE t (id VARCHAR(40) PRIMARY KEY, v INT);\n"
                        f"INSERT INTO t VALUES ('{evil}', 1), ('2', 2)")
        rows = client.ok("update", table="t", where={"v": 1}, set={"v": 5}, returning=True)["rows"]
        assert rows == [{"id": evil, "v": 5}]
        assert database.query("SELECT id FROM t WHERE v = 5") == [(evil,)], "a text was taken for SQL"
        assert client.ok("read", table="t", pk="2")["row"] == {"id": "2", "v": 2}
        database.script("DROP TABLE t;\nCREATE TABLE t (id VARCHAR(40), v VARCHAR(9));\n"
                        "INSERT INTO t VALUES ('2', 'x'), ('2', 'y')")
        client.fails("BAD_VALUE", "read", table="t", pk="2", select=["id"])
        assert client.ok("read", table="t", select=["v"], order=["v"])["rows"] == [{"v": "x"}, {"v": "y"}]
        database.script("DROP TABLE t;\nCREATE TABLE t (id INT PRIMARY KEY, v INT);\nINSERT INTO t VALUES (1, 1), (2, 1)")
        assert client.call("read", table="nothing")["error"]["code"] == "UNKNOWN_TABLE"  # it reads the catalog
        assert client.ok("read", table="t", pk=2)["row"] == {"id": 2, "v": 1}


def test_an_error_touches_no_neighbour(producer, redis, database):
    producer.ok("create", table="users", values={"name": "x", "email": "taken"})
    for number in range(300):
        email = "taken" if number % 3 == 0 else f"e{number}"
        producer.push({"op": "create", "id": number, "table": "users", "values": {"name": "n", "email": email},
                       "reply_list": "rowd:reply:mixed"})
    outcomes = {}
    for _ in range(300):
        reply = producer.take("rowd:reply:mixed")
        outcomes[reply["id"]] = "ok" if reply["ok"] else reply["error"]["code"]
    assert outcomes == {number: "UNIQUE_VIOLATION" if number % 3 == 0 else "ok" for number in range(300)}
    assert database.query("SELECT COUNT(*) FROM users") == [(201,)]
