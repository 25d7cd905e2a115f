"""How commands come in and replies go out: lists, channels, JSON, Lua, raw bytes, as the README shows it."""

import json
import re
import secrets
import shlex
import subprocess

import msgpack
import pytest

from support import contract
from support.client import Client, decode
from support.process import ROOT, build_directory, wait_until


def readme_commands():
    """The redis-cli lines of the README's code blocks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        block = block.replace("\\\n", " ")
        lines += [line.strip() for line in block.splitlines() if "redis-cli" in line]
    return lines


def test_the_readme_has_the_lines():
    text = "\n".join(readme_commands())
    for wanted in ("LPUSH", "cmsgpack", " -x ", "SUBSCRIBE", "BLPOP"):
        assert wanted in text


def test_the_lines_of_the_readme_work_as_they_are(redis_server, redis, producer, tmp_path):
    """Each push is followed by its BLPOP, which has to show a reply that says ok. SUBSCRIBE runs beside them."""
    (tmp_path / "redis-cli").write_text(f'#!/bin/sh\nexec /usr/bin/redis-cli -p {redis_server.port} "$@"\n')
    (tmp_path / "redis-cli").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{build_directory() / 'bin'}:/usr/bin:/bin", "REDIS_URL": redis_server.url}
    answers = 0
    for line in readme_commands():
        if "SUBSCRIBE" in line:
            continue
        done = subprocess.run(["sh", "-c", line], capture_output=True, env=environment, timeout=30, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr.decode()}"
        if "BLPOP" in line:
            answers += 1
            assert b"ok" in done.stdout and b"error" not in done.stdout, f"{line}\n{done.stdout!r}"
        else:
            assert re.match(rb"^(\(integer\) )?\d+\n$", done.stdout), f"{line}\n{done.stdout!r}"
    assert answers >= 3


def test_the_subscribe_line_of_the_readme_works(redis_server, redis, producer):
    line = next(line for line in readme_commands() if "SUBSCRIBE" in line)
    channel = shlex.split(line)[-1]
    with subprocess.Popen(["redis-cli", "-p", str(redis_server.port), "SUBSCRIBE", channel],
                          stdout=subprocess.PIPE) as listener:
        wait_until(lambda: redis.pubsub_numsub(channel)[0][1] == 1, "the subscription")
        redis.lpush("rowd:commands", json.dumps({"op": "ping", "reply_to": channel}))
        for text in listener.stdout:
            if b'"ok"' in text or b"pong" in text:
                assert b"pong" in text
                break
        listener.kill()


def test_json_by_lpush_and_reply_by_blpop(redis, rowd):
    redis.lpush("rowd:commands", '  {"op": "ping", "id": "a", "reply_list": "rowd:reply:j"}')
    raw = redis.blpop("rowd:reply:j", timeout=20)[1]
    assert json.loads(raw) == {"v": 1, "id": "a", "op": "ping", "ok": True, "value": "pong"}


def test_msgpack_as_lua_makes_it(redis, rowd):
    script = ('return redis.call("LPUSH", KEYS[1], cmsgpack.pack({op="create", table="animals", '
              'values={species="cat", age=3, name="나비"}, meta={}, reply_list="rowd:reply:lua"}))')
    assert redis.eval(script, 1, "rowd:commands") >= 0
    row = Client(redis).take("rowd:reply:lua")["row"]
    assert row["name"] == "나비" and row["age"] == 3


def test_raw_bytes_by_redis_cli_x(redis_server, redis, rowd):
    command = msgpack.packb({"op": "ping", "id": 5, "meta": b"\x00\n\xff", "reply_list": "rowd:reply:x"})
    done = subprocess.run(["redis-cli", "-p", str(redis_server.port), "-x", "LPUSH", "rowd:commands"], input=command,
                          capture_output=True, check=True)
    assert done.stdout.strip().isdigit()
    assert decode(redis.blpop("rowd:reply:x", timeout=20)[1])["meta"] == b"\x00\n\xff"


@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_reply_by_subscribe(redis, rowd, codec):
    channel = f"rowd:reply:{secrets.token_hex(4)}"
    listener = redis.pubsub(ignore_subscribe_messages=False)
    listener.subscribe(channel)
    assert listener.get_message(timeout=10)["type"] == "subscribe"
    Client(redis, codec).push({"op": "ping", "id": "s", "reply_to": channel})
    message = wait_until(lambda: listener.get_message(timeout=1), "the reply")
    assert message["channel"] == channel.encode()
    reply = decode(message["data"])
    contract.check_reply(reply)
    assert reply["value"] == "pong"
    listener.close()


def test_reply_to_both_places(redis, rowd):
    listener = redis.pubsub()
    listener.subscribe("rowd:reply:both")
    assert listener.get_message(timeout=10)["type"] == "subscribe"
    client = Client(redis)
    client.push({"op": "ping", "id": 1, "reply_to": "rowd:reply:both", "reply_list": "rowd:reply:both-list"})
    assert client.take("rowd:reply:both-list")["id"] == 1
    assert decode(wait_until(lambda: listener.get_message(timeout=1), "the reply")["data"])["id"] == 1
    listener.close()


def test_the_reply_list_expires(redis, rowd):
    client = Client(redis)
    client.push({"op": "ping", "reply_list": "rowd:reply:ttl", "reply_ttl_ms": 30000})
    wait_until(lambda: redis.exists("rowd:reply:ttl"), "the reply")
    assert 0 < redis.pttl("rowd:reply:ttl") <= 30000
    client.push({"op": "ping", "reply_list": "rowd:reply:ttl", "reply_ttl_ms": 3600000})
    wait_until(lambda: redis.llen("rowd:reply:ttl") == 2, "the second reply")
    assert redis.pttl("rowd:reply:ttl") > 3000000, "set anew at each push"
    client.push({"op": "ping", "reply_list": "rowd:reply:default"})
    wait_until(lambda: redis.exists("rowd:reply:default"), "the reply")
    assert 30000 < redis.pttl("rowd:reply:default") <= 60000


def test_replies_keep_the_order_of_the_queue_for_one_row(producer, redis):
    row = producer.ok("create", table="animals", values={"species": "x", "age": 0})["row"]
    for age in range(100):
        producer.push({"op": "update", "table": "animals", "pk": row["id"], "set": {"age": age},
                       "reply_list": "rowd:reply:in-order"})
    seen = sorted(producer.take("rowd:reply:in-order")["row"]["age"] for _ in range(100))
    assert seen == list(range(100)), "each update answers its own row"
    assert producer.ok("read", table="animals", pk=row["id"])["row"]["age"] == 99


def test_rpush_is_urgent_and_works(redis, rowd):
    redis.rpush("rowd:commands", '{"op": "ping", "reply_list": "rowd:reply:urgent"}')
    assert json.loads(redis.blpop("rowd:reply:urgent", timeout=20)[1])["ok"]


def test_fire_and_forget(producer, redis):
    before = redis.llen("{rowd:commands}:dead")
    producer.push({"op": "create", "table": "animals", "values": {"species": "silent"}})
    wait_until(lambda: producer.ok("count", table="animals")["value"] == 1, "the row")
    assert redis.llen("{rowd:commands}:dead") == before


def test_nothing_stays_behind_in_redis(producer, redis):
    for _ in range(20):
        producer.ok("ping")
    wait_until(lambda: redis.llen("rowd:commands") == 0 and not any(
        redis.hlen(key) for key in redis.keys("{rowd:commands}:inflight:*")), "all acknowledged")
    assert not any(redis.llen(key) for key in redis.keys("{rowd:commands}:landing:*"))
