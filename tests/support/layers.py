"""Checks that data and calls flow one way: which room may include which, and that no include cycle exists.

Run it with no arguments in the repository; it prints each finding and exits 1 when there is one."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# A room and the headers that have no business there. The room is the path's beginning; the reason goes to the reader.
FORBIDDEN = [
    ("common/", r"^(daemon|cli)/", "common/ knows none of its users"),
    ("common/", r"^(uv|mysql|hiredis)", "common/ does no I/O"),
    ("daemon/queue/", r"^daemon/database/", "queue/ and database/ do not know each other"),
    ("daemon/queue/", r"^mysql", "queue/ is the Redis side"),
    ("daemon/database/", r"^daemon/queue/", "queue/ and database/ do not know each other"),
    ("daemon/database/", r"^hiredis", "database/ is the MySQL side"),
    ("daemon/plan/", r"^daemon/(queue|database|ops)/", "plan/ decides without I/O"),
    ("daemon/plan/", r"^(uv|mysql|hiredis|errmsg)", "plan/ decides without I/O"),
    ("daemon/ops/", r"^daemon/(queue|database)/", "ops/ is told what it shows"),
    ("cli/", r"^daemon/", "rowctl speaks to Redis only"),
    ("cli/", r"^mysql", "rowctl speaks to Redis only"),
    ("", r"^msgpack\b", "msgpack-c only judges our own reader and writer, in the tests"),
]


def sources():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return sorted(path for path in listed if (ROOT / path).exists())


def includes(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    return [(kind, name) for kind, name in INCLUDE.findall(text)]


def layer_findings(graph):
    for path, included in graph.items():
        if path.startswith(("tests/", "examples/")):
            continue
        for _, name in included:
            for room, pattern, reason in FORBIDDEN:
                if path.startswith(room) and re.search(pattern, name):
                    yield f"{path}: includes {name}: {reason}"


def cycle_findings(graph):
    edges = {path: [name for kind, name in included if kind == '"' and name in graph]
             for path, included in graph.items()}
    done, trail = set(), []

    def visit(path):
        if path in trail:
            return trail[trail.index(path):] + [path]
        if path in done:
            return None
        trail.append(path)
        for name in edges[path]:
            cycle = visit(name)
            if cycle:
                return cycle
        trail.pop()
        done.add(path)
        return None

    for path in edges:
        cycle = visit(path)
        if cycle:
            yield "include cycle: " + " -> ".join(cycle)
            return


def main():
    graph = {path: includes(path) for path in sources()}
    findings = [*layer_findings(graph), *cycle_findings(graph)]
    for finding in findings:
        print(finding)
    print(f"{len(graph)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
