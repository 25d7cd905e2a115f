"""What was answered: one byte per command, whatever it is asked later. Takes the replies off their lists without losing one,
though Redis may die between any two steps."""

import array

import redis as redis_py

from plan import COLLIDE, INCREMENT, MARK, NAMES, OCCUPY, READ, TOKEN, VACATE
from support import contract
from support.client import decode

OK, FAILED = 1, 2
CHECKED_AGAINST_SCHEMA = 50  # one in so many: it takes ten times as long as all the rest
EXAMPLES = 20


def last_marks(plan):
    """For each read: the number of the last mark that is queued before it on its row; -1: none."""
    last, found = {}, array.array("i", bytes(4 * plan.count))
    for number in range(plan.count):
        kind, key = plan.kind_and_key(number)
        if kind == MARK:
            last[key] = number
        elif kind == READ:
            found[number] = last.get(key, -1)
    return found


class Replies:
    """once: effects happen once, so that a reply can be held against exactly one outcome."""

    def __init__(self, plan, once):
        self.plan = plan
        self.once = once
        self.outcomes = bytearray(plan.count)
        self.last_marks = last_marks(plan)
        self.answered = 0  # different commands
        self.repeated = 0
        self.recovered = 0
        self.replayed = 0
        self.problems = []  # (what of the verdict, example)
        self.counts = {"wrong": 0, "disorder": 0}
        self.noted = set()

    def take(self, redis):
        """Notes all that is there. What Redis does not tell now, it is asked for next time."""
        for name in self.plan.reply_lists():
            try:
                self._take_list(redis, name)
            except redis_py.RedisError:
                pass

    def _take_list(self, redis, name):
        """Moved aside first: that, reading and deleting can each be done again when the answer was lost."""
        aside = f"faults:taken:{name}"
        if name not in self.noted:
            if not redis.exists(aside):
                if not redis.exists(name):
                    return
                redis.renamenx(name, aside)
            for raw in redis.lrange(aside, 0, -1):
                self.note(decode(raw))
            self.noted.add(name)
        redis.delete(aside)
        self.noted.discard(name)

    def note(self, reply):
        number = reply["id"]
        outcome = self.outcomes[number]
        if outcome == 0:
            self.answered += 1
        else:
            self.repeated += 1
        self.outcomes[number] = outcome | (OK if reply["ok"] else FAILED)
        self.recovered += reply.get("recovered", False)
        self.replayed += reply.get("replayed", False)
        form = self._problem_of_form(reply) if number % CHECKED_AGAINST_SCHEMA == 0 else None
        self._tell("wrong", number, reply, form or self._problem(number, reply))
        self._tell("disorder", number, reply, self._problem_of_order(number, reply))

    def _tell(self, what, number, reply, problem):
        if not problem:
            return
        self.counts[what] += 1
        if self.counts[what] <= EXAMPLES:
            self.problems.append((what, f"{NAMES[self.plan.kind_and_key(number)[0]]} {number}: {problem}: {reply!r}"))

    @staticmethod
    def _problem_of_form(reply):
        try:
            contract.check_reply(reply)
        except AssertionError as problem:
            return str(problem)
        return None

    def _problem(self, number, reply):
        kind, _ = self.plan.kind_and_key(number)
        if not reply["ok"]:
            code = reply["error"]["code"]
            return None if kind in (COLLIDE, OCCUPY) and code == "UNIQUE_VIOLATION" else f"failed with {code}"
        if kind == COLLIDE:
            return "succeeded although the key is taken"
        row = reply.get("row")
        if reply.get("recovered"):
            return None  # the row as it is by now, or none
        if kind in (MARK, INCREMENT, READ) and row is None:
            return "no row, and there always is one"
        if kind == MARK and self.once and row["seq"] != number:
            return "another value than it has set"
        if kind == INCREMENT and row["n"] < 1:
            return "nothing was added"
        if kind in (TOKEN, OCCUPY) and row is not None and row["token"] != number:
            return "another one's row"
        return None

    def _problem_of_order(self, number, reply):
        """What can only be when commands of one row did not run one after the other, each once."""
        kind, _ = self.plan.kind_and_key(number)
        if kind == READ and reply["ok"] and reply["row"] and reply["row"]["seq"] < self.last_marks[number]:
            return f"older than mark {self.last_marks[number]}, which was queued before it"
        if kind == VACATE and reply["ok"] and self.once and not reply.get("recovered") and reply["affected"] != 1:
            return "there was no row, or it was deleted twice"
        if kind == OCCUPY and self.once and not reply["ok"]:
            return "the row was still there, or it was created twice"
        return None
