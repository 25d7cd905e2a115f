"""DATE, DATETIME, TIMESTAMP, TIME: moments are kept as microseconds."""

import datetime
import re

import msgpack

from model.kinds.base import Kind, Refused, Stored

MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
                    r"(Z|z|[+-]\d\d(?::?\d\d)?)?)?\Z", re.ASCII)
SPAN = re.compile(r"(-?)(\d{1,5}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\Z", re.ASCII)
EPOCH = datetime.datetime(1970, 1, 1)
SECOND = 1_000_000


def micros(moment):
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def fraction(digits):
    """Microseconds, and whether there was more than those."""
    digits = digits or ""
    return int(digits[:6].ljust(6, "0")), digits[6:].strip("0") != ""


def as_text(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise Refused("BAD_VALUE")


def parse_moment(value):
    """Microseconds from 1970 on in UTC, whether finer digits were lost, whether an offset stood there."""
    if isinstance(value, msgpack.Timestamp):
        return value.seconds * SECOND + value.nanoseconds // 1000, value.nanoseconds % 1000 != 0, False
    found = MOMENT.match(as_text(value))
    if not found:
        raise Refused("BAD_VALUE")
    year, month, day, hour, minute, second, digits, offset = found.groups()
    micro, lost = fraction(digits)
    try:
        moment = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        raise Refused("BAD_VALUE") from None
    shift = 0
    if offset and offset not in "Zz":
        hours, minutes = int(offset[1:3]), int(offset[-2:]) if len(offset) > 3 else 0
        if hours > 23 or minutes > 59:
            raise Refused("BAD_VALUE")
        shift = (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)
    return micros(moment) + micro - shift * 60 * SECOND, lost, offset is not None


def cut(number, digits, lost):
    """Towards zero, to that many digits of a second."""
    unit = 10 ** (6 - digits)
    kept = abs(number) // unit * unit
    return (-kept if number < 0 else kept), lost or kept != abs(number)


def tell_fraction(number, digits):
    return f".{number % SECOND:06}"[:digits + 1] if digits else ""


class Date(Kind):
    name = "DATE"

    def __init__(self):
        super().__init__("DATE")

    def operand(self, value, codec):
        number, _, offset = parse_moment(value)
        if offset or number % (86400 * SECOND):
            raise Refused("BAD_VALUE")
        return number

    def store(self, value, codec):
        return Stored(self.operand(value, codec))

    def told(self, stored, codec):
        return str((EPOCH + datetime.timedelta(microseconds=stored)).date())

    def from_sql(self, text):
        return parse_moment(text)[0]


class Moment(Date):
    """DATETIME, TIMESTAMP."""

    def __init__(self, word, digits):
        Kind.__init__(self, f"{word}({digits})" + (" NULL" if word == "TIMESTAMP" else ""))
        self.name, self.digits = word, digits

    def operand(self, value, codec):
        return parse_moment(value)[0]

    def store(self, value, codec):
        number, lost, _ = parse_moment(value)
        if self.name == "TIMESTAMP" and not SECOND <= number < 2**31 * SECOND:
            raise Refused("OUT_OF_RANGE")
        # Before 1970 the fraction goes on forwards all the same.
        unit = 10 ** (6 - self.digits)
        return Stored(number - number % unit, lost or number % unit != 0)

    def told(self, stored, codec):
        moment = EPOCH + datetime.timedelta(microseconds=stored)
        return moment.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0") + tell_fraction(stored, self.digits)


class Time(Kind):
    name = "TIME"
    LIMIT = (838 * 3600 + 59 * 60 + 59) * SECOND

    def __init__(self, digits):
        super().__init__(f"TIME({digits})")
        self.digits = digits

    def _parse(self, value):
        found = SPAN.match(as_text(value))
        if not found or int(found[3]) > 59 or int(found[4] or 0) > 59:
            raise Refused("BAD_VALUE")
        sign, hour, minute, second, digits = found.groups()
        micro, lost = fraction(digits)
        number = (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * SECOND + micro
        if number > self.LIMIT:
            raise Refused("OUT_OF_RANGE")
        return -number if sign else number, lost

    def operand(self, value, codec):
        return self._parse(value)[0]

    def store(self, value, codec):
        number, lost = self._parse(value)
        return Stored(*cut(number, self.digits, lost))

    def told(self, stored, codec):
        seconds = abs(stored) // SECOND
        return (f"{'-' if stored < 0 else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
                + tell_fraction(abs(stored), self.digits))

    def from_sql(self, text):
        return self._parse(text)[0]
