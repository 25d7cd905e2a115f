"""What `where` means: SQL's logic of three values (True, False, None), and what is refused before anything runs."""

import re

from model import collation
from model.kinds import Refused
from model.prediction import Fault, fault

WORDS = ("and", "or", "not")
DEPTH = 8
COMPARISONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a < b or a == b,
    "gt": lambda a, b: b < a,
    "ge": lambda a, b: b < a or a == b,
}
PATTERNS = {
    "like": lambda text: text,
    "nlike": lambda text: text,
    "contains": lambda text: f"%{collation.literally(text)}%",
    "starts": lambda text: f"{collation.literally(text)}%",
    "ends": lambda text: f"%{collation.literally(text)}",
}


def column_named(table, name):
    """The column that a key of `where` means, or None."""
    if name.startswith(".") and name[1:] in WORDS:
        name = name[1:]
    return table.by_name.get(name)


class Condition:
    """Checked once, then asked for each row."""

    def __init__(self, table, where, codec):
        self.table, self.codec = table, codec
        self.faults = []
        self.terms = self._map(where, 0)

    def holds(self, row):
        return self._all(self.terms, row) is True

    def _all(self, terms, row):
        found = {term(row) for term in terms}
        return False if False in found else None if None in found else True

    def _any(self, alternatives, row):
        found = {self._all(terms, row) for terms in alternatives}
        return True if True in found else None if None in found else False

    # --- reading it -------------------------------------------------------------------------------------------------

    def _refuse(self, code, column=None):
        self.faults.append(fault(code, column=column))
        return []

    def _map(self, where, depth):
        if depth > DEPTH or not isinstance(where, dict) or (not where and depth > 0):
            return self._refuse("BAD_VALUE")
        terms = []
        for name, value in where.items():
            if name in ("and", "or"):
                terms += self._alternatives(name, value, depth)
            elif name == "not":
                inner = self._map(value, depth + 1)
                terms.append(lambda row, inner=inner: negated(self._all(inner, row)))
            else:
                terms += self._column(name, value)
        return terms

    def _alternatives(self, word, value, depth):
        if not isinstance(value, list) or not value:
            return self._refuse("BAD_VALUE")
        inner = [self._map(item, depth + 1) for item in value]
        if word == "and":
            return [term for terms in inner for term in terms]
        return [lambda row: self._any(inner, row)]

    def _column(self, name, value):
        column = column_named(self.table, name)
        if column is None:
            return self._refuse("UNKNOWN_COLUMN", name)
        if isinstance(value, list) or value == {}:
            return self._refuse("BAD_VALUE", column.name)
        if not isinstance(value, dict):
            value = {"eq": value}
        terms = []
        for operator, operand in value.items():
            try:
                terms.append(self._operator(column, operator, operand))
            except Refused as refusal:
                self.faults.append(Fault(refusal.codes, column=column.name))
        return terms

    def _operand(self, column, value):
        if value is None:
            raise Refused("BAD_VALUE")
        return column.kind.operand(value, self.codec)

    def _operator(self, column, operator, operand):
        if not column.kind.comparable and (operator in ("lt", "le", "gt", "ge", "between") or (
                operator in PATTERNS and not column.kind.textual)):
            raise Refused("BAD_VALUE")
        if operator in COMPARISONS:
            return self._comparison(column, operator, operand)
        if operator in ("in", "nin"):
            return self._list(column, operator, operand)
        if operator == "between":
            if not isinstance(operand, list) or len(operand) != 2:
                raise Refused("BAD_VALUE")
            low, high = [self._operand(column, item) for item in operand]
            return on_value(column, lambda value: (low < value or low == value) and (value < high or value == high))
        if operator == "null":
            if not isinstance(operand, bool):
                raise Refused("BAD_VALUE")
            return lambda row: (row[column.name] is None) is operand
        if operator in PATTERNS or operator == "regexp":
            return self._pattern(column, operator, operand)
        raise Refused("BAD_VALUE")

    def _comparison(self, column, operator, operand):
        compare = COMPARISONS[operator]
        if operand is None and operator in ("eq", "ne"):
            return lambda row: (row[column.name] is None) is (operator == "eq")
        if isinstance(operand, dict) and set(operand) == {"col"}:
            other = self.table.by_name.get(operand["col"])
            if other is None:
                self.faults.append(fault("UNKNOWN_COLUMN", column=operand["col"]))
                return lambda row: None
            return on_value(column, lambda value, row: on_value(
                other, lambda its: compare(value, its))(row), with_row=True)
        wanted = self._operand(column, operand)
        return on_value(column, lambda value: compare(value, wanted))

    def _list(self, column, operator, operand):
        if not isinstance(operand, list):
            raise Refused("BAD_VALUE")
        wanted = [self._operand(column, item) for item in operand]
        if not wanted:
            return lambda row: operator == "nin"
        return on_value(column, lambda value: any(value == one for one in wanted) is (operator == "in"))

    def _pattern(self, column, operator, operand):
        if not isinstance(operand, (str, bytes)) or not column.kind.textual:
            raise Refused("BAD_VALUE")
        folds = column.kind.folds
        if folds is None:
            operand = operand if isinstance(operand, bytes) else operand.encode()
            pattern = PATTERNS[operator](operand.decode("latin-1")).encode("latin-1")
        else:
            if isinstance(operand, bytes):
                try:
                    operand = operand.decode()
                except UnicodeDecodeError:
                    raise Refused("BAD_VALUE") from None
            if operator == "regexp":
                return self._regexp(column, operand, folds)
            pattern = PATTERNS[operator](operand)
        wanted = operator != "nlike"
        return lambda row: None if row[column.name] is None else (
            collation.matches(row[column.name], pattern, folds) is wanted)

    def _regexp(self, column, pattern, folds):
        try:
            compiled = re.compile(pattern, re.IGNORECASE if folds else 0)
        except re.error:
            raise Refused("BAD_VALUE") from None
        return lambda row: None if row[column.name] is None else bool(compiled.search(row[column.name]))


def negated(truth):
    return None if truth is None else not truth


def on_value(column, test, with_row=False):
    """The test on the column's value as it is compared; NULL is neither true nor false."""
    def term(row):
        if row[column.name] is None:
            return None
        value = column.kind.key(row[column.name])
        return test(value, row) if with_row else test(value)
    return term
