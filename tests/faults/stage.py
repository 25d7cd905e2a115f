"""What a run of the fault bench stands on: a Redis that syncs each write, a MariaDB that syncs each commit, proxies before
both, several rowds, and producers."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pymysql
import redis as redis_py

from producer import ALLOWED
from replies import Replies
from support.client import QUEUE
from support.database_server import OwnServer
from support.process import Process, wait_until
from support.proxy import Proxy
from support.redis_server import RedisServer
from support.rowd_process import Rowd
from verdict import judge

HERE = Path(__file__).resolve().parent
LEASE_MS = 1000
DEADLOCK = 1213
DATABASE_SETTINGS = ["--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1", "--skip-ssl"]
CLEAN_EXIT_S = 40


class Modes:
    """How the queue is delivered."""

    def __init__(self, delivery="at-least-once", shared=False, once=False):
        self.delivery = delivery
        self.shared = shared
        self.once = once

    @property
    def effects_once(self):
        return self.delivery == "exactly-once" or self.once

    def keeps_order(self, frozen):
        """frozen: a worker was, and thawed. Without a marker to fence it by, nothing stops its old work."""
        return not self.shared and (self.effects_once or not frozen)


def start_database_server(directory):
    return OwnServer(directory, *DATABASE_SETTINGS)


class Stage:
    """database_server: one that is there already is used for its databases, and left running."""

    def __init__(self, directory, plan, modes, database_server=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.plan = plan
        self.modes = modes
        self.cleanup = contextlib.ExitStack()
        self.workers = {}
        self.incarnations = 0
        self.producers = {}
        try:
            self._open(database_server)
        except BaseException:
            self.cleanup.close()
            raise

    def _open(self, database_server):
        self.redis_server = RedisServer(self.directory / "redis", appendfsync="always",
                                        auto_aof_rewrite_min_size="16mb")
        self.cleanup.callback(lambda: self.redis_server.process.kill())
        if database_server is None:
            database_server = start_database_server(self.directory / "database")
            self.cleanup.callback(lambda: self.database_server.process.kill())
        self.database_server = database_server
        self.database = database_server.create_database("faults")
        self.database.script((HERE / "tables.sql").read_text(encoding="utf-8"))
        self.plan.fill(self.database)
        self.redis = self.redis_server.client()
        self.redis_proxy = Proxy(("127.0.0.1", self.redis_server.port), "redis")
        self.cleanup.callback(self.redis_proxy.close)
        self.database_proxy = Proxy(("127.0.0.1", database_server.port), "mysql")
        self.cleanup.callback(self.database_proxy.close)
        self.replies = Replies(self.plan, self.modes.effects_once)

    # --- workers ---

    def configuration(self):
        path = self.directory / "rowd.conf"
        path.write_text(f'[queue "{QUEUE}"]\ndelivery = {self.modes.delivery}\n'
                        f'shared = {"yes" if self.modes.shared else "no"}\n', encoding="utf-8")
        return path

    def start_worker(self, index=0, fresh=False, crash=None, wait=False, user="root", **options):
        """fresh: in a runtime directory of its own, so that nothing proves its predecessor dead before the lease ends."""
        runtime = self.directory / (f"runtime-{index}" + (f"-{self.incarnations}" if fresh else ""))
        runtime.mkdir(exist_ok=True)
        self.incarnations += 1
        if crash:
            options["crash"] = crash
        worker = Rowd(self.directory, f"mysql://{user}@127.0.0.1:{self.database_proxy.port}/{self.database.name}?tls=off",
                      self.redis_server, arguments=["-c", str(self.configuration())], wait=wait,
                      redis_url=f"redis://127.0.0.1:{self.redis_proxy.port}", runtime_directory=runtime,
                      delivery_lease_ms=LEASE_MS, **options)
        worker.runtime_directory = runtime
        self.workers[index] = worker
        self.cleanup.callback(worker.kill)
        return worker

    def owner(self):
        """The index of the worker that claims; None when nobody says so."""
        try:
            owner = (self.redis.get(f"{{{QUEUE}}}:owner") or b"").decode()
        except redis_py.RedisError:
            return None
        for index, worker in self.workers.items():
            if owner and worker.process.alive() and owner in worker_ids(self.directory, index):
                return index
        return None

    def check_workers(self):
        """None has ended by itself, or left a sanitizer's report."""
        for index, worker in self.workers.items():
            assert worker.process.alive(), f"worker {index} ended by itself with {worker.process.child.returncode}:\n" + \
                worker.process.tail(60)
            worker.check_reports()

    def end_workers(self):
        """Those that live must end in good order."""
        for worker in self.workers.values():
            worker.close()

    # --- producers ---

    def start_producer(self, index, repeat=False):
        arguments = [sys.executable, str(HERE / "producer.py"), "--seed", self.plan.seed, "--count", self.plan.count,
                     "--producers", self.plan.producers, "--index", index, "--socket", self.redis_server.socket,
                     "--queue", QUEUE]
        arguments += ["--once"] * self.plan.once + ["--no-increments"] * (not self.plan.increments)
        arguments += ["--repeat"] * repeat
        producer = Process([str(word) for word in arguments], self.directory / f"producer-{index}.log")
        self.producers[index] = producer
        self.cleanup.callback(producer.kill)
        return producer

    def start_producers(self):
        for index in range(self.plan.producers):
            self.start_producer(index)

    def allow(self, percent):
        """So much of what is theirs may the producers push, and a piece more; whatever the machine's speed, the rest is not
        there before it is allowed."""
        self.redis.set(ALLOWED, percent)

    # --- the end ---

    def take_replies(self):
        self.replies.take(self.redis)
        return self.replies.answered

    def wait_answered(self, count, what=lambda: True, timeout_s=60):
        """Until so many are answered and what() is true; while the workers live."""

        def reached():
            self.check_workers()
            return self.take_replies() >= count and what()

        wait_until(reached, f"{count} answers", timeout_s)

    @contextlib.contextmanager
    def locked_rows(self, *queries):
        """What they select is locked by somebody else: a statement each. Workers write there meanwhile, so that the server may
        end a deadlock at the cost of whoever locks; then it tries again."""
        connection = self.database.connect(autocommit=False)

        def locked():
            try:
                with connection.cursor() as cursor:
                    return all(cursor.execute(f"{query} FOR UPDATE") for query in queries)
            except pymysql.MySQLError as error:
                assert error.args[0] == DEADLOCK, error
                return False

        try:
            wait_until(locked, "the locks")
            yield
        finally:
            connection.close()

    def held(self):
        """Commands that are in flight, be it with workers that are dead."""
        return sum(self.redis.hlen(key) for key in self.redis.keys(f"{{{QUEUE}}}:inflight:*"))

    def left(self):
        """Commands that are queued, landed or in flight."""
        count = self.redis.llen(QUEUE) + self.redis.llen(f"{{{QUEUE}}}:again") + self.held()
        for key in self.redis.keys(f"{{{QUEUE}}}:landing:*"):
            count += self.redis.llen(key)
        return count

    def wait_done(self, timeout_s=60):
        """Until all is pushed and nothing is left of it, whatever has become of the replies; while the workers live."""

        def done():
            self.check_workers()
            return not any(producer.alive() for producer in self.producers.values()) and self.left() == 0

        wait_until(done, "the end of all commands", timeout_s)

    def drain(self, timeout_s=90):
        """Until all is answered and acknowledged, or nothing has moved for timeout_s. Returns what is left."""
        moved_at, before = time.monotonic(), None
        while time.monotonic() - moved_at < timeout_s:
            answered = self.take_replies()
            self.check_workers()
            pushing = any(producer.alive() for producer in self.producers.values())
            left = self.left()
            if not pushing and left == 0 and answered == self.plan.count:
                return 0
            if (answered, left) != before:
                moved_at, before = time.monotonic(), (answered, left)
            time.sleep(0.02)
        return self.left()

    def verdict(self, timeout_s=90):
        left = self.drain(timeout_s)
        self.take_replies()
        verdict = judge(self.plan, self.replies, self.database)
        verdict.left = left
        verdict.dead = self.redis.llen(f"{{{QUEUE}}}:dead")
        return verdict

    def statistics(self):
        return {name.decode(): int(value) for name, value in self.redis.hgetall(f"{{{QUEUE}}}:stats").items()}

    def close(self):
        self.cleanup.close()


def worker_ids(directory, index):
    return [path.read_text(encoding="ascii").strip() for path in Path(directory).glob(f"runtime-{index}*/worker.id")]
