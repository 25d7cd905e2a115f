"""Runs one test program of daemon/database against a private server: run.py PROGRAM

The program finds the server in ROWD_TEST_SOCKET, ROWD_TEST_PORT and ROWD_TEST_DATABASE, and has it obey through
ROWD_TEST_CONTROL (support/controlled.py). ROWD_TEST_TLS_CA is set when the server has a certificate of ours, and
ROWD_TEST_TLS_OTHER_CA is one that it does not have."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import controlled, database_server  # noqa: E402  (the path comes first)
from support.certificate import make_certificate  # noqa: E402

IS_MYSQL = bool(os.environ.get("ROWD_TEST_MYSQLD"))


def start(directory):
    if not IS_MYSQL:
        # A MariaDB that starts deletes all files of temporary tables in its directory: also those of a neighbour.
        os.environ["TMPDIR"] = str(directory)
        certificate, key = make_certificate(directory, "server")
        return database_server.OwnServer(directory / "server", f"--ssl-cert={certificate}", f"--ssl-key={key}")
    return database_server.OwnServer(directory / "server")


def prepare(server, directory):
    database = server.create_database()
    # Over TCP root@localhost is somebody else to a server that resolves no names.
    database.script("CREATE USER 'tcp'@'%' IDENTIFIED BY 'pass word';\n"
                    "GRANT ALL ON *.* TO 'tcp'@'%';\n")
    variables = {
        "ROWD_TEST_SOCKET": server.socket,
        "ROWD_TEST_PORT": str(server.port),
        "ROWD_TEST_DATABASE": database.name,
        "ROWD_TEST_TLS_OTHER_CA": str(make_certificate(directory, "other")[0]),
        # The library runs its calls on stacks of its own, which this check of the sanitizer takes for a mistake.
        "ASAN_OPTIONS": f"detect_stack_use_after_return=0:{os.environ.get('ASAN_OPTIONS', '')}",
    }
    if not IS_MYSQL:
        variables["ROWD_TEST_TLS_CA"] = str(directory / "server.pem")
    return variables


if __name__ == "__main__":
    sys.exit(controlled.run("database", start, prepare))
