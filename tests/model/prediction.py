"""What the model says of a reply before it is compared."""

from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass
class Fault:
    """One error that the command may be answered with. row, column and constraint: what `at` says; column "*" where it
    is not promised."""

    codes: tuple
    row: Optional[int] = None
    column: Optional[str] = None
    constraint: Optional[str] = None
    hint: Optional[str] = None  # in full, where it is promised
    # In flight with others the row may be left out; or one may be named that has the same value of a unique key.
    row_may_lack: bool = False
    like_row: tuple = ()


@dataclass
class Rows:
    """The rows of a reply. keys: of each row, when they come in order: rows with equal keys in any order among each
    other. exact: in this very order. arrays: each row is an array."""

    table: Any = field(repr=False)
    columns: list
    rows: list
    keys: Optional[list] = None
    exact: bool = False
    arrays: bool = False
    equals: dict = field(default_factory=dict)  # id of a row to those that may stand for it


@dataclass
class Prediction:
    """Either faults, one of which has to come, or a body."""

    faults: list = field(default_factory=list)
    body: dict = field(default_factory=dict)  # field to value, to Rows, or to a function that says what is wrong
    adjusted: set = field(default_factory=set)  # the columns that `warnings` names
    change: Any = None  # to be done when the reply is as predicted

    @property
    def ok(self):
        return not self.faults


def refused(*faults):
    return Prediction(faults=list(faults))


def fault(code, **place):
    return Fault((code,), **place)
