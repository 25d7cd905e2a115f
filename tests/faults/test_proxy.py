"""The proxy does at the wire what it is told to, and nothing else."""

import time

import pymysql
import pytest
import redis as redis_py

from support.process import ROOT
from support.proxy import Proxy
from support.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path / "redis")
    yield server
    server.kill()


@pytest.fixture
def redis_proxy(redis_server):
    proxy = Proxy(("127.0.0.1", redis_server.port), "redis")
    yield proxy
    proxy.close()


@pytest.fixture
def database(database_server):
    database = database_server.create_database("proxy")
    database.query("CREATE TABLE t (id INT PRIMARY KEY, text LONGTEXT)")
    yield database
    database_server.drop_database(database)


@pytest.fixture
def database_proxy(database_server):
    proxy = Proxy(("127.0.0.1", database_server.port), "mysql")
    yield proxy
    proxy.close()


def connect(proxy, database):
    return pymysql.connect(host="127.0.0.1", port=proxy.port, user="root", database=database.name, autocommit=False,
                           read_timeout=10)


def through(proxy):
    return redis_py.Redis(port=proxy.port, socket_timeout=10, retry=None)


def insert_and_commit(connection, number):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (%s, %s)", (number, "x" * 1000))
    connection.commit()


@pytest.mark.parametrize("at, there", [("request", False), ("answer", True), ("answered", True)])
def test_a_commit_is_cut(database_proxy, database, at, there):
    rule = database_proxy.add_rule("COMMIT", at=at, do="cut", first=2)
    connection = connect(database_proxy, database)
    insert_and_commit(connection, 1)
    if at == "answered":
        insert_and_commit(connection, 2)
    else:
        with pytest.raises(pymysql.MySQLError):
            insert_and_commit(connection, 2)
    with pytest.raises(pymysql.MySQLError):
        connection.ping(reconnect=False)
    assert database_proxy.fired(rule) == 1
    assert database.query("SELECT COUNT(*) FROM t WHERE id = 2") == [(int(there),)]


def test_a_commit_that_was_sent_is_cut_before_its_answer(database_proxy, database):
    rule = database_proxy.add_rule("COMMIT", at="sent", do="cut", first=1)
    with pytest.raises(pymysql.MySQLError):
        insert_and_commit(connect(database_proxy, database), 1)
    assert database_proxy.fired(rule) == 1


def test_answers_are_told_apart_behind_results_of_every_shape(database_proxy, database):
    """Rows, none, large ones, errors: the third COMMIT is the one that is cut."""
    database_proxy.add_rule("COMMIT", at="answer", do="cut", first=3)
    connection = connect(database_proxy, database)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1, REPEAT('y', 300000)), (2, ''), (3, NULL)")
        cursor.execute("SELECT * FROM t")
        assert [len(text or "") for _, text in cursor.fetchall()] == [300000, 0, 0]
        cursor.execute("SELECT * FROM t WHERE id > 100")
        assert cursor.fetchall() == ()
        with pytest.raises(pymysql.MySQLError):
            cursor.execute("INSERT INTO t VALUES (1, 'again')")
    connection.commit()
    connection.commit()
    with pytest.raises(pymysql.MySQLError):
        connection.commit()
    assert database_proxy.seen("COMMIT") == 3


def test_every_third_and_by_seed(redis_proxy):
    """The same seed draws the same ones."""
    every = redis_proxy.add_rule("GET", do="pass", every=3)
    drawn = [redis_proxy.add_rule("GET", do="pass", chance=0.5, seed=seed) for seed in (1, 1, 2)]
    client = through(redis_proxy)
    for _ in range(60):
        client.get("a")
    assert redis_proxy.seen("GET") == 60 and redis_proxy.fired(every) == 20
    assert 10 < redis_proxy.fired(drawn[0]) < 50


def test_the_answer_is_dropped_though_the_server_has_done_it(redis_proxy, redis_server):
    redis_proxy.add_rule("INCRBY", at="answer", do="cut", first=1)
    with pytest.raises(redis_py.RedisError):
        through(redis_proxy).incr("n")
    assert redis_server.client().get("n") == b"1"
    redis_proxy.add_rule("DECRBY", at="request", do="cut", first=1)
    with pytest.raises(redis_py.RedisError):
        through(redis_proxy).decr("n")
    assert redis_server.client().get("n") == b"1"


def test_a_pipeline_is_cut_in_its_middle(redis_proxy, redis_server):
    redis_proxy.add_rule("INCRBY", at="request", do="cut", first=50)
    pipeline = through(redis_proxy).pipeline(transaction=False)
    for _ in range(100):
        pipeline.incr("n")
    with pytest.raises(redis_py.RedisError):
        pipeline.execute()
    deadline = time.monotonic() + 10
    while redis_server.client().get("n") != b"49":
        assert time.monotonic() < deadline


def test_a_script_is_known_by_its_sha1(redis_proxy):
    text = (ROOT / "daemon/queue/scripts/count_up.lua").read_text(encoding="utf-8")
    client = through(redis_proxy)
    client.eval(text, 1, "h", "claimed", 1)
    client.evalsha(client.script_load(text), 1, "h", "claimed", 1)
    assert redis_proxy.seen("count_up") == 2


def test_latency_and_one_byte_at_a_time(redis_proxy):
    client = through(redis_proxy)
    client.ping()
    redis_proxy.latency(50)
    started = time.monotonic()
    client.ping()
    assert time.monotonic() - started >= 0.1
    redis_proxy.latency(0)
    redis_proxy.byte_by_byte()
    client.set("large", b"z" * 20000)
    assert client.get("large") == b"z" * 20000


def test_a_stall_ends(redis_proxy):
    client, impatient = through(redis_proxy), redis_py.Redis(port=redis_proxy.port, socket_timeout=0.3, retry=None)
    client.set("a", 1)
    redis_proxy.stall()
    with pytest.raises(redis_py.TimeoutError):
        impatient.get("a")
    redis_proxy.stall(False)
    assert client.get("a") == b"1"


def test_a_cut_after_so_many_bytes(redis_proxy, redis_server):
    client = through(redis_proxy)
    client.ping()
    redis_proxy.cut_after(100, "up")
    with pytest.raises(redis_py.RedisError):
        client.set("k", b"v" * 1000)
    assert redis_server.client().get("k") is None


def test_new_connections_go_to_the_new_target(redis_proxy, tmp_path):
    other = RedisServer(tmp_path / "other")
    old = through(redis_proxy)
    old.set("where", "here")
    redis_proxy.move(("127.0.0.1", other.port))
    assert through(redis_proxy).get("where") is None and old.get("where") == b"here"
    other.kill()


def test_it_is_fast_enough(redis_proxy):
    """20,000 commands in a second, in pipelines as rowd sends them, on an idle machine; on a busy one in half a minute."""
    client = through(redis_proxy)
    started = time.monotonic()
    for _ in range(40):
        pipeline = client.pipeline(transaction=False)
        for _ in range(500):
            pipeline.rpush("l", b"r" * 100)
        pipeline.execute()
    assert time.monotonic() - started < 30
