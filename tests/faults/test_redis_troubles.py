"""What a Redis can have against us, each while commands pass. (Full, forgetful or of the wrong type without traffic:
tests/integration/test_redis_weather.py, test_hostile_messages.py.)"""

import pytest
import redis as redis_py
from checks import assert_kept

from support.process import wait_until

COUNT = 20000
FEW = 1500  # as many as a small memory holds


def start(stage, percent):
    """So much is pushed; the rest comes when the test allows it, and meets the trouble however fast the first were done."""
    stage.allow(percent)
    stage.start_worker(0, limits_in_flight=256, limits_batch=64)
    stage.start_producers()
    stage.wait_answered(100)


def go_on(stage, percent):
    """So much is pushed by now, and some of it is answered."""
    before = stage.take_replies()
    stage.allow(percent)
    stage.wait_answered(before + 50)


def test_scripts_are_forgotten_again_and_again(open_stage, modes):
    stage = open_stage(COUNT, modes)
    start(stage, 10)
    for percent in range(20, 101, 10):
        stage.redis.script_flush()
        go_on(stage, percent)
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("name", ["rowd", "rowd-pop"])
def test_a_connection_is_killed_by_its_name(open_stage, modes, name):
    stage = open_stage(COUNT, modes)

    def killed():
        return sum(stage.redis.client_kill_filter(_id=client["id"]) for client in stage.redis.client_list()
                   if client["name"] == name)

    start(stage, 20)
    for percent in range(30, 101, 10):
        wait_until(killed, f"a connection of the name {name}")
        go_on(stage, percent)
    assert_kept(stage)
    stage.end_workers()


def test_the_memory_is_used_up(open_stage, modes):
    """Producers are refused, and so are replies; what was claimed runs, and is answered when there is room."""
    stage = open_stage(FEW, modes)
    stage.redis.set("{rowd:commands}:paused", 1)
    stage.start_producers()
    wait_until(lambda: stage.redis.llen("rowd:commands") == FEW, "the queue to be full")
    stage.redis.config_set("maxmemory", 1)
    with pytest.raises(redis_py.ResponseError):
        stage.redis.lpush("rowd:commands", "x")
    stage.redis.delete("{rowd:commands}:paused")
    stage.start_worker(0)
    wait_until(lambda: stage.redis.llen("rowd:commands") == 0, "the queue to drain")
    wait_until(lambda: stage.database.query("SELECT COUNT(*) FROM tokens")[0][0] > 0, "the first rows")
    stage.redis.config_set("maxmemory", 0)
    assert_kept(stage)
    stage.end_workers()


def test_a_worker_dies_while_the_memory_is_used_up(open_stage, modes):
    """Recovery works in a Redis that is full."""
    stage = open_stage(COUNT, modes)
    start(stage, 50)
    stage.redis.set("{rowd:commands}:paused", 1)
    stage.allow(100)
    wait_until(lambda: stage.redis.llen("rowd:commands") > 0, "commands in the queue")
    stage.redis.config_set("maxmemory", 1)
    stage.redis.delete("{rowd:commands}:paused")
    wait_until(lambda: stage.held() > 0, "commands that cannot be answered")
    stage.workers[0].kill()
    stage.start_worker(0)
    wait_until(lambda: "rowd.ready" in stage.workers[0].log(), "the successor")
    stage.redis.config_set("maxmemory", 0)
    assert_kept(stage)
    stage.end_workers()


def test_replies_are_refused_for_a_while(open_stage, modes):
    """The list for replies is of another type: such a reply becomes a dead letter, and its command is not run again."""
    stage = open_stage(COUNT, modes)
    name = stage.plan.reply_list(0)
    start(stage, 50)
    stage.take_replies()
    # In one: SET would overwrite what is pushed in between.
    stage.redis.eval("if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[2]) end "
                     "redis.call('SET', KEYS[1], 'x')", 2, name, "aside")
    stage.allow(100)
    wait_until(lambda: stage.redis.llen("{rowd:commands}:dead") > 0, "the first dead letter")
    stage.redis.delete(name)
    stage.wait_done()
    dead = stage.redis.llen("{rowd:commands}:dead")
    # Each is answered or a dead letter, and nothing is neither.
    assert stage.take_replies() + dead + stage.redis.llen("aside") >= COUNT
    stage.end_workers()
