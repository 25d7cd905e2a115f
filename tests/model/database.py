"""The rows of all tables, and what the server makes sure of: NOT NULL, CHECK, unique and foreign keys."""

from model.kinds import Refused
from model.prediction import Fault, fault


def unique_value(table, unique, row):
    """What no other row may have; None when a NULL in it makes it equal to nothing."""
    values = tuple(row[name] for name in unique.columns)
    if None in values:
        return None
    return tuple(table.by_name[name].kind.key(value) for name, value in zip(unique.columns, values))


def only_column(unique):
    return unique.columns[0] if len(unique.columns) == 1 else None


def compute(table, row):
    """The generated columns, unless the row is refused anyway."""
    if any(row[column.name] is None for column in table.columns if not column.nullable):
        return
    for column in table.columns:
        if column.generated:
            row[column.name] = column.generated(row)


class Database:
    def __init__(self, tables):
        self.tables = tables
        self.rows = {name: [] for name in tables}
        self.last_generated = dict.fromkeys(tables, 0)

    def seen(self, table):
        """The rows of a table or a view."""
        if table.is_view:
            return [row for row in self.rows[table.base] if table.shows(row)]
        return self.rows[table.name]

    def trial(self):
        return Trial(self)

    def references_to(self, parent):
        """(child table, foreign key) of all that refer to it."""
        return [(table, key) for table in self.tables.values() for key in table.foreign_keys
                if key.parent == parent.name]


class Trial:
    """Changes that are made as a whole, or not. Each step answers with the faults that the server might name; with
    any, the trial is to be dropped."""

    def __init__(self, database):
        self.database = database
        self.rows = dict(database.rows)
        self.touched = set()

    def commit(self):
        self.database.rows = self.rows

    def own(self, name):
        """The table's rows, to be changed."""
        if name not in self.touched:
            self.rows[name] = [dict(row) for row in self.rows[name]]
            self.touched.add(name)
        return self.rows[name]

    def insert(self, table, row):
        compute(table, row)
        faults = self._row_faults(table, row)
        if table.signals and table.signals(row):
            faults.append(fault("SQL_ERROR"))
        faults += self._unique_faults(table, row, self.own(table.name))
        faults += self._parent_faults(table, row)
        self.own(table.name).append(row)
        return faults

    def update(self, table, matched, changes):
        """matched: rows of this trial. changes: values, or what makes one of the old. Answers with faults and the number
        of rows that changed."""
        faults, affected = [], 0
        for row in matched:
            before = dict(row)
            refusals = self._assign(row, changes)
            if refusals:
                faults += refusals
                # The server may come to a NULL first.
                faults += [one for one in self._row_faults(table, row) if one.codes == ("NOT_NULL_VIOLATION",)]
                continue
            compute(table, row)
            if row == before:
                continue
            affected += 1
            faults += self._row_faults(table, row)
            faults += self._unique_faults(table, row, self.own(table.name))
            faults += self._parent_faults(table, row, before)
            faults += self._follow_key(table, before, row)
        return faults, affected

    def _assign(self, row, changes):
        faults = []
        for name, change in changes.items():
            try:
                row[name] = change(row[name]) if callable(change) else change
            except Refused as refusal:
                faults.append(Fault(refusal.codes, column=name))
        return faults

    def delete(self, table, matched):
        faults = []
        gone = {id(row) for row in matched}
        self.rows[table.name] = [row for row in self.own(table.name) if id(row) not in gone]
        for row in matched:
            for child, key in self.database.references_to(table):
                faults += self._let_go(child, key, row["id"], key.on_delete, None)
        return faults

    # --- constraints ------------------------------------------------------------------------------------------------

    def _row_faults(self, table, row):
        faults = [fault("NOT_NULL_VIOLATION", column=column.name) for column in table.columns
                  if not column.nullable and row[column.name] is None]
        if not faults:
            faults = [fault("CHECK_VIOLATION", constraint=check.name) for check in table.checks
                      if check.holds(row) is False]
        return faults

    def _unique_faults(self, table, row, rows):
        faults = []
        for unique in table.all_uniques:
            value = unique_value(table, unique, row)
            if value is not None and any(other is not row and unique_value(table, unique, other) == value
                                         for other in rows):
                faults.append(fault("UNIQUE_VIOLATION", constraint=unique.name, column=only_column(unique)))
        return faults

    def _parent_faults(self, table, row, before=None):
        return [fault("FOREIGN_KEY_VIOLATION", constraint=key.name, column=key.column) for key in table.foreign_keys
                if row[key.column] is not None and (before is None or before[key.column] != row[key.column])
                and not any(parent["id"] == row[key.column] for parent in self.rows[key.parent])]

    def _follow_key(self, table, before, after):
        """ON UPDATE, where others refer to the key that changed."""
        faults = []
        for child, key in self.database.references_to(table):
            if before["id"] != after["id"]:
                faults += self._let_go(child, key, before["id"], key.on_update, after["id"])
        return faults

    def _let_go(self, child, key, value, action, new):
        """What becomes of the rows that refer to the value. new: None when the parent is gone."""
        referring = [row for row in self.own(child.name) if row[key.column] == value]
        if not referring:
            return []
        if action == "RESTRICT":
            return [fault("FOREIGN_KEY_VIOLATION", constraint=key.name)]
        if action == "CASCADE" and new is None:
            return self.delete(child, referring)
        for row in referring:
            row[key.column] = None if action == "SET NULL" else new
        return []
