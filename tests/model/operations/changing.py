"""update, delete."""

from model.kinds import Refused
from model.operations import operators
from model.operations.common import columns_named, read_values
from model.operations.reading import find, too_large
from model.prediction import Fault, Prediction, Rows, fault, refused


def unwrap(value):
    """What `set` writes as {"value": …} is a value."""
    return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value


def read_set(table, changes, codec):
    """The values to store; those of operators are made of each row's."""
    made = {name: value for name, value in changes.items() if isinstance(value, dict) and "value" not in value
            and name in table.by_name and not table.by_name[name].generated}
    read = read_values(table, {name: unwrap(value) for name, value in changes.items() if name not in made}, codec)
    for name, operator in made.items():
        try:
            change = operators.read(table, table.by_name[name], operator, codec)
        except Refused as refusal:
            read.early.append(Fault(refusal.codes, column=name))
            continue
        read.stored[name] = change
        if change.adjusted:
            read.adjusted.add(name)
    return read


def noted(changes):
    """The columns that the server's notes may be about: which of them it was, nobody tells."""
    products = {name: change for name, change in changes.items() if getattr(change, "may_note", False)}
    return set(products) if any(change.noted for change in products.values()) else set()


def returned(table, command, default):
    """(columns or None, faults)."""
    returning = command.get("returning")
    if returning is False or (returning is None and not default):
        return None, []
    return columns_named(table, returning)


def result(table, command, names, rows):
    """The part of the body that tells the rows."""
    if names is None:
        return {}
    return {"row" if command.get("pk") is not None else "rows": Rows(table, names, rows)}


def update(world, table, command):
    by_key = command.get("pk") is not None
    names, faults = returned(table, command, by_key)
    found, not_found = find(world, table, command)
    values = read_set(table, command["set"], world.codec)
    faults = faults + not_found + values.early
    if names is not None and not by_key:
        if not table.key:
            faults.append(fault("BAD_VALUE"))
        faults += [fault("BAD_VALUE", column=name) for name in table.key if name in command["set"]]
    if faults:
        return refused(*faults)
    if names is not None and too_large(world, found):
        return refused(fault("TOO_LARGE"))

    trial = world.database.trial()
    wanted = {id(row) for row in found}
    matched = [mine for mine, its in zip(trial.own(table.name), world.database.rows[table.name]) if id(its) in wanted]
    late = values.late if matched else []
    faults, affected = trial.update(table, matched, values.stored)
    if late:
        return refused(*late, *[one for one in faults if one.column not in [other.column for other in late]])
    if faults:
        return refused(*faults)
    if command.get("required") and not matched:
        return refused(fault("NOT_FOUND"))
    return Prediction(body={"matched": len(matched), "affected": affected, **result(table, command, names, matched)},
                      adjusted=values.adjusted | noted(values.stored), change=trial.commit)


def delete(world, table, command):
    names, faults = returned(table, command, False)
    found, not_found = find(world, table, command)
    faults = faults + not_found
    if names is not None and not table.key and not world.is_mariadb:
        faults.append(fault("BAD_VALUE"))
    if faults:
        return refused(*faults)
    if names is not None and too_large(world, found):
        return refused(fault("TOO_LARGE"))
    trial = world.database.trial()
    wanted = {id(row) for row in found}
    matched = [mine for mine, its in zip(trial.own(table.name), world.database.rows[table.name]) if id(its) in wanted]
    faults = trial.delete(table, matched)
    if faults:
        return refused(*faults)
    if command.get("required") and not matched:
        return refused(fault("NOT_FOUND"))
    return Prediction(body={"affected": len(matched), **result(table, command, names, found)}, change=trial.commit)
