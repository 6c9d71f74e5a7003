"""Counts the way of an instructor from the first login to a published assignment."""

import sys

import pytest
from api_browser import PASSWORD, get_email, set_password
from journeys import Journey
from playwright.sync_api import expect
from world import OTHER_PROBLEM, TEXT_PROBLEM

MAX_CLICKS = 12


@pytest.mark.parametrize("script", ["on", "off"])
def test_assignment_with_four_problems_is_published_within_twelve_clicks(
    served, screens, script, capsys
):
    world = served.world
    course = world.course()
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    for problem in (TEXT_PROBLEM, OTHER_PROBLEM, "conv-output-shape", "conv-sizing"):
        world.version(problem)
    set_password(world, teacher)
    page = screens.open(script=script)
    page.goto("/login")
    journey = Journey(page)
    journey.fill(page.get_by_label("E-mail"), get_email(world, teacher))
    journey.fill(page.get_by_label("Password"), PASSWORD)
    journey.click(page.get_by_role("button", name="Log in", exact=True))
    journey.click(page.get_by_role("link", name="Deep Learning"))
    journey.click(page.get_by_role("link", name="New assignment"))
    asked = page.locator("main form :is(input:not([type=hidden]), select, textarea):visible")
    assert asked.count() == 3
    journey.fill(page.get_by_label("Title"), "Homework 1")
    journey.fill(page.get_by_label("Opens", exact=True), "2026-11-01T08:00")
    journey.fill(page.get_by_label("Due", exact=True), "2026-11-10T23:59")
    journey.click(page.get_by_role("button", name="Create and choose problems"))
    for box in page.get_by_role("checkbox").all():
        journey.click(box)
    journey.click(page.get_by_role("button", name="Add chosen problems"))
    for field in page.locator("[name^='points.']").all():
        journey.fill(field, "5")
    journey.click(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("Published.")
    expect(page.get_by_role("heading", name="Problems").locator("..")).to_contain_text(
        "4 problems, 20 points"
    )
    with capsys.disabled():
        sys.stdout.write(f"\nfirst login to a published assignment: {journey}\n")
    assert journey.clicks <= MAX_CLICKS
