"""Numbers: what each column keeps, what is rounded with a warning, and what is refused, in both codecs."""

import msgpack
import pytest

from support.client import Client

KEPT = [
    ("numeral", "zero_filled", 7, 7), ("numeral", "one_bit", True, 1), ("numeral", "one_bit", "1", 1),
    ("types", "bits64", 2**63, 2**63), ("types", "bits64", 2**64 - 1, 2**64 - 1), ("types", "bits64", 2.0**53, 2**53),
    ("types", "whole", "1e2", 100), ("types", "whole", "1.0", 1), ("types", "whole", "+5", 5),
    ("types", "whole", "007", 7), ("types", "whole", "-0", 0), ("types", "whole", -0.0, 0),
    ("types", "big", -(2**53) - 1, -(2**53) - 1), ("types", "big", "-9223372036854775808", -2**63),
    ("types", "a_year", "0000", 0), ("types", "a_year", 2024.0, 2024),
    ("numeral", "no_fraction", "-0", "0"),
    ("numeral", "huge", "9" * 35 + "." + "9" * 30, "9" * 35 + "." + "9" * 30),
    ("numeral", "huge", "-" + "9" * 35 + "." + "9" * 30, "-" + "9" * 35 + "." + "9" * 30),
    ("numeral", "huge", "1e-30", "0." + "0" * 29 + "1"), ("numeral", "positive", -0.0, "0.00"),
    ("types", "price", True, "1.00"), ("types", "price", 1.1, "1.10"),
    ("numeral", "short_float", 1.235, 1.2350000143051147), ("numeral", "short_real", 9999999.99, 9999999.99),
    ("types", "single", 16777217, 16777216.0), ("types", "single", 1.4e-45, 1.401298464324817e-45),
    ("types", "single", 3.4028234e38, 3.4028234663852886e38), ("types", "twice", "1e308", 1e308),
    ("types", "twice", 2.2250738585072009e-308, 2.2250738585072009e-308), ("types", "twice", "-0", 0.0),
]


@pytest.mark.parametrize("table, column, sent, kept", KEPT, ids=lambda value: repr(value)[:30])
def test_kept(redis, rowd, table, column, sent, kept):
    row = Client(redis).ok("create", table=table, values={column: sent}, returning=["id", column])
    assert row["row"][column] == kept and "warnings" not in row
    # A FLOAT is the nearest to what is shown, and JSON shows it as short as it can.
    shown = Client(redis, "json").ok("create", table=table, values={column: sent}, returning=[column])["row"][column]
    assert shown == pytest.approx(kept, rel=1e-7) if isinstance(kept, float) else shown == kept


ROUNDED = [
    ("types", "price", "1.005", "1.01"), ("types", "price", "-1.005", "-1.01"), ("types", "price", "1.0049", "1.00"),
    ("types", "price", 0.1 + 0.2, "0.30"), ("types", "price", "-0.001", "0.00"), ("types", "price", "1e-400", "0.00"),
    ("numeral", "no_fraction", "0.5", "1"), ("numeral", "no_fraction", "-0.5", "-1"),
    ("numeral", "no_fraction", 1.49, "1"), ("numeral", "positive", "-0.001", "0.00"),
    ("numeral", "huge", "0." + "0" * 30 + "5", "0." + "0" * 29 + "1"),
    ("numeral", "short_float", 1.2345, 1.2350000143051147), ("numeral", "short_real", 1.005, 1.01),
    ("numeral", "short_real", "-1.235", -1.24), ("numeral", "short_real", "9999999.994", 9999999.99),
    ("types", "single", 1e-46, 0.0), ("types", "single", "1e-400", 0.0), ("types", "twice", "1e-400", 0.0),
]


@pytest.mark.parametrize("table, column, sent, kept", ROUNDED, ids=lambda value: repr(value)[:30])
def test_rounded_half_up_and_told(client, table, column, sent, kept):
    reply = client.ok("create", table=table, values={column: sent}, returning=[column])
    assert reply["row"][column] == (pytest.approx(kept, rel=1e-7) if isinstance(kept, float) else kept)
    [warning] = reply["warnings"]
    assert warning["errno"] == 1265 and column in warning["message"]
    row = client.ok("create", table=table, values={})["row"]
    assert client.ok("update", table=table, pk=row["id"], set={column: sent})["warnings"] == [warning]
    assert "warnings" not in client.ok("count", table=table, where={column: sent}), "nothing is rounded to compare"


NO_NUMBERS = [" 5", "5 ", "", "0x10", "1_000", "１", "nan", "inf", "1,5", "--1", "1e", ".", "true", b"\x01", [1], {"a": 1}]


