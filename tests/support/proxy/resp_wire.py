"""As much of RESP as it takes to see where a command begins and where its answer does.

A request's name is its command in capitals; that of one of rowd's scripts is the script's own in small letters (claim,
adopt, reply, …), whether sent by its SHA1 or with its text."""

import hashlib
from collections import deque

from support.process import ROOT


def script_names():
    return {hashlib.sha1(path.read_bytes()).hexdigest().encode(): path.stem
            for path in (ROOT / "daemon" / "queue" / "scripts").glob("*.lua")}


class Requests:
    """From the client: splits bytes into (name, frame)."""

    def __init__(self):
        self.buffer = bytearray()
        self.waiting = deque()
        self.scripts = script_names()

    def feed(self, data):
        self.buffer += data
        buffer = bytes(self.buffer)
        out, at = [], 0
        while at < len(buffer):
            end, parts = self._frame(buffer, at)
            if end < 0:
                break
            name = self._name(parts)
            self.waiting.append(name)
            out.append((name, buffer[at:end]))
            at = end
        if at:
            del self.buffer[:at]
        return out

    @staticmethod
    def _frame(buffer, at):
        """Where the command at `at` ends, and its first two words; -1: it is not all here."""
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return -1, None
        count = int(buffer[at + 1:line])
        at, parts = line + 2, []
        for index in range(count):
            line = buffer.find(b"\r\n", at)
            if line < 0:
                return -1, None
            size = int(buffer[at + 1:line])
            at = line + 2 + size + 2
            if at > len(buffer):
                return -1, None
            if index < 2:
                parts.append(buffer[line + 2:at - 2])
        return at, parts

    def _name(self, parts):
        command = parts[0].upper()
        if command == b"EVALSHA":
            return self.scripts.get(parts[1], "EVALSHA")
        if command == b"EVAL":
            return self.scripts.get(hashlib.sha1(parts[1]).hexdigest().encode(), "EVAL")
        return command.decode("ascii", "replace")


class Answers:
    """From the server: splits bytes into (name of the request that it answers, frame)."""

    def __init__(self, requests):
        self.requests = requests
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data
        buffer = bytes(self.buffer)
        out, at = [], 0
        while at < len(buffer):
            end = self._end(buffer, at)
            if end < 0:
                break
            out.append((self.requests.waiting.popleft() if self.requests.waiting else None, buffer[at:end]))
            at = end
        if at:
            del self.buffer[:at]
        return out

    @staticmethod
    def _end(buffer, at):
        """Where the answer at `at` ends; -1: it is not all here."""
        due = 1
        while due > 0:
            line = buffer.find(b"\r\n", at)
            if line < 0:
                return -1
            kind, due = buffer[at], due - 1
            if kind == 0x24:  # $
                size = int(buffer[at + 1:line])
                at = line + 2 + (size + 2 if size >= 0 else 0)
                if at > len(buffer):
                    return -1
            else:
                if kind == 0x2A:  # *
                    due += max(int(buffer[at + 1:line]), 0)
                at = line + 2
        return at
