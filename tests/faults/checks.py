"""What the tests of this folder end with."""

from verdict import table


def assert_kept(stage, frozen=False, timeout_s=60):
    """Drains, counts, and holds the outcome against what the mode promises."""
    verdict = stage.verdict(timeout_s)
    broken = verdict.broken(stage.modes.effects_once, stage.modes.keeps_order(frozen))
    assert not broken, f"{broken}\n{table(verdict)}\n{stage.directory}"
    return verdict
