"""rowctl, as an operator runs it: no terminal, and nothing on standard input."""

import subprocess

from support.process import program
from support.rowd_process import environment


class Tool:
    def __init__(self, redis_url):
        self.redis_url = redis_url
        self.said = ""

    def __call__(self, *words, expect=0):
        done = subprocess.run([program("rowctl"), *words], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, env=environment(redis_url=self.redis_url))
        self.said = done.stderr
        assert done.returncode == expect, f"exit {done.returncode}, not {expect}: {done.stdout!r} {done.stderr!r}"
        return done.stdout
