"""Each producer in examples/ is run against a rowd, as its first lines say."""

import os
import shutil
import subprocess

import pytest

from support.process import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture
def run(redis_server, rowd):
    def run(*command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "REDIS_URL": redis_server.url, "LANG": "C.UTF-8"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


def check(output, database):
    assert "Nabi" in output
    assert database.query("SELECT species, name, age FROM animals") == [("cat", "Nabi", 4)]


def test_shell(run, database):
    check(run("sh", EXAMPLES / "producer.sh"), database)


def test_python(run, database):
    check(run("/usr/bin/python3", EXAMPLES / "producer.py"), database)


def test_c(run, database, tmp_path):
    flags = subprocess.run(["sh", "-c", "pkg-config --cflags --libs hiredis && "
                            "(pkg-config --cflags --libs msgpack-c 2>/dev/null || pkg-config --cflags --libs msgpack)"],
                           capture_output=True, text=True, check=True).stdout.split()
    program = tmp_path / "producer"
    run(shutil.which("cc"), "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", program, EXAMPLES / "producer.c", *flags)
    check(run(program), database)
