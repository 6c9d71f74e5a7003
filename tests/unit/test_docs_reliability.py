"""Tests of the reliability page: the tests, files and commands that it names exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
FILES = sorted(set(re.findall(r"`((?:tests|api|migrations)/[\w/]+(?:\.py|/))`", PAGE)))
TARGETS = sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", PAGE, re.MULTILINE)))


@pytest.mark.parametrize(("path", "name"), TESTS, ids=map("::".join, TESTS))
def test_each_test_named_on_reliability_page_exists(path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


@pytest.mark.parametrize("path", FILES)
def test_each_file_named_on_reliability_page_exists(path):
    assert (ROOT / path).exists()


def test_reliability_page_names_tests_files_and_commands():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert len(TESTS) > 30
    assert FILES
    assert [one for one in TARGETS if f"\n{one}: " not in makefile] == []
