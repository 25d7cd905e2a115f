"""A script of violence: which process is hit after how many answered commands, drawn from a seed before anything runs. The same seed
is the same script; what it meets differs with every run."""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass

from stage import LEASE_MS

WORKERS = 3
FROZEN_S = 2.5 * LEASE_MS / 1000
STUCK_S = 120
KILLED = ["rowd", "redis", "database", "producer"]


@dataclass(frozen=True)
class Event:
    after: int    # answered commands
    action: str   # kill, freeze, terminate, cut
    process: str
    index: int    # of the worker or producer; -1: the worker that claims
    fresh: bool   # its successor has nothing to prove it dead by


def script(seed, count, kills, producers, processes=KILLED, workers=WORKERS):
    """So many kills of each of the processes; a fourth as many freezes and ends in good order of workers, a tenth of the others;
    half as many cut connections."""
    draw = random.Random(seed)
    hits = [("kill", process) for process in processes for _ in range(kills)]
    few = max(1, kills // 4) if kills else 0
    for process in processes:
        times = few if process == "rowd" else min(few, max(1, kills // 10))
        hits += [("freeze", process), ("terminate", process)] * times
    hits += [("cut", "redis"), ("cut", "database")] * few
    draw.shuffle(hits)
    events = []
    for place, (action, process) in enumerate(hits):
        step = count / (len(hits) + 2)
        index = draw.randrange(producers) if process == "producer" else draw.choice([-1, -1, draw.randrange(workers)])
        events.append(Event(int(step * (place + draw.random())), action, process, index, draw.random() < 0.5))
    return events


class Stuck(AssertionError):
    """Nothing is answered any more."""


class Violence:
    def __init__(self, stage, events, say=lambda text: None):
        self.stage = stage
        self.events = events
        self.say = say
        self.done = Counter()
        self.takeovers = []  # seconds from the death of the worker that claimed to the next reply
        self.death = None

    def run(self):
        """Between two events something is always answered: a worker that is killed again before it has come to do anything is
        another matter."""
        step = self.stage.plan.count // (4 * len(self.events)) if self.events else 0
        earliest = 0
        for event in self.events:
            answered = self._wait_answered(max(event.after, min(earliest, self.stage.plan.count)))
            earliest = answered + max(step, 1)
            self.death = None
            self.say(f"{self.stage.replies.answered:>9} answered: {event.action} {event.process} {event.index}")
            getattr(self, f"_{event.action}_{event.process}")(event)
            self.done[f"{event.action} {event.process}"] += 1

    def _take(self):
        before = self.stage.replies.answered
        after = self.stage.take_replies()
        if self.death and after > before:
            self.takeovers.append(time.monotonic() - self.death)
            self.death = None
        self.stage.check_workers()
        return after

    def _wait_answered(self, count):
        moved_at, before = time.monotonic(), -1
        while (answered := self._take()) < count:
            if answered > before:
                moved_at, before = time.monotonic(), answered
            if time.monotonic() - moved_at > STUCK_S:
                raise Stuck(f"{answered} answered, and nothing more for {STUCK_S} s; {self.stage.left()} left")
            time.sleep(0.005)
        return answered

    def _worker(self, event):
        """Who is hit: the one that claims may not be known now."""
        index = self.stage.owner() if event.index < 0 else event.index
        return 0 if index is None else index

    def _kill_rowd(self, event):
        index = self._worker(event)
        claims = index == self.stage.owner()
        self.stage.workers[index].kill()
        self.stage.take_replies()  # those that it had sent
        if claims:
            self.death = time.monotonic()
        self.stage.start_worker(index, fresh=event.fresh)

    def _freeze(self, process):
        """For longer than a lease. Replies are taken meanwhile, from a Redis that can give them."""
        process.freeze()
        end = time.monotonic() + FROZEN_S
        while time.monotonic() < end:
            if process is not self.stage.redis_server.process:
                self.stage.take_replies()
            time.sleep(0.02)
        process.send(signal.SIGCONT)

    def _freeze_rowd(self, event):
        self._freeze(self.stage.workers[self._worker(event)].process)

    def _freeze_redis(self, _event):
        self._freeze(self.stage.redis_server.process)

    def _freeze_database(self, _event):
        self._freeze(self.stage.database_server.process)

    def _freeze_producer(self, event):
        if self.stage.producers[event.index].alive():  # it may be done
            self._freeze(self.stage.producers[event.index])

    def _terminate_rowd(self, event):
        index = self._worker(event)
        worker = self.stage.workers[index]
        code = worker.terminate(timeout_s=60)
        # Told before its first line it dies as any process does: it has begun nothing.
        assert code == 0 or (code == -signal.SIGTERM and not worker.log()), \
            f"worker {index} ended with {code} at SIGTERM:\n{worker.process.tail(60)}"
        self.stage.start_worker(index, fresh=event.fresh)

    def _kill_redis(self, _event):
        self.stage.redis_server.kill()
        self.stage.redis_server.start()

    def _kill_database(self, _event):
        self.stage.database_server.kill()
        self.stage.database_server.start()

    def _terminate_redis(self, _event):
        self.stage.redis_server.stop()
        self.stage.redis_server.start()

    def _terminate_database(self, _event):
        self.stage.database_server.stop()
        self.stage.database_server.start()

    def _terminate_producer(self, event):
        self.stage.producers[event.index].terminate()
        self.stage.start_producer(event.index, repeat=self.stage.modes.once)

    def _kill_producer(self, event):
        self.stage.producers[event.index].kill()
        self.stage.start_producer(event.index, repeat=self.stage.modes.once)

    def _cut_redis(self, event):
        self.stage.redis_proxy.cut_all(reset=event.fresh)

    def _cut_database(self, event):
        self.stage.database_proxy.cut_all(reset=event.fresh)

    def takeover_p99(self):
        ordered = sorted(self.takeovers)
        return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0.0
