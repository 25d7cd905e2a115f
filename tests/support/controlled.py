"""Runs a test program in C beside a server of its own.

The program can have the server killed, frozen, thawed and started by writing a word and a newline to the descriptor in
ROWD_TEST_CONTROL; "ok" comes back when that is done."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path


def obey(server, control):
    """Does what the program asks for, one word per line, until it ends."""
    actions = {
        "kill": server.kill,
        "start": server.start,
        "freeze": lambda: server.process.freeze(),
        "thaw": lambda: server.process.send(signal.SIGCONT),
    }
    with control, control.makefile("rw") as lines:  # however it ends: nobody waits for an answer that does not come
        for line in lines:
            actions[line.strip()]()
            lines.write("ok\n")
            lines.flush()


def run_program(arguments, server, variables):
    """Returns the program's exit code, as a shell tells it."""
    ours, theirs = socket.socketpair()
    environment = dict(os.environ, ROWD_TEST_CONTROL=str(theirs.fileno()), **variables)
    program = subprocess.Popen(arguments, env=environment, pass_fds=[theirs.fileno()])
    theirs.close()
    threading.Thread(target=obey, args=(server, ours), daemon=True).start()
    code = program.wait()
    if code < 0:
        print(f"ended by signal {-code}", file=sys.stderr)
    return code if code >= 0 else 128 - code


def run(name, start, prepare):
    """Starts the server with start(directory) and the program of the command line with prepare(server, directory), the
    variables that it is told; ends the server with it. Returns the program's exit code."""
    directory = Path(tempfile.mkdtemp(prefix=f"rowd-{name}-"))
    server = None
    try:
        server = start(directory)
        return run_program(sys.argv[1:], server, prepare(server, directory))
    finally:
        if server and server.process:
            if server.process.alive():
                server.process.send(signal.SIGCONT)
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)
