"""The order of the queue, with batches under way on many connections: generated keys, chains on one row, reads between
writes."""

import random
import threading

import pytest
from bulk import Bulk
from engine_stage import Stage, nothing_claimed

from support.client import QUEUE, decode

PRODUCERS = 4
TABLES = ("animals", "users", "member", "administrative_division")


@pytest.fixture(name="stage")
def fixture_stage(world):
    return Stage(world)


def create(table, mark):
    """One that succeeds, whoever pushes it and whenever."""
    values = {"animals": {"species": mark}, "users": {"name": "a", "email": mark}, "member": {"email": mark},
              "administrative_division": {"city_province": mark, "city_county": "x"}}
    return {"op": "create", "table": table, "values": values[table]}


def failing(rng, table, mark):
    """One that does not: taken already, missing, too long, unknown, out of range."""
    values = [("users", {"name": "a", "email": "taken"}), ("users", {"email": mark}), ("member", {"email": "taken"}),
              ("animals", {"species": "x" * 51}), ("animals", {"species": mark, "age": 256}),
              ("animals", {"species": mark, "colour": "red"}), ("member", {"email": mark, "oauth": "fax"}),
              ("administrative_division", {"city_province": mark})]
    table, values = rng.choice([one for one in values if one[0] == table])
    return {"op": "create", "table": table, "values": values}


def commands_of(number, count):
    """What one producer pushes, and whether it fails."""
    rng = random.Random(number)
    made = []
    for turn in range(count):
        table, mark = rng.choice(TABLES), f"p{number}t{turn}"
        fails = rng.random() < 0.1
        made.append((failing(rng, table, mark) if fails else create(table, mark), fails))
    return made


def push_from_all(stage, commands):
    """Each producer with a connection of its own, all at once. The lists of their replies."""
    pushed = [None] * PRODUCERS

    def produce(number):
        bulk = Bulk(stage.redis_server.client())
        bulk.at_once = 7
        pushed[number] = bulk.push([command for command, _ in commands[number]])

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pushed


def check_outcomes(commands, replies):
    for (command, fails), reply in zip(commands, replies):
        assert reply["ok"] != fails, (command, reply)


def check_rising(commands, replies):
    """Of each table, in the order of these."""
    last = dict.fromkeys(TABLES, 0)
    for (command, _), reply in zip(commands, replies):
        if reply["ok"]:
            assert reply["row"]["id"] > last[command["table"]], command
            last[command["table"]] = reply["row"]["id"]


def fill(stage):
    stage.client.ok("create", table="users", values={"name": "a", "email": "taken"})
    stage.client.ok("create", table="member", values={"email": "taken"})


def test_generated_keys_rise_in_queue_order(stage):
    fill(stage)
    commands = [commands_of(number, 1500) for number in range(PRODUCERS)]
    with nothing_claimed(stage.redis):
        pushed = push_from_all(stage, commands)
        order = [decode(raw) for raw in reversed(stage.redis.lrange(QUEUE, 0, -1))]
    replies = [one.replies() for one in pushed]
    for mine, answered in zip(commands, replies):
        check_outcomes(mine, answered)
    producer_of = {one.reply_list: number for number, one in enumerate(pushed)}
    assert len(order) == PRODUCERS * 1500
    places = [(producer_of[command["reply_list"]], command["id"]) for command in order]
    check_rising([commands[number][index] for number, index in places],
                 [replies[number][index] for number, index in places])


def test_each_producer_s_keys_rise_while_all_push(stage):
    fill(stage)
    commands = [commands_of(number, 1500) for number in range(PRODUCERS)]
    for mine, pushed in zip(commands, push_from_all(stage, commands)):
        answered = pushed.replies()
        check_outcomes(mine, answered)
        check_rising(mine, answered)


