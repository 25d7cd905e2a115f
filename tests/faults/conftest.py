"""Fixtures: one database server for the tests that leave it alone, and stages."""

import os
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import process  # noqa: E402

import capabilities  # noqa: E402
from plan import Plan  # noqa: E402
from stage import Modes, Stage, start_database_server  # noqa: E402

SAMPLE = 5
MODES = {
    "at-least-once": Modes(),
    "exactly-once": Modes("exactly-once"),
    "once": Modes("exactly-once", once=True),
}


def pytest_configure(config):
    if not Path(process.program("rowd")).exists():
        raise pytest.UsageError(f"{process.program('rowd')} is not built: cmake --build --preset {process.BUILD}")


def is_drawn(item):
    """All tests run exactly-once; of the other modes one in SAMPLE does, the same ones each time. ROWD_FAULTS=all: every one."""
    mode = getattr(item, "callspec", None) and item.callspec.params.get("modes")
    if mode in (None, "exactly-once") or os.environ.get("ROWD_FAULTS") == "all":
        return True
    return zlib.crc32(item.nodeid.encode()) % SAMPLE == 0


def pytest_collection_modifyitems(config, items):
    left = [item for item in items if not is_drawn(item)]
    items[:] = [item for item in items if is_drawn(item)]
    config.hook.pytest_deselected(items=left)


def check_known(modes):
    if not capabilities.knows_delivery(modes.delivery):
        pytest.skip(f"this build does not know {modes.delivery} yet")
    if modes.once and not capabilities.knows_once():
        pytest.skip("this build does not know once: true yet")


@pytest.fixture(scope="session")
def database_server(tmp_path_factory):
    server = start_database_server(tmp_path_factory.mktemp("database"))
    yield server
    server.kill()


@pytest.fixture(params=MODES)
def modes(request):
    """The test runs once in each."""
    check_known(MODES[request.param])
    return MODES[request.param]


@pytest.fixture
def open_stage(tmp_path, database_server):
    """open_stage(count, modes, …) -> Stage. server: another one than that of all tests; None: one of its own, to be killed."""
    opened = []

    def make(count, modes, seed=1, server=database_server):
        plan = Plan(seed, count, once=modes.once, increments=capabilities.knows_increments())
        opened.append(Stage(tmp_path / f"stage{len(opened)}", plan, modes, server))
        return opened[-1]

    yield make
    for stage in opened:
        stage.close()
