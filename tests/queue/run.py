"""Runs one test program of daemon/queue against a private redis-server: run.py PROGRAM

The program finds the server's socket in ROWD_TEST_REDIS. It can have the server killed, started, frozen and thawed by writing
a word and a newline to the descriptor in ROWD_TEST_CONTROL; "ok" comes back when that is done."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.redis_server import RedisServer  # noqa: E402  (the path comes first)


def obey(server, control):
    """Does what the program asks for, one word per line, until it ends."""
    actions = {
        "kill": server.kill,
        "start": server.start,
        "freeze": lambda: server.process.send(signal.SIGSTOP),
        "thaw": lambda: server.process.send(signal.SIGCONT),
    }
    with control.makefile("rw") as lines:
        for line in lines:
            actions[line.strip()]()
            lines.write("ok\n")
            lines.flush()


def main():
    directory = Path(tempfile.mkdtemp(prefix="rowd-queue-"))
    server = None
    try:
        server = RedisServer(directory / "server")
        ours, theirs = socket.socketpair()
        environment = dict(os.environ, ROWD_TEST_REDIS=server.socket, ROWD_TEST_PORT=str(server.port),
                           ROWD_TEST_CONTROL=str(theirs.fileno()), ROWD_TEST_DIRECTORY=str(directory))
        program = subprocess.Popen(sys.argv[1:], env=environment, pass_fds=[theirs.fileno()])
        theirs.close()
        threading.Thread(target=obey, args=(server, ours), daemon=True).start()
        code = program.wait()
        if code < 0:
            print(f"ended by signal {-code}", file=sys.stderr)
        return code if code >= 0 else 128 - code
    finally:
        if server and server.process:
            if server.process.alive():
                server.process.send(signal.SIGCONT)
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
