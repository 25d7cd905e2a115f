"""Attempts to be taken for SQL, made systematically: every way to leave a literal, with every thing to do then, with
every way to be rid of what follows. Data only."""

import itertools

QUOTES = ["", "'", '"', "`", "''", "\\'", "\\\\'", "')", "'))", '")', "`)", "'\\", "\\", "'\x00", "\u2019", "＇", "%'",
          "x'", "_binary'", "N'"]
COMMENTS = ["", " -- ", "-- -", "#", "/*", "*/", "--\t", ";%00", " -- '", "/*!*/", ";\x00", "'"]
DEEDS = {
    "stacked": ["; DROP TABLE bystander", "; DELETE FROM bystander", "; UPDATE bystander SET secret = 0",
                "; TRUNCATE bystander",
                "; INSERT INTO bystander VALUES (99, 'x')", "; SET GLOBAL general_log = 0", "; SHUTDOWN",
                "; CREATE TABLE owned (a INT)",
                "; GRANT ALL ON *.* TO 'x'@'%'", "; COMMIT; DROP TABLE bystander"],
    "union": [" UNION SELECT 1, secret, 3, 4 FROM bystander", " UNION ALL SELECT NULL, NULL, NULL, NULL",
              " UNION SELECT @@version, user(), 3, 4"],
    "boolean": [" OR 1=1", " OR 'a'='a", " OR TRUE", " || 1", " AND 1=0", " OR id IS NOT NULL", "=0", "|1",
                " OR 1 LIKE 1", " XOR 1", "<=>NULL",
                ") OR (1=1", " OR EXISTS(SELECT 1)", "^0", "-0", "=''", " DIV 1", " RLIKE '.'"],
    "time": [" OR SLEEP(5)", " AND SLEEP(5)", "+SLEEP(5)", " OR BENCHMARK(1000000000,SHA1(1))", "*(SELECT SLEEP(5))",
             "; SELECT SLEEP(5)",
             " OR GET_LOCK('x',5)", "-IF(1,SLEEP(5),0)"],
    "error": [" AND EXTRACTVALUE(1,CONCAT(0x7e,(SELECT secret FROM bystander LIMIT 1)))",
              " AND UPDATEXML(1,CONCAT(0x7e,VERSION()),1)",
              " OR (SELECT 1 FROM (SELECT COUNT(*),CONCAT(VERSION(),FLOOR(RAND(0)*2))x FROM bystander GROUP BY x)a)",
              " AND EXP(~(SELECT 1))",
              " PROCEDURE ANALYSE(1,1)", " AND ST_LatFromGeoHash(VERSION())"],
    "files": [" INTO OUTFILE '/tmp/rowd-owned'", " INTO DUMPFILE '/tmp/rowd-owned'",
              " UNION SELECT LOAD_FILE('/etc/passwd'),2,3,4", "; LOAD DATA LOCAL INFILE "
              "'/etc/passwd' INTO TABLE bystander"],
}


def _encodings(text):
    """The same, as somebody would write it who has heard of encodings."""
    data = text.encode()
    yield "0x" + data.hex()
    yield "x'" + data.hex() + "'"
    yield "CHAR(" + ",".join(str(byte) for byte in data) + ")"
    yield "".join(f"%{byte:02x}" for byte in data)
    yield "".join(f"\\u{ord(character):04x}" for character in text)
    yield "".join(f"&#{ord(character)};" for character in text)
    yield text.replace("'", "\u02bc").replace('"', "\u201d").replace(";", "\u037e").replace("-", "\u2010")
    yield text.translate({code: code + 0xfee0 for code in range(0x21, 0x7f)})  # full width
    yield text.replace(" ", "/**/")
    yield text.replace(" ", "\u00a0")
    yield text.replace(" ", "\t\n\x0b\x0c\r")
    yield "/*!50000" + text + "*/"
    yield "\x00".join(text)
    yield text.swapcase()


def texts():
    """All of them, each once, in a fixed order."""
    made = {}
    deeds = [deed for family in DEEDS.values() for deed in family]
    for quote, deed in itertools.product(QUOTES, deeds):
        made[f"x{quote}{deed}"] = None
    for quote, comment in itertools.product(QUOTES, COMMENTS):
        for family in DEEDS.values():
            made[f"1{quote}{family[0]}{comment}"] = None
        made[quote + comment] = None
    for family in DEEDS.values():
        for encoded in _encodings("'" + family[0] + " -- "):
            made[encoded] = None
            made["'" + encoded] = None
    return [text for text in made if text]


# What a connection with a multi-byte character set would take for a quote of its own; none of it is
# UTF-8, and so it is for columns of bytes only.
_GLUED = [lead + quote + tail for lead in (b"\xbf", b"\xa1", b"\x81", b"\xe5", b"\xfe", b"\xf0\x9f\x98", b"\xe2\x80",
                                           b"\xc0", b"\xc1", b"\xe0\x80", b"\xed\xa0")
              for quote in (b"'", b"\\'", b"\xa7", b"`", b'"') for tail in (b" OR 1=1 -- ",
                  b"; DROP TABLE bystander -- ", b"")]
