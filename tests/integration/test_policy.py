"""What one queue may do, and what no queue may: tables, operations, places for replies, rowd's own tables and keys."""

import json
import secrets
import subprocess

import pytest
from bulk import Bulk

from support.client import Client
from support.process import program, wait_until
from support.rowd_process import environment

OPS = {
    "describe": {}, "create": {"values": {"v": 1}, "returning": False}, "read": {}, "count": {}, "exists": {"where": {"v": 1}},
    "update": {"all": True, "set": {"v": 1}}, "delete": {"all": True},
}
OWN_TABLES = ["rowd_slots", "rowd_ledger", "rowd_commits", "rowd_", "rowd_x", "ROWD_slots", "Rowd_Slots", "rowd_slots ", "`rowd_slots`",
              "rowd_slots`", " rowd_slots", "rowd_slots\0", "rowd_slots/**/", "%s.rowd_slots", "`%s`.`rowd_slots`"]


def configuration(world, text):
    path = world.directory / "rowd.conf"
    path.write_text(text, encoding="utf-8")
    return ["-c", str(path)]


# --- tables -----------------------------------------------------------------------------------------------------------

NAMES = ["shop_a", "shop_b", "shopx", "shop", "Shop_c", "stock", "st%ck", "s_ock", "st?ck", "st[o]ck", "a`b", "a'b", "가게",
         "two words", "dot.name"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory, redis_server, database_server):
    """One rowd with a queue for each way to name tables."""
    database = database_server.create_database()
    for name in NAMES:
        database.query("CREATE TABLE `" + name.replace("`", "``") + "` (v INT)".replace("%", "%%"))
    directory = tmp_path_factory.mktemp("shops")
    path = directory / "rowd.conf"
    path.write_text("".join(f'[queue "{name}"]\ntables = {tables}\n' for name, tables in (
        ("prefix", "shop_*"), ("some", "stock shop_a,shop_b"), ("odd", "st%ck, s_ock st?ck st[o]ck a`b a'b 가게 dot.name"),
        ("every", "*"), ("none", "absent"))), encoding="utf-8")
    from support.rowd_process import Rowd  # noqa: PLC0415
    rowd = Rowd(directory, database.url, redis_server, arguments=["-c", str(path)], queue="every")
    yield redis_server.client()
    rowd.close()
    database_server.drop_database(database)


@pytest.mark.parametrize("queue, allowed", [
    ("prefix", {"shop_a", "shop_b"}), ("some", {"stock", "shop_a", "shop_b"}), ("every", set(NAMES)), ("none", set()),
    ("odd", {"st%ck", "s_ock", "st?ck", "st[o]ck", "a`b", "a'b", "가게", "dot.name"}),
])
@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_tables_of_a_queue(shops, queue, allowed, codec):
    """A name is itself, to the letter; only a '*' at its end stands for anything else."""
    client = Client(shops, codec, queue=queue)
    assert {row["name"] for row in client.ok("tables")["rows"]} == allowed
    for name in NAMES:
        for op, fields in OPS.items():
            if name in allowed:
                client.ok(op, table=name, **fields)
                continue
            error = client.fails("UNKNOWN_TABLE", op, table=name, **fields)
            for other in set(NAMES) - allowed - {name}:
                assert f"`{other}`" not in error.get("hint", ""), "what the queue may not use does not exist for it"


def test_foreign_keys_to_what_the_queue_may_not_use(world):
    database, redis_server = world.database(), world.redis()
    database.script("CREATE TABLE secret_parent (id INT PRIMARY KEY);\n"
                    "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT c FOREIGN KEY (p) REFERENCES "
                    "secret_parent (id));\nCREATE TABLE secret_child (id INT PRIMARY KEY, c INT, CONSTRAINT s FOREIGN KEY "
                    "(c) REFERENCES child (id));\nINSERT INTO child VALUES (1, NULL);\nINSERT INTO secret_child "
                    "VALUES (1, 1)")
    arguments = configuration(world, '[queue "q"]\ntables = child\n[queue "all"]\n')
    world.rowd(database, redis_server, arguments=arguments, queue="all")
    for codec in ("msgpack", "json"):
        client, everything = (Client(redis_server.client(), codec, queue=name) for name in ("q", "all"))
        assert client.ok("describe", table="child")["foreign_keys"] == []
        assert everything.ok("describe", table="child")["foreign_keys"][0]["table"] == "secret_parent"
        for op, fields in (("create", {"values": {"id": 2, "p": 5}}), ("delete", {"pk": 1})):
            assert "secret" not in json.dumps(client.fails("FOREIGN_KEY_VIOLATION", op, table="child", **fields))
            assert "secret" in everything.fails("FOREIGN_KEY_VIOLATION", op, table="child", **fields)["hint"]


