"""ping, info, tables, describe."""

from model.prediction import Prediction
from model.schema import NONE


def ping(world, command):
    return Prediction(body={"value": "pong"})


def info(world, command):
    def check(row):
        expected = {"server": "mariadb" if world.is_mariadb else "mysql", "queue": world.queue}
        wrong = {name: row.get(name) for name, value in expected.items() if row.get(name) != value}
        if row["limits"].get("max_rows") != world.max_rows:
            wrong["limits"] = row["limits"]
        return wrong and f"not as configured: {wrong}"
    return Prediction(body={"row": check})


def tables(world, command):
    expected = sorted((name, "view" if table.is_view else "table") for name, table in world.database.tables.items())

    def check(rows):
        told = [(row["name"], row["kind"]) for row in rows]
        if told != expected:
            return f"these tables: {told}"
        wrong = [row for row in rows if row["kind"] == "table" and row["engine"] != "InnoDB"]
        return wrong and f"the engine: {wrong}"
    return Prediction(body={"rows": check})


def describe(world, table, command):
    types = world.column_types[table.name]

    def columns(told):
        # MariaDB keeps a document as a LONGTEXT with a check.
        expected = [(column.name, "json" if column.kind.name == "JSON" else types[column.name], column.nullable,
                     column.generated is not None) for column in table.columns]
        got = [(column["name"], column["type"], column["nullable"], column["generated"]) for column in told]
        if got != expected:
            return f"expected {expected}"
        if table.is_view:
            return None  # the servers make up defaults for its columns
        wrong = [column["name"] for column, of_model in zip(told, table.columns)
                 if (column["default"] in (None, "NULL")) != (of_model.default in (None, NONE))]
        return wrong and f"defaults of {wrong}"

    return Prediction(body={
        "columns": columns,
        "primary_key": table.key,
        "unique": lambda told: by_name(told) != by_name(
            [{"name": unique.name, "columns": unique.columns} for unique in table.uniques]) and "keys",
        "foreign_keys": lambda told: by_name(told) != by_name(
            [{"name": key.name, "columns": [key.column], "table": key.parent, "references": ["id"],
              "on_delete": key.on_delete} for key in table.foreign_keys]) and "foreign keys",
    })


def by_name(items):
    return sorted(items, key=lambda item: item["name"])
