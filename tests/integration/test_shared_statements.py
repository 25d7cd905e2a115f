"""Commands that share statements answer as they would have answered alone, and leave the same tables."""

import secrets
import threading

import pytest

import twins


@pytest.fixture(scope="module")
def sides(open_world, database_server):
    """Together, and one at a time."""
    tables, script = twins.script(database_server.is_mariadb())
    databases = [open_world.database(), open_world.database()]
    for database in databases:
        database.script(script)
    return (tables,
            twins.Side(open_world, databases[0]),
            twins.Side(open_world, databases[1], limits_batch=1, limits_in_flight=1, database_connections=1))


def describe(commands, number):
    return f"command {number} of {len(commands)}: {commands[number]!r}"


@pytest.mark.parametrize("seed", [1, 2, 3, secrets.randbits(32)])
def test_as_if_alone(sides, seed):
    tables, together, alone = sides
    producer = twins.Producer(seed, tables)
    for _ in range(12):
        commands = [command for _ in range(8) for command in producer.run()]
        found, wanted = together.exchange(commands), alone.exchange(commands)
        for number, command in enumerate(commands):
            assert (twins.normal_reply(found[number], command) == twins.normal_reply(wanted[number], command)), \
                f"seed {seed}, {describe(commands, number)}"
        for table in ("counted", "twin_child"):
            keys = twins.generated_keys(found, commands, table)
            assert keys == sorted(keys), f"seed {seed}: generated keys rise in queue order"
        assert together.contents(tables) == alone.contents(tables), f"seed {seed}"


class Counters:
    """How often the server has run each sort of statement since."""

    def __init__(self, database):
        self.database = database
        self.first = self._read()

    def _read(self):
        rows = self.database.query("SHOW GLOBAL STATUS WHERE Variable_name IN "
                                   "('Com_insert', 'Com_select', 'Com_update', 'Com_delete', 'Com_commit')")
        return {name.lower(): int(value) for name, value in rows}

    def since(self, name):
        return self._read()[f"com_{name}"] - self.first[f"com_{name}"]


@pytest.fixture
def twin(world, database_server):
    database = world.database()
    database.script(twins.script(database_server.is_mariadb())[1])
    return database


def answer_all(side, commands):
    replies = side.exchange(commands)
    assert all(reply["ok"] for reply in replies), [reply for reply in replies if not reply["ok"]][:3]
    return replies


BAD_ROWS = {"duplicate": {"u": 7}, "null": {"n": None}, "check": {"n": -1}, "parent": {"other": 99}, "enum": {"e": "x"}}


@pytest.mark.parametrize("place", [0, 300, 511])
@pytest.mark.parametrize("fault", BAD_ROWS)
def test_one_bad_row_among_many(world, twin, database_server, fault, place):
    twin.query("INSERT INTO counted (n, u) VALUES (1, 7)")
    side = twins.Side(world, twin)
    commands = [{"op": "create", "table": "counted", "values": {"n": 1, "u": None, "other": 1, "e": "one"},
                 "returning": ["id"]} for _ in range(512)]
    commands[place]["values"].update(BAD_ROWS[fault])
    counters = Counters(twin)
    replies = side.exchange(commands)
    assert [number for number, reply in enumerate(replies) if not reply["ok"]] == [place]
    keys = twins.generated_keys(replies, commands, "counted")
    assert keys == sorted(keys) and len(keys) == 511
    # One of each for each batch; and a batch ends with a COMMIT.
    extra = counters.since("insert") - counters.since("commit")
    # One that was executed by itself has noted its commit in an INSERT.
    extra -= twin.query("SELECT COUNT(*) FROM rowd_commits WHERE sequences <> ''")[0][0]
    assert extra <= (2 if database_server.is_mariadb() else 18), f"{extra} more statements"


def test_statements_keep_below_the_largest_packet(world):
    server = world.database_server()
    database = world.database(server)
    database.query("SET GLOBAL max_allowed_packet = 16384")
    side = twins.Side(world, database)
    text = "x" * 150
    counters = Counters(database)
    made = answer_all(side, [{"op": "create", "table": "animals", "values": {"species": text[:30], "name": text[:90]}}
                             for _ in range(400)])
    answer_all(side, [{"op": "update", "table": "animals", "pk": reply["row"]["id"],
                       "set": {"species": text[:20], "name": text[:80]}} for reply in made])
    answer_all(side, [{"op": "read", "table": "animals", "pk": reply["row"]["id"]} for reply in made])
    assert 3 <= counters.since("insert") < 60 and 3 <= counters.since("update") < 60


def test_the_same_read_runs_once_for_all(world, twin):
    twin.query("INSERT INTO still SELECT id + 10, n, s FROM still")
    side = twins.Side(world, twin, database_connections=1)
    counters = Counters(twin)
    for read in ({"op": "count", "table": "still"}, {"op": "read", "table": "still", "where": {"n": 1}},
                 {"op": "exists", "table": "still", "where": {"n": 2}}):
        replies = answer_all(side, [read] * 300)
        assert all({**reply, "id": 0} == {**replies[0], "id": 0} for reply in replies)
    assert counters.since("select") < 150


