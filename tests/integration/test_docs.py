"""What the documents list is what there is."""

import json
import re

import pytest

from support import contract
from support.documents import blocks
from support.process import ROOT

DOCS = ROOT / "docs"
ERROR_PAGES = sorted(path for path in (DOCS / "errors").glob("*.md") if path.name != "README.md")
LATER_CODES = {"MAX_AFFECTED", "CONFLICT", "DEADLINE_EXCEEDED"}


def read(path):
    return path.read_text(encoding="utf-8")


def events():
    lines = read(DOCS / "man" / "events.txt").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def test_every_log_event_is_documented():
    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", read(DOCS / "running.md"), re.MULTILINE)) == events()


def test_the_protocol_lists_every_error_code():
    row = r"^\| \[`([A-Z_]+)`\]\(errors/\1\.md\) \| ([A-Z_]+) \| (no|\*\*yes\*\*) \| (.*) \|$"
    listed = re.findall(row, read(DOCS / "protocol.md"), re.MULTILINE)
    assert listed == [(code, entry["status"], "**yes**" if entry["retryable"] else "no", entry["meaning"])
                      for code, entry in contract.ERRORS.items()]


def test_the_index_lists_every_error_code_once():
    listed = re.findall(r"^\| \[`([A-Z_]+)`\]\(\1\.md\) \|", read(DOCS / "errors" / "README.md"), re.MULTILINE)
    assert sorted(listed) == sorted(contract.ERRORS)


def test_every_error_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in ERROR_PAGES} == set(contract.ERRORS)


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.stem)
def test_an_error_page_says_what_the_list_says(path):
    text, code = read(path), contract.ERRORS[path.stem]
    assert text.startswith(f"# {path.stem}\n")
    assert f"| `{code['status']}` | {'yes' if code['retryable'] else 'no'} |" in text
    sent = path.stem not in LATER_CODES
    assert ("| sent |" in text) == sent and ("| not sent |" in text) != sent
    shown = {match[1] for block in blocks(path) for match in re.finditer(r'"code": "([A-Z_]+)"', block.text)}
    assert (path.stem in shown) == sent, "the page shows a reply with its code"
    if sent:
        assert f"\nRetry: {'yes' if code['retryable'] else 'no'}" in text
        assert "## Usual causes\n" in text and "## What to do\n" in text


def test_every_reason_of_a_dead_letter_that_is_no_code_is_documented():
    listed = re.findall(r"^\| (?:\[)?`([A-Z_]+)`", read(DOCS / "dead-letters.md"), re.MULTILINE)
    assert set(listed) - set(contract.ERRORS) == contract.DEAD_LETTER_REASONS - contract.ERRORS.keys()


def prose(path):
    """A document without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", read(path), flags=re.MULTILINE | re.DOTALL)


def documented_words():
    return {word for span in re.findall(r"`([^`]+)`", prose(DOCS / "protocol.md"))
            for word in re.findall(r"[a-z_]+", span)}


def test_every_field_of_a_command_is_documented():
    """Those of later versions too, in the list of what is missing."""
    fields = set(re.findall(r'\{NAME\("([a-z_]+)"\)', read(ROOT / "common" / "command_field.c")))
    assert len(fields) > 30
    assert fields - documented_words() == set()


def test_every_operation_has_a_section_that_names_its_fields():
    schema = json.loads(read(ROOT / "schemas" / "messages" / "command.schema.json"))
    for op in schema["properties"]["op"]["enum"]:
        section = re.search(rf"^### {op}\n(.*?)^##", prose(DOCS / "protocol.md"), re.MULTILINE | re.DOTALL)
        assert section, f"{op} has no section"
        fields = set(schema["$defs"].get(op, {}).get("properties", {}))
        assert fields - set(re.findall(r"`([a-z_]+)`", section[1])) == set(), op


def test_every_condition_is_documented():
    source = read(next((ROOT / "daemon").rglob("condition.c")))
    conditions = set(re.findall(r'\{\{"([a-z]+)", \d+\}', source))
    assert len(conditions) > 10
    assert conditions - documented_words() == set()


def documents():
    return [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]


def anchors(path):
    """The names that a link into a document may have behind its #."""
    titles = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'<a name="([^"]+)">', prose(path)))


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", read(path)):
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), f"{path.name} links to {target}"
        assert not anchor or anchor in anchors(there), f"{path.name} links to {target}#{anchor}"


def test_the_list_of_error_codes_has_no_code_twice():
    listed = [entry["code"] for entry in json.loads(read(ROOT / "schemas" / "errors.json"))]
    assert len(listed) == len(set(listed))


def test_the_readme_names_the_packages_that_a_build_takes():
    named = re.search(r"sudo apt-get install ((?:.*\\\n)*.*)\n", read(ROOT / "README.md"))[1].replace("\\", " ").split()
    lines = [line.split() for line in read(ROOT / "tests" / "support" / "packages.list").splitlines()]
    assert named == [line[1] for line in lines if line and line[0] == "build"]
