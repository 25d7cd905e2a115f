"""Python's msgpack and json judge what our decoders take: random messages, and the same with a few bytes changed.

    judge.py PROGRAM [COUNT [SEED]]

PROGRAM is the helper judged.c. Fails with the first message about which the two do not agree, apart from the rules by
which we are stricter: nesting of more than 16, keys that stand twice or are no scalars, timestamps, trailing bytes, the
extension type that is our own; in JSON half surrogate pairs, and {"$bin": text} that is no base64."""

import base64
import json
import math
import random
import re
import struct
import subprocess
import sys
import typing
from decimal import Decimal

import msgpack

DEPTH = 16
SIZE_LARGEST = 1 << 19
AT_ONCE = 500
OWN_EXTENSION = -78


class Refused(Exception):
    """What has to be refused."""


class Extension(typing.NamedTuple):
    """Any extension but the timestamp; msgpack.ExtType has no place for the codes below 0."""
    code: int
    data: bytes


class Pairs(list):
    """A map, with its order and keys that stand twice."""


def ask(program, mode, messages):
    given = b"".join(struct.pack(">I", len(message)) + message for message in messages)
    answer = subprocess.run([program, mode], input=given, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in messages:
        taken, size = struct.unpack_from(">BI", answer, at)
        yield answer[at + 5:at + 5 + size] if taken else None
        at += 5 + size
    assert at == len(answer), "an answer for each message, and no more"


def unpack(message):
    return msgpack.unpackb(message, raw=False, unicode_errors="surrogateescape", strict_map_key=False, timestamp=0,
                           object_pairs_hook=Pairs, ext_hook=Extension)


def key_of(key):
    """Equal for equal keys: str and bin by their bytes, numbers by type."""
    if isinstance(key, (Pairs, list)):
        raise Refused("a container as a key")
    if isinstance(key, str):
        return key.encode("utf-8", "surrogateescape")
    return (type(key).__name__, struct.pack(">d", key) if isinstance(key, float) else key)


def check_rules(value, depth=0):
    """The rules that Python does not have."""
    if isinstance(value, Extension) and value.code == OWN_EXTENSION:
        raise Refused("our own extension")
    if not isinstance(value, list):
        return
    if depth == DEPTH:
        raise Refused("too deep")
    if isinstance(value, Pairs) and len({key_of(key) for key, _ in value}) < len(value):
        raise Refused("a key twice")
    for item in value:
        for part in item if isinstance(value, Pairs) else [item]:
            check_rules(part, depth + 1)


def plain(value):
    """Comparable: floats by their bits, bool apart from int, Pairs apart from list."""
    if isinstance(value, Pairs):
        return ("map", [(plain(key), plain(item)) for key, item in value])
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else struct.pack(">d", value))
    return (type(value).__name__, value)


def judge_msgpack(message):
    """The tree, or Refused."""
    try:
        tree = unpack(message)
    except (ValueError, msgpack.exceptions.UnpackException, OverflowError) as error:
        raise Refused(repr(error)) from error
    check_rules(tree)
    return plain(tree)


# --- JSON


class Digits(str):
    """A number with a fraction or an exponent, or too large for 64 bits."""


def read_int(text):
    number = int(text)
    return number if -2**63 <= number < 2**64 else Digits(text)


def refuse_constant(name):
    raise ValueError(name)


def read_base64(text):
    """As RFC 4648 has it, padded or not: Python's own reading takes padding where there is nothing to pad."""
    letters = text.rstrip("=")
    padded = letters + "=" * (-len(letters) % 4)
    if text not in (letters, padded) or not re.fullmatch("[A-Za-z0-9+/]*", letters) or len(letters) % 4 == 1:
        raise Refused("no base64")
    data = base64.b64decode(padded)
    if base64.b64encode(data).decode() != padded:
        raise Refused("base64 with bits left over")
    return data


def read_pairs(pairs):
    if len(pairs) == 1 and pairs[0][0] == "$bin" and type(pairs[0][1]) is str:
        return read_base64(pairs[0][1])
    return Pairs(pairs)


def same_json(judged, ours):
    if isinstance(judged, Pairs):
        return isinstance(ours, Pairs) and len(judged) == len(ours) and all(
            same_json(key, our_key) and same_json(item, our_item)
            for (key, item), (our_key, our_item) in zip(judged, ours))
    if isinstance(judged, list):
        return (isinstance(ours, list) and not isinstance(ours, Pairs) and len(judged) == len(ours) and
                all(map(same_json, judged, ours)))
    if isinstance(judged, Digits):
        return ours == str(judged) if isinstance(ours, str) else Decimal(repr(ours)) == Decimal(judged)
    return type(judged) is type(ours) and judged == ours


