"""Commands by key in many copies of one form, each about a row of its own: what rowd runs as one statement."""

BY_KEY = ("create", "read", "update", "delete")


def is_by_key(command):
    return command["op"] == "create" or (command["op"] in BY_KEY and command.get("pk") is not None)


def alike(commands, table, command):
    """Another command with the same fields and columns. commands: draws the keys and values."""

    def row_like(row, draw):
        return {name: value if name not in table.by_name or table.by_name[name].auto_increment
                else draw(table, table.by_name[name]) for name, value in row.items()}

    made = dict(command)
    if "pk" in made:
        made["pk"] = commands.key(table)
    if isinstance(made.get("set"), dict):
        made["set"] = row_like(made["set"], commands.assigned)
    if isinstance(made.get("values"), dict):
        made["values"] = row_like(made["values"], commands.value)
    elif isinstance(made.get("values"), list):
        made["values"] = [row_like(row, commands.value) for row in made["values"]]
    return made


class Forms:
    """A few forms, of which a crowd of commands is made."""

    def __init__(self, commands, tables, count):
        self.commands, self.tables = commands, tables
        self.forms = [self._draw() for _ in range(count)]

    def _draw(self):
        """Only of tables with a key, views aside: in one without, many rows that differ in case alone would come in an
        order that nobody can tell."""
        while True:
            command = self.commands.command()
            if is_by_key(command) and self.tables[command["table"]].key and not self.tables[command["table"]].is_view:
                return command

    def command(self):
        form = self.commands.rng.choice(self.forms)
        return alike(self.commands, self.tables[form["table"]], form)
