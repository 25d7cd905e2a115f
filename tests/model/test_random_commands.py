"""Random commands of all operations, each reply held against a model in Python.

ROWD_MODEL_SEED=N        repeats a run, as far as the server gives the same keys again, on which depends what is
                         made up later
ROWD_MODEL_COMMANDS=N    that many commands; a long run is one with a bigger number"""

import os
import secrets
import time

from model import checker, coverage
from model.run import Run
from support.process import UNDER_ASAN

COMMANDS = int(os.environ.get("ROWD_MODEL_COMMANDS") or (5000 if UNDER_ASAN else 12000))
# Fewer than these need not meet everything.
COMMANDS_THAT_MEET_ALL = 5000
# Some come once in thousands of commands.
MOST_COMMANDS = 60000


def begin(world, traffic, capsys):
    seed = int(os.environ.get("ROWD_MODEL_SEED") or secrets.randbelow(2**32))
    with capsys.disabled():
        print(f"\nROWD_MODEL_SEED={seed} ROWD_MODEL_COMMANDS={COMMANDS}", flush=True)
    return Run(seed, world, traffic)


def check_tables(world, database):
    connection = database.connect(conv={})
    try:
        differences = [checker.difference(world, table, connection) for table in world.database.tables.values()]
    finally:
        connection.close()
    assert not any(differences), "\n".join(filter(None, differences))


def test_random_commands(world, traffic, database, rowd, redis_server, capsys):
    run = begin(world, traffic, capsys)
    start = time.monotonic()
    run.commands(COMMANDS)
    # Chance may have left something out: it gets more time.
    most = max(2 * COMMANDS, MOST_COMMANDS)
    while COMMANDS >= COMMANDS_THAT_MEET_ALL and run.serial < most and run.coverage.missing(world.is_mariadb):
        run.commands(500)
    rowd.check_alive()
    check_tables(world, database)
    with capsys.disabled():
        print(f"{run.serial} commands in {time.monotonic() - start:.0f} s\n{run.coverage.report()}", flush=True)
    missing = run.coverage.missing(world.is_mariadb)
    assert COMMANDS < COMMANDS_THAT_MEET_ALL or not missing, f"never met: {missing}"


def test_crowds_by_key(world, traffic, database, rowd, capsys):
    """Hundreds at once, which share statements: each is answered as if all had come one by one."""
    run = begin(world, traffic, capsys)
    run.commands(COMMANDS // 20)  # there are rows to begin with
    for _ in range(10):
        run.crowds(COMMANDS // 20)
        run.commands(COMMANDS // 100)  # among them deletes of many rows, so that tables stay small
        rowd.check_alive()
        check_tables(world, database)


def test_what_the_model_cannot_meet_is_tested_elsewhere():
    assert coverage.untested_elsewhere() == []
