"""One measurement: a load, a contestant, private servers, and what each process used meanwhile."""

import json
import os
import subprocess
import time
from pathlib import Path

from support.process import program, wait_until

TICKS = os.sysconf("SC_CLK_TCK")
ROWS = 20000
NUMBERS = ("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) "
           "SELECT n FROM numbers" % ROWS)


def cpu_seconds(pid):
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, field):
    """VmRSS: resident now; VmHWM: the most it ever was."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """The processor time that processes use between its start and its end."""

    def __init__(self, **pids):
        self.pids = pids
        self.started = {name: sum(map(cpu_seconds, many)) for name, many in pids.items()}

    def microseconds_each(self, count):
        return {name: round((sum(map(cpu_seconds, many)) - self.started[name]) / count * 1e6, 2)
                for name, many in self.pids.items()}


def fill_tables(setting, names, load):
    """Makes the tables anew; with the rows that reads ask for, if the load has any. In 200 tables these would be more
    than the server's memory holds, and creates would be measured beside its writing them out."""
    database = setting.database
    for name in names:
        if name != "animals":
            database.query(f"CREATE TABLE IF NOT EXISTS `{name}` LIKE animals")
        database.query(f"TRUNCATE `{name}`")
    if load == "create":
        return
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION max_recursive_iterations = 1000000")
            cursor.execute(f"INSERT INTO animals (species, age, name) SELECT 'cat', n % 20, CONCAT('name', n) "
                           f"FROM ({NUMBERS}) numbers")
            for name in names:
                if name != "animals":
                    cursor.execute(f"INSERT INTO `{name}` SELECT * FROM animals")
    finally:
        connection.close()


class Producer:
    """A rowctl bench in the background."""

    def __init__(self, setting, load, count, *arguments):
        command = [program("rowctl"), "bench", load, "--json", "--redis", setting.redis_server.url,
                   "--count", str(count), "--timeout", "60", *arguments]
        self.count = count
        # pylint: disable-next=consider-using-with
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self):
        output, problem = self.child.communicate()
        assert self.child.returncode == 0, f"rowctl bench ended with {self.child.returncode}: {problem}\n{output}"
        return json.loads(output)


def wait_for_queues(setting, queues, count):
    client = setting.redis_server.client()
    wait_until(lambda: sum(client.llen(queue) for queue in queues) >= count, "the queue to fill", timeout_s=600)


def end(processes):
    for process in processes:
        process.terminate(timeout_s=60)


def clean(setting):
    setting.redis_server.client().flushall()


def work_off(setting, contestant, processes, producer):
    """What was pushed is answered. The rate is of the last 90 % of the replies."""
    watch = Watch(worker=[process.pid for process in processes], redis=[setting.redis_server.process.pid],
                  database=[setting.database.server.process.pid], producer=[producer.child.pid])
    wait_until(lambda: producer.child.poll() is not None or not all(p.alive() for p in processes),
               f"{contestant.name} to answer", timeout_s=600)
    del watch.pids["producer"]
    used = watch.microseconds_each(producer.count)
    peak = max((memory_mib(process.pid, "VmHWM") for process in processes if process.alive()), default=0.0)
    return {**producer.result(), "cpu_us": used, "peak_mib": round(peak, 1)}


def from_full_queue(setting, contestant, load, count, *, tables=("animals",), queues=("rowd:commands",)):
    """Everything is pushed first, then the contestant starts."""
    clean(setting)
    fill_tables(setting, tables, load)
    arguments = [word for name in tables for word in ("--table", name)]
    arguments += [word for name in queues for word in ("--queue", name)]
    producer = Producer(setting, load, count, "--in-flight", "0", *arguments)
    wait_for_queues(setting, queues, count)
    processes = contestant.start(setting, load)
    result = work_off(setting, contestant, processes, producer)
    end(processes)
    return result


def while_waiting(setting, contestant, load, counts, queue="rowd:commands"):
    """One worker, warm, with so many commands waiting, and then so many: a result for each."""
    clean(setting)
    fill_tables(setting, ["animals"], load)
    processes = contestant.start(setting, load)
    Producer(setting, load, 20000).result()
    client, paused = setting.redis_server.client(), f"{{{queue}}}:paused"
    results = []
    for count in counts:
        client.set(paused, 1)
        producer = Producer(setting, load, count, "--in-flight", "0")
        # A pop that was under way when the queue was paused may still have moved one.
        wait_for_queues(setting, [queue], count - 1)
        client.delete(paused)
        results.append(work_off(setting, contestant, processes, producer))
    end(processes)
    return results


def idle(setting, contestant):
    """What a worker holds that has answered one command and has nothing to do."""
    clean(setting)
    processes = contestant.start(setting, "create")
    Producer(setting, "create", 1).result()
    resident = memory_mib(processes[0].pid, "VmRSS")
    end(processes)
    return {"peak_mib": round(resident, 1)}


def one_by_one(setting, contestant, load, count, worker_load):
    """Each command is pushed when the one before has been answered."""
    clean(setting)
    fill_tables(setting, ["animals"], load)
    processes = contestant.start(setting, worker_load)
    Producer(setting, load, 200, "--in-flight", "1").result()  # connections, caches
    result = Producer(setting, load, count, "--in-flight", "1").result()
    end(processes)
    return result


def beside(setting, contestant, disturb, *, seconds, rate, load="mixed", queue="rowd:commands"):
    """A steady load of so many commands per second, while disturb() does something else to the same worker."""
    clean(setting)
    fill_tables(setting, ["animals"], load)
    processes = contestant.start(setting, load)
    Producer(setting, load, 2000, "--queue", queue).result()
    producer = Producer(setting, load, rate * seconds, "--rate", str(rate), "--queue", queue)
    time.sleep(1)  # the steady load comes first; nothing waits for the end of this
    disturb()
    result = producer.result()
    end(processes)
    return result
