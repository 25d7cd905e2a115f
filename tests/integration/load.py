"""A load whose outcome can be counted: creates with their own marks, pushed at once, in pieces or from a thread."""

import threading

import msgpack

from support import contract
from support.client import QUEUE, decode

PIECE = 500


class Load:
    """`count` creates into animals; command n carries the mark n in `species` and the id n."""

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

    def kill_in_the_middle(self, rowd):
        """Kills it as soon as it has answered one, while it holds others. Looks at replies only when it is dead: to
        check them takes longer than to make them."""
        first = self.redis.blpop(self.reply_list, timeout=60)
        rowd.kill()
        assert first and self.held() > 0, "there was nothing left in its hands"
        self._note(first[1])
        self.take_rest()

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
