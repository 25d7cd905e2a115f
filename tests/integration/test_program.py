"""rowd's subcommands: check, init, tables, config, and how it starts and refuses to start."""

import json
import subprocess

import pytest

from support.process import ROOT, program
from support.rowd_process import environment

TABLES = ROOT / "schemas" / "tables"
DIVISIONS = ROOT / "examples" / "data" / "administrative_division.csv"


def rowd(*arguments, database=None, redis_server=None, expect=0, **options):
    """Runs it to its end; returns what it printed, both streams together."""
    done = subprocess.run([program("rowd"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False,
                          env=environment(options.pop("database_url", database and database.url),
                                          options.pop("redis_url", redis_server and redis_server.url), **options))
    output = done.stdout + done.stderr
    assert done.returncode == expect, f"exit {done.returncode}, not {expect}:\n{output}"
    return output


@pytest.fixture
def empty(database_server):
    database = database_server.create_database()
    yield database
    database_server.drop_database(database)


def test_help_and_version():
    text = rowd("--help")
    for word in ("rowd check", "rowd init", "rowd tables", "rowd config", "DATABASE_URL"):
        assert word in text
    assert rowd("--version").startswith("rowd ")
    for name in ("check", "init", "tables", "config"):
        assert f"usage: rowd {name}" in rowd(name, "--help")


def test_wrong_usage():
    rowd("chekc", expect=64)
    rowd("--no-such-option=1", expect=78)


def test_check_finds_nothing_wrong(redis_server, empty):
    rowd("init", database=empty)
    output = rowd("check", database=empty, redis_server=redis_server)
    assert "mariadb" in output.lower() or "mysql" in output.lower()


def test_check_a_server_that_is_away(redis_server, empty, tmp_path):
    rowd("check", database=empty, expect=69, redis_url="redis://127.0.0.1:1")
    output = rowd("check", redis_server=redis_server, expect=69,
                  database_url=f"mysql://root@localhost/x?unix_socket={tmp_path}/none")
    assert "database" in output.lower()


def test_check_lists_every_finding_with_its_place(tmp_path):
    path = tmp_path / "rowd.conf"
    path.write_text("[database]\nconections = 5\nurl = postgresql://x/y\n[limits]\nbatch = many\n[nothing]\na = 1\n")
    output = rowd("check", "-c", path, expect=78)
    assert "rowd.conf:2" in output and "connections" in output
    assert "rowd.conf:3" in output and "not in this version" in output
    assert "rowd.conf:5" in output and "rowd.conf:6" in output


def test_starting_with_a_bad_configuration(empty):
    output = rowd(database=empty, limits_batch="0", expect=78)
    assert "ROWD_LIMITS_BATCH" in output
    assert "ROWD_LIMITS_BATHC" in rowd(database=empty, limits_bathc="5", expect=78)
    rowd(expect=78)  # no database


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+aiomysql", "mysql+asyncmy", "mysql+pymysql"])
def test_every_spelling_of_the_url(empty, redis_server, scheme):
    rowd("check", redis_server=redis_server, database_url=empty.url.replace("mysql://", f"{scheme}://"))


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_servers_of_later_versions(scheme):
    assert "not in this version" in rowd("check", database_url=f"{scheme}://localhost/x", expect=78)


def test_config_tells_where_values_come_from_and_masks_passwords(tmp_path):
    path = tmp_path / "rowd.conf"
    path.write_text("[limits]\nbatch = 99\n")
    output = rowd("config", "-c", path, "--delivery-lease-ms=7000", database_url="mysql://me:hush-hush@localhost/db",
                  limits_in_flight=1234)
    assert "hush-hush" not in output and "***" in output
    for value in ("99", "7000", "1234", "rowd.conf", "ROWD_LIMITS_IN_FLIGHT", "DATABASE_URL"):
        assert value in output


@pytest.mark.parametrize("words", [["config", "extra"], ["config", "--sample", "extra"], ["config", "--manual", ""],
                                   ["check", "extra"], ["tables", "extra"]], ids=" ".join)
def test_operands_where_there_are_none(words):
    output = rowd(*words, database_url="mysql://root@localhost/db", expect=64)
    assert output.startswith(f"rowd: {words[0]} takes no ") and output.count("\n") == 1


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path):
    path = tmp_path / "rowd.conf"
    path.write_text("[limits]\nbatch = 11\n")
    url = "mysql://root@localhost/db"

    def batch(*arguments, **options):
        lines = rowd("config", "-c", path, *arguments, database_url=url, **options).splitlines()
        return next(line for line in lines if line.split("=")[0].strip() == "batch")

    assert "11" in batch()
    assert "22" in batch(limits_batch=22)
    assert "33" in batch("--limits-batch=33", limits_batch=22)


def test_an_env_file_is_read_when_named(tmp_path):
    path = tmp_path / ".env"
    path.write_text('# comment\nDATABASE_URL="mysql://root@localhost/from_file"\n')
    assert "from_file" in rowd("config", "--env-file", path)


def test_init_makes_tables_and_may_be_repeated(empty):
    files = [TABLES / f"{name}.sql" for name in ("users", "animals", "travel", "administrative_division")]
    rowd("init", *files, database=empty)
    names = {name for (name,) in empty.query("SHOW TABLES")}
    assert {"rowd_slots", "rowd_commits", "rowd_ledger", "users", "animals", "member", "spot", "plan", "plan_spot_map",
            "checklist", "administrative_division"} <= names
    empty.query("INSERT INTO animals (species) VALUES ('kept')")
    rowd("init", *files, database=empty)
    assert empty.query("SELECT COUNT(*) FROM animals") == [(1,)]


def test_init_imports_the_divisions(empty):
    output = rowd("init", TABLES / "administrative_division.sql", "--import", f"administrative_division={DIVISIONS}",
                  database=empty)
    lines = DIVISIONS.read_text(encoding="utf-8").splitlines()[1:]
    assert empty.query("SELECT COUNT(*) FROM administrative_division") == [(len(lines),)]
    assert empty.query("SELECT 1 FROM administrative_division WHERE city_province = '강원특별자치도' "
                       "AND city_county = '강릉시'") == [(1,)]
    assert str(len(lines)) in output


def test_import_as_rfc_4180_says(empty, tmp_path):
    path = tmp_path / "animals.csv"
    path.write_bytes('\ufeffspecies,name,age\r\n"cat","Na,bi ""the cat""",3\r\n owl , line ,\\N\r\n"dog","two\r\nlines",\r\n'
                     .encode())
    rowd("init", TABLES / "animals.sql", "--import", f"animals={path}", database=empty)
    assert empty.query("SELECT species, name, age FROM animals ORDER BY id") == [
        ("cat", 'Na,bi "the cat"', 3), ("owl", "line", None), ("dog", "two\r\nlines", None)]


def test_an_empty_field_is_null_or_empty_text(empty, tmp_path):
    path = tmp_path / "animals.csv"
    path.write_text("species,name\na,\nb,\"\"\n")
    rowd("init", TABLES / "animals.sql", "--import", f"animals={path}", database=empty)
    assert empty.query("SELECT name FROM animals ORDER BY id") == [(None,), ("",)]
    rowd("init", "--empty-string", "--import", f"animals={path}", database=empty)
    assert empty.query("SELECT name FROM animals ORDER BY id DESC LIMIT 2") == [("",), ("",)]


def test_bad_lines_are_listed_and_the_others_loaded(empty, tmp_path):
    path = tmp_path / "animals.csv"
    path.write_text("species,age\ncat,3\ndog,many\nowl,4,5\nhen,300\nfox,5\n")
    output = rowd("init", TABLES / "animals.sql", "--import", f"animals={path}", database=empty, expect=1)
    assert empty.query("SELECT species FROM animals ORDER BY id") == [("cat",), ("fox",)]
    for number in (3, 4, 5):
        assert f"{number}" in output
    assert "many" in output or "age" in output


@pytest.mark.parametrize("content", ["", "species,colour\ncat,red\n", "species,species\na,b\n"])
def test_a_header_that_does_not_fit(empty, tmp_path, content):
    path = tmp_path / "animals.csv"
    path.write_text(content)
    done = subprocess.run([program("rowd"), "init", str(TABLES / "animals.sql"), "--import", f"animals={path}"],
                          env=environment(empty.url), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and done.stdout + done.stderr
    assert empty.query("SELECT COUNT(*) FROM animals") == [(0,)]


def test_import_without_the_file_or_the_table(empty, tmp_path):
    rowd("init", TABLES / "animals.sql", "--import", f"animals={tmp_path}/none.csv", database=empty, expect=66)
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n")
    output = rowd("init", TABLES / "animals.sql", "--import", f"animal={path}", database=empty, expect=1)
    assert "animal" in output


def test_drop_asks_and_never_drops_rowds_own(empty):
    rowd("init", TABLES / "animals.sql", database=empty)
    empty.query("INSERT INTO animals (species) VALUES ('x')")
    empty.query("INSERT INTO rowd_slots (worker, slot, queues, sequences) VALUES ('w', 1, '', '')")
    rowd("init", TABLES / "animals.sql", "--drop", database=empty, expect=64)
    assert empty.query("SELECT COUNT(*) FROM animals") == [(1,)]
    rowd("init", TABLES / "animals.sql", "--drop", "--yes", database=empty)
    assert empty.query("SELECT COUNT(*) FROM animals") == [(0,)]
    rowd("init", TABLES / "rowd.sql", TABLES / "travel.sql", "--drop", "--yes", database=empty)
    assert empty.query("SELECT COUNT(*) FROM rowd_slots") == [(1,)]


def test_init_says_which_statement_failed(empty, tmp_path):
    path = tmp_path / "bad.sql"
    path.write_text("-- a comment; with a semicolon\nCREATE TABLE fine (a INT);\n\nCREATE TABEL wrong (a INT);\n")
    output = rowd("init", path, database=empty, expect=1)
    assert "bad.sql:4" in output


def test_tables_lists_what_commands_can_name(empty):
    rowd("init", TABLES / "animals.sql", TABLES / "travel.sql", database=empty)
    output = rowd("tables", database=empty)
    assert "animals" in output and "plan_spot_map" in output and "rowd_slots" not in output
    assert {table["name"] for table in json.loads(rowd("tables", "--json", database=empty))} >= {"animals", "spot"}


def test_rowd_starts_without_its_tables_being_made_by_hand(world):
    """They are not needed yet, or made at the start where the account may."""
    rowd_process = world.rowd(world.database(), world.redis())
    rowd_process.check_alive()
