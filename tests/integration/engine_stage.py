"""Servers and a rowd of one test, queues that are filled before the first command is claimed, and a view that answers when
the test lets it."""

import contextlib

from bulk import Bulk

from support.client import QUEUE, Client
from support.process import wait_until

MIB = 1024 * 1024


@contextlib.contextmanager
def nothing_claimed(redis, *queues):
    """What is pushed meanwhile is all there before the first of it is claimed, but for one that a pop may wait for."""
    queues = queues or (QUEUE,)
    for queue in queues:
        redis.set(f"{{{queue}}}:paused", 1)
    try:
        yield
    finally:
        redis.delete(*[f"{{{queue}}}:paused" for queue in queues])


class Stage:
    def __init__(self, world, server=None, database=None, queues=(), **options):
        self.database = database or world.database(server)
        self.redis_server = world.redis()
        self.redis = self.redis_server.client()
        arguments = []
        if queues:
            path = world.directory / "stage.conf"
            path.write_text("".join(f'[queue "{queue}"]\n' for queue in queues), encoding="utf-8")
            arguments = ["-c", str(path)]
        self.rowd = world.rowd(self.database, self.redis_server, arguments=arguments,
                               queue=queues[0] if queues else QUEUE, **options)
        self.bulk = Bulk(self.redis)
        self.client = Client(self.redis)

    def bulk_of(self, queue):
        return Bulk(self.redis, queue=queue)

    def push_together(self, commands):
        """All are there before the first is claimed."""
        with nothing_claimed(self.redis):
            return self.bulk.push(commands)

    def together(self, commands, timeout_s=60):
        return self.push_together(commands).replies(timeout_s)

    def held(self, queue=QUEUE):
        """How many commands workers have claimed and not acknowledged."""
        return sum(self.redis.hlen(key) for key in self.redis.keys(f"{{{queue}}}:inflight:*"))

    def wait_done(self):
        wait_until(lambda: self.held() == 0, "all commands to be acknowledged")

    def executed(self, *names):
        """How many statements of these kinds the server has executed since it started: insert, select, …"""
        status = dict(self.database.query("SHOW GLOBAL STATUS LIKE 'Com\\_%'"))
        return [int(status[f"Com_{name}"]) for name in names]


class Gate:
    """A view whose queries wait until the gate is opened."""

    VIEW = ("CREATE VIEW gated AS SELECT id, species, IF(GET_LOCK('gate', 60), RELEASE_LOCK('gate'), 0) AS passed "
            "FROM animals WHERE id = 1")

    def __init__(self, database):
        self.database = database
        self.connection = database.connect()

    def query(self, text):
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()

    def __enter__(self):
        assert self.query("SELECT GET_LOCK('gate', 10)") == ((1,),)
        return self

    def open(self):
        self.query("SELECT RELEASE_LOCK('gate')")

    def waiting(self):
        """How many connections stand before it."""
        return self.query("SELECT COUNT(*) FROM information_schema.processlist "
                          f"WHERE state LIKE 'User lock%' AND db = '{self.database.name}'")[0][0]

    def wait_for(self, count):
        wait_until(lambda: self.waiting() == count, f"{count} queries to stand before the gate")

    def __exit__(self, *_):
        self.connection.close()
