"""Each limit of a message and of a reply, at the limit and one above. Limits of the database: test_limits_database.py."""

import secrets
from contextlib import closing

import pytest

from support.client import Client, decode, encode
from support.dead_letters import DEAD, letters
from support.process import UNDER_ASAN, wait_until

MESSAGE_BYTES = 1 << 20
MESSAGE_NODES = 1 << 18


def configuration(world, text):
    path = world.directory / "rowd.conf"
    path.write_text(text, encoding="utf-8")
    return ["-c", str(path)]


def push_raw(client, raw, reply_list):
    """Pushes the bytes as they are and takes the reply."""
    client.redis.lpush(client.queue, raw)
    return client.take(reply_list)


# --- the message ------------------------------------------------------------------------------------------------------

def ping_of_size(codec, size, reply_list=None):
    """A ping that is so many bytes long."""
    command = {"op": "ping", "id": 7, "meta": "x" * size, **({"reply_list": reply_list} if reply_list else {})}
    command["meta"] = "x" * (2 * size - len(encode(command, codec)))
    raw = encode(command, codec)
    assert len(raw) == size
    return raw


def test_a_message_at_the_limit_and_one_byte_above(client, redis, empty_dead):
    reply_list = f"rowd:reply:{secrets.token_hex(8)}"
    reply = push_raw(client, ping_of_size(client.codec, MESSAGE_BYTES, reply_list), reply_list)
    assert reply["ok"] and len(reply["meta"]) > MESSAGE_BYTES - 200
    assert redis.llen(DEAD) == 0
    raw = ping_of_size(client.codec, MESSAGE_BYTES + 1, reply_list)
    reply = push_raw(client, raw, reply_list)
    assert reply["error"]["code"] == "TOO_LARGE" and reply["id"] == 7
    assert "message_bytes" in reply["error"]["hint"] and str(MESSAGE_BYTES) in reply["error"]["hint"]
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")
    assert letters(redis)[0][b"command"] == raw and letters(redis)[0][b"reason"] == b"TOO_LARGE"


@pytest.mark.parametrize("size", [MESSAGE_BYTES + 1, 4 * MESSAGE_BYTES + 1])
def test_a_message_above_the_limit_without_a_place_to_reply(client, redis, empty_dead, size):
    raw = ping_of_size(client.codec, size)
    redis.lpush("rowd:commands", raw)
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")
    assert letters(redis)[0][b"command"] == raw and letters(redis)[0][b"reason"] == b"TOO_LARGE"


def test_a_message_far_above_the_limit_is_not_read(client, redis, empty_dead):
    """Four times the limit is still read, to find out whom to tell."""
    reply_list = f"rowd:reply:{secrets.token_hex(8)}"
    reply = push_raw(client, ping_of_size(client.codec, 4 * MESSAGE_BYTES, reply_list), reply_list)
    assert reply["error"]["code"] == "TOO_LARGE"
    redis.lpush("rowd:commands", ping_of_size(client.codec, 5 * MESSAGE_BYTES, reply_list))
    wait_until(lambda: redis.llen(DEAD) == 2, "the dead letter")
    assert redis.llen(reply_list) == 0


@pytest.mark.parametrize("message_bytes", [2000, 70000])
def test_the_limit_is_the_configured_one(world, message_bytes):
    redis_server = world.redis()
    world.rowd(world.database(), redis_server, limits_message_bytes=message_bytes)
    for codec in ("msgpack", "json"):
        client = Client(redis_server.client(), codec)
        assert push_raw(client, ping_of_size(codec, message_bytes, "rowd:reply:s"), "rowd:reply:s")["ok"]
        reply = push_raw(client, ping_of_size(codec, message_bytes + 1, "rowd:reply:s"), "rowd:reply:s")
        assert reply["error"]["code"] == "TOO_LARGE"


