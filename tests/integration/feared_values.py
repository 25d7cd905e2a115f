"""Values that people fear, by the column of table `types` that has to bring them back to the byte. Data only.

(column, what is sent, what comes back). Bytes stand for bin, also in what JSON sends as {"$bin": base64}."""

import random

TEXTS = [
    # what has a meaning to SQL
    "'", "''", "'''", '"', '""', "`", "\\", "\\\\", "\\'", "\\\\'", "'\\", '\\"', "\\0", "\\n", "\\Z", "\\%", "\\_",
    "%", "%%", "_", "__",
    "a%b", "a_b", "%a%", "_a_", "100%", "\\%\\_", "--", "-- ", "#", "/*", "*/", "/*!99999 x */", ";", ";;", "?",
    ":name", "@x", "@@version",
    "$1", "{}", "%s", "%d%n", "x'41'", "0x41", "b'1'", "_utf8'x'", "N'x'", "NULL", "null", "\\N", "DEFAULT", "TRUE",
    "true", "false", "0", "00",
    "-0", "1", "01", "1e0", "1e309", "0x0", "NaN", "inf", "-", "+", ".", "1.", ".1", "NOW()", "CURRENT_TIMESTAMP",
    "0000-00-00", "id",
    "'; DROP TABLE types; -- ", "1 OR 1=1", "' OR ''='", "') OR ('1'='1", "SELECT * FROM types",
    "INSERT INTO types VALUES (1)",
    # what has a meaning to JSON, msgpack, Redis, terminals, log and shells
    "{", "}", "[]", "{}", '{"$bin":"AAAA"}', '{"$bin":"not base64"}', '{"col":"id"}', '{"eq":1}', '{"inc":1}', "$bin",
    '"', '\\"', "\\u0041",
    "\\ud800", "\u2028", "\u2029", "\x82\xa2op", "\xc1", "\r\n", "\r\n$5\r\nhello\r\n", "*1\r\n$8\r\nFLUSHALL\r\n",
    "{rowd:commands}:dead",
    "*", "[a-z]", "\x1b[31m", "$(reboot)", "`reboot`", "${x}", "<script>alert(1)</script>", "&amp;", "../../etc/passwd",
    "C:\\temp\\new",
    # space and what cannot be seen
    "", " ", "  ", " a", "a ", "a  ", "\t", "\n", "\r", "\n\n", "a\n", "\x00", "\x00\x00", "a\x00b", "\x00'", "a\x00",
    "\x1a", "a\x1ab", "\x08", "\x7f",
    "\x01\x02\x03\x1f", "\u00a0", "\u200b", "a\u200bb", "\u200d", "\ufeff", "\ufeffa", "\u2060", "\u00ad", "\u3000",
    "\u202eabc\u202c", "\u2066x\u2069",
    "\u0085", "\u009b",
    # scripts and composition
    "é", "e\u0301", "Å", "Å", "ﬁ", "ß", "ẞ", "İ", "ı", "ǅ", "Ω", "김철수", "ᄀ\u1161\u11a8", "각", "日本語", "葛\U000e0100", "ﷺ",
    "שלום", "مرحبا", "नमस्ते", "ไทย",
    "z̸̢̛͓̀͘a̷̡͇̅l̵̰̈g̶̻̈́o̷͔̔", "😀", "👩\u200d👩\u200d👧\u200d👦", "🇰🇷", "👍🏽", "❤\ufe0f", "\U0001f600" * 50, "𝒳𝓎",
    "\U00010000", "\U0010ffff", "\U0010fffd",
    "\uffff", "\ufffe", "\ufffd", "\ufdd0", "\ud7ff", "\ue000", "\x7f\x80", "\u07ff\u0800", "\u00bf\u005c\u0027",
    "\u00bf'", "縗'", "誠\\", "表", "ソ",
    "＇ OR １＝１", "ʼ OR 1=1", "‘x’", "´", "｀", "＼", "％", "\u2019; --",
    # size
    "a" * 199, "'" * 200, "\\" * 200, "%" * 200, "\x00" * 200, "é" * 200, "\U0001f600" * 199 + "'", "\\" * 199 + "'",
]

