"""Text that wants to be SQL, in every place of a command that takes text: it stays text. Counted three times: by the
rows that are found and changed, by a checksum over what must not change, and by the statements that the server saw."""

import re
import unicodedata

import payloads
import pytest
from bulk import Bulk

from support.client import QUEUE, Client, decode, encode
from support.process import wait_until

SECRET = 7391460258
BYSTANDERS = "bystander", "guarded", "pair", "checklist"
TELLTALE = re.compile(r"SELECT |INSERT |UPDATE |DELETE |WHERE |FROM |[Ss]yntax|near '|Duplicate entry|[Tt]runcated")
FINE = {"UNKNOWN_COLUMN", "UNKNOWN_TABLE", "BAD_VALUE", "BAD_MESSAGE", "UNKNOWN_OP", "UNKNOWN_FIELD", "FORBIDDEN",
        "MISSING_FIELD",
        "DATA_TOO_LONG", "OUT_OF_RANGE", "NOT_NULL_VIOLATION", "WHERE_REQUIRED"}


@pytest.fixture(scope="module")
def bystander(database):
    database.script("CREATE TABLE bystander (id INT NOT NULL PRIMARY KEY, secret BIGINT NOT NULL) ENGINE = InnoDB")
    yield
    database.script("DROP TABLE bystander")


class Watch:
    """What must be the same afterwards."""

    def __init__(self, database):
        self.database = database
        self.before = self.look()

    def look(self):
        tables = [name for (name,) in self.database.query("SHOW TABLES")]
        sums = self.database.query("CHECKSUM TABLE " + ", ".join(f"`{name}`" for name in BYSTANDERS))
        accounts = self.database.query("SELECT COUNT(*) FROM mysql.user") if self.database.server.restartable else None
        return tables, sums, accounts

    def check(self):
        assert self.look() == self.before


@pytest.fixture
def watch(rowd, database, bystander):
    database.script(f"INSERT INTO bystander VALUES (1, {SECRET}), (2, {SECRET + 1});\n"
                    "INSERT INTO guarded (id, n, code) VALUES (1, 1, 'a'), (2, 2, NULL);\n"
                    "INSERT INTO pair (a, b) VALUES (1, 'x'), (2, ' OR 1=1')")
    watch = Watch(database)
    yield watch
    watch.check()


@pytest.fixture(params=["msgpack", "json"])
def bulk(request, redis, watch):
    bulk = Bulk(redis, request.param)
    assert bulk.ok([{"op": "count", "table": "bystander"}])[0]["value"] == 2
    return bulk


def check_silent(reply):
    """An error tells neither SQL nor data: only what its author knows."""
    if not reply["ok"]:
        error = reply["error"]
        assert error["code"] in FINE, error
        told = re.sub(r"`.*`", "", error["message"] + "\n" + error.get("hint", ""))  # what the command has brought
        assert not TELLTALE.search(told), error
        assert str(SECRET) not in repr(reply)


def check_all_refused(bulk, commands):
    for command, reply in zip(commands, bulk.call(commands)):
        assert not reply["ok"], f"{command!r:.300}: {reply!r:.300}"
        check_silent(reply)


