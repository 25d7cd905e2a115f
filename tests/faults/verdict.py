"""The total-queue check: what was attempted, what was answered, and what the database holds, one against the other."""

import array
from dataclasses import dataclass, field

from plan import COLLIDE, INCREMENT, MARK, NAMES, OCCUPY, TOKEN, VACATE
from replies import FAILED, OK

ROWS_AT_ONCE = 50000
EXAMPLES = 10


@dataclass
class Verdict:
    attempted: int = 0
    answered: int = 0
    countable: int = 0   # of the attempted: those whose effects can be counted one by one, tokens and increments
    applied: int = 0     # of the countable
    lost: int = 0        # queued or answered as done, and no effect
    twice: int = 0       # effects beyond the first
    phantom: int = 0     # answered as failed, and there is an effect
    unanswered: int = 0
    disorder: int = 0    # what came later stands before, or was overwritten by what came earlier
    wrong: int = 0       # replies that cannot be
    dead: int = 0        # dead letters
    left: int = 0        # still queued or in flight at the end
    examples: list = field(default_factory=list)

    def add(self, what, count, example):
        if count <= 0:
            return
        setattr(self, what, getattr(self, what) + count)
        if sum(line.startswith(what) for line in self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {example}")

    def broken(self, once, ordered=True):
        """The names of the promises that were not kept. once: each effect must be there once, not at least once; ordered: in
        queue order."""
        names = ["lost", "unanswered", "wrong", "dead", "left"]
        if once:
            names += ["twice", "phantom"]
        if ordered:
            names += ["disorder"]
        return [name for name in names if getattr(self, name)]


class Judge:
    def __init__(self, plan, replies, database):
        self.plan = plan
        self.replies = replies
        self.database = database
        self.verdict = Verdict(attempted=plan.count, answered=replies.answered, unanswered=plan.count - replies.answered,
                               **replies.counts)
        self.verdict.examples += [f"{what}: {example}" for what, example in replies.problems]

    def judge(self):
        self._read_plan()
        self._judge_tokens()
        self._judge_counters()
        self._judge_marks()
        self._judge_places()
        self._judge_taken()
        return self.verdict

    def _read_plan(self):
        """What each row should have come to."""
        rows = self.plan.rows
        self.added, self.marked, self.occupied = [0] * rows, [-1] * rows, [-1] * rows
        self.added_ok, self.vacated_at = [0] * rows, [-1] * rows
        for number in range(self.plan.count):
            kind, key = self.plan.kind_and_key(number)
            if self.replies.outcomes[number] == 0 and len(self.verdict.examples) < 2 * EXAMPLES:
                self.verdict.examples.append(f"unanswered: {NAMES[kind]} {number}")
            self.verdict.countable += kind in (TOKEN, INCREMENT)
            if kind == INCREMENT:
                self.added[key] += 1
                self.added_ok[key] += bool(self.replies.outcomes[number] & OK)
            elif kind == MARK:
                self.marked[key] = number
            elif kind == OCCUPY:
                self.occupied[key] = number
            elif kind == VACATE:
                self.vacated_at[key] = number

    def _rows(self, text):
        """In pieces: a million rows are not held at once."""
        last = -1
        while rows := self.database.query(f"{text} AND id > {last} ORDER BY id LIMIT {ROWS_AT_ONCE}"):
            yield from rows
            last = rows[-1][0]

    def _judge_tokens(self):
        verdict, plan = self.verdict, self.plan
        counts = bytearray(plan.count)
        newest = array.array("q", [-1] * plan.rows)  # of each line
        for _, token, line in self._rows("SELECT id, token, line FROM tokens WHERE TRUE"):
            if not 0 <= token < plan.count or plan.kind_and_key(token) != (TOKEN, line):
                verdict.add("phantom", 1, f"token {token} in line {line}, which nobody pushed")
                continue
            counts[token] = min(counts[token] + 1, 255)
            if counts[token] == 1:
                if token < newest[line]:
                    verdict.add("disorder", 1, f"token {token} stands behind {newest[line]} in line {line}")
                newest[line] = max(newest[line], token)
        for number in range(plan.count):
            if plan.kind_and_key(number)[0] != TOKEN:
                continue
            outcome = self.replies.outcomes[number]
            verdict.applied += counts[number] > 0
            verdict.add("lost", counts[number] == 0 and outcome != FAILED, f"token {number}, outcome {outcome}")
            verdict.add("twice", counts[number] - 1, f"token {number}: {counts[number]} times")
            verdict.add("phantom", counts[number] > 0 and bool(outcome & FAILED), f"token {number}: answered as failed")

    def _judge_counters(self):
        for key, found in self.database.query("SELECT id, n FROM counters"):
            self.verdict.applied += min(found, self.added[key])
            self.verdict.add("lost", self.added_ok[key] - found, f"counter {key}: {found} of {self.added_ok[key]}")
            self.verdict.add("twice", found - self.added_ok[key], f"counter {key}: {found} of {self.added_ok[key]}")

    def _judge_marks(self):
        for key, found in self.database.query("SELECT id, seq FROM marks"):
            if self._all_failed(self.marked[key]):
                continue
            what = "lost" if found == -1 else "disorder"
            self.verdict.add(what, found != self.marked[key], f"mark {key}: {found}, the last was {self.marked[key]}")

    def _all_failed(self, number):
        return number >= 0 and self.replies.outcomes[number] == FAILED

    def _judge_places(self):
        """A place is vacated and occupied in turns: at the end the last one that came sits in it."""
        found = dict(self.database.query("SELECT id, token FROM places"))
        for key in range(self.plan.rows):
            expected = None if self.vacated_at[key] > self.occupied[key] else self.occupied[key]
            there = found.get(key)
            self.verdict.add("disorder", there != expected, f"place {key}: {there}, not {expected}")

    def _judge_taken(self):
        for key, token in self.database.query("SELECT id, token FROM taken WHERE token <> -1"):
            self.verdict.add("phantom", 1, f"{NAMES[COLLIDE]} {token}: was to fail, and is there under {key}")


def judge(plan, replies, database):
    return Judge(plan, replies, database).judge()


def table(verdict, more=(), ordered=True):
    """For people. ordered: whether it matters in which order things were done."""
    rows = [(name, getattr(verdict, name)) for name in
            ("attempted", "answered", "countable", "applied", "lost", "twice", "phantom", "unanswered", "disorder", "wrong",
             "dead", "left")]
    lines = [f"  {name:<32}{value:>12}" for name, value in [*rows, *more]]
    examples = [line for line in verdict.examples if ordered or not line.startswith("disorder")]
    return "\n".join([*lines, *[f"  {example}" for example in examples]])
