"""A private redis-server: unix socket and a free loopback port, in a directory of its own."""

import shutil
import socket
from pathlib import Path

import redis

from support.process import Process


def free_port():
    """A port that was free a moment ago. A server that finds it taken exits, and the test fails with its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    def __init__(self, directory, **settings):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket = str(self.directory / "r.sock")
        self.port = free_port()
        self.settings = settings
        self.process = None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    @property
    def socket_url(self):
        return f"unix://{self.socket}"

    def start(self):
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "unixsocket": self.socket,
            "dir": str(self.directory),
            "save": "",
            # Written to the file at each turn of its loop, never synced: survives the death of the process, which is
            # what tests bring about, and not that of the machine.
            "appendonly": "yes",
            "appendfsync": "no",
            "maxmemory-policy": "noeviction",
            **{name.replace("_", "-"): value for name, value in self.settings.items()},
        }
        arguments = [self._program()]
        for name, value in settings.items():
            arguments += [f"--{name}", str(value)]
        self.process = Process(arguments, self.directory / "redis.log")
        self.process.wait_ready(self._answers, "redis-server")

    def _program(self):
        """Debian's redis-tools has the server under the name redis-check-rdb; the name that it is called by decides."""
        found = shutil.which("redis-server")
        if found:
            return found
        link = self.directory / "redis-server"
        if not link.exists():
            link.symlink_to(shutil.which("redis-check-rdb"))
        return str(link)

    def _answers(self):
        try:
            return self.client().ping()
        except redis.AuthenticationError:
            return True  # it asks for a password: it is up
        except (redis.ConnectionError, redis.BusyLoadingError):
            return False  # AuthenticationError is one of these too, so it had to come first

    def client(self, **options):
        return redis.Redis(unix_socket_path=self.socket, **options)

    def stop(self):
        self.process.terminate()

    def kill(self):
        self.process.kill()
