"""The fields that every command takes."""

META = [5, "text", [1, 2.5, None], {"a": {"b": [True]}}, {}, "", 2**64 - 1, "😀", False, 0]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def add(rng, command, serial, channel):
    """channel: where a reply is heard when it is published."""
    kind = rng.randrange(4)
    if kind == 0:
        command["id"] = serial
    elif kind == 1:
        command["id"] = f"é{serial}"
    elif kind == 2 and rng.random() < 0.3:
        command["id"] = rng.choice([-2**63, 2**64 - 1, 0, "x" * 128])
    if rng.random() < 0.2:
        command["v"] = rng.choice([1, 1, None])
    if rng.random() < 0.15:
        command["meta"] = rng.choice([*META, None])
    if rng.random() < 0.1:
        command["traceparent"] = TRACE
    if rng.random() < 0.1:
        command["timing"] = rng.choice([True, True, False])
    if rng.random() < 0.1:
        command["once"] = command["op"] in ("create", "update", "delete")
        if command["once"]:  # nobody else has this id: once is as without it
            command["id"] = f"once {channel}{serial}"
    heard = rng.random()
    if heard < 0.1:
        command["reply_to"] = f"{channel}{serial}"
    if heard >= 0.04:
        command["reply_list"] = f"{channel}{serial}"
        if rng.random() < 0.1:
            command["reply_ttl_ms"] = rng.choice([30000, 3600000])
