"""A load whose outcome can be counted: creates with their own marks, pushed at once, in pieces or from a thread."""

import threading
from contextlib import closing, contextmanager

import msgpack

from support import contract
from support.client import QUEUE, decode
from support.process import wait_until

PIECE = 500


class Load:
    """`count` creates into animals, which grows where more are pushed; command n carries the mark n in `species` and the id n."""

    def __init__(self, redis_server, count, reply_list="rowd:reply:load", queue=QUEUE):
        self.redis_server = redis_server
        self.redis = redis_server.client()
        self.count = count
        self.queue = queue
        self.reply_list = reply_list
        self.outcomes = {}
        self.repeated = 0

    def command(self, number):
        return {"op": "create", "id": number, "table": "animals", "values": {"species": f"m{number}"},
                "reply_list": self.reply_list, "reply_ttl_ms": 3600000}

    def push(self, first=0, last=None):
        contract.check_command(self.command(first))
        last = self.count if last is None else last
        for start in range(first, last, PIECE):
            self.redis.lpush(self.queue, *[msgpack.packb(self.command(number))
                                           for number in range(start, min(start + PIECE, last))])

    def push_while_paused(self):
        """All of it is there before the first is claimed, so that what happens at the first reply is in the middle."""
        self.redis.set(f"{{{self.queue}}}:paused", 1)
        self.push()
        self.redis.delete(f"{{{self.queue}}}:paused")

    def held(self):
        """Commands that workers, living or dead, have claimed and not acknowledged."""
        return sum(self.redis.hlen(key) for key in self.redis.keys(f"{{{self.queue}}}:inflight:*"))

    @contextmanager
    def in_the_middle(self, database):
        """One is answered, and others are in a worker's hands and stay there: they wait for the table. Looks at replies only
        when that is over: to check them takes longer than to make them."""
        first = self.redis.blpop(self.reply_list, timeout=60)
        assert first, "no reply"
        with closing(database.connect()) as holder:
            holder.cursor().execute("LOCK TABLES animals READ")
            self._push_more(100)
            wait_until(lambda: self.held() > 0, "commands in a worker's hands")
            yield
        self._note(first[1])
        self.take_rest()

    def kill_in_the_middle(self, rowd, database):
        with self.in_the_middle(database):
            rowd.kill()

    def _push_more(self, count):
        """Whatever there was may all be done by now."""
        self.count += count
        self.push(self.count - count)

    def push_in_background(self, each):
        """Pushes in a thread and calls each(n) before each piece of 100; join() the result."""

        def work():
            for start in range(0, self.count, 100):
                each(start)
                self._push_until_taken([msgpack.packb(self.command(number))
                                        for number in range(start, min(start + 100, self.count))])

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def _push_until_taken(self, elements):
        self.redis.lpush(self.queue, *elements)

    def take(self, until, timeout_s=60):
        """Takes replies until `until` different ones are here."""
        while len(self.outcomes) < until:
            popped = self.redis.blpop(self.reply_list, timeout=timeout_s)
            assert popped, f"only {len(self.outcomes)} of {until} replies within {timeout_s} s"
            self._note(popped[1])

    def take_rest(self):
        """Replies that came twice may still lie there."""
        while True:
            raw = self.redis.lpop(self.reply_list)
            if raw is None:
                return
            self._note(raw)

    def _note(self, raw):
        reply = decode(raw)
        contract.check_reply(reply)
        if reply["id"] in self.outcomes:
            self.repeated += 1
        self.outcomes[reply["id"]] = reply

    def check_nothing_lost(self, database):
        """Each command is answered, and its effect is there: at least once is what this version promises."""
        failed = {number: reply["error"] for number, reply in self.outcomes.items() if not reply["ok"]}
        assert not failed, failed
        assert set(self.outcomes) == set(range(self.count))
        marks = {mark for (mark,) in database.query("SELECT DISTINCT species FROM animals")}
        missing = {f"m{number}" for number in range(self.count)} - marks
        assert not missing, f"{len(missing)} lost, such as {sorted(missing)[:5]}"
