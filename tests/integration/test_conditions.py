"""`where`: every condition, on every kind of column."""

import base64

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


def test_between_ends_that_differ_in_case_only(client, producer):
    """The key is in the order of its column, and not in that of the connection, to which the ends are equal."""
    producer.ok("create", table="pair", values=[{"a": 9, "b": text} for text in ("A", "M", "a", "b")])
    reply = client.ok("read", table="pair", where={"a": 9, "b": {"between": ["A", "a"]}}, order=["b"])
    assert [row["b"] for row in reply["rows"]] == ["A", "M", "a"]
    assert client.ok("count", table="pair", where={"a": 9, "not": {"b": {"between": ["A", "a"]}}})["value"] == 1


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
    assert "8 levels" in client.fails("BAD_VALUE", "read", table="animals", where=nested(9))["message"]


def test_an_unknown_column_is_named_with_the_near_one(client):
    error = client.fails("UNKNOWN_COLUMN", "read", table="animals", where={"nam": "a"})
    assert error["at"]["column"] == "nam" and "name" in error["hint"]


def test_an_unknown_condition_is_named_with_the_near_one(client):
    error = client.fails("BAD_VALUE", "read", table="animals", where={"name": {"contain": "a"}})
    assert "contains" in error["hint"]


BEYOND_ITS_KIND = [
    ("big", "1e120", "OUT_OF_RANGE"), ("price", "1e308", "OUT_OF_RANGE"), ("single", "1e309", "OUT_OF_RANGE"),
    ("twice", "1e309", "OUT_OF_RANGE"), ("span", "839:00:00", "OUT_OF_RANGE"),
    ("moment", "9999-12-31T23:59:59-01:00", "OUT_OF_RANGE"), ("latin", "김", "BAD_VALUE")]


@pytest.mark.parametrize("column, value, code", BEYOND_ITS_KIND)
def test_what_no_column_of_the_kind_could_hold(client, column, value, code):
    client.fails(code, "count", table="types", where={column: value})
    client.fails(code, "count", table="types", where={column: {"in": [value]}})


BEYOND_ITSELF = [("single", 1e39), ("price", "1e307"), ("big", "1e119"), ("label", "x" * 1000),
                 ("stamp", "1960-01-01 00:00:00"), ("a_year", 3000), ("kind", "blue")]


@pytest.mark.parametrize("column, value", BEYOND_ITSELF)
def test_nothing_equals_what_only_this_column_cannot_hold(client, producer, column, value):
    producer.ok("create", table="types", values={column: None})
    assert client.ok("count", table="types", where={column: value})["value"] == 0


ELSEWHERE = [("gte", "ge"), ("lte", "le"), ("$gt", "gt"), ("neq", "ne"), ("regex", "regexp")]


@pytest.mark.parametrize("elsewhere, here", ELSEWHERE)
def test_the_names_that_others_have_for_conditions(client, elsewhere, here):
    error = client.fails("BAD_VALUE", "read", table="animals", where={"age": {elsewhere: 3}})
    assert error["hint"] == f"did you mean `{here}`?"


def test_columns_with_the_names_of_connectives(client, producer):
    producer.ok("create", table="select", values=[{"or": 1, "order": 5}, {"or": 2, "order": 6}])
    reply = client.ok("read", table="select", where={".or": 2})
    assert [row["order"] for row in reply["rows"]] == [6]


MORE = [
    ({"age": {"between": [2, 3]}}, ["b", "c"]),
    ({"age": {"between": [3, 2]}}, []),
    ({"age": {"nin": [1, 2]}, "name": {"in": ["a", "b", "c", "d"]}}, ["c"]),  # NULL is in no list and out of none
    ({"age": {"nin": []}, "name": "d"}, ["d"]),
    ({"name": {"starts": "50"}}, ["50%", "50x"]),
    ({"name": {"starts": "50%"}}, ["50%"]),
    ({"name": {"ends": "zy"}}, ["xzy"]),
    ({"name": {"ends": "_y"}}, ["x_y"]),
    ({"name": {"ends": "slash"}}, ["back\\slash"]),
    ({"name": {"starts": "back\\"}}, ["back\\slash"]),
    ({"name": {"contains": ""}, "age": {"lt": 3}}, ["a", "b"]),
    ({"name": {"like": "x_y"}}, ["x_y", "xzy"]),
    ({"name": {"like": "x\\_y"}}, ["x_y"]),
    ({"name": {"like": "back\\\\slash"}}, ["back\\slash"]),
    ({"name": {"nlike": "%"}}, []),
    ({"name": {"nlike": "%_%"}}, [""]),
    ({"name": {"regexp": "^x.y$"}}, ["x_y", "xzy"]),
    ({"age": {"lt": {"col": "id"}}, "name": "no such"}, []),
    ({"age": {"eq": {"col": "age"}}, "name": {"in": ["a", "d"]}}, ["a"]),
    ({"not": {"age": {"in": [1, 2]}}, "name": {"in": ["a", "b", "c", "d"]}}, ["c"]),
    ({"name": {"ne": "a"}, "age": {"le": 2}}, ["b"]),
    ({"name": {"ne": "a", "null": False}, "age": 11}, []),
]


