"""INTEGER, YEAR, BIT, DECIMAL, FLOAT, DOUBLE."""

import decimal
import math
import re
import struct

from model.kinds.base import Kind, Refused, Stored

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_UP)
EXACT_FLOAT = 2**53


def as_number(value):
    """Any value that stands for a number, exactly; or Refused."""
    if isinstance(value, bool):
        return decimal.Decimal(int(value))
    if isinstance(value, int):
        return decimal.Decimal(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("BAD_VALUE")
        return decimal.Decimal(repr(value))
    if isinstance(value, (str, bytes)):
        try:
            text = value.decode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            raise Refused("BAD_VALUE") from None
        if not NUMBER.match(text):
            raise Refused("BAD_VALUE")
        return decimal.Decimal(text)
    raise Refused("BAD_VALUE")


class Integer(Kind):
    name = "INTEGER"

    def __init__(self, ddl, low, high):
        super().__init__(ddl)
        self.low, self.high = low, high

    def _integer(self, value, codec):
        number = as_number(value)
        # In JSON a number is its digits, whatever Python made them from.
        if isinstance(value, float) and abs(value) > EXACT_FLOAT and codec == "msgpack":
            raise Refused("BAD_VALUE")
        if number != number.to_integral_value():
            raise Refused("BAD_VALUE")
        return int(number)

    def fits(self, number):
        return self.low <= number <= self.high

    def store(self, value, codec):
        number = self._integer(value, codec)
        if not self.fits(number):
            raise Refused("OUT_OF_RANGE")
        return Stored(number)

    def operand(self, value, codec):
        return self._integer(value, codec)

    def from_sql(self, text):
        return int(text)


class Year(Integer):
    name = "YEAR"

    def __init__(self):
        super().__init__("YEAR", 0, 2155)

    def fits(self, number):
        return number == 0 or 1901 <= number <= 2155


class Bit(Integer):
    name = "BIT"

    def __init__(self, bits):
        super().__init__(f"BIT({bits})", 0, 2**bits - 1)

    def select(self, quoted):
        return f"{quoted}+0"


class Decimal(Kind):
    name = "DECIMAL"

    def __init__(self, precision, scale):
        super().__init__(f"DECIMAL({precision}, {scale})")
        self.unit = decimal.Decimal(1).scaleb(-scale)
        self.limit = decimal.Decimal(10) ** (precision - scale)

    def store(self, value, codec):
        number = as_number(value)
        if abs(number) >= self.limit:
            raise Refused("OUT_OF_RANGE")
        rounded = number.quantize(self.unit, context=EXACT)
        if abs(rounded) >= self.limit:
            raise Refused("OUT_OF_RANGE")
        return Stored(abs(rounded) if rounded == 0 else rounded, rounded != number)

    def operand(self, value, codec):
        return as_number(value)

    def told(self, stored, codec):
        return format(stored, "f")

    def from_sql(self, text):
        return decimal.Decimal(text)


class Double(Kind):
    name = "DOUBLE"

    def __init__(self, ddl="DOUBLE"):
        super().__init__(ddl)

    def narrow(self, number):
        """As the column keeps it; infinity when it cannot."""
        return number

    def _real(self, value):
        if isinstance(value, float):
            if not math.isfinite(value):
                raise Refused("BAD_VALUE")
            return value
        number = float(as_number(value))
        if math.isinf(number):
            raise Refused("OUT_OF_RANGE")
        return number

    def store(self, value, codec):
        given = self._real(value)
        number = self.narrow(given)
        if math.isinf(number):
            raise Refused("OUT_OF_RANGE")
        return Stored(number, number == 0 and given != 0)

    def operand(self, value, codec):
        number = self._real(value)
        return number if math.isinf(self.narrow(number)) else self.narrow(number)

    def is_told(self, stored, got, codec):
        if codec == "json" and type(got) is int:
            return got == stored
        return type(got) is float and self.narrow(got) == stored

    def from_sql(self, text):
        return float(text)


class Float(Double):
    name = "FLOAT"

    def __init__(self):
        super().__init__("FLOAT")

    def narrow(self, number):
        try:
            return struct.unpack("<f", struct.pack("<f", number))[0]
        except OverflowError:
            return math.copysign(math.inf, number)

    def select(self, quoted):
        return f"{quoted}*1e0"
