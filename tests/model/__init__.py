"""A model of the database and of the contract in Python, and random commands that hold rowd against it.

Where to add what:
  a type of column        kinds/ (what it stores, compares and tells), a column in tables.py, its values in
                          generator/values.py
  a condition             conditions.py (what it means), generator/conditions.py (how it is made up)
  an operator of `set`     operations/operators.py (what it makes of a value), generator/operators.py
  a field of an operation operations/ (what it changes in the reply), generator/ (where it is drawn)
  a mistake               generator/mistakes.py, with the error it has to give
coverage.py fails the run when the schemas know something that no command had."""
