"""Random commands: values.py for columns, conditions.py for `where`, commands.py per operation, envelope.py for the
fields that every command takes, mistakes.py for what has to be refused."""
