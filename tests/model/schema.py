"""What a table is: columns, keys, constraints; and its DDL."""

from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from model.kinds import Kind

NONE = object()  # no default


def quote(name):
    return "`" + name.replace("`", "``") + "`"


@dataclass
class Column:
    name: str
    kind: Kind
    nullable: bool = True
    default: Any = NONE  # as it is stored
    default_sql: str = ""
    auto_increment: bool = False
    generated: Optional[Callable] = None  # from the row
    generated_sql: str = ""

    def ddl(self):
        parts = [quote(self.name), self.kind.ddl]
        if self.generated:
            return " ".join([*parts, f"GENERATED ALWAYS AS ({self.generated_sql}) STORED"])
        if not self.nullable:
            parts.append("NOT NULL")
        if self.default is not NONE:
            parts.append(f"DEFAULT {self.default_sql}")
        if self.auto_increment:
            parts.append("AUTO_INCREMENT")
        return " ".join(parts)


@dataclass
class Unique:
    name: str  # PRIMARY for the primary key
    columns: list

    def ddl(self):
        columns = ", ".join(map(quote, self.columns))
        return f"PRIMARY KEY ({columns})" if self.name == "PRIMARY" else f"UNIQUE KEY {quote(self.name)} ({columns})"


@dataclass
class ForeignKey:
    """column refers to the one column that is the parent's primary key."""

    name: str
    column: str
    parent: str
    on_delete: str
    on_update: str

    def ddl(self):
        return (f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote(self.column)}) "
                f"REFERENCES {quote(self.parent)} (id) ON DELETE {self.on_delete} ON UPDATE {self.on_update}")


@dataclass
class Check:
    name: str
    sql: str
    holds: Callable  # of the row: True, False, or None for NULL

    def ddl(self):
        return f"CONSTRAINT {quote(self.name)} CHECK ({self.sql})"


@dataclass
class Table:
    name: str
    columns: list
    primary_key: Optional[Unique] = None
    uniques: list = field(default_factory=list)
    foreign_keys: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    signals: Optional[Callable] = None  # rows for which a trigger raises an error of its own
    signals_sql: str = ""
    # A view: of which table, and which rows.
    base: Optional[str] = None
    shows: Optional[Callable] = None
    shows_sql: str = ""

    def __post_init__(self):
        self.by_name = {column.name: column for column in self.columns}

    @property
    def key(self):
        return self.primary_key.columns if self.primary_key else []

    @property
    def all_uniques(self):
        return ([self.primary_key] if self.primary_key else []) + self.uniques

    @property
    def auto_increment(self):
        return next((column for column in self.columns if column.auto_increment), None)

    @property
    def is_view(self):
        return self.base is not None

    def statements(self):
        """What makes it."""
        if self.is_view:
            columns = ", ".join(quote(column.name) for column in self.columns)
            return [f"CREATE VIEW {quote(self.name)} AS SELECT {columns} FROM {quote(self.base)} "
                    f"WHERE {self.shows_sql}"]
        parts = [*self.columns, *self.all_uniques, *self.foreign_keys, *self.checks]
        made = [f"CREATE TABLE {quote(self.name)} (" + ", ".join(part.ddl() for part in parts) + ") ENGINE = InnoDB "
                "DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_general_ci"]
        if self.signals:
            made.append(f"CREATE TRIGGER {quote(self.name + '_signal')} BEFORE INSERT ON {quote(self.name)} "
                        f"FOR EACH ROW IF {self.signals_sql} THEN "
                        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF")
        return made
