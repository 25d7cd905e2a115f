"""Who is measured: rowd, the straight-line program, and what people use today. Each is a list of processes."""

import os
import shutil
import subprocess

from support.process import ROOT, Process, program
from support.rowd_process import environment

STACKS = ROOT / "tests" / "bench" / "stacks"
NODE_PACKAGES = ["mysql2@3", "redis@4", "msgpackr@1"]


class Setting:
    """The private servers of a run, and where things may be written."""

    def __init__(self, directory, redis_server, database, queue="rowd:commands"):
        self.directory, self.redis_server, self.database, self.queue = directory, redis_server, database, queue

    def variables(self):
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "REDIS_PORT": str(self.redis_server.port),
                "QUEUE": self.queue, "DATABASE_SOCKET": self.database.server.socket, "DATABASE": self.database.name}


class Contestant:
    """start() returns the processes that work; missing() says why it cannot run here, or None."""

    name = ""
    loads = ("create", "read")
    count = 10000  # enough commands to measure it by

    def missing(self):
        return None

    def start(self, setting, load):
        raise NotImplementedError


class Rowd(Contestant):
    """As it comes: each command's effect exactly once. Or at least once, as the others are."""

    loads = ("create", "read", "mixed")

    def __init__(self, arguments=(), at_least_once=False, **options):
        """options: as environment variables name them, without their prefix."""
        self.name = "rowd, at least once" if at_least_once else "rowd"
        self.arguments = arguments
        self.options = {**options, **({"queue_delivery": "at-least-once"} if at_least_once else {})}

    def start(self, setting, load):
        directory = setting.directory / "rowd"
        directory.mkdir(exist_ok=True)
        variables = environment(setting.database.url, setting.redis_server.url, directory, **self.options)
        return [Process([program("rowd"), *self.arguments], setting.directory / "rowd.log", variables)]


class StraightLine(Contestant):
    def __init__(self, count=1, batch=500):
        self.count, self.batch = count, batch
        self.name = "straight line" if count == 1 else f"straight line x {count}"

    def start(self, setting, load):
        executable = str(ROOT / "build" / "release" / "bench" / "straight_line")
        arguments = ["attend", "create"] if load == "attend" else ["serve", load, str(self.batch)]
        return [Process([executable, *arguments], setting.directory / f"straight_line_{i}.log", setting.variables())
                for i in range(self.count)]


class PythonStack(Contestant):
    def __init__(self, name, script, *modules):
        self.name, self.script, self.modules = name, script, modules

    def missing(self):
        statement = ";".join(f"import {module}" for module in self.modules)
        done = subprocess.run(["/usr/bin/python3", "-c", statement], capture_output=True, text=True, check=False)
        return done.stderr.strip().splitlines()[-1] if done.returncode else None

    def start(self, setting, load):
        return [Process(["/usr/bin/python3", str(STACKS / self.script), load],
                        setting.directory / f"{self.script}.log", setting.variables())]


class NodeStack(Contestant):
    name = "Node.js, mysql2"
    count = 50000  # its compiler takes a while to find out what is worth compiling

    def __init__(self):
        self.modules = ROOT / "build" / "bench"

    def missing(self):
        if not shutil.which("node") or not shutil.which("npm"):
            return "no Node.js here"
        if not (self.modules / "node_modules" / "mysql2").exists():
            self.modules.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", *NODE_PACKAGES],
                                  cwd=self.modules, capture_output=True, text=True, check=False)
            if done.returncode:
                return "npm could not install " + ", ".join(NODE_PACKAGES)
        return None

    def start(self, setting, load):
        variables = {**setting.variables(), "NODE_PATH": str(self.modules / "node_modules")}
        return [Process(["node", str(STACKS / "node_mysql2.js"), load], setting.directory / "node.log", variables)]


def stacks():
    return [
        PythonStack("asyncio, SQLAlchemy, aiomysql", "asyncio_sqlalchemy.py", "sqlalchemy", "aiomysql", "msgpack", "redis"),
        PythonStack("asyncio, aiomysql", "asyncio_aiomysql.py", "aiomysql", "msgpack", "redis"),
        PythonStack("PyMySQL, one loop", "pymysql_loop.py", "pymysql", "msgpack", "redis"),
        NodeStack(),
    ]
