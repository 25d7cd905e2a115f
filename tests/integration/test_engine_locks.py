"""Locks of other clients: those wait who meet them, and a deadlock is no answer."""

import contextlib

import pytest
from engine_stage import Stage

from support.process import wait_until

ROWS = range(1, 201)


@pytest.fixture(name="stage")
def fixture_stage(world):
    stage = Stage(world)
    stage.database.query("INSERT INTO animals (id, species) VALUES " + ", ".join(f"({row}, 's')" for row in ROWS))
    return stage


class Other:
    """Another client of the database, in a transaction."""

    def __init__(self, database):
        self.connection = database.connect(autocommit=False)

    def execute(self, text):
        with self.connection.cursor() as cursor:
            cursor.execute(text)

    def lock(self, row):
        self.execute(f"SELECT id FROM animals WHERE id = {row} FOR UPDATE")

    def commit(self):
        self.connection.commit()


@contextlib.contextmanager
def other_client(database):
    other = Other(database)
    try:
        yield other
    finally:
        other.connection.close()


def lock_waits(stage, which):
    return int(stage.database.query(f"SHOW GLOBAL STATUS LIKE 'Innodb\\_row\\_lock\\_{which}'")[0][1])


def wait_blocked(stage):
    # (innodb_trx is a copy that is renewed only when nobody has looked at it for a while.)
    wait_until(lambda: lock_waits(stage, "current\\_waits") > 0, "rowd to wait for the lock")


def update(row, mark):
    return {"op": "update", "table": "animals", "pk": row, "set": {"species": mark}}


def test_only_the_commands_of_a_locked_row_wait(stage):
    with other_client(stage.database) as other:
        other.lock(1)
        blocked = stage.bulk.push([update(1, "late")])
        wait_blocked(stage)
        # Whoever comes by now is not in its batch.
        replies = stage.bulk.ok([
            command for row in ROWS[1:] for command in (
                update(row, f"m{row}"), {"op": "read", "table": "animals", "pk": row},
                {"op": "create", "table": "animals", "values": {"species": "new"}},
                {"op": "create", "table": "users", "values": {"name": "a", "email": f"e{row}"}})])
        assert [reply["row"]["species"] for reply in replies[1::4]] == [f"m{row}" for row in ROWS[1:]]
        behind = stage.bulk.push([{"op": "read", "table": "animals", "pk": 1}, update(1, "later"),
                                  {"op": "read", "table": "animals", "pk": 1}])
        assert stage.bulk.ok([{"op": "read", "table": "animals", "pk": 2}])[0]["row"]["species"] == "m2"
        assert blocked.arrived() == 0 and behind.arrived() == 0
        other.commit()
        assert blocked.replies()[0]["row"]["species"] == "late"
        assert [reply["row"]["species"] for reply in behind.replies()] == ["late", "later", "later"]


@pytest.mark.parametrize("op", ["update", "delete"])
@pytest.mark.parametrize("count", [1, 60, 150])
def test_a_locked_row_of_another_transaction_stops_nobody(stage, op, count):
    """However much of the table a shared statement is about: the server must not look at the other rows."""
    with other_client(stage.database) as other:
        other.lock(1)
        rows = ROWS[1:1 + count]
        if op == "update":
            commands = [update(row, f"m{row}") for row in rows]
        else:
            commands = [{"op": "delete", "table": "animals", "pk": row} for row in rows]
        before = lock_waits(stage, "waits")
        assert all(reply["affected"] == 1 for reply in stage.together(commands))
        assert lock_waits(stage, "waits") == before
        other.commit()


def test_a_locked_row_among_many_in_one_batch(stage):
    """They may have to wait with it, and then all are right."""
    with other_client(stage.database) as other:
        other.lock(100)
        other.execute("UPDATE animals SET age = 7 WHERE id = 100")
        pushed = stage.push_together([update(row, f"m{row}") for row in ROWS])
        wait_blocked(stage)
        other.commit()
        replies = pushed.replies()
    assert [reply["row"]["species"] for reply in replies] == [f"m{row}" for row in ROWS]
    assert replies[99]["row"]["age"] == 7
    assert stage.database.query("SELECT COUNT(*) FROM animals WHERE species = CONCAT('m', id)") == [(len(ROWS),)]


def deadlocks(database):
    return int(dict(database.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")).get("Innodb_deadlocks", -1))


@pytest.mark.only_on("mariadb", reason="Innodb_deadlocks counts them")
def test_deadlocks_are_tried_again(stage):
    """The other client has changed much more, so that rowd is the one whom the server ends."""
    before = deadlocks(stage.database)
    for turn in range(5):
        with other_client(stage.database) as other:
            other.execute(f"UPDATE animals SET age = MOD(id + {turn}, 100) WHERE id > 50")
            # Rowd's statement locks rows in the order of the key: it has 1 to 50 when it comes to 51.
            pushed = stage.push_together([update(row, f"t{turn}m{row}") for row in ROWS])
            wait_blocked(stage)
            other.execute(f"UPDATE animals SET age = {turn} WHERE id <= 50")
            other.commit()
            replies = pushed.replies()
        assert [reply["row"]["species"] for reply in replies] == [f"t{turn}m{row}" for row in ROWS]
        # (The first may have been claimed alone, by a pop that was waiting for it.)
        assert [reply["row"]["age"] for reply in replies[1:50]] == [turn] * 49
    assert deadlocks(stage.database) - before >= 5
    assert stage.database.query("SELECT COUNT(*) FROM animals WHERE species = CONCAT('t4m', id)") == [(len(ROWS),)]


@pytest.mark.only_on("mariadb", reason="Innodb_deadlocks counts them")
def test_a_deadlock_in_the_middle_commits_no_part(stage):
    """Creates stand in the same batch: whatever was rolled back with the deadlock comes again, and once."""
    before = deadlocks(stage.database)
    with other_client(stage.database) as other:
        other.execute("UPDATE animals SET age = 1 + MOD(id, 100) WHERE id > 50")
        commands = []
        for row in ROWS:
            commands += [{"op": "create", "table": "users", "values": {"name": "a", "email": f"e{row}"}},
                         update(row, f"m{row}"),
                         {"op": "create", "table": "animals", "values": {"species": f"n{row}"}},
                         {"op": "create", "table": "users", "values": {"name": "b", "email": f"e{row}"}}]
        pushed = stage.push_together(commands)
        wait_blocked(stage)
        other.execute("UPDATE animals SET age = 0 WHERE id <= 50")
        other.commit()
        replies = pushed.replies()
    assert [reply["ok"] for reply in replies] == [True, True, True, False] * len(ROWS)
    assert {reply["error"]["code"] for reply in replies[3::4]} == {"UNIQUE_VIOLATION"}
    assert deadlocks(stage.database) > before
    counts = "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM animals WHERE species LIKE 'n%')"
    assert stage.database.query(counts) == [(len(ROWS), len(ROWS))]
