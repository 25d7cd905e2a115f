"""The proxy's process: one thread, one epoll. Orders and answers are lines of JSON on the descriptor of the first argument;
when that ends, so does the process."""

import json
import selectors
import socket
import sys
import time

from support.proxy.connection import FULL, Connection
from support.proxy.rules import Rule, Rules

CONNECT_S = 5
IDLE_S = 3600


class Process:
    def __init__(self, control, target, protocol):
        self.control = control
        self.target = target
        self.protocol = protocol
        self.rules = Rules()
        self.latency_s = 0.0
        self.stalled = False
        self.byte_by_byte = False
        self.cuts = {"up": None, "down": None}
        self.counts = {}
        self.connections = set()
        self.waiting_until = {}  # connection -> when to look at it again
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.selector.register(control, selectors.EVENT_READ, None)
        self.orders = bytearray()

    def say(self, **words):
        self.control.sendall(json.dumps(words).encode() + b"\n")

    def tell_fired(self, rule):
        self.say(fired=rule.number)

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    # --- connections ---

    def accept(self):
        client, _ = self.listener.accept()
        try:
            server = socket.create_connection(self.target, timeout=CONNECT_S)
        except OSError:
            client.close()
            return
        connection = Connection(self, client, server)
        connection.up.left, connection.down.left = self.cuts["up"], self.cuts["down"]
        self.connections.add(connection)
        for end in (client, server):
            self.selector.register(end, selectors.EVENT_READ, connection)

    def drop(self, connection):
        for end in (connection.client, connection.server):
            self.want(end, 0, connection)
        connection.close()
        self.connections.discard(connection)
        self.waiting_until.pop(connection, None)

    def step(self, connection):
        """Lets it hand on what it can, then says what it waits for."""
        again = connection.step()
        if connection.dead:
            self.drop(connection)
            return
        self.waiting_until.pop(connection, None)
        if again is not None:
            self.waiting_until[connection] = again
        for end, reads, writes in ((connection.client, connection.up, connection.down),
                                   (connection.server, connection.down, connection.up)):
            wanted = 0
            if not reads.ended and len(reads.out) < FULL:
                wanted |= selectors.EVENT_READ
            if writes.out:
                wanted |= selectors.EVENT_WRITE
            if self.stalled or (connection.stopped and not connection.dead):
                wanted = 0
            self.want(end, wanted, connection)

    def want(self, end, wanted, connection):
        """epoll tells of an error even when nothing is wanted: what is stalled is not watched at all."""
        key = self.selector.get_map().get(end)
        if key is None:
            if wanted:
                self.selector.register(end, wanted, connection)
        elif not wanted:
            self.selector.unregister(end)
        elif key.events != wanted:
            self.selector.modify(end, wanted, connection)

    # --- orders ---

    def take_orders(self):
        data = self.control.recv(65536)
        if not data:
            return False
        self.orders += data
        while (end := self.orders.find(b"\n")) >= 0:
            order = json.loads(self.orders[:end])
            del self.orders[:end + 1]
            self.obey(order)
        return True

    def obey(self, order):
        answer = {"done": True}
        if "rule" in order:
            self.rules.add(Rule(**order["rule"]))
        elif "clear" in order:
            self.rules.clear()
        elif "counts" in order:
            answer["counts"] = self.counts
        elif "latency_ms" in order:
            self.latency_s = order["latency_ms"] / 1000
        elif "stall" in order:
            self.stalled = order["stall"]
        elif "byte_by_byte" in order:
            self.byte_by_byte = order["byte_by_byte"]
        elif "cut_after" in order:
            self.cut_after(order["cut_after"], order["direction"])
        elif "cut_all" in order:
            for connection in self.connections:
                connection.cut(order["reset"])
        elif "target" in order:
            self.target = tuple(order["target"])
        for connection in list(self.connections):
            self.step(connection)
        self.say(**answer)

    def cut_after(self, size, direction):
        for name in ("up", "down"):
            if direction in (name, "both"):
                self.cuts[name] = size
                for connection in self.connections:
                    getattr(connection, name).left = size

    # --- the loop ---

    def timeout(self):
        if not self.waiting_until or self.stalled:
            return IDLE_S
        return max(0.0, min(self.waiting_until.values()) - time.monotonic())

    def turn(self):
        """False: whoever gave the orders is gone."""
        touched = set()
        for key, events in self.selector.select(self.timeout()):
            if key.fileobj is self.listener:
                self.accept()
            elif key.fileobj is self.control:
                if not self.take_orders():
                    return False
            elif key.data in self.connections:
                if events & selectors.EVENT_READ:
                    key.data.direction_of(key.fileobj).read()
                touched.add(key.data)
        now = time.monotonic()
        touched |= {connection for connection, at in self.waiting_until.items() if at <= now}
        for connection in touched & self.connections:
            self.step(connection)
        return True


def main():
    descriptor, host, port, protocol = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    process = Process(control, (host, int(port)), protocol)
    process.say(port=process.listener.getsockname()[1])
    try:
        while process.turn():
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass  # the one who gave the orders is gone


if __name__ == "__main__":
    main()