def test_as_many_values_as_a_message_may_have_and_one_more(client, redis, empty_dead):
    command = {"op": "ping", "id": 7, "reply_list": f"rowd:reply:{secrets.token_hex(8)}", "meta": []}
    taken = 1 + 2 * len(command)  # the map, its keys and its values
    command["meta"] = [1] * (MESSAGE_NODES - taken)
    reply = push_raw(client, encode(command, client.codec), command["reply_list"])
    assert reply["ok"] and len(reply["meta"]) == MESSAGE_NODES - taken
    command["meta"].append(1)
    reply = push_raw(client, encode(command, client.codec), command["reply_list"])
    assert reply["error"]["code"] == "TOO_LARGE" and str(MESSAGE_NODES) in reply["error"]["hint"]
    assert reply["id"] == 7, "what stands before and behind is read all the same"
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")


def test_the_address_behind_too_many_values_is_found(client, redis, empty_dead):
    command = {"meta": [[1] * MESSAGE_NODES, 2], "op": "ping", "reply_list": f"rowd:reply:{secrets.token_hex(8)}"}
    reply = push_raw(client, encode(command, client.codec), command["reply_list"])
    assert reply["error"]["code"] == "TOO_LARGE" and reply["op"] == "ping"
    assert "meta" not in reply, "it could not come back as it was"


@pytest.mark.parametrize("opening", [list, dict])
def test_depth(client, redis, empty_dead, opening):
    """The command itself is the first of 16."""
    def nested(levels):
        value = 1
        for _ in range(levels):
            value = [value] if opening is list else {"a": value}
        return value

    assert client.ok("ping", meta=nested(15))["meta"] == nested(15)
    error = client.fails("BAD_MESSAGE", "ping", meta=nested(16))
    assert "16" in error["hint"]
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")


def test_the_id(client):
    for identity in ("x" * 128, "é" * 64, "y", 0, -2**63, 2**64 - 1):
        assert client.ok("ping", id=identity)["id"] == identity
    for identity in ("x" * 129, "é" * 64 + "x", ""):
        raw = client.call_raw({"op": "ping", "id": identity}, check=False)
        assert decode(raw)["error"]["code"] == "BAD_VALUE"
        assert decode(raw).get("id") is None, "an id that is none is not echoed"


def test_reply_ttl_ms(client, redis):
    for ttl_ms in (1, 60000, 3600000):
        reply_list = f"rowd:reply:{secrets.token_hex(8)}"
        client.push({"op": "ping", "reply_list": reply_list, "reply_ttl_ms": ttl_ms})
        if ttl_ms > 1:
            wait_until(lambda key=reply_list: redis.llen(key) == 1, "the reply")
            assert ttl_ms - 20000 < redis.pttl(reply_list) <= ttl_ms
    for ttl_ms in (0, -1, 3600001, 2**64 - 1):
        assert "reply_ttl_ms" in client.fails("BAD_VALUE", "ping", reply_ttl_ms=ttl_ms)["message"]


def test_a_dead_letter_of_the_largest_command(client, redis, empty_dead):
    raw = ping_of_size(client.codec, MESSAGE_BYTES).replace(b"ping", b"pong")
    redis.lpush("rowd:commands", raw)
    wait_until(lambda: redis.llen(DEAD) == 1, "the dead letter")
    assert letters(redis)[0][b"command"] == raw and letters(redis)[0][b"reason"] == b"UNKNOWN_OP"


# --- rows and bytes of a reply ----------------------------------------------------------------------------------------

@pytest.fixture
def small(world):
    """A queue whose replies have at most 5 rows, and its database."""
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, arguments=configuration(world, '[queue "small"]\nmax_rows = 5\n'), queue="small")
    return database, [Client(redis_server.client(), codec, queue="small") for codec in ("msgpack", "json")]


def fill(database, count):
    database.query("DELETE FROM animals")
    database.query("INSERT INTO animals (species, age) VALUES " + ", ".join(["('a', 1)"] * count))


