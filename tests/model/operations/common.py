"""What several operations share: lists of columns, keys, values to store."""

from model.kinds import Refused
from model.prediction import Fault, fault


class Values:
    """A map from column to value, as it is stored."""

    def __init__(self):
        self.stored = {}
        self.adjusted = set()
        self.early = []  # faults that rowd finds before it asks the server
        self.late = []   # faults that only the server finds, when it comes to this row


def read_values(table, values, codec, row=None):
    read = Values()
    for name, value in values.items():
        column = table.by_name.get(name)
        if column is None:
            read.early.append(fault("UNKNOWN_COLUMN", column=name, row=row))
        elif column.generated:
            read.early.append(fault("BAD_VALUE", column=name, row=row))
        elif value is None and column.kind.name == "TIMESTAMP" and not column.nullable:
            read.early.append(fault("NOT_NULL_VIOLATION", column=name, row=row))
        elif value is None:
            read.stored[name] = None
        else:
            _store(read, column, value, codec, row)
    return read


def _store(read, column, value, codec, row):
    try:
        stored = column.kind.store(value, codec)
    except Refused as refusal:
        found = Fault(refusal.codes, column=column.name, row=row)
        (read.late if refusal.late else read.early).append(found)
        read.stored[column.name] = None
        return
    read.stored[column.name] = stored.value
    if stored.adjusted:
        read.adjusted.add(column.name)


def columns_named(table, names):
    """The columns of `select` or `returning`, and faults; all without."""
    if not isinstance(names, list):
        return list(table.by_name), []
    if not names:
        return [], [fault("BAD_VALUE")]
    faults = [fault("UNKNOWN_COLUMN", column=name) for name in names if name not in table.by_name]
    faults += [fault("BAD_VALUE", column=name) for name in names if names.count(name) > 1 and name in table.by_name]
    return names, faults


class Key:
    """What `pk` names: finds the row, or has faults."""

    def __init__(self, table, pk, codec):
        self.table, self.wanted, self.faults = table, {}, []
        if not table.key:
            self.faults.append(fault("BAD_VALUE"))
            return
        if not isinstance(pk, dict):
            if len(table.key) > 1:
                self.faults.append(fault("BAD_VALUE"))
                return
            pk = {table.key[0]: pk}
        for name, value in pk.items():
            self._read(name, value, codec)
        self.faults += [fault("BAD_VALUE", column=name) for name in table.key if name not in pk]

    def _read(self, name, value, codec):
        column = self.table.by_name.get(name)
        if column is None:
            self.faults.append(fault("UNKNOWN_COLUMN", column=name))
        elif name not in self.table.key or value is None:
            self.faults.append(fault("BAD_VALUE", column=name))
        else:
            try:
                self.wanted[name] = column.kind.operand(value, codec)
            except Refused as refusal:
                self.faults.append(Fault(refusal.codes, column=name))

    def holds(self, row):
        return all(self.table.by_name[name].kind.key(row[name]) == value for name, value in self.wanted.items())
