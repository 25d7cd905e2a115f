"""As much of the MySQL protocol as it takes to see where a statement begins and where its answer does. No TLS, no
compression: private servers have neither.

A request's name is the first word of its statement (COMMIT, INSERT, …), in capitals; with one of rowd's own tables behind it
when it is about that (`UPDATE rowd_slots` writes the commit marker); BEGIN for a compound statement, whatever is in it; CONNECT for the
handshake, OTHER for what is no statement."""

from collections import deque

CAPABILITY_DEPRECATE_EOF = 1 << 24
COM_QUERY = 0x03
COM_QUIT = 0x01
OK, ERROR, END_OF_ROWS, LOCAL_INFILE = 0x00, 0xFF, 0xFE, 0xFB
SERVER_MORE_RESULTS = 8
LARGEST = 0xFFFFFF
OWN_TABLES = (b"rowd_slots", b"rowd_commits", b"rowd_ledger")
HEAD_BYTES = 200  # of a statement: there stands which table it is about


def name_of(payload):
    if payload[0] != COM_QUERY:
        return "OTHER"
    head = bytes(payload[1:HEAD_BYTES])
    word = head.split(None, 1)[0].upper().decode("ascii", "replace") if head.strip() else "OTHER"
    own = next((table for table in OWN_TABLES if table in head and word != "BEGIN"), None)
    return f"{word} {own.decode()}" if own else word


class Requests:
    """From the client: splits bytes into (name, frame), where a name of None is of no interest."""

    def __init__(self):
        self.buffer = bytearray()
        self.greeted = False
        self.deprecate_eof = False
        self.authenticating = True
        self.waiting = deque()  # names of requests whose answers are due
        self.continued = False

    def feed(self, data):
        self.buffer += data
        out, at = [], 0
        while len(self.buffer) - at >= 4:
            size = int.from_bytes(self.buffer[at:at + 3], "little")
            if len(self.buffer) - at < 4 + size:
                break
            out.append((self._name(memoryview(self.buffer)[at + 4:at + 4 + size], size),
                        bytes(self.buffer[at:at + 4 + size])))
            at += 4 + size
        if at:
            del self.buffer[:at]
        return out

    def _name(self, payload, size):
        with payload:
            if not self.greeted:
                self.greeted = True
                self.deprecate_eof = bool(int.from_bytes(payload[:4], "little") & CAPABILITY_DEPRECATE_EOF)
                return None
            if self.authenticating:
                return None
            was_continued, self.continued = self.continued, size == LARGEST
            if was_continued or size == 0:
                return None
            name = name_of(payload)
            if payload[0] != COM_QUIT:
                self.waiting.append(name)
            return name


class Answers:
    """From the server: splits bytes into (name of the request that it answers, frame) at the first packet of each answer;
    other frames have no name."""

    HEAD, COLUMNS, ROWS = range(3)

    def __init__(self, requests):
        self.requests = requests
        self.buffer = bytearray()
        self.greeted = False
        self.state = self.HEAD
        self.columns = 0
        self.more = False

    def feed(self, data):
        buffer = self.buffer
        buffer += data
        out, at, plain = [], 0, 0
        end = len(buffer)
        while end - at >= 4:
            size = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16
            if end - at < 4 + size:
                break
            name = self._name(buffer, at + 4, size)
            if name is not None:
                if at > plain:
                    out.append((None, bytes(buffer[plain:at])))
                out.append((name, bytes(buffer[at:at + 4 + size])))
                plain = at + 4 + size
            at += 4 + size
        if at > plain:
            out.append((None, bytes(buffer[plain:at])))
        if at:
            del buffer[:at]
        return out

    def _name(self, buffer, at, size):
        first = buffer[at] if size else -1
        if not self.greeted:
            self.greeted = True
            return None
        if self.requests.authenticating:
            if first in (OK, ERROR):
                self.requests.authenticating = False
                return "CONNECT"
            return None
        if self.state == self.HEAD:
            return self._head(buffer, at, size, first)
        if self.state == self.COLUMNS:
            self._column(first, size)
        elif first == ERROR:
            self.state = self.HEAD
        elif first == END_OF_ROWS and size < (LARGEST if self.requests.deprecate_eof else 9):
            self._ended(self._status_of_end(buffer, at))
        return None

    def _head(self, buffer, at, size, first):
        if not self.requests.waiting and not self.more:
            return None  # said by the server of itself: it is shutting down
        name = None if self.more else self.requests.waiting.popleft()
        self.more = False
        if first == OK:
            self._ended(self._status_of_ok(buffer, at))
        elif first not in (ERROR, LOCAL_INFILE):
            self.columns = first if first < 0xFB else int.from_bytes(buffer[at + 1:at + 3], "little")
            self.state = self.COLUMNS
        return name

    def _column(self, first, size):
        if self.columns > 0:
            self.columns -= 1
            if self.columns == 0 and self.requests.deprecate_eof:
                self.state = self.ROWS
        else:
            assert first == END_OF_ROWS and size < 9
            self.state = self.ROWS

    def _ended(self, status):
        self.state = self.HEAD
        self.more = bool(status & SERVER_MORE_RESULTS)

    def _status_of_ok(self, buffer, at):
        at += 1
        for _ in range(2):
            at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(buffer[at], 1)
        return int.from_bytes(buffer[at:at + 2], "little")

    def _status_of_end(self, buffer, at):
        if self.requests.deprecate_eof:
            return self._status_of_ok(buffer, at)
        return int.from_bytes(buffer[at + 3:at + 5], "little")
