"""TEXT, ENUM, SET, BINARY."""

import base64

from model import collation
from model.kinds.base import Kind, Refused, Stored


def as_text(value):
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Refused("BAD_VALUE") from None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if not -2**63 <= value < 2**64:
            raise Refused("BAD_VALUE")
        return str(value)
    raise Refused("BAD_VALUE")


class Text(Kind):
    name = "TEXT"
    textual = True

    def __init__(self, ddl, length, folds=True, strips=False):
        """folds: by utf8mb4_general_ci, else utf8mb4_bin. strips: CHAR, which loses the spaces at its end."""
        rule = "utf8mb4_general_ci" if folds else "utf8mb4_bin"
        super().__init__(f"{ddl} CHARACTER SET utf8mb4 COLLATE {rule}")
        self.length, self.folds, self.strips = length, folds, strips

    def store(self, value, codec):
        text = as_text(value)
        kept = text.rstrip(" ") if self.strips else text
        if len(kept) > self.length:
            raise Refused("DATA_TOO_LONG")
        return Stored(kept, kept != text)

    def operand(self, value, codec):
        return self.key(as_text(value))

    def key(self, stored):
        return collation.key(stored, self.folds)


class Enum(Kind):
    name = "ENUM"
    textual = True
    folds = True

    def __init__(self, *members):
        quoted = ", ".join("'" + member.replace("'", "''") + "'" for member in members)
        super().__init__(f"{self.name}({quoted}) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        self.members = members

    def _member(self, text):
        for member in self.members:
            if collation.key(member, True) == collation.key(text, True):
                return member
        # The text of a number would be an index: rowd itself refuses it.
        looks_numeric = any(char.isdigit() for char in text) and not text.strip("0123456789+- \t\n\v\f\r")
        raise Refused("BAD_VALUE", late=not looks_numeric)

    def store(self, value, codec):
        return Stored(self._member(as_text(value)))

    def operand(self, value, codec):
        return self.key(as_text(value))

    def key(self, stored):
        return collation.key(stored, True)

    def order_key(self, stored):
        return self.members.index(stored)


class Set(Enum):
    name = "SET"

    def store(self, value, codec):
        text = as_text(value)
        if text == "":
            return Stored("")
        if "," not in text:
            return Stored(self._member(text))
        try:
            chosen = {self._member(part) for part in text.split(",")}
        except Refused:
            raise Refused("BAD_VALUE", late=True) from None
        return Stored(",".join(member for member in self.members if member in chosen))

    def operand(self, value, codec):
        """As it would be stored, if all parts are spelled as the members are; else nothing but a text."""
        text = as_text(value)
        parts = text.split(",") if text else []
        if set(parts) <= set(self.members):
            text = ",".join(member for member in self.members if member in parts)
        return self.key(text)

    def order_key(self, stored):
        return sum(1 << self.members.index(part) for part in stored.split(",") if part)


class Bytes(Kind):
    name = "BINARY"
    textual = True
    folds = None  # compared byte by byte

    def __init__(self, ddl, length, fixed=False):
        super().__init__(ddl)
        self.length, self.fixed = length, fixed

    def _bytes(self, value):
        if isinstance(value, str):
            value = value.encode()
        if not isinstance(value, bytes):
            raise Refused("BAD_VALUE")
        return value.ljust(self.length, b"\0") if self.fixed else value

    def store(self, value, codec):
        data = self._bytes(value)
        if len(data) > self.length:
            raise Refused("DATA_TOO_LONG")
        return Stored(data, len(data) > len(value.encode() if isinstance(value, str) else value))

    def operand(self, value, codec):
        return self._bytes(value)

    def told(self, stored, codec):
        return stored if codec == "msgpack" else {"$bin": base64.b64encode(stored).decode()}

    def from_sql(self, text):
        return text if isinstance(text, bytes) else text.encode()
