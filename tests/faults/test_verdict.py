"""The check itself: a worker that does one thing wrong must not pass, and an honest one must."""

import msgpack
import pytest
from fake_worker import FakeWorker

from plan import COLLIDE, INCREMENT, MARK, OCCUPY, READ, TOKEN, VACATE, Plan
from replies import Replies
from stage import Modes, Stage
from support.client import QUEUE
from verdict import judge

COUNT = 600
ONCE = Modes("exactly-once")

# What it does wrong, with which kinds of commands, and what has to be found.
CASES = [
    ("loses", TOKEN, {"lost", "unanswered"}),
    ("loses", MARK, {"unanswered"}),
    ("keeps_silent", TOKEN, {"unanswered"}),
    ("keeps_silent", READ, {"unanswered"}),
    ("applies_twice", TOKEN, {"twice"}),
    ("applies_twice", INCREMENT, {"twice"}),
    ("fails_what_it_did", TOKEN, {"phantom", "wrong"}),
    ("does_nothing_and_says_ok", TOKEN, {"lost"}),
    ("does_nothing_and_says_ok", INCREMENT, {"lost", "wrong"}),
    ("does_nothing_and_says_ok", MARK, {"wrong"}),
    ("does_nothing_and_says_ok", OCCUPY, {"disorder"}),
    ("does_nothing_and_says_ok", COLLIDE, {"wrong"}),
    ("answers_another_row", TOKEN, {"wrong"}),
    ("answers_another_row", MARK, {"wrong"}),
    ("answers_another_row", READ, {"disorder"}),
    ("overtakes", TOKEN, {"disorder"}),
    ("overtakes", MARK, {"disorder"}),
    ("overtakes", VACATE, {"disorder"}),
    ("buries", TOKEN, {"dead"}),
    ("leaves_behind", TOKEN, {"left"}),
]


class Bench:
    """A stage without workers and proxies, whose queue is filled at once."""

    def __init__(self, stage):
        self.stage = stage
        self.plan = stage.plan
        for number in range(self.plan.count):
            stage.redis.lpush(QUEUE, msgpack.packb(self.plan.command(number)))

    def outcome(self, wrong, chosen):
        FakeWorker(self.stage.redis, self.stage.database, self.plan, wrong, chosen).run()
        verdict = self.stage.verdict(timeout_s=0.3)
        return set(verdict.broken(once=True, ordered=True)), verdict


@pytest.fixture
def bench(tmp_path, database_server):
    stage = Stage(tmp_path, Plan(seed=5, count=COUNT), ONCE, database_server)
    yield Bench(stage)
    stage.close()


def test_an_honest_worker_passes(bench):
    broken, verdict = bench.outcome(None, lambda number: False)
    assert broken == set(), verdict
    assert verdict.attempted == verdict.answered == COUNT
    assert verdict.applied == verdict.countable > COUNT / 3


@pytest.mark.parametrize("wrong, kind, found", CASES, ids=lambda value: str(value))
def test_one_wrong_thing_is_found(bench, wrong, kind, found):
    """Done to one command only, which others of its kind on its row follow; or to all where only the end can tell."""
    numbers = [number for number in range(COUNT) if bench.plan.kind_and_key(number)[0] == kind]
    followed = [number for number in numbers if any(
        later > number and bench.plan.kind_and_key(later) == bench.plan.kind_and_key(number) for later in numbers)]
    victims = {followed[len(followed) // 2]}
    if kind in (MARK, OCCUPY) and wrong in ("loses", "does_nothing_and_says_ok"):
        victims = set(numbers)
    broken, verdict = bench.outcome(wrong, victims.__contains__)
    assert found <= broken, verdict


def test_all_kinds_of_wrong_are_tried():
    assert {wrong for wrong, _, _ in CASES} == set(FakeWorker.WRONGS)


def test_a_second_reply_that_contradicts_the_first_is_found(tmp_path, database_server):
    plan = Plan(seed=5, count=2)
    stage = Stage(tmp_path, plan, ONCE, database_server)
    replies = Replies(plan, once=True)
    number = next(number for number in range(2) if plan.kind_and_key(number)[0] != COLLIDE)
    replies.note({"v": 1, "id": number, "op": "create", "ok": True, "affected": 1, "row": {"token": number, "seq": number, "n": 1}})
    replies.note({"v": 1, "id": number, "op": "create", "ok": False,
                  "error": {"code": "UNIQUE_VIOLATION", "status": "ALREADY_EXISTS", "retryable": False, "message": "x"}})
    verdict = judge(plan, replies, stage.database)
    assert verdict.wrong + verdict.disorder > 0 and verdict.lost > 0
    stage.close()
