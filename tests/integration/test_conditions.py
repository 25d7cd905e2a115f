"""`where`: every condition of this version, and those that it does not have yet."""

import pytest

# name, age
ROWS = [("a", 1), ("b", 2), ("c", 3), ("d", None), ("50%", 5), ("50x", 6), ("x_y", 7), ("xzy", 8), ("back\\slash", 9),
        ("it's", 10), (None, 11), ("", 12), ("Ünï 김", 13)]


@pytest.fixture(autouse=True)
def rows(producer):
    producer.ok("create", table="animals", values=[
        {"species": "s", "name": name, "age": age} for name, age in ROWS])


CONDITIONS = [
    ({"age": 2}, ["b"]),
    ({"age": None}, ["d"]),
    ({"name": ""}, [""]),
    ({"name": "it's"}, ["it's"]),
    ({"name": "back\\slash"}, ["back\\slash"]),
    ({"age": {"eq": 2}}, ["b"]),
    ({"age": {"eq": None}}, ["d"]),
    ({"name": {"ne": None}, "age": {"le": 2}}, ["a", "b"]),
    ({"age": {"ne": 1}, "name": {"in": ["a", "b", "d"]}}, ["b"]),  # NULL <> 1 is not true
    ({"age": {"lt": 2}}, ["a"]),
    ({"age": {"le": 2}}, ["a", "b"]),
    ({"age": {"gt": 12}}, ["Ünï 김"]),
    ({"age": {"ge": 12}}, ["", "Ünï 김"]),
    ({"age": {"ge": 2, "lt": 4}}, ["b", "c"]),
    ({"age": {"in": [1, 3, 99]}}, ["a", "c"]),
    ({"age": {"in": []}}, []),
    ({"name": {"in": ["it's", "50%"]}}, ["50%", "it's"]),
    ({"name": {"contains": "%"}}, ["50%"]),
    ({"name": {"contains": "_"}}, ["x_y"]),
    ({"name": {"contains": "\\"}}, ["back\\slash"]),
    ({"name": {"contains": "'"}}, ["it's"]),
    ({"name": {"contains": "김"}}, ["Ünï 김"]),
    ({"name": {"contains": "0%x"}}, []),
    ({"name": {"null": True}}, [None]),
    ({"age": {"null": True}}, ["d"]),
    ({"name": {"null": False}, "age": {"gt": 10}}, ["", "Ünï 김"]),
    ({"and": [{"age": {"gt": 1}}, {"age": {"lt": 3}}]}, ["b"]),
    ({"or": [{"age": 1}, {"name": "c"}]}, ["a", "c"]),
    ({"or": [{"age": 1}, {"age": 2}], "name": "b"}, ["b"]),
    ({"not": {"age": {"ge": 2}}}, ["a"]),  # NULL follows SQL: d is not here
    ({"not": {"or": [{"age": {"ge": 2}}, {"age": None}]}}, ["a"]),
    ({"and": [{"or": [{"age": 1}, {"age": 2}, {"age": 3}]}, {"not": {"name": "b"}}]}, ["a", "c"]),
    ({"not": {"name": {"null": False}}}, [None]),
    ({"species": "s", "age": 3, "name": "c"}, ["c"]),
]


@pytest.mark.parametrize("where, expected", CONDITIONS, ids=[str(where) for where, _ in CONDITIONS])
def test_condition(client, where, expected):
    reply = client.ok("read", table="animals", where=where, order=["id"])
    assert [row["name"] for row in reply["rows"]] == expected
    assert client.ok("count", table="animals", where=where)["value"] == len(expected)
    assert client.ok("exists", table="animals", where=where)["value"] is bool(expected)


def test_case_follows_the_columns_collation(client, producer):
    producer.ok("create", table="pair", values=[{"a": 1, "b": "x"}, {"a": 2, "b": "X"}])
    assert client.ok("count", table="pair", where={"b": "x"})["value"] == 1, "utf8mb4_bin"
    assert client.ok("count", table="animals", where={"name": "A"})["value"] == 1, "case-insensitive by default"


REFUSED = [
    {"age": {}},
    {"and": []},
    {"or": []},
    {"not": {}},
    {"or": {}},
    {"and": [5]},
    {"not": [{"age": 1}, {"age": 2}]},
    {"age": {"in": [1, None]}},
    {"age": {"in": 1}},
    {"age": {"null": 1}},
    {"age": {"null": "yes"}},
    {"age": {"lt": None}},
    {"age": {"lt": "many"}},
    {"age": {"gr": 1}},
    {"age": [1, 2]},
    {"name": {"contains": 5.5}},
    {"name": {"regexp": "("}},
]


@pytest.mark.parametrize("where", REFUSED, ids=str)
def test_refused(client, where):
    client.fails("BAD_VALUE", "read", table="animals", where=where)


def test_depth_is_bounded(client):
    def nested(depth):
        where = {"age": 1}
        for _ in range(depth):
            where = {"not": where}
        return where

    assert client.ok("read", table="animals", where=nested(8), limit=1)
    assert client.call("read", check=False, table="animals", where=nested(9))["error"]["code"] in (
        "BAD_VALUE", "BAD_MESSAGE")


def test_an_unknown_column_is_named_with_the_near_one(client):
    error = client.fails("UNKNOWN_COLUMN", "read", table="animals", where={"nam": "a"})
    assert error["at"]["column"] == "nam" and "name" in error["hint"]


def test_an_unknown_condition_is_named_with_the_near_one(client):
    error = client.fails("BAD_VALUE", "read", table="animals", where={"name": {"contain": "a"}})
    assert "contains" in error["hint"]


def test_columns_with_the_names_of_connectives(client, producer):
    producer.ok("create", table="select", values=[{"or": 1, "order": 5}, {"or": 2, "order": 6}])
    reply = client.ok("read", table="select", where={".or": 2})
    assert [row["order"] for row in reply["rows"]] == [6]


# What a later version may have: it works as the contract says, or says that it is not there. Nothing in between.
LATER = [
    ({"age": {"between": [2, 3]}}, ["b", "c"]),
    ({"age": {"nin": [1, 2]}, "name": {"in": ["a", "b", "c", "d"]}}, ["c"]),
    ({"name": {"starts": "50"}}, ["50%", "50x"]),
    ({"name": {"starts": "50%"}}, ["50%"]),
    ({"name": {"ends": "zy"}}, ["xzy"]),
    ({"name": {"ends": "_y"}}, ["x_y"]),
    ({"name": {"like": "x_y"}}, ["x_y", "xzy"]),
    ({"name": {"nlike": "%"}}, []),
    ({"name": {"regexp": "^x.y$"}}, ["x_y", "xzy"]),
    ({"age": {"lt": {"col": "id"}}, "name": "no such"}, []),
]


@pytest.mark.parametrize("where, expected", LATER, ids=[str(where) for where, _ in LATER])
def test_there_or_said_not_to_be(client, where, expected):
    reply = client.call("read", check=False, table="animals", where=where, order=["id"])
    if reply["ok"]:
        assert [row["name"] for row in reply["rows"]] == expected
    else:
        assert reply["error"]["code"] == "BAD_VALUE" and reply["error"]["hint"] == "not in this version"
