"""Random `where`: every condition, on every column that has it, nested."""

import json

from model.conditions import COMPARISONS, PATTERNS, WORDS
from model.generator import values

# Kinds of which one compares exactly with another.
FAMILIES = [{"INTEGER", "YEAR", "BIT", "DECIMAL"}, {"DATE", "DATETIME", "TIMESTAMP"}]
REGEXPS = ["^a", "b+", "[0-9]", "x|a", "(a|b)b", "^$|a", "é"]
TEXTS = ["a", "A", "b", "ab", "%", "_", "\\", "'", "é", "김", "😀", "a%", " "]
LIKES = ["%", "a%", "%b", "_", "__", "a_", "\\%%", "%\\_%", "A%", "%é%", "", "a ", "%😀%"]


class Conditions:
    def __init__(self, rng, table, rows, codec, mistakes):
        self.rng, self.table, self.rows, self.codec, self.mistakes = rng, table, rows, codec, mistakes

    def where(self, depth=0):
        rng = self.rng
        made = {}
        for _ in range(rng.choice([1, 1, 1, 2])):
            if depth < 3 and rng.random() < 0.15:
                made.update(self._nested(depth))
            else:
                column = rng.choice(self.table.columns)
                made[self._spelled(column)] = self.condition(column)
        return made

    def _nested(self, depth):
        word = self.rng.choice(WORDS)
        if word == "not":
            return {"not": self.where(depth + 1)}
        return {word: [self.where(depth + 1) for _ in range(self.rng.randint(1, 3))]}

    def _spelled(self, column):
        return f".{column.name}" if column.name in WORDS else column.name

    def operand(self, column):
        """Often the value of some row."""
        rng = self.rng
        stored = [row[column.name] for row in self.rows if row[column.name] is not None]
        if rng.random() < self.mistakes:
            return values.bad(rng, column, self.codec)
        if stored and rng.random() < 0.6:
            return column.kind.told(rng.choice(stored), "msgpack")
        return values.good(rng, column, self.codec)

    def condition(self, column):
        rng = self.rng
        if not column.kind.comparable:
            return self._equality(column)
        shape = rng.random()
        if shape < 0.25:
            return self.operand(column) if rng.random() < 0.8 else None
        made = dict([self._one(column) for _ in range(rng.choice([1, 1, 1, 2]))])
        return made

    def _equality(self, column):
        """For what has no order. A document is given as a text: a map would be taken for a condition. Its letters are
        as they were sent: to MariaDB "é" and "\\u00e9" are two documents."""
        rng = self.rng
        choices = [None, {"null": True}, {"null": False}, {"ne": None}, {"eq": None}]
        if column.kind.name == "JSON":
            stored = [json.dumps(row[column.name], ensure_ascii=False) for row in self.rows
                      if row[column.name] is not None] or ["[1]"]
            choices += [{"eq": rng.choice(stored)}, {"ne": rng.choice(stored)}, {"in": [rng.choice(stored), "{}"]},
                        {"nin": [rng.choice(stored)]}, rng.choice(stored)]
        return rng.choice(choices)

    def _one(self, column):
        rng = self.rng
        names = [*COMPARISONS, "in", "nin", "between", "null", "null"]
        if column.kind.name in ("ENUM", "SET"):
            names = ["eq", "ne", "in", "nin", "null"]
        if column.kind.textual:
            names += [*PATTERNS, *PATTERNS, *(["regexp"] if column.kind.folds is not None else [])]
        name = rng.choice(names)
        if name in COMPARISONS:
            return name, self._compared(column, name)
        if name in ("in", "nin"):
            return name, [self.operand(column) for _ in range(rng.choice([0, 1, 2, 3]))]
        if name == "between":
            return name, [self.operand(column), self.operand(column)]
        if name == "null":
            return name, rng.random() < 0.5
        if name == "regexp":
            return name, rng.choice(REGEXPS)
        if name in ("like", "nlike"):
            return name, rng.choice(LIKES)
        return name, rng.choice(TEXTS)

    def _compared(self, column, name):
        rng = self.rng
        if name in ("eq", "ne") and rng.random() < 0.15:
            return None
        others = [other for other in self.table.columns if alike(column, other)]
        if others and rng.random() < 0.2:
            return {"col": rng.choice(others).name}
        return self.operand(column)


def alike(column, other):
    """Whether the servers compare the two as the model does."""
    if column is other:
        return False
    if any({column.kind.name, other.kind.name} <= family for family in FAMILIES):
        return True
    return column.kind.name == other.kind.name and (column.kind.name != "TEXT" or column.kind.folds == other.kind.folds)