def test_max_rows_of_a_read(small):
    database, clients = small
    for client in clients:
        fill(database, 5)
        assert len(client.ok("read", table="animals")["rows"]) == 5
        fill(database, 6)
        for fields in ({}, {"limit": 6}, {"where": {"species": "a"}}, {"page": 1, "page_size": 6}):
            error = client.fails("TOO_LARGE", "read", table="animals", **fields)
            assert "limit" in error["hint"]
        assert len(client.ok("read", table="animals", limit=5)["rows"]) == 5
        assert len(client.ok("read", table="animals", offset=1)["rows"]) == 5
        assert client.ok("count", table="animals")["value"] == 6


def test_max_rows_of_a_write_is_decided_before_commit(small):
    database, clients = small
    for client in clients:
        fill(database, 6)
        for target in ({"where": {"species": "a"}}, {"all": True}):
            client.fails("TOO_LARGE", "update", table="animals", set={"age": 2}, returning=True, **target)
            client.fails("TOO_LARGE", "delete", table="animals", returning=True, **target)
        assert database.query("SELECT COUNT(*), MAX(age) FROM animals") == [(6, 1)], "nothing took effect"
        client.fails("TOO_LARGE", "create", table="animals", values=[{"species": "b"}] * 6)
        assert database.query("SELECT COUNT(*) FROM animals") == [(6,)]
        assert client.ok("update", table="animals", set={"age": 2}, all=True)["affected"] == 6
        assert len(client.ok("create", table="animals", values=[{"species": "b"}] * 6,
                             returning=False)["insert_ids"]) == 6
        assert client.ok("delete", table="animals", all=True)["affected"] == 12
        assert len(client.ok("create", table="animals", values=[{"species": "a"}] * 5)["rows"]) == 5
        assert len(client.ok("update", table="animals", set={"age": 9}, all=True, returning=True)["rows"]) == 5
        assert len(client.ok("delete", table="animals", all=True, returning=True)["rows"]) == 5


# What is copied, and what is so large that it is not.
REPLY_BYTES = (5000, 100000)


@pytest.fixture(params=REPLY_BYTES)
def tight(request, world):
    """A rowd whose replies have at most so many bytes, its database, clients, and how many that is."""
    database, redis_server = world.database(), world.redis()
    database.query("CREATE TABLE note (id INT PRIMARY KEY, body LONGTEXT) CHARACTER SET utf8mb4")
    world.rowd(database, redis_server, limits_reply_bytes=request.param)
    return database, [Client(redis_server.client(), codec) for codec in ("msgpack", "json")], request.param


def size_for(call, most):
    """For which n call(n), which returns the reply's bytes, returns most of them."""
    n = most * 4 // 5
    return n + most - len(call(n))


def test_reply_bytes_of_a_read_are_the_bytes_that_are_sent(tight):
    database, clients, most = tight
    for client in clients:
        def read(n, client=client, **fields):
            database.query("REPLACE INTO note VALUES (1, REPEAT('x', %s))", (n,))
            return client.call_raw({"op": "read", "table": "note", "pk": 1, "id": 5, **fields})

        for fields in ({}, {"meta": {"a": ["b"] * 100}, "id": "y" * 128}):
            n = size_for(lambda n, fields=fields: read(n, **fields), most)
            raw = read(n, **fields)
            assert len(raw) == most and decode(raw)["ok"]
            error = decode(read(n + 1, **fields))["error"]
            assert error["code"] == "TOO_LARGE" and error["hint"]
        raw = read(size_for(read, most), timing=True)
        assert decode(raw)["error"]["code"] == "TOO_LARGE", "the times count as well"


def test_reply_bytes_of_a_write_are_decided_before_commit(tight):
    database, clients, most = tight
    for client in clients:
        for op, fields in (("create", lambda n: {"values": {"id": 1, "body": "x" * n}}),
                           ("update", lambda n: {"pk": 1, "set": {"body": "x" * n}})):
            def write(n, op=op, fields=fields, client=client):
                database.query("DELETE FROM note")
                if op == "update":
                    database.query("INSERT INTO note VALUES (1, 'old')")
                return client.call_raw({"op": op, "table": "note", "id": 5, **fields(n)})

            n = size_for(write, most)
            assert len(write(n)) == most
            assert decode(write(n + 1))["error"]["code"] == "TOO_LARGE"
            assert database.query("SELECT body FROM note") == ([] if op == "create" else [("old",)])


