"""create: the keys that the server generates are taken from the reply, and have to rise."""

from model.database import unique_value
from model.operations.common import columns_named, read_values
from model.prediction import Prediction, Rows, fault, refused
from model.schema import NONE


def told_ids(table, command, reply, count):
    """The keys in the reply, or None where it has none."""
    name = table.auto_increment.name
    if not reply.get("ok"):
        return [None] * count
    if "insert_ids" in reply or "insert_id" in reply:
        ids = reply.get("insert_ids", [reply.get("insert_id")])
    else:
        rows = reply.get("rows", [reply.get("row")])
        ids = [row.get(name) if isinstance(row, dict) else None for row in rows]
    return ids + [None] * (count - len(ids))


def first_faults(per_row, is_array):
    """Those of the first row that has any, each once per code."""
    for faults in per_row:
        if faults:
            return faults
    return []


def create(world, table, command, reply):
    is_array = isinstance(command["values"], list)
    rows = [row if isinstance(row, dict) else {} for row in command["values"]] if is_array else [command["values"]]
    returning = command.get("returning")
    names, faults = columns_named(table, returning)
    returns = returning is not False
    if not returns:
        faults = []
    read = [read_values(table, row, world.codec, index if is_array else None) for index, row in enumerate(rows)]
    early = [values.early for values in read if values.early]
    if faults or early:
        return refused(*faults, *[one for found in early for one in found])
    if not rows:
        return no_rows(table, returns)
    if returns and not table.key and not world.is_mariadb:
        return refused(fault("BAD_VALUE"))
    return store(world, table, command, reply, Request(rows, read, names, returns, is_array))


def has_text_key(table):
    """Whether only the server knows which rows are in each other's way."""
    return any(table.by_name[name].kind.textual for unique in table.all_uniques for name in unique.columns)


def rows_like(table, name, inserted):
    """Which rows before the last one have its value of the unique key of that name."""
    for unique in table.all_uniques:
        if unique.name == name:
            last = unique_value(table, unique, inserted[-1])
            return tuple(index for index, row in enumerate(inserted[:-1]) if unique_value(table, unique, row) == last)
    return ()


class Request:
    def __init__(self, rows, read, names, returns, is_array):
        self.rows, self.read, self.names, self.returns, self.is_array = rows, read, names, returns, is_array


def no_rows(table, returns):
    body = {"affected": 0}
    if returns:
        body["rows"] = []
    elif table.auto_increment:
        body["insert_ids"] = []
    return Prediction(body=body)


def complete(table, values):
    """The row with its defaults, and the columns that have neither a value nor a default."""
    row, lacking = {}, []
    for column in table.columns:
        if column.name in values:
            row[column.name] = values[column.name]
        elif column.default is not NONE:
            row[column.name] = column.default
        else:
            row[column.name] = None
            if not column.nullable and not column.generated and not column.auto_increment:
                lacking.append(fault("NOT_NULL_VIOLATION", column=column.name))
    return row, lacking


def store(world, table, command, reply, request):
    trial = world.database.trial()
    key = table.auto_increment
    ids = told_ids(table, command, reply, len(request.rows)) if key else []
    last, inserted, per_row = world.database.last_generated[table.name], [], []
    for index, values in enumerate(request.read):
        row, lacking = complete(table, values.stored)
        late, strange = list(values.late), []
        if key and row[key.name] is None:
            told = ids[index]
            if reply.get("ok") and not (isinstance(told, int) and told > last):
                strange = [fault(f"a generated key above {last}")]
            row[key.name] = last = told if isinstance(told, int) else last + 1
        found = trial.insert(table, row)
        inserted.append(row)
        found = strange + lacking + late + [one for one in found if not any(
            one.column == other.column and one.codes == other.codes for other in lacking + late)
            and not (one.codes == ("NOT_NULL_VIOLATION",) and one.column in [other.column for other in late])]
        for one in found:
            # In which row it was, the server does not say of a trigger's own errors.
            one.row = "*" if "SQL_ERROR" in one.codes else index if request.is_array else None
            # A create that was sent along with it may be in the way when the server is asked which row it was.
            one.row_may_lack = not world.alone and request.is_array and has_text_key(table)
            one.like_row = rows_like(table, one.constraint, inserted)
        per_row.append(found)
    faults = first_faults(per_row, request.is_array)
    if faults:
        return refused(*faults)

    def change():
        trial.commit()
        world.database.last_generated[table.name] = last
    adjusted = {name for values in request.read for name in values.adjusted}
    return Prediction(body=body_of(table, request, inserted), adjusted=adjusted, change=change)


def body_of(table, request, inserted):
    body = {"affected": len(inserted)}
    if request.returns:
        body["rows" if request.is_array else "row"] = Rows(table, request.names, inserted, exact=True)
    elif table.auto_increment:
        ids = [row[table.auto_increment.name] for row in inserted]
        body["insert_ids" if request.is_array else "insert_id"] = ids if request.is_array else ids[0]
    return body
