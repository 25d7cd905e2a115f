"""Counts what was met, in each codec, and derives from the schemas and the code what has to be."""

import json
import re
from collections import Counter

from model.conditions import WORDS
from support import contract
from support.process import ROOT

SCHEMA = json.loads((ROOT / "schemas" / "messages" / "command.schema.json").read_text(encoding="utf-8"))
OPS = SCHEMA["properties"]["op"]["enum"]
ENVELOPE = [name for name in SCHEMA["properties"] if name != "op"]

# Only faults bring these about, or operations and fields that are not in this version: where they are tested.
ELSEWHERE = {
    "DEADLOCK": "tests/unit/planner_trouble.c",
    "LOCK_TIMEOUT": "tests/unit/planner_trouble.c",
    "TIMEOUT": "tests/integration/test_errors.py",
    "UNAVAILABLE": "tests/unit/planner_trouble.c",
    "POISON": "tests/unit/planner_trouble.c",
    "INTERNAL": "tests/unit/planner.c",
    "ID_REUSED": "tests/integration/test_once.py",
}
NOT_YET = {"MAX_AFFECTED", "CONFLICT", "DEADLINE_EXCEEDED"}


def fields_by_op():
    """Of each operation all that it takes, its envelope included."""
    return {op: [*ENVELOPE, *SCHEMA["$defs"].get(op, {}).get("properties", {})] for op in OPS}


def condition_names():
    shapes = SCHEMA["$defs"]["condition"]["anyOf"]
    return [name for shape in shapes if isinstance(shape, dict) for name in shape.get("properties", {})
            if name != "$bin"]


def set_operator_names():
    """But for the one whose result no model knows: tests/integration/test_set_operators.py."""
    return [name for name in SCHEMA["$defs"]["set_operator"]["properties"] if name != "now"]


def order_names():
    shapes = SCHEMA["$defs"]["order"]["items"]["anyOf"]
    return [name for shape in shapes for name in shape.get("properties", {})]


def column_kinds(is_mariadb):
    header = (ROOT / "daemon" / "plan" / "catalog.h").read_text(encoding="utf-8")
    kinds = re.findall(r"\bCOLUMN_([A-Z]+)\b", re.search(r"enum column_kind \{(.*?)\};", header, re.S)[1])
    return [kind for kind in kinds if is_mariadb or kind != "UUID"]  # a type of MariaDB's


def expected(is_mariadb):
    """Everything that has to be met, in either codec."""
    wanted = {("op", op) for op in OPS}
    wanted |= {("field", op, name) for op, names in fields_by_op().items() for name in names}
    wanted |= {("condition", name) for name in [*condition_names(), *WORDS, "plain", "nil", "col", "dotted"]}
    wanted |= {("set", name) for name in set_operator_names()}
    wanted |= {("order", name) for name in [*order_names(), "plain", "minus", "nulls first", "nulls last"]}
    wanted |= {(how, kind) for kind in column_kinds(is_mariadb) for how in ("stored", "told", "in a condition")}
    wanted |= {("error", code) for code in contract.ERRORS if code not in ELSEWHERE and code not in NOT_YET}
    wanted |= {("reply", name) for name in ("warnings", "us", "meta", "traceparent", "row", "rows", "nil row", "at.row",
                                            "at.column", "at.constraint", "published")}
    return wanted


class Coverage:
    def __init__(self):
        self.met = {"msgpack": Counter(), "json": Counter()}

    def missing(self, is_mariadb):
        return {codec: sorted(expected(is_mariadb) - set(met)) for codec, met in self.met.items()
                if expected(is_mariadb) - set(met)}

    def note_command(self, tables, command, codec):
        """A command that was well formed and got its predicted reply."""
        met, op = self.met[codec], command["op"]
        met[("op", op)] += 1
        for name, value in command.items():
            if value is not None:
                met[("field", op, name)] += 1
        table = tables.get(command.get("table"))
        if table is None:
            return
        if isinstance(command.get("where"), dict):
            self._note_where(met, table, command["where"])
        for item in command.get("order") or []:
            self._note_order(met, table, item)
        for value in command.get("set", {}).values():
            if isinstance(value, dict):
                met.update(("set", name) for name in value)
        values = command.get("values", command.get("set", []))
        for row in values if isinstance(values, list) else [values]:
            for name, value in row.items() if isinstance(row, dict) else []:
                if name in table.by_name and value is not None:
                    met[("stored", table.by_name[name].kind.name)] += 1

    def note_reply(self, tables, command, reply, codec):
        met = self.met[codec]
        for name in ("warnings", "us", "meta", "traceparent", "row", "rows"):
            if name in reply:
                met[("reply", name)] += 1
        if "row" in reply and reply["row"] is None:
            met[("reply", "nil row")] += 1
        if "reply_list" not in command:
            met[("reply", "published")] += 1
        if not reply["ok"]:
            met[("error", reply["error"]["code"])] += 1
            for name in reply["error"].get("at", {}):
                met[("reply", f"at.{name}")] += 1
            return
        table = tables.get(command.get("table"))
        if table is None or command["op"] == "describe":
            return
        for row in [reply.get("row"), *reply.get("rows", [])]:
            for name, value in (row or {}).items() if isinstance(row, dict) else []:
                if value is not None:
                    met[("told", table.by_name[name].kind.name)] += 1

    def _note_where(self, met, table, where):
        for name, value in where.items():
            if name in WORDS:
                met[("condition", name)] += 1
                for inner in value if isinstance(value, list) else [value]:
                    self._note_where(met, table, inner)
                continue
            dotted = name.startswith(".") and name[1:] in WORDS
            if dotted:
                met[("condition", "dotted")] += 1
            met[("in a condition", table.by_name[name[1:] if dotted else name].kind.name)] += 1
            if isinstance(value, dict):
                for operator, operand in value.items():
                    met[("condition", operator)] += 1
                    if isinstance(operand, dict):
                        met[("condition", "col")] += 1
            else:
                met[("condition", "nil" if value is None else "plain")] += 1

    def _note_order(self, met, table, item):
        if isinstance(item, dict):
            for name, value in item.items():
                met[("order", name if name != "nulls" else f"nulls {value}")] += 1
                met[("order", name)] += 1
        else:
            met[("order", "plain" if item in table.by_name else "minus")] += 1

    def report(self):
        lines = []
        for codec, met in self.met.items():
            ops = ", ".join(f"{op} {met[('op', op)]}" for op in OPS)
            codes = ", ".join(f"{name[1]} {count}" for name, count in sorted(met.items()) if name[0] == "error")
            lines += [f"{codec}: {ops}", f"{codec} errors: {codes}"]
        return "\n".join(lines)


def untested_elsewhere():
    """Codes whose test, as named above, is not there."""
    return [code for code, path in ELSEWHERE.items()
            if code not in (ROOT / path).read_text(encoding="utf-8")]
