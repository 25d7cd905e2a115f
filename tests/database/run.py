"""Runs one test program of daemon/database against a private server: run.py PROGRAM

The program finds the server in ROWD_TEST_SOCKET, ROWD_TEST_PORT and ROWD_TEST_DATABASE; ROWD_TEST_TLS_CA is set when the
server has a certificate of ours, and ROWD_TEST_TLS_OTHER_CA is one that it does not have. The program can have the
server killed, frozen, thawed and started by writing a word and a newline to the descriptor in ROWD_TEST_CONTROL; "ok"
comes back when that is done."""

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

from support import database_server  # noqa: E402  (the path comes first)
from support.process import wait_until  # noqa: E402


def make_certificate(directory, name):
    """A certificate of our own for localhost, and its key."""
    key, certificate = directory / f"{name}-key.pem", directory / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    key.chmod(0o644)
    return certificate, key


def freeze(process):
    """A signal is on its way for a moment: until each thread has stopped, the server can still answer."""
    process.send(signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")
    wait_until(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
                           for task in tasks.iterdir()), "the server to stop")


def obey(server, control):
    """Does what the program asks for, one word per line, until it ends."""
    actions = {
        "kill": server.kill,
        "start": server.start,
        "freeze": lambda: freeze(server.process),
        "thaw": lambda: server.process.send(signal.SIGCONT),
    }
    with control.makefile("rw") as lines:
        for line in lines:
            actions[line.strip()]()
            lines.write("ok\n")
            lines.flush()


def main():
    directory = Path(tempfile.mkdtemp(prefix="rowd-database-"))
    server = None
    try:
        if not os.environ.get("ROWD_TEST_MYSQLD"):
            # A MariaDB that starts deletes all files of temporary tables in its directory: also those of a neighbour.
            os.environ["TMPDIR"] = str(directory)
        environment = dict(os.environ)
        if not os.environ.get("ROWD_TEST_MYSQLD"):
            certificate, key = make_certificate(directory, "server")
            database_server.SETTINGS += [f"--ssl-cert={certificate}", f"--ssl-key={key}"]
            environment["ROWD_TEST_TLS_CA"] = str(certificate)
        environment["ROWD_TEST_TLS_OTHER_CA"] = str(make_certificate(directory, "other")[0])
        server = database_server.OwnServer(directory / "server")
        database = server.create_database()
        # Over TCP root@localhost is somebody else to a server that resolves no names.
        database.script("CREATE USER 'tcp'@'%' IDENTIFIED BY 'pass word';\n"
                        "GRANT ALL ON *.* TO 'tcp'@'%';\n")
        ours, theirs = socket.socketpair()
        environment.update(ROWD_TEST_SOCKET=server.socket, ROWD_TEST_PORT=str(server.port),
                           ROWD_TEST_DATABASE=database.name, ROWD_TEST_CONTROL=str(theirs.fileno()))
        # The library runs its calls on stacks of its own, which this check of the sanitizer takes for a mistake.
        environment["ASAN_OPTIONS"] = f"detect_stack_use_after_return=0:{os.environ.get('ASAN_OPTIONS', '')}"
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
