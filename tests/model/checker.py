"""Compares a reply with what was predicted. Answers in words what is wrong, or None."""

from collections import Counter

from model.prediction import Rows

ENVELOPE = {"v", "id", "op", "ok", "meta", "traceparent", "us", "warnings"}


def check(prediction, command, reply, codec):
    problem = check_envelope(command, reply, codec)
    if problem:
        return problem
    if not prediction.ok:
        return check_error(prediction.faults, reply)
    if not reply["ok"]:
        return "no error was to be expected"
    body = {name: value for name, value in reply.items() if name not in ENVELOPE}
    if set(body) != set(prediction.body):
        return f"the reply has {sorted(body)}, not {sorted(prediction.body)}"
    for name, expected in prediction.body.items():
        problem = check_field(expected, body[name], name, codec)
        if problem:
            return f"{name}: {problem}"
    return check_warnings(prediction.adjusted, reply.get("warnings", []))


def check_envelope(command, reply, codec):
    op = command.get("op")
    expected = {"v": 1, "id": command.get("id"), "op": op if isinstance(op, str) else None}
    for name in ("meta", "traceparent"):
        if command.get(name) is not None:
            expected[name] = command[name]
        elif name in reply:
            return f"{name} was not asked for"
    for name, value in expected.items():
        if name not in reply or reply[name] != value or type(reply[name]) is not type(value):
            # What could not be read is not echoed.
            if not reply["ok"] and reply.get(name) is None:
                continue
            return f"{name} is {reply.get(name)!r}, not {value!r}"
    if reply["ok"] and bool(command.get("timing")) != ("us" in reply):
        return "`us` comes with `timing`"
    if "us" in reply and reply["us"]["total"] < reply["us"]["wait"] + reply["us"]["db"]:
        return "the parts of `us` are more than its total"
    return None


def check_error(faults, reply):
    if reply["ok"]:
        return "an error was to be expected"
    error = reply["error"]
    problems = []
    for fault in faults:
        problem = check_fault(fault, error)
        if problem is None:
            return None
        problems.append(problem)
    return "; ".join(problems)


def check_fault(fault, error):
    if error["code"] not in fault.codes:
        return f"code {error['code']}, not {' or '.join(fault.codes)}"
    if fault.hint and error.get("hint") != fault.hint:
        return f"hint {error.get('hint')!r}, not {fault.hint!r}"
    told = error.get("at", {})
    for name in ("row", "column", "constraint"):
        expected = getattr(fault, name)
        if name == "row" and fault.row_may_lack and (name not in told or told[name] in fault.like_row):
            continue
        if expected != "*" and told.get(name) != expected:
            return f"at.{name} is {told.get(name)!r}, not {expected!r}"
    return None


def check_warnings(adjusted, warnings):
    """One for each column of which something was cut or rounded away."""
    if len(warnings) != min(len(adjusted), 8):
        return f"warnings for {sorted(adjusted)} were to be expected"
    for warning in warnings:
        if not any(f"`{name}`" in warning["message"] for name in adjusted):
            return f"a warning about none of {sorted(adjusted)}: {warning['message']}"
    return None


def check_field(expected, got, name, codec):
    if isinstance(expected, Rows):
        return check_row(expected, got, codec) if name == "row" else check_rows(expected, got, codec)
    if callable(expected):
        return expected(got)
    if type(got) is not type(expected) or got != expected:
        return f"{got!r}, not {expected!r}"
    return None


def is_row(rows, row, got, codec):
    """Whether the reply's row is this one, or one that stands for it."""
    if rows.arrays:
        if not isinstance(got, list) or len(got) != len(rows.columns):
            return False
        got = dict(zip(rows.columns, got))
    return got.keys() == set(rows.columns) and any(
        is_same(rows, one, got, codec) for one in rows.equals.get(id(row), [row]))


def is_same(rows, row, got, codec):
    return all(rows.table.by_name[name].kind.is_told(row[name], got[name], codec) if row[name] is not None
               else got[name] is None for name in rows.columns)


def tell(rows, row):
    return {name: None if row[name] is None else rows.table.by_name[name].kind.told(row[name], "msgpack")
            for name in rows.columns}


def check_row(rows, got, codec):
    if not rows.rows:
        return None if got is None else "nil was to be expected"
    if got is not None and is_row(rows, rows.rows[0], got, codec):
        return None
    # Of rows that are equal in the order any may be the first: here there is no such row.
    return f"not {tell(rows, rows.rows[0])!r}"


def check_rows(rows, got, codec):
    if len(got) != len(rows.rows):
        return f"{len(got)} rows, not {len(rows.rows)}: {[tell(rows, row) for row in rows.rows]!r}"
    at = 0
    while at < len(got):
        end = at + 1
        while not rows.exact and end < len(got) and (rows.keys is None or rows.keys[end] == rows.keys[at]):
            end += 1
        problem = check_group(rows, rows.rows[at:end], got[at:end], codec, at)
        if problem:
            return problem
        at = end
    return None


def check_group(rows, expected, got, codec, at):
    """Rows whose order among each other nobody promised."""
    left = list(expected)
    for offset, one in enumerate(got):
        for row in left:
            if is_row(rows, row, one, codec):
                left.remove(row)
                break
        else:
            return f"row {at + offset} is {one!r}; expected there: {[tell(rows, row) for row in left]!r}"
    return None


def difference(world, table, connection):
    """What is in the table, read without rowd, beside what the model has; None when it is the same."""
    names = [column.name for column in table.columns]
    selected = ", ".join(column.kind.select("`" + column.name.replace("`", "``") + "`") for column in table.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {selected} FROM `{table.name}`")
        found = [{name: None if text is None else table.by_name[name].kind.from_sql(text)
                  for name, text in zip(names, row)} for row in cursor.fetchall()]
    expected = [{name: row[name] for name in names} for row in world.database.seen(table)]
    there, wanted = Counter(map(repr_of, found)), Counter(map(repr_of, expected))
    if there == wanted:
        return None
    return f"{table.name}: only in the database: {list((there - wanted).elements())}; only in the model: " \
           f"{list((wanted - there).elements())}"


def repr_of(row):
    return repr([(name, sorted(value.items()) if isinstance(value, dict) else value) for name, value in row.items()])
