"""rowctl call: where the reply is awaited, and what is said when none comes."""

import json
import re

import msgpack
import pytest

from support.rowctl import Tool


@pytest.fixture
def rowctl(redis_server):
    return Tool(redis_server.url)


@pytest.mark.parametrize("words", [["call", '{"op": "ping"}'], ["bench", "create", "--count", "1"]], ids=" ".join)
def test_without_a_rowd(rowctl, redis, words):
    rowctl(*words, "--queue", "nobody", "--timeout", "0.25", expect=2)
    assert "no reply within 0.25 s" in rowctl.said and "is a rowd serving nobody?" in rowctl.said
    redis.delete("nobody")


@pytest.mark.parametrize("words", [["call", '{"op": "ping", "reply_list": "mine"}'],
                                   ["call", '{"op": "ping"}', "--reply-prefix", "mine:"],
                                   ["bench", "create", "--count", "1", "--reply-prefix", "mine:"]], ids=" ".join)
def test_at_a_place_that_rowd_refuses(rowctl, empty_dead, words):
    rowctl(*words, "--timeout", "3", expect=2)
    advice = re.search(r"`rowctl (dead list[^`]*)`", rowctl.said)[1]
    assert "FORBIDDEN" in rowctl.said and "FORBIDDEN" in rowctl(*advice.split())


@pytest.mark.parametrize("command", ['{"op": "ping", "reply_list": null}', '{"reply_list": null, "id": 7, "op": "ping"}'])
def test_a_nil_is_no_place(rowctl, rowd, command):
    reply = json.loads(rowctl("call", command))
    assert reply["value"] == "pong" and reply["id"] == json.loads(command).get("id")


@pytest.mark.parametrize("tail", ["x" * 600, "x" * 100000, "a\0b", "\u00e9"], ids=lambda tail: f"{len(tail)} {tail[:3]!r}")
def test_a_place_of_any_length_and_bytes(rowctl, rowd, tail):
    reply = json.loads(rowctl("call", json.dumps({"op": "ping", "reply_list": "rowd:reply:" + tail})))
    assert reply["value"] == "pong"


def test_a_place_of_its_own_is_unknown_to_others_behind_any_prefix(rowctl, redis):
    prefix = "rowd:reply:" + "x" * 600
    rowctl("call", '{"op": "ping"}', "--reply-prefix", prefix, "--queue", "nobody", "--timeout", "0.1", expect=2)
    assert re.fullmatch(prefix + "rowctl:[0-9a-f]{32}", msgpack.unpackb(redis.rpop("nobody"))["reply_list"])


@pytest.mark.parametrize("place", ["", 7, ["rowd:reply:x"]], ids=repr)
def test_what_is_no_place(rowctl, redis, place):
    rowctl("call", json.dumps({"op": "ping", "reply_list": place}), "--queue", "nobody", expect=65)
    assert rowctl.said == "rowctl: reply_list has to be a text that is not empty\n" and not redis.exists("nobody")