def fold(text):
    """What a collation that knows neither case nor accents nor width may take for the same."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in plain if part.isprintable()).rstrip()


TEXTS = payloads.texts()


def test_as_values(bulk, database):
    """Each row is found, changed and deleted by the payload that it holds, and by no other."""
    assert len(TEXTS) > 1500
    created = bulk.ok([{"op": "create", "table": "types", "values": {"body": text,
        "label": text[:200]}} for text in TEXTS])
    keys = [reply["row"]["id"] for reply in created]
    assert [reply["row"]["body"] for reply in created] == TEXTS
    assert len(set(keys)) == len(TEXTS)
    rows = database.query("SELECT id, body FROM types")
    assert dict(rows) == dict(zip(keys, TEXTS))
    found = bulk.ok([{"op": "read", "table": "types", "where": {"body": text, "id": {"ge": 0}},
                      "select": ["id", "body"]}
                     for text in TEXTS])
    for text, key, reply in zip(TEXTS, keys, found):
        assert key in [row["id"] for row in reply["rows"]]
        assert {fold(row["body"]) for row in reply["rows"]} == {fold(text)}, text
    some = list(zip(TEXTS, keys))[::7]
    for form in ("eq", "in", "between", "starts", "ends", "contains", "like"):
        operand = {"in": lambda text: [text], "between": lambda text: [text, text]}.get(form, lambda text: text)
        counted = bulk.ok([{"op": "count", "table": "types", "where": {"id": key, "body": {form: operand(text)}}}
                           for text, key in some])
        if form != "like":
            assert [reply["value"] for reply in counted] == [1] * len(some), form
        assert all(reply["value"] <= 1 for reply in counted)
    changed = bulk.ok([{"op": "update", "table": "types", "where": {"body": text, "id": key},
                        "set": {"long_body": text}}
                       for text, key in some])
    assert all(reply["matched"] == 1 for reply in changed)
    assert {(key, text) for key,
            text in database.query("SELECT id, long_body FROM types WHERE long_body IS NOT NULL")} == {
        (key, text) for text, key in some}
    deleted = bulk.ok([{"op": "delete", "table": "types", "where": {"body": text, "id": key}} for text, key in some])
    assert [reply["affected"] for reply in deleted] == [1] * len(some)
    assert database.query("SELECT COUNT(*) FROM types") == [(len(TEXTS) - len(some),)]


def test_as_values_of_columns_that_are_no_text(bulk, database):
    columns = ["whole", "big_u", "price", "single", "twice", "flag", "a_year", "bits", "day", "moment", "stamp", "span",
               "kind", "kinds", "document"]
    row = bulk.ok([{"op": "create", "table": "types", "values": {}}])[0]["row"]
    some = TEXTS[::5]
    pairs = [(column, text) for number, text in enumerate(some) for column in columns[number % 3::3]]
    for command in (lambda column, text: {"op": "create", "values": {column: text}},
                    lambda column, text: {"op": "update", "pk": row["id"], "set": {column: text}},
                    lambda column, text: {"op": "delete", "pk": text},
                    lambda column, text: {"op": "delete", "pk": {"id": text}}):
        replies = bulk.call([{"table": "types", **command(column, text)} for column, text in pairs])
        for (column, text), reply in zip(pairs, replies):
            assert not reply["ok"], (column, text, reply)
            check_silent(reply)
    replies = bulk.call([{"op": "count", "table": "types", "where": {column: {operator: text}}} for column,
                         text in pairs
                         for operator in ("eq", "ne", "lt")])
    for reply in replies:
        check_silent(reply)
        assert not reply["ok"] or reply["value"] == 0, "the columns are all NULL"
    assert database.query("SELECT COUNT(*) FROM types") == [(1,)]
    assert bulk.ok([{"op": "read", "table": "types", "pk": row["id"]}])[0]["row"] == row


def test_as_bytes_of_another_character_set(redis, watch, database):
    bulk = Bulk(redis)
    created = bulk.ok([{"op": "create", "table": "types", "values": {"raw": data,
        "data": data}} for data in payloads.MULTI_BYTE])
    assert [reply["row"]["raw"] for reply in created] == payloads.MULTI_BYTE
    found = bulk.ok([{"op": "read", "table": "types", "where": {"raw": data}} for data in payloads.MULTI_BYTE])
    assert [[row["raw"] for row in reply["rows"]] for reply in found] == [[data] for data in payloads.MULTI_BYTE]
    gone = bulk.ok([{"op": "delete", "table": "types", "where": {"data": data}} for data in payloads.MULTI_BYTE[::2]])
    assert all(reply["affected"] == 1 for reply in gone)
    check_all_refused(bulk, [command for data in payloads.MULTI_BYTE for command in (
        {"op": "create", "table": "types", "values": {"label": data}},
        {"op": "create", "table": "types", "values": {data: 1}},
        {"op": "count", "table": "types", "where": {"label": data}},
        {"op": "count", "table": "types", "where": {"label": {"starts": data}}},
        {"op": "read", "table": data}, {"op": "read", "table": "types", "order": [data]},
        {"op": "delete", "table": "types", "where": {data: 1}})])


def with_column(name):
    """A command for each place that takes a column's name."""
    table = {"table": "animals"}
    yield {"op": "create", **table, "values": {"species": "x", name: 1}}
    yield {"op": "create", **table, "values": [{"species": "x"}, {"species": "x", name: 1}]}
    yield {"op": "create", **table, "values": {"species": "x"}, "returning": [name]}
    yield {"op": "read", **table, "select": [name]}
    yield {"op": "read", **table, "order": [name if not name.startswith("-") else "-" + name]}
    yield {"op": "read", **table, "order": ["-" + name]}
    yield {"op": "read", **table, "order": [{"col": name}]}
    yield {"op": "read", **table, "order": [{"col": name, "desc": True}], "limit": 1}
    yield {"op": "read", **table, "pk": {name: 1}}
    yield {"op": "update", **table, "pk": {"id": 1, name: 1}, "set": {"age": 1}}
    yield {"op": "update", **table, "all": True, "set": {name: 1}}
    yield {"op": "update", **table, "all": True, "set": {"age": 1}, "returning": [name]}
    yield {"op": "delete", **table, "pk": {name: 1}}
    yield {"op": "delete", **table, "all": True, "returning": [name]}
    if name not in ("and", "or", "not"):
        for op in ("read", "count", "exists", "delete"):
            yield {"op": op, **table, "where": {name: 1}}
        yield {"op": "count", **table, "where": {"not": {"or": [{"age": 1}, {name: {"ge": 0}}]}}}
    yield {"op": "count", **table, "where": {"age": {"eq": {"col": name}}}}
    yield {"op": "count", **table, "where": {"species": {"ne": {"col": name}}}}


