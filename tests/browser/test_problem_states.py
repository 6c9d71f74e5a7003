"""Tests that the problem page has no fault in any state.

Each state is checked at two sizes, in light and dark. The tests also check where the
focus is after a message.
"""

import pytest
from playwright.sync_api import expect
from problem_screen import POOLED, ProblemScreen
from screens import faults

from api.pages.student.components.feedback import NOT_GRADED

CHECKED = {
    "right": (POOLED["max"], "Correct"),
    "wrong": (POOLED["average"], "Incorrect"),
    "partly right": ([["9", "7"], ["8", "1"]], "Partly correct"),
    "unreadable": ([["9", "7"], ["8", "x"]], NOT_GRADED.words),
}
checked = pytest.mark.parametrize("state", CHECKED)


@pytest.fixture
def desk(served, screens):
    """Return a function that opens the problem of a new assignment."""

    def sit(**more):
        course = served.world.course()
        student = served.world.enrol(course)
        [assigned, *_] = served.world.assignment(course, "pooling-4x4", **more)
        return ProblemScreen(screens.open(student), assigned).open()

    return sit


@checked
def test_answer_feedback_has_no_faults_and_keeps_focus_on_button(desk, screens, state):
    here = desk()
    rows, said = CHECKED[state]
    here.fill("max", rows)
    here.button("max").focus()
    here.page.keyboard.press("Enter")
    expect(here.told("max")).to_contain_text(said)
    expect(here.button("max")).to_be_focused()
    assert ([*faults(here.page)], screens.said) == ([], [])


@checked
def test_verdict_uses_icon_and_words_not_color_alone(desk, state):
    here = desk()
    rows, said = CHECKED[state]
    here.fill("max", rows)
    here.check("max")
    expect(here.told("max").locator(".verdict-head b")).to_have_text(said)
    expect(here.told("max").locator(".verdict-head svg")).to_be_visible()


def test_count_of_right_cells_and_last_attempt_warning_are_shown(desk):
    here = desk(attempts=2)
    expect(here.card("max")).to_contain_text("2 of 2 attempts left")
    here.fill("max", CHECKED["partly right"][0])
    here.check("max")
    expect(here.told("max")).to_contain_text("3 of 4 cells are correct.")
    expect(here.told("max")).to_contain_text("Last attempt of 2")


def test_untouched_problem_has_no_faults(desk, screens):
    here = desk()
    assert ([*faults(here.page)], screens.said) == ([], [])


def test_saved_draft_has_no_faults_and_keeps_focus_in_cell(desk, screens):
    here = desk()
    here.cell("max").fill("9")
    expect(here.page.locator("#saved")).to_contain_text("Draft saved.")
    expect(here.cell("max")).to_be_focused()
    assert ([*faults(here.page)], screens.said) == ([], [])


def test_focus_moves_to_message_when_deadline_removes_button(desk, served):
    here = desk(timeline_spec={"due": "2026-11-02 13:00"})
    here.fill("max", POOLED["max"])
    served.world.clock.advance(hours=2)
    here.button("max").focus()
    here.page.keyboard.press("Enter")
    expect(here.told("max")).to_contain_text("The deadline has passed")
    expect(here.told("max")).to_be_focused()
    assert [*faults(here.page)] == []


def test_focus_moves_to_message_when_last_attempt_removes_button(desk):
    here = desk(attempts=1)
    here.fill("max", POOLED["average"])
    here.button("max").focus()
    here.page.keyboard.press("Enter")
    expect(here.told("max")).to_contain_text("No attempts left")
    expect(here.told("max")).to_be_focused()
    assert [*faults(here.page)] == []


def test_unreadable_answer_marks_its_cell_and_uses_no_attempt(desk):
    here = desk(attempts=3)
    here.fill("max", CHECKED["unreadable"][0])
    here.check("max")
    expect(here.cell("max", 3)).to_have_class("grid-unread")
    expect(here.card("max")).to_contain_text("3 of 3 attempts left")
