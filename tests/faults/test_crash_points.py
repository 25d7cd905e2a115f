"""The worker dies at each of the places that the code names (common/crash_point.h): when it comes there first, and when it recovers
one that died so, at the n-th time. Then another one finishes, and all is counted.

Runs on the build that has them: ROWD_BUILD=crash. A new label is found by itself; PROVOKED says for those that the usual
traffic does not meet what brings them about, and a label that is never met fails its test."""

import random
import signal
import subprocess
import zlib

import pytest
from checks import assert_kept

from capabilities import knows_crash_points
from support.client import Client
from support.process import program, wait_until
from support.rowd_process import environment

COUNT = 2000
CRASHED = 137
LIMITS = {"limits_in_flight": 256, "limits_batch": 64}


def labels():
    if not knows_crash_points():
        return []
    listed = subprocess.run([program("rowd"), "--crash-points"], env=environment(), capture_output=True, text=True, check=True)
    return sorted(set(listed.stdout.split()))


class Crash:
    """One worker that is to die at a label for the nth time, beside what makes it come there. percent: of all commands, so
    many are pushed by then, some of them only for this worker."""

    def __init__(self, stage, percent, label, nth, index=0, fresh=False):
        self.stage = stage
        self.percent = percent
        self.label = label
        self.nth = nth
        self.index = index
        self.fresh = fresh

    def start(self, **options):
        self.answered_before = self.stage.take_replies()
        self.worker = self.stage.start_worker(self.index, fresh=self.fresh, crash=f"{self.label}:{self.nth}",
                                              **{**LIMITS, **options})
        self.stage.allow(self.percent)
        return self.worker

    def wait_dead(self, timeout_s=40):
        wait_until(lambda: not self.worker.process.alive() or self.stage.take_replies() < 0, f"a crash at {self.label}:{self.nth}",
                   timeout_s)
        code = self.worker.process.wait()
        assert code == CRASHED, f"ended with {code}, not at {self.label}:{self.nth}:\n{self.worker.process.tail(60)}"

    def answers(self):
        """Waits until it has answered something new: it is at work. It may be dead by then."""
        wait_until(lambda: self.stage.take_replies() > self.answered_before or not self.worker.process.alive(), "answers")


def in_traffic(crash):
    crash.start()
    crash.wait_dead()


def one_by_one(crash):
    """Each command is a batch of its own."""
    crash.start(limits_batch=1)
    crash.wait_dead()


def in_small_batches(crash):
    """So that there are many: not behind each COMMIT something else can be sent."""
    crash.start(limits_batch=8)
    crash.wait_dead()


def beside_reads(crash):
    """Reads by condition, each in a transaction of its own; nobody waits for what they find."""
    crash.start()
    client = Client(crash.stage.redis)
    for _ in range(20):
        client.push({"op": "read", "table": "tokens", "where": {"token": 0}})
    crash.wait_dead()


def after_a_death(crash):
    """Somebody has to be recovered: one dies before that has answered some, and holds others that wait for rows."""
    stage = crash.stage
    before = stage.take_replies()
    victim = stage.start_worker(crash.index, **LIMITS)
    stage.allow(crash.percent - 25)
    wait_until(lambda: stage.take_replies() > before, "the victim's work")
    with stage.locked_rows("SELECT * FROM marks"):
        stage.allow(crash.percent)
        wait_until(lambda: waits_for_rows(stage), "the victim to wait for rows")
        victim.kill()
    in_traffic(crash)


def when_fenced(crash):
    """Frozen until another one has declared it dead."""
    worker = crash.start()
    crash.answers()
    other = crash.stage.start_worker(crash.index + 10, **LIMITS)
    worker.process.freeze()
    crash.stage.redis.set("{rowd:commands}:paused", 1)  # the rest is for those who come after
    wait_until(lambda: is_declared_dead(crash.stage, worker), "the frozen one to be declared dead")
    worker.process.send(signal.SIGCONT)
    crash.wait_dead()
    crash.stage.redis.delete("{rowd:commands}:paused")
    assert other.process.alive()
    other.terminate()
    del crash.stage.workers[crash.index + 10]


