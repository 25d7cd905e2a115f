"""What a database server can have against us, each while commands pass: nobody is told a failure over it, nothing is lost, and when
it is over all goes on by itself."""

import subprocess

import msgpack
import pymysql
import pytest
from checks import assert_kept

from support.client import QUEUE, decode
from support.database_server import kill_connection
from support.process import ROOT, wait_until

COUNT = 12000
LARGE_ROWS = 2000
DISK_FULL = [3, 1021, 1026, 1114]  # whichever part of the server finds out first
PASSWORD = "of-the-worker"


@pytest.fixture
def account(database_server):
    """Of the worker, with grants for its own database only."""
    administrator = Administrator(database_server)
    administrator.query(f"CREATE USER worker@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    yield administrator
    administrator.query("SET GLOBAL read_only = 0")
    administrator.query("DROP USER IF EXISTS worker@'127.0.0.1'")
    administrator.close()


class Administrator:
    def __init__(self, server):
        self.connection = pymysql.connect(autocommit=True, **server.connect_options())

    def query(self, text):
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()

    def grant(self, database):
        self.query(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.* TO worker@'127.0.0.1'")

    def kill_connections(self, database):
        """Those of rowd."""
        victims = self.query(f"SELECT id FROM information_schema.processlist WHERE db = '{database.name}' AND user = 'worker'")
        for (victim,) in victims:
            kill_connection(self.query, victim)
        return len(victims)

    def close(self):
        self.connection.close()


def log_says(stage, text):
    return lambda: any(text in worker.log() for worker in stage.workers.values())


def start(stage, account, **options):
    """rowd's own tables are there, as `rowd init` makes them: its account may make none. Half of the commands come when the
    trouble is there, however fast the others were done."""
    stage.allow(50)
    stage.database.script((ROOT / "schemas" / "tables" / "rowd.sql").read_text(encoding="utf-8"))
    account.grant(stage.database)
    stage.start_worker(0, user=f"worker:{PASSWORD}", **options)
    stage.start_producers()
    stage.wait_answered(100)


def goes_on_after(stage, told):
    """It has noticed, and answers nothing until the trouble is over; no command pays for it."""
    stage.allow(100)
    wait_until(log_says(stage, told), f"the log to tell of {told}")
    assert stage.take_replies() < COUNT, "nothing was in its way"


def test_a_read_only_server(open_stage, modes, account):
    stage = open_stage(COUNT, modes)
    start(stage, account)
    account.query("SET GLOBAL read_only = 1")
    goes_on_after(stage, "errno=1290")
    account.query("SET GLOBAL read_only = 0")
    assert_kept(stage)
    stage.end_workers()


def test_an_account_whose_password_has_changed(open_stage, modes, account):
    stage = open_stage(COUNT, modes)
    start(stage, account)
    account.query("ALTER USER worker@'127.0.0.1' IDENTIFIED BY 'another'")
    account.kill_connections(stage.database)
    goes_on_after(stage, "errno=1045")
    account.query(f"ALTER USER worker@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    assert_kept(stage)
    stage.end_workers()


def test_an_account_that_has_no_password_any_more(open_stage, modes, account):
    """It is who the operating system says, which nobody is over TCP."""
    stage = open_stage(COUNT, modes)
    start(stage, account)
    account.query("ALTER USER worker@'127.0.0.1' IDENTIFIED VIA unix_socket")
    account.kill_connections(stage.database)
    goes_on_after(stage, "errno=1698")
    account.query(f"ALTER USER worker@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    assert_kept(stage)
    stage.end_workers()


def test_an_account_that_lost_its_database(open_stage, modes, account):
    stage = open_stage(COUNT, modes)
    start(stage, account)
    account.query(f"REVOKE ALL PRIVILEGES ON `{stage.database.name}`.* FROM worker@'127.0.0.1'")
    account.kill_connections(stage.database)
    goes_on_after(stage, "errno=1044")
    account.grant(stage.database)
    assert_kept(stage)
    stage.end_workers()


def test_no_more_connections(open_stage, modes, account, database_server):
    """All are taken by somebody else, as far as an account without privileges may have them."""
    stage = open_stage(COUNT, modes)
    start(stage, account)
    most = account.query("SELECT @@max_connections")[0][0]
    account.query("SET GLOBAL max_connections = 10")
    others = []

    def all_are_taken():
        """rowd may have been faster with some of those that were its own."""
        account.kill_connections(stage.database)
        with pytest.raises(pymysql.MySQLError):
            while True:
                others.append(pymysql.connect(**{**database_server.connect_options(), "user": "root"}))
        return account.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'worker'") == ((0,),)

    try:
        wait_until(all_are_taken, "others to have all connections")
        goes_on_after(stage, "1040")
    finally:
        for other in others:
            other.close()
        account.query(f"SET GLOBAL max_connections = {most}")
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("moment", ["request", "answer"])
def test_connections_are_killed_while_they_commit(open_stage, modes, account, moment):
    """COMMIT is held back, or its answer, while an administrator kills all connections."""
    stage = open_stage(COUNT, modes)
    rule = stage.database_proxy.add_rule("COMMIT", at=moment, do="pass", every=10, hold_ms=300)
    start(stage, account, limits_batch=64)  # so that there are many, however few are waiting at a time
    stage.allow(100)
    for turn in range(1, 4):
        # Told when the hold is over: the next one is being held while this is answered.
        stage.wait_answered(0, lambda turn=turn: stage.database_proxy.fired(rule) >= turn)
        account.kill_connections(stage.database)
    stage.database_proxy.clear_rules()
    assert_kept(stage)
    stage.end_workers()


def waits(account, database):
    """Whether a statement of rowd has been about the locked rows for a while. (innodb_trx would know it better, but shows
    the same to whoever asks again within a tenth of a second.)"""
    return account.query("SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Query' AND time_ms > 200 "
                         "AND (info LIKE '%`counters`%' OR info LIKE '%`marks`%') AND id <> CONNECTION_ID() "
                         f"AND db = '{database.name}'")[0][0]


def test_connections_are_killed_while_a_statement_waits(open_stage, modes, account):
    stage = open_stage(COUNT, modes)
    start(stage, account)
    with stage.locked_rows("SELECT * FROM counters WHERE id = 0", "SELECT * FROM marks WHERE id = 0"):
        stage.allow(100)
        for _ in range(2):
            wait_until(lambda: waits(account, stage.database), "a statement to wait")
            account.kill_connections(stage.database)
    assert_kept(stage)
    stage.end_workers()


@pytest.mark.parametrize("errno", [1037, 1041, 1135], ids=["memory", "resources", "threads"])
def test_a_server_out_of_memory(open_stage, modes, account, errno):
    """What it says then, said by a trigger: no server can be made to have none left at a given moment."""
    stage = open_stage(COUNT, modes)
    start(stage, account)
    stage.database.query("CREATE TRIGGER exhausted BEFORE INSERT ON tokens FOR EACH ROW "
                         f"SIGNAL SQLSTATE 'HY001' SET MYSQL_ERRNO = {errno}, MESSAGE_TEXT = 'there is none left'")
    goes_on_after(stage, f"errno={errno}")
    stage.database.query("DROP TRIGGER exhausted")
    assert_kept(stage)
    stage.end_workers()


@pytest.fixture
def small_disk(tmp_path):
    """A file system that can be filled. Whoever runs the server has to be able to mount one."""
    where = tmp_path / "disk"
    where.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(where)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system of a given size can be mounted here: {done.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_the_disk_is_full(open_stage, modes, small_disk):
    """One table lies on a disk of its own, and cannot grow any more; then it can. (Rows that fit on a page: at a value that
    does not, InnoDB 10.11 asserts and the server dies.)"""
    stage = open_stage(2, modes, server=None)
    stage.database.query("CREATE TABLE large (id INT PRIMARY KEY AUTO_INCREMENT, n INT NOT NULL, text VARCHAR(4000)) "
                         f"ENGINE = InnoDB DATA DIRECTORY = '{small_disk}'")
    stage.start_worker(0, wait=True)
    fill(small_disk / "filler")
    for number in range(LARGE_ROWS):
        stage.redis.lpush(QUEUE, msgpack.packb({
            "op": "create", "id": number, "table": "large", "values": {"n": number, "text": "g" * 4000},
            "returning": False, "reply_list": "rowd:reply:large", "reply_ttl_ms": 3600000}))
    wait_until(lambda: any(f"errno={number} " in stage.workers[0].log() for number in DISK_FULL), "the log to tell of it")
    assert stage.redis.llen("rowd:reply:large") < LARGE_ROWS
    (small_disk / "filler").unlink()
    wait_until(lambda: stage.redis.llen("rowd:reply:large") >= LARGE_ROWS, "all replies", timeout_s=90)
    replies = [decode(raw) for raw in stage.redis.lrange("rowd:reply:large", 0, -1)]
    assert all(reply["ok"] for reply in replies), [reply for reply in replies if not reply["ok"]][:3]
    counts = stage.database.query("SELECT COUNT(*), COUNT(DISTINCT n) FROM large")[0]
    assert counts[1] == LARGE_ROWS and (counts[0] == LARGE_ROWS or not modes.effects_once)
    assert stage.redis.llen(f"{{{QUEUE}}}:dead") == 0
    stage.end_workers()


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"f" * 65536)
        except OSError:
            pass
