"""Values for a column: mostly such as it takes, from few enough that they meet again; sometimes what has to be
refused."""

import datetime
import decimal
import json
import struct

import msgpack

LETTERS = "abAB"
STRANGE = ["", " ", "é", "ü x", "it's", "\\", "a%b", "a_b", "%", "_", 'say "x"', "김철", "😀", "🐈a", "a ", "A", "0", "007",
           "\x00", "tab\t", "new\nline", "`", "--", "ß", "ÑÉ"]
BAD_NUMBERS = ["many", "", "1 ", "1.2.3", "0x10", [1], {"a": 1}, [], "１"]
BAD_TIMES = ["yesterday", "", "2024-13-01", "2023-02-29", 20240229, 1709251199.5, True, [1]]


def integer(rng, kind):
    low, high = kind.low, kind.high
    number = rng.choice([rng.randint(0, 9), rng.randint(0, 9), rng.randint(-9, 30), low, high, rng.randint(low, high)])
    if kind.name == "YEAR":
        number = rng.choice([0, 1901, 2155, 2024, rng.randint(1990, 2030)])
    if not low <= number <= high:
        number = rng.randint(0, 9)
    form = rng.randrange(10)
    if form == 0:
        return str(number)
    if form == 1 and abs(number) < 2**50:
        return float(number)
    if form == 2 and number in (0, 1):
        return bool(number)
    if form == 3 and abs(number) < 10**6:
        return rng.choice([f"{number}.0", f"{number}e0", f"{number * 10}e-1"])
    return number


def bad_integer(rng, kind):
    return rng.choice([kind.low - 1, kind.high + 1, 1.5, "2.5", 2.0**60, *BAD_NUMBERS])


def real(rng, kind):
    number = rng.choice([0.0, 0.5, -1.25, 0.1, 1 / 3, 16777216.0, 1e10, -2.5e-5, 1e-60, float(rng.randint(-9, 9)),
                         rng.uniform(-1000, 1000)])
    return rng.choice([number, number, repr(number), int(number)])


def bad_real(rng, kind):
    return rng.choice(["1e400", *([1e39, "-1e39"] if kind.name == "FLOAT" else []), *BAD_NUMBERS])


def decimals(rng, kind):
    digits = rng.choice([0, 1, 2, 2, 3, 5])
    number = decimal.Decimal(rng.randint(-30000, 30000)).scaleb(-digits)
    return rng.choice([str(number), str(number), float(number), int(number), rng.randint(-9, 9), "0.10", "1e2", True,
                       "123456789012345678901234567890.0123456789" if kind.limit > 10**29 else "9.995"])


def bad_decimal(rng, kind):
    return rng.choice([str(int(kind.limit)), f"-{kind.limit}", *BAD_NUMBERS])


def text(rng, kind):
    if rng.random() < 0.3:
        chosen = rng.choice(STRANGE)
    else:
        chosen = "".join(rng.choice(LETTERS) for _ in range(rng.randint(0, 4)))
    chosen = chosen[:kind.length]
    if rng.random() < 0.1:
        return rng.choice([7, -3, 0])
    return chosen.encode() if rng.random() < 0.1 else chosen


def bad_text(rng, kind):
    too_long = ["x" * (kind.length + 1), "😀" * (kind.length + 1)] if kind.length < 1000 else []
    if too_long and rng.random() < 0.5:
        return rng.choice(too_long)
    return rng.choice([b"\xff", b"a\xc3", 1.5, True, ["x"], {"x": 1}])


def enum(rng, kind):
    member = rng.choice(kind.members)
    return rng.choice([member, member, member.upper(), member + " ", member.encode()])


def bad_enum(rng, kind):
    return rng.choice(["blue", 1, "1", 0, True, 1.5, ["red"], b"\xff"])


def members(rng, kind):
    return ",".join(rng.choice(kind.members) for _ in range(rng.randint(0, 3)))


def binary(rng, kind):
    data = rng.choice([b"", b"\x00", b"ab", b"\xff\xfe", b"'\"\\%", b"a\x00", rng.randbytes(rng.randint(0, 4))])
    return rng.choice([data, data, "text"])[:kind.length]


def bad_binary(rng, kind):
    return rng.choice([1, 1.5, True, [1], {"a": 1}, *([b"x" * (kind.length + 1)] if kind.length < 1000 else [])])


def point(rng, kind):
    return struct.pack("<IBIdd", 0, 1, 1, rng.randint(-9, 9), rng.randint(-9, 9))


def days(rng):
    return datetime.date(2024, 2, 27) + datetime.timedelta(days=rng.randint(0, 4))


