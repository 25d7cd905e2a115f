"""A slow query occupies one connection, and nobody else waits for it; idle sessions stand in nobody's way."""

import pytest
from engine_stage import Gate, Stage

from support.process import wait_until

SLOW_READ = {"op": "read", "table": "gated", "select": ["id", "passed"]}


def slow_reads(count):
    """No two of them are the same: those would be run once."""
    return [{**SLOW_READ, "limit": number + 1} for number in range(count)]


@pytest.fixture(name="make_stage")
def fixture_make_stage(world):
    """A stage whose gated view is there before rowd reads the tables."""

    def make(**options):
        database = world.database()
        database.query("INSERT INTO animals (id, species) VALUES (1, 's')")
        database.query(Gate.VIEW)
        return Stage(world, database=database, **options)

    return make


def others_work(turn=0):
    """Of all kinds, on the rows that the slow query reads too."""
    work = []
    for number in range(100):
        mark = f"n{turn}-{number}"
        work += [{"op": "create", "table": "animals", "values": {"species": mark}},
                 {"op": "update", "table": "animals", "pk": 1, "set": {"species": f"u{number}"}},
                 {"op": "read", "table": "animals", "pk": 1},
                 {"op": "count", "table": "animals", "where": {"species": mark}},
                 {"op": "update", "table": "animals", "where": {"species": mark}, "set": {"age": number}},
                 {"op": "delete", "table": "animals", "pk": 1000000 + number}]
    return work


def check_others_go_on(stage, turn):
    replies = stage.bulk.ok(others_work(turn))
    assert [reply["row"]["species"] for reply in replies[2::6]] == [f"u{number}" for number in range(100)]
    assert [reply["value"] for reply in replies[3::6]] == [1] * 100
    assert [reply["affected"] for reply in replies[4::6]] == [1] * 100


@pytest.mark.parametrize("connections, slow", [(2, 1), (8, 1), (8, 7)])
def test_others_go_on_beside_slow_queries(make_stage, connections, slow):
    stage = make_stage(database_connections=connections)
    with Gate(stage.database) as gate:
        pushed = stage.bulk.push(slow_reads(slow))
        gate.wait_for(slow)
        for turn in range(3):
            check_others_go_on(stage, turn)
            assert gate.waiting() == slow and pushed.arrived() == 0
        gate.open()
        assert all(reply["rows"] == [{"id": 1, "passed": 1}] for reply in pushed.replies())


def test_commands_behind_a_slow_query_in_the_queue_overtake_it(make_stage):
    """They are claimed together with it."""
    stage = make_stage()
    with Gate(stage.database) as gate:
        commands = others_work()
        commands[250:250] = [SLOW_READ]
        pushed = stage.push_together(commands)
        wait_until(lambda: pushed.arrived() == len(commands) - 1, "all replies but one")
        assert gate.waiting() == 1
        gate.open()
        replies = pushed.replies()
    assert all(reply["ok"] for reply in replies)
    assert replies[250]["rows"] == [{"id": 1, "passed": 1}]


def test_one_queue_s_slow_query_does_not_stop_another_queue(make_stage):
    stage = make_stage(queues=["slow", "quick"], database_connections=2)
    with Gate(stage.database) as gate:
        pushed = stage.bulk_of("slow").push([SLOW_READ])
        gate.wait_for(1)
        assert stage.bulk_of("quick").ok([{"op": "read", "table": "animals", "pk": 1}] * 300)
        assert pushed.arrived() == 0
        gate.open()
        pushed.replies()


def alter(stage, text):
    """As another client, who does not wait long."""
    connection = stage.database.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 20")
        cursor.execute(text)
    connection.close()


def test_idle_sessions_hold_no_metadata_lock(make_stage):
    """All of them have read and written the table, and are idle: ALTER TABLE goes through, and what it has made is known."""
    stage = make_stage()
    for turn in range(5):
        stage.together([{"op": "read", "table": "animals", "where": {"id": {"lt": 5}}},
                        {"op": "count", "table": "animals"}, {"op": "read", "table": "animals", "pk": 1},
                        {"op": "exists", "table": "animals", "where": {"age": turn}},
                        {"op": "create", "table": "animals", "values": {"species": "c"}},
                        {"op": "create", "table": "animals", "values": {"species": None}}] * 40)
        alter(stage, f"ALTER TABLE animals ADD COLUMN extra{turn} INT NULL")
        row = stage.client.ok("update", table="animals", pk=1, set={f"extra{turn}": 7})["row"]
        assert row[f"extra{turn}"] == 7


def test_a_table_is_altered_under_load(make_stage):
    stage = make_stage()
    commands = [{"op": "read", "table": "animals", "pk": 1, "select": ["id"]},
                {"op": "create", "table": "animals", "values": {"species": "c"}, "returning": ["id"]},
                {"op": "update", "table": "animals", "pk": 1, "set": {"age": 5}, "returning": ["id"]}] * 4000
    pushed = stage.bulk.push(commands)
    for turn in range(3):
        wait_until(lambda so_far=1000 * (turn + 1): pushed.arrived() >= so_far, "some replies")
        alter(stage, f"ALTER TABLE animals ADD COLUMN extra{turn} INT NULL, ALGORITHM = COPY")
    replies = pushed.replies()
    assert all(reply["ok"] for reply in replies)
    assert stage.database.query("SELECT COUNT(*) FROM animals") == [(4001,)]
