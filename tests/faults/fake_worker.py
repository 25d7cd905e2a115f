"""A worker in Python that does what it is told to do wrong: what the check of the whole queue has to find. Its honest kind is
what the check has to let pass."""

import msgpack
import pymysql

from plan import COLLIDE, INCREMENT, MARK, OCCUPY, READ, TOKEN, VACATE
from support.client import QUEUE

DUPLICATE = 1062
FAILURE = {"code": "UNIQUE_VIOLATION", "status": "ALREADY_EXISTS", "retryable": False, "message": "there is one already"}


class FakeWorker:
    """wrong: what it does at each command for which chosen(number) is true: one of WRONGS; None: nothing."""

    WRONGS = ["loses", "keeps_silent", "applies_twice", "fails_what_it_did", "does_nothing_and_says_ok", "answers_another_row",
              "overtakes", "buries", "leaves_behind"]

    def __init__(self, redis, database, plan, wrong=None, chosen=lambda number: False):
        self.redis = redis
        self.plan = plan
        self.wrong = wrong
        self.chosen = chosen
        self.connection = database.connect()
        self.delayed = []

    def run(self):
        while raw := self.redis.rpop(QUEUE):
            self._take(raw)
        for raw in self.delayed:
            self._do(raw, msgpack.unpackb(raw), None)
        self.connection.close()

    def _take(self, raw):
        command = msgpack.unpackb(raw)
        wrong = self.wrong if self.chosen(command["id"]) else None
        if wrong == "loses":
            return
        if wrong == "overtakes":
            self.delayed.append(raw)
        elif wrong == "buries":
            self.redis.lpush(f"{{{QUEUE}}}:dead", raw)
            self._do(raw, command, None)
        elif wrong == "leaves_behind":
            self.redis.hset(f"{{{QUEUE}}}:inflight:fake", command["id"], raw)
            self._do(raw, command, None)
        else:
            self._do(raw, command, wrong)

    def _do(self, raw, command, wrong):
        body = {"ok": True} if wrong == "does_nothing_and_says_ok" else self._execute(command)
        if wrong == "applies_twice":
            self._execute(command)
        if wrong == "fails_what_it_did":
            body = {"ok": False, "error": FAILURE}
        if wrong == "answers_another_row":
            body["row"] = {"token": -7, "seq": -7, "n": -7}
        if wrong != "keeps_silent":
            reply = {"v": 1, "id": command["id"], "op": command["op"], **body}
            self.redis.rpush(command["reply_list"], msgpack.packb(reply))

    def _execute(self, command):
        kind, key = self.plan.kind_and_key(command["id"])
        try:
            return {"ok": True, **EXECUTIONS[kind](self._query, command["id"], key)}
        except pymysql.err.IntegrityError as error:
            assert error.args[0] == DUPLICATE
            return {"ok": False, "error": FAILURE}

    def _query(self, text, *values):
        with self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            affected = cursor.execute(text, values)
            return cursor.fetchall() or affected


def _token(query, number, line):
    query("INSERT INTO tokens (token, line) VALUES (%s, %s)", number, line)
    return {"affected": 1}


def _increment(query, _number, key):
    query("UPDATE counters SET n = n + 1 WHERE id = %s", key)
    return {"matched": 1, "affected": 1, "row": query("SELECT * FROM counters WHERE id = %s", key)[0]}


def _mark(query, number, key):
    query("UPDATE marks SET seq = %s WHERE id = %s", number, key)
    return {"matched": 1, "affected": 1, "row": query("SELECT * FROM marks WHERE id = %s", key)[0]}


def _vacate(query, _number, key):
    return {"affected": query("DELETE FROM places WHERE id = %s", key)}


def _occupy(query, number, key):
    query("INSERT INTO places (id, token) VALUES (%s, %s)", key, number)
    return {"affected": 1, "row": {"id": key, "token": number}}


def _collide(query, number, key):
    query("INSERT INTO taken (id, token) VALUES (%s, %s)", key, number)
    return {"affected": 1}


def _read(query, _number, key):
    return {"row": query("SELECT * FROM marks WHERE id = %s", key)[0]}


EXECUTIONS = {TOKEN: _token, INCREMENT: _increment, MARK: _mark, VACATE: _vacate, OCCUPY: _occupy, COLLIDE: _collide,
              READ: _read}