def test_as_names(bulk, database):
    bulk.ok([{"op": "create", "table": "animals", "values": {"species": "cat", "age": 1}}])
    names = [name for name in payloads.NAMES + TEXTS[::40] if name not in ("-id",)]
    check_all_refused(bulk, [command for name in names for command in with_column(name)])
    assert database.query("SELECT species, age FROM animals") == [("cat", 1)]


def test_as_tables_and_ops(bulk, database):
    bulk.ok([{"op": "create", "table": "animals", "values": {"species": "cat", "age": 1}}])
    tables = payloads.TABLES + TEXTS[::40]
    check_all_refused(bulk, [{"table": table, **command} for table in tables for command in (
        {"op": "describe"}, {"op": "create", "values": {"id": 1}}, {"op": "read"}, {"op": "count"},
        {"op": "exists", "pk": 1},
        {"op": "update", "all": True, "set": {"age": 0}}, {"op": "delete", "all": True})])
    check_all_refused(bulk, [{"op": op, "table": "animals", "all": True} for op in payloads.OPS + TEXTS[::40]])
    check_all_refused(bulk, [{"op": "read", "table": "animals", field: 1} for field in TEXTS[::20]])
    assert database.query("SELECT species, age FROM animals") == [("cat", 1)]


def test_as_conditions_orders_and_limits(bulk, database):
    bulk.ok([{"op": "create", "table": "animals", "values": {"species": "cat", "age": 1}}])
    operators = [text for text in payloads.OPERATORS + TEXTS[::40] if text != "col"]
    commands = [{"op": op, "table": "animals", "where": where} for operator in operators for where in (
        {"age": {operator: 1}}, {"species": {operator: "cat"}}, {"age": {"ge": 0, operator: 1}},
        {"age": {"eq": {operator: "species"}}},
        {"not": {"age": {operator: [1]}}}) for op in ("count", "delete")]
    commands += [{"op": "read", "table": "animals", field: text} for text in TEXTS[::30]
                 for field in ("limit", "offset", "page", "page_size", "order", "select", "first", "required", "where")]
    commands += [{"op": "read", "table": "animals", "order": [{"col": "id", field: text}]} for text in TEXTS[::60]
                 for field in ("desc", "nulls", "collate", "asc")]
    commands += [{"op": "update", "table": "animals", "set": {"age": 9},
                  field: text} for text in TEXTS[::60] for field in ("all", "where")]
    check_all_refused(bulk, commands)
    assert database.query("SELECT species, age FROM animals") == [("cat", 1)]