def when_cut(crash):
    """Each second answer to a claim is lost, and with it the connection."""
    proxy = crash.stage.redis_proxy
    proxy.add_rule("claim", at="answer", do="cut", every=2)
    proxy.add_rule("BLMOVE", at="answer", do="cut", every=2)
    in_traffic(crash)
    proxy.clear_rules()


def when_terminated(crash):
    worker = crash.start()
    crash.answers()
    worker.process.send(signal.SIGTERM)
    crash.wait_dead()


def when_leaving(crash):
    """A second at most is for what it still has to say to the database. One connection: what is to be noted of each new one
    stands before that."""
    worker = crash.start(database_connections=1)
    crash.answers()
    worker.process.send(signal.SIGTERM)
    crash.wait_dead()


def when_the_drain_takes_too_long(crash):
    """Rows are locked by somebody else: what waits for them cannot end, and is given back."""
    with crash.stage.locked_rows("SELECT * FROM marks"):
        worker = crash.start(delivery_drain_timeout_ms=100)
        wait_until(lambda: "queue.owner" in worker.log() and crash.stage.held() > 20 and waits_for_rows(crash.stage),
                   "commands in its hands")
        worker.process.send(signal.SIGTERM)
        crash.wait_dead()


def is_declared_dead(stage, worker):
    name = (worker.runtime_directory / "worker.id").read_text(encoding="ascii").strip()
    score = stage.redis.zscore("{rowd:commands}:workers", name)
    return score is None or score < 0  # it may be forgotten by now


def waits_for_rows(stage):
    """How many statements are about the rows that are locked."""
    return stage.database.query("SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' "
                                "AND info LIKE '%UPDATE%' AND info LIKE '%`marks`%' AND id <> CONNECTION_ID() "
                                f"AND db = '{stage.database.name}'")[0][0]


# By the beginning of the label.
PROVOKED = {
    "commit.answered_behind_reads": beside_reads,
    "compound.": one_by_one,
    "wave.sent_behind_commit": in_small_batches,
    "recovery.": after_a_death,
    "fenced.": when_fenced,
    "reconcile.": when_cut,
    "adoption.": when_cut,
    "drain.over": when_the_drain_takes_too_long,
    "give_back.": when_the_drain_takes_too_long,
    "drain.": when_terminated,
    "leave.": when_leaving,
}
# These come once in the life of a worker.
ONCE_PER_LIFE = ("fenced.", "drain.", "give_back.", "leave.", "enrollment.", "recovery.declared", "recovery.told",
                 "recovery.ended")
# Only who delivers exactly once has rows in the database, and asks for those of others.
OF_ROWS = ("enrollment.", "recovery.declared", "recovery.told", "leave.dismissed", "compound.")
# What has `once` asks the ledger first.
NOT_ONCE = ("compound.",)


def provocation(label):
    return next((provoke for beginning, provoke in PROVOKED.items() if label.startswith(beginning)), in_traffic)


@pytest.mark.parametrize("label", labels())
def test_dies_at(open_stage, modes, label):
    if modes.delivery == "at-least-once" and label.startswith(OF_ROWS):
        pytest.skip("a worker that delivers at least once has no rows")
    if modes.once and label.startswith(NOT_ONCE):
        pytest.skip("with `once` it is more statements")
    seed = zlib.crc32(label.encode())
    draw = random.Random(seed)
    stage = open_stage(COUNT, modes, seed=seed)
    stage.allow(0)
    stage.start_producers()
    provocation(label)(Crash(stage, 50, label, 1))
    # Its successor recovers it, and dies at the same place; half of the time with nothing that proves the first one dead.
    nth = 1 if label.startswith(ONCE_PER_LIFE) else draw.randint(1, 3)
    provocation(label)(Crash(stage, 100, label, nth, fresh=draw.random() < 0.5))
    stage.start_worker(0, **LIMITS)
    assert_kept(stage, frozen=label.startswith("fenced."))
    stage.end_workers()


def test_there_are_labels():
    assert len(labels()) > 30
