"""A rowd as a process: configured by its environment, watched for crashes and for the sanitizers' reports."""

import os
import secrets
from pathlib import Path

from support.client import Client
from support.process import UNDER_ASAN, Process, memory_bytes, program


def environment(database_url=None, redis_url=None, runtime_directory=None, log_prefix=None, **options):
    """What rowd and rowctl are started with: nothing of the caller's but PATH. Options as section_key=value."""
    variables = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    if database_url:
        variables["DATABASE_URL"] = database_url
    if redis_url:
        variables["REDIS_URL"] = redis_url
    if runtime_directory:
        variables["RUNTIME_DIRECTORY"] = str(runtime_directory)
    for name, value in options.items():
        variables[f"ROWD_{name.upper()}"] = str(value)
    variables["ASAN_OPTIONS"] = "detect_stack_use_after_return=0:abort_on_error=0" + (
        f":log_path={log_prefix}" if log_prefix else "")
    variables["UBSAN_OPTIONS"] = "print_stacktrace=1"
    return variables


class Rowd:
    """Started at once; ready when it has answered a ping from the first queue named."""

    def __init__(self, directory, database_url, redis_server, arguments=(), queue="rowd:commands", wait=True,
                 redis_url=None, runtime_directory=None, variables=None, **options):
        self.directory = Path(directory) / f"rowd-{secrets.token_hex(3)}"
        self.directory.mkdir(parents=True)
        self.redis_server = redis_server
        self.report_prefix = self.directory / "sanitizer"
        self.process = Process(
            [program("rowd"), *arguments], self.directory / "rowd.log",
            {**environment(database_url, redis_url or redis_server.url, runtime_directory or self.directory,
                           self.report_prefix, **options), **(variables or {})})
        if wait:
            self.wait_ready(queue)

    def wait_ready(self, queue="rowd:commands"):
        client = Client(self.redis_server.client(), queue=queue)
        reply_list = f"rowd:reply:{secrets.token_hex(8)}"
        client.push({"op": "ping", "db": True, "reply_list": reply_list, "reply_ttl_ms": 120000})
        try:
            self.process.wait_ready(lambda: client.redis.lpop(reply_list), "rowd")
        except AssertionError:
            self.kill()  # nobody else knows of it yet
            raise

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.process.log()

    def memory_bytes(self):
        """VmRSS: what is resident now."""
        return memory_bytes(self.pid, "VmRSS")

    def peak_memory_bytes(self):
        """VmHWM: the most that was ever resident."""
        return memory_bytes(self.pid, "VmHWM")

    def kill(self):
        self.process.kill()

    def terminate(self, timeout_s=30.0):
        """SIGTERM, and the exit code."""
        code = self.process.terminate(timeout_s)
        self.check_reports()
        return code

    def check_alive(self):
        assert self.process.alive(), f"rowd died with {self.process.child.returncode}:\n{self.process.tail(60)}"
        self.check_reports()

    def check_reports(self):
        reports = sorted(self.directory.glob("sanitizer*"))
        assert not reports, f"{reports[0].name}:\n" + reports[0].read_text(errors="replace")[:6000]
        if UNDER_ASAN:
            assert "runtime error:" not in self.log(), self.process.tail(60)

    def close(self):
        """At the end of a test: it must still be alive, end in good order and leave no report."""
        if not self.process.alive():
            self.check_reports()
            return
        code = self.terminate()
        assert code == 0, f"rowd ended with {code} at SIGTERM:\n{self.process.tail(60)}"
