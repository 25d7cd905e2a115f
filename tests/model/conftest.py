"""Fixtures: private servers, the model's tables, and a rowd on them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model.run import CHANNEL  # noqa: E402
from model.traffic import Traffic  # noqa: E402
from model.world import World  # noqa: E402
from support import process  # noqa: E402
from support.database_server import open_server  # noqa: E402
from support.redis_server import RedisServer  # noqa: E402
from support.rowd_process import Rowd  # noqa: E402

QUEUE = "rowd:model"
MAX_ROWS = 50  # few, so that some answers are too large


def pytest_configure():
    if not Path(process.program("rowd")).exists():
        raise pytest.UsageError(f"{process.program('rowd')} is not built: cmake --build --preset {process.BUILD}")


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
def database(tmp_path):
    server = open_server(tmp_path / "database")
    database = server.create_database()
    yield database
    server.drop_database(database)
    server.stop()


@pytest.fixture
def world(database):
    world = World(database.server.is_mariadb(), QUEUE, MAX_ROWS)
    world.create(database)
    return world


@pytest.fixture
def rowd(tmp_path, redis_server, database, world):
    configuration = tmp_path / "rowd.conf"
    configuration.write_text(f'[queue "{QUEUE}"]\nmax_rows = {MAX_ROWS}\n', encoding="utf-8")
    rowd = Rowd(tmp_path, database.url, redis_server, arguments=["-c", str(configuration)], queue=QUEUE)
    yield rowd
    rowd.close()


@pytest.fixture
def traffic(redis_server, rowd):
    traffic = Traffic(redis_server.client(), QUEUE, CHANNEL)
    yield traffic
    traffic.close()