def test_as_ids_metas_and_traces(redis, watch, database):
    """Echoed as they came, and nothing else happens with them."""
    for codec in ("msgpack", "json"):
        some = TEXTS[::11]
        redis.delete("rowd:reply:echo")
        Bulk(redis,
             codec).push_raw([encode({"op": "read", "table": "bystander", "select": ["id"], "id": text[:32],
                                      "reply_list": "rowd:reply:echo",
                                             "meta": {text: [text, {text[::-1]: text}]}}, codec) for text in some])
        replies = [decode(raw) for raw in Bulk(redis).take("rowd:reply:echo", len(some))]
        assert sorted(reply["id"] for reply in replies) == sorted(text[:32] for text in some)
        assert all(reply["ok"] and len(reply["rows"]) == 2 for reply in replies)
        assert sorted(next(iter(reply["meta"])) for reply in replies) == sorted(some)
        for reply in replies:
            text = next(iter(reply["meta"]))
            assert reply["meta"] == {text: [text, {text[::-1]: text}]}


def test_as_reply_names(redis, watch):
    keys = set(redis.keys("*"))
    allowed = ["rowd:reply:" + name for name in payloads.REPLY_NAMES]
    channels = redis.pubsub()
    channels.subscribe(*allowed)
    for _ in allowed:
        wait_until(lambda: channels.get_message(timeout=1), "the subscription")
    Bulk(redis).push_raw([encode({"op": "ping", "id": number, "reply_list": name, "reply_to": name}, "msgpack")
                          for number, name in enumerate(allowed)])
    for number, name in enumerate(allowed):
        assert Client(redis).take(name)["id"] == number
        message = wait_until(lambda: channels.get_message(timeout=1), "the message")
        assert message["type"] == "message" and message["channel"] == allowed[decode(message["data"])["id"]].encode()
    channels.close()
    dead = f"{{{QUEUE}}}:dead"
    redis.delete(dead)
    foreign = payloads.FOREIGN_REPLY_NAMES
    for field, other in (("reply_list", "reply_to"), ("reply_to", "reply_list")):
        Bulk(redis).push_raw([encode({"op": "update", "table": "bystander", "all": True, "set": {"secret": 0},
                                      field: name}, "msgpack")
                              for name in foreign])
    wait_until(lambda: redis.llen(dead) == 2 * len(foreign), "a dead letter for each")
    redis.delete(dead)
    assert set(redis.keys("*")) - keys <= {f"{{{QUEUE}}}:stats".encode()}


class StatementLog:
    """What the server was asked to do, by its own log."""

    def __init__(self, database):
        self.database = database

    def __enter__(self):
        self.database.script("SET GLOBAL log_output = 'TABLE';\nTRUNCATE mysql.general_log;\n"
                             "SET GLOBAL general_log = 1")
        return self

    def __exit__(self, *_):
        self.database.script("SET GLOBAL general_log = 0;\nTRUNCATE mysql.general_log")

    def skeletons(self):
        """The statements without literals, names, and how many there are of each in a list; without those that a worker sends
        of its own accord, when it opens a connection or tidies up."""
        rows = self.database.query("SELECT argument FROM mysql.general_log WHERE argument NOT LIKE '%general_log%' "
                                   "AND command_type IN ('Query', 'Execute', 'Prepare')")
        return {found for (argument,) in rows if not OWN.match(found := skeleton(argument))}


