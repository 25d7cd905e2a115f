"""rowctl: call, push, encode, decode, status."""

import fcntl
import json
import re
import socket
import struct
import subprocess
import termios
import threading

import msgpack
import pytest

from support.process import program, wait_until
from support.rowd_process import environment


@pytest.fixture
def rowctl(redis_server):
    def run(*arguments, expect=0, given=b"", redis_url=None):
        done = subprocess.run([program("rowctl"), *arguments], input=given, capture_output=True, timeout=60,
                              check=False, env=environment(redis_url=redis_url or redis_server.url))
        assert done.returncode == expect, f"exit {done.returncode}, not {expect}: {done.stdout!r} {done.stderr!r}"
        return done.stdout
    return run


def test_help_and_version(rowctl):
    for word in (b"call", b"push", b"encode", b"decode", b"status", b"--redis", b"--queue"):
        assert word in rowctl("--help")
    assert rowctl("--version").startswith(b"rowctl ")
    for name in ("call", "push", "encode", "decode", "status", "bench"):
        assert f"usage: rowctl {name}".encode() in rowctl(name, "--help")
    rowctl("cal", expect=64)


def test_call(rowctl, rowd):
    reply = json.loads(rowctl("call", '{"op": "create", "table": "animals", "values": {"species": "cat"}}'))
    assert reply["ok"] and reply["row"]["species"] == "cat"
    reply = json.loads(rowctl("call", '{"op": "read", "table": "animal"}', expect=1))
    assert reply["error"]["code"] == "UNKNOWN_TABLE"
    assert json.loads(rowctl("call", "-", given=b'{"op": "ping"}'))["value"] == "pong"


def test_call_prints_bytes_as_base64_and_large_numbers_in_full(rowctl, rowd):
    printed = rowctl("call", '{"op": "create", "table": "types", "values": {"raw": {"$bin": "AAEC"}, '
                             '"big_u": 18446744073709551615}}')
    assert b"18446744073709551615" in printed and json.loads(printed)["row"]["raw"] == {"$bin": "AAEC"}


def test_call_without_a_rowd(rowctl, redis):
    rowctl("call", '{"op": "ping"}', "--queue", "nobody", "--timeout", "1", expect=2)
    redis.delete("nobody")


def test_what_cannot_be_sent(rowctl, tmp_path):
    rowctl("call", "no json", expect=65)
    rowctl("call", '{"op": "ping"}', "--redis", f"unix://{tmp_path}/none", expect=69)


def test_push(rowctl, rowd, producer):
    rowctl("push", *[json.dumps({"op": "create", "table": "animals", "values": {"species": f"s{number}"}})
                     for number in range(3)])
    wait_until(lambda: producer.ok("count", table="animals")["value"] == 3, "three rows")
    lines = "\n".join(json.dumps({"op": "create", "table": "animals", "values": {"species": f"t{number}"}})
                      for number in range(500))
    rowctl("push", "-", given=lines.encode())
    wait_until(lambda: producer.ok("count", table="animals")["value"] == 503, "503 rows")
    species = [row["species"] for row in producer.ok("read", table="animals", order=["id"])["rows"]]
    assert species[3:] == [f"t{number}" for number in range(500)], "in the order given"


VALUES = [{"op": "ping"}, {"a": [1, -1, 2**64 - 1, -2**63, None, True, "김\u0000\"", 0.1], "b": {}, "c": []}]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_encode_and_decode(rowctl, value):
    packed = rowctl("encode", given=json.dumps(value, ensure_ascii=False).encode())
    assert msgpack.unpackb(packed, raw=False) == value
    assert json.loads(rowctl("decode", given=packed)) == value


def test_bytes_in_json(rowctl):
    packed = rowctl("encode", given=b'{"x": {"$bin": "AP8="}}')
    assert msgpack.unpackb(packed) == {"x": b"\x00\xff"}
    assert json.loads(rowctl("decode", given=packed)) == {"x": {"$bin": "AP8="}}


def test_garbage_is_refused(rowctl):
    rowctl("encode", given=b"{", expect=65)
    rowctl("decode", given=b"\x82\xa1", expect=65)


