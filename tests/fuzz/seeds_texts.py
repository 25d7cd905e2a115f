"""URLs, configuration files, CSV and SQL."""

URLS = [
    "mysql://user:pass@host:3306/db", "mariadb://localhost/db", "mysql+aiomysql://u:p@h/db?charset=utf8mb4",
    "mysql://u:p%40ss%2f@[::1]:3307/db", "mysql:///db?unix_socket=/run/mysqld/mysqld.sock&ssl_ca=x",
    "mysql://u:p@ss@h/db", "MYSQL+PyMySQL://h/db%20name", "mysql://h", "mysql://h:0/db", "mysql://h:65536/db",
    "mysql://[::1/db", "mysql://h/db#x", "mysql://h/%zz", "mysql://h/a%00b", "sqlite:file.db", "postgresql://h/db",
    "redis://127.0.0.1:6379/0", "redis://:secret@h/15", "rediss://u:p@h", "unix:///run/redis.sock?db=3",
    "unix://u:p@/run/redis.sock", "redis://h/x", "redis://h/1048577", "unix://", "redis://", "://", "", "x",
    "mysql://u:p/w?d@h/db?password=x&passwd=y", "mysql://" + "u" * 260 + "@h/db", "redis://h/0?db=1",
]

FULL = """\ufeff# a comment
; another
[database]
url = mysql://rowd:secret@127.0.0.1:3306/shop
connections = 8
tls = verify
tls_cert = /etc/rowd/cert.pem
tls_key = /etc/rowd/key.pem

[queue "rowd:commands"]
tables = animals, shop_* users
ops = ping read count
max_rows = 100
shared = yes
[queue "other"]
reply_prefix = other:reply:
[limits]
in_flight_bytes = 64 MiB
message_bytes = 1 MiB
[log]
level = debug
"""

OPTIONS = {
    "full": FULL,
    "slips": "[databse]\nurl=x\n[limits]\nbacth = 5\nbatch = many\nbatch = 0\nbatch = 99999999999999999999\n",
    "sections": "[queue]\n[queue \"\"]\n[queue \"a{b}\"]\n[queue \"q\"]\n[queue \"q\"]\n[log x]\n[log\n[]\n[\"\n",
    "settings": "before = section\n[log]\nlevel\n= x\nlevel =\nlevel = info\nlevel = info\nformat = json # no comment\n",
    "missing": "[http]\nlisten = 1\n[delivery]\nonce_window_s = 1\n[queue \"q\"]\ndelivery = exactly-once\nops = sql tx\n",
    "prefix": "[reply]\nprefix =\n[queue \"rowd:reply:q\"]\nreply_prefix =\n",
    "units": "[limits]\nin_flight_bytes = 1 GiB\nmessage_bytes = 1k\nreply_bytes = 2 KB\n[database]\nidle_ping_s = 1 h\n",
    "kib": "[database]\nurl = mysql://u:p@h/d\n[limits]\nmessage_bytes = 3 KiB\nreply_bytes = 5 K\n",
    "zero": "[log]\nlevel = in\0fo\n",
    "crlf": "[log]\r\nlevel = info\r\n",
    "environment": "\n===\nexport DATABASE_URL='mysql://u:p@h/d' # x\nROWD_LIMITS_BATCH=\"5\"\nROWD_LIMIT_BATCH=5\n"
                   "ROWD_DATABASE_URL=x\nREDIS_URL=\"redis://:a\\\"b@h\"\n\n===\n",
    "arguments": "\n===\n\n===\n--database-url=mysql://u:p@h/d\n--limits-batch=5\n--limit-batch=5\n--limits-batch\nx\n"
                 "--queue-tables=a,b*\n--http-listen=1",
    "all": FULL + "\n===\nROWD_LIMITS_BATCH=7\n===\n--log-level=error\n--queue-ops=read",
}

CSV = {
    "plain": "id,name\n1,Kim\n2,Ann\n", "crlf": "a,b\r\n1,2\r\n", "bom": "\ufeffa,b\n1,2\n",
    "quotes": '"a","b ""c""","d\ne"\n" x ",  y  ,\t"z" \n', "null": "\\N,,\"\",\"\\N\"\n", "blank": "\n\n \na\n\n",
    "open": 'a,"b\nc', "behind": '"a"b,c\n"a" "b"\n', "no-newline": "a,b", "inner": 'a"b,c""d\n', "cr": "a\rb,\r\n\r\r\n",
    "empty": "", "commas": ",,,\n", "wide": "x," * 200 + "\n", "emoji": "é,🐈\n", "bad-bom": b"\xef\xbbx,y\n",
    "too-many": "," * 4100,
}

SQL = {
    "two": "CREATE TABLE a (id INT);\nCREATE TABLE IF NOT EXISTS `b`.`c d` (x INT);",
    "quotes": "INSERT INTO t VALUES ('a;b', \"c;\\\"d\", `e``f`, 'it''s', '\\'');",
    "comments": "-- one\n# two\n/* three; */ SELECT 1 -- four\n;\n/*!50000 SELECT 2 */;/*M! x */ SELECT 5--1;",
    "open-quote": "SELECT 'a", "open-comment": "SELECT 1 /* x", "empty": "", "semicolons": ";;; ;\n;",
    "bom": "\ufeffSELECT 1", "or-replace": "CREATE OR REPLACE TABLE \"x\" (a INT)", "temporary": "CREATE TEMPORARY TABLE t (a INT)",
    "dashes": "a--;--\n--", "slash": "/*/ a */ b; /**/ c", "bare": "no end", "create": "CREATE", "create-table": "create table ",
    "dot": "CREATE TABLE a . b (c INT); CREATE TABLE a.`b` LIKE c;",
}


def encoded(texts):
    return {name: text if isinstance(text, bytes) else text.encode() for name, text in texts.items()}


def urls():
    return {f"{i:02}": url.encode() for i, url in enumerate(URLS)}


def options():
    return encoded(OPTIONS)


def csv():
    return encoded(CSV)


def sql():
    return encoded(SQL)
