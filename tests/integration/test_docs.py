"""What the documents list is what there is."""

import json
import re

from support.process import ROOT


def events():
    lines = (ROOT / "docs" / "man" / "events.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def test_every_log_event_is_documented():
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", text, re.MULTILINE)) == events()


def test_every_error_code_of_this_version_is_documented():
    text = (ROOT / "docs" / "operations-reference.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))
    codes = {entry["code"] for entry in json.loads((ROOT / "schemas" / "errors.json").read_text(encoding="utf-8"))}
    later = {"MAX_AFFECTED", "ID_REUSED", "CONFLICT", "DEADLINE_EXCEEDED"}
    assert listed == codes - later


def documented_words():
    text = (ROOT / "docs" / "operations-reference.md").read_text(encoding="utf-8")
    return {word for span in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[a-z_]+", span)}


def test_every_field_of_a_command_is_documented():
    """Those of later versions too, in the list of what is missing."""
    source = (ROOT / "common" / "command_field.c").read_text(encoding="utf-8")
    fields = set(re.findall(r'\{NAME\("([a-z_]+)"\)', source))
    assert len(fields) > 30
    assert fields - documented_words() == set()


def test_every_condition_is_documented():
    source = next((ROOT / "daemon").rglob("condition.c")).read_text(encoding="utf-8")
    conditions = set(re.findall(r'\{\{"([a-z]+)", \d+\}', source))
    assert len(conditions) > 10
    assert conditions - documented_words() == set()


def test_links_between_documents_lead_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
