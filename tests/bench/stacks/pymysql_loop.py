"""What a first worker looks like: a synchronous loop with PyMySQL, one command after the other."""

import os
import sys

import msgpack
import pymysql
import redis

kind = sys.argv[1]
server = redis.Redis(port=int(os.environ["REDIS_PORT"]))
database = pymysql.connect(unix_socket=os.environ["DATABASE_SOCKET"], user="root", database=os.environ["DATABASE"],
                           autocommit=True, cursorclass=pymysql.cursors.DictCursor)

with database.cursor() as cursor:
    while True:
        raw = server.blmove(os.environ["QUEUE"], "stack:inflight", 0, "RIGHT", "LEFT")
        command = msgpack.unpackb(raw)
        if kind == "create":
            values = command["values"]
            cursor.execute("INSERT INTO animals (species, age, name) VALUES (%s, %s, %s)",
                           (values["species"], values["age"], values["name"]))
            row = {"id": cursor.lastrowid, **values}
        else:
            cursor.execute("SELECT id, species, age, name FROM animals WHERE id = %s", (command["pk"],))
            row = cursor.fetchone()
        reply = msgpack.packb({"v": 1, "id": command["id"], "ok": True, "row": row})
        with server.pipeline(transaction=False) as pipeline:
            pipeline.publish(command["reply_to"], reply)
            pipeline.lrem("stack:inflight", -1, raw)
            pipeline.execute()
