"""The servers die while batches are under way on every connection: each command is answered, and its effect is there at least
once. (A single death under other loads: test_recovery, test_redis_weather.)"""

import random
import time

import redis as redis_py
from engine_stage import Stage

from support.client import decode
from support.database_server import kill_connection

ROWS = 200
COMMANDS = 6000
STUCK_S = 60


class Traffic:
    """Creates with marks of their own, chains of updates and reads by key, some failing; all pushed at once."""

    def __init__(self, stage, seed):
        self.stage = stage
        rng = random.Random(seed)
        stage.database.query("INSERT INTO animals (id, species) VALUES " + ", ".join(
            f"({row}, 's0')" for row in range(1, ROWS + 1)))
        self.commands, self.expected = [], []
        self.histories = {}  # of each row: what it is set to, and by which command
        self.state = {row: "s0" for row in range(1, ROWS + 1)}
        for number in range(COMMANDS):
            self._add(number, rng.choice(["create", "update", "read", "fail"]), rng.randint(1, ROWS))

    def _add(self, number, kind, row):
        if kind == "update":
            self.state[row] = f"s{number}"
            self.histories.setdefault(row, []).append(number)
        expected = {"create": True, "fail": None}.get(kind, self.state[row])
        self.expected.append(expected)
        self.commands.append({
            "create": {"op": "create", "table": "users", "values": {"name": f"n{number}", "email": f"e{number}"}},
            "update": {"op": "update", "table": "animals", "pk": row, "set": {"species": self.state[row]}},
            "read": {"op": "read", "table": "animals", "pk": row},
            "fail": {"op": "update", "table": "animals", "pk": row, "set": {"age": 1000}},
        }[kind])

    def push(self):
        self.pushed = self.stage.push_together(self.commands)

    def answered(self):
        try:
            return self.pushed.arrived()
        except redis_py.RedisError:
            return 0

    def wait_answered(self, count):
        """However long it takes, as long as more and more arrive."""
        moved_at, before = time.monotonic(), 0
        while (answered := self.answered()) < count:
            if answered > before:
                moved_at, before = time.monotonic(), answered
            assert time.monotonic() - moved_at < STUCK_S, f"{answered} replies, and no more for {STUCK_S} s"
            time.sleep(0.01)

    def check(self, reads_again=False):
        """A reply may come twice, and a create that ran again finds its own row: it was executed. A read of which the
        reply had not left when rowd died runs again, and may then find what was written since."""
        self.wait_answered(COMMANDS)
        self.stage.wait_done()
        replies = {}
        for raw in self.stage.redis.lrange(self.pushed.reply_list, 0, -1):
            reply = decode(raw)
            replies.setdefault(reply["id"], reply)
        assert sorted(replies) == list(range(COMMANDS))
        for number, expected in enumerate(self.expected):
            self._check_reply(number, replies[number], expected, reads_again)
        assert dict(self.stage.database.query("SELECT id, species FROM animals")) == self.state
        marks = {mark for (mark,) in self.stage.database.query("SELECT email FROM users")}
        assert marks == {f"e{n}" for n, expected in enumerate(self.expected) if expected is True}

    def _later(self, number):
        """What the row that a read asks for may hold after it."""
        row = self.commands[number]["pk"]
        return {f"s{writer}" for writer in self.histories.get(row, []) if writer > number}

    def _check_reply(self, number, reply, expected, reads_again):
        if expected is None:
            assert reply["error"]["code"] == "OUT_OF_RANGE", reply
        elif expected is True:
            assert reply["ok"], reply
        else:
            # What is answered after a crash is read anew, be it the answer to a read or to a write that was committed.
            anew = reads_again and (reply["op"] == "read" or "recovered" in reply)
            allowed = {expected} | (self._later(number) if anew else set())
            assert reply["ok"] and reply["row"]["species"] in allowed, (number, expected, reply)


def test_the_database_is_killed_again_and_again(world):
    server = world.database_server()
    stage = Stage(world, server=server)
    traffic = Traffic(stage, 1)
    traffic.push()
    for turn in range(3):
        traffic.wait_answered(1000 * (turn + 1))
        server.kill()
        server.start()
    traffic.check()


def kill_connections(database):
    """All that rowd has, as an administrator would."""
    victims = database.query("SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()",
                             (database.name,))
    for (victim,) in victims:
        kill_connection(database.query, victim)
    return len(victims)


def test_connections_are_killed_again_and_again(world):
    stage = Stage(world)
    traffic = Traffic(stage, 2)
    traffic.push()
    killed = 0
    for turn in range(5):
        traffic.wait_answered(800 * (turn + 1))
        killed += kill_connections(stage.database)
    assert killed > 0
    traffic.check()
    stage.rowd.check_alive()


def test_redis_is_killed_again_and_again(world):
    stage = Stage(world)
    traffic = Traffic(stage, 3)
    traffic.push()
    for turn in range(3):
        traffic.wait_answered(1000 * (turn + 1))
        stage.redis_server.kill()
        stage.redis_server.start()
    traffic.check()
    stage.rowd.check_alive()


def test_rowd_is_killed_again_and_again(world):
    """Its successor takes over what it held, in its order."""
    runtime = world.directory / "runtime"
    runtime.mkdir()
    stage = Stage(world, runtime_directory=runtime)
    traffic = Traffic(stage, 4)
    traffic.push()
    for turn in range(3):
        traffic.wait_answered(1000 * (turn + 1))
        stage.rowd.kill()
        stage.rowd = world.rowd(stage.database, stage.redis_server, wait=False, runtime_directory=runtime)
    traffic.check(reads_again=True)
