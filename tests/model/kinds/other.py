"""JSON, UUID, GEOMETRY."""

import base64
import json
import math
import re

from model.kinds.base import Kind, Refused, Stored
from model.kinds.text import Bytes


def is_finite(document):
    if isinstance(document, float):
        return math.isfinite(document)
    if isinstance(document, dict):
        return all(map(is_finite, document.values()))
    return not isinstance(document, (list, tuple)) or all(map(is_finite, document))


def embedded(document):
    """What JSON makes of it: it has no bytes."""
    if isinstance(document, bytes):
        return {"$bin": base64.b64encode(document).decode()}
    if isinstance(document, dict):
        return {key: embedded(item) for key, item in document.items()}
    return [embedded(item) for item in document] if isinstance(document, (list, tuple)) else document


class Document(Kind):
    """Kept parsed: the servers write the same document with different spaces."""

    name = "JSON"
    comparable = False  # but for equality

    def __init__(self):
        super().__init__("JSON")

    def store(self, value, codec):
        if not isinstance(value, (str, bytes)):
            if not is_finite(value):
                raise Refused("BAD_VALUE")
            return Stored(embedded(value))
        try:
            text = value.decode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            raise Refused("BAD_VALUE") from None
        try:
            return Stored(json.loads(text))
        except ValueError:
            raise Refused("BAD_VALUE") from None

    def operand(self, value, codec):
        return self.key(self.store(value, codec).value)

    def key(self, stored):
        return json.dumps(stored, sort_keys=True)

    def is_told(self, stored, got, codec):
        if codec == "json":
            return got == stored
        return isinstance(got, str) and json.loads(got) == stored

    def from_sql(self, text):
        return json.loads(text)


class Uuid(Kind):
    name = "UUID"
    DIGITS = re.compile(r"[0-9a-fA-F]{32}\Z")

    def __init__(self):
        super().__init__("UUID")

    def _digits(self, value):
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if not isinstance(value, str) or not self.DIGITS.match(value.replace("-", "")):
            raise Refused("BAD_VALUE")
        return value.replace("-", "").lower()

    def operand(self, value, codec):
        return self.key(self.store(value, codec).value)

    def key(self, stored):
        """MariaDB orders UUIDs of versions 1 to 5 from their last group to their first."""
        return tuple(stored.split("-")[::-1])

    def store(self, value, codec):
        digits = self._digits(value)
        return Stored("-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]]))


class Point(Bytes):
    """The server's own binary form, there and back."""

    name = "GEOMETRY"
    comparable = False
    textual = False
    HEADER_BYTES = 9

    def __init__(self):
        super().__init__("POINT", 2**32)

    def _bytes(self, value):
        data = super()._bytes(value)
        if len(data) < self.HEADER_BYTES:
            raise Refused("BAD_VALUE")
        return data
