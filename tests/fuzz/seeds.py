"""Writes the seed corpora of the fuzz targets: tests/fuzz/corpus/TARGET/NAME.

What a fuzzer found is kept beside them as found-…, and is not touched. Run with no arguments after a change here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import seeds_messages
import seeds_texts

CORPUS = Path(__file__).resolve().parent / "corpus"


def write(target, seeds):
    room = CORPUS / target
    room.mkdir(parents=True, exist_ok=True)
    for old in room.iterdir():
        if not old.name.startswith("found-"):
            old.unlink()
    for name, content in seeds.items():
        (room / name).write_bytes(content)
    print(f"{target}: {len(seeds)}")


def main():
    messages = seeds_messages.messages() | seeds_messages.junk()
    write("scanner", messages)
    write("decode", messages | seeds_messages.commands_as_json())
    write("json", seeds_messages.json_texts())
    write("letter", seeds_messages.letters())
    write("where", seeds_messages.conditions())
    write("url", seeds_texts.urls())
    write("options", seeds_texts.options())
    write("csv", seeds_texts.csv())
    write("sql_text", seeds_texts.sql())


if __name__ == "__main__":
    main()
