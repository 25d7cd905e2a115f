"""Operators of `set`: mostly such as the column takes, with operands that leave it in its range as often as not."""

from model.generator import values
from model.operations.operators import takes

# The model cannot know the time: tests/integration/test_set_operators.py does.
DRAWN = ["inc", "mul", "min", "max", "concat", "default"]
# A float that is zero keeps its sign, and a change of that alone counts as one: factors are positive.
FACTORS = {"INTEGER": [0, 1, 2, 3, -1, "10"], "BIT": [0, 1, 2, 3, "10"],
           "DECIMAL": [0, 1, "0.5", 0.1, "-1.5", "0.333", "1e1", 1 / 3, "0.12345678901234567890123"],
           "FLOAT": [0.5, 2, "0.1", 1.5], "DOUBLE": [0.5, 2, "0.1", 1.5, 1e10]}


def _operand(rng, column, name, value):
    if name == "default":
        return True
    if name == "mul":
        return rng.choice(FACTORS[column.kind.name])
    if name == "inc" and column.kind.name in ("INTEGER", "BIT", "YEAR") and rng.random() < 0.9:
        return rng.choice([1, 1, 1, -1, 5, -5, "2", 2.0, True, 0])
    if name == "inc" and column.kind.name in ("FLOAT", "DOUBLE"):
        return rng.choice([1, 0.5, "0.25", -3, 0.1])
    return value()


def draw(rng, column, codec, mistakes, value):
    """{operator: operand}, or None where the type takes none. value: draws a plain one for the column."""
    names = [name for name in DRAWN if takes(column, name) and (name != "default" or column.nullable
                                                                or column.default_sql)]
    if rng.random() < mistakes:
        names = ["default", "now", "concat", "mul", "inc", "max"]
        name = rng.choice(names)
        operand = rng.choice([None, values.bad(rng, column, codec)])
        # What is bad for a column may be right for the operator.
        return {name: False if name == "now" and operand is True else operand}
    if not names:
        return None
    name = rng.choice(names)
    return {name: _operand(rng, column, name, value)}