def judge_json(message):
    try:
        tree = json.loads(message.decode("utf-8"), parse_float=Digits, parse_int=read_int,
                          parse_constant=refuse_constant, object_pairs_hook=read_pairs)
        json.dumps(tree, default=repr, ensure_ascii=False).encode("utf-8")  # half surrogate pairs
    except (ValueError, RecursionError) as error:
        raise Refused(repr(error)) from error
    check_rules(tree)
    return tree


# --- messages

TEXTS = ["", "a", "op", "$bin", "é🐈", "x" * 31, "x" * 32, "y" * 256, "\x00\x1f\"\\/", "AP8=", "\u2028"]
NUMBERS = [0, 1, -1, 31, -32, -33, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1,
           -128, -129, -2**15, -2**15 - 1, -2**31, -2**31 - 1, -2**63]


def random_scalar(dice, is_json):
    choices = [None, True, False, dice.choice(NUMBERS), dice.randrange(-2**63, 2**64), dice.choice(TEXTS),
               dice.random(), dice.uniform(-1e300, 1e300), float(dice.randrange(2**24)), b"\x00\xff" * dice.randrange(9)]
    if not is_json:
        choices += [float("nan"), float("-inf"), msgpack.ExtType(dice.randrange(128), b"e" * dice.randrange(20)),
                    msgpack.Timestamp(dice.randrange(-2**40, 2**40), dice.randrange(10**9)), "z" * 70000]
    return dice.choice(choices)


def random_value(dice, is_json, depth=0):
    if depth > 18 or dice.random() < 0.4 + depth / 25:
        return random_scalar(dice, is_json)
    size = dice.choice([0, 1, 1, 2, 3, 17]) if depth < 3 else dice.randrange(2)
    if dice.random() < 0.5:
        return [random_value(dice, is_json, depth + 1) for _ in range(size)]
    return {dice.choice(TEXTS) + str(i): random_value(dice, is_json, depth + 1) for i in range(size)}


def mutate(dice, message, alphabet):
    data = bytearray(message)
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(5)
        if kind == 0:
            data[at:at + 1] = bytes([dice.choice(alphabet)])
        elif kind == 1:
            data[at:at] = bytes(dice.choice(alphabet) for _ in range(dice.randrange(1, 4)))
        elif kind == 2:
            del data[at:at + dice.randrange(1, 5)]
        elif kind == 3:
            del data[at:]
        elif data:
            other = dice.randrange(len(data))
            data[at:at] = data[other:other + dice.randrange(1, 20)]
    return bytes(data)


def as_json(value):
    if isinstance(value, bytes):
        return {"$bin": base64.b64encode(value).decode()}
    raise TypeError(value)


def make_msgpack(dice):
    packed = msgpack.packb(random_value(dice, False), use_single_float=dice.random() < 0.3)
    return mutate(dice, packed, range(256))


def make_json(dice):
    text = json.dumps(random_value(dice, True), default=as_json, ensure_ascii=dice.random() < 0.5)
    return mutate(dice, text.encode(), b'{}[]",:\\/ \t\n\r0123456789+-.eEutrfalsn$bi\x00\x0b\xc3\xa9\xed')


# --- the comparison


def compare(program, mode, messages, judge, same):
    """How many both took."""
    taken = 0
    for message, ours in zip(messages, ask(program, mode, messages)):
        try:
            judged = judge(message)
        except Refused as refused:
            if ours is not None:
                sys.exit(f"we take what Python refuses ({refused}): {message!r}")
            continue
        if ours is None:
            sys.exit(f"we refuse what Python takes: {message!r}")
        if not same(judged, ours):
            sys.exit(f"we read {unpack(ours)!r}, and Python {judged!r}: {message!r}")
        taken += 1
    return taken


def compare_msgpack(program, dice, count):
    # What begins like JSON is JSON to us.
    messages = [message for message in (make_msgpack(dice) for _ in range(count))
                if message.lstrip(b" \t\r\n")[:1] != b"{" and len(message) < SIZE_LARGEST]
    return compare(program, "msgpack", messages, judge_msgpack, lambda judged, ours: judged == plain(unpack(ours)))


def compare_json(program, dice, count):
    messages = [make_json(dice) for _ in range(count)]
    return compare(program, "json", messages, judge_json, lambda judged, ours: same_json(judged, unpack(ours)))


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    print(f"seed {seed}", flush=True)
    for compare_some in (compare_msgpack, compare_json):
        taken = sum(compare_some(program, dice, min(AT_ONCE, count - done)) for done in range(0, count, AT_ONCE))
        print(f"{compare_some.__name__}: {count} messages, {taken} taken by both", flush=True)
        if not count / 10 < taken < count * 9 / 10:
            sys.exit("too few of one kind to say anything")


if __name__ == "__main__":
    main()
