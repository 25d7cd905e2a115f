"""read, count, exists."""

from model.conditions import Condition
from model.operations.common import Key, columns_named
from model.prediction import Prediction, Rows, fault, refused


class OrderKey:
    """Compares values of one column, either way, with NULL where it belongs."""

    def __init__(self, value, descending, nulls_last):
        self.value, self.descending, self.nulls_last = value, descending, nulls_last

    def __eq__(self, other):
        return self.value == other.value

    def __lt__(self, other):
        if self.value is None or other.value is None:
            if self.value is None and other.value is None:
                return False
            return (self.value is None) != self.nulls_last
        return other.value < self.value if self.descending else self.value < other.value

    def __repr__(self):
        return f"{self.value!r}{' desc' if self.descending else ''}"


def read_order(table, order):
    """[(column, descending, nulls last)] and faults."""
    items, faults = [], []
    for item in order or []:
        if isinstance(item, dict):
            name, descending, nulls = item["col"], item.get("desc", False), item.get("nulls")
        else:
            name, descending, nulls = item, False, None
            if name not in table.by_name and name.startswith("-") and len(name) > 1:
                name, descending = name[1:], True
        if name not in table.by_name:
            faults.append(fault("UNKNOWN_COLUMN", column=name))
        elif name not in [column.name for column, _, _ in items]:
            items.append((table.by_name[name], descending, descending if nulls is None else nulls == "last"))
    return items, faults


def order_key(items, row):
    return [OrderKey(None if row[column.name] is None else column.kind.order_key(row[column.name]), descending, last)
            for column, descending, last in items]


def part_of(command):
    """(offset, limit or None), and whether the key is appended to the order."""
    offset, limit = command.get("offset") or 0, command.get("limit")
    given = any(command.get(name) is not None for name in ("offset", "limit", "page"))
    if command.get("page") is not None:
        limit = command["page_size"]
        offset = (command["page"] - 1) * limit
    if command.get("first"):
        limit, given = min(limit if limit is not None else 1, 1), True
    return offset, limit, given


def find(world, table, command):
    """The rows that pk or where names, and faults."""
    rows = world.database.seen(table)
    if command.get("pk") is not None:
        found = Key(table, command["pk"], world.codec)
    elif command.get("where"):
        found = Condition(table, command["where"], world.codec)
    else:
        return list(rows), []
    return [] if found.faults else [row for row in rows if found.holds(row)], found.faults


def folded_value(kind, value):
    """Equal for what is equal to the server."""
    if value is None:
        return None
    return repr(value) if isinstance(value, (dict, list)) else kind.key(value)


def distinct(table, names, rows):
    """One row of each that are equal in the columns named, and for each those that may stand for it."""
    classes = {}
    for row in rows:
        classes.setdefault(tuple(folded_value(table.by_name[name].kind, row[name]) for name in names), []).append(row)
    return [members[0] for members in classes.values()], {id(members[0]): members for members in classes.values()}


def distinct_faults(table, command, names, items):
    faults = [fault("BAD_VALUE", column=column.name) for column, _, _ in items if column.name not in names]
    if part_of(command)[2]:
        faults += [fault("BAD_VALUE", column=name) for name in names
                   if name in table.by_name and not table.by_name[name].kind.comparable]
    return faults


def too_large(world, rows):
    return len(rows) > world.max_rows


def read(world, table, command):
    names, faults = columns_named(table, command.get("select"))
    rows, found = find(world, table, command)
    items, unordered = read_order(table, command.get("order"))
    faults = faults + found + unordered
    if command.get("pk") is not None:
        # They say nothing about one row.
        faults += [fault("BAD_VALUE") for name in ("order", "limit", "offset", "page", "distinct") if command.get(name)]
    elif command.get("distinct"):
        faults += distinct_faults(table, command, names, items)
    if faults:
        return refused(*faults)

    offset, limit, part = part_of(command)
    if part and command.get("pk") is None:
        ordered = [column.name for column, _, _ in items]
        appended = names if command.get("distinct") else table.key
        items += [(table.by_name[name], False, False) for name in appended if name not in ordered]
    equals = {}
    if command.get("distinct"):
        rows, equals = distinct(table, names, rows)
    rows = sorted(rows, key=lambda row: order_key(items, row))
    if part and not table.key and not command.get("distinct"):
        equals = ties(items, rows)
    rows = rows[offset:] if limit is None else rows[offset:offset + limit]
    if too_large(world, rows):
        return refused(fault("TOO_LARGE"))
    if command.get("required") and not rows:
        return refused(fault("NOT_FOUND"))
    one = command.get("pk") is not None or command.get("first")
    arrays = command.get("format") == "arrays"
    told = Rows(table, names, rows, [order_key(items, row) for row in rows], arrays=arrays, equals=equals)
    return Prediction(body={"row" if one else "rows": told, **({"cols": names} if arrays else {})})


def ties(items, rows):
    """For each row those that may stand in its place. Without a key nothing decides between rows that are equal in the
    order; they were not even written in the order of their commands."""
    keys = [order_key(items, row) for row in rows]
    return {id(row): [other for other, there in zip(rows, keys) if not here < there and not there < here]
            for row, here in zip(rows, keys)}


def count(world, table, command):
    rows, faults = find(world, table, command)
    return refused(*faults) if faults else Prediction(body={"value": len(rows)})


def exists(world, table, command):
    rows, faults = find(world, table, command)
    return refused(*faults) if faults else Prediction(body={"value": bool(rows)})