def test_reply_bytes_of_what_needs_no_database(tight):
    _, clients, most = tight
    for client in clients:
        def ping(n, client=client):
            return client.call_raw({"op": "ping", "id": 5, "meta": "x" * n})

        n = size_for(ping, most)
        assert len(ping(n)) == most
        reply = decode(ping(n + 1))
        assert reply["error"]["code"] == "TOO_LARGE"
        assert reply["meta"] == "x" * (n + 1), "an error is told whatever it echoes"


def test_who_asks_for_no_reply_has_none_that_is_too_large(tight):
    database, clients, most = tight
    clients[0].push({"op": "create", "table": "note", "values": {"id": 3, "body": "x" * most}, "returning": False,
                     "meta": "y" * most})
    wait_until(lambda: database.query("SELECT COUNT(*) FROM note WHERE id = 3") == [(1,)], "the row")


# --- what is in flight ------------------------------------------------------------------------------------------------

def in_flight(redis, queue="rowd:commands"):
    workers = redis.zrange(f"{{{queue}}}:workers", 0, -1)
    return sum(redis.hlen(f"{{{queue}}}:inflight:{worker.decode()}") for worker in workers)


@pytest.mark.parametrize("limits, size, most", [
    ({"limits_in_flight": 10, "limits_batch": 4}, 10, 10),
    ({"limits_in_flight": 1, "limits_batch": 1}, 10, 1),
    ({"limits_in_flight_bytes": 65536, "limits_message_bytes": 32768}, 20000, 3),
])
def test_in_flight(world, limits, size, most):
    """While the table is locked nothing ends, so that what was claimed is what may be in flight."""
    database, redis_server = world.database(), world.redis()
    world.rowd(database, redis_server, database_connections=2, **limits)
    client = Client(redis_server.client())
    with closing(database.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES animals WRITE")
        for number in range(40):
            client.push({"op": "create", "id": number, "table": "animals", "returning": False,
                         "values": {"species": "a"}, "meta": "x" * size, "reply_list": "rowd:reply:held"})
        # One of them may be kept for what lands by the blocking pop; one more may have landed.
        wait_until(lambda: in_flight(client.redis) >= max(most - 1, 1), "the claims")
        assert in_flight(client.redis) <= most + 1
        assert client.redis.llen(client.queue) >= 40 - most - 1
        cursor.execute("UNLOCK TABLES")
    assert [client.take("rowd:reply:held")["id"] for _ in range(40)] == list(range(40))


def test_batch(world):
    """At most so many commands share a transaction."""
    database, redis_server = world.database(), world.redis()
    rowd = world.rowd(database, redis_server, limits_batch=4, database_echo="on", database_connections=1)
    client = Client(redis_server.client())
    client.redis.set("{rowd:commands}:paused", "1")
    before = rowd.log().count("COMMIT")
    for number in range(40):
        client.push({"op": "create", "id": number, "table": "animals", "values": {"species": "a"},
                     "reply_list": "rowd:reply:batch"})
    client.redis.delete("{rowd:commands}:paused")
    for number in range(40):
        assert client.take("rowd:reply:batch")["ok"]
    assert rowd.log().count("COMMIT") - before >= 10


def test_memory_while_many_large_messages_wait(world):
    """Decoded they are 16 times their size: no more is claimed than may be held."""
    redis_server = world.redis()
    rowd = world.rowd(world.database(), redis_server)
    client = Client(redis_server.client())
    client.redis.set("{rowd:commands}:paused", "1")
    raw = encode({"op": "ping", "meta": [None] * 262100, "reply_list": "rowd:reply:many"}, "msgpack")
    for _ in range(60):
        client.redis.lpush(client.queue, raw)
    client.redis.delete("{rowd:commands}:paused")
    for _ in range(60):
        assert client.redis.blpop("rowd:reply:many", timeout=60)
    assert rowd.peak_memory_bytes() < 64 * MESSAGE_BYTES or UNDER_ASAN