def test_constraints_of_what_the_queue_may_not_use(world):
    """The servers name them: those of children, in whatever database, and of what a trigger writes to."""
    database, other, redis_server = world.database(), world.database(), world.redis()
    database.script("CREATE TABLE parent (id INT PRIMARY KEY);\n"
                    "CREATE TABLE secret_child (p INT, FOREIGN KEY (p) REFERENCES parent (id));\n"
                    "CREATE TABLE secret_log (secret_key INT NOT NULL UNIQUE, CONSTRAINT secret_check "
                    "CHECK (secret_key < 100));\nCREATE TABLE logged (id INT PRIMARY KEY, v INT);\n"
                    "CREATE TRIGGER logs BEFORE INSERT ON logged FOR EACH ROW INSERT INTO secret_log VALUES (NEW.v);\n"
                    "INSERT INTO parent VALUES (1), (2);\nINSERT INTO secret_child VALUES (1);\n"
                    "INSERT INTO secret_log VALUES (7)")
    other.script(f"CREATE TABLE secret_far (p INT, FOREIGN KEY (p) REFERENCES `{database.name}`.parent (id));\n"
                 "INSERT INTO secret_far VALUES (2)")
    world.rowd(database, redis_server, arguments=configuration(world, '[queue "q"]\ntables = parent, logged\n'),
               queue="q")
    client = Client(redis_server.client(), queue="q")
    errors = [client.fails("FOREIGN_KEY_VIOLATION", "delete", table="parent", pk=1),
              client.fails("FOREIGN_KEY_VIOLATION", "delete", table="parent", pk=2),
              client.fails("FOREIGN_KEY_VIOLATION", "update", table="parent", pk=1, set={"id": 3}),
              client.fails("UNIQUE_VIOLATION", "create", table="logged", values={"id": 1, "v": 7}),
              client.fails("NOT_NULL_VIOLATION", "create", table="logged", values={"id": 1}),
              client.fails("CHECK_VIOLATION", "create", table="logged", values={"id": 1, "v": 100})]
    assert not [error for error in errors if "secret" in json.dumps(error)]
    other.query("DROP TABLE secret_far")  # or the first database could not be dropped


# --- rowd's own tables ------------------------------------------------------------------------------------------------

def test_own_tables_do_not_exist(world):
    """For no op, in no spelling, and in no message."""
    database, redis_server = world.database(), world.redis()
    database.query("CREATE TABLE rowd_x (v INT, id INT PRIMARY KEY)")
    database.query("CREATE TABLE refers (id INT PRIMARY KEY, v INT, CONSTRAINT r FOREIGN KEY (v) REFERENCES rowd_x (id))")
    world.rowd(database, redis_server, arguments=configuration(world, '[queue "q"]\n[queue "named"]\ntables = rowd_*\n'),
               queue="q")
    for codec in ("msgpack", "json"):
        for queue in ("q", "named"):
            client = Client(redis_server.client(), codec, queue=queue)
            assert not [row for row in client.ok("tables")["rows"] if row["name"].lower().startswith("rowd_")]
            # All at once: each waits until the catalog was read again.
            names = [name.replace("%s", database.name) for name in OWN_TABLES]
            commands = [{"op": op, "table": name, **fields} for name in names for op, fields in OPS.items()]
            for reply in Bulk(client.redis, codec, queue).call(commands):
                assert reply["error"]["code"] == "UNKNOWN_TABLE", reply
                assert "rowd_" not in reply["error"].get("hint", "")
        client = Client(redis_server.client(), codec, queue="q")
        assert client.ok("describe", table="refers")["foreign_keys"] == []
        error = client.fails("FOREIGN_KEY_VIOLATION", "create", table="refers", values={"id": 1, "v": 1})
        assert "rowd_" not in json.dumps(error)
        assert "rowd_" not in json.dumps(client.fails("UNKNOWN_TABLE", "read", table="rowd"))
    assert database.query("SELECT COUNT(*) FROM rowd_x") == [(0,)]


def test_a_view_is_what_its_name_says(world):
    """Who may make views decides what they show: a view of another name is a table like any other."""
    database, redis_server = world.database(), world.redis()
    database.query("CREATE TABLE rowd_x (v INT)")
    database.query("CREATE VIEW shown AS SELECT v FROM rowd_x")
    database.query("CREATE VIEW rowd_view AS SELECT * FROM animals")
    world.rowd(database, redis_server)
    client = Client(redis_server.client())
    assert client.ok("read", table="shown")["rows"] == []
    client.fails("UNKNOWN_TABLE", "read", table="rowd_view")


# --- operations -------------------------------------------------------------------------------------------------------

ALL_OPS = ["ping", "info", "tables", *OPS]


def test_operations_of_a_queue(world):
    database, redis_server = world.database(), world.redis()
    database.query("CREATE TABLE t (v INT)")
    text = "".join(f'[queue "{op}"]\nops = {op}\n' for op in ALL_OPS)
    world.rowd(database, redis_server, arguments=configuration(world, text), queue="ping")
    for codec in ("msgpack", "json"):
        for queue in ALL_OPS:
            client = Client(redis_server.client(), codec, queue=queue)
            for op in ALL_OPS:
                fields = {"table": "t", **OPS[op]} if op in OPS else {}
                if op == queue:
                    client.ok(op, **fields)
                else:
                    assert op in client.fails("FORBIDDEN", op, **fields)["message"]
            client.fails("FORBIDDEN" if queue != "read" else "UNKNOWN_TABLE", "read", table="absent")
            client.fails("UNKNOWN_OP", "explode")


