"""Tests of tables, formulas and choices as inputs, practice and solution figures."""

import pytest
from playwright.sync_api import expect
from problem_pages import PAPER
from problem_screen import ProblemScreen
from screens import violations

DUE = {"due": "2026-11-02 13:00"}
FIELDS = [("11", "4"), ("19", "8"), ("51", "8"), ("67", "16"), ("99", "16"), ("131", "16")]
"""The key of the table of ``receptive-field-recursion``, row by row."""


@pytest.fixture
def desk(served, screens):
    """Return a function that opens a problem of a new assignment."""

    def sit(problem, **more):
        course = served.world.course()
        student = served.world.enrol(course)
        [assigned] = served.world.assignment(course, problem, timeline_spec=DUE)
        return ProblemScreen(screens.open(student, **more), assigned).open()

    return sit


def test_table_is_filled_in_cell_by_cell_and_checked(desk):
    here = desk("receptive-field-recursion")
    assert here.card("recursion").locator("thead th").all_inner_texts()[-2:] == ["r", "j"]
    here.fill("recursion", FIELDS)
    here.check("recursion")
    expect(here.told("recursion")).to_contain_text("Correct")


def test_formula_is_previewed_as_read_and_choices_can_be_ticked(desk):
    here = desk(PAPER)
    field = here.page.locator("#answer-formula")
    field.fill("x + x^1")
    expect(here.page.locator("#preview-formula math")).to_be_visible()
    field.fill("2*x)")
    expect(here.page.locator("#preview-formula .preview-bad")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    here.card("which").get_by_role("checkbox").first.check()
    here.card("which").get_by_role("checkbox").nth(2).check()
    here.check("which")
    expect(here.told("which")).to_contain_text("Correct")


def test_too_long_answer_is_reported_inline_without_errors(desk, screens):
    here = desk("conv-output-shape")
    screens.said.clear()
    here.page.locator("#answer-stride_1").fill("1" * 60_000)
    expect(here.page.locator("#preview-stride_1 .preview-bad")).to_contain_text("at most")
    assert screens.said == []


def test_practice_supports_letters_previews_and_pasted_cells(desk, served):
    here = desk("pooling-4x4")
    served.world.clock.advance(hours=2)
    page = here.page
    page.goto(f"{here.assigned.path}/practice")
    assert page.locator(".part-letter").all_inner_texts() == ["a", "b"]
    here.paste("max", "[[1, 2], [3, 4]]")
    assert here.cells("max") == ["1", "2", "3", "4"]
    here = desk("conv-output-shape")
    served.world.clock.advance(hours=2)
    here.page.goto(f"{here.assigned.path}/practice")
    here.page.locator("#answer-stride_1").fill("6x6x8")
    expect(here.page.locator("#preview-stride_1")).to_contain_text("Read as")
    here.page.locator("#answer-stride_1").fill("6x6x?")
    expect(here.page.locator("#preview-stride_1 .preview-bad")).to_be_visible()
    assert violations(here.page) == []
    here.page.get_by_role("button", name="Check answers").click()
    expect(here.told("stride_1")).to_contain_text("Couldn’t be read")


def test_receptive_field_grows_across_solution_pictures(desk, served):
    here = desk("receptive-field-recursion")
    served.world.clock.advance(hours=2)
    here.page.goto(f"{here.assigned.path}/solution")
    fields = here.page.locator("#part-recursion .ws-figure .ws-field")
    wide = [one.bounding_box()["width"] for one in fields.all()]
    assert len(wide) > len(FIELDS) // 2
    assert sorted(wide) in (wide, wide[::-1])
    assert len(set(wide)) > 1


def test_head_request_returns_page_headers_without_body(desk):
    page = desk("pooling-4x4").page
    told = page.request.head(page.url)
    assert (told.status, told.body()) == (200, b"")
    assert int(told.headers["content-length"]) > 1_000
