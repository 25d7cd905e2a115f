"""The same commands on twin tables: for one rowd all at once, which shares statements, for the other one at a time."""

import random
import uuid

import msgpack

from support import contract
from support.client import QUEUE, decode

# What each table has beside its key. A row says by `touched` whether the server has changed it.
VALUES = """
	n       INT NOT NULL DEFAULT 7,
	u       INT NULL UNIQUE,
	s       VARCHAR(5) NULL,
	c       CHAR(3) CHARACTER SET latin1 NULL,
	f       FLOAT NULL,
	x       DOUBLE NULL,
	d       DECIMAL(30, 10) NULL,
	b       BIT(10) NULL,
	big     BIGINT UNSIGNED NULL,
	y       YEAR NULL,
	m       DATETIME(3) NULL,
	e       ENUM('one', 'Two', '3') NULL,
	raw     VARBINARY(4) NULL,
	j       JSON NULL,
	g       POINT NULL,
	sum_    INT DEFAULT (1 + 2),
	seven   INT NULL DEFAULT 7,
	word    VARCHAR(5) NULL DEFAULT 'x',
	since   DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
	late    DATETIME(6) NULL,
	moment  TIMESTAMP(3) NULL,
	span    TIME(6) NULL,
	day_    DATE NULL,
	fx      FLOAT(7, 3) NULL,
	xd      DOUBLE(10, 2) NULL,
	most    DECIMAL(65, 30) NULL,
	many    SET('a', 'B', 'c') NULL,
	body    TEXT NULL,
	narrow  MEDIUMTEXT CHARACTER SET latin1 NULL,
	blob_   BLOB NULL,
	four    BINARY(4) NULL,
	all_    BIT(64) NULL,
	low     BIGINT NULL,
	tiny    TINYINT UNSIGNED NULL,
	twice   BIGINT GENERATED ALWAYS AS (n * 2) STORED,
	touched TIMESTAMP(6) NOT NULL DEFAULT '2001-02-03 04:05:06' ON UPDATE CURRENT_TIMESTAMP(6),
	other   INT NULL,
	CHECK (n > 0),
	CONSTRAINT `{name}_of` FOREIGN KEY (other) REFERENCES twin_parent (id)
"""

KEYS = {
    "counted": "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
    "tiny": "id TINYINT NOT NULL PRIMARY KEY",
    "wide": "id BIGINT UNSIGNED ZEROFILL NOT NULL PRIMARY KEY",
    "signed_": "id BIGINT NOT NULL PRIMARY KEY",
    "pair": "id INT ZEROFILL NOT NULL, part VARCHAR(8) COLLATE {exact} NOT NULL, PRIMARY KEY (part, id)",
    "exact": "id VARCHAR(8) COLLATE {exact} NOT NULL PRIMARY KEY",
    "padded": "id VARCHAR(8) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY",
    "folded": "id VARCHAR(8) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY",
    "bytes_": "id VARBINARY(8) NOT NULL PRIMARY KEY",
    "filled": "id BINARY(4) NOT NULL PRIMARY KEY",
    "money": "id DECIMAL(6, 2) NOT NULL PRIMARY KEY",
    "day": "id DATE NOT NULL PRIMARY KEY",
    "instant": "id DATETIME(2) NOT NULL PRIMARY KEY",
    "spied": "id INT NOT NULL PRIMARY KEY",
    "year_": "id YEAR NOT NULL PRIMARY KEY",
    "listed": "id ENUM('a', 'B', '3') NOT NULL PRIMARY KEY",
    "bits": "id BIT(64) NOT NULL PRIMARY KEY",
    "char_": "id CHAR(4) COLLATE {exact} NOT NULL PRIMARY KEY",
    "three": "a BINARY(3) NOT NULL, id TINYINT UNSIGNED NOT NULL, part VARCHAR(4) COLLATE {exact} NOT NULL, "
             "PRIMARY KEY (a, id, part)",
    "uuid_": "id UUID NOT NULL PRIMARY KEY",
}

ORDERS = {"pair": "part, id", "three": "a, id, part"}