BLOBS = [
    b"", b"\x00", b"\x00" * 255, b"'", b"\\", b"\\'", b"\xbf'", b"\xbf\x27 OR 1=1 -- ", b"\xbf\x5c\x27", b"\xa1\x27",
    b"\x81\x5c", b"\xe0\x5c", b"\x83\x5c",
    b"\xe3\x80\x80", b"\xe3\x80", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\x80", b"\xc0\xa7",
    b"\xe0\x80\xa7", b"\xf0\x80\x80\xa7",
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"\x80", b"\xff" * 250, bytes(range(256)), b"\x1a",
    b"\r\n", b"x'41'", b"0x41",
    b"a ", b"a\x00", b" ", b"NULL", b'{"$bin":"AAAA"}', b"\xc1", b"\x82\xa2op", b"\xdd\xff\xff\xff\xff", b"%", b"_",
    b"\\%",
]

PATTERNS = ["%", "_", "\\", "\\%", "\\_", "%_\\", "a%b_c\\d", "'", "''", "\\'", "\x00", "[a-z]", ".*", "^$", "😀", "é",
            "\\\\", "100%", "_%_", "{", "\\n",
            "\n", '"', "`", "-- ", "*/", "\u3000"]

DOCUMENTS = ['{"$bin":"AAAA"}', '{"a":"it\'s \\"x\\" \\\\ \\u0000"}', '"\'; DROP TABLE types; -- "',
             '{"n":18446744073709551615}', "[]", "{}", '""', "0", "null",
             "true", '{"k":[1,[2,[3]]]}', '"\\ud83d\\ude00"', '"😀"', '{"":""}', '{"a\'b":"c`d"}', '[1.5,-2,"x"]']

INTEGERS = {
    "tiny": (-128, 127), "tiny_u": (0, 255), "small": (-32768, 32767), "medium": (-2**23, 2**23 - 1),
    "whole": (-2**31, 2**31 - 1),
    "big": (-2**63, 2**63 - 1), "big_u": (0, 2**64 - 1), "bits": (0, 1023), "bits64": (0, 2**64 - 1),
    "a_year": (1901, 2155),
}

EXACT = {
    "big": [-2**63, -2**63 + 1, 2**63 - 1, 2**53 + 1, -2**53 - 1, 2**53 - 1, 2**62 + 1, 0, -1, 10**18 + 1],
    "big_u": [2**64 - 1, 2**64 - 2, 2**63, 2**63 + 1, 2**63 - 1, 2**53 + 1, 0],
    "bits64": [2**64 - 1, 2**63, 1, 0],
    "digits": ["9" * 30 + ".0000000000", "-" + "9" * 30 + ".9999999999", "0.0000000001", "-0.0000000001",
               "123456789012345678901234567890.1234567890",
               "100000000000000000000000000000.0000000000", "18446744073709551616.0000000000", "0.1000000000",
               "0.3000000000", "16777217.0000000000"],
    "day": ["2024-02-29", "2000-02-29", "0001-01-01", "1000-01-01", "9999-12-31", "1582-10-10", "1900-02-28",
            "2100-02-28", "0000-00-00"],
    "moment": ["2024-02-29 00:00:00", "1000-01-01 00:00:00", "9999-12-31 23:59:59", "2024-03-10 02:30:00",
               "2016-12-31 23:59:59", "0000-00-00 00:00:00", "1969-12-31 23:59:59"],
    "moment6": ["2024-02-29 23:59:59.999999", "9999-12-31 23:59:59.999999", "2024-01-01 00:00:00.000001"],
    "stamp": ["1970-01-01 00:00:01", "2038-01-19 03:14:07", "2024-02-29 12:00:00", "2024-03-31 02:30:00"],
    "span": ["-838:59:59", "838:59:59", "-00:00:01", "00:00:00", "100:00:00", "-99:59:59"],
    "span6": ["-838:59:59.000000", "-00:00:00.000001", "838:59:58.999999", "00:00:00.000001"],
    "twice": [0.1, 0.1 + 0.2, 1 / 3, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308,
              1.7976931348623157e308, -1.7976931348623157e308, 1e23,
              9007199254740993.0, 2.0**60, 16777217.0, 1e-7, 123456789.123456789, 4.35, 0.5, -1.0],
    "single": [16777216.0, 16777215.0, -16777216.0, 0.5, 1.5, -0.25, 3.4028234663852886e38, 1.1754943508222875e-38,
               1.401298464324817e-45, 2.0**100],
}

