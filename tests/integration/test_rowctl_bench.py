"""rowctl bench."""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import termios
import threading

import msgpack
import pytest

from support.process import program, wait_until
from support.rowctl import Tool
from support.rowd_process import environment


@pytest.fixture
def rowctl(redis_server):
    return Tool(redis_server.url)


def fill(client, rows):
    client.ok("create", table="animals", values=[{"id": key, "species": "dog"} for key in range(1, rows + 1)],
              returning=False)


def test_bench_creates(rowctl, client):
    figures = json.loads(rowctl("bench", "create", "--count", "500", "--json"))
    assert figures["pushed"] == figures["answered"] == 500 and figures["failed"] == 0
    assert 0 < figures["p50_us"] <= figures["p99_us"] <= figures["p999_us"] <= figures["max_us"]
    assert client.ok("count", table="animals", where={"species": "cat"})["value"] == 500


def test_bench_reads_what_is_there(rowctl, client):
    fill(client, 100)
    figures = json.loads(rowctl("bench", "read", "--count", "300", "--keys", "100", "--in-flight", "1", "--json"))
    assert figures["answered"] == 300 and figures["failed"] == figures["missed"] == 0
    assert rowctl.said == ""


def test_bench_mixes(rowctl, client):
    fill(client, 1000)
    figures = json.loads(rowctl("bench", "mixed", "--count", "1000", "--keys", "1000", "--json"))
    assert figures["answered"] == 1000 and figures["failed"] == 10, "one of a hundred meets a key that is there"
    assert rowctl.said == ""
    rows = client.ok("count", table="animals")["value"]
    assert 1000 + 240 - 50 <= rows < 1000 + 240


def test_bench_pushes_ahead_and_at_a_rate(rowctl, client):
    figures = json.loads(rowctl("bench", "create", "--count", "200", "--in-flight", "0", "--json"))
    assert figures["answered"] == 200 and "p50_us" not in figures, "what waits in a queue measures the queue"
    figures = json.loads(rowctl("bench", "create", "--count", "100", "--rate", "200", "--json"))
    assert figures["answered"] == 100 and figures["seconds"] > 0.45


def resp_message(reply):
    return b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$%d\r\n%b\r\n" % (len(reply), reply)


