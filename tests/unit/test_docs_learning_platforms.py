"""Tests of the pages of learning platforms: their parts, dated sources, and names of fields."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest
from lti_platform import DIALECTS

from api.pages.lti.platforms import LABELS
from api.services.lti.platforms.configuration import ToolAddresses

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "learning-platforms"
VENDORS = {
    "canvas": ("instructure.com", "canvaslms.com"),
    "moodle": ("moodle.org",),
    "blackboard": ("anthology.com", "blackboard.com"),
    "brightspace": ("brightspace.com", "d2l.com"),
    "sakai": ("github.com/sakaiproject",),
}
"""Addresses of the vendor of each product that the fake platform imitates."""
PARTS = [
    "Who you need",
    "Register Grader",
    "Enable it in a course",
    "Link an assignment",
    "Scores and roster",
    "If something goes wrong",
    "Remove Grader",
    "Sources",
]
TROUBLES = ("cookies", "deployment", "address", "column", "429")
SOURCE = re.compile(r"^- \[.*\]\(https://.*read on (\d+ \w+ \d{4})\.$", re.MULTILINE)
LINK = re.compile(r"\]\(https://([^)\s]+)\)")
TABLE = re.compile(r"^\| (field in [^|]+) \| ([^|]+) \|\n\|---\|---\|\n((?:\|.*\n)+)", re.MULTILINE)
VALUES = [label for label, _ in ToolAddresses("https://grader.example.edu").list_values()]
FIELDS = [
    *(label for name, label in LABELS.items() if name != "vouches_email"),
    "Deployment ids",
]


def read(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def tables(name: str) -> list[tuple[str, str, list[list[str]]]]:
    """Return the heads and rows of the tables of fields on a page."""
    return [
        (
            field,
            value,
            [[cell.strip() for cell in row.split("|")[1:3]] for row in rows.splitlines()],
        )
        for field, value, rows in TABLE.findall(read(name))
    ]


def test_every_simulated_product_has_one_page() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(DIALECTS) == set(VENDORS)


@pytest.mark.parametrize("name", DIALECTS)
def test_page_has_all_sections_and_names_common_problems(name: str) -> None:
    page = read(name)
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == PARTS
    trouble = page.partition("## If something goes wrong")[2].partition("## Remove Grader")[0]
    assert [word for word in TROUBLES if word not in trouble] == []


@pytest.mark.parametrize("name", DIALECTS)
def test_page_states_that_only_a_simulated_platform_was_tested(name: str) -> None:
    notice = read(name).partition("\n## ")[0]
    assert f"**Grader was not tested with {DIALECTS[name].name}" in notice
    assert "Grader's tests use a simulated platform" in " ".join(notice.split())
    assert "tests/lti_platform.py" in notice


@pytest.mark.parametrize("name", DIALECTS)
def test_every_source_has_link_and_date_and_includes_the_vendor(name: str) -> None:
    sources = read(name).partition("\n## Sources\n")[2]
    lines = re.findall(r"^- ", sources, re.MULTILINE)
    days = [datetime.strptime(day, "%d %B %Y").date() for day in SOURCE.findall(sources)]  # noqa: DTZ007  # a day has no zone
    assert len(days) == len(lines) > 0
    assert all(date(2026, 1, 1) <= day for day in days)
    assert any(vendor in link for link in LINK.findall(sources) for vendor in VENDORS[name])


@pytest.mark.parametrize("name", DIALECTS)
def test_tables_name_the_fields_displayed_by_grader(name: str) -> None:
    assert VALUES
    [entered] = [rows for field, _, rows in tables(name) if field == "field in Grader"]
    assert [row[0] for row in entered] == FIELDS
    copied = [
        row[1] for _, value, rows in tables(name) if value == "value from Grader" for row in rows
    ]
    addresses = {one for one in copied if one.endswith(" URL") or one == "Domain"}
    assert {"Login initiation URL", "Public keyset (JWKS) URL"} <= addresses <= set(VALUES)


@pytest.mark.parametrize("name", DIALECTS)
def test_guide_and_index_link_to_platform_page(name: str) -> None:
    for page in ("lti.md", "index.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert f"](learning-platforms/{name}.md)" in text
