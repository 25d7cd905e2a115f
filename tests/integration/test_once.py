"""Commands with `once`: whoever repeats them, their effects are there once, and the answer is the one of the first time."""

from contextlib import closing

import pytest

from support.client import Client
from support.process import wait_until


@pytest.fixture
def animals(database):
    database.query("DELETE FROM animals")
    return database


def rows(database):
    return list(database.query("SELECT species, name, age FROM animals ORDER BY id"))


def without_envelope(reply):
    return {key: value for key, value in reply.items() if key not in ("replayed", "meta", "us", "traceparent")}


def test_a_repeated_create_is_answered_and_not_run(client, animals):
    values = {"species": "cat", "name": "Nabi", "age": 3}
    first = client.ok("create", table="animals", values=values, once=True, id=f"once-create-{client.codec}")
    second = client.ok("create", table="animals", values=values, once=True, id=f"once-create-{client.codec}", meta={"try": 2})
    assert "replayed" not in first and second["replayed"] is True and second["meta"] == {"try": 2}
    assert without_envelope(second) == without_envelope(first)
    assert first["row"]["name"] == "Nabi"
    assert rows(animals) == [("cat", "Nabi", 3)]


def test_a_repeated_update_does_not_undo_a_later_one(client, animals):
    animals.query("INSERT INTO animals (id, species, age) VALUES (1, 'cow', 5)")
    command = {"table": "animals", "pk": 1, "set": {"age": 6}, "once": True, "id": 77 + len(client.codec)}
    assert client.ok("update", **command)["row"]["age"] == 6
    client.ok("update", table="animals", pk=1, set={"age": 9})
    again = client.ok("update", **command)
    assert again["replayed"] is True and again["row"]["age"] == 6 and again["affected"] == 1
    assert list(animals.query("SELECT age FROM animals WHERE id = 1")) == [(9,)]


def test_the_type_and_the_case_of_an_id_count(client, animals):
    base = 1000 if client.codec == "msgpack" else 0
    for index, id_ in enumerate((7 + base, str(7 + base), f"a{base}", f"A{base}", f"b{base}".encode() + b"\xff" if base else "b", 2**64 - 1 - base,
                               -1 - base)):
        reply = client.ok("create", table="animals", values={"species": "cat", "name": f"n{index}"}, once=True, id=id_)
        assert "replayed" not in reply
    assert len(rows(animals)) == 7


def test_another_command_under_the_id_is_refused(client, animals):
    client.ok("create", table="animals", values={"species": "cat"}, once=True, id=f"reused-{client.codec}")
    error = client.fails("ID_REUSED", "create", table="animals", values={"species": "dog"}, once=True, id=f"reused-{client.codec}")
    assert not error["retryable"] and "id" in error["hint"]
    error = client.fails("ID_REUSED", "delete", table="animals", all=True, once=True, id=f"reused-{client.codec}")
    assert rows(animals) == [("cat", None, None)]
    # Without `once` an id means nothing.
    client.ok("create", table="animals", values={"species": "dog"}, id=f"reused-{client.codec}")


def test_the_order_of_a_map_does_not_count(client, animals):
    client.ok("create", table="animals", values={"species": "cat", "name": "x"}, once=True, id=f"order-{client.codec}")
    reply = client.ok("create", table="animals", values={"name": "x", "species": "cat"}, once=True, id=f"order-{client.codec}")
    assert reply["replayed"] is True


def test_the_other_codec_is_answered_in_its_own(producer, database, shared_rowd):
    database.query("DELETE FROM animals")
    values = {"species": "cat", "name": "Nabi"}
    packed = Client(producer.redis, "msgpack").ok("create", table="animals", values=values, once=True, id="both")
    told = Client(producer.redis, "json").ok("create", table="animals", values=values, once=True, id="both")
    assert told["replayed"] is True and told["row"] == packed["row"]


