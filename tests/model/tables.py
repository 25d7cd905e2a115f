"""The tables that the commands are about."""

import decimal

from model import kinds
from model.schema import Check, Column, ForeignKey, Table, Unique


def int_column(name, **options):
    return Column(name, kinds.Integer("INT", -2**31, 2**31 - 1), **options)


def id_column(**options):
    return Column("id", kinds.Integer("INT UNSIGNED", 0, 2**32 - 1), nullable=False, **options)


def reference(name, nullable):
    return Column(name, kinds.Integer("INT UNSIGNED", 0, 2**32 - 1), nullable=nullable)


def short_text(name, length, folds=True, **options):
    return Column(name, kinds.Text(f"VARCHAR({length})", length, folds), **options)


PRIMARY = Unique("PRIMARY", ["id"])

EVERYTHING = [
    ("tiny", kinds.Integer("TINYINT", -128, 127)),
    ("small_u", kinds.Integer("SMALLINT UNSIGNED", 0, 65535)),
    ("medium", kinds.Integer("MEDIUMINT", -2**23, 2**23 - 1)),
    ("big", kinds.Integer("BIGINT", -2**63, 2**63 - 1)),
    ("big_u", kinds.Integer("BIGINT UNSIGNED", 0, 2**64 - 1)),
    ("flag", kinds.Integer("BOOL", -128, 127)),
    ("a_year", kinds.Year()),
    ("bits", kinds.Bit(10)),
    ("bits64", kinds.Bit(64)),
    ("price", kinds.Decimal(8, 2)),
    ("digits", kinds.Decimal(40, 10)),
    ("single", kinds.Float()),
    ("twice", kinds.Double()),
    ("fixed", kinds.Text("CHAR(6)", 6, strips=True)),
    ("label", kinds.Text("VARCHAR(20)", 20)),
    ("strict", kinds.Text("VARCHAR(20)", 20, folds=False)),
    ("body", kinds.Text("TEXT", 2**16)),
    ("kind", kinds.Enum("red", "green", "it's")),
    ("kinds", kinds.Set("a", "b", "c")),
    ("raw_fixed", kinds.Bytes("BINARY(4)", 4, fixed=True)),
    ("raw", kinds.Bytes("VARBINARY(20)", 20)),
    ("data", kinds.Bytes("BLOB", 2**16)),
    ("spot", kinds.Point()),
    ("day", kinds.Date()),
    ("moment", kinds.Moment("DATETIME", 0)),
    ("moment6", kinds.Moment("DATETIME", 6)),
    ("stamp", kinds.Moment("TIMESTAMP", 0)),
    ("stamp3", kinds.Moment("TIMESTAMP", 3)),
    ("span", kinds.Time(0)),
    ("span6", kinds.Time(6)),
    ("document", kinds.Document()),
]


def everything(is_mariadb):
    columns = [Column(name, kind) for name, kind in EVERYTHING]
    if is_mariadb:
        columns.append(Column("uuid", kinds.Uuid()))
    return Table("everything", [id_column(auto_increment=True), *columns], PRIMARY)


def person():
    return Table(
        "person",
        [id_column(auto_increment=True),
         short_text("email", 12, nullable=False),
         short_text("nick", 6, folds=False),
         Column("grade", kinds.Enum("low", "mid", "high"), nullable=False, default="low", default_sql="'low'"),
         int_column("points", nullable=False, default=10, default_sql="10"),
         int_column("doubled", generated=lambda row: row["points"] * 2, generated_sql="points * 2"),
         Column("score", kinds.Decimal(6, 2), default=decimal.Decimal("1.50"), default_sql="1.50")],
        PRIMARY, [Unique("person_email", ["email"]), Unique("person_nick", ["nick"])],
        checks=[Check("person_points", "points >= 0 AND points <= 1000", lambda row: 0 <= row["points"] <= 1000)])


def grown():
    """A view: what it shows has no key and no default."""
    base = person()
    columns = [Column(column.name, column.kind, column.nullable, column.default)
               for column in base.columns if column.name in ("id", "email", "points")]
    return Table("grown", columns, base="person", shows=lambda row: row["points"] >= 15, shows_sql="points >= 15")


def pet():
    return Table(
        "pet", [id_column(auto_increment=True), reference("person_id", nullable=False),
                Column("tag", kinds.Integer("SMALLINT", -2**15, 2**15 - 1))],
        PRIMARY, [Unique("pet_tag", ["tag"])],
        [ForeignKey("pet_of_person", "person_id", "person", "CASCADE", "CASCADE")])


def badge():
    return Table(
        "badge", [id_column(), reference("person_id", nullable=True), short_text("name", 8, default=None,
                                                                                 default_sql="NULL")],
        PRIMARY, foreign_keys=[ForeignKey("badge_of_person", "person_id", "person", "RESTRICT", "RESTRICT")])


def note():
    return Table(
        "note", [int_column("team", nullable=False), short_text("slot", 6, folds=False, nullable=False),
                 Column("body", kinds.Text("TEXT", 2**16)), reference("author_id", nullable=True)],
        Unique("PRIMARY", ["team", "slot"]),
        foreign_keys=[ForeignKey("note_of_person", "author_id", "person", "SET NULL", "CASCADE")])


def mark():
    """A key of text, whose equality only the server knows."""
    return Table("mark", [short_text("code", 8, nullable=False), int_column("hits", nullable=False)],
                 Unique("PRIMARY", ["code"]))


def stone():
    return Table("stone", [Column("id", kinds.Bytes("BINARY(4)", 4, fixed=True), nullable=False),
                           Column("weight", kinds.Double())], PRIMARY)


def words():
    """Names that are words of SQL or of the contract."""
    return Table("words", [id_column(auto_increment=True), int_column("and"), short_text("or", 5), int_column("not"),
                           int_column("a b"), int_column("tick`s"), int_column("-not"),
                           int_column("나이")], PRIMARY)


def heap():
    """No key at all."""
    return Table("heap", [int_column("value"), short_text("text", 5)])


def alarm():
    """A trigger refuses some rows in words of its own: SQL_ERROR."""
    return Table("alarm", [id_column(auto_increment=True), int_column("level")], PRIMARY,
                 signals=lambda row: row["level"] == 13, signals_sql="NEW.level = 13")


def all_tables(is_mariadb):
    made = [everything(is_mariadb), person(), grown(), pet(), badge(), note(), mark(), stone(), words(), heap(),
            alarm()]
    return {table.name: table for table in made}
