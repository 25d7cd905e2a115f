"""What the build under test knows of what the bench can ask for. It is asked, so that the bench runs on each."""

import functools
import subprocess
import tempfile
from pathlib import Path

from support.client import QUEUE, Client
from support.database_server import OwnServer
from support.process import program
from support.redis_server import RedisServer
from support.rowd_process import Rowd, environment


@functools.cache
def knows_delivery(delivery):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rowd.conf"
        path.write_text(f'[queue "{QUEUE}"]\ndelivery = {delivery}\n', encoding="utf-8")
        done = subprocess.run([program("rowd"), "config", "-c", str(path)], capture_output=True, check=False,
                              env=environment("mysql://nobody@localhost/none"))
    return done.returncode == 0


@functools.cache
def knows_crash_points():
    done = subprocess.run([program("rowd"), "--crash-points"], env=environment(), capture_output=True, check=False)
    return done.returncode == 0


@functools.cache
def _asked():
    """What only a command's answer tells: (increments, once)."""
    with tempfile.TemporaryDirectory() as directory:
        redis_server = RedisServer(Path(directory) / "redis")
        server = OwnServer(Path(directory) / "database")
        try:
            database = server.create_database()
            database.script((Path(__file__).parent / "tables.sql").read_text(encoding="utf-8"))
            rowd = Rowd(directory, database.url, redis_server)
            client = Client(redis_server.client())
            increment = client.call("update", check=False, table="counters", pk=1, set={"n": {"inc": 1}})
            once = client.call("create", check=False, table="tokens", values={"token": 1, "line": 1}, once=True)
            rowd.kill()
        finally:
            redis_server.kill()
            server.kill()
    return increment["ok"] or increment["error"]["code"] == "NOT_FOUND", once["ok"]


def knows_increments():
    return _asked()[0]


def knows_once():
    return _asked()[1]


