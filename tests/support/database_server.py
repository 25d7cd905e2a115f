"""A private MariaDB or MySQL: unix socket and loopback port, in a directory of its own.

ROWD_TEST_MYSQLD names a mysqld to use instead of mariadbd: a program (mysql_root fetches one), or the directory of a
chroot that has one.
ROWD_TEST_DATABASE_URL names a server that is there already: it gets a database of its own for the run, and tests that
have to stop or kill the server are skipped."""

import getpass
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql

from support.process import ROOT, Process
from support.redis_server import free_port

# Nothing is synced to the disk: the death of the process is survived, which is what the tests bring about.
SETTINGS = ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-doublewrite=0",
            "--innodb-buffer-pool-size=64M", "--max-connections=200", "--lower-case-table-names=0"]
EXAMPLE_TABLES = ["users", "animals", "travel", "administrative_division"]


def kill_connection(query, number):
    """query: what runs a statement. The connection may have ended by itself."""
    try:
        query(f"KILL CONNECTION {number}")
    except pymysql.MySQLError as error:
        assert "Unknown thread" in str(error), error


class Database:
    """One database of a server: what a rowd works on."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    @property
    def url(self):
        return self.server.url_of(self.name)

    def connect(self, **options):
        options = {"autocommit": True, "charset": "utf8mb4", **self.server.connect_options(), **options}
        connection = pymysql.connect(database=self.name, **options)
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
        return connection

    def query(self, text, parameters=None):
        """All rows, as tuples."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(text, parameters)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def script(self, text):
        """Runs statements that are separated by a semicolon at the end of a line."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in text.split(";\n"):
                    if any(line.strip() and not line.strip().startswith("--") for line in statement.splitlines()):
                        cursor.execute(statement)
        finally:
            connection.close()

    def create_example_tables(self):
        for name in EXAMPLE_TABLES:
            self.script((ROOT / "schemas" / "tables" / f"{name}.sql").read_text(encoding="utf-8"))


class Server:
    """What owned and foreign servers have in common."""

    restartable = True

    def connect_options(self):
        raise NotImplementedError

    def url_of(self, name):
        raise NotImplementedError

    def create_database(self, prefix="test"):
        name = f"{prefix}_{secrets.token_hex(4)}"
        self._administer(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return Database(self, name)

    def drop_database(self, database):
        self._administer(f"DROP DATABASE IF EXISTS `{database.name}`")

    def _administer(self, text):
        connection = pymysql.connect(autocommit=True, **self.connect_options())
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
        finally:
            connection.close()

    def is_mariadb(self):
        connection = pymysql.connect(**self.connect_options())
        try:
            return "mariadb" in connection.get_server_info().lower()
        finally:
            connection.close()


class ForeignServer(Server):
    restartable = False

    def __init__(self, url):
        parts = urlsplit(url)
        self.parts = parts
        self.socket = parse_qs(parts.query).get("unix_socket", [None])[0]

    def connect_options(self):
        options = {"user": unquote(self.parts.username or "root"), "password": unquote(self.parts.password or "")}
        if self.socket:
            return {**options, "unix_socket": self.socket}
        return {**options, "host": self.parts.hostname, "port": self.parts.port or 3306}

    def url_of(self, name):
        query = f"?{self.parts.query}" if self.parts.query else ""
        return f"mysql://{self.parts.netloc}/{name}{query}"

    def stop(self):
        pass


class OwnServer(Server):
    """mariadbd, or the mysqld that ROWD_TEST_MYSQLD names."""

    def __init__(self, directory, *settings):
        """settings: as the command line takes them, over those above."""
        self.chroot = None
        self.settings = settings
        self.mysqld = os.environ.get("ROWD_TEST_MYSQLD")
        self.directory = Path(directory)
        if self.mysqld and Path(self.mysqld).is_dir():
            self.chroot = Path(self.mysqld)
            self.directory = self.chroot / "tmp" / f"rowd-{secrets.token_hex(4)}"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket = str(self.directory / "m.sock")
        self.process = None
        self._initialise()
        self.port = free_port()  # not before: it may be taken by somebody else, the longer the sooner
        self.start()

    def _inner(self, path):
        """A path as the server sees it."""
        return f"/{Path(path).relative_to(self.chroot)}" if self.chroot else str(path)

    def _common(self):
        # A MariaDB that starts removes temporary tables that it finds in its tmpdir: those of others, were it /tmp.
        return [f"--datadir={self._inner(self.directory / 'data')}", f"--user={getpass.getuser()}",
                f"--tmpdir={self._inner(self.directory)}"]

    def _server_program(self):
        if self.chroot:
            return ["chroot", str(self.chroot), "/usr/sbin/mysqld"]
        if self.mysqld:
            return [self.mysqld]
        # Debian keeps it where a normal user's PATH does not look.
        return [shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin")]

    def _initialise(self):
        if self.mysqld:
            command = [*self._server_program(), "--no-defaults", "--initialize-insecure", *self._common()]
        else:
            command = ["mariadb-install-db", "--no-defaults", *self._common(), "--skip-test-db", "--force",
                       "--auth-root-authentication-method=normal"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"

    def start(self):
        command = [*self._server_program(), "--no-defaults", *self._common(), *SETTINGS, *self.settings,
                   f"--socket={self._inner(self.socket)}", f"--port={self.port}", "--bind-address=127.0.0.1",
                   f"--pid-file={self._inner(self.directory / 'pid')}"]
        if self.mysqld:
            command.append("--mysqlx=OFF")
        self.process = Process(command, self.directory / "server.log")
        self.process.wait_ready(self._answers, "the database server", timeout_s=120)

    def _answers(self):
        try:
            pymysql.connect(connect_timeout=5, **self.connect_options()).close()
            return True
        except pymysql.MySQLError:
            return False

    def connect_options(self):
        return {"user": "root", "unix_socket": self.socket}

    def url_of(self, name):
        return f"mysql://root@localhost/{name}?unix_socket={self.socket}"

    def stop(self):
        self.process.terminate(timeout_s=120)
        if self.chroot:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self):
        self.process.kill()


def open_server(directory):
    url = os.environ.get("ROWD_TEST_DATABASE_URL")
    return ForeignServer(url) if url else OwnServer(directory)
