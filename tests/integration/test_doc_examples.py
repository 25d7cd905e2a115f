"""The examples of the documents, run as they stand (support/documents.py)."""

import json

import pytest

from support.client import Client
from support.documents import Runner, blocks
from support.process import ROOT, wait_until

DOCS = ROOT / "docs"
ERROR_PAGES = sorted((DOCS / "errors").glob("*.md"))
# A statement of the page on TIMEOUT runs until it is stopped.
STATEMENT_TIMEOUT_MS = 2000


class Stage:
    """A rowd of its own, on the example tables and those that the documents make."""

    def __init__(self, world, documents, **options):
        self.database = world.database()
        self.tables = [row[0] for row in self.database.query("SHOW TABLES")]
        for path in documents:
            for block in blocks(path):
                if block.kind == "sql":
                    self.database.script(block.text)
        self.redis_server = world.redis()
        self.rowd = world.rowd(self.database, self.redis_server, **options)

    def run(self, path):
        Runner(path, self.redis_server, self.database.server.is_mariadb()).run()
        self.rowd.check_alive()

    def clear(self):
        """Empty example tables that count from 1 again."""
        connection = self.database.connect()
        with connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0")
            for name in self.tables:
                cursor.execute(f"TRUNCATE TABLE `{name}`")
        connection.close()


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md", "docs/protocol.md", "docs/delivery.md",
                                  "docs/dead-letters.md"])
def test_the_examples_of_a_document(world, name):
    path = ROOT / name
    Stage(world, [path]).run(path)


@pytest.fixture(scope="module")
def error_stage(open_world):
    return Stage(open_world, ERROR_PAGES, database_statement_timeout_ms=STATEMENT_TIMEOUT_MS)


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.stem)
def test_the_examples_of_an_error_page(error_stage, path):
    error_stage.clear()
    error_stage.run(path)


def test_a_ping_whose_database_dies_answers_as_its_page_says(world):
    page = next(block for block in blocks(DOCS / "errors" / "UNAVAILABLE.md") if block.kind == "json captured")
    server, redis_server = world.database_server(), world.redis()
    world.rowd(world.database(server), redis_server)
    client = Client(redis_server.client(), "json")
    server.process.freeze()
    client.push({"op": "ping", "db": True, "id": 1, "reply_list": "rowd:reply:gone"})
    wait_until(lambda: any(client.redis.hlen(key) for key in client.redis.keys("{rowd:commands}:inflight:*")),
               "rowd to take it")
    assert client.ok("ping"), "and to have asked the database by now"
    server.kill()
    assert client.take("rowd:reply:gone") == json.loads(page.text)
