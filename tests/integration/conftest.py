"""Fixtures: one Redis, one database server and one rowd for the run; a world of its own for tests that break things."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import process  # noqa: E402
from support.client import QUEUE, Client  # noqa: E402
from support.database_server import OwnServer, open_server  # noqa: E402
from support.dead_letters import DEAD  # noqa: E402
from support.redis_server import RedisServer  # noqa: E402
from support.rowd_process import Rowd  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "only_on(server, reason): for what mariadb and mysql truly do not share")
    for name in ("rowd", "rowctl"):
        if not Path(process.program(name)).exists():
            raise pytest.UsageError(f"{process.program(name)} is not built: cmake --build --preset {process.BUILD}")


class RunsRedis(RedisServer):
    """The one of the whole run, from whose queue the run's rowd takes commands."""


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    server = RunsRedis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database_server(tmp_path_factory):
    server = open_server(tmp_path_factory.mktemp("database"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def skip_on_other_server(request):
    mark = request.node.get_closest_marker("only_on")
    if mark is None:
        return
    server = "mariadb" if request.getfixturevalue("database_server").is_mariadb() else "mysql"
    if server != mark.args[0]:
        pytest.skip(f"only on {mark.args[0]}: {mark.kwargs['reason']}")


@pytest.fixture(scope="session")
def database(database_server):
    database = database_server.create_database()
    database.create_example_tables()
    database.script((Path(__file__).parent / "tables.sql").read_text(encoding="utf-8"))
    yield database
    database_server.drop_database(database)


@pytest.fixture(scope="session")
def shared_rowd(tmp_path_factory, redis_server, database):
    rowd = Rowd(tmp_path_factory.mktemp("rowd"), database.url, redis_server)
    yield rowd
    rowd.close()


@pytest.fixture
def rowd(shared_rowd, database):
    """The run's rowd, on empty tables. It has to live through the test."""
    connection = database.connect()
    with connection.cursor() as cursor:
        # Asked each time: tests add tables and drop them, in whichever order they are run.
        cursor.execute("SHOW FULL TABLES WHERE table_type = 'BASE TABLE'")
        names = [name for name, _ in cursor.fetchall() if not name.startswith("rowd_")]
        cursor.execute("SET foreign_key_checks = 0")
        for name in names:
            cursor.execute("DELETE FROM `" + name.replace("`", "``") + "`")
    connection.close()
    yield shared_rowd
    shared_rowd.check_alive()


@pytest.fixture
def redis(redis_server):
    return redis_server.client()


@pytest.fixture(params=["msgpack", "json"])
def client(request, redis, rowd):
    """A producer, once in each codec."""
    return Client(redis, request.param)


@pytest.fixture
def producer(redis, rowd):
    """A producer that speaks msgpack, where the codec does not matter."""
    return Client(redis)


@pytest.fixture
def empty_dead(redis, rowd):
    """No dead letters yet, and none on their way: a reply comes before the letter of the same command."""
    process.wait_until(lambda: not redis.keys(f"{{{QUEUE}}}:inflight:*"), "the commands of earlier tests to be done with")
    redis.delete(DEAD)


class World:
    """Servers and rowds of one test, which may kill and restart them."""

    def __init__(self, directory, database_server):
        self.directory = directory
        self.shared_server = database_server
        self.opened = []
        self.databases = []

    def redis(self, **settings):
        server = RedisServer(self.directory / f"redis{len(self.opened)}", **settings)
        self.opened.append(server)
        return server

    def database_server(self):
        """A server that the test may kill."""
        if not self.shared_server.restartable:
            pytest.skip("ROWD_TEST_DATABASE_URL names a server that is not ours to stop")
        server = OwnServer(self.directory / f"database{len(self.opened)}")
        self.opened.append(server)
        return server

    def database(self, server=None):
        """A new database with the example tables, on the run's server unless another is given."""
        server = server or self.shared_server
        database = server.create_database()
        database.create_example_tables()
        self.databases.append(database)
        return database

    def rowd(self, database, redis_server, database_url=None, **options):
        assert not isinstance(redis_server, RunsRedis), "the run's rowd takes commands from it too: ask for world.redis()"
        rowd = Rowd(self.directory, database_url or database.url, redis_server, **options)
        self.opened.append(rowd)
        return rowd

    def close(self):
        problems = []
        for thing in reversed(self.opened):
            try:
                if isinstance(thing, Rowd):
                    thing.close()
                elif thing.process.alive():
                    thing.kill()
            except AssertionError as problem:  # the others have to be ended all the same
                problems.append(problem)
        for database in self.databases:
            if database.server is self.shared_server:
                self.shared_server.drop_database(database)
        if problems:
            raise problems[0]


@pytest.fixture
def world(tmp_path, database_server):
    world = World(tmp_path, database_server)
    yield world
    world.close()


@pytest.fixture(scope="module")
def open_world(tmp_path_factory, database_server):
    """The same for all tests of a module."""
    world = World(tmp_path_factory.mktemp("world"), database_server)
    yield world
    world.close()
