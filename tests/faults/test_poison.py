"""A command that takes its workers down, and those that only stood behind it."""

from support.client import Client
from support.database_server import kill_connection
from support.process import wait_until

MOST_DEATHS = 8
BEHIND = 50


def kill_at_the_gate(stage, deaths):
    """Kills the worker whenever a statement waits for the row that somebody else has locked."""
    holder = stage.database.connect(autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT * FROM marks WHERE id = 0 FOR UPDATE")
    died = 0
    while died < deaths and not stage.redis.exists("rowd:reply:gate"):
        worker = stage.start_worker(0)
        wait_until(lambda: stage.redis.exists("rowd:reply:gate") or waiting(stage), "a statement to wait for the lock")
        if waiting(stage):
            worker.kill()
            died += 1
            wait_until(lambda: not waiting(stage), "the statement to end")
    holder.close()
    return died


def waiting(stage):
    """Statements of rowd about the locked row, which all wait for it. A client that is gone is noticed only then: it is
    ended here. (innodb_trx would know it better, but shows the same to whoever asks again within a tenth of a second.)"""
    victims = stage.database.query("SELECT id FROM information_schema.processlist WHERE command = 'Query' "
                                   "AND info LIKE '%`marks`%' AND id <> CONNECTION_ID() "
                                   f"AND db = '{stage.database.name}'")
    if victims and not stage.workers[0].process.alive():
        for (victim,) in victims:
            kill_connection(stage.database.query, victim)
    return len(victims)


def push_gate_and_those_behind(stage, behind):
    client = Client(stage.redis)
    client.push({"op": "update", "id": 1, "table": "marks", "pk": 0, "set": {"seq": 7}, "reply_list": "rowd:reply:gate",
                 "reply_ttl_ms": 600000})
    for number in range(BEHIND):
        client.push({**behind(number), "id": number, "reply_list": "rowd:reply:behind", "reply_ttl_ms": 600000})
    return client


def create(number):
    return {"op": "create", "table": "tokens", "values": {"token": number, "line": 0}}


def update_of_the_same_row(number):
    return {"op": "update", "table": "marks", "pk": 0, "set": {"seq": 100 + number}}


def check_poisoned_alone(stage, behind):
    client = push_gate_and_those_behind(stage, behind)
    assert kill_at_the_gate(stage, MOST_DEATHS) < MOST_DEATHS
    assert client.take("rowd:reply:gate")["error"]["code"] == "POISON"
    if not stage.workers[0].process.alive():  # killed with one of those behind in its hands
        stage.start_worker(0)
    for _ in range(BEHIND):
        reply = client.take("rowd:reply:behind")
        assert reply["ok"], reply
    stage.end_workers()


def test_who_takes_its_workers_down_is_told_so(open_stage, modes):
    check_poisoned_alone(open_stage(2, modes), create)


def test_those_who_waited_for_it_do_not_pay(open_stage, modes):
    check_poisoned_alone(open_stage(2, modes), update_of_the_same_row)