REFUSED = {  # column: what no row may ever hold, in whatever way it is sent
    "day": ["2100-02-29", "1900-02-29", "2023-02-29", "2024-02-30", "2024-04-31", "2024-13-01", "2024-00-01",
            "2024-01-00", "24-2-29x", "10000-01-01",
            "2024-02-29'", "", " "],
    "moment": ["2024-02-29 24:00:00", "2024-02-29 23:60:00", "2024-02-29 23:59:60", "2023-02-29 00:00:00", "x", "",
               1709164800, 1.5],
    "stamp": ["1970-01-01 00:00:00", "2500-01-01 00:00:00"],
    "span": ["839:00:00", "-839:00:00", "00:60:00", "00:00:60", "1:2:3:4", "x", ""],
    "tiny": [128, -129, 2**64 - 1, -2**63, 1.5, "1.5", "x", "", " ", "0x10", "1e400", "128", float("nan")],
    "big": [2**63, 2**64 - 1, "9223372036854775808", "-9223372036854775809", 2.0**63, 1.5, 1e300, "9" * 65,
            float("inf")],
    "big_u": [-1, "18446744073709551616", 2.0**64, "-1", float("-inf")],
    "price": ["123456789.00", "9" * 65, "1e20", "x", "", "1,5", "0x1", "--1", float("nan"), "1e999999999"],
    "digits": ["1" + "0" * 30, "9" * 65, "-" + "9" * 65, "1e65", "1e2147483647", "9" * 100000],
    "single": [1e39, -1e39, float("nan"), float("inf"), "nan", "1e39", "x"],
    "twice": [float("nan"), float("inf"), float("-inf"), "1e309", "-1e309", "x", ""],
    "flag": ["true", "x", 128, ""],
    "kind": ["blue", "", "1", "3", "0", 1, 0, 4, "red,green", "\x00"],
    "kinds": ["1", "3", 1, 7, "a,b,c,d", "a,,b", "d", ",", "a;b"],
    "latin": ["김", "😀", "\u0100", "Ω"],
    "fixed": ["123456789", "😀" * 9],
    "label": ["a" * 201, "é" * 201, b"\xff", b"\xbf'", b"\xed\xa0\x80", b"\xe3\x80", b"\xc0\xa7", b"\xf4\x90\x80\x80",
              1.5, True, [], {}],
    "raw": [b"\x00" * 301, 1.5, [], {}],
    "document": ["{", "", "{'a':1}", "[1,]", "NaN", "\x00", "{} {}", "[1\x0b]", "\ufeff{}", '"\x01"', "01"],
}

def random_texts(count, seed=20240229):
    """What nobody thought of: pieces of the above, glued."""
    chooser = random.Random(seed)
    pieces = [text for text in TEXTS if 0 < len(text) < 12]
    return ["".join(chooser.choices(pieces, k=chooser.randint(2, 9))) for _ in range(count)]


def random_blobs(count, seed=20240229):
    chooser = random.Random(seed)
    return [chooser.randbytes(chooser.randint(1, 300)) for _ in range(count)]


def there_and_back():
    """(column, value): what comes back is what was sent."""
    texts = TEXTS + random_texts(150)
    yield from (("label", text) for text in texts if len(text) <= 200)
    yield from (("body", text) for text in texts)
    yield from (("raw", blob) for blob in BLOBS + random_blobs(60))
    yield from (("data", blob) for blob in BLOBS)
    for column, (low, high) in INTEGERS.items():
        yield from ((column, value) for value in (low, low + 1, high - 1, high))
    for column, values in EXACT.items():
        yield from ((column, value) for value in values)
