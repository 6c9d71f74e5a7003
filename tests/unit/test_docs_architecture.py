"""Tests of the architecture page: its paths exist, its tables match the docstrings."""

import re
from pathlib import Path

from grouped_cases import check_each

from api.docs_site.module_pages import render_architecture_page, render_modules_page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"\b(?:api|dlgrader|grader|problems|migrations|tests)(?:/\w+)+(?:\.py|/)?")
PATHS = sorted(set(PATH.findall(PAGE)))


def test_architecture_page_names_paths():
    assert len(PATHS) > 40


@check_each(PATHS)
def test_each_path_on_architecture_page_exists(path):
    assert (ROOT / path).exists()


def test_package_table_matches_docstrings():
    assert render_architecture_page(PAGE, ROOT) == PAGE, "run `make docs`"


def test_modules_page_matches_docstrings():
    page = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    assert render_modules_page(ROOT) == page, "run `make docs`"


def test_new_module_appears_on_modules_page(tmp_path):
    (tmp_path / "grader").mkdir()
    (tmp_path / "grader" / "__init__.py").write_text('"""The engine."""\n')
    before = render_modules_page(tmp_path)
    (tmp_path / "grader" / "values.py").write_text('"""Values\nof answers.\n\nMore."""\n')
    assert "| `values.py` | Values of answers. |" in render_modules_page(tmp_path)
    assert "values" not in before