class StandIn:
    """Redis and rowd in one, for one bench: `play` is handed it in a thread, and decides what is answered when."""

    def __init__(self, directory, play):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / "r.sock"))
        self.listener.listen()
        self.url = f"unix://{directory}/r.sock"
        self.pushed = b""
        self.thread = threading.Thread(target=self.run, args=(play,), daemon=True)
        self.thread.start()

    def accept(self):
        connection = self.listener.accept()[0]
        assert b"PING" in connection.recv(1000)
        connection.sendall(b"+PONG\r\n")
        return connection

    def run(self, play):
        with self.listener, self.accept() as self.push, self.accept() as self.listen:
            assert b"SUBSCRIBE" in self.listen.recv(1000)
            self.listen.sendall(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
            play(self)

    def commands(self, start, count):
        """The ids of `count` commands, from this one on."""
        while True:
            ids = re.findall(rb"[0-9a-f]{8}-[0-9]{12}", self.pushed)[start:start + count]
            if len(ids) == count:
                return ids
            received = self.push.recv(1 << 20)
            assert received, "rowctl has ended"
            self.pushed += received

    def answer(self, ids):
        """The replies first, so that they are there when the last push is."""
        self.reply(ids)
        self.take(len(ids))

    def take(self, count):
        """So many pushes."""
        self.push.sendall(count * b":1\r\n")

    def reply(self, ids):
        for identity in ids:
            self.listen.sendall(resp_message(identity + b"\xa2ok\xc3"))


def test_bench_reads_the_replies_while_it_pushes_ahead(tmp_path):
    """Else they would count from when the last was pushed, and Redis would cut it for not reading."""
    unread = []

    def play(stand_in):
        for start in range(0, 192, 64):
            ids = stand_in.commands(start, 64)
            unread.append(struct.unpack("i", fcntl.ioctl(stand_in.listen, termios.TIOCOUTQ, b"\0\0\0\0"))[0])
            stand_in.answer(ids)

    stand_in = StandIn(tmp_path, play)
    figures = json.loads(Tool(stand_in.url)("bench", "create", "--count", "192", "--in-flight", "0", "--json"))
    assert figures["answered"] == 192 and unread == [0, 0, 0]


def test_bench_of_very_few(rowctl, client):
    assert json.loads(rowctl("bench", "create", "--count", "5", "--json"))["per_second"] > 0


def test_bench_for_people(rowctl, client):
    text = rowctl("bench", "create", "--count", "100")
    assert "100 of 100" in text and "p99.9" in text and "#" in text


def test_bench_without_anybody_who_answers(rowctl):
    figures = json.loads(rowctl("bench", "create", "--count", "5", "--queue", "nobody:there", "--timeout", "0.3",
                                "--json", expect=2))
    assert figures["pushed"] == 5 and figures["answered"] == 0


def test_bench_does_not_take_the_time_to_the_next_push_for_silence(tmp_path):
    def play(stand_in):
        for number in range(4):
            stand_in.answer(stand_in.commands(number, 1))

    stand_in = StandIn(tmp_path, play)
    figures = json.loads(Tool(stand_in.url)("bench", "create", "--count", "4", "--rate", "1", "--timeout", "0.99",
                                            "--json"))
    assert figures["answered"] == 4


def test_bench_is_not_kept_from_seeing_the_silence_by_its_own_pushes(rowctl):
    figures = json.loads(rowctl("bench", "create", "--count", "100", "--rate", "20", "--queue", "nobody:there",
                                "--timeout", "0.3", "--json", expect=2))
    assert 0 < figures["pushed"] < 100


@pytest.mark.parametrize("arguments, pushed", [([], 150), (["--in-flight", "0"], 150), (["--in-flight", "7"], 7)], ids=str)
def test_bench_at_a_rate_waits_for_no_reply_unless_told_to(rowctl, arguments, pushed):
    figures = json.loads(rowctl("bench", "create", "--count", "150", "--rate", "1000", "--queue", "nobody:there",
                                "--timeout", "3", "--json", *arguments, expect=2))
    assert figures["pushed"] == pushed


class Terminal:
    """One that collects what is written to it."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.shown = ""

    def shows(self, text):
        try:
            self.shown += os.read(self.master, 1 << 16).decode()
        except BlockingIOError:
            pass
        return text in self.shown

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def test_bench_shows_how_far_it_is_while_nothing_happens(tmp_path):
    terminal = Terminal()

    def play(stand_in):
        stand_in.answer(stand_in.commands(0, 1))
        second = stand_in.commands(1, 1)
        stand_in.take(1)
        wait_until(lambda: terminal.shows("2 pushed, 1 answered"), "the first reply on the terminal")
        stand_in.reply(second)

    stand_in = StandIn(tmp_path, play)
    done = subprocess.run([program("rowctl"), "bench", "create", "--count", "2", "--in-flight", "1", "--json"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal.slave, timeout=60, check=False,
                          env=environment(redis_url=stand_in.url))
    terminal.close()
    assert done.returncode == 0 and json.loads(done.stdout)["answered"] == 2


@pytest.mark.parametrize("load, least, most", [("read", 300, 300), ("mixed", 150, 225)])
def test_bench_tells_of_rows_that_are_not_there(rowctl, client, load, least, most):
    figures = json.loads(rowctl("bench", load, "--count", "300", "--keys", "5000", "--json"))
    assert least <= figures["missed"] <= most and figures["failed"] == 0
    assert "rowctl bench create --count 5000" in rowctl.said
    assert "found no row" in rowctl("bench", load, "--count", "10")


@pytest.fixture
def two_tables(database, producer):
    """New ones. What is to be said to bench to use them."""
    names = ["bench_cats", "bench_dogs"]
    for name in names:
        database.query(f"CREATE TABLE {name} LIKE animals")
        wait_until(lambda name=name: producer.call("count", table=name)["ok"], "rowd to know the table")
    yield [word for name in names for word in ("--table", name)]
    for name in names:
        database.query(f"DROP TABLE {name}")


def test_bench_finds_what_it_has_created_as_it_advised(rowctl, two_tables):
    rowctl("bench", "read", "--count", "2", "--keys", "500", *two_tables)
    advice = re.search(r"`rowctl (bench create --count \d+)`", rowctl.said)[1]
    rowctl(*advice.split(), *two_tables)
    figures = json.loads(rowctl("bench", "read", "--count", "1000", "--keys", "500", "--json", *two_tables))
    assert figures["answered"] == 1000 and figures["missed"] == 0 and rowctl.said == ""


def test_bench_mixes_again_and_again(rowctl, two_tables):
    rowctl("bench", "create", "--count", "2000", *two_tables)
    for _ in range(3):
        rowctl("bench", "mixed", "--count", "2000", "--keys", "1000", *two_tables)
        assert rowctl.said == ""


def test_bench_tells_the_first_error(rowctl, client):
    fill(client, 1000)
    figures = json.loads(rowctl("bench", "mixed", "--count", "200", "--keys", "1000", "--json"))
    assert figures["failed"] == 2 and figures["error"]["code"] == "UNIQUE_VIOLATION" and figures["per_second"] > 0
    assert "UNIQUE_VIOLATION: " in rowctl("bench", "mixed", "--count", "200", "--keys", "1000")


def test_bench_where_all_fail(rowctl, rowd):
    figures = json.loads(rowctl("bench", "create", "--count", "20", "--table", "animalz", "--json", expect=1))
    assert figures["answered"] == figures["failed"] == 20 and figures["error"]["code"] == "UNKNOWN_TABLE"
    assert "per_second" not in figures and "p50_us" not in figures
    text = rowctl("bench", "create", "--count", "20", "--table", "animalz", expect=1)
    assert "UNKNOWN_TABLE: " in text and "did you mean `animals`" in text and "rate" not in text and "latency" not in text


def test_bench_does_not_let_a_reply_at_the_terminal(tmp_path):
    def play(stand_in):
        stand_in.listen.sendall(resp_message(msgpack.packb({
            "id": stand_in.commands(0, 1)[0].decode(), "ok": False,
            "error": {"code": "\x1b[31m", "message": 60 * "é" + "\x1b[2J\x9b", "hint": "\a"}})))
        stand_in.take(1)

    text = Tool(StandIn(tmp_path, play).url)("bench", "create", "--count", "1", expect=1)
    assert 60 * "é" in text and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "fly"], ["bench", "read", "create"],
                                       ["bench", "read", "--count", "0"], ["bench", "read", "--keys", "-1"],
                                       ["bench", "read", "--rate", "x"], ["bench", "read", "--count", ""]], ids=str)
def test_bench_used_wrongly(rowctl, arguments):
    assert rowctl(*arguments, expect=64) == ""
