"""Makes a command that only reads smaller, as long as its reply still differs from what is predicted."""

from model import checker
from support.client import decode

READS = ("read", "count", "exists")
KEPT = ("op", "table", "pk", "reply_list")


def smaller(command):
    """The command with one thing less, in every way."""
    for name in command:
        if name not in KEPT and name != "page_size":
            yield {key: value for key, value in command.items() if key != name and not (
                name == "page" and key == "page_size")}
    for name in ("select", "order"):
        for at in range(len(command.get(name) or [])):
            yield {**command, name: command[name][:at] + command[name][at + 1:]}
    for where in smaller_where(command.get("where") or {}):
        yield {**command, "where": where}


def smaller_where(where):
    if not isinstance(where, dict):
        return
    for name, value in where.items():
        rest = {key: item for key, item in where.items() if key != name}
        if rest:
            yield rest
        if name in ("and", "or") and isinstance(value, list):
            for inner in value:
                yield {**rest, **inner}
        elif name == "not" and isinstance(value, dict):
            for inner in smaller_where(value):
                yield {**rest, "not": inner}
        elif isinstance(value, dict) and len(value) > 1:
            for operator in value:
                yield {**rest, name: {operator: value[operator]}}


def differs(run, sent, command):
    run.serial += 1
    command = {**command, "reply_list": f"{run.traffic.channel}shrink{run.serial}"}
    run.world.codec = sent.codec
    try:
        reply = decode(run.traffic.exchange([(command, sent.codec)])[0])
        if not reply["ok"] and reply["error"]["code"] in ("MISSING_FIELD", "BAD_MESSAGE"):
            return None  # what is left is no command
        trial = type(sent)(command, sent.codec, None)
        return checker.check(run.predict(trial, reply), command, reply, sent.codec)
    except (AssertionError, KeyError, TypeError):
        return None


def shrunk(run, sent, problem):
    """A line about the smallest command found."""
    if sent.fault is not None or sent.command.get("op") not in READS:
        return "not made smaller: it does more than read, or is a mistake"
    best, found = {name: value for name, value in sent.command.items() if name != "reply_to"}, None
    for _ in range(40):
        for one in smaller(best):
            said = differs(run, sent, one)
            if said:
                best, found = one, said
                break
        else:
            break
    return f"smaller: {best!r}: {found}"[:4000] if found else "not made smaller: it does not differ any more"