@pytest.mark.parametrize("where, expected", MORE, ids=[str(where) for where, _ in MORE])
def test_further_condition(client, where, expected):
    test_condition(client, where, expected)


HINTS = [
    ({"age": {"in": [1, None]}}, "`null`"),
    ({"age": {"between": [1, None]}}, "`ge`"),
    ({"age": {"lt": None}}, "`null`"),
    ({"age": {"nul": True}}, "`null`"),
    ({"age": {"col": "id"}}, "`eq`"),
    ({"age": {"contains": "1"}}, "`between`"),
    ({"age": {"lt": {"col": "name"}}}, "numbers with numbers"),
    ({"name": {"regexp": ""}}, "`null`"),
    ({"or": []}, "leave it out"),
    ({"not": {}}, "leave it out"),
    ({"age": {}}, "`in`"),
]


@pytest.mark.parametrize("where, hint", HINTS, ids=[str(where) for where, _ in HINTS])
def test_a_refusal_says_what_to_do(client, where, hint):
    assert hint in client.fails("BAD_VALUE", "count", table="animals", where=where)["hint"]


@pytest.mark.parametrize("pattern", ["(", "[", "*", "a{2,1}", "\\"])
def test_a_bad_regular_expression_is_the_commands_fault(client, pattern):
    error = client.fails("BAD_VALUE", "read", table="animals", where={"name": {"regexp": pattern}})
    assert "regular expression" in error["message"] and error["errno"]
    assert error["at"] == {"column": "name"} and "`contains`" in error["hint"]


def test_a_bad_regular_expression_changes_nothing(client):
    client.fails("BAD_VALUE", "delete", table="animals", where={"name": {"regexp": "("}})
    assert client.ok("count", table="animals")["value"] == len(ROWS)


def test_writes_take_the_same_conditions(client):
    where = {"or": [{"name": {"starts": "50%"}}, {"age": {"between": [7, 8]}}], "not": {"name": {"like": "xz%"}}}
    reply = client.ok("update", table="animals", where=where, set={"species": "t"}, returning=["name"])
    assert sorted(row["name"] for row in reply["rows"]) == ["50%", "x_y"]
    assert client.ok("delete", table="animals", where=where)["affected"] == 2


