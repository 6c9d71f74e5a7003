"""Every page there is, as those who may see it, at three sizes, in light and dark: no fault.

The pages are those of the table of routes: a new page is looked at as soon as it has its entry.
"""

import re

import pytest
from furnished import ROUTES
from scene import HERE
from screens import faults, look, overflow, violations

from api.markup.guides import GUIDES

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
NO_PAGES = ("/api/", "/static/", "/healthz", "/readyz")
FILES = (
    "/assignments/{assignment}/score-sheet",
    "/courses/{course}/export/archive",
    "/courses/{course}/exports/submissions",
    "/courses/{course}/exports/{form}",
    "/me/export",
)
PAGES = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "GET" and not path.startswith(NO_PAGES) and path not in FILES
    if route.called and route.ok == 200
)
READERS = {"anyone": [None], "person": ["student", "instructor"]}
READERS |= {"student": READERS["person"]}
OF_STUDENTS = ("/assignments/{assignment}/history", "/courses/{course}/grades")
"""What staff have not: they have no grades."""


def address(scene, path):
    """Return where a page of the table of routes is in the scene."""
    route = ROUTES["GET", path]
    places = scene.places[HERE] | dict(route.path)
    query = "&".join(f"{name}={value}" for name, value in route.query.items())
    filled = PARAMETER.sub(lambda found: places[found[1]], path)
    return f"{filled}?{query}" if query else filled


def readers(path):
    """Return who looks: the least that may, and an instructor at students' pages too."""
    route = ROUTES["GET", path]
    alone = route.owned or path in OF_STUDENTS
    return [route.least] if alone else READERS.get(route.least, [route.least])


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_that_can_be_found(tour, opened, path):
    screens, scene = tour
    for reader in readers(path):
        page = opened(reader)
        screens.said.clear()
        answer = page.goto(address(scene, path))
        assert (answer.status, [*faults(page), *screens.said]) == (200, []), reader


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_has_no_fault_on_a_phone(tour, opened, name):
    """The table of routes names one of them, which is looked at as all pages are."""
    screens, _ = tour
    page = opened(None)
    screens.said.clear()
    look(page, width=390, scheme="light")
    page.goto(f"/docs/{name}")
    assert (overflow(page), [*violations(page), *screens.said]) == (0, [])


FAINT = "light-dark(#1b2430, #2a3038)"


def test_words_that_are_too_faint_in_the_dark_alone_are_found(opened):
    """Planted; else nobody would see that the dark is looked at for its colours."""
    page = opened(None)
    page.goto("/login")
    page.evaluate("ink => document.documentElement.style.setProperty('--ink', ink)", FAINT)
    found = [*faults(page)]
    assert {one.split(":")[0] for one in found} == {"1280 dark", "390 dark"}
    assert all("color-contrast" in one for one in found)