OWN = re.compile(r"SET (SESSION|NAMES) |SELECT VERSION\(\)|[^;]*\browd_(slots|commits|ledger)\b")

LITERAL = re.compile(rb"""x?'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b""", re.DOTALL)


def skeleton(argument):
    text = LITERAL.sub(b"?", argument if isinstance(argument, bytes) else argument.encode())
    text = re.sub(rb"-?\?", b"?", text)
    text = re.sub(rb"\b(DEFAULT|NULL)\b", b"?", text)
    text = re.sub(rb"( WHEN \?( AND \? ?= ?\?)* THEN \?)+", b" WHEN", text)
    # A lone write with its commit marker: the only text with several statements, which are ours, word by word.
    text = re.sub(rb"^BEGIN NOT ATOMIC ([^;]*); (INSERT INTO \? \([?, ]*\) VALUES \([?, ]*\)); COMMIT; END$", rb"COMPOUND \1 AND \2",
                  text)
    previous = None
    while previous != text:
        previous = text
        text = re.sub(rb"\?(?:, ?\?)+", b"?", text)
        text = re.sub(rb"\(\?\)(?:, ?\(\?\))+", b"(?)", text)
    return text.decode(errors="replace")


def same_commands(texts):
    """The same commands for harmless and for harmful texts, of which each is another."""
    for number, text in enumerate(texts):
        yield {"op": "create", "table": "types", "values": {"body": text, "raw": text.encode()[:300], "whole": number}}
        yield {"op": "read", "table": "types", "where": {"body": text, "raw": {"ge": text.encode()[:300]}},
               "order": ["-whole"], "limit": 3}
        yield {"op": "count", "table": "types",
               "where": {"or": [{"body": {"contains": text}}, {"label": {"in": [text, text]}}]}}
        yield {"op": "exists", "table": "checklist", "pk": text}
        yield {"op": "update", "table": "types", "where": {"body": text}, "set": {"long_body": text}}
        yield {"op": "delete", "table": "types", "where": {"body": {"starts": text}, "whole": number}}
        yield {"op": "read", "table": "checklist", "pk": {"code": text}}
        yield {"op": "create", "table": "checklist", "values": {"code": text[:20], "item": "x"}}


def test_the_server_sees_the_same_statements_for_harmful_texts_as_for_harmless_ones(redis, rowd, database, bystander):
    if not database.server.restartable:
        pytest.skip("ROWD_TEST_DATABASE_URL names a server whose log is not ours to switch on")
    harmful = TEXTS[::6]
    seen = []
    harmless = [f"harmless {number}" for number in range(len(harmful))]
    # Those of a single command have another form where several share a statement.
    for rounds in ([harmless, *[[text] for text in harmless[:3]]], [harmful]):
        bulk = Bulk(redis)
        with StatementLog(database) as log:
            for texts in rounds:
                for reply in bulk.call(list(same_commands(texts))):
                    assert reply["ok"] or reply["error"]["code"] in FINE | {"UNIQUE_VIOLATION"}, reply
                database.script("DELETE FROM types;\nDELETE FROM checklist")
            seen.append(log.skeletons())
    harmless, harmful_seen = seen
    assert len(harmless) >= 8, harmless
    strange = harmful_seen - harmless
    assert not any(re.search(r"sleep|benchmark|union|drop|bystander|outfile|;|--|/\*|#", one,
                             re.IGNORECASE) for one in harmful_seen)
    assert len(strange) <= 2, "\n".join(sorted(strange)[:10])
