"""What the figures of a run are to reach: ratios of one run, since no two machines, nor two days of one, are alike."""

STRAIGHT_LINE, TWO_OF_IT = "straight line", "straight line x 2"
ROWD, AT_LEAST_ONCE = "rowd", "rowd, at least once"
STACKS = ("asyncio, SQLAlchemy, aiomysql", "asyncio, aiomysql", "PyMySQL, one loop", "Node.js, mysql2")


class Figures:
    """Of a run, by load and contestant. Asking for one that was not measured raises KeyError."""

    def __init__(self, figures):
        self.figures = figures

    def of(self, load, field, who="rowd"):
        return self.figures[load][who][field]

    def rate(self, load, who="rowd"):
        return self.of(load, "per_second", who)

    def over(self, load, who, rowd=ROWD):
        return self.rate(load, rowd) / self.rate(load, who)

    def late(self, load, who, rowd=ROWD):
        return self.of(load, "p50_us", rowd) / self.of(load, "p50_us", who)

    def over_stacks(self, load):
        rates = [self.rate(load, who) for who in STACKS if who in self.figures[load]]
        return self.rate(load) / max(rates) if rates else self.rate(load, STACKS[0])

    def waiting(self, field):
        """Of what was measured with commands waiting: the fewest first."""
        loads = [load for load in self.figures if load.endswith(" waiting")]
        return [self.of(load, field) for load in sorted(loads, key=lambda load: int(load.split()[1]))]


def waiting_ratio(figures):
    few, many = figures.waiting("per_second")
    return many / few


# Text, the figure, at least or at most, the goal, the aim beyond it.
GOALS = [
    ("creates, of the straight line's", lambda f: f.over("create", STRAIGHT_LINE), "least", 1.3, None),
    ("the same at least once", lambda f: f.over("create", STRAIGHT_LINE, AT_LEAST_ONCE), "least", 1.3, None),
    ("creates, of two straight lines'", lambda f: f.over("create", TWO_OF_IT), "least", None, 0.9),
    ("creates, of the best usual stack's", lambda f: f.over_stacks("create"), "least", 10, None),
    ("reads by key, of the straight line's", lambda f: f.over("read", STRAIGHT_LINE), "least", 1.2, None),
    ("the same at least once", lambda f: f.over("read", STRAIGHT_LINE, AT_LEAST_ONCE), "least", 1.2, None),
    ("reads by key, of two straight lines'", lambda f: f.over("read", TWO_OF_IT), "least", None, 0.9),
    ("reads by key, of the best usual stack's", lambda f: f.over_stacks("read"), "least", 10, None),
    ("rowd's CPU for a create, us", lambda f: f.of("create", "cpu_us")["worker"], "most", 4, 2.5),
    ("the same at least once", lambda f: f.of("create", "cpu_us", AT_LEAST_ONCE)["worker"], "most", 4, 2.5),
    ("mixed load, of the creates'", lambda f: f.rate("mixed, 4 tables") / f.rate("create"), "least", 0.4, None),
    ("200 tables, of one table's", lambda f: f.rate("create, 200 tables") / f.rate("create"), "least", 0.5, None),
    ("one lone create's p50, of the straight line's", lambda f: f.late("one by one", STRAIGHT_LINE), "most", 1.6, 1.4),
    ("the same at least once", lambda f: f.late("one by one", STRAIGHT_LINE, AT_LEAST_ONCE), "most", 1.3, None),
    ("p99 beside a query of 5 s, ms", lambda f: f.of("beside a 5 s query", "p99_us") / 1000, "most", 50, None),
    ("p99 beside a flooded queue, ms", lambda f: f.of("beside a flooded queue", "p99_us") / 1000, "most", 100, None),
    ("memory when idle, MiB", lambda f: f.of("idle", "peak_mib"), "most", 32, None),
    ("most memory with commands waiting, MiB", lambda f: max(f.waiting("peak_mib")), "most", 96, None),
    ("rate with many waiting, of that with few", waiting_ratio, "least", 0.9, None),
]


def reached(value, bound, limit):
    return value >= limit if bound == "least" else value <= limit


def verdicts(figures):
    """Lines of a table: what was measured, against what it is to be."""
    lines = ["| | measured | goal | aim |", "|---|---|---|---|"]
    for text, figure, bound, goal, aim in GOALS:
        try:
            value = figure(Figures(figures))
        except (KeyError, ValueError):
            continue
        cells = [text, f"{value:.2f}"]
        for limit in (goal, aim):
            word = "yes" if limit is not None and reached(value, bound, limit) else "**no**"
            cells.append("" if limit is None else f"at {bound} {limit:g}: {word}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