# --- places for replies -----------------------------------------------------------------------------------------------

def reply_addresses(redis):
    """What must not be written to, whatever it is now."""
    worker = redis.zrange("{rowd:commands}:workers", 0, -1)[0].decode()
    own = [f"{{rowd:commands}}:{name}" for name in (
        "dead", "again", "workers", "owner", "paused", "stats", f"inflight:{worker}", f"landing:{worker}")]
    return ["rowd:commands", *own, "rowd:reply:", "rowd:reply", "rowd:replY:x", "Rowd:reply:x", " rowd:reply:x", "x",
            "rowd:reply\0:x", "\0rowd:reply:x", "*", "rowd:*", "rowd:?eply:x", "rowd:[r]eply:x", "{rowd:reply:}x"]


@pytest.mark.parametrize("field", ["reply_to", "reply_list"])
@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_where_no_reply_goes(redis, rowd, database, codec, field):
    client = Client(redis, codec)
    dead = "{rowd:commands}:dead"
    for address in reply_addresses(redis):
        redis.delete(dead)
        other = "reply_list" if field == "reply_to" else "reply_to"
        command = {"op": "create", "table": "animals", "values": {"species": "x"}, field: address}
        client.push(command, check=False)
        wait_until(lambda: redis.llen(dead) == 1, f"the dead letter of {address!r}")
        reply_list = f"rowd:reply:{secrets.token_hex(8)}"
        if other == "reply_list":  # the other place is told
            client.push({**command, other: reply_list}, check=False)
            error = client.take(reply_list)["error"]
            assert error["code"] == "FORBIDDEN" and field in error["message"] and "rowd:reply:" in error["hint"]
            wait_until(lambda: redis.llen(dead) == 2, "the dead letter as well")
    assert database.query("SELECT COUNT(*) FROM animals") == [(0,)], "no such command is run"
    assert client.ok("ping")


def test_odd_places_that_are_allowed(redis, rowd):
    """Behind the prefix a name is any bytes: they mean themselves."""
    client = Client(redis)
    for rest in ("*", "?", "[a]", "{rowd:commands}:dead", "a b", "\0", "\r\n", "한글", "x" * 10000):
        client.push({"op": "ping", "reply_list": "rowd:reply:" + rest})
        assert client.take("rowd:reply:" + rest)["ok"]


def test_a_prefix_of_the_queues_own_wins(world):
    database, redis_server = world.database(), world.redis()
    arguments = configuration(world, '[reply]\nprefix = general:\n[queue "a"]\n[queue "b"]\nreply_prefix = own:\n')
    world.rowd(database, redis_server, arguments=arguments, wait=False)
    redis = redis_server.client()
    for queue, right, wrong in (("a", "general:", "own:"), ("b", "own:", "general:")):
        client = Client(redis, queue=queue)
        client.push({"op": "ping", "reply_list": right + "1"}, check=False)
        assert client.take(right + "1")["ok"]
        client.push({"op": "ping", "reply_list": right + "2", "reply_to": wrong + "2"}, check=False)
        assert client.take(right + "2")["error"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("prefix, queue", [
    ("{", "q"), ("{q", "q"), ("{q}", "q"), ("{q}:", "q"), ("{q}:dead", "q"), ("{q}:x:", "q"), ("q", "q"), ("q", "queue"),
    ("{b}:inflight:", "b"),
])
def test_a_prefix_that_reaches_rowds_own_keys_is_refused(world, prefix, queue):
    arguments = configuration(world, f'[queue "other"]\nreply_prefix = {prefix}\n[queue "{queue}"]\n')
    done = subprocess.run([program("rowd"), *arguments], capture_output=True, text=True, check=False, timeout=30,
                          env=environment("mysql://root@127.0.0.1:1/x", "redis://127.0.0.1:1/0", world.directory))
    assert done.returncode == 78, done.stderr
    assert f"begin with the reply prefix '{prefix}'" in done.stderr or \
        f"begins with the reply prefix '{prefix}'" in done.stderr


@pytest.mark.parametrize("prefix", ["{qq}:", "x{q}:", "{q:", "replies{q}"])
def test_a_prefix_with_braces_may_be_harmless(world, prefix):
    arguments = configuration(world, f'[queue "q"]\nreply_prefix = {prefix}\n')
    done = subprocess.run([program("rowd"), *arguments, "config"], capture_output=True, text=True, check=False,
                          timeout=30, env=environment("mysql://root@127.0.0.1:1/x", None, world.directory))
    assert done.returncode == 0, done.stderr
    assert prefix in done.stdout
