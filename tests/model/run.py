"""The run: windows of random commands, each reply held against the model."""

import random


from model import checker, shrink
from model.coverage import Coverage, fields_by_op
from model.generator import envelope, mistakes
from model.generator.alike import Forms
from model.generator.commands import Commands
from model.operations import WRITES, predict
from model.prediction import refused
from support import contract
from support.client import codec_of, decode

CHANNEL = "rowd:reply:model:"
MISTAKE_RATE = 0.08
# A command with such an error is well formed all the same, and has to keep its schema.
NOT_OF_FORM = {"NOT_FOUND", "UNIQUE_VIOLATION", "FOREIGN_KEY_VIOLATION", "NOT_NULL_VIOLATION", "CHECK_VIOLATION",
               "SQL_ERROR", "TOO_LARGE", "OUT_OF_RANGE", "DATA_TOO_LONG"}


class Difference(AssertionError):
    pass


class Sent:
    """A command with what is known of it before its reply."""

    def __init__(self, command, codec, fault):
        self.command, self.codec, self.fault = command, codec, fault


class Run:
    def __init__(self, seed, world, traffic):
        self.seed, self.world, self.traffic = seed, world, traffic
        self.rng = random.Random(seed)
        self.coverage = Coverage()
        self.fields = mistakes.Fields(fields_by_op(), world.database)
        self.serial = 0
        self.recent = []

    def commands(self, count):
        """Runs that many."""
        end = self.serial + count
        while self.serial < end:
            self.window(min(end - self.serial, self.rng.choice([1, 1, 2, 8, 32, 64])))

    def crowds(self, count):
        """Runs that many, hundreds at a time."""
        end = self.serial + count
        while self.serial < end:
            self.crowd(min(end - self.serial, self.rng.choice([100, 300, 600])))

    # --- making up ----------------------------------------------------------------------------------------------------

    def _make(self):
        rng = self.rng
        codec = rng.choice(["msgpack", "json"])
        self.world.codec = codec
        command = Commands(rng, self.world, codec).command()
        self.serial += 1
        envelope.add(rng, command, self.serial, CHANNEL)
        fault = None
        if rng.random() < MISTAKE_RATE:
            command.setdefault("reply_list", f"{CHANNEL}{self.serial}")
            fault = mistakes.make(rng, command, self.fields)
        return Sent(command, codec, fault)

    def crowd(self, size):
        """Commands by key, of a few forms, that are in flight together: whole groups of them share a statement."""
        codec = self.rng.choice(["msgpack", "json"])
        forms = Forms(Commands(self.rng, self.world, codec), self.world.database.tables, self.rng.choice([2, 5, 12]))
        window = []
        for _ in range(size):
            command = forms.command()
            self.serial += 1
            envelope.add(self.rng, command, self.serial, CHANNEL)
            window.append(Sent(command, codec, None))
        self._exchange(window)

    def window(self, size):
        """Commands that are in flight together. What reads many rows sees at least the writes before it, and may see
        later ones: in one window nothing writes any more what such a command reads."""
        window, frozen = [], set()
        # Half of them have such reads; the others have the more writes that meet each other.
        no_wide_reads = size > 1 and self.rng.random() < 0.5
        while len(window) < size:
            sent = self._make()
            command = sent.command
            if sent.fault is None and size > 1:
                read = self.world.reads_many(command)
                if (read and no_wide_reads) or (command["op"] in WRITES and self.world.touches(command) & frozen):
                    self.serial -= 1
                    continue
                frozen.add(read)
            window.append(sent)
        self._exchange(window)

    def _exchange(self, window):
        raw = self.traffic.exchange([(sent.command, sent.codec) for sent in window])
        for sent, reply in zip(window, raw):
            self._hold(sent, reply, alone=len(window) == 1)

    # --- comparing ----------------------------------------------------------------------------------------------------

    def _hold(self, sent, raw, alone):
        command, codec = sent.command, sent.codec
        self.world.codec, self.world.alone = codec, alone
        reply = decode(raw)
        prediction, problem = None, None
        try:
            assert codec_of(raw) == codec, "the reply comes in the command's codec"
            contract.check_reply(reply)
            prediction = self.predict(sent, reply)
            if sent.fault is None and {code for fault in prediction.faults for code in fault.codes} <= NOT_OF_FORM:
                contract.check_command(command)
            problem = checker.check(prediction, command, reply, codec)
        except AssertionError as failure:
            problem = str(failure)
        if problem:
            self._fail(sent, reply, prediction, problem, alone)
        self.recent = [*self.recent[-30:], (codec, command)]
        if prediction.change and reply["ok"]:
            prediction.change()
        if prediction.ok:
            self.coverage.note_command(self.world.database.tables, command, codec)
        self.coverage.note_reply(self.world.database.tables, command, reply, codec)

    def predict(self, sent, reply):
        if sent.fault is not None:
            return refused(sent.fault)
        return predict(self.world, sent.command, reply)

    def _fail(self, sent, reply, prediction, problem, alone):
        raise Difference("\n".join([
            f"ROWD_MODEL_SEED={self.seed}, command {self.serial}"
            + ("" if alone else " or before, of several in flight"),
            f"command ({sent.codec}): {sent.command!r}",
            f"predicted: {prediction}"[:4000],
            f"reply: {reply!r}"[:4000],
            f"difference: {problem}"[:4000],
            shrink.shrunk(self, sent, problem),
            "before it:", *[f"  {codec}: {command!r}"[:600] for codec, command in self.recent[-8:]]]))