@pytest.mark.parametrize("age", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused_like_without(producer, database, shared_rowd, age):
    error = Client(producer.redis, "msgpack").fails(
        "BAD_VALUE", "create", table="animals", values={"species": "cat", "age": age}, once=True, id=f"age {age}")
    assert error["at"]["column"] == "age", error


def test_a_failure_is_not_kept(client, animals):
    animals.query("INSERT INTO animals (id, species) VALUES (1, 'cow')")
    for _ in range(2):
        client.fails("UNIQUE_VIOLATION", "create", table="animals", values={"id": 1, "species": "cat"}, once=True,
                     id=f"failed-{client.codec}")
    animals.query("DELETE FROM animals")
    reply = client.ok("create", table="animals", values={"id": 1, "species": "cat"}, once=True, id=f"failed-{client.codec}")
    assert "replayed" not in reply


def test_its_own_earlier_success_is_no_unique_violation(client, animals):
    values = {"id": 5, "species": "cat"}
    first = client.ok("create", table="animals", values=values, once=True, id=f"own-{client.codec}")
    assert client.ok("create", table="animals", values=values, once=True, id=f"own-{client.codec}")["row"] == first["row"]


def test_a_table_that_is_gone_does_not_undo_what_happened(client, database):
    database.query("CREATE TABLE fleeting (id INT PRIMARY KEY)")
    client.ok("create", table="fleeting", values={"id": 1}, once=True, id=f"gone-{client.codec}")
    database.query("DROP TABLE fleeting")
    reply = client.ok("create", table="fleeting", values={"id": 1}, once=True, id=f"gone-{client.codec}")
    assert reply["replayed"] is True and reply["row"] == {"id": 1}
    client.fails("UNKNOWN_TABLE", "create", table="fleeting", values={"id": 1}, once=True, id=f"never-{client.codec}")


def test_many_in_one_batch_and_each_twice(client, animals):
    commands = [{"op": "create", "table": "animals", "values": {"species": "cat", "name": f"n{i}"}, "once": True,
                 "id": f"many-{client.codec}-{i}", "reply_list": "rowd:reply:once-many"} for i in range(200)]
    client.redis.delete("rowd:reply:once-many")
    for command in commands + commands[::-1]:
        client.push(command)
    replies = [client.take("rowd:reply:once-many") for _ in range(400)]
    assert all(reply["ok"] for reply in replies)
    by_id = {}
    for reply in replies:
        by_id.setdefault(reply["id"], []).append(reply)
    assert len(by_id) == 200
    for first, second in by_id.values():
        assert first["row"] == second["row"]
        assert sorted([first.get("replayed", False), second.get("replayed", False)]) == [False, True]
    assert len(rows(animals)) == 200


@pytest.mark.parametrize("fields, word", [
    ({"op": "read", "pk": 1, "id": 1}, "writes"), ({"op": "delete", "pk": 1}, "id"),
    ({"op": "create", "values": {}, "id": None}, "id")])
def test_it_needs_a_write_and_an_id(client, fields, word):
    fields = dict(fields)
    reply = client.call(fields.pop("op"), table="animals", once=True, check=False, **fields) if "id" in fields \
        else client.call(fields.pop("op"), table="animals", once=True, check=False, id=None, **fields)
    assert reply["error"]["code"] == "BAD_VALUE" and word in reply["error"]["hint"]


def test_warnings_are_kept_too(client, database):
    database.query("CREATE TABLE IF NOT EXISTS prices (id INT PRIMARY KEY, price DECIMAL(5, 2))")
    database.query("DELETE FROM prices")
    values = {"id": 1, "price": "1.239"}
    wait_until(lambda: client.call("read", table="prices", pk=1)["ok"], "the table")
    first = client.ok("create", table="prices", values=values, once=True, id=f"warned-{client.codec}")
    second = client.ok("create", table="prices", values=values, once=True, id=f"warned-{client.codec}")
    assert first["warnings"] == second["warnings"] and second["replayed"]


def test_a_queue_that_keeps_nothing_says_so(world):
    redis = world.redis()
    world.rowd(world.database(), redis, queue_delivery="at-least-once")
    reply = Client(redis.client()).call("delete", table="animals", pk=1, once=True, id=1)
    assert reply["error"]["code"] == "FORBIDDEN" and "exactly-once" in reply["error"]["hint"]


def test_what_is_old_is_purged(world):
    redis, database = world.redis(), world.database()
    world.rowd(database, redis, delivery_once_window_s=1)
    client = Client(redis.client())
    client.ok("create", table="animals", values={"species": "cat"}, once=True, id=1)
    assert list(database.query("SELECT COUNT(*) FROM rowd_ledger")) == [(1,)]
    wait_until(lambda: list(database.query("SELECT COUNT(*) FROM rowd_ledger")) == [(0,)], "the purge", timeout_s=40)
    reply = client.ok("create", table="animals", values={"species": "cat"}, once=True, id=1)
    assert "replayed" not in reply


def test_what_was_committed_before_a_crash_has_its_whole_reply_with_once_only(world):
    """Redis takes no reply until the worker is dead: its successor finds the commands committed."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, delivery_lease_ms=1000)
    redis = redis_server.client()
    client = Client(redis, "json")
    commands = {"plain": {"values": {"species": "cat", "name": "Nabi"}},
                "keyed": {"values": {"id": 7, "species": "cow"}},
                "kept": {"values": {"species": "dog", "name": "Ori"}, "once": True}}
    with closing(database.connect()) as holder:
        holder.cursor().execute("LOCK TABLES animals WRITE")
        for id_, fields in commands.items():
            client.push({"op": "create", "table": "animals", "id": id_, "reply_list": "rowd:reply:crash", **fields})
        wait_until(lambda: sum(redis.hlen(key) for key in redis.keys("{rowd:commands}:inflight:*")) == 3, "all in flight")
        redis.execute_command("CLIENT", "PAUSE", 60000, "WRITE")
    wait_until(lambda: len(rows(database)) == 3, "their effects")
    rowd.kill()
    redis.execute_command("CLIENT", "UNPAUSE")
    world.rowd(database, redis_server, delivery_lease_ms=1000)
    replies = {reply.pop("id"): reply for reply in (client.take("rowd:reply:crash") for _ in commands)}
    recovered = {"v": 1, "op": "create", "ok": True, "attempt": 2, "recovered": True}
    kept = replies["kept"].pop("row")
    assert replies == {"plain": recovered, "kept": {**recovered, "affected": 1},
                       "keyed": {**recovered, "row": {"id": 7, "species": "cow", "age": None, "name": None}}}
    assert (kept["species"], kept["name"]) == ("dog", "Ori")
    assert len(rows(database)) == 3


# --- rowd's own tables ------------------------------------------------------------------------------------------------

def start_refused(world, database, user, grants):
    """A rowd with an account that has these grants: its log, once it has given up."""
    database.query(f"CREATE USER '{user}'@'localhost' IDENTIFIED BY 'p'")
    try:
        for grant in grants:
            database.query(f"GRANT {grant} TO '{user}'@'localhost'")
        url = database.url.replace("//root@", f"//{user}:p@")
        assert url != database.url
        rowd = world.rowd(database, world.redis(), database_url=url, wait=False)
        wait_until(lambda: not rowd.process.alive(), "the end of rowd")
        assert rowd.process.child.returncode == 78
        return rowd.log()
    finally:
        database.query(f"DROP USER '{user}'@'localhost'")


def test_an_account_that_may_not_make_its_tables_is_told_both_ways_out(world):
    database = world.database()
    log = start_refused(world, database, "poor", [f"SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.animals"])
    assert "rowd.failed" in log and "rowd init" in log and "at-least-once" in log


def test_an_account_that_may_not_write_them_is_told(world):
    database = world.database()
    world.rowd(database, world.redis()).close()  # which makes them
    log = start_refused(world, database, "poorer", [f"SELECT ON `{database.name}`.*"])
    assert "rowd.failed" in log and "rowd_slots" in log