def test_insert_delete_insert(stage):
    """By a key of text, by a number, and by a second unique key whose row has another number each time."""
    keys = range(60)
    rounds = 4
    commands = []
    for turn in range(rounds):
        for key in keys:
            commands += [
                {"op": "create", "table": "checklist", "values": {"code": f"k{key}", "item": f"i{turn}"}},
                {"op": "create", "table": "checklist", "values": {"code": f"K{key}", "item": "again"}},
                {"op": "create", "table": "users", "values": {"id": 100 * (turn + 1) + key, "name": "a", "email": f"e{key}"}},
                {"op": "create", "table": "users", "values": {"id": 9000 + key, "name": "a", "email": f"E{key}"}}]
        for key in keys:
            commands += [{"op": "delete", "table": "checklist", "pk": f"k{key}"},
                         {"op": "read", "table": "checklist", "pk": f"k{key}"},
                         {"op": "delete", "table": "users", "pk": 100 * (turn + 1) + key}]
    replies = iter(stage.together(commands))
    for _ in range(rounds):
        for _ in keys:
            assert [next(replies)["ok"] for _ in range(4)] == [True, False, True, False]
        for _ in keys:
            deleted, read, gone = next(replies), next(replies), next(replies)
            assert (deleted["affected"], read["row"], gone["affected"]) == (1, None, 1)
    assert stage.database.query("SELECT (SELECT COUNT(*) FROM checklist), (SELECT COUNT(*) FROM users)") == [(0, 0)]


def test_chains_on_one_row_and_reads_between(stage):
    rows = list(range(1, 21))
    stage.bulk.ok([{"op": "create", "table": "animals", "values": {"id": row, "species": "s0"}} for row in rows])
    rng = random.Random(5)
    state = dict.fromkeys(rows, "s0")
    commands, expected = [], []
    for turn in range(6000):
        row = rng.choice(rows[:3] if turn % 2 else rows)
        if rng.random() < 0.5:
            state[row] = f"s{turn}"
            commands.append({"op": "update", "table": "animals", "pk": row, "set": {"species": state[row]}})
        else:
            commands.append({"op": "read", "table": "animals", "pk": row})
        expected.append(state[row])
    replies = stage.together(commands)
    assert [reply["row"]["species"] for reply in replies] == expected
    assert dict(stage.database.query("SELECT id, species FROM animals")) == state


def test_a_unique_value_wanders_from_row_to_row(stage):
    """Each may take it only once the one before has given it away."""
    rows = range(1, 31)
    stage.bulk.ok([{"op": "create", "table": "users", "values": {"id": row, "name": "a", "email": f"e{row}"}}
                   for row in rows])
    commands = []
    for row in rows:
        commands += [{"op": "update", "table": "users", "pk": row, "set": {"email": "wanders"}},
                     {"op": "update", "table": "users", "pk": row % 30 + 1, "set": {"email": "WANDERS"}},
                     {"op": "update", "table": "users", "pk": row, "set": {"email": f"e{row}"}}]
    replies = stage.together(commands)
    assert [reply["ok"] for reply in replies] == [True, False, True] * 30
    assert stage.database.query("SELECT COUNT(*) FROM users WHERE email = CONCAT('e', id)") == [(30,)]


def test_parents_and_children(stage):
    """Children go with their parents, come with them, and meet nobody else's."""
    commands, expected = [], []
    for turn in range(150):
        member, plan = 1 + turn % 5, 1000 + turn
        values = {"id": plan, "member_id": member, "name": "p", "start_date": "2024-01-01", "end_date": "2024-01-02"}
        commands += [{"op": "create", "table": "plan", "values": values},
                     {"op": "create", "table": "member", "values": {"id": member, "email": f"m{member}"}},
                     {"op": "create", "table": "plan", "values": values},
                     {"op": "read", "table": "plan", "pk": plan, "select": ["id"]},
                     {"op": "delete", "table": "member", "pk": member},
                     {"op": "read", "table": "plan", "pk": plan, "select": ["id"]}]
        expected += [(False, None), (True, member), (True, plan), (True, plan), (True, None), (True, None)]
    replies = stage.together(commands)
    found = [(reply["ok"], (reply.get("row") or {}).get("id") if reply["ok"] else None) for reply in replies]
    assert found == expected
    assert stage.database.query("SELECT COUNT(*) FROM plan") == [(0,)]
