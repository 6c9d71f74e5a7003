"""Tests of the page of complaints: every group has a row that names existing tests."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TEST = re.compile(r"`([^`\s]+)::(test_\w+)`")
ROWS = ROW.findall(PAGE)
GROUPS = 16


def names_in(path: Path) -> set[str]:
    """Return the names of the top-level functions of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_every_complaint_group_has_a_row():
    assert [int(row[0]) for row in ROWS] == list(range(1, GROUPS + 1))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_names_a_peer_issue_and_existing_tests(row):
    _, complaint, _, shown = row
    assert re.search(r"#\d+", complaint)
    assert TEST.sub("", shown).replace("<br>", "") == "", "write `path::test_name`"
    named = TEST.findall(shown)
    assert named
    missing = [(path, name) for path, name in named if name not in names_in(ROOT / path)]
    assert missing == []
