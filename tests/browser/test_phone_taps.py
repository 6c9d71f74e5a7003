"""Counted taps on a phone: from the home page of a student to the verdict on due work."""

import sys

from journeys import Journey
from playwright.sync_api import expect
from world import TEXT_PROBLEM

MAX_TAPS = 3
WIDTH = 390
DUE = {"due": "2026-11-03 12:00"}


def test_student_reaches_verdict_from_due_work_in_three_taps(served, screens, capsys):
    world = served.world
    course = world.course()
    world.assignment(course, TEXT_PROBLEM, timeline_spec=DUE)
    page = screens.open(world.enrol(course, "Stu Dent"), width=WIDTH)
    page.goto("/")
    journey = Journey(page)
    journey.click(page.locator("#due-next a"))
    journey.click(page.locator('section[id="part-cells"] input').first)
    journey.press("9")
    journey.click(page.get_by_role("button", name="Check answer").first)
    expect(page.locator("#told-cells")).to_contain_text("Correct")
    with capsys.disabled():
        sys.stdout.write(f"\ndue work to a verdict on a phone: {journey}\n")
    assert journey.clicks <= MAX_TAPS