def test_the_same_read_sees_the_writes_before_it(world, twin):
    side = twins.Side(world, twin)
    commands = [{"op": "count", "table": "counted"},
                {"op": "create", "table": "counted", "values": {"n": 1}, "returning": False}] * 200
    counts = [reply["value"] for reply in answer_all(side, commands)[::2]]
    assert all(seen >= written for written, seen in enumerate(counts)) and counts[-1] <= 200


def test_the_same_read_is_too_large_for_those_who_ask_for_too_much(world, twin):
    """What they have in common is the LIMIT of one row more than a queue answers."""
    settings = world.directory / "rowd.conf"
    settings.write_text(f'[queue "{twins.QUEUE}"]\nmax_rows = 2\n', encoding="utf-8")
    side = twins.Side(world, twin, arguments=["-c", str(settings)])
    read = {"op": "read", "table": "still", "order": ["id"]}
    replies = side.exchange([read, {**read, "limit": 3}, {**read, "limit": 2}] * 100)
    for number, reply in enumerate(replies):
        assert reply["ok"] == (number % 3 == 2) and (reply["ok"] or reply["error"]["code"] == "TOO_LARGE")


def test_large_answers_that_nobody_shares(world, twin):
    """Both sides write: 50 MB of rows, while statements are still on their way."""
    twin.query("CREATE TABLE tale (id VARCHAR(20) PRIMARY KEY, body MEDIUMTEXT) COLLATE utf8mb4_general_ci")
    twin.query("INSERT INTO tale SELECT CONCAT('Tale ', id), REPEAT(CHAR(96 + id), 100000) FROM still")
    side = twins.Side(world, twin)
    commands = [{"op": "read", "table": "tale", "pk": f"tALE {1 + number % 3}"} for number in range(512)]
    for number, reply in enumerate(answer_all(side, commands)):
        assert reply["row"]["body"] == "abc"[number % 3] * 100000


def test_a_group_needs_no_more_grants_than_its_jobs(world, twin):
    """To create asks for INSERT only; a statement for many has its keys back."""
    twin.query("CREATE USER IF NOT EXISTS inserting@localhost IDENTIFIED BY ''")
    twin.query(f"GRANT INSERT ON {twin.name}.counted TO inserting@localhost")
    side = twins.Side(world, twin, database_url=twin.url.replace("root@", "inserting@"), queue_delivery="at-least-once")
    command = {"op": "create", "table": "counted", "values": {"n": 1}, "returning": False}
    keys = [reply["insert_id"] for reply in answer_all(side, [command] * 100)]
    assert keys == sorted(set(keys))
    assert twin.query("SELECT COUNT(*) FROM counted") == [(100,)]


def insert_strangers(database, count):
    """Rows that no command has created, a few at a time."""
    for first in range(0, count, 20):
        database.query("INSERT INTO race (id) VALUES " + ",".join(f"({key * 7 % count})"
                                                                  for key in range(first, first + 20)))


@pytest.mark.parametrize("write", [{"op": "update", "set": {"v": 1}, "returning": False}, {"op": "delete"}],
                         ids=["update", "delete"])
def test_rows_that_another_client_creates_meanwhile(world, twin, write):
    """Between the statements of a group: what is answered is what was done."""
    twin.query("CREATE TABLE race (id INT PRIMARY KEY, v INT NOT NULL DEFAULT 0)")
    side = twins.Side(world, twin)
    for _ in range(10):
        twin.query("DELETE FROM race")
        stranger = threading.Thread(target=insert_strangers, args=(twin, 400))
        stranger.start()
        replies = answer_all(side, [{**write, "table": "race", "pk": key} for key in range(400)])
        stranger.join()
        touched = {key for key, reply in enumerate(replies) if reply.get("matched", reply["affected"]) == 1}
        untouched = {key for key, in twin.query("SELECT id FROM race WHERE v = 0")}
        assert touched == set(range(400)) - untouched


def test_a_trigger_that_rowd_has_not_seen(world, twin):
    """It came after the tables were read, or is hidden from the account: the values that were set do not tell what it made of
    them, the server's own count does."""
    twin.query("CREATE TABLE tricky (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 0, n INT NOT NULL DEFAULT 0)")
    twin.query("INSERT INTO tricky (id) SELECT id FROM still WHERE id BETWEEN 1 AND 50")
    count = twin.query("SELECT COUNT(*) FROM tricky")[0][0]
    side = twins.Side(world, twin)
    twin.query("CREATE TRIGGER tricks BEFORE UPDATE ON tricky FOR EACH ROW SET NEW.n = OLD.n + 1")
    for value in (0, 7):
        replies = answer_all(side, [{"op": "update", "table": "tricky", "pk": key, "set": {"a": value}, "returning": False}
                                    for key in range(1, count + 1)])
        assert count > 1 and {reply["affected"] for reply in replies} == {1}
    assert twin.query("SELECT DISTINCT a, n FROM tricky") == [(7, 2)]
