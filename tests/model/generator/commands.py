"""A random command per operation, well formed but for the values in it."""

from model.generator import operators, values
from model.generator.conditions import Conditions

WEIGHTS = {"ping": 3, "info": 2, "tables": 2, "describe": 2, "create": 26, "read": 26, "count": 7, "exists": 7,
           "update": 18, "delete": 11}
FULL = 40  # rows of a table, from which on more is deleted than created


class Commands:
    """mistakes: how often a value or a field is wrong. unknown: how often a column's name is; seldom, because rowd then
    reads the catalog again, once per second at most, and the command waits for it."""

    def __init__(self, rng, world, codec, mistakes=0.025, unknown=0.003):
        self.rng, self.world, self.codec, self.mistakes, self.unknown = rng, world, codec, mistakes, unknown

    def command(self):
        rng = self.rng
        op = rng.choices(list(WEIGHTS), WEIGHTS.values())[0]
        if op == "ping":
            return {"op": op, **({"db": rng.random() < 0.5} if rng.random() < 0.5 else {})}
        if op in ("info", "tables"):
            return {"op": op}
        table = self._table(op)
        return {"op": op, "table": table.name, **getattr(self, f"_{op}")(table)}

    def _table(self, op):
        tables = [table for table in self.world.database.tables.values() if op not in ("create", "update", "delete")
                  or not table.is_view or self.rng.random() < self.mistakes]
        if op == "create":
            wanted = [table for table in tables if len(self._rows(table)) < FULL + 15]
            tables = wanted or tables
        return self.rng.choice(tables + [self.world.database.tables["everything"]] * 4)

    def _rows(self, table):
        return self.world.database.seen(table)

    def _column_list(self, table, always=()):
        rng = self.rng
        names = rng.sample(list(table.by_name), rng.randint(1, min(4, len(table.by_name))))
        names += [name for name in always if name not in names]
        if rng.random() < self.mistakes:
            names.append(names[0])
        if rng.random() < self.unknown:
            names.append(rng.choice(["no_such", names[0].upper() + "x"]))
        return names

    # --- which rows ---------------------------------------------------------------------------------------------------

    def key(self, table):
        """A key's value, mostly of a row that is there."""
        rng = self.rng
        rows = self._rows(table)
        if rows and rng.random() < 0.85:
            row = rng.choice(rows)
            key = {name: table.by_name[name].kind.told(row[name], "msgpack") for name in table.key}
        else:
            key = {name: rng.choice(self._free_ids(table)) if table.by_name[name].auto_increment
                   else values.good(rng, table.by_name[name], self.codec) for name in table.key}
        if rng.random() < self.mistakes:
            name = rng.choice(table.key)
            key[name] = rng.choice([None, values.bad(rng, table.by_name[name], self.codec)])
        if rng.random() < self.mistakes:
            key[rng.choice(list(table.by_name))] = 1
        if rng.random() < self.unknown:
            key["no_such"] = 1
        only = key[table.key[0]]
        if len(key) == 1 and rng.random() < 0.8 and only is not None and not isinstance(only, (list, dict)):
            return only
        return key

    def where(self, table):
        made = Conditions(self.rng, table, self._rows(table), self.codec, self.mistakes / 2).where()
        if self.rng.random() < self.unknown:
            made[self.rng.choice(["no_such", "idd"])] = 1
        return made

    def _target(self, table):
        rng = self.rng
        if table.key and rng.random() < 0.6:
            return {"pk": self.key(table)}
        if rng.random() < (0.15 if len(self._rows(table)) > FULL else 0.04):
            return {"all": True, **({"where": {}} if rng.random() < 0.0 else {})}
        return {"where": self.where(table)}

    # --- per operation ------------------------------------------------------------------------------------------------

    def _describe(self, table):
        return {}

    def _row(self, table):
        rng = self.rng
        row = {}
        columns = [column for column in table.columns if not column.generated]
        if table.name == "everything":
            columns = rng.sample(columns, rng.randint(0, 8))
        for column in columns:
            optional = column.nullable or column.auto_increment or column.default_sql
            if column.auto_increment:
                if rng.random() < 0.15:
                    row[column.name] = rng.choice([None, None, *self._free_ids(table)])
                continue
            if optional and rng.random() < 0.35 or rng.random() < self.mistakes:
                continue
            row[column.name] = self.value(table, column)
        if table.name == "person" and rng.random() < self.mistakes:
            row["doubled"] = 1
        if rng.random() < self.unknown:
            row["no_such"] = 1
        return row

    def _free_ids(self, table):
        """Below what was generated, so that no generated key meets them."""
        return [self.rng.randint(0, self.world.database.last_generated[table.name])]

    def value(self, table, column):
        """What refers to another table mostly names a row of it."""
        rng = self.rng
        for key in table.foreign_keys:
            parents = self.world.database.rows[key.parent]
            if key.column != column.name:
                continue
            if parents and rng.random() < 0.93:
                return None if column.nullable and rng.random() < 0.1 else rng.choice(parents)["id"]
            if self.world.database.tables[key.parent].auto_increment:
                return rng.choice(self._free_ids(self.world.database.tables[key.parent]))
        if column.name == "points":
            return rng.choice([-1, 2000, 2**31, -5] if rng.random() < 0.15 else [*range(30), 1000])
        if column.name == "tag":
            return rng.choice([None, rng.randint(0, 60)])
        if table.name == "badge" and column.name == "id":
            return rng.randint(0, 60)
        if table.name == "note" and column.name == "team":
            return rng.randint(0, 5)
        if table.name == "alarm" and column.name == "level":
            return rng.randint(0, 20)
        return values.to_store(rng, column, self.codec, self.mistakes)

    def _create(self, table):
        rng = self.rng
        if rng.random() < 0.6:
            made = {"values": self._row(table)}
        else:
            made = {"values": [self._row(table) for _ in range(rng.choice([0, 1, 2, 2, 3, 5]))]}
        if rng.random() < 0.3:
            # The generated key has to be told: the model knows it from there only.
            always = [table.auto_increment.name] if table.auto_increment else []
            made["returning"] = rng.choice([True, False, self._column_list(table, always)])
        return made

    def _read(self, table):
        rng = self.rng
        made = {}
        if rng.random() < 0.3:
            made["select"] = self._column_list(table)
        if rng.random() < 0.1:
            made["required"] = rng.random() < 0.8
        if rng.random() < 0.15:
            made["format"] = rng.choice(["arrays", "arrays", "maps"])
        if table.key and rng.random() < 0.4:
            return {**made, "pk": self.key(table)}
        if rng.random() < 0.7:
            made["where"] = self.where(table) if rng.random() < 0.97 else {}
        if rng.random() < 0.5:
            made["order"] = self._order(table)
        self._add_part(made)
        if rng.random() < 0.12:
            self._add_distinct(table, made)
        if not table.key and any(name in made for name in ("limit", "offset", "page", "first")):
            # Nothing is appended: all of the columns make the order complete.
            made["order"] = [name for name in table.by_name if table.by_name[name].kind.comparable]
            made.pop("select", None)
            made.pop("distinct", None)
        return made

    def _add_distinct(self, table, made):
        """Of few columns, so that there are equal rows."""
        rng = self.rng
        made["distinct"] = rng.random() < 0.9
        made["select"] = rng.sample(list(table.by_name), 1 if rng.random() < 0.6 else min(2, len(table.by_name)))
        if "order" in made and rng.random() > self.mistakes:
            made["order"] = rng.sample(made["select"], 1)
            if not table.by_name[made["order"][0]].kind.comparable:
                del made["order"]

    def _add_part(self, made):
        rng = self.rng
        part = rng.random()
        if part < 0.2:
            made["limit"] = rng.choice([0, 1, 2, 5, 60])
        if part < 0.05 or 0.2 < part < 0.25:
            made["offset"] = rng.choice([0, 1, 3, 100])
        if 0.25 < part < 0.35:
            made["page"], made["page_size"] = rng.choice([1, 2, 3]), rng.choice([1, 3, 10])
        if rng.random() < 0.15:
            made["first"] = rng.random() < 0.8

    def _order(self, table):
        rng = self.rng
        items = []
        for name in rng.sample(list(table.by_name), min(len(table.by_name), rng.randint(1, 2))):
            if not table.by_name[name].kind.comparable:
                continue
            shape = rng.randrange(5)
            if shape < 2:
                items.append(name)
            elif shape == 2:
                items.append(f"-{name}")
            else:
                item = {"col": name}
                if rng.random() < 0.5:
                    item["desc"] = rng.random() < 0.7
                if rng.random() < 0.6:
                    item["nulls"] = rng.choice(["first", "last"])
                items.append(item)
        if rng.random() < self.unknown:
            items.append(rng.choice(["no_such", {"col": "no_such"}]))
        return items

    def _count(self, table):
        return {"where": self.where(table)} if self.rng.random() < 0.8 else {}

    def _exists(self, table):
        if table.key and self.rng.random() < 0.5:
            return {"pk": self.key(table)}
        return {"where": self.where(table) if self.rng.random() < 0.95 else {}}

    def _update(self, table):
        rng = self.rng
        made = self._target(table)
        changed = rng.sample([column for column in table.columns if not column.generated
                              and (column.name not in table.key or rng.random() < 0.2)], 1)
        if rng.random() < 0.4:
            changed += [column for column in rng.sample(table.columns, 2) if column not in changed
                        and (not column.generated or rng.random() < self.mistakes) and column.name not in table.key]
        made["set"] = {column.name: self.assigned(table, column, "pk" in made) for column in changed}
        if rng.random() < self.unknown:
            made["set"]["no_such"] = 1
        if rng.random() < 0.35:
            made["returning"] = rng.choice([True, False, self._column_list(table)])
        if rng.random() < 0.1:
            made["required"] = rng.random() < 0.8
        return made

    def assigned(self, table, column, by_key=True):
        """What `set` says of a column: a map is written as a value."""
        if column.auto_increment:
            return self.rng.choice(self._free_ids(table))
        operator = self._operator(table, column, by_key) if self.rng.random() < 0.3 else None
        if operator:
            return operator
        value = self.value(table, column)
        if isinstance(value, dict) or (not isinstance(value, list) and self.rng.random() < 0.05):
            return {"value": value}
        return value

    def _operator(self, table, column, by_key):
        """None of the key's columns, but by mistake. Of many rows, what is unique depends on their order in between."""
        in_unique = any(column.name in unique.columns for unique in table.all_uniques)
        if in_unique and (column.name in table.key or not by_key) and self.rng.random() >= self.mistakes * by_key:
            return None
        return operators.draw(self.rng, column, self.codec, self.mistakes, lambda: self.value(table, column))

    def _delete(self, table):
        rng = self.rng
        made = self._target(table)
        if rng.random() < 0.35:
            made["returning"] = rng.choice([True, False, self._column_list(table)])
        if rng.random() < 0.1:
            made["required"] = rng.random() < 0.8
        return made
