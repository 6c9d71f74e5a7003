"""Tests of what a virtual screen reader speaks on the main pages.

`docs/screen-reader.md` has the transcripts. After a change of a page, write them again with
``GRADER_TEST_SPOKEN=write`` and read the difference before you commit it.
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from problem_screen import ProblemScreen
from spoken import read_transcripts, speak, write_transcripts
from world import TEXT_PROBLEM

REWRITES = os.environ.get("GRADER_TEST_SPOKEN") == "write"
TIMES = {"due": "2026-11-10 23:59"}
WRONG = [["9", "7"], ["8", "1"]]


def visit_as_student(
    page: Page, desk: ProblemScreen, course: str, assignment: str
) -> Iterator[str]:
    """Open the pages of a student one after the other, and yield their titles."""
    page.goto("/")
    yield "Home page of a student"
    page.goto(assignment)
    yield "Assignment"
    desk.open()
    yield "Problem"
    desk.fill("max", WRONG)
    desk.check("max")
    yield "Problem after a partly correct answer"
    page.goto(f"{course}/grades")
    yield "My grades"


def visit_as_staff(page: Page, course: str, assignment: str, part: str) -> Iterator[str]:
    """Open the pages of staff one after the other, and yield their titles."""
    for title, path in {
        "Course page of staff": course,
        "Editor of an assignment": f"{assignment}/edit",
        "Results of an assignment": f"{assignment}/results",
        "Gradebook": f"{course}/gradebook",
    }.items():
        page.goto(path)
        yield title
    page.goto(f"{assignment}/review/{part}")
    page.get_by_role("button", name="Grade the next answer").click()
    page.locator("#answer").wait_for()
    yield "Grading of a text"


@pytest.fixture
def visits(served, screens):
    """Yield each main page with its title, in a course with one student at work."""
    world = served.world
    course = world.course(zone="Europe/Berlin")
    pooled, text = world.assignment(course, "pooling-4x4", TEXT_PROBLEM, timeline_spec=TIMES)
    student = world.enrol(course, "Stu Dent")
    assert student.submit(text, {"why": "Fewer parameters."}).status_code == 201
    course_path, assignment = f"/courses/{course}", f"/assignments/{pooled.assignment}"

    def visit() -> Iterator[tuple[str, Page]]:
        page = screens.open()
        page.goto("/login")
        yield "Login", page
        page = screens.open(student)
        for title in visit_as_student(page, ProblemScreen(page, pooled), course_path, assignment):
            yield title, page
        page = screens.open(world.enrol(course, "Ina Instructor", role="instructor"))
        for title in visit_as_staff(page, course_path, assignment, f"{text.slug}/why"):
            yield title, page

    return visit


def test_screen_reader_output_of_main_pages_matches_transcripts(visits):
    spoken = {title: speak(page) for title, page in visits()}
    if REWRITES:
        write_transcripts(spoken)
    assert spoken == read_transcripts()


def test_missing_field_label_changes_screen_reader_output(screens):
    page = screens.open()
    page.goto("/login")
    before = speak(page)
    page.evaluate("document.querySelector('label[for=email]').remove()")
    assert speak(page) != before
    assert any(phrase.startswith("textbox, E-mail") for phrase in before)
