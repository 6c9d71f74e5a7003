"""Tests of the page on grades: it names every file format and every warning."""

import re
from pathlib import Path

from api.services.exports.formats import WARNINGS
from api.services.exports.gradebook_files import FATAL_CODES, FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "gradebook.md").read_text(encoding="utf-8")
WARNED = re.compile(r"^\| `(\w+)` \| (fatal)? ?\| (.*) \|$", re.MULTILINE)


def test_every_warning_is_documented_with_its_meaning():
    found = {code: (bool(fatal), said) for code, fatal, said in WARNED.findall(PAGE)}
    assert found == {code: (code in FATAL_CODES, said) for code, said in WARNINGS.items()}


def test_every_file_format_is_documented():
    assert [form for form in FORMATS if f"| `{form}` |" not in PAGE] == []
