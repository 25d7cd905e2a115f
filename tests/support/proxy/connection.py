"""One connection through the proxy: two directions, each read, split into frames, held against the rules and handed on."""

import socket
import struct
import time
from collections import deque

from support.proxy import mysql_wire, resp_wire

CHUNK = 256 * 1024
FULL = 4 * 1024 * 1024  # waiting to be taken: more is not read until it was
WIRES = {"mysql": mysql_wire, "redis": resp_wire}
FLUSH_S = 2


class Bytes:
    """No protocol."""

    def feed(self, data):
        return [(None, data)]


class Direction:
    def __init__(self, connection, source, sink, parser, answer):
        self.connection = connection
        self.source = source
        self.sink = sink
        self.parser = parser
        self.answer = answer
        self.frames = deque()  # (due at, name, bytes)
        self.out = bytearray()
        self.held = None  # a rule that was met, and holds the first frame until then
        self.left = None  # so many bytes until the cut
        self.ended = False  # the source has nothing more to say

    def read(self):
        """False: at its end."""
        try:
            data = self.source.recv(CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return False
        due = time.monotonic() + self.connection.proxy.latency_s
        self.frames.extend((due, name, frame) for name, frame in self.parser.feed(data))
        return True

    def step(self):
        """Hands on what is due. Returns when to look again, or None."""
        connection, proxy = self.connection, self.connection.proxy
        now = time.monotonic()
        while self.frames and not connection.stopped:
            due, name, frame = self.frames[0]
            if due > now:
                break
            rule, self.held = self.held, None
            if rule is None and name is not None:
                if not self.answer:
                    proxy.count(name)
                rule = proxy.rules.match(name, self.answer)
                if rule and rule.hold_ms:
                    self.held = rule
                    self.frames[0] = (now + rule.hold_ms / 1000, name, frame)
                    break
            self.frames.popleft()
            if rule is None or rule.hands_on:
                self.hand_on(frame)
            if rule is not None:
                connection.obey(rule)
        self.write()
        return self.frames[0][0] if self.frames and not connection.stopped else None

    def hand_on(self, frame):
        if self.left is None:
            self.out += frame
            return
        self.out += frame[:self.left]
        self.left -= min(self.left, len(frame))
        if self.left == 0:
            self.connection.cut()

    def write(self):
        try:
            while self.out and not self.connection.proxy.stalled:
                size = 1 if self.connection.proxy.byte_by_byte else len(self.out)
                sent = self.sink.send(memoryview(self.out)[:size])
                del self.out[:sent]
                if sent < size:
                    return
        except BlockingIOError:
            pass
        except OSError:
            self.out.clear()
            self.ended = True

    def flush(self):
        """Whatever it takes, for a while: what came before a cut has to arrive."""
        try:
            self.sink.settimeout(FLUSH_S)
            self.sink.sendall(self.out)
        except OSError:
            pass
        self.out.clear()


class Connection:
    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client = client
        self.server = server
        self.stopped = False  # nothing passes any more: stalled, or cut
        self.dead = False
        wire = WIRES.get(proxy.protocol)
        requests = wire.Requests() if wire else Bytes()
        self.up = Direction(self, client, server, requests, answer=False)
        self.down = Direction(self, server, client, wire.Answers(requests) if wire else Bytes(), answer=True)
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def direction_of(self, source):
        return self.up if source is self.client else self.down

    def obey(self, rule):
        self.proxy.tell_fired(rule)
        if rule.do == "cut":
            self.cut(rule.reset)
        elif rule.do == "stall":
            self.stopped = True

    def cut(self, reset=False):
        """Ends both sides. What was handed on before arrives, unless the connection is reset."""
        if self.dead:
            return
        self.stopped = self.dead = True
        for direction in (self.up, self.down):
            if reset:
                direction.sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                direction.flush()

    def step(self):
        """Returns when to look again, or None."""
        if self.proxy.stalled:
            return None
        times = [direction.step() for direction in (self.up, self.down)]
        for direction in (self.up, self.down):
            if direction.ended and not direction.frames and not direction.out:
                self.dead = True
        return min((at for at in times if at is not None), default=None)

    def close(self):
        self.client.close()
        self.server.close()