# One row of every kind of column, one of NULLs; and per column a value below, the value, and one above.
KINDS = {
    "tiny": (-3, -2, -1), "tiny_u": (1, 2, 3), "small": (1, 2, 3), "medium": (1, 2, 3), "whole": (-5, 0, 5),
    "big": (-2**63, -2**63 + 1, 0), "big_u": (0, 2**64 - 2, 2**64 - 1), "flag": (0, 1, 2), "a_year": (1999, 2000, 2001),
    "bits": (4, 5, 6), "bits64": (0, 2**64 - 2, 2**64 - 1), "price": ("-1.10", "1.10", "1.11"),
    "digits": ("1.0000000001", "123456789012345678901234567890.0000000001", "123456789012345678901234567890.0000000002"),
    "single": (0.05, 0.1, 0.2), "twice": (0.1, 0.30000000000000004, 0.5), "fixed": ("a", "b", "c"),
    "label": ("a'", "b\\", "c"), "body": ("a", "b%", "c"), "long_body": ("a", "b_", "c"), "latin": ("a", "é", "z"),
    "kind": ("aaa", "green", "red"), "kinds": ("a", "a,b", "c"),
    "raw_fixed": (b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff"), "raw": (b"", b"'\\\0", b"\xff"),
    "data": (b"\0", b"\x80%", b"\xff"), "day": ("2024-02-28", "2024-02-29", "2024-03-01"),
    "moment": ("2024-02-29 00:00:00", "2024-02-29 23:59:59", "2024-03-01 00:00:00"),
    "moment6": ("2024-02-29 00:00:00.000001", "2024-02-29 00:00:00.000002", "2024-02-29 00:00:00.000003"),
    "stamp": ("2024-02-28 00:00:00", "2024-02-29 00:00:00", "2024-03-01 00:00:00"),
    "stamp3": ("2024-02-29 00:00:00.001", "2024-02-29 00:00:00.002", "2024-02-29 00:00:00.003"),
    "span": ("-838:59:59", "-00:00:01", "00:00:00"),
    "span6": ("-00:00:00.000002", "-00:00:00.000001", "838:59:59.000000"),
}


def as_codec(client, value):
    """bin as JSON writes it."""
    if client.codec == "json" and isinstance(value, bytes):
        return {"$bin": base64.b64encode(value).decode()}
    return value


@pytest.fixture
def kinds(producer):
    producer.ok("create", table="types", values=[{column: value for column, (_, value, _) in KINDS.items()},
                                                 {column: None for column in KINDS}])


@pytest.mark.parametrize("column", KINDS)
def test_every_kind_of_column_compares(client, kinds, column):
    low, value, high = (as_codec(client, bound) for bound in KINDS[column])

    def count(condition):
        return client.ok("count", table="types", where={column: condition})["value"]

    holds = [value, {"eq": value}, {"ne": low}, {"lt": high}, {"le": value}, {"gt": low}, {"ge": value},
             {"in": [low, value]}, {"nin": [low, high]}, {"nin": []}, {"between": [low, high]},
             {"between": [value, value]}, {"null": False}, {"eq": {"col": column}}, {"ge": {"col": column}},
             {"lt": high, "gt": low}]
    fails = [low, {"eq": high}, {"ne": value}, {"lt": value}, {"le": low}, {"gt": value}, {"ge": high},
             {"in": [low, high]}, {"in": []}, {"nin": [value]}, {"between": [high, low]}, {"lt": {"col": column}}]
    for condition in holds:
        assert count(condition) == (2 if condition == {"nin": []} else 1), condition
    for condition in fails:
        assert count(condition) == 0, condition
    assert count(None) == count({"null": True}) == count({"eq": None}) == 1
    assert count({"ne": None}) == 1
    # NULL follows SQL: it is neither equal nor different, and no `not` makes it so.
    for condition in (value, {"in": [value]}, {"lt": value}):
        assert client.ok("count", table="types", where={"not": {column: condition}})["value"] == (
            0 if condition != {"lt": value} else 1)


TEXTS = ["fixed", "label", "body", "long_body", "latin", "kind", "kinds", "raw", "data"]


@pytest.mark.parametrize("column", TEXTS)
def test_every_kind_of_text_has_patterns(client, kinds, column):
    _, value, _ = KINDS[column]
    first, last = value[:1], value[-1:]
    binary = isinstance(value, bytes)

    def count(**condition):
        condition = {name: as_codec(client, operand) for name, operand in condition.items()}
        return client.ok("count", table="types", where={column: condition})["value"]

    any_text = b"%" if binary else "%"
    assert count(starts=first) == count(ends=last) == count(contains=value) == count(like=any_text) == 1
    assert count(contains=first + any_text + last) == 0
    assert count(nlike=any_text) == 0, "NULL is not unlike anything"
    assert count(nlike=b"q" if binary else "q") == 1
    if binary:
        client.fails("BAD_VALUE", "count", table="types", where={column: {"regexp": "a"}})
    else:
        assert count(regexp="^.+$") == 1


@pytest.mark.parametrize("column", [column for column in KINDS if column not in TEXTS + ["raw_fixed"]])
def test_no_other_kind_has_patterns(client, kinds, column):
    for name in ("like", "nlike", "contains", "starts", "ends", "regexp"):
        error = client.fails("BAD_VALUE", "count", table="types", where={column: {name: "1"}})
        assert error["at"]["column"] == column and error["hint"]


def test_a_float_is_compared_as_a_float(client, producer):
    producer.ok("create", table="types", values=[{"single": 0.1, "twice": 0.1, "price": "0.10", "whole": 1},
                                                 {"single": 16777216, "twice": 1e300, "whole": 16777217}])

    def found(**where):
        return [row["whole"] for row in client.ok("read", table="types", where=where, order=["whole"])["rows"]]

    assert found(single=0.1) == found(single="0.1") == found(single={"in": [0.1]}) == [1]
    assert found(single={"between": [0.1, 0.1]}) == found(single={"le": 0.1}) == [1]
    assert found(single={"lt": 0.1}) == [] and found(single=16777217) == [16777217]
    assert found(single={"eq": {"col": "twice"}}) == found(twice={"eq": {"col": "single"}}) == [1]
    assert found(single={"eq": {"col": "price"}}) == [1]
    assert found(single={"lt": {"col": "twice"}}) == [16777217], "beyond any float, and no error for it"
    assert found(single={"eq": {"col": "whole"}}) == [16777217]
    assert found(twice=0.1) == [1] and found(twice={"gt": 0.1}) == [16777217]


def test_a_set_is_equal_in_any_order(client, producer):
    producer.ok("create", table="types", values=[{"kinds": "b,a"}, {"kinds": "c"}, {"kinds": ""}])
    assert client.ok("count", table="types", where={"kinds": "b,a"})["value"] == 1
    assert client.ok("count", table="types", where={"kinds": {"in": ["b,a", "c"]}})["value"] == 2
    assert client.ok("count", table="types", where={"kinds": ""})["value"] == 1
    assert client.ok("count", table="types", where={"kinds": "a"})["value"] == 0


def test_documents(client, producer):
    producer.ok("create", table="types", values=[{"document": '{"a": 1, "b": [true]}'}, {"document": {"a": 2}},
                                                 {"document": "null"}, {"document": None}])

    def count(condition):
        return client.ok("count", table="types", where={"document": condition})["value"]

    assert count({"eq": {"b": [True], "a": 1}}) == 1, "documents are equal, whatever their spaces and order"
    assert count('{"b":[true],"a":1.0}') == 1
    assert count({"ne": {"a": 2}}) == 2, "NULL is not counted"
    assert count({"in": [{"a": 2}, {"a": 3}, "null"]}) == 2 and count({"nin": [{"a": 2}]}) == 2
    assert count("null") == 1 and count(None) == 1
    assert count({"eq": {"col": "document"}}) == 3
    assert count({"contains": "true"}) == 1
    for condition in ({"lt": 5}, {"between": [1, 2]}, {"ge": "1"}, [1], {"a": 1}, "no document"):
        error = client.fails("BAD_VALUE", "count", table="types", where={"document": condition})
        assert error["at"]["column"] == "document" and error["hint"]


def test_geometries(client, producer, database):
    connection = database.connect()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO place VALUES (1, ST_GeomFromText('POINT(1 2)')), (2, NULL)")
    connection.close()
    point = as_codec(client, producer.ok("read", table="place", pk=1)["row"]["point"])

    def count(condition):
        return client.ok("count", table="place", where={"point": condition})["value"]

    assert count(point) == count({"in": [point]}) == count({"null": True}) == count({"eq": {"col": "point"}}) == 1
    assert count({"ne": point}) == 0
    for condition in ({"lt": point}, {"between": [point, point]}, {"contains": "x"}, {"regexp": "x"}):
        assert client.fails("BAD_VALUE", "count", table="place", where={"point": condition})["hint"]


OTHER_COLUMNS = [("whole", "big", True), ("whole", "price", True), ("bits", "a_year", True), ("single", "digits", True),
                 ("label", "body", True), ("label", "kind", True), ("kinds", "latin", True), ("raw", "data", True),
                 ("day", "moment", True), ("stamp", "moment6", True), ("span", "span6", True),
                 ("whole", "label", False), ("label", "raw", False), ("day", "span", False), ("day", "label", False),
                 ("document", "label", False), ("moment", "big", False), ("document", "whole", False)]


@pytest.mark.parametrize("one, other, fine", OTHER_COLUMNS, ids=[f"{one}-{other}" for one, other, _ in OTHER_COLUMNS])
def test_columns_are_compared_within_their_family(client, kinds, one, other, fine):
    for left, right in ((one, other), (other, one)):
        where = {left: {"ne": {"col": right}}}
        if fine:
            assert client.ok("count", table="types", where=where)["value"] <= 1
        else:
            error = client.fails("BAD_VALUE", "count", table="types", where=where)
            assert error["at"]["column"] == left and "numbers with numbers" in error["hint"]


def test_an_unknown_other_column(client):
    error = client.fails("UNKNOWN_COLUMN", "count", table="animals", where={"age": {"lt": {"col": "nmae"}}})
    assert error["at"]["column"] == "nmae" and "`name`" in error["hint"]


def test_generated_columns_can_be_asked_for(client, producer):
    producer.ok("create", table="guarded", values=[{"n": 1}, {"n": 2}])
    assert client.ok("read", table="guarded", where={"doubled": {"gt": {"col": "n"}, "le": 2}})["rows"][0]["n"] == 1


def test_columns_that_begin_with_a_dot(client, producer):
    producer.ok("create", table="dotted", values={".and": 1, "or": 2, ".or": 3, ".x": 4})
    assert client.ok("count", table="dotted", where={".and": 1, ".or": 2, "..or": 3, ".x": 4})["value"] == 1
    error = client.fails("BAD_VALUE", "count", table="dotted", where={"or": 2})
    assert "`.or`" in error["hint"]


def test_and_and_or_nest_as_deep_as_a_message(client):
    """Each takes two of the message's 16 levels."""
    def nested(depth):
        where = {"age": 1}
        for level in range(depth):
            where = {"or" if level % 2 else "and": [where]}
        return where

    assert client.ok("count", table="animals", where=nested(7))["value"] == 1
    client.fails("BAD_MESSAGE", "count", table="animals", where=nested(8))
