"""A short form of tests/faults/run: the same script of kills, freezes and cuts, few of each."""

import pytest
from checks import assert_kept

from conftest import MODES, check_known
from stage import Modes
from support.process import UNDER_ASAN
from violence import WORKERS, Violence, script

COUNT = 3000 if UNDER_ASAN else 6000
KILLS = 1 if UNDER_ASAN else 3
KINDS = {**MODES, "shared": Modes("exactly-once", shared=True), "shared at-least-once": Modes(shared=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_is_killed(open_stage, kind):
    check_known(KINDS[kind])
    seed = list(KINDS).index(kind) + 1
    stage = open_stage(COUNT, KINDS[kind], seed=seed, server=None)
    for index in range(WORKERS):
        stage.start_worker(index)
    stage.start_producers()
    violence = Violence(stage, script(seed, COUNT, KILLS, stage.plan.producers))
    violence.run()
    assert_kept(stage, frozen=True, timeout_s=90)
    assert violence.done["kill rowd"] == violence.done["kill redis"] == violence.done["kill database"] == KILLS
    stage.end_workers()


def test_the_same_seed_is_the_same_script():
    assert script(7, 10000, 5, 2) == script(7, 10000, 5, 2) != script(8, 10000, 5, 2)


def test_the_plan_is_a_function_of_the_seed(open_stage):
    """Each producer has its own numbers, and all of them are somebody's."""
    plan = open_stage(101, Modes(), seed=3).plan
    numbers = [number for producer in range(plan.producers) for number in plan.numbers_of(producer)]
    assert sorted(numbers) == list(range(101))
    assert plan.command(17) == plan.command(17)
