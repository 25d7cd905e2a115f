"""asyncio with aiomysql and redis.asyncio: as many workers as connections, each one command at a time."""

import asyncio
import os
import sys

import aiomysql
import msgpack
import redis.asyncio

WORKERS = 32
kind = sys.argv[1]


async def work(pool, server):
    async with pool.acquire() as connection, connection.cursor(aiomysql.DictCursor) as cursor:
        while True:
            raw = await server.blmove(os.environ["QUEUE"], "stack:inflight", 0, "RIGHT", "LEFT")
            command = msgpack.unpackb(raw)
            if kind == "create":
                values = command["values"]
                await cursor.execute("INSERT INTO animals (species, age, name) VALUES (%s, %s, %s)",
                                     (values["species"], values["age"], values["name"]))
                row = {"id": cursor.lastrowid, **values}
            else:
                await cursor.execute("SELECT id, species, age, name FROM animals WHERE id = %s", (command["pk"],))
                row = await cursor.fetchone()
            reply = msgpack.packb({"v": 1, "id": command["id"], "ok": True, "row": row})
            async with server.pipeline(transaction=False) as pipeline:
                pipeline.publish(command["reply_to"], reply)
                pipeline.lrem("stack:inflight", -1, raw)
                await pipeline.execute()


async def main():
    server = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]))
    async with aiomysql.create_pool(unix_socket=os.environ["DATABASE_SOCKET"], user="root", autocommit=True,
                                    db=os.environ["DATABASE"], minsize=WORKERS, maxsize=WORKERS) as pool:
        await asyncio.gather(*(work(pool, server) for _ in range(WORKERS)))


asyncio.run(main())
