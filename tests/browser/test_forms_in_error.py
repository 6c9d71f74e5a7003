"""Tests of every form with invalid input in the browser: message, input and focus.

The browser's own validation is off, as it is for clients that send a form in another
way. A page in this state must meet the same checks as every page
(`test_every_page.py`).
"""

import re

import pytest
from api_browser import get_email
from invalid_forms import INVALID_FORMS
from playwright.sync_api import expect
from scene import HERE
from screens import faults
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import Assignment

REFUSED = re.compile(r"error: Failed to load resource: the server responded with a status of 4\d\d")
"""Chromium's own console message for a page with such a status."""
SENT_ONCE = ("password", "file", "hidden", "checkbox", "radio")
"""Types of fields that are not filled in again with the submitted value."""
HELD = "one => [one.type, [one.value, one.selectedOptions?.[0].text]]"
FOCUSED = "#error:focus, [aria-invalid=true]:focus"
"""The element that has the focus once the page has rendered.

It is the error message, or the invalid field.
"""
DESCRIBED = """one => (one.getAttribute("aria-describedby") ?? "").split(" ")
    .map(id => document.getElementById(id)?.innerText ?? "nothing has the id " + id).join(" ")"""
DEAD_LINKS = """[...document.querySelectorAll("main a[href^='#']")]
    .map(one => one.getAttribute("href").slice(1)).filter(id => !document.getElementById(id))"""


@pytest.fixture(scope="module")
def places(tour):
    """Return the ids and paths that the forms' URLs name.

    These are the places of the scene and the objects that some forms need in addition.
    """
    screens, scene = tour
    world, course = screens.world, scene.course
    [regradable] = world.assignment(course, regrade_days=7)
    [closed] = world.assignment(course, timeline_spec={"due": "2026-10-20 12:00"})
    [first_of_two, _] = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    empty = scene.people["instructor"].post(
        f"/courses/{course}/assignments", {"slug": "empty", "title": "Empty"}
    )
    classmate = scene.people["classmate"]
    classmate.submit(scene.assigned, {"why": "Fewer parameters."})
    submission = classmate.submit(regradable, {"cells": "8"})
    with world.session() as session:
        first = session.get_one(Assignment, scene.assigned.assignment)
    return scene.places[HERE] | {
        "slug": first.slug,
        "classmate": classmate.id,
        "email": get_email(world, scene.people["student"]),
        "regradable_problem": regradable.path,
        "closed_problem": closed.path,
        "two_problem_assignment": first_of_two.assignment,
        "empty_assignment": empty.json()["id"],
        "regradable_submission": submission.json()["id"],
    }


def form_of(page, case, places):
    """Return the form with the case's URL and its first field."""
    path = (case.action or case.page_path).format_map(places)
    fields = [f':has([name="{name}"])' for name in [*case.values][:1] if name != "version"]
    return page.locator(f'main form[action="{path}"]{"".join(fields)}').first


def fill(field, value):
    """Fill in a field as a person does; a hidden field is set by script."""
    match field.evaluate("one => one.type"):
        case "file":
            field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": value})
        case "checkbox":
            field.page.locator(f'[name="{field.get_attribute("name")}"]').evaluate_all(
                "all => all.forEach(one => { one.checked = false })"
            )
        case "radio":
            field.page.locator(f'[name="{field.get_attribute("name")}"][value="{value}"]').check()
        case "select-one":
            field.select_option(value)
        case "hidden":
            field.evaluate("(one, value) => { one.value = value }", value)
        case _:
            field.fill(value)


def send(page, case, places):
    """Fill in and submit the form; return the status of the response."""
    page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true })")
    form = form_of(page, case, places)
    form.evaluate("one => { one.noValidate = true }")
    for name, value in case.values.items():
        text = value.format_map(places) if isinstance(value, str) else value
        fill(form.locator(f'[name="{name}"]').first, text)
    pressed = f'[value="{case.button}"]' if case.button else ""
    buttons = form.locator(f"button{pressed}:not(.hidden)")
    beside = page.locator(f'main button[form="{form.get_attribute("id")}"]{pressed}:not(.hidden)')
    with page.expect_navigation() as navigated:
        buttons.or_(beside).first.click()
    return navigated.value.status


def untold(page, case, places):
    """Yield each error message, mark or value that the returned page lacks."""
    form = form_of(page, case, places)
    if case.invalid_field:
        field = form.locator(f'[name="{case.invalid_field}"][aria-invalid=true]').first
        is_marked = field.count() > 0
        said = field.evaluate(DESCRIBED) if is_marked else ""
        yield from [] if is_marked else [f"{case.invalid_field} is not marked"]
    else:
        said = page.locator("main [role=alert]").first.inner_text()
    yield from [] if case.message in said else [f"it says: {said!r}"]
    for name, value in case.values.items():
        field = form.locator(f'[name="{name}"]').first
        kind, held = field.evaluate(HELD)
        if kind not in SENT_ONCE and value.format_map(places) not in held:
            yield f"{name} is {held}"
    yield from [f"a link to #{one} leads nowhere" for one in page.evaluate(DEAD_LINKS)]


@pytest.mark.parametrize("name", INVALID_FORMS)
def test_invalid_form_explains_errors_keeps_input_and_has_no_faults(tour, places, opened, name):
    screens, _ = tour
    case = INVALID_FORMS[name]
    page = opened(case.user)
    page.goto(case.page_path.format_map(places))
    screens.said.clear()
    status = send(page, case, places)
    expect(page.locator(FOCUSED)).to_have_count(1)
    found = [*untold(page, case, places), *faults(page)]
    noted = [one for one in screens.said if not REFUSED.match(one)]
    assert (status, found, noted) == (case.status, [], [])
