"""Tests that every page, for each role that may see it, has no fault in the browser.

Each page is checked at three sizes, in light and dark. The pages come from the table of
routes: a new page is checked as soon as it has an entry there.
"""

import re

import pytest
from furnished import ROUTES
from scene import HERE
from screens import faults, look, overflow, violations

from api.markup.docs_files import list_pages, page_address

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
NO_PAGES = ("/api/", "/static/", "/client/", "/docs/pictures/", "/healthz", "/readyz")
FILES = (
    "/attachments/{attachment}/image",
    "/assignments/{assignment}/report-template",
    "/assignments/{assignment}/reports/{report}/document",
    "/assignments/{assignment}/score-sheet",
    "/courses/{course}/export/archive",
    "/courses/{course}/exports/submissions",
    "/courses/{course}/exports/{form}",
    "/me/export",
    "/lti/config.json",
    "/lti/jwks",
)
PAGES = sorted(
    path
    for (method, path), route in ROUTES.items()
    if method == "GET" and not path.startswith(NO_PAGES) and path not in FILES
    if route.called and route.ok == 200
)
READERS = {"anyone": [None], "person": ["student", "instructor"]}
READERS |= {"student": READERS["person"]}
OF_STUDENTS = (
    "/assignments/{assignment}/history",
    "/assignments/{assignment}/problems/{problem}/submissions",
    "/courses/{course}/grades",
)
"""Pages that staff do not have, since they have no submissions and no grades."""


def address(scene, path):
    """Return the URL in the scene of a path in the table of routes."""
    route = ROUTES["GET", path]
    places = scene.places[HERE] | dict(route.path)
    query = "&".join(f"{name}={value}" for name, value in route.query.items())
    filled = PARAMETER.sub(lambda found: places[found[1]], path)
    return f"{filled}?{query}" if query else filled


def readers(path):
    """Return the roles that look at a page.

    This is the least privileged role, and an instructor as well on pages of students.
    """
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


@pytest.mark.parametrize("name", sorted(list_pages()))
def test_a_page_of_the_documentation_has_no_fault_on_a_phone(tour, opened, name):
    """The table of routes names only one such page, which is checked like all pages."""
    screens, _ = tour
    page = opened(None)
    screens.said.clear()
    look(page, width=390, scheme="light")
    page.goto(page_address(name))
    assert (overflow(page), [*violations(page), *screens.said]) == (0, [])


FAINT = "light-dark(#1b2430, #2a3038)"


def test_words_that_are_too_faint_in_the_dark_alone_are_found(opened):
    """Plant a contrast fault, to prove that colors are checked in dark mode."""
    page = opened(None)
    page.goto("/login")
    page.evaluate("ink => document.documentElement.style.setProperty('--ink', ink)", FAINT)
    found = [*faults(page)]
    assert {one.split(":")[0] for one in found} == {"1280 dark", "390 dark"}
    assert all("color-contrast" in one for one in found)
