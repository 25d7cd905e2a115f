"""What an operator in `set` makes of the value that is there."""

import decimal
import math

from model.kinds import Refused
from model.kinds.number import EXACT, as_number
from model.schema import NONE

NUMBERS = {"INTEGER", "BIT", "DECIMAL", "FLOAT", "DOUBLE"}
TIMES = {"DATE", "DATETIME", "TIMESTAMP", "TIME"}
TAKES = {
    "inc": NUMBERS | {"YEAR"}, "mul": NUMBERS, "min": NUMBERS | TIMES | {"YEAR"}, "max": NUMBERS | TIMES | {"YEAR"},
    "concat": {"TEXT", "BINARY"}, "now": TIMES,
}
SERVER_DIGITS, SERVER_SCALE = 65, 30


class Change:
    """The new value from the old one. adjusted: the operand was rounded or cut. noted: so was some row's product, which
    the server has to say."""

    def __init__(self, make, adjusted=False, keeps_null=True):
        self.make, self.adjusted, self.keeps_null = make, adjusted, keeps_null
        self.may_note, self.noted = False, False

    def __call__(self, old):
        return old if old is None and self.keeps_null else self.make(old)


def takes(column, name):
    if name == "default":
        return not column.auto_increment
    return column.kind.name in TAKES.get(name, ()) and not getattr(column.kind, "fixed", False)


def read(table, column, operator, codec):
    """The change; or Refused."""
    (name, operand), = operator.items()
    if column.name in table.key or not takes(column, name):
        raise Refused("BAD_VALUE")
    if name == "default":
        return _default(column, operand)
    if operand is None or (name == "now" and operand is not True):
        raise Refused("BAD_VALUE")
    if name in ("min", "max"):
        return _bound(column.kind, min if name == "min" else max, operand, codec)
    if name == "concat":
        return _concat(column.kind, operand, codec)
    if column.kind.name == "DECIMAL":
        return _sum(column.kind, operand) if name == "inc" else _product(column.kind, operand)
    if column.kind.name in ("FLOAT", "DOUBLE"):
        return _real(column.kind, name, operand)
    return _integer(column.kind, name, operand, codec)


def _default(column, operand):
    if operand is not True:
        raise Refused("BAD_VALUE")
    default = None if column.default is NONE else column.default
    return Change(lambda old: default, keeps_null=False)


def _bound(kind, choose, operand, codec):
    bound = kind.store(operand, codec)
    return Change(lambda old: choose(old, bound.value), bound.adjusted)


def _concat(kind, operand, codec):
    added = kind.store(operand, codec)

    def make(old):
        if len(old + added.value) > kind.length:
            raise Refused("DATA_TOO_LONG")
        return old + added.value

    return Change(make, added.adjusted)


def _integer(kind, name, operand, codec):
    number = kind.operand(operand, codec)
    if abs(number) >= 2**64:
        raise Refused("OUT_OF_RANGE")

    def make(old):
        new = old + number if name == "inc" else old * number
        if not kind.fits(new):
            raise Refused("OUT_OF_RANGE")
        return new

    return Change(make)


def _real(kind, name, operand):
    number = operand if isinstance(operand, float) and math.isfinite(operand) else float(as_number(operand))
    if math.isinf(number):
        raise Refused("OUT_OF_RANGE")

    def make(old):
        new = kind.narrow(old + number if name == "inc" else old * number)
        if math.isinf(new):
            raise Refused("OUT_OF_RANGE")
        return new

    return Change(make)


def _fitting(kind, number):
    if abs(number) >= kind.limit:
        raise Refused("OUT_OF_RANGE")
    return abs(number) if number == 0 else number


def _sum(kind, operand):
    number = as_number(operand)
    rounded = number.quantize(kind.unit, context=EXACT)
    if abs(rounded) >= min(kind.limit * 10, decimal.Decimal(10) ** SERVER_DIGITS * kind.unit):
        raise Refused("OUT_OF_RANGE")
    return Change(lambda old: _fitting(kind, EXACT.add(old, rounded)), rounded != number)


def _product(kind, operand):
    factor = as_number(operand).normalize(EXACT)
    fraction = max(0, -factor.as_tuple().exponent)
    if fraction > SERVER_SCALE:
        raise Refused("BAD_VALUE")
    if factor and max(0, factor.adjusted() + 1) + fraction > SERVER_DIGITS:
        raise Refused("OUT_OF_RANGE")

    def make(old):
        product = EXACT.multiply(old, factor)
        rounded = product.quantize(kind.unit, context=EXACT)
        change.noted = change.noted or rounded != product
        return _fitting(kind, rounded)

    # So many digits that MySQL makes no note of it.
    change = Change(make, fraction > 0 and fraction - kind.unit.as_tuple().exponent > SERVER_SCALE)
    change.may_note = fraction > 0 and not change.adjusted
    return change
