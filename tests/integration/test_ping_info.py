"""Operations about rowd itself and about the catalog."""

import json

import msgpack
import pytest

from support.client import Client, decode


def test_ping(client):
    assert client.ok("ping")["value"] == "pong"
    assert client.ok("ping", db=True)["value"] == "pong"
    assert client.ok("ping", db=False)["value"] == "pong"


def test_info(client, rowd):
    row = client.ok("info")["row"]
    assert {"version", "server", "server_version", "worker", "queue", "delivery", "limits"} <= set(row)
    assert row["queue"] == "rowd:commands"
    assert isinstance(row["limits"], dict) and row["limits"]["message_bytes"] == 1024 * 1024


def test_info_tells_the_server(client, database_server):
    server = client.ok("info")["row"]["server"].lower()
    assert ("mariadb" in server) == database_server.is_mariadb()


def test_tables_lists_tables_and_views_in_order(client):
    rows = client.ok("tables")["rows"]
    names = [row["name"] for row in rows]
    assert names == sorted(names)
    assert {"users", "animals", "member", "plan", "select", "old_animals"} <= set(names)
    by_name = {row["name"]: row for row in rows}
    assert by_name["animals"]["engine"] == "InnoDB"
    assert by_name["animals"]["kind"] == "table" and by_name["old_animals"]["kind"] == "view"
    assert {"name", "kind", "engine", "estimated_rows", "comment"} == set(by_name["animals"])


def test_rowds_own_tables_do_not_exist_for_producers(client):
    assert not [row for row in client.ok("tables")["rows"] if row["name"].startswith("rowd_")]
    client.fails("UNKNOWN_TABLE", "read", table="rowd_slots")
    client.fails("UNKNOWN_TABLE", "describe", table="rowd_ledger")


def test_describe(client):
    reply = client.ok("describe", table="plan_spot_map")
    columns = {column["name"]: column for column in reply["columns"]}
    assert list(columns) == ["id", "plan_id", "spot_id", "day_x", "order", "spot_time"]
    assert columns["spot_time"]["nullable"] is True and columns["order"]["nullable"] is False
    assert columns["spot_time"]["type"].startswith("time")
    assert reply["primary_key"] == ["id"]
    keys = {key["name"]: key for key in reply["foreign_keys"]}
    assert keys["map_of_plan"]["columns"] == ["plan_id"]
    assert keys["map_of_plan"]["table"] == "plan" and keys["map_of_plan"]["references"] == ["id"]
    assert keys["map_of_plan"]["on_delete"].upper() == "CASCADE"


def test_describe_keys_defaults_and_computed_columns(client):
    assert client.ok("describe", table="pair")["primary_key"] == ["a", "b"]
    assert client.ok("describe", table="no_key")["primary_key"] == []
    users = client.ok("describe", table="users")
    assert {"name": "users_email", "columns": ["email"]} in users["unique"]
    guarded = {column["name"]: column for column in client.ok("describe", table="guarded")["columns"]}
    assert guarded["doubled"]["generated"] and not guarded["n"]["generated"]
    pair = {column["name"]: column for column in client.ok("describe", table="pair")["columns"]}
    assert str(pair["value"]["default"]) == "7" and pair["a"]["default"] is None


def test_timing_tells_where_the_time_went(client, producer):
    producer.ok("create", table="animals", values={"species": "a"})
    us = client.ok("read", table="animals", timing=True)["us"]
    assert us["db"] > 0 and us["total"] == us["wait"] + us["db"] < 20_000_000
    assert client.ok("ping", timing=True)["us"]["db"] == 0
    assert "us" in client.call("read", table="no_such", timing=True)
    assert "us" not in client.ok("ping", timing=False)


@pytest.mark.parametrize("identity", ["a", "x" * 128, 7, 0, -1, 2**63 - 1, 2**64 - 1, "한글", "7"])
def test_the_id_comes_back_with_its_type(client, identity):
    reply = client.call("ping", id=identity)
    assert reply["id"] == identity and type(reply["id"]) is type(identity)


@pytest.mark.parametrize("meta", [{"a": [1, None, True, 1.5, "x", {"b": []}]}, "text", 5, [1, 2], {}])
def test_meta_comes_back_untouched(client, meta):
    assert client.ok("ping", meta=meta)["meta"] == meta


def test_meta_keeps_what_only_msgpack_has(producer):
    meta = {"bin": b"\x00\xff", 7: "integer key", "ext": msgpack.ExtType(5, b"abc"),
            "at": msgpack.Timestamp(1, 500)}
    raw = producer.call_raw({"op": "ping", "meta": meta}, check=False)
    assert msgpack.unpackb(raw, raw=False, strict_map_key=False)["meta"] == meta


def test_a_command_without_id_gets_a_reply_without(redis, rowd):
    reply = decode(Client(redis).call_raw({"op": "ping"}))
    assert reply.get("id") is None and reply["ok"]


def test_nil_is_left_out(client):
    assert client.ok("ping", meta=None, db=None)["value"] == "pong"
    client.ok("read", table="animals", limit=None, select=None)


def test_attempt_is_not_told_the_first_time(client):
    assert "attempt" not in client.ok("ping")


def test_json_replies_are_text_that_people_read(redis, rowd):
    client = Client(redis, "json")
    client.ok("create", table="users", values={"name": "김\t\"철\" \\", "email": "k"})
    raw = client.call_raw({"op": "read", "table": "users"})
    assert json.loads(raw)["rows"][0]["name"] == "김\t\"철\" \\"
    assert "김".encode() in raw, "not escaped"
