"""Names that are reserved words, hold quotes and spaces, or look like SQL."""

import pytest
from bulk import Bulk

HARD = {"order": 1, "group": "g", "or": 2, "a b": 3, "tick`s": 4, "it's": "q", '"quoted"': 5, "나이": 6, "from.x": 7}


@pytest.fixture
def key(producer):
    return producer.ok("create", table="select", values=HARD)["row"]["key"]


def test_create_and_read(client, key):
    assert client.ok("read", table="select", pk=key)["row"] == {"key": key, **HARD}


@pytest.mark.parametrize("column", [name for name in HARD if name != "or"])
def test_each_as_condition_order_select_and_target(client, key, column):
    value = HARD[column]
    reply = client.ok("read", table="select", where={column: value}, order=[f"-{column}"], select=[column])
    assert reply["rows"] == [{column: value}]
    changed = "z" if isinstance(value, str) else 99
    assert client.ok("update", table="select", pk=key, set={column: changed}, returning=[column])["row"] == {
        column: changed}
    assert client.ok("delete", table="select", where={column: changed})["affected"] == 1


@pytest.mark.parametrize("codec", ["msgpack", "json"])
def test_what_is_no_column_is_unknown(redis, rowd, codec):
    names = ["id; DROP TABLE animals", "id`", "`id`", "ID", "id ", "", "animals.id", "1", "*"]
    commands = [{"op": "read", "table": "animals", **fields} for name in names
                for fields in ({"where": {name: 1}}, {"select": [name]}, {"order": [{"col": name}]})]
    bulk = Bulk(redis, codec)
    for command, reply in zip(commands, bulk.call(commands)):
        assert reply["error"]["code"] in ("UNKNOWN_COLUMN", "BAD_VALUE"), command
    assert bulk.ok([{"op": "count", "table": "animals"}])[0]["value"] == 0


def test_names_that_no_column_can_have(redis, rowd):
    """A reply is text all through: the producer decodes it strictly. All at once, since each is looked up once more when
    the catalog was read again."""
    names = [b"\xff\xfe", b"age\xff", "age\0", "\0", "a" * 100000, "' OR 1=1 -- ", "`age`"]
    commands = [{"op": op, "table": "animals", **fields} for name in names for op, fields in (
        ("create", {"values": {name: 1}}), ("read", {"select": [name]}), ("read", {"order": [name]}),
        ("read", {"where": {name: 1}}), ("update", {"all": True, "set": {name: 1}}), ("delete", {"pk": {name: 1}}))]
    bulk = Bulk(redis)
    for command, reply in zip(commands, bulk.call(commands)):
        assert reply["error"]["code"] == "UNKNOWN_COLUMN", (command["op"], reply)
    for reply in bulk.call([{"op": "describe", "table": name} for name in names]):
        assert reply["error"]["code"] == "UNKNOWN_TABLE", reply


def test_an_op_that_is_no_text(redis, rowd, producer):
    redis.lpush(producer.queue, b"\x82\xa2op\xa2\xff\xfe\xaareply_list\xb0rowd:reply:no-op")
    reply = producer.take("rowd:reply:no-op")
    assert reply["op"] is None and reply["error"]["code"] == "UNKNOWN_OP"
