"""Commands that share statements answer as they would have answered alone, and leave the same tables."""

import secrets

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
