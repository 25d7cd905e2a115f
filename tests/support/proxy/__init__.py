"""A TCP proxy on loopback between rowd and one of its servers, in a process of its own: it delays, stalls, cuts after so many
bytes, hands on one byte at a time, and knows enough of the MySQL protocol and of RESP to do so at a certain statement.

    proxy = Proxy(("127.0.0.1", port), "mysql")
    rule = proxy.add_rule("COMMIT", at="answer", do="cut", every=5)
    ... proxy.port ...
    proxy.fired(rule)                 how many times so far
    proxy.close()

What a rule means stands in rules.py; what things are called on the wire, in mysql_wire.py and resp_wire.py."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from support.process import wait_until


class Proxy:
    def __init__(self, target, protocol="bytes"):
        ours, theirs = socket.socketpair()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.proxy.process", str(theirs.fileno()), target[0], str(target[1]), protocol],
            pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL)
        theirs.close()
        self.control = ours
        self.lines = ours.makefile("r")
        self.port = None
        self.answered = []
        self.fires = {}
        self.rules = 0
        threading.Thread(target=self._listen, daemon=True).start()
        wait_until(lambda: self.port or self.process.poll() is not None, "the proxy to listen")
        assert self.port, "the proxy did not start"

    def _listen(self):
        try:
            for line in self.lines:
                said = json.loads(line)
                if "port" in said:
                    self.port = said["port"]
                elif "fired" in said:
                    self.fires[said["fired"]] = self.fires.get(said["fired"], 0) + 1
                else:
                    self.answered.append(said)
        except (OSError, ValueError):
            pass  # closed

    def _ask(self, **order):
        """What is asked one after the other is answered so."""
        before = len(self.answered)
        self.control.sendall(json.dumps(order).encode() + b"\n")
        wait_until(lambda: len(self.answered) > before, "the proxy's answer")
        return self.answered[before]

    def add_rule(self, name, at="request", do="cut", first=None, every=None, chance=None, seed=0, hold_ms=0, reset=False):
        """Returns the rule's number. Exactly one of first (the n-th time, once), every (each n-th) and chance (of 1,
        drawn with the seed) says when."""
        self.rules += 1
        self._ask(rule={"number": self.rules, "name": name, "at": at, "do": do, "first": first, "every": every,
                        "chance": chance, "seed": seed, "hold_ms": hold_ms, "reset": reset})
        return self.rules

    def clear_rules(self):
        self._ask(clear=True)

    def fired(self, rule=None):
        """How many times, of one rule or of all: what it told before it answers this is counted."""
        self._ask(counts=True)
        return sum(self.fires.values()) if rule is None else self.fires.get(rule, 0)

    def seen(self, name=None):
        """How many requests passed, by name."""
        counts = self._ask(counts=True)["counts"]
        return counts.get(name, 0) if name else counts

    def latency(self, milliseconds):
        self._ask(latency_ms=milliseconds)

    def stall(self, on=True):
        """Nothing passes, in either direction; nothing is closed."""
        self._ask(stall=on)

    def byte_by_byte(self, on=True):
        self._ask(byte_by_byte=on)

    def cut_after(self, size, direction="both"):
        """Each connection is cut when so many bytes more have passed ("up": to the server, "down": from it)."""
        self._ask(cut_after=size, direction=direction)

    def cut_all(self, reset=False):
        self._ask(cut_all=True, reset=reset)

    def move(self, target):
        """New connections go there; those that are open stay where they are."""
        self._ask(target=list(target))

    def close(self):
        self.control.close()
        self.process.kill()
        self.process.wait()