def test_status(rowctl, rowd, producer):
    worker = producer.ok("info")["row"]["worker"]
    assert b"rowd:commands" in rowctl("status")
    text = rowctl("status", "--json").decode()
    assert "rowd:commands" in text and worker in text
    json.loads(text)


def test_status_of_a_queue_that_waits(rowctl, redis, rowd):
    redis.lpush("idle-queue", *["x"] * 7)
    assert b"7" in rowctl("status", "--queue", "idle-queue")
    redis.delete("idle-queue")


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
    assert figures["answered"] == 300 and figures["failed"] == 0


def test_bench_mixes(rowctl, client):
    fill(client, 1000)
    figures = json.loads(rowctl("bench", "mixed", "--count", "1000", "--keys", "1000", "--json"))
    assert figures["answered"] == 1000 and figures["failed"] == 10, "one of a hundred meets a key that is there"
    rows = client.ok("count", table="animals")["value"]
    assert 1000 + 240 - 50 <= rows < 1000 + 240


def test_bench_pushes_ahead_and_at_a_rate(rowctl, client):
    figures = json.loads(rowctl("bench", "create", "--count", "200", "--in-flight", "0", "--json"))
    assert figures["answered"] == 200 and "p50_us" not in figures, "what waits in a queue measures the queue"
    figures = json.loads(rowctl("bench", "create", "--count", "100", "--rate", "200", "--json"))
    assert figures["answered"] == 100 and figures["seconds"] > 0.45


def answer_as_they_come(listener, count, unread):
    """Redis and rowd in one: answers 64 pushed commands at a time, and notes how much of its replies is not read."""
    def accept():
        connection = listener.accept()[0]
        assert b"PING" in connection.recv(1000)
        connection.sendall(b"+PONG\r\n")
        return connection

    with accept() as push, accept() as listen:
        assert b"SUBSCRIBE" in listen.recv(1000)
        listen.sendall(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
        pushed, answered = b"", 0
        while answered < count:
            pushed += push.recv(1 << 20)
            ids = re.findall(rb"[0-9a-f]{8}-[0-9]{12}", pushed)[answered:]
            if len(ids) == 64:
                unread.append(struct.unpack("i", fcntl.ioctl(listen, termios.TIOCOUTQ, b"\0\0\0\0"))[0])
                for command in ids:
                    listen.sendall(b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$25\r\n" + command + b"\xa2ok\xc3\r\n")
                push.sendall(64 * b":1\r\n")
                answered += 64


def test_bench_reads_the_replies_while_it_pushes_ahead(rowctl, tmp_path):
    """Else they would count from when the last was pushed, and Redis would cut it for not reading."""
    unread = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "r.sock"))
        listener.listen()
        server = threading.Thread(target=answer_as_they_come, args=(listener, 192, unread), daemon=True)
        server.start()
        figures = json.loads(rowctl("bench", "create", "--count", "192", "--in-flight", "0", "--json",
                                    redis_url=f"unix://{tmp_path}/r.sock"))
        server.join(timeout=10)
    assert figures["answered"] == 192 and unread == [0, 0, 0]


def test_bench_of_very_few(rowctl, client):
    assert json.loads(rowctl("bench", "create", "--count", "5", "--json"))["per_second"] > 0


def test_bench_for_people(rowctl, client):
    text = rowctl("bench", "create", "--count", "100").decode()
    assert "100 of 100" in text and "p99.9" in text and "#" in text


def test_bench_without_anybody_who_answers(rowctl):
    figures = json.loads(rowctl("bench", "create", "--count", "5", "--queue", "nobody:there", "--timeout", "0.3",
                                "--json", expect=2))
    assert figures["pushed"] == 5 and figures["answered"] == 0


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "fly"], ["bench", "read", "create"],
                                       ["bench", "read", "--count", "0"], ["bench", "read", "--keys", "-1"],
                                       ["bench", "read", "--rate", "x"], ["bench", "read", "--count", ""]], ids=str)
def test_bench_used_wrongly(rowctl, arguments):
    assert rowctl(*arguments, expect=64) == b""
