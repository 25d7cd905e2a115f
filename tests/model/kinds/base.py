"""What every kind of column can be asked."""


class Refused(Exception):
    """A value that the column cannot take: the codes that the error may have. late: only the server finds out, when it
    comes to store a row."""

    def __init__(self, *codes, late=False):
        super().__init__(codes)
        self.codes = codes
        self.late = late


class Stored:
    """A value as the column keeps it, and whether something was cut or rounded away."""

    def __init__(self, value, adjusted=False):
        self.value = value
        self.adjusted = adjusted


class Kind:
    """name: the enumerator of the catalog's enum column_kind, without its prefix. ddl: the type in SQL."""

    name = ""
    comparable = True  # by eq, lt, in, order and their like
    textual = False    # like, contains, regexp …

    def __init__(self, ddl):
        self.ddl = ddl

    def store(self, value, codec):
        """Stored, or Refused."""
        raise NotImplementedError

    def operand(self, value, codec):
        """What a condition compares the column with, in the form that key() gives; or Refused."""
        raise NotImplementedError

    def key(self, stored):
        """What stored values are compared by: equal for the server means equal here."""
        return stored

    def order_key(self, stored):
        return self.key(stored)

    def told(self, stored, codec):
        """The value in a reply."""
        return stored

    def is_told(self, stored, got, codec):
        """Whether a reply may tell the stored value so."""
        expected = self.told(stored, codec)
        return type(got) is type(expected) and got == expected

    def from_sql(self, text):
        """The stored value, from what the server answers to select()."""
        return text

    def select(self, quoted):
        """How to ask the server for it without loss."""
        return quoted