TEXTS = ["kim", "KIM ", "kim ", "Kïm", "a'b", 'q"\\', "김", "\n", "", "kim"]
PICK = {
    "counted": [-9, -8, -7, -6, -5, -4, -3],
    "tiny": [*range(-6, 6), 127, 300, -129, "5", True, "05", 2 ** 64 - 1],
    "wide": [0, 1, 2, 3, 4, 2 ** 63, 2 ** 64 - 1, 9 * 10 ** 18, "7", -1, "99999999999999999999999"],
    "signed_": [-2 ** 63, 2 ** 63 - 1, -1, 0, 1, 2, 3, 2 ** 63, 2 ** 64 - 1, "-99999999999999999999999", "-0"],
    "exact": TEXTS,
    "padded": TEXTS,
    "folded": TEXTS,
    "bytes_": [b"kim", b"kim\0", b"", b"\xff\x00'", b"KIM", b"a", b"b"],
    "filled": [b"kim", b"kim\0", b"", b"abcd", b"KIM", b"a\0", b"abcde"],
    "money": ["1.00", "1", 1, "1.005", "-1.5", "9999.99", "99999", 0, "-0", 2, 3],
    "day": ["2020-01-01", "2020-01-02", "2020-02-29", "2020-01-03", "2020-01-04"],
    "instant": ["2020-01-01", "2020-01-01 00:00:00.00", "2020-01-01T01:00:00+01:00", "2020-01-01 00:00:00.01",
                "2020-01-01 00:00:00.015", "2020-01-02 00:00:00"],
    "spied": [0, 1, 2, 3, 4],
    "year_": [0, 1901, "1901", 2155, 1, 99, 2000, 20],
    "listed": ["a", "A", "b", "3", "a ", 1, "x"],
    "bits": [0, 1, "1", 2 ** 63, 2 ** 64 - 1, -1],
    "char_": ["a", "a ", "A", "", " ", "é", "ab"],
    "uuid_": [str(uuid.UUID(int=n + 0xabcdef)) for n in range(4)] + [uuid.UUID(int=0xabcdef).hex.upper()],
}

