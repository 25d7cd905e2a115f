"""The examples of a document: what its fenced blocks say, and running them against a rowd in their order.

    ```json command         pushed as it stands; a reply_list is added unless the command names a place for its reply
    ```json command silent  pushed as it stands; nothing is waited for
    ```json reply           what the command above has to be answered with
    ```json dead            the newest dead letter
    ```json captured        a reply that only a fault brings about: held to the contract, not made here
    ```hex command          msgpack as bytes: two digits each, up to a ';'
    ```hex reply
    ```sql                  run on the database before rowd is started
    ```console              lines with '$ ' are run by a shell, and have to print the lines below them
    ```sh, ```text          no example

A bare … in a reply stands for one value that differs from time to time, in what a shell prints for any text. Ten hexadecimal
digits that a shell prints are the id of a dead letter: each one stands for the id that is met in its place first. On a server
that is not MariaDB of a block marked `mariadb` only `ok` and the error's code are compared.

ROWD_RECORD_DOCUMENTS=1 writes what was answered into the document instead of comparing: read the difference then."""

import json
import os
import re
import secrets
import subprocess

import msgpack

from support import contract
from support.client import QUEUE, REPLY_TIMEOUT_S, decode
from support.process import build_directory, wait_until

ANY = "…"
ID = r"\b[0-9a-f]{10}\b"
RECORD = bool(os.environ.get("ROWD_RECORD_DOCUMENTS"))
WIDTH = 118
KINDS = {"json command", "json command silent", "json reply", "json reply mariadb", "json dead", "json captured",
         "hex command", "hex reply", "sql", "console", "sh", "text"}


class Block:
    def __init__(self, kind, text, line, span):
        self.kind = kind
        self.text = text
        self.line = line
        self.span = span


