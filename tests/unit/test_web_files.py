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


def test_scripts_stay_below_their_total_size_limit():
    assert 0 < sum(len(one.read_bytes()) for one in SCRIPTS) <= 25 * 1024


def test_main_style_sheet_stays_below_its_size_limit():
    assert len(SHEET.read_bytes()) <= 34 * 1024


def test_editor_style_sheet_stays_below_its_size_limit():
    assert 0 < len(EDITOR_SHEET.read_bytes()) <= 4 * 1024


def test_attachment_style_sheet_stays_below_its_size_limit():
    assert 0 < len(ATTACHMENT_SHEET.read_bytes()) <= 1024


@check_each([*TEMPLATES, *SCRIPTS, *SHEETS], name=lambda path: path.name)
def test_web_files_do_not_query_the_color_scheme(path):
    """`light-dark()` gives only colors, so browser tests of dark mode check colors alone."""
    assert "prefers-color-scheme" not in path.read_text(encoding="utf-8")


@check_each([*TEMPLATES, *SCRIPTS, *SHEETS], name=lambda path: path.name)
def test_web_files_reference_no_external_server(path):
    assert ELSEWHERE.findall(path.read_text(encoding="utf-8")) == []


@check_each(TEMPLATES, name=lambda path: path.name)
def test_templates_contain_no_inline_script_or_style(path):
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@check_each(TEMPLATES, name=lambda path: path.name)
def test_templates_contain_no_exclamation_marks(path):
    assert EXCLAIMED.findall(path.read_text(encoding="utf-8")) == []


def styled() -> dict[str, set[str]]:
    """Return the classes at the head of CSS rules by section of the style sheet, in order."""
    _, *parts = SECTION.split(SHEET.read_text(encoding="utf-8"))
    rules = [MEDIA.sub("", body) for body in parts[1::2]]
    return {name: {*STYLED.findall(body)} for name, body in zip(parts[::2], rules, strict=True)}


def test_css_class_is_not_shared_by_two_page_areas():
    sections = styled()
    first = [*sections].index(FIRST_AREA)
    shared = set().union(*[*sections.values()][:first])
    areas = [one - shared for one in [*sections.values()][first:]]
    clashes = [one & other for at, one in enumerate(areas) for other in areas[at + 1 :]]
    assert set().union(*clashes) == set()
    assert {"card", "two"} <= shared
    assert any("gb" in one for one in areas)