GOOD = {
    "n": [1, 2, 3, "2"],
    "u": [None, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    "s": ["", "abc", "ABC", "abc ", "it's", "\\n", None],
    "c": ["", "a", "a ", "é", None],
    "f": [0, -0.0, 0.1, 1e30, 16777216, None],
    "x": [0, -0.0, 0.1, 1e300, 1e-300, None],
    "d": ["0", "12345678901234567890.0123456789", "-1.5", 7, "1e-9", "0.00000000005", None],
    "b": [0, 1, 1023, None],
    "big": [0, 1, 2 ** 63, 2 ** 64 - 1, None],
    "y": [0, 1901, 2155, 1970, None],
    "m": ["2020-01-01 00:00:00", "2020-01-01 00:00:00.1", "2020-01-01 00:00:00.1234", None],
    "e": ["one", "ONE", "two", "3", None],
    "raw": [b"", b"\0", b"ab", b"abcd", None],
    "j": ['{"a": 1}', "1", "1.0", '"x"', "null", '{"a":1}', None],
    "g": [bytes(4) + b"\1\1\0\0\0" + bytes(16), None],
    # To the servers NULL in place of NULL is a change where the default is another.
    "sum_": [1, 3, None],
    "seven": [0, 7, None, None],
    "word": ["", "x", None, None],
    "since": ["2020-01-01 00:00:00", None, None],
    "late": ["2020-01-01 00:00:00.123456", "2020-01-01", "1000-01-01 00:00:00", "2020-01-01 00:00:00.1234567", None],
    "moment": ["2020-01-01 00:00:00.999", "2020-01-01T01:00:00+01:00", 0, None],
    "span": ["00:00:00", "-838:59:58.999999", "12:00:00.1", None],
    "day_": ["2020-02-29", "9999-12-31", None],
    "fx": [0, 1.0005, -1234.5678, "0.001", None],
    "xd": [0, 1.005, -12345678.125, "0.01", None],
    "most": ["0", "1e-30", "12345678901234567890123456789012345.012345678901234567890123456789", -1, 0.1, None],
    "many": ["", "a", "c,a", "b", "B,B", None],
    "body": ["", "1", 1, "1 ", "김" * 300, "A", "a", None],
    "narrow": ["", "é", "e", "\\'", None],
    "blob_": [b"", b"\0", "1", b"\xff" * 70, None],
    "four": [b"", b"\0", b"ab", b"abcd", b"ab\0\0", None],
    "all_": [0, 1, 2 ** 63, 2 ** 64 - 1, None],
    "low": [0, -1, -2 ** 63, 2 ** 63 - 1, "-7", None],
    "tiny": [0, 255, True, "7", None],
    "touched": ["2001-02-03 04:05:06"],
    "other": [1, 2, None],
}

# Refused by rowd itself, or by the server: at run time, in the middle of a statement.
BAD = {
    "n": [None, 0, -1, 2 ** 40],
    "s": ["sixsix"],
    "c": ["가"],
    "e": ["four", "1"],
    "m": ["2020-02-30 00:00:00"],
    "g": [bytes(4) + b"\1\1\0\0\0" + bytes(5)],
    "other": [99],
    "b": [1024],
    "d": ["1e40"],
    "twice": [2],
}


def script(is_mariadb):
    """The tables, and what stands in them at first. MySQL has no UUID type."""
    tables = [name for name in KEYS if is_mariadb or name != "uuid_"]
    exact = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
    parts = ["CREATE TABLE twin_parent (id INT NOT NULL PRIMARY KEY);\n",
             "INSERT INTO twin_parent VALUES (1), (2), (3);\n"]
    for name in tables:
        parts.append(f"CREATE TABLE {name} ({KEYS[name].format(exact=exact)}, {VALUES.format(name=name)}) ENGINE = InnoDB "
                     "DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_general_ci;\n")
    parts.append("CREATE TABLE twin_child (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, tiny_id TINYINT, "
                 "CONSTRAINT child_of_tiny FOREIGN KEY (tiny_id) REFERENCES tiny (id));\n")
    parts.append("CREATE TRIGGER spy BEFORE UPDATE ON spied FOR EACH ROW SET NEW.n = NEW.n + 1;\n")
    parts.append("CREATE TABLE still (id INT NOT NULL PRIMARY KEY, n INT, s VARCHAR(5));\n"
                 "INSERT INTO still VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 1, NULL);\n")
    return tables, "".join(parts)


class Producer:
    """Makes runs of commands of one kind, on a few keys of each table."""

    def __init__(self, seed, tables):
        self.random = random.Random(seed)
        self.tables = tables
        self.columns = list(GOOD)

    def key(self, table):
        if table == "pair":
            return {"id": self.random.choice([0, 1, 2, "1", -1]), "part": self.random.choice(TEXTS)}
        if table == "three":
            return {"a": self.random.choice([b"", b"a", b"a\0", b"a\0\0", "a"]), "id": self.random.choice([0, 1, "1"]),
                    "part": self.random.choice(["", "x", "x ", "X"])}
        key = self.random.choice(PICK[table])
        return key if self.random.random() < 0.8 else {"id": key}

    def value(self, column, badly):
        if column in BAD and self.random.random() < badly:
            return self.random.choice(BAD[column])
        return self.random.choice(GOOD.get(column, [1]))

    def values(self, columns, badly):
        return {column: self.value(column, badly) for column in columns}

    def some(self, columns, most):
        return self.random.sample(columns, self.random.randint(0, most))

    def returning(self):
        return self.random.choice([{}, {}, {"returning": True}, {"returning": False},
                                   {"returning": ["n", "touched", "f", "b"]}, {"returning": ["id"]}])

    def run(self):
        """Commands of one form, which differ in keys and values."""
        make = self.random.choice([self.creates, self.creates, self.reads, self.updates, self.updates, self.deletes,
                                   self.counts, self.others])
        return make(self.random.choice(self.tables), self.random.choice([1, 2, 5, 12, 30]),
                    self.random.choice([0, 0.02, 0.2]))

    def creates(self, table, count, badly):
        columns = self.some(self.columns, 6) + (["twice"] if self.random.random() < 0.02 else [])
        returning = self.returning()
        given = table != "counted" or self.random.random() < 0.2
        made = []
        for _ in range(count):
            rows = []
            for _ in range(self.random.choice([1, 1, 1, 2, 4])):
                row = self.values(columns, badly)
                if given:
                    key = self.key(table)
                    row.update(key if isinstance(key, dict) else {"id": key})
                rows.append(row)
            single = len(rows) == 1 and self.random.random() < 0.8
            made.append({"op": "create", "table": table, "values": rows[0] if single else rows, **returning})
        return made

    def reads(self, table, count, _badly):
        form = self.random.choice([{}, {}, {"select": ["id", "n"]}, {"select": ["f", "b", "s"]}, {"required": True},
                                   {"format": "arrays"}])
        op = "exists" if self.random.random() < 0.2 else "read"
        return [{"op": op, "table": table, "pk": self.key(table), **(form if op == "read" else {})}
                for _ in range(count)]

    def updates(self, table, count, badly):
        columns = self.some(self.columns, 4) or ["n"]
        form = {**self.returning(), **self.random.choice([{}, {}, {"required": True}])}
        made = []
        for _ in range(count):
            values = self.values(columns, badly)
            values = {name: {"value": value} if isinstance(value, dict) else value for name, value in values.items()}
            if self.random.random() < 0.02:
                key = self.key(table)
                values.update(key if isinstance(key, dict) else {"id": key})
            made.append({"op": "update", "table": table, "pk": self.key(table), "set": values, **form})
        return made

    def deletes(self, table, count, _badly):
        form = self.random.choice([{}, {}, {"returning": True}, {"returning": ["s", "f"]}, {"required": True}])
        return [{"op": "delete", "table": table, "pk": self.key(table), **form} for _ in range(count)]

    def counts(self, _table, count, _badly):
        """By condition, of a table that nobody writes to: other reads may see what comes later."""
        read = self.random.choice([
            {"op": "read", "table": "still", "where": {"n": self.random.randint(1, 3)}, "order": ["id"]},
            {"op": "read", "table": "still", "order": ["-n"], "required": True},
            {"op": "read", "table": "still", "where": {"n": 9}},
            {"op": "read", "table": "still", "where": {"n": 1}, "select": ["n"], "distinct": True},
            {"op": "count", "table": "still"}, {"op": "exists", "table": "still", "where": {"n": 9}},
            {"op": "read", "table": "still", "where": {"s": {"regexp": "("}}}])
        return [{**read, **(self.form_of_one() if read["op"] == "read" else {})} for _ in range(count)]

    def form_of_one(self):
        """The same statement, as often as not, for what is answered in another form."""
        form = self.random.choice([{}, {}, {"first": True}, {"limit": 1}, {"page": 1, "page_size": 1},
                                   {"limit": 1, "offset": 0}, {"first": True, "required": False}])
        return {**form, "format": self.random.choice(["maps", "arrays"])}

    def others(self, table, count, _badly):
        """On parents and children."""
        return [self.random.choice([
            {"op": "create", "table": "twin_child", "values": {"tiny_id": self.random.choice(PICK["tiny"][:12])},
             "returning": ["tiny_id"]},
            {"op": "create", "table": "twin_parent", "values": {"id": self.random.randint(4, 9)}},
            {"op": "delete", "table": "twin_parent", "pk": self.random.randint(1, 9)},
            {"op": "delete", "table": "tiny", "pk": self.random.choice(PICK["tiny"][:12])},
            {"op": "update", "table": table, "pk": self.key(table), "set": {"other": self.random.randint(1, 9)},
             "returning": ["other"]},
        ]) for _ in range(count)]


class Side:
    """One of the two: its database, its Redis, its rowd."""

    def __init__(self, world, database, **options):
        self.database = database
        redis_server = world.redis()
        self.rowd = world.rowd(database, redis_server, **options)
        self.redis = redis_server.client()

    def exchange(self, commands):
        """All at once; the replies in the order of the commands."""
        elements = [msgpack.packb({**command, "id": number, "reply_list": "rowd:reply:twin"})
                    for number, command in enumerate(commands)]
        self.redis.lpush(QUEUE, *elements)
        replies = {}
        while len(replies) < len(commands):
            popped = self.redis.blpop("rowd:reply:twin", timeout=60)
            assert popped, f"{len(replies)} of {len(commands)} replies"
            reply = decode(popped[1])
            contract.check_reply(reply)
            replies[reply["id"]] = reply
        return [replies[number] for number in range(len(commands))]

    def contents(self, tables):
        return {table: [normal(row, table) for row in self.rows(table)] for table in tables}

    def rows(self, table):
        connection = self.database.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {table} ORDER BY {ORDERS.get(table, 'id')}")
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row)) for row in cursor.fetchall()]
        finally:
            connection.close()


