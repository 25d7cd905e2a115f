"""Commands that have to be refused for their form, each with the error it has to give. They are made from good ones."""

from model.prediction import Fault, fault

LATER_OPS = ["aggregate", "sql", "tx"]
LATER_FIELDS = {
    "create": ["on_conflict"],
    "read": ["after", "stream", "with"],
    "update": ["if", "max_affected", "rows", "order", "limit"],
    "delete": ["max_affected", "order", "limit"],
}
LATER_EVERYWHERE = ["lane", "not_before", "deadline", "timeout_ms", "dry_run"]
NOT_YET = "not in this version"

# Field to values of a type that it does not take, and to values of the right type that it does not take.
WRONG_TYPE = {
    "table": [1, ["x"], True], "id": [1.5, True, [1]], "reply_ttl_ms": ["x", 1.5], "traceparent": [1],
    "timing": [1, "yes"], "once": [1, "yes"], "db": [1, "yes"], "values": [1, "x", [1]], "set": [1, "x", [1]],
    "where": [1, "x", [1]],
    "pk": [[1]],
    "select": ["id", 1, [1]], "order": ["id", [1]], "limit": ["x", 1.5, True], "offset": ["x"], "page": ["x"],
    "page_size": ["x"], "first": [1], "required": [1, "x"], "returning": ["id", 1, [1]],
    "all": [1, "x"], "distinct": [1], "format": [1, ["arrays"]],
}
WRONG_VALUE = {
    "id": ["", "x" * 129], "reply_ttl_ms": [0, 3600001, -1],
    "traceparent": ["x", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"],
    "limit": [-1], "offset": [-1], "page": [0], "page_size": [0], "set": [{}], "pk": [None], "where": [None],
    "select": [[]], "returning": [[]], "format": ["", "lists"],
}
REQUIRED = {"describe": ["table"], "create": ["table", "values"], "read": ["table"], "count": ["table"],
            "exists": ["table"], "update": ["table", "set"], "delete": ["table"]}


def unknown_op(rng, command, fields):
    if rng.random() < 0.5:
        command["op"] = rng.choice(LATER_OPS)
        return fault("UNKNOWN_OP", hint=NOT_YET)
    command["op"] = rng.choice(["creat", "", "READ", "drop", "x" * 300, "read "])
    return fault("UNKNOWN_OP")


def no_op(rng, command, fields):
    command["op"] = None
    return fault("MISSING_FIELD")


def op_of_a_wrong_type(rng, command, fields):
    command["op"] = rng.choice([1, ["read"], True, {}])
    return fault("BAD_MESSAGE")


def unknown_field(rng, command, fields):
    name = rng.choice([name for name in ["tabel", "wher", "x", "", "PK", "delete", *fields.body_fields]
                       if name not in fields.of(command["op"])])
    command[name] = rng.choice([1, "x", [1], {"a": 1}])
    return Fault(("UNKNOWN_FIELD",))


def later_field(rng, command, fields):
    later = [*LATER_FIELDS.get(command["op"], []), *LATER_EVERYWHERE]
    command[rng.choice([name for name in later if name not in fields.of(command["op"])])] = 1
    return fault("UNKNOWN_FIELD", hint=NOT_YET)


def missing_field(rng, command, fields):
    names = REQUIRED.get(command["op"])
    if not names:
        return None
    name = rng.choice(names)
    if rng.random() < 0.5:
        del command[name]
    else:
        command[name] = None
    return fault("MISSING_FIELD")


def wrong_type(rng, command, fields):
    name = rng.choice(sorted(set(fields.of(command["op"])) & set(WRONG_TYPE)))
    command[name] = rng.choice(WRONG_TYPE[name])
    return Fault(("BAD_MESSAGE",), row=0 if name == "values" and isinstance(command[name], list) else None)


def wrong_value(rng, command, fields):
    names = sorted(set(fields.of(command["op"])) & set(WRONG_VALUE))
    name = rng.choice(names)
    command[name] = rng.choice(WRONG_VALUE[name])
    if name in ("page", "page_size"):
        command["page_size" if name == "page" else "page"] = 1
        for other in ("limit", "offset", "pk"):
            command.pop(other, None)
    return fault("BAD_VALUE")


def wrong_version(rng, command, fields):
    command["v"] = rng.choice([2, 0, "1", 1.0])
    return fault("BAD_MESSAGE")


def no_target(rng, command, fields):
    if command["op"] not in ("update", "delete"):
        return None
    for name in ("pk", "where", "all"):
        command.pop(name, None)
    command.update(rng.choice([{}, {"where": {}}, {"all": False}, {"where": []}]))
    return fault("WHERE_REQUIRED")


def two_targets(rng, command, fields):
    if command["op"] not in ("update", "delete", "exists", "read"):
        return None
    command["pk"] = 1
    if command["op"] in ("update", "delete") and rng.random() < 0.5:
        command.pop("where", None)
        command["all"] = True
    else:
        command.pop("all", None)
        command["where"] = {"id": 1}
    return fault("BAD_VALUE")


def no_rows_named(rng, command, fields):
    if command["op"] != "exists":
        return None
    command.pop("pk", None)
    command.pop("where", None)
    return fault("MISSING_FIELD")


def half_a_page(rng, command, fields):
    if command["op"] != "read":
        return None
    for name in ("page", "page_size", "limit", "offset"):
        command.pop(name, None)
    command[rng.choice(["page", "page_size"])] = 1
    return fault("MISSING_FIELD")


def page_and_limit(rng, command, fields):
    if command["op"] != "read":
        return None
    command.pop("pk", None)
    command.update(page=1, page_size=1)
    command[rng.choice(["limit", "offset"])] = 1
    return fault("BAD_VALUE")


def forbidden_address(rng, command, fields):
    command["reply_to"] = rng.choice(["elsewhere", "rowd:replies", "ROWD:REPLY:x"])
    return fault("FORBIDDEN")


def unknown_table(rng, command, fields):
    if "table" not in command:
        return None
    command["table"] = rng.choice(["persons", "PERSON", "", "rowd_slots", "rowd_ledger", "mysql.user", "person ",
                                   "\x00"])
    return fault("UNKNOWN_TABLE")


def message_too_large(rng, command, fields):
    command["meta"] = "x" * (1 << 20)
    return fault("TOO_LARGE")


def bad_regexp(rng, command, fields):
    if command["op"] != "count" or not fields.has_rows("person"):
        return None
    command["table"], command["where"] = "person", {"email": {"regexp": "("}}
    return fault("BAD_VALUE", column="email")


def bad_condition(rng, command, fields):
    if command["op"] not in ("count", "read", "exists"):
        return None
    command.pop("pk", None)
    command["table"] = "person"
    deep = {"points": 1}
    for _ in range(9):
        deep = {"not": deep}
    column, where = rng.choice([
        ("points", {"points": {}}), (None, {"and": []}), (None, {"or": {}}), (None, {"not": {}}),
        (None, {"and": [5]}), ("points", {"points": {"in": [1, None]}}), ("points", {"points": {"in": 1}}),
        ("points", {"points": {"null": 1}}),
        ("points", {"points": {"lt": None}}), ("points", {"points": {"gr": 1}}), ("points", {"points": [1, 2]}),
        ("points", {"points": {"between": [1]}}), ("points", {"points": {"contains": "1"}}),
        ("email", {"email": {"contains": 5.5}}), (None, deep)])
    command["where"] = where
    for name in ("order", "select"):
        command.pop(name, None)
    return fault("BAD_VALUE", column=column)


MISTAKES = [unknown_op, no_op, op_of_a_wrong_type, unknown_field, later_field, missing_field, wrong_type, wrong_value,
            wrong_version, no_target, two_targets, no_rows_named, half_a_page, page_and_limit, forbidden_address,
            bad_regexp, bad_condition]
# A megabyte each; and what rowd reads the catalog again for, once per second at most.
RARE = [message_too_large, unknown_table]


class Fields:
    """What the mistakes have to know: which fields an operation takes, from the schema."""

    def __init__(self, by_op, database):
        self.by_op, self.database = by_op, database
        self.body_fields = sorted({name for names in by_op.values() for name in names})

    def of(self, op):
        return self.by_op[op]

    def has_rows(self, table):
        return bool(self.database.rows[table])


def make(rng, command, fields):
    """The fault that the command, changed in place, has to be answered with; None when nothing was changed."""
    mistakes = RARE if rng.random() < 0.04 else MISTAKES
    return rng.choice(mistakes)(rng, command, fields)
