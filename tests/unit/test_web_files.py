"""Tests of the static files of pages: small, and without external resources."""

import re
from pathlib import Path

from grouped_cases import check_each

WEB = Path(__file__).parents[2] / "api" / "web"
SCRIPTS = sorted((WEB / "static").glob("*.js"))
SECTION = re.compile(r"^/\* ([A-Z][^.*]*) \*/$", re.MULTILINE)
MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
STYLED = re.compile(r"(?:^|[,{}])\s*\.([\w-]+)[^{}]*(?=\{)")
FIRST_AREA = "Editor, bank and review"
EXCLAIMED = re.compile(r"!(?!=|doctype)")
SHEET = WEB / "static" / "app.css"
EDITOR_SHEET = WEB / "static" / "editor.css"
ATTACHMENT_SHEET = WEB / "static" / "attachments.css"
SHEETS = (SHEET, EDITOR_SHEET, ATTACHMENT_SHEET)
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
ELSEWHERE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)
INLINE = re.compile(r"""<script(?![^>]*\ssrc=)|<style\b|\son[a-z]+=|\sstyle=|javascript:""")


def test_all_scripts_together_are_small():
    assert 0 < sum(len(one.read_bytes()) for one in SCRIPTS) <= 25 * 1024


def test_the_style_sheet_is_small():
    assert len(SHEET.read_bytes()) <= 34 * 1024


def test_the_style_sheet_of_authors_is_small():
    assert 0 < len(EDITOR_SHEET.read_bytes()) <= 4 * 1024


def test_the_style_sheet_of_attachments_is_small():
    assert 0 < len(ATTACHMENT_SHEET.read_bytes()) <= 1024


@check_each([*TEMPLATES, *SCRIPTS, *SHEETS], name=lambda path: path.name)
def test_in_the_dark_nothing_but_colours_is_another(path):
    """`light-dark()` gives only colors, so browser tests of dark mode check colors alone."""
    assert "prefers-color-scheme" not in path.read_text(encoding="utf-8")


@check_each([*TEMPLATES, *SCRIPTS, *SHEETS], name=lambda path: path.name)
def test_a_file_of_the_pages_names_no_other_server(path):
    assert ELSEWHERE.findall(path.read_text(encoding="utf-8")) == []


@check_each(TEMPLATES, name=lambda path: path.name)
def test_a_template_has_no_script_and_no_style_of_its_own(path):
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@check_each(TEMPLATES, name=lambda path: path.name)
def test_a_template_exclaims_nothing(path):
    assert EXCLAIMED.findall(path.read_text(encoding="utf-8")) == []


def styled() -> dict[str, set[str]]:
    """Return the classes at the head of CSS rules by section of the style sheet, in order."""
    _, *parts = SECTION.split(SHEET.read_text(encoding="utf-8"))
    rules = [MEDIA.sub("", body) for body in parts[1::2]]
    return {name: {*STYLED.findall(body)} for name, body in zip(parts[::2], rules, strict=True)}


def test_no_class_stands_for_two_things():
    sections = styled()
    first = [*sections].index(FIRST_AREA)
    shared = set().union(*[*sections.values()][:first])
    areas = [one - shared for one in [*sections.values()][first:]]
    clashes = [one & other for at, one in enumerate(areas) for other in areas[at + 1 :]]
    assert set().union(*clashes) == set()
    assert {"card", "two"} <= shared
    assert any("gb" in one for one in areas)