def normal(row, table):
    """Without what may differ: generated keys, which failures use up, and the time."""
    row = dict(row)
    if "touched" in row:
        row["touched"] = str(row["touched"]).startswith("2001-02-03 04:05:06")
    if row.get("since"):
        row["since"] = str(row["since"]).startswith("2020-01-01")
    if table in ("counted", "twin_child") and row.get("id", -1) > 0:
        row["id"] = "generated"
    return row


def normal_reply(reply, command):
    reply = dict(reply)
    rows = reply.get("rows", [reply["row"]] if reply.get("row") else [])
    rows = [normal(dict(zip(reply["cols"], row)) if isinstance(row, list) else row, command["table"]) for row in rows]
    reply.update({"rows": rows} if "rows" in reply else {"row": rows} if rows else {})
    if "insert_id" in reply:
        reply["insert_id"] = min(reply["insert_id"], 1)
    if "insert_ids" in reply:
        reply["insert_ids"] = [min(one, 1) for one in reply["insert_ids"]]
    return reply


def generated_keys(replies, commands, table):
    """In the order of the commands."""
    keys = []
    for reply, command in zip(replies, commands):
        if reply["ok"] and command["op"] == "create" and command["table"] == table:
            keys += [row["id"] for row in [*reply.get("rows", []), *([reply["row"]] if "row" in reply else [])]
                     if "id" in row]
            keys += [*reply.get("insert_ids", []), *([reply["insert_id"]] if "insert_id" in reply else [])]
    return [key for key in keys if key > 0]
