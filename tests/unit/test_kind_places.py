"""Tests of the places that every kind of answer needs, as CONTRIBUTING.md lists them."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Final, NamedTuple

import pytest
from bank_catalog import CATALOG
from factories import original
from full_database import ANSWERS, PARTS
from kind_examples import EXAMPLES, PARAMS

from api.demo.coursework.notations import render_notations
from api.services.engine.reading import STANDALONE_KINDS, read_standalone_answer
from grader.kinds import KINDS

ROOT: Final = Path(__file__).parents[2]
FEWEST_NOTATIONS: Final = 3
WITHOUT_A_KEY: Final = {"predicate", "text"}


@cache
def text(path: str) -> str:
    """Return the text of all files that match the pattern *path*."""
    return "\n".join(one.read_text(encoding="utf-8") for one in sorted(ROOT.glob(path)))


@cache
def section(path: str, heading: str) -> str:
    """Return the text below a heading of a page, or "" if there is no such heading."""
    found = re.search(rf"^#+ `?{heading}`?\n(.*?)(?=^#+ |\Z)", text(path), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def can_be_read_alone(kind: str) -> bool:
    """Return whether `grader read` takes the kind's example, if it takes the kind at all."""
    if kind not in STANDALONE_KINDS:
        return not KINDS[kind].reads_alone
    return bool(KINDS[kind].example) and bool(
        read_standalone_answer(kind, KINDS[kind].example, ("x",))
    )


def has_notations(kind: str) -> bool:
    """Return whether the demo class types a key of the kind in several ways."""
    if kind in WITHOUT_A_KEY:
        return True
    variants = [original(part, params=PARAMS) for part in EXAMPLES.get(kind, [])]
    ways = [
        render_notations(one.keys["a"], one.problem.parts[0]) for one in variants if one.keys["a"]
    ]
    return max(map(len, ways), default=0) >= FEWEST_NOTATIONS


@cache
def kinds_of_the_bank() -> frozenset[str]:
    return frozenset(part.kind for name in CATALOG.ids for part in CATALOG.get(name).parts)


def kinds_of_the_schema() -> set[str]:
    schema = json.loads(text("problems/problem.schema.json"))
    models = schema["$defs"].values()
    return {one["properties"].get("kind", {}).get("const") for one in models if "properties" in one}


class Place(NamedTuple):
    """A place that needs every kind: its file, its content, and a check for a kind."""

    file: str
    what: str
    holds: Callable[[str], bool]


PLACES: Final = (
    Place(
        "grader/kinds/<family>/kind.py",
        "`hint`",
        lambda kind: bool(getattr(KINDS[kind], "hint", "")),
    ),
    Place("grader/kinds/<family>/kind.py", "`example` or `reads_alone = False`", can_be_read_alone),
    Place("api/demo/coursework/notations.py", "`_RENDERERS_BY_KIND`", has_notations),
    Place("problems/bank/", "a problem that uses it", lambda kind: kind in kinds_of_the_bank()),
    Place(
        "problems/problem.schema.json", "`make docs`", lambda kind: kind in kinds_of_the_schema()
    ),
    Place(
        "docs/write-a-problem.md",
        "a section with its fields",
        lambda kind: f"kind: {kind}" in section("docs/write-a-problem.md", kind),
    ),
    Place(
        "docs/answers.md",
        "how it is read",
        lambda kind: re.search(rf"`{kind}`|kind: {kind}\b", text("docs/answers.md")) is not None,
    ),
    Place(
        "docs/cli.md",
        "the list of `grader read`, unless `reads_alone = False`",
        lambda kind: (
            not KINDS[kind].reads_alone or f"`{kind}`" in section("docs/cli.md", "grader read")
        ),
    ),
    Place("tests/kind_examples.py", "`EXAMPLES`", lambda kind: kind in EXAMPLES),
    Place(
        "tests/full_database.py",
        "`PARTS` and `ANSWERS`",
        lambda kind: kind in PARTS and f"a_{kind}" in ANSWERS,
    ),
    Place(
        "tests/property/test_view.py",
        "`FAMILIES`",
        lambda kind: f'"{kind}": (' in text("tests/property/test_view.py"),
    ),
    Place(
        "tests/unit/test_kind_<file>.py",
        "a table of its readings",
        lambda kind: f'"{kind}"' in text("tests/unit/test_kind_[!p]*.py"),
    ),
)


def missing(kind: str) -> list[str]:
    """Return the places that lack a registered kind."""
    return [f"{place.file}: {place.what}" for place in PLACES if not place.holds(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_present_in_every_required_place(kind):
    places = missing(kind)
    assert places == [], "\n  ".join([f"{kind} is missing in:", *places])


def test_merely_registered_kind_is_reported_for_every_place(monkeypatch):
    monkeypatch.setitem(KINDS, "planted", SimpleNamespace(reads_alone=True))
    assert missing("planted") == [f"{place.file}: {place.what}" for place in PLACES]


@pytest.mark.parametrize("place", PLACES)
def test_contributor_guide_lists_every_place(place):
    guide = section("CONTRIBUTING.md", "A new kind of answer")
    assert f"`{place.file}`" in guide
    assert place.what in guide
