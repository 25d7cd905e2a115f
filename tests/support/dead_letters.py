"""The dead letters of the usual queue."""

from support import contract
from support.client import QUEUE

DEAD = f"{{{QUEUE}}}:dead"
STATISTICS = f"{{{QUEUE}}}:stats"


def letters(redis):
    """All of them, the newest first, each held against its schema."""
    return [contract.check_dead_letter(raw) for raw in redis.lrange(DEAD, 0, -1)]


def bury(client, *junk):
    """Pushes what can only become a dead letter, in this order, and waits for the end."""
    for element in junk:
        client.redis.lpush(client.queue, element)
    assert client.ok("ping")
