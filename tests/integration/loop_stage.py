"""What test_loop_held.py plays on: servers that can be frozen, reached in each of the ways, and a rowd whose log says
how long its loop was held."""

import functools
import re
import signal
import subprocess
from contextlib import contextmanager

from support.client import QUEUE, Client
from support.process import program, wait_until
from support.rowd_process import environment

HELD_MS = 50
LEASE_MS = 3000

# How rowd reaches the servers: the database with TLS or without, each by TCP or by a unix socket.
WAYS = {
    "tls-tcp": ("required", "tcp"),
    "tls-socket": ("required", "socket"),
    "plain-tcp": ("off", "tcp"),
    "plain-socket": ("off", "socket"),
}

# Short, so that what they end is seen within seconds.
TIMEOUTS = {"database_connect_timeout_ms": 1000, "database_statement_timeout_ms": 500, "database_idle_ping_s": 1,
            "redis_command_timeout_ms": 1000, "delivery_lease_ms": LEASE_MS, "delivery_drain_timeout_ms": 1000}


def fields(line):
    return {name: int(value) for name, value in re.findall(r" (\w+)=(\d+)", line)}


def lines_of(log, event):
    return [line for line in log.splitlines() if f" {event}" in line]


class Held(AssertionError):
    """Some turn of the loop took too long."""


def best_of_three(test):
    """A loop that is held is held each time. A processor that others keep busy makes a turn's work last several times as
    long, which is no lack of one: three times in a row it does not."""

    @functools.wraps(test)
    def repeated(stage, *arguments, **named):
        for _ in range(2):
            try:
                return test(stage, *arguments, **named)
            except Held as held:
                print(held)
                stage.thaw_all()
        return test(stage, *arguments, **named)

    return repeated


class Stage:
    def __init__(self, world, way, database, redis_server):
        self.tls, self.how = WAYS[way]
        self.world, self.database, self.redis_server = world, database, redis_server
        self.redis = redis_server.client()
        self.client = Client(self.redis)
        self.frozen = set()
        self.rowd = None

    def _settings(self, options):
        server = self.database.server
        url = f"mysql://tcp:secret@127.0.0.1:{server.port}/{self.database.name}"
        if self.how == "socket":
            url += f"?unix_socket={server.socket}"
        redis_url = self.redis_server.url if self.how == "tcp" else self.redis_server.socket_url
        return {"database_url": url, "redis_url": redis_url, "database_tls": self.tls, **TIMEOUTS, **options}

    @contextmanager
    def start_with_pipe(self, **options):
        """A rowd whose log goes into a pipe that nobody reads before the test does: (process, pipe)."""
        arguments = environment(runtime_directory=self.world.directory, **self._settings(options))
        with subprocess.Popen([program("rowd")], env=arguments, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process, process.stderr
            finally:
                process.kill()

    def start(self, **options):
        self.rowd = self.world.rowd(self.database, self.redis_server, **self._settings(options))
        connected = lines_of(self.rowd.log(), "database.connected")
        assert connected and ("tls=off" in connected[0]) == (self.tls == "off"), connected
        return self.rowd

    @contextmanager
    def freeze(self, *servers):
        for server in servers:
            server.process.freeze()
            self.frozen.add(server)
        yield
        for server in servers:
            self.thaw(server)

    def thaw(self, server):
        server.process.send(signal.SIGCONT)
        self.frozen.discard(server)

    @contextmanager
    def freeze_database(self):
        with self.freeze(self.database.server):
            yield

    @contextmanager
    def freeze_redis(self):
        with self.freeze(self.redis_server):
            yield

    def wait_renewals(self, count):
        """The lease is renewed so often: Redis hears of rowd's loop."""
        for _ in range(count):
            before = self._leases()
            wait_until(lambda: self._leases() != before, "the lease to be renewed")  # pylint: disable=W0640

    def _leases(self):
        return self.redis.zrange(f"{{{QUEUE}}}:workers", 0, -1, withscores=True)

    def wait_turns(self, count):
        """rowd's loop takes up so many signals, one after the other, whatever its servers do."""
        for _ in range(count):
            before = self.count("rowd.reloading")
            self.rowd.process.send(signal.SIGHUP)
            self.wait_event("rowd.reloading", before + 1)

    def count(self, event):
        return len(lines_of(self.rowd.log(), event))

    def wait_event(self, event, times=1):
        wait_until(lambda: self.count(event) >= times, f"{event}, {times} times")

    def wait_well(self):
        """Both servers work again, as rowd sees it."""
        assert self.client.ok("ping", db=True)

    @staticmethod
    def check(log):
        """The log of a rowd that has ended: its loop was never held by anything but the lack of a processor."""
        tail = "\n".join(log.splitlines()[-40:])
        told = [fields(line) for line in lines_of(log, "loop.held")]
        held = [turn for turn in told if turn["wall_ms"] - turn["waited_ms"] > HELD_MS]
        if held:
            raise Held(f"the loop was held: {held}\n{tail}")
        stopped = lines_of(log, "rowd.stopped")
        assert len(stopped) == 1, tail
        summary = fields(stopped[0])
        assert summary["status"] == 0
        # It was told what kept a long turn, unless that line was lost.
        assert summary["longest_turn_ms"] <= HELD_MS or told or lines_of(log, "log.dropped"), stopped[0]

    def stop(self):
        assert self.rowd.terminate() == 0
        self.check(self.rowd.log())

    def thaw_all(self):
        for server in list(self.frozen):
            self.thaw(server)

    def close(self):
        self.thaw_all()
