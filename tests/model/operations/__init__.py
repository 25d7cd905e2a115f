"""One file per group of operations: what the reply to a command has to be, and what the command changes."""

from model.operations import changing, creating, reading, telling
from model.prediction import fault, refused

PREDICT = {
    "ping": telling.ping, "info": telling.info, "tables": telling.tables, "describe": telling.describe,
    "create": creating.create, "read": reading.read, "count": reading.count, "exists": reading.exists,
    "update": changing.update, "delete": changing.delete,
}
WRITES = ("create", "update", "delete")
WITHOUT_TABLE = ("ping", "info", "tables")


def predict(world, command, reply):
    """command: well formed, without its envelope's faults. reply: only asked for the keys that were generated."""
    op = command["op"]
    if op in WITHOUT_TABLE:
        return PREDICT[op](world, command)
    table = world.database.tables.get(command["table"])
    if table is None:
        return refused(fault("UNKNOWN_TABLE"))
    if table.is_view and op in WRITES:
        return refused(fault("BAD_VALUE"))
    if op == "create":
        return creating.create(world, table, command, reply)
    return PREDICT[op](world, table, command)