MULTI_BYTE = [data for data in _GLUED if "\ufffd" in data.decode(errors="replace")]


NAMES = [
    "id`", "`id`", "id` = `id", "id`; DROP TABLE bystander; -- ", "`", "``", "```", "id\x00", "\x00id", "id ", " id",
    "ID", "Id", "id--", "id/**/", "(id)", "id,name",
    "animals.id", "`animals`.`id`", "bystander.secret", "mysql.user", "information_schema.tables", "..", ".id", "id.",
    "*", "COUNT(*)", "1", "0", "''", "NULL",
    "(SELECT secret FROM bystander LIMIT 1)", "SLEEP(5)", "IF(1=1,id,name)", "CASE WHEN 1 THEN id END", "id DESC",
    "id ASC, SLEEP(5)", "id LIMIT 1 INTO OUTFILE '/tmp/x'",
    "1 PROCEDURE ANALYSE()", "RAND()", "@@version", "@x", "@x:=1", "?", ":id", "%", "id%", "i_", "іd", "ıd", "ｉｄ",
    "id\u200b", "id\ufeff", "\u0069\u0301d", "id\n", "id\t", "x" * 65,
    "x" * 5000, "id' OR '1'='1", 'id" OR "1"="1', "and", "or", "not", ".and", ".id", "col", "eq", "$where", "__proto__",
    "constructor", "id;", "id#", "-id", "--id", "+id", "-`id`",
    "_rowid", "rowid", "oid", "__rowid", "id COLLATE utf8mb4_bin", "id->'$'", "id AS name", "id=1", "DEFAULT", "FALSE",
    "TRUE", "DISTINCT id", "SQL_CALC_FOUND_ROWS id",
]

TABLES = [
    "animals`", "`animals`", "animals; DROP TABLE bystander", "animals -- ", "animals JOIN bystander",
    "animals, bystander", "(SELECT * FROM bystander)", "animals a", "ANIMALS",
    "Animals", "animals ", " animals", "animals\x00", "animals.animals", "mysql.user", "`mysql`.`user`",
    "information_schema.tables", "performance_schema.threads", "dual", "DUAL",
    "", ".", "*", "%", "a%", "rowd_slots", "rowd_ledger", "rowd_", "ROWD_SLOTS", "animals PARTITION (p0)",
    "animals FOR UPDATE", "animals IGNORE INDEX (PRIMARY)", "#sql-1", "x" * 65, "x" * 5000,
    "../animals", "animals/*", "animals#", "animals' OR 'x", "ａnimals", "animals\u200b", "1", "NULL", "?", "@x",
    "bystander\nanimals", "animals LIMIT 0 UNION SELECT * FROM bystander",
]

OPERATORS = ["=", "==", "!=", "<>", "<=>", ">", "LIKE", "like ", " like", "LIKE '%' OR 1=1 -- ", "in (1) OR 1=1 -- ",
             "eq\x00", "eq OR 1", "IS NOT", "is", "rlike", "sounds like",
             "regexp binary", "between 1 and 2 or", "= 1 OR 1 =", "eq`", "eq;", "", " ", "x" * 5000, "EQ", "ｅｑ", "$eq",
             "$gt", "$ne", "$where", "not", "and", "or", "col", "match", "div",
             "collate utf8mb4_bin =", "--", "/*", "';"]

OPS = ["sql", "tx", "SELECT", "read; DROP TABLE bystander", "read\x00", "READ", " read", "read ", "rеad", "drop",
       "exec", "eval", "__class__", "", "x" * 5000, "create`", "aggregate", "FLUSHALL",
       "read'", "'", "*", "\r\nFLUSHALL\r\n"]

REPLY_NAMES = ["\r\n", "\r\nFLUSHALL\r\n", "x\r\n*1\r\n$8\r\nFLUSHALL\r\n", "*", "?", "[a-z]", "{rowd:commands}:dead",
               "\x00", "a\x00b", "\xff", "../x", "x" * 100000, " ", "%s%n", "{", "}", "{}",
               "'; DROP TABLE bystander; -- ", "$(reboot)", "\u202e", "😀", "a b c", "\n", "\t", '"', "\\", "KEYS[1]",
               "redis.call('FLUSHALL')", "]]..redis.call('FLUSHALL')..[["]
FOREIGN_REPLY_NAMES = ["", "rowd", "rowd:reply", "rowd:reply:", "ROWD:REPLY:x", " rowd:reply:x", "rowd:commands",
                       "{rowd:commands}:again", "{rowd:commands}:paused", "{rowd:commands}:dead",
                       "rowd:replyx", "__keyspace@0__:x", "other", "*", "rowd:reply\x00:x", "rowd\x00:reply:x",
                       "\x00rowd:reply:x", "roWd:reply:x"]
