"""Tests of the accessibility report: it has every criterion, and tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "accessibility.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d\.\d\.\d+) [^|]+ \| ([^|]+) \| ([^|]*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
TERMS = {"Supports", "Partially supports", "Not applicable", "Not evaluated"}
LEVEL_A = [
    *("1.1.1", "1.2.1", "1.2.2", "1.2.3", "1.3.1", "1.3.2", "1.3.3", "1.4.1", "1.4.2", "2.1.1"),
    *("2.1.2", "2.1.4", "2.2.1", "2.2.2", "2.3.1", "2.4.1", "2.4.2", "2.4.3", "2.4.4", "2.5.1"),
    *("2.5.2", "2.5.3", "2.5.4", "3.1.1", "3.2.1", "3.2.2", "3.2.6", "3.3.1", "3.3.2", "3.3.7"),
    "4.1.2",
]
LEVEL_AA = [
    *("1.2.4", "1.2.5", "1.3.4", "1.3.5", "1.4.3", "1.4.4", "1.4.5", "1.4.10", "1.4.11", "1.4.12"),
    *("1.4.13", "2.4.5", "2.4.6", "2.4.7", "2.4.11", "2.5.7", "2.5.8", "3.1.2", "3.2.3", "3.2.4"),
    *("3.3.3", "3.3.4", "3.3.8", "4.1.3"),
]
"""Success criteria of WCAG 2.2."""


@pytest.mark.parametrize(("heading", "criteria"), [("Level A", LEVEL_A), ("Level AA", LEVEL_AA)])
def test_each_level_lists_every_criterion_once_with_a_valid_term(heading, criteria):
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = ROW.findall(section)
    assert [number for number, _, _ in rows] == criteria
    assert {term.strip() for _, term, _ in rows} <= TERMS


def test_criteria_without_full_support_have_a_reason():
    for number, term, remark in ROW.findall(PAGE):
        if term.strip() == "Partially supports":
            assert remark.strip(), number


def test_every_test_named_on_accessibility_page_exists():
    named = TEST.findall(PAGE)
    assert PAGE.count("::test_") == len(named) > 15
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, name


def test_page_states_that_no_real_screen_reader_was_tested():
    assert "**Not tried:** a real screen reader" in PAGE
