"""rowctl: call, push, encode, decode, status."""

import json
import subprocess

import msgpack
import pytest

from support.process import program, wait_until
from support.rowd_process import environment


@pytest.fixture
def rowctl(redis_server):
    def run(*arguments, expect=0, given=b""):
        done = subprocess.run([program("rowctl"), *arguments], input=given, capture_output=True, timeout=60,
                              check=False, env=environment(redis_url=redis_server.url))
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
