"""Tests of the controls that guides name: pages have a control or a text with these words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [
    "gradebook",
    "how-grades-are-calculated",
    "late-days",
    "lti",
    "notebooks",
    "operate",
    "privacy",
    "reports",
    "request-a-regrade",
    "rights",
    "tutorials/install-for-a-department",
    "write-a-problem",
]
QUOTED = re.compile(r"“([^”]{3,60})”")
ELSEWHERE = {
    "lti": {"Select content", "External tool", "refused to connect"},
    "notebooks": {"Notebook access"},
    "gradebook": {"Show solutions now"},  # the template inserts the word
}
"""Quoted labels of other products, and those that a template composes."""


def read_words(path: Path) -> str:
    return re.sub(r"\s+", " ", path.read_text(encoding="utf-8")).replace("’", "'")


PRODUCT = "\n".join(
    read_words(path) for ending in ("html", "py") for path in (ROOT / "api").rglob(f"*.{ending}")
)


def find_unknown_labels(text: str) -> set[str]:
    """Return the quoted labels of a guide that no page has."""
    labels = {re.sub(r"\s+", " ", one).replace("’", "'") for one in QUOTED.findall(text)}
    return {one for one in labels if one not in PRODUCT}


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_names_existing_controls(guide):
    text = (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")
    assert find_unknown_labels(text) == ELSEWHERE.get(guide, set())


def test_renamed_control_is_detected():
    assert find_unknown_labels("Open “My grades”, then “Zzyzx grades”.") == {"Zzyzx grades"}
