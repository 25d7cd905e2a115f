"""A producer as a process that may be killed: pushes its part of a plan, in pieces, and keeps in Redis how far it is, in the same
transaction. So its successor goes on where it was, neither leaving out nor repeating; unless it is told to forget
(`--repeat`): then it pushes what it cannot know to be there again, which only `once: true` can bear."""

import argparse
import itertools
import time

import msgpack
import redis

from plan import Plan

ALLOWED = "faults:allowed"  # of a hundred commands of each producer, so many may be pushed; all when it is not there
PIECE = 100
BACKLOG = 4000  # commands waiting in the queue: more are not pushed
WAIT_S = 0.02


def progress_key(producer):
    return f"faults:pushed:{producer}"


class Producer:
    def __init__(self, plan, index, socket_path, queue, repeat):
        self.plan = plan
        self.index = index
        self.redis = redis.Redis(unix_socket_path=socket_path)
        self.queue = queue
        self.repeat = repeat

    def patiently(self, act):
        """Redis may be away. What was in doubt is looked up by whoever asks next."""
        while True:
            try:
                return act()
            except redis.RedisError:
                time.sleep(WAIT_S)

    def done(self):
        return int(self.patiently(lambda: self.redis.get(progress_key(self.index))) or 0)

    def push(self, start, elements):
        """Exactly once: an answer that did not come is looked for in the progress."""
        while self.done() == start:
            try:
                pipeline = self.redis.pipeline(transaction=True)
                pipeline.lpush(self.queue, *elements)
                pipeline.set(progress_key(self.index), start + len(elements))
                pipeline.execute()
            except redis.RedisError:
                time.sleep(WAIT_S)

    def wait_for_room(self):
        while self.patiently(lambda: self.redis.llen(self.queue)) > BACKLOG:
            time.sleep(WAIT_S)

    def wait_until_allowed(self, start, count):
        while start * 100 >= int(self.patiently(lambda: self.redis.get(ALLOWED)) or 100) * count:
            time.sleep(WAIT_S)

    def run(self):
        numbers = self.plan.numbers_of(self.index)
        count = len(list(self.plan.numbers_of(self.index)))
        start = self.done()
        if self.repeat:
            start = max(0, start - 3 * PIECE)
            self.patiently(lambda: self.redis.set(progress_key(self.index), start))
        numbers = itertools.islice(numbers, start, None)
        while piece := [msgpack.packb(self.plan.command(number)) for number in itertools.islice(numbers, PIECE)]:
            self.wait_until_allowed(start, count)
            self.wait_for_room()
            self.push(start, piece)
            start += len(piece)


def main():
    parser = argparse.ArgumentParser()
    for name in ("seed", "count", "producers", "index"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--queue", required=True)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--no-increments", action="store_true")
    parser.add_argument("--repeat", action="store_true")
    given = parser.parse_args()
    plan = Plan(given.seed, given.count, given.producers, given.once, not given.no_increments)
    Producer(plan, given.index, given.socket, given.queue, given.repeat).run()


if __name__ == "__main__":
    main()
