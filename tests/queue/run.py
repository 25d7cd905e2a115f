"""Runs one test program of daemon/queue against a private redis-server: run.py PROGRAM

The program finds the server's socket in ROWD_TEST_REDIS and its port in ROWD_TEST_PORT, and has the server obey it through
ROWD_TEST_CONTROL (support/controlled.py)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import controlled  # noqa: E402  (the path comes first)
from support.redis_server import RedisServer  # noqa: E402


def start(directory):
    return RedisServer(directory / "server")


def prepare(server, directory):
    return {"ROWD_TEST_REDIS": server.socket, "ROWD_TEST_PORT": str(server.port), "ROWD_TEST_DIRECTORY": str(directory)}


if __name__ == "__main__":
    sys.exit(controlled.run("queue", start, prepare))