def blocks(path):
    """All fenced blocks of a document."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        assert match[1] in KINDS, f"{path.name}:{line}: no such kind of block: {match[1]!r}"
        found.append(Block(match[1], match[2], line, match.span(2)))
    assert text.count("\n```") + text.startswith("```") == 2 * len(found), f"{path.name}: a block is not closed"
    return found


def _number(text):
    """Digits as they stand: 0.10 is not 0.1."""
    return ("number", text)


def parse_expected(text):
    return json.loads(re.sub(r'(?<![^\s:,\[])…(?=[\s,\]}]|$)', f'"{ANY}"', text), parse_float=_number)


def same(expected, found):
    if isinstance(expected, str) and expected == ANY:
        return True
    if type(expected) is not type(found):
        return False
    if isinstance(expected, dict):
        return expected.keys() == found.keys() and all(same(expected[key], found[key]) for key in expected)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return expected == found


def _one_line(value):
    if isinstance(value, tuple):
        return value[1]
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_one_line, value)) + "]"
    return ANY if value == ANY else json.dumps(value, ensure_ascii=False)


def _lines(value, before, after):
    """The value between two texts, broken at its outermost commas where it is too long for one line."""
    line = before + _one_line(value) + after
    if len(line) <= WIDTH or not isinstance(value, (dict, list)):
        return [line]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    indent = " " * (len(before) - len(before.lstrip()) + 1)
    items = [(f"{json.dumps(key)}: ", item) for key, item in value.items()] if isinstance(value, dict) else [
        ("", item) for item in value]
    lines = [before + opened]
    for number, (name, item) in enumerate(items):
        end = closed + after if number == len(items) - 1 else ","
        short = lines[-1] + (" " if lines[-1].endswith(",") else "") + name + _one_line(item) + end
        if len(short) <= WIDTH:
            lines[-1] = short
        else:
            lines += _lines(item, indent + name, end)
    return lines


def layout(value):
    return "\n".join(line.rstrip() for line in _lines(value, "", "")) + "\n"


def _with_marks(expected, found):
    """What was found, with the … that stood there before."""
    if isinstance(expected, str) and expected == ANY:
        return ANY
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: _with_marks(expected.get(key), item) for key, item in found.items()}
    return found


def hex_bytes(text):
    return bytes.fromhex("".join(line.split(";")[0] for line in text.splitlines()))


class Runner:
    """Runs the blocks of one document after each other."""

    def __init__(self, path, redis_server, is_mariadb):
        self.path = path
        self.redis_server = redis_server
        self.redis = redis_server.client()
        self.is_mariadb = is_mariadb
        self.raw = None
        self.recorded = []
        self.ids = {}  # as the document has them: as they are

    def run(self):
        for block in blocks(self.path):
            try:
                self.run_block(block)
            except AssertionError as problem:
                raise AssertionError(f"{self.path.name}:{block.line}: {problem}") from None
        assert self.raw is None, f"{self.path.name}: the last command has no reply"
        self.write_recorded()

    def write_recorded(self):
        text = self.path.read_text(encoding="utf-8")
        for block, found in reversed(self.recorded):
            marked = _with_marks(parse_expected(block.text) if block.text.strip() else None, found)
            text = text[:block.span[0]] + layout(marked) + text[block.span[1]:]
        if self.recorded:
            self.path.write_text(text, encoding="utf-8")

    def check_same(self, block, found, what):
        expected = parse_expected(block.text) if block.text.strip() else None
        if RECORD and not same(expected, found):
            self.recorded.append((block, found))
        else:
            assert same(expected, found), f"the {what} is\n{layout(found)}"

    def run_block(self, block):
        kind = block.kind.split()
        if kind[1:] in (["command"], ["command", "silent"]):
            assert self.raw is None, "the command before this one has no reply"
            self.push(block, silent="silent" in kind)
        elif kind[1:2] == ["reply"]:
            assert self.raw is not None, "a reply without a command"
            self.compare(block, exact="mariadb" not in kind or self.is_mariadb)
            self.raw = None
        elif block.kind == "json dead":
            self.compare_dead(block)
        elif block.kind == "json captured":
            contract.check_reply(json.loads(block.text))
        elif block.kind == "console":
            self.run_console(block)

    def push(self, block, silent):
        if block.kind == "hex command":
            element = hex_bytes(block.text)
            reply_list = msgpack.unpackb(element, raw=False)["reply_list"]
        else:
            text = block.text.strip()
            named = re.search(r'"reply_list": "([^"]*)"', text)
            reply_list = named[1] if named else f"rowd:reply:{secrets.token_hex(8)}"
            if not named and not silent:
                text = text.replace("{", f'{{"reply_list": "{reply_list}", ', 1)
            element = text.encode()
        dead = self.redis.llen(f"{{{QUEUE}}}:dead")
        self.redis.lpush(QUEUE, element)
        if silent:
            wait_until(lambda: self.redis.llen(f"{{{QUEUE}}}:dead") > dead, "the dead letter")
            return
        popped = self.redis.blpop(reply_list, timeout=REPLY_TIMEOUT_S)
        assert popped, "no reply"
        self.raw = popped[1]
        contract.check_reply(decode(self.raw))

    def compare(self, block, exact):
        if block.kind == "hex reply":
            assert hex_bytes(block.text) == self.raw, f"the reply is {self.raw.hex(' ')}"
            return
        found = json.loads(self.raw, parse_float=_number)
        if exact:
            self.check_same(block, found, "reply")
        else:
            expected = parse_expected(block.text)
            assert expected["ok"] == found["ok"], f"the reply is {self.raw.decode()}"
            assert expected.get("error", {}).get("code") == found.get("error", {}).get("code")

    def compare_dead(self, block):
        letter = contract.check_dead_letter(self.redis.lindex(f"{{{QUEUE}}}:dead", 0))
        self.check_same(block, {name.decode(): value.decode() if isinstance(value, bytes) else value
                                for name, value in letter.items()}, "dead letter")

    def run_console(self, block):
        """redis-cli is told the port, and to print as it does on a terminal."""
        environment = {**os.environ, "REDIS_URL": self.redis_server.url,
                       "PATH": f"{build_directory() / 'bin'}:{os.environ['PATH']}"}
        steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        assert steps[0] == "", "a console block begins with '$ '"
        for step in steps[1:]:
            lines = step.splitlines()
            length = next((i + 1 for i, line in enumerate(lines) if not line.endswith("\\")), len(lines))
            line = re.sub(ID, lambda found: self.ids.get(found[0], found[0]), "\n".join(lines[:length]))
            script = f'redis-cli() {{ command redis-cli -p {self.redis_server.port} --no-raw "$@"; }}\n{line}\n'
            done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, timeout=60,
                                  check=False)
            printed = done.stdout.strip() + done.stderr.strip()
            wanted = "\n".join(lines[length:]).strip()
            self.compare_printed(line, printed, wanted)

    def compare_printed(self, line, printed, wanted):
        pattern, unknown = "", []
        for part in re.split(f"({ANY}|{ID})", wanted):
            if part == ANY:
                pattern += ".*"
            elif re.fullmatch(ID, part) and part not in self.ids:
                unknown.append(part)
                pattern += f"({ID})"
            else:
                pattern += re.escape(self.ids.get(part, part))
        met = re.fullmatch(pattern, printed, re.DOTALL)
        assert met, f"`{line}` printed:\n{printed}"
        self.ids.update(zip(unknown, met.groups()))