@pytest.mark.parametrize("column", ["whole", "price", "twice", "single", "bits", "a_year"])
@pytest.mark.parametrize("sent", NO_NUMBERS, ids=repr)
def test_no_number(producer, column, sent):
    error = producer.fails("BAD_VALUE", "create", table="types", values={column: sent})
    assert error["at"] == {"column": column}
    if not isinstance(sent, dict):
        producer.fails("BAD_VALUE", "count", table="types", where={column: {"gt": sent}})


@pytest.mark.parametrize("sent", [1.5, "1.5", "0.1", "1e-1", "1e-400", -0.5], ids=repr)
@pytest.mark.parametrize("column", ["whole", "big_u", "bits", "a_year"])
def test_a_fraction_for_an_integer(client, column, sent):
    assert "fraction" in client.fails("BAD_VALUE", "create", table="types", values={column: sent})["message"]


def test_a_float_that_is_not_exact(client, producer):
    error = producer.fails("BAD_VALUE", "create", table="types", values={"big_u": 2.0**53 + 2})
    assert "str" in error["hint"]
    producer.fails("BAD_VALUE", "read", table="types", where={"big": -(2.0**60)})
    assert client.ok("create", table="types", values={"big": 2.0**53})["row"]["big"] == 2**53


OUT_OF_RANGE = [
    ("numeral", "zero_filled", -1), ("numeral", "one_bit", 2), ("types", "bits64", -1), ("types", "a_year", 99),
    ("types", "a_year", 1900), ("types", "a_year", 2156), ("types", "a_year", True), ("types", "price", "1e400"),
    ("types", "price", "99999999.995"), ("numeral", "huge", "9" * 35 + "." + "9" * 31),
    ("numeral", "huge", "1" * 36), ("numeral", "positive", "-0.01"), ("numeral", "no_fraction", 99999.5),
    ("numeral", "short_float", 10000), ("numeral", "short_float", 9999.9999), ("numeral", "short_real", 9999999.999),
    ("numeral", "no_sign", -1), ("numeral", "no_sign", -1e-50), ("types", "single", 3.5e38),
    ("types", "single", "1e400"), ("types", "twice", "1e309"), ("types", "big_u", "18446744073709551616"),
    ("types", "big", "-9223372036854775809"), ("types", "whole", "1e400"), ("types", "tiny", 1e3),
]


@pytest.mark.parametrize("table, column, sent", OUT_OF_RANGE, ids=lambda value: repr(value)[:30])
def test_out_of_range(client, table, column, sent):
    error = client.fails("OUT_OF_RANGE", "create", table=table, values={column: sent})
    assert error["at"] == {"column": column}
    row = client.ok("create", table=table, values={})["row"]
    client.fails("OUT_OF_RANGE", "update", table=table, pk=row["id"], set={column: sent})


def json_row(redis, values):
    """The row that a JSON command with just this text stores."""
    client = Client(redis, "json")
    redis.lpush(client.queue, '{"op": "create", "reply_list": "rowd:reply:numbers", ' + values + "}")
    return redis.blpop("rowd:reply:numbers", timeout=20)[1]


def test_every_digit_of_a_json_number_counts(redis, rowd):
    raw = json_row(redis, '"table": "types", "values": {"big_u": 1.8446744073709551615e19, "big": -9223372036854775808}')
    assert b'"big_u":18446744073709551615' in raw and b'"big":-9223372036854775808' in raw
    raw = json_row(redis, '"table": "numeral", "values": {"huge": 9007199254740993.123456789012345678901234567890}')
    assert b'"huge":"9007199254740993.123456789012345678901234567890"' in raw
    assert b"BAD_VALUE" in json_row(redis, '"table": "types", "values": {"big": 9007199254740993.5}')


def test_a_float32_reads_back_exactly(redis, rowd):
    client = Client(redis)
    for number in (0.1, 1 / 3, 16777216.0, 1.17549435e-38, 3.4028234663852886e38, 1e-45):
        packed = msgpack.packb(number, use_single_float=True)
        redis.lpush(client.queue, msgpack.packb({"op": "create", "table": "types", "reply_list": "rowd:reply:f32",
                                                 "values": {"single": number}, "returning": ["single"]},
                                                use_single_float=True))
        raw = redis.blpop("rowd:reply:f32", timeout=20)[1]
        assert packed in raw, number


def test_a_key_that_was_rounded_finds_its_row(client):
    row = client.ok("create", table="real_key", values={"id": 1.235, "value": 1})["row"]
    assert row["id"] == 1.24
    assert client.ok("read", table="real_key", pk=1.24)["row"] == row
    assert client.ok("update", table="real_key", pk=1.24, set={"id": 2.345})["row"]["id"] == 2.35
