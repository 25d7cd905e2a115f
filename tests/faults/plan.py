"""Which command is number n: a function of the seed and n alone, so that whoever pushes, pushes again or judges needs no memory
of it.

    token      a create with the number as a mark, no unique key: a second effect is a second row
    increment  adds 1 by key
    mark       an update that sets a row to the number: the last one queued has to stay
    vacate     deletes a row, and the next number (occupy) creates it again, with its mark
    collide    a create under a key that is taken: fails
    read       a read by key of what marks set

Each producer has keys of its own, so that what it pushes is in the order of its numbers for each row."""

import struct
import zlib
from dataclasses import dataclass

TOKEN, INCREMENT, MARK, VACATE, OCCUPY, COLLIDE, READ = range(7)
NAMES = ["token", "increment", "mark", "vacate", "occupy", "collide", "read"]
# Of a hundred pairs of numbers.
SHARES = [TOKEN] * 36 + [INCREMENT] * 20 + [MARK] * 16 + [VACATE] * 8 + [COLLIDE] * 5 + [READ] * 15
KEYS = 32  # of each producer, in each table
REPLY_TTL_MS = 3600000


@dataclass(frozen=True)
class Plan:
    seed: int
    count: int
    producers: int = 2
    once: bool = False
    increments: bool = True  # False: tokens in their place, for a build that does not know them
    reply_to_too: int = 10  # one in so many asks for a message on a channel as well

    @property
    def rows(self):
        return KEYS * self.producers

    def producer_of(self, number):
        """Two consecutive numbers at a time belong to one."""
        return number // 2 % self.producers

    def kind_and_key(self, number):
        """What it does, and the row (for tokens: the line, whose marks have to rise) that it does it to."""
        drawn = zlib.crc32(struct.pack("<QQ", self.seed, number // 2))
        kind = SHARES[drawn % 100]
        if kind == VACATE:
            key = drawn >> 8
            kind = VACATE if number % 2 == 0 else OCCUPY
        else:
            key = (drawn >> 8) + 7 * (number % 2)
            if kind == INCREMENT and not self.increments:
                kind = TOKEN
        return kind, key % KEYS * self.producers + self.producer_of(number)

    def command(self, number):
        kind, key = self.kind_and_key(number)
        command = {"id": number, "reply_list": self.reply_list(number), "reply_ttl_ms": REPLY_TTL_MS, **BODIES[kind](number, key)}
        if self.once and kind != READ:
            command["once"] = True
        if number % self.reply_to_too == 0:
            command["reply_to"] = "rowd:reply:heard"
        return command

    def reply_list(self, number):
        return f"rowd:reply:{self.producer_of(number)}"

    def reply_lists(self):
        return [f"rowd:reply:{producer}" for producer in range(self.producers)]

    def numbers_of(self, producer):
        """In the order in which it pushes them."""
        for start in range(2 * producer, self.count, 2 * self.producers):
            yield start
            if start + 1 < self.count:
                yield start + 1

    def fill(self, database):
        """The rows that the commands find."""
        for table in ("counters", "marks", "places", "taken"):
            database.query(f"INSERT INTO {table} (id) VALUES " + ", ".join(f"({key})" for key in range(self.rows)))


BODIES = {
    TOKEN: lambda number, key: {"op": "create", "table": "tokens", "values": {"token": number, "line": key},
                                "returning": number % 3 != 0},
    INCREMENT: lambda number, key: {"op": "update", "table": "counters", "pk": key, "set": {"n": {"inc": 1}}},
    MARK: lambda number, key: {"op": "update", "table": "marks", "pk": key, "set": {"seq": number}},
    VACATE: lambda number, key: {"op": "delete", "table": "places", "pk": key},
    OCCUPY: lambda number, key: {"op": "create", "table": "places", "values": {"id": key, "token": number}},
    COLLIDE: lambda number, key: {"op": "create", "table": "taken", "values": {"id": key, "token": number}},
    READ: lambda number, key: {"op": "read", "table": "marks", "pk": key},
}
