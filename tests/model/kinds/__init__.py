"""What the types of columns do with values: one class per family."""

from model.kinds.base import Kind, Refused
from model.kinds.number import Bit, Decimal, Double, Float, Integer, Year
from model.kinds.other import Document, Point, Uuid
from model.kinds.text import Bytes, Enum, Set, Text
from model.kinds.time import Date, Moment, Time

__all__ = ["Bit", "Bytes", "Date", "Decimal", "Document", "Double", "Enum", "Float", "Integer", "Kind", "Moment",
           "Point", "Refused", "Set", "Text", "Time", "Uuid", "Year"]
