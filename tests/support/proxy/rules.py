"""When the proxy does what. A rule waits for a frame of a name, in the place that `at` tells:

    request   before the request is handed on: the server never gets it
    sent      when it was handed on, whether or not the server has begun
    answer    when its answer is here, and was not handed on: the server has done it
    answered  when the answer was handed on

and then does one of: cut (both sides), stall (this connection, for good), pass (only counted). hold_ms waits with the frame
so long before."""

import random


class Rule:
    def __init__(self, number, name, at, do, first, every, chance, seed, hold_ms, reset):
        assert at in ("request", "sent", "answer", "answered") and do in ("cut", "stall", "pass")
        assert sum(way is not None for way in (first, every, chance)) == 1
        self.number = number
        self.name = name
        self.at = at
        self.do = do
        self.first = first
        self.every = every
        self.chance = chance
        self.draw = random.Random(seed)
        self.hold_ms = hold_ms
        self.reset = reset
        self.met = 0

    @property
    def on_answer(self):
        return self.at in ("answer", "answered")

    @property
    def hands_on(self):
        return self.at in ("sent", "answered") or self.do == "pass"

    def due(self):
        """A frame of its name is here. Whether it is this one's turn."""
        self.met += 1
        if self.first is not None:
            return self.met == self.first
        if self.every is not None:
            return self.met % self.every == 0
        return self.draw.random() < self.chance


class Rules:
    def __init__(self):
        self.requests = {}
        self.answers = {}

    def add(self, rule):
        (self.answers if rule.on_answer else self.requests).setdefault(rule.name, []).append(rule)

    def clear(self):
        self.requests.clear()
        self.answers.clear()

    def match(self, name, answer):
        """The rule whose turn it is. All of this name are told, so that each counts for itself."""
        found = None
        for rule in (self.answers if answer else self.requests).get(name, ()):
            if rule.due() and found is None:
                found = rule
        return found