def date(rng, kind):
    return rng.choice([str(days(rng)), str(days(rng)), "1000-01-01", "9999-12-31", f"{days(rng)} 00:00:00",
                       "1969-12-31"])


def moment(rng, kind):
    day = rng.choice([days(rng), days(rng), datetime.date(2037, 12, 31), datetime.date(1970, 1, 2)])
    clock = rng.choice(["00:00:00", "23:59:59", "23:59:59.999999", "12:30:00.5", "12:30:00.5000", "07:00",
                        "01:02:03.1234567"])
    form = rng.randrange(8)
    if form == 0:
        return str(day)
    if form == 1:
        return f"{day}T{clock}" + rng.choice(["", "Z", "+09:00", "-0330", "+02"])
    if form == 2:
        return f"{day} {clock}".encode()
    if form == 3:
        return msgpack.Timestamp(1709251199 + rng.randint(0, 3), rng.choice([0, 999999000, 5, 500000000]))
    return f"{day} {clock}"


def span(rng, kind):
    sign = rng.choice(["", "", "-"])
    return sign + rng.choice(["00:00:00", "838:59:59", "23:59:59", "1:02:03.5", "00:00:00.999999", "12:30", "007:00:01",
                              "00:00:01.1234567"])


def document(rng, kind):
    serial = rng.randrange(2**31)
    made = rng.choice([{"n": serial, "x": [1, 2.5, None, True, "é"]}, [serial, [2, [3]]],
                       {"n": serial, "deep": {"a": {}}}, [serial, "😀'\"\\"], {"n": serial, "big": 2**53 + 1}])
    return json.dumps(made, ensure_ascii=False) if rng.random() < 0.3 else made


def uuid(rng, kind):
    text = f"{rng.randint(0, 3):08x}-0000-4000-8000-{rng.randint(0, 1):012x}"
    return rng.choice([text, text.upper(), text.replace("-", "")])


GOOD = {"INTEGER": integer, "YEAR": integer, "BIT": integer, "FLOAT": real, "DOUBLE": real, "DECIMAL": decimals,
        "TEXT": text, "ENUM": enum, "SET": members, "BINARY": binary, "GEOMETRY": point, "DATE": date,
        "DATETIME": moment, "TIMESTAMP": moment, "TIME": span, "JSON": document, "UUID": uuid}
BAD = {"INTEGER": bad_integer, "YEAR": bad_integer, "BIT": bad_integer, "FLOAT": bad_real, "DOUBLE": bad_real,
       "DECIMAL": bad_decimal, "TEXT": bad_text, "ENUM": bad_enum, "SET": bad_enum, "BINARY": bad_binary,
       "GEOMETRY": lambda rng, kind: rng.choice([1, 1.5, [1], b"", b"no point"]),
       "DATE": lambda rng, kind: rng.choice([*BAD_TIMES, "2024-01-01 00:00:01"]),
       "DATETIME": lambda rng, kind: rng.choice(BAD_TIMES),
       "TIMESTAMP": lambda rng, kind: rng.choice([*BAD_TIMES, "1969-01-01 00:00:00", "2200-01-01 00:00:00"]),
       "TIME": lambda rng, kind: rng.choice(["839:00:00", "12:60:00", "1", "", 5, [1], "-900:00:00.5"]),
       "JSON": lambda rng, kind: rng.choice(["not json", "", "{", b"\xff"]),
       "UUID": lambda rng, kind: rng.choice(["no uuid", "", "0" * 31, 5])}


def writable(value, codec):
    """Whether the codec has such a value."""
    if codec == "json":
        return not isinstance(value, msgpack.Timestamp)
    return not isinstance(value, int) or -2**63 <= value < 2**64


def good(rng, column, codec):
    while True:
        value = GOOD[column.kind.name](rng, column.kind)
        if writable(value, codec):
            return value


def bad(rng, column, codec):
    if codec == "msgpack" and column.kind.name in ("INTEGER", "DECIMAL", "DOUBLE", "JSON") and rng.random() < 0.1:
        return float("nan") if column.kind.name != "JSON" else {"a": [float("inf")]}
    while True:
        value = BAD[column.kind.name](rng, column.kind)
        if writable(value, codec):
            return value


def to_store(rng, column, codec, mistakes):
    """A value for `values` and `set`. mistakes: how often it is one."""
    if rng.random() < mistakes:
        return bad(rng, column, codec)
    if rng.random() < (0.12 if column.nullable else mistakes):
        return None
    return good(rng, column, codec)
