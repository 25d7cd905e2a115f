"""Where the commands run: what the model knows of the servers and of the queue."""

from model import tables
from model.database import Database


class World:
    def __init__(self, is_mariadb, queue, max_rows):
        self.is_mariadb, self.queue, self.max_rows = is_mariadb, queue, max_rows
        self.database = Database(tables.all_tables(is_mariadb))
        self.codec = "msgpack"  # of the command at hand
        self.alone = True       # it is in flight with no other
        self.column_types = {}  # table to column to the server's name for its type

    def create(self, database):
        """The tables, in a database of the server's."""
        connection = database.connect()
        try:
            with connection.cursor() as cursor:
                for table in self.database.tables.values():
                    for statement in table.statements():
                        cursor.execute(statement)
        finally:
            connection.close()
        for table, column, name in database.query(
                "SELECT table_name, column_name, column_type FROM information_schema.columns "
                "WHERE table_schema = DATABASE()"):
            self.column_types.setdefault(table, {})[column] = name if isinstance(name, str) else name.decode()

    def touches(self, command):
        """The tables whose rows a write may change, those of its foreign keys included."""
        found, waiting = set(), [command["table"]]
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.database.tables:
                continue
            found.add(name)
            if command["op"] != "create":
                waiting += [child.name for child, _ in self.database.references_to(self.database.tables[name])]
        return found

    def reads_many(self, command):
        """The table of which a read that is not by key sees the rows; None for others."""
        if command["op"] not in ("read", "count", "exists") or command.get("pk") is not None:
            return None
        table = self.database.tables.get(command.get("table"))
        return table and (table.base or table.name)
