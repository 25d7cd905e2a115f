"""asyncio with SQLAlchemy's ORM over aiomysql, as its tutorial has it: a session per command."""

import asyncio
import os
import sys

import msgpack
import redis.asyncio
from sqlalchemy import Column, Integer, String
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

WORKERS = 32
kind = sys.argv[1]
Base = declarative_base()


class Animal(Base):
    __tablename__ = "animals"
    id = Column(Integer, primary_key=True)
    species = Column(String(50))
    age = Column(Integer)
    name = Column(String(100))


async def run(new_session, command):
    async with new_session() as session:
        if kind == "create":
            animal = Animal(**command["values"])
            session.add(animal)
            await session.commit()
        else:
            animal = await session.get(Animal, command["pk"])
        return {"id": animal.id, "species": animal.species, "age": animal.age, "name": animal.name}


async def work(new_session, server):
    while True:
        raw = await server.blmove(os.environ["QUEUE"], "stack:inflight", 0, "RIGHT", "LEFT")
        command = msgpack.unpackb(raw)
        reply = msgpack.packb({"v": 1, "id": command["id"], "ok": True, "row": await run(new_session, command)})
        async with server.pipeline(transaction=False) as pipeline:
            pipeline.publish(command["reply_to"], reply)
            pipeline.lrem("stack:inflight", -1, raw)
            await pipeline.execute()


async def main():
    server = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]))
    url = f"mysql+aiomysql://root@localhost/{os.environ['DATABASE']}?unix_socket={os.environ['DATABASE_SOCKET']}"
    engine = create_async_engine(url, pool_size=WORKERS)
    new_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    await asyncio.gather(*(work(new_session, server) for _ in range(WORKERS)))


asyncio.run(main())
