"""Names that are reserved words, hold quotes and spaces, or look like SQL."""

import pytest

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


@pytest.mark.parametrize("name", ["id; DROP TABLE animals", "id`", "`id`", "ID", "id ", "", "animals.id", "1", "*"])
def test_what_is_no_column_is_unknown(client, name):
    for fields in ({"where": {name: 1}}, {"select": [name]}, {"order": [{"col": name}]}):
        error = client.call("read", check=False, table="animals", **fields)["error"]
        assert error["code"] in ("UNKNOWN_COLUMN", "BAD_VALUE"), fields
    assert client.ok("count", table="animals")["value"] == 0
