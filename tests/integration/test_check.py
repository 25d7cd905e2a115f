"""`rowd check`: the settings that the promises rest on, each with what it means and what to do."""

import re
import secrets
import subprocess

import pytest

from support.process import ROOT, program, wait_until
from support.rowd_process import environment


def check(database, redis_server, expect=0, database_url=None, **options):
    """Runs it; returns its findings as (level, text, hint)."""
    done = subprocess.run([program("rowd"), "check"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False, env=environment(database_url or database.url, redis_server.url, **options))
    assert done.returncode == expect, done.stdout + done.stderr
    found = re.findall(r"^(fine|note|warning|error) +(.*)(?:\n +hint: (.*))?$", done.stdout, re.MULTILINE)
    assert found
    return found


def one(found, part):
    """The only finding whose text has this part."""
    matching = [finding for finding in found if part in finding[1]]
    assert len(matching) == 1, found
    return matching[0]


def none(found, part):
    assert not [finding for finding in found if part in finding[1]], found


def init(database):
    subprocess.run([program("rowd"), "init"], check=True, env=environment(database.url), timeout=60)


@pytest.fixture
def database(world):
    database = world.shared_server.create_database()
    world.databases.append(database)
    return database


@pytest.fixture
def set_global(database):
    """Sets a variable of the server for the time of the test."""
    before = []

    def set_one(name, value):
        before.append((name, database.query(f"SELECT @@GLOBAL.{name}")[0][0]))
        database.query(f"SET GLOBAL {name} = {value}")

    yield set_one
    for name, value in reversed(before):
        database.query(f"SET GLOBAL {name} = {value}")


def test_what_is_committed_is_on_the_disk(world, database, redis_server, set_global):
    set_global("innodb_flush_log_at_trx_commit", 2)
    level, text, hint = one(check(database, redis_server), "innodb_flush_log_at_trx_commit")
    assert level == "warning" and "is 2" in text and "machine" in text and hint.endswith("= 1")
    set_global("innodb_flush_log_at_trx_commit", 0)
    assert "when the server dies" in one(check(database, redis_server), "innodb_flush_log_at_trx_commit")[1]
    set_global("innodb_flush_log_at_trx_commit", 1)
    set_global("sync_binlog", 1)
    assert one(check(database, redis_server), "what is committed is on the disk")[0] == "fine"
    if database.query("SELECT @@log_bin") == [(1,)]:
        set_global("sync_binlog", 0)
        assert one(check(database, redis_server), "sync_binlog is 0")[0] == "warning"


def test_a_server_that_is_read_only(world, redis_server):
    server = world.database_server()
    database = world.database(server)
    assert not [finding for finding in check(database, redis_server) if "read_only" in finding[1]]
    database.query("SET GLOBAL read_only = 1")
    level, _, hint = one(check(database, redis_server, expect=78), "read_only")
    assert level == "error" and "primary" in hint
    assert one(check(database, redis_server, queue_ops="ping info read"), "read_only")[0] == "note"
    database.query("SET GLOBAL read_only = 0")


def test_more_connections_than_there_are(database, redis_server):
    most = database.query("SELECT @@max_connections")[0][0]
    assert most < 253
    level, text, hint = one(check(database, redis_server, database_connections=most - 2), "max_connections")
    assert level == "warning" and str(most) in text and "connections" in hint
    none(check(database, redis_server, database_connections=most - 3), "max_connections")


class Account:
    """An account of its own, and what it may do."""

    def __init__(self, database):
        self.database = database
        self.name = f"check_{secrets.token_hex(4)}"
        self.run(f"CREATE USER {self.name}@'%' IDENTIFIED BY 'pass'")

    def run(self, text):
        connection = self.database.connect()
        with connection.cursor() as cursor:
            cursor.execute(text)
        connection.close()

    @property
    def url(self):
        return f"mysql://{self.name}:pass@127.0.0.1:{self.database.server.port}/{self.database.name}"


@pytest.fixture
def account(database):
    account = Account(database)
    yield account
    account.run(f"DROP USER {account.name}@'%'")


def test_rowds_own_tables(database, redis_server):
    """Missing they are no error: rowd makes them itself, where it may."""
    for delivery, missing, wrong, status in [("exactly-once", "warning", "error", 78), ("at-least-once", "note", "note", 0)]:
        options = {"queue_delivery": delivery}
        found = check(database, redis_server, **options)
        for name in ("rowd_slots", "rowd_commits", "rowd_ledger"):
            level, _, hint = one(found, f"{name} is not there")
            assert level == missing and "rowd init" in hint
        init(database)
        assert one(check(database, redis_server, **options), "rowd's own tables are there")[0] == "fine"
        database.query("ALTER TABLE rowd_commits DROP FOREIGN KEY rowd_commits_slot")
        found = check(database, redis_server, expect=status, **options)
        assert one(found, "rowd_commits has not its foreign key")[0] == wrong
        none(found, "own tables are there")
        database.query("DROP TABLE rowd_commits")  # whose foreign key would forbid it
        database.query("ALTER TABLE rowd_slots ENGINE = MyISAM")
        found = check(database, redis_server, expect=status, **options)
        assert one(found, "rowd_slots is not of InnoDB")[0] == wrong
        none(found, "own tables are there")
        database.query("DROP TABLE rowd_slots")
        database.query("CREATE TABLE rowd_slots (worker INT) ENGINE = InnoDB")
        found = [finding for finding in check(database, redis_server, expect=status, **options)
                 if "rowd_slots is not as this version" in finding[1]]
        assert found and {level for level, _, _ in found} == {wrong}
        database.query("DROP TABLE rowd_slots, rowd_ledger")


def test_the_accounts_rights_on_them(database, redis_server, account):
    init(database)
    account.run(f"GRANT SELECT, INSERT ON `{database.name}`.rowd_slots TO {account.name}@'%'")
    account.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.rowd_ledger TO {account.name}@'%'")
    found = check(database, redis_server, expect=78, database_url=account.url, queue_delivery="exactly-once")
    for verb in ("UPDATE", "DELETE"):
        level, _, hint = one(found, f"the account may not {verb} rowd_slots")
        assert level == "error" and "grants.sql" in hint
    none(found, "INSERT rowd_slots")
    one(found, "rowd_commits is not there")  # for this account
    none(found, "rowd_ledger")
    account.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.rowd_commits TO {account.name}@'%'")
    account.run(f"GRANT UPDATE, DELETE ON `{database.name}`.rowd_slots TO {account.name}@'%'")
    found = check(database, redis_server, database_url=account.url, queue_delivery="exactly-once")
    assert one(found, "rowd's own tables are there")[0] == "fine"


def test_triggers_that_are_hidden(database, redis_server, account, database_server):
    """MySQL shows them to who may make them; MariaDB to all."""
    account.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{database.name}`.* TO {account.name}@'%'")
    found = check(database, redis_server, database_url=account.url, queue_delivery="at-least-once")
    if database_server.is_mariadb():
        none(found, "TRIGGER")
        return
    level, _, hint = one(found, "no TRIGGER privilege")
    assert level == "warning" and "GRANT TRIGGER" in hint
    account.run(f"GRANT TRIGGER ON `{database.name}`.* TO {account.name}@'%'")
    none(check(database, redis_server, database_url=account.url, queue_delivery="at-least-once"), "TRIGGER")


def test_it_changes_nothing(database, redis_server):
    init(database)
    database.query("INSERT INTO rowd_slots (worker, slot, queues, batch, sequences) VALUES ('x', 0, '', 7, '1-9')")
    before = database.query("SELECT * FROM rowd_slots")
    check(database, redis_server)
    assert database.query("SELECT * FROM rowd_slots") == before


def test_tables_that_are_not_transactional(database, redis_server):
    database.query("CREATE TABLE loose (id INT PRIMARY KEY) ENGINE = MyISAM")
    level, text, hint = one(check(database, redis_server), "the table loose")
    assert level == "warning" and "at-least-once" in text and "InnoDB" in hint


@pytest.mark.parametrize("sync,level", [("always", "fine"), ("everysec", "note"), ("no", "warning")])
def test_what_redis_keeps(world, database, sync, level):
    redis_server = world.redis(appendfsync=sync)
    part = "what was pushed is on the disk" if sync == "always" else f"appendfsync is {sync}"
    assert one(check(database, redis_server), part)[0] == level


def test_a_redis_that_forgets_or_evicts(world, database):
    redis_server = world.redis(appendonly="no", maxmemory_policy="allkeys-lru", maxmemory="100mb")
    found = check(database, redis_server)
    assert one(found, "no append-only file")[0] == "warning"
    assert one(found, "maxmemory-policy is allkeys-lru")[0] == "warning"
    none(found, "appendfsync")


def test_replicas(world, database):
    primary = world.redis()
    replica = world.redis(replicaof=f"127.0.0.1 {primary.port}")
    wait_until(lambda: primary.client().info("replication")["connected_slaves"] == 1, "the replica")
    level, text, hint = one(check(database, primary), "min-replicas-to-write")
    assert level == "note" and "1 replica," in text and "min-replicas-to-write 1" in hint
    level, _, hint = one(check(database, replica, expect=78), "is a replica")
    assert level == "error" and "primary" in hint
    primary.client().config_set("min-replicas-to-write", 1)
    none(check(database, primary), "min-replicas-to-write")


def test_the_sample_grants_are_enough(database, redis_server):
    """What systemd/grants.sql gives, for init, then for the worker."""
    text = (ROOT / "systemd" / "grants.sql").read_text(encoding="utf-8")
    suffix = secrets.token_hex(4)
    for name in ("rowd_init", "rowd"):
        text = text.replace(f"'{name}'@'localhost'", f"'{name}_{suffix}'@'%'")
    database.script(text.replace("`example`", f"`{database.name}`"))
    base = f"127.0.0.1:{database.server.port}/{database.name}"
    try:
        subprocess.run([program("rowd"), "init", ROOT / "schemas" / "tables" / "animals.sql"], check=True, timeout=60,
                       env=environment(f"mysql://rowd_init_{suffix}:change-me-too@{base}"))
        found = check(database, redis_server, database_url=f"mysql://rowd_{suffix}:change-me@{base}",
                      queue_delivery="exactly-once")
        assert one(found, "rowd's own tables are there")[0] == "fine"
        one(found, "see 1 table")
    finally:
        database.query(f"DROP USER 'rowd_{suffix}'@'%', 'rowd_init_{suffix}'@'%'")
