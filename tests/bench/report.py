"""The figures of a run as a table, as JSON and as a plot."""

import json
import platform
import re
from pathlib import Path

import goals


def machine():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    cores = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").count("processor\t:")
    return f"{model}, {cores} cores, Linux {platform.release()}"


def ratio(figures, load, who):
    """How many times rowd's rate is of another's."""
    mine, others = figures.get(load, {}).get("rowd"), figures.get(load, {}).get(who)
    return mine["per_second"] / others["per_second"] if mine and others and "per_second" in mine else None


def table(figures, skipped):
    lines = [f"Measured in one run on {machine()}.", "",
             "| load | who | per second | rowd is | p50 / p99 / p99.9 | CPU per command: worker, Redis, database | peak |",
             "|---|---|---|---|---|---|---|"]
    for load, by_who in figures.items():
        for who, result in by_who.items():
            times = ratio(figures, load, who)
            used, late = result.get("cpu_us"), "p50_us" in result
            lines.append("| " + " | ".join([
                load, who, f"{result['per_second']:,.0f}" if "per_second" in result else "",
                f"{times:.2f} x" if times and who != "rowd" else "",
                f"{result['p50_us']} / {result['p99_us']} / {result['p999_us']} us" if late else "",
                f"{used['worker']} / {used['redis']} / {used['database']} us" if used else "",
                f"{result['peak_mib']} MiB" if "peak_mib" in result else ""]) + " |")
    lines += ["", goals.verdicts(figures)]
    lines += [f"\nNot measured: {who}: {why}." for who, why in skipped.items()]
    return "\n".join(lines) + "\n"


def plot(figures, path):
    """Bars of the creates and reads per second. Returns what is missing for it, or None."""
    try:
        import matplotlib
    except ImportError:
        return "python3-matplotlib"
    matplotlib.use("svg")
    from matplotlib import pyplot

    loads = [load for load in ("create", "read") if load in figures]
    figure, axes = pyplot.subplots(1, len(loads), figsize=(5.5 * len(loads), 3.2), squeeze=False)
    for axis, load in zip(axes[0], loads):
        entries = sorted(figures[load].items(), key=lambda entry: entry[1]["per_second"])
        rates = [result["per_second"] for _, result in entries]
        bars = axis.barh([who for who, _ in entries], rates,
                         color=["#c0392b" if who == "rowd" else "#95a5a6" for who, _ in entries])
        axis.bar_label(bars, labels=[f"{rate:,.0f}" for rate in rates], padding=3, fontsize=8)
        axis.set_title(f"{load}s per second, from a full queue", fontsize=10)
        axis.set_xlim(0, max(rates) * 1.2)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.text(0.99, 0.01, machine(), ha="right", fontsize=7, color="#7f8c8d")
    figure.savefig(path)
    return None


def document(text, directory, docs):
    """Puts the table and the plot where the documentation shows them."""
    page = docs / "performance.md"
    old = page.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- figures -->\n).*(<!-- end of figures -->\n)", lambda found: f"{found[1]}\n{text}\n{found[2]}", old,
                 flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")
    plot_file = directory / "plot.svg"
    if plot_file.exists():
        (docs / "performance.svg").write_text(plot_file.read_text(encoding="utf-8"), encoding="utf-8")


def write(directory, figures, skipped):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(json.dumps({"machine": machine(), "figures": figures, "skipped": skipped},
                                                       indent=1) + "\n", encoding="utf-8")
    missing = plot(figures, directory / "plot.svg") if figures.keys() & {"create", "read"} else None
    text = table(figures, skipped) + (f"\nNo plot: {missing} is not installed.\n" if missing else "")
    (directory / "table.md").write_text(text, encoding="utf-8")
    print("\n" + text)
    return text
