"""Connections that are slow, stand still, or are cut at a point on the wire that matters: nothing is lost, and the promise of the
mode is kept."""

import pytest
from checks import assert_kept

from conftest import MODES, check_known
from stage import LEASE_MS
from support.process import wait_until

COUNT = 1500

# (proxy, name on the wire, where, each n-th time)
POINTS = [
    ("database", "COMMIT", "request", 9),
    ("database", "COMMIT", "sent", 9),
    ("database", "COMMIT", "answer", 9),
    ("database", "COMMIT", "answered", 9),
    ("database", "INSERT", "request", 25),
    ("database", "INSERT", "answer", 25),
    ("database", "UPDATE", "answer", 15),
    ("database", "SELECT", "answer", 25),
    ("redis", "claim", "request", 3),
    ("redis", "claim", "answer", 3),
    ("redis", "adopt", "answer", 2),
    ("redis", "BLMOVE", "answer", 2),
    ("redis", "reply", "request", 200),
    ("redis", "reply", "answer", 200),
    ("redis", "reply", "answered", 200),
    ("redis", "HDEL", "request", 4),
    ("redis", "HDEL", "answer", 4),
    ("redis", "lease", "answer", 2),
]

# What rowd says of itself, where effects happen once. Whoever looks up a batch that came to nothing looks twice in one go: if
# each second look were cut, nobody would ever come to the end.
OWN_POINTS = [
    ("database", "UPDATE rowd_slots", "request", 9),
    ("database", "UPDATE rowd_slots", "answer", 9),
    ("database", "SELECT rowd_slots", "answer", 3),
]


def proxy_of(stage, name):
    return stage.redis_proxy if name == "redis" else stage.database_proxy


def run(stage, **options):
    stage.start_worker(0, **options)
    stage.start_producers()


def check_cut_at(stage, point):
    proxy, name, at, every = point
    rule = proxy_of(stage, proxy).add_rule(name, at=at, do="cut", every=every)
    if name == "SELECT rowd_slots":  # sent only when a COMMIT is in doubt
        stage.database_proxy.add_rule("COMMIT", at="answer", do="cut", every=10)
        stage.database_proxy.add_rule("COMMIT", at="request", do="cut", every=13)
    else:
        stage.database_proxy.add_rule("COMMIT", at="answer", do="cut", every=20)
    # Few in flight: many claims, and many transactions.
    run(stage, limits_in_flight=64, limits_batch=32)
    stage.wait_answered(COUNT // 2, lambda: proxy_of(stage, proxy).fired(rule))
    proxy_of(stage, proxy).clear_rules()
    stage.database_proxy.clear_rules()
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: "-".join(map(str, point)))
def test_cut_at(open_stage, modes, point):
    check_cut_at(open_stage(COUNT, modes, seed=point[3]), point)


@pytest.mark.parametrize("point", OWN_POINTS, ids=lambda point: "-".join(map(str, point)))
@pytest.mark.parametrize("mode", ["exactly-once", "once"])
def test_cut_at_a_statement_of_our_own(open_stage, mode, point):
    check_known(MODES[mode])
    check_cut_at(open_stage(COUNT, MODES[mode], seed=point[3]), point)


@pytest.mark.parametrize("at", ["request", "answer", "answered"])
def test_cut_at_a_lone_write(open_stage, at):
    """With its marker and COMMIT it is one statement: nobody knows how far the server has come."""
    stage = open_stage(COUNT, MODES["exactly-once"], seed=7)
    rule = stage.database_proxy.add_rule("BEGIN", at=at, do="cut", every=25)
    run(stage, limits_in_flight=64, limits_batch=1)
    stage.wait_answered(COUNT // 2, lambda: stage.database_proxy.fired(rule) >= 5)
    stage.database_proxy.clear_rules()
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("seed", range(3))
def test_cut_anywhere_at_random(open_stage, modes, seed):
    stage = open_stage(COUNT, modes, seed=seed)
    rules = [proxy_of(stage, proxy).add_rule(name, at=at, do="cut", chance=1 / (4 * every), seed=seed, reset=bool(seed % 2))
             for proxy, name, at, every in POINTS]
    run(stage, limits_in_flight=256, limits_batch=64)
    stage.wait_answered(COUNT // 2)
    assert rules and stage.redis_proxy.fired() + stage.database_proxy.fired() > 0
    stage.redis_proxy.clear_rules()
    stage.database_proxy.clear_rules()
    assert_kept(stage)
    stage.end_workers()


def test_the_answer_to_a_commit_is_held_and_then_cut(open_stage, modes):
    """Held for longer than the lease, so that all but the one connection goes on."""
    stage = open_stage(COUNT, modes)
    rule = stage.database_proxy.add_rule("COMMIT", at="answer", do="cut", every=5, hold_ms=1500)
    run(stage, limits_in_flight=256, limits_batch=64)
    stage.wait_answered(0, lambda: stage.database_proxy.fired(rule) >= 2)
    stage.database_proxy.clear_rules()
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("proxy", ["redis", "database"])
@pytest.mark.parametrize("size", [1, 777, 20000])
def test_cut_after_so_many_bytes(open_stage, modes, proxy, size):
    """Whatever stands there. Some connections do not even come to their greeting's end."""
    stage = open_stage(COUNT, modes, seed=size)
    run(stage)
    stage.wait_answered(1)
    for _ in range(3):
        proxy_of(stage, proxy).cut_after(size)
        wait_until(lambda: stage.redis.ping(), "Redis")
    proxy_of(stage, proxy).cut_after(None)
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("proxy", ["redis", "database"])
def test_one_byte_at_a_time(open_stage, modes, proxy):
    stage = open_stage(200, modes)
    proxy_of(stage, proxy).byte_by_byte()
    run(stage)
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("proxy", ["redis", "database"])
def test_a_slow_way(open_stage, modes, proxy):
    stage = open_stage(500, modes)
    proxy_of(stage, proxy).latency(30)
    run(stage)
    assert_kept(stage)
    stage.end_workers()


def lease_ends(stage):
    return [end for _, end in stage.redis.zrange("{rowd:commands}:workers", 0, -1, withscores=True)]


def clock_ms(stage):
    seconds, microseconds = stage.redis.time()
    return seconds * 1000 + microseconds // 1000


def test_redis_is_out_of_reach_for_longer_than_a_lease(open_stage, modes):
    """Nobody can renew: when the way is open again, one of them recovers the other, or itself."""
    stage = open_stage(COUNT, modes)
    run(stage)
    stage.start_worker(1)
    stage.wait_answered(100)
    stage.redis_proxy.stall()
    wait_until(lambda: max(lease_ends(stage)) < clock_ms(stage), "the leases to end")
    stage.redis_proxy.stall(False)
    assert_kept(stage, frozen=True)
    stage.end_workers()


def test_the_database_is_out_of_reach_for_longer_than_a_lease(open_stage, modes):
    """The lease is renewed meanwhile: nobody takes over what is under way."""
    stage = open_stage(COUNT, modes)
    run(stage)
    stage.wait_answered(100)
    stage.database_proxy.stall()
    stalled_at = clock_ms(stage)
    wait_until(lambda: min(lease_ends(stage)) > stalled_at + 3 * LEASE_MS, "three leases to pass")
    stage.database_proxy.stall(False)
    assert_kept(stage)
    assert stage.statistics().get("recovered", 0) == 0
    stage.end_workers()
