"""Processes that a test starts and ends, and waiting for something to become true."""

import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("ROWD_BUILD", "release")


def build_directory():
    """ROWD_BUILD is a preset's name, or the path of a build directory."""
    named = Path(BUILD)
    return named if named.is_absolute() else ROOT / "build" / BUILD


def sanitized():
    cache = build_directory() / "CMakeCache.txt"
    return cache.exists() and "ROWD_SANITIZE:STRING=address" in cache.read_text(encoding="utf-8")


UNDER_ASAN = sanitized()


def program(name):
    return str(build_directory() / "bin" / name)


def memory_bytes(pid, name):
    """VmRSS or VmHWM of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name}: the process has ended")


def wait_until(condition, what, timeout_s=30.0):
    """Returns what condition() returns as soon as that is true; fails the test after timeout_s."""
    end = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for: {what}")
        time.sleep(0.01)


def thread_rests(stat):
    """Whether it is stopped, or ended, by its /proc/PID/task/TID/stat."""
    try:
        return stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] in "TXZ"
    except OSError:  # it has ended since
        return True


class Process:
    """One child process with its output in a file."""

    def __init__(self, arguments, log, environment=None):
        self.log_path = Path(log)
        with open(self.log_path, "ab") as output:
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=subprocess.STDOUT, env=environment)

    @property
    def pid(self):
        return self.child.pid

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def alive(self):
        return self.child.poll() is None

    def send(self, number):
        self.child.send_signal(number)

    def freeze(self):
        """SIGSTOP, and waits for it: until one of its threads has taken the signal, the others go on."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: all(thread_rests(stat) for stat in Path(f"/proc/{self.pid}/task").glob("*/stat")),
                   "the process to stop")

    def wait(self, timeout_s=30.0):
        """Its exit code; negative for a signal."""
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} did not end within {timeout_s} s:\n{self.tail()}") from None

    def terminate(self, timeout_s=30.0):
        if self.alive():
            self.send(signal.SIGTERM)
        return self.wait(timeout_s)

    def kill(self):
        if self.alive():
            self.send(signal.SIGKILL)
        return self.wait()

    def tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])

    def wait_ready(self, ready, what, timeout_s=60.0):
        """Until ready() answers true. A process that ends before is told with its output, at once."""

        def check():
            if not self.alive():
                raise AssertionError(f"{what} ended with {self.child.returncode}:\n{self.tail()}")
            return ready()

        try:
            wait_until(check, what, timeout_s)
        except AssertionError as problem:
            self.kill()  # whoever started it does not hold it yet, and could not end it
            raise AssertionError(f"{problem}\n{self.tail()}") from None
        except BaseException:
            self.kill()
            raise
