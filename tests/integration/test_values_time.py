"""Points and spans of time: the ways to write them, their limits, what is cut, and what the servers hold from elsewhere."""

import msgpack
import pytest

from support.client import Client

STORED = [
    ("day", "2000-02-29", "2000-02-29"), ("day", "0001-01-01", "0001-01-01"), ("day", "9999-12-31", "9999-12-31"),
    ("day", "2024-02-29 00:00:00", "2024-02-29"), ("day", "0000-00-00", "0000-00-00"),
    ("at", "2024-02-29t23:59:59z", "2024-02-29 23:59:59"), ("at", "2024-02-29 23:59:59+09:00", "2024-02-29 14:59:59"),
    ("at", "2024-02-29T23:59:59+0900", "2024-02-29 14:59:59"), ("at", "2024-02-29T23:59:59+09", "2024-02-29 14:59:59"),
    ("at", "2024-02-29T23:59:59-00:00", "2024-02-29 23:59:59"), ("at", "2024-02-29T23:59", "2024-02-29 23:59:00"),
    ("at", "2024-12-31T23:30:00-01:00", "2025-01-01 00:30:00"), ("at", "2024-01-01T00:30:00+01:00", "2023-12-31 23:30:00"),
    ("at", "2024-03-01T00:00:00+00:01", "2024-02-29 23:59:00"), ("at", "2023-03-01T00:00:00+00:01", "2023-02-28 23:59:00"),
    ("at", "2024-02-29T23:59:59.000Z", "2024-02-29 23:59:59"), ("at", "2024-02-29T23:59:59,000", "2024-02-29 23:59:59"),
    ("at", "2024-02-29", "2024-02-29 00:00:00"), ("at", "0000-00-00", "0000-00-00 00:00:00"),
    ("at1", "2024-02-29 12:00:00.5", "2024-02-29 12:00:00.5"), ("at3", "2024-02-29 12:00:00.5", "2024-02-29 12:00:00.500"),
    ("at6", "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
    ("stamp", "1970-01-01T01:00:01+01:00", "1970-01-01 00:00:01"), ("stamp", "0000-00-00", "0000-00-00 00:00:00"),
    ("stamp6", "2038-01-19 03:14:07.999999", "2038-01-19 03:14:07.999999"),
    ("span", "24:00:00", "24:00:00"), ("span", "1:02:03", "01:02:03"), ("span", "-1:00:00", "-01:00:00"),
    ("span", "12:00", "12:00:00"), ("span", "-00:00:00", "00:00:00"), ("span", "00838:59:59", "838:59:59"),
    ("span3", "-838:59:59.000", "-838:59:59.000"), ("span6", "838:59:58.999999", "838:59:58.999999"),
    ("span6", "-00:00:00.000001", "-00:00:00.000001"),
]


@pytest.mark.parametrize("column, sent, stored", STORED, ids=lambda value: value)
def test_stored_and_found(client, column, sent, stored):
    reply = client.ok("create", table="moments", values={column: sent})
    assert reply["row"][column] == stored and "warnings" not in reply
    for value in (sent, stored):
        assert client.ok("count", table="moments", where={column: value})["value"] == 1
    again = client.ok("update", table="moments", pk=reply["row"]["id"], set={column: stored})
    assert again["affected"] == 0


CUT = [
    ("at", "2024-12-31 23:59:59.999999", "2024-12-31 23:59:59"), ("at", "2024-12-31T23:59:59.0000001Z", "2024-12-31 23:59:59"),
    ("at3", "2024-12-31 23:59:59.9999", "2024-12-31 23:59:59.999"),
    ("at6", "9999-12-31T23:59:59.9999999", "9999-12-31 23:59:59.999999"),
    ("stamp", "2038-01-19 03:14:07.9", "2038-01-19 03:14:07"), ("span", "-00:00:00.4", "00:00:00"),
    ("span", "838:59:59.5", "838:59:59"), ("span3", "838:59:58.9999", "838:59:58.999"),
]


@pytest.mark.parametrize("column, sent, stored", CUT, ids=lambda value: value)
def test_cut_and_told(client, column, sent, stored):
    reply = client.ok("create", table="moments", values={column: sent})
    assert reply["row"][column] == stored
    assert reply["warnings"] == [{"errno": 1265,
                                  "message": f"column `{column}`: cut to the fraction of a second that the column keeps"}]


EXTENSIONS = [
    ((0, 1), "1970-01-01 00:00:00.000000", True), ((1, 1000), "1970-01-01 00:00:01.000001", False),
    ((2**32, 0), "2106-02-07 06:28:16.000000", False), ((2**34 - 1, 999999999), "2514-05-30 01:53:03.999999", True),
    ((2**34, 0), "2514-05-30 01:53:04.000000", False), ((-1, 0), "1969-12-31 23:59:59.000000", False),
    ((-1, 999999000), "1969-12-31 23:59:59.999999", False), ((-62135596800, 0), "0001-01-01 00:00:00.000000", False),
    ((253402300799, 999999000), "9999-12-31 23:59:59.999999", False),
]


@pytest.mark.parametrize("sent, stored, cut", EXTENSIONS, ids=repr)
def test_the_three_lengths_of_msgpacks_timestamp(producer, sent, stored, cut):
    reply = producer.ok("create", table="moments", values={"at6": msgpack.Timestamp(*sent)})
    assert reply["row"]["at6"] == stored and ("warnings" in reply) == cut


@pytest.mark.parametrize("seconds", [253402300800, -62167219201, 2**63 - 1, -2**63])
def test_a_timestamp_outside_the_four_digit_years(producer, seconds):
    producer.fails("OUT_OF_RANGE", "create", table="moments", values={"at": msgpack.Timestamp(seconds, 0)})


def test_a_timestamp_is_a_date_only_at_midnight(producer):
    midnight = producer.ok("create", table="moments", values={"day": msgpack.Timestamp(1709164800, 0)})
    assert midnight["row"]["day"] == "2024-02-29"
    producer.fails("BAD_VALUE", "create", table="moments", values={"day": msgpack.Timestamp(1709164801, 0)})
    producer.fails("BAD_VALUE", "create", table="moments", values={"span": msgpack.Timestamp(1, 0)})


REFUSED = [
    *[("day", text) for text in ("1900-02-29", "2023-02-29", "2024-04-31", "2024-00-01", "2024-01-00", "2024-13-01",
                                 "10000-01-01", "24-02-29", "2024-2-9", "20240229", "2024/02/29", " 2024-02-29",
                                 "2024-02-29 ", "-2024-02-29", "", "2024-02-29T12:00", "2024-02-29T00:00:00Z", True)],
    *[("at", text) for text in ("2024-02-29T24:00:00", "2016-12-31T23:59:60Z", "2024-02-29T23", "2024-02-29T23:59:59 Z",
                                "2024-02-29 23:59:59 UTC", "2024-02-29T23:59:59+24:00", "2024-02-29T23:59:59+9:00",
                                "2024-02-29T23:59:59+09:60", "2024-02-29T23:59:59.", "1709251199", "2024-W09-4",
                                "20240229T235959Z", "now", "0000-00-00T00:00:00Z", 1709251199, 1709251199.5, -1, False)],
    *[("span", text) for text in ("12", "1:2:3", "+10:00:00", "10:00:00Z", "T10:00:00", "120000", "12:00:60",
                                  "838:60:00", "1 10:00:00", "10:00:00 ", 120000, 1.5)],
]


@pytest.mark.parametrize("column, sent", REFUSED, ids=repr)
def test_refused(client, column, sent):
    error = client.fails("BAD_VALUE", "create", table="moments", values={column: sent})
    assert error["at"] == {"column": column} and error["hint"]


def test_a_bare_number_asks_back(client):
    for column in ("at", "stamp", "day"):
        assert "milliseconds" in client.fails("BAD_VALUE", "create", table="moments", values={column: 0})["hint"]
    assert "HH:MM:SS, with a -" in client.fails("BAD_VALUE", "create", table="moments", values={"span": 0})["hint"]


@pytest.mark.parametrize("column, sent", [
    ("at", "9999-12-31T23:59:59-01:00"), ("at", "0000-01-01T00:00:00+01:00"), ("stamp", "1970-01-01 00:00:00"),
    ("stamp6", "1970-01-01 00:00:00.999999"), ("stamp", "2106-02-07 06:28:16"), ("span", "839:00:00"),
    ("span", "-839:00:00"), ("span", "999999999:00:00")])
def test_out_of_range(client, column, sent):
    assert client.fails("OUT_OF_RANGE", "create", table="moments", values={column: sent})["at"] == {"column": column}


def test_the_last_second_of_a_time_has_a_fraction_where_the_server_keeps_it(client, database_server):
    for sent in ("838:59:59.999999", "-838:59:59.999999"):
        if database_server.is_mariadb():
            row = client.ok("create", table="moments", values={"span6": sent})["row"]
            assert row["span6"] == sent
            assert client.ok("count", table="moments", where={"span6": sent})["value"] == 1
        else:
            client.fails("OUT_OF_RANGE", "create", table="moments", values={"span6": sent})


def test_dates_with_zeros_from_elsewhere(redis, rowd, database):
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ''")
        cursor.execute("INSERT INTO moments (id, day, at, stamp) VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00'), "
                       "(2, '2024-00-00', '2024-02-00 00:00:00', NULL)")
    connection.close()
    for codec in ("msgpack", "json"):
        client = Client(redis, codec)
        row = client.ok("read", table="moments", pk=1, select=["day", "at", "stamp"])["row"]
        assert row == {"day": "0000-00-00", "at": "0000-00-00 00:00:00", "stamp": "0000-00-00 00:00:00"}
        assert client.ok("update", table="moments", pk=1, set=row)["affected"] == 0, "what was read can be written"
        assert client.ok("read", table="moments", where=row, select=["id"])["rows"] == [{"id": 1}]
        row = client.ok("read", table="moments", where={"day": "2024-00-00"}, select=["id", "day", "at"])["rows"]
        assert row == [{"id": 2, "day": "2024-00-00", "at": "2024-02-00 00:00:00"}]
        client.fails("BAD_VALUE", "update", table="moments", pk=2, set={"day": "2024-00-00"})


def test_on_update_moves_only_when_something_changes(client):
    row = client.ok("create", table="moments", values={"day": "2024-01-01", "touched": "2000-01-01 00:00:00"})["row"]
    same = client.ok("update", table="moments", pk=row["id"], set={"day": "2024-01-01"})["row"]
    assert same["touched"] == "2000-01-01 00:00:00.000000"
    changed = client.ok("update", table="moments", pk=row["id"], set={"day": "2024-01-02"})["row"]
    assert changed["touched"] != same["touched"]
