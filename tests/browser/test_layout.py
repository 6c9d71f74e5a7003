"""Tests of the page layout on desktop and phone: positions and sizes of elements."""

import re

import pytest
from playwright.sync_api import expect
from problem_screen import POOLED, ProblemScreen
from review_course import ReviewCourse
from screens import look, overflow

from api.db.models import Assignment
from api.pages.student.components.feedback import CAUSE_LABEL

REM = 16
TOUCH = 44
LINK = 24
LINES = """one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getClientRects().length;
}"""
"""Returns the number of lines in the text of an element."""
FADES = re.compile(r"rgba\(0, 0, 0, 0\)")


@pytest.fixture
def desk(served, screens):
    """Return the first of two problems of a new assignment, opened by a student."""
    course = served.world.course()
    assigned, _ = served.world.assignment(course, "pooling-4x4", "conv-output-shape", attempts=3)
    return ProblemScreen(screens.open(served.world.enrol(course)), assigned).open()


def box(locator):
    """Return the bounding box of an element."""
    found = locator.bounding_box()
    assert found is not None
    return found


def test_lines_stay_readable_and_assignment_is_beside_problem(desk):
    body, side = (
        box(desk.page.locator(".problem-body")),
        box(desk.page.locator("aside")),
    )
    assert body["width"] <= 54 * REM
    assert box(desk.page.locator(".statement"))["width"] <= 44 * REM
    assert side["x"] > body["x"] + body["width"]
    assert side["width"] == pytest.approx(17.5 * REM, abs=1)
    expect(desk.page.get_by_role("link", name="Output shape").first).to_be_visible()


def test_phone_collapses_assignment_above_problem_and_shows_points(desk):
    look(desk.page, width=390, scheme="light")
    desk.open()
    heading = box(desk.page.get_by_role("heading", level=1))
    assert box(desk.page.locator("aside"))["y"] < heading["y"]
    expect(desk.page.locator("#side > summary")).to_contain_text("points")
    expect(desk.page.locator("#side li").first).to_be_hidden()


def test_points_and_attempts_precede_answer_and_one_button_is_primary(desk):
    card = desk.card("max")
    expect(card).to_contain_text("1 point")
    expect(card).to_contain_text("3 of 3 attempts left")
    expect(card.locator(".button")).to_have_text(["Check answer"])
    expect(card.locator(".button-quiet")).to_have_count(0)


def test_buttons_are_touch_sized_and_links_pointer_sized(desk):
    look(desk.page, width=390, scheme="light")
    assert box(desk.button("max"))["height"] >= TOUCH
    for link in desk.page.locator("main a:visible").all():
        assert box(link)["height"] >= LINK, link.inner_text()


def test_matrix_cells_fit_side_by_side_on_phone(desk):
    look(desk.page, width=390, scheme="light")
    last = box(desk.cell("max", 1))
    assert last["x"] + last["width"] <= 390


def test_answer_preview_appears_without_layout_shift(desk):
    desk.page.get_by_role("link", name="Output shape").first.click()
    field = desk.page.locator(".answer input").first
    button = desk.page.get_by_role("button", name="Check answer").first
    before = box(button)["y"]
    field.fill("6x6x8")
    expect(desk.page.locator(".preview math, .preview p").first).to_be_visible()
    assert box(button)["y"] == pytest.approx(before, abs=1)


def test_failed_preview_clears_previous_preview(desk):
    desk.page.get_by_role("link", name="Output shape").first.click()
    field = desk.page.locator(".answer input").first
    field.fill("6x6x8")
    expect(desk.page.locator(".preview").first).to_contain_text("Read as")
    desk.page.context.set_offline(offline=True)
    field.fill("7x7x8")
    expect(desk.page.locator(".preview").first).to_be_empty()


def test_checked_answer_leaves_no_empty_preview_space(desk):
    desk.page.get_by_role("link", name="Output shape").first.click()
    desk.page.locator(".answer input").first.fill("6x6x8")
    desk.page.get_by_role("button", name="Check answer").first.click()
    expect(desk.page.locator(".verdict")).to_be_visible()
    expect(desk.page.locator(".preview").first).to_be_hidden()
    expect(desk.page.locator(".preview").nth(1)).to_be_visible()


@pytest.mark.parametrize(("width", "beside"), [(1280, True), (390, False)])
def test_side_by_side_formulas_wrap_on_phone(served, screens, width, beside):
    course = served.world.course()
    [assigned] = served.world.assignment(course, "conv2d-by-hand")
    here = ProblemScreen(screens.open(served.world.enrol(course), width=width), assigned).open()
    first, second = map(box, here.page.locator(".statement div.math > math").all())
    assert (second["x"] >= first["x"] + first["width"]) is beside
    assert (second["y"] >= first["y"] + first["height"]) is not beside
    assert second["x"] + second["width"] <= width


def test_card_shows_feedback_below_buttons_in_fixed_order(desk):
    desk.fill("max", POOLED["average"])
    desk.check("max")
    lines = desk.told("max").locator("p").all_inner_texts()
    assert lines[0].startswith("Incorrect")
    assert [at for at, line in enumerate(lines) if CAUSE_LABEL in line] == [1]
    assert "2 of 3 attempts left" in lines[-1]
    assert box(desk.told("max"))["y"] > box(desk.button("max"))["y"]


def test_people_list_shows_all_columns_on_phone(served, screens):
    course = served.world.course()
    teacher = served.world.enrol(course, "Tea Cher", role="instructor")
    served.world.enrol(course, "Wolfgang Amadeus Example", email="wolfgang.amadeus@example.edu")
    page = screens.open(teacher, width=390)
    page.goto(f"/courses/{course}/people")
    table = page.get_by_role("group", name="People")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert overflow(page) == 0
    for text in ("Wolfgang Amadeus Example", "wolfgang.amadeus@example.edu", "student"):
        shown = table.get_by_text(text, exact=True).first
        assert is_in_view(shown, 390)
        assert shown.evaluate(LINES) == 1


def test_assignment_list_of_staff_shows_all_columns_on_phone(served, screens):
    course = served.world.course()
    teacher = served.world.enrol(course, "Tea Cher", role="instructor")
    served.world.assignment(course)
    page = screens.open(teacher, width=390)
    page.goto(f"/courses/{course}")
    table = page.get_by_role("group", name="Assignments")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert overflow(page) == 0
    cells = table.locator("tbody td").all()
    assert len(cells) == 5
    assert all(is_in_view(cell, 390) for cell in cells)
    label = "one => getComputedStyle(one, '::before').content"
    assert [cell.evaluate(label).split(" (")[0].strip('": ') for cell in cells] == [
        "Due",
        "Submitted",
        "Mean %",
        "To grade",
        "Results shown",
    ]


@pytest.mark.parametrize(("width", "is_folded"), [(390, True), (1280, False)])
def test_gradebook_filters_are_folded_on_phone_only(served, screens, width, is_folded):
    course = served.world.course()
    teacher = served.world.enrol(course, "Tea Cher", role="instructor")
    served.world.enrol(course, "Stu Dent")
    page = screens.open(teacher, width=width)
    page.goto(f"/courses/{course}/gradebook")
    field = page.get_by_label("Name, address or number")
    expect(field).to_be_visible(visible=not is_folded)
    if is_folded:
        page.get_by_text("Filter", exact=True).click()
        expect(field).to_be_visible()


def test_wide_table_scrolls_on_phone_with_sticky_names(served, screens):
    course = served.world.course()
    teacher = served.world.enrol(course, "Tea Cher", role="instructor")
    served.world.enrol(course, "Wolfgang Amadeus Example", email="wolfgang.amadeus@example.edu")
    for _ in range(4):
        served.world.assignment(course)
    page = screens.open(teacher, width=390)
    page.goto(f"/courses/{course}/gradebook")
    table = page.get_by_role("group", name="Gradebook")
    assert table.evaluate("one => one.scrollWidth > one.clientWidth")
    assert overflow(page) == 0
    name = page.get_by_role("rowheader", name="Wolfgang Amadeus Example")
    assert box(name)["width"] >= 7 * REM
    table.evaluate("one => { one.scrollLeft = 200 }")
    assert box(name)["x"] >= 0


@pytest.mark.parametrize("width", [390, 320])
def test_score_of_closed_assignment_is_visible_on_phone(served, screens, width):
    course = served.world.course()
    [assigned] = served.world.assignment(course, timeline_spec={"due": "2026-11-02 15:00"})
    with served.world.session() as session:
        one = session.get_one(Assignment, assigned.assignment)
        one.title = "Homework 1: sizes and " + "parameters" * 5
    student = served.world.enrol(course, "Stu Dent")
    assert student.submit(assigned, {"why": "Fewer."}).status_code == 201
    served.world.clock.advance(hours=4)
    page = screens.open(student, width=width)
    page.goto(f"/courses/{course}")
    table = page.get_by_role("table", name="Closed")
    score = table.get_by_role("row", name="Homework 1").get_by_text("being graded")
    card = table.locator("xpath=..")
    assert box(score)["x"] + box(score)["width"] <= box(card)["x"] + box(card)["width"]
    assert table.evaluate("one => one.scrollWidth <= one.parentElement.clientWidth")
    assert overflow(page) == 0


def is_in_view(locator, width):
    place = box(locator)
    return place["x"] >= 0 and place["x"] + place["width"] <= width


def test_all_columns_of_mistakes_by_part_are_visible_on_phone(served, screens):
    course = served.world.course()
    [assigned] = served.world.assignment(course)
    served.world.enrol(course, "Stu Dent").submit(assigned, {"cells": "1", "why": "Fewer."})
    page = screens.open(served.world.enrol(course, "Tea Cher", role="instructor"), width=390)
    page.goto(f"/assignments/{assigned.assignment}/results")
    cells = page.get_by_role("group", name="Mistakes by part").locator("td").all()
    assert cells
    assert all(is_in_view(cell, 390) for cell in cells)


def test_scores_of_problems_being_graded_are_visible_on_phone(served, screens):
    course = served.world.course()
    [assigned] = served.world.assignment(course)
    student = served.world.enrol(course, "Stu Dent")
    assert student.submit(assigned, {"why": "Fewer."}).status_code == 201
    page = screens.open(student, width=390)
    page.goto(f"/courses/{course}/grades")
    row = page.get_by_role("row").filter(has_text="being graded")
    assert is_in_view(row.get_by_role("cell").last, 390)
    assert is_in_view(row.get_by_text("being graded"), 390)


def test_long_title_keeps_minimum_width_on_phone(served, screens):
    course = served.world.course()
    [assigned] = served.world.assignment(course, "conv-output-shape")
    page = screens.open(served.world.enrol(course, "Tea Cher", role="instructor"), width=390)
    page.goto(f"/assignments/{assigned.assignment}/edit")
    title = page.get_by_role("group", name="Problems").get_by_role("rowheader")
    points = box(page.locator("[name^='points.']"))
    assert box(title)["width"] >= 11 * REM
    assert points["x"] + points["width"] <= 390
    page.goto(f"/courses/{course}/problems")
    title = page.get_by_role("group", name="Problems").get_by_role("rowheader")
    assert box(title)["width"] >= 11 * REM
    assert overflow(page) == 0


def test_long_name_wraps_without_widening_page_on_phone(served, screens):
    course = served.world.course()
    teacher = served.world.enrol(course, role="instructor")
    named = served.world.enrol(course, "Wolfgangamadeus" * 6)
    page = screens.open(teacher, width=390)
    page.goto(f"/courses/{course}/people/{named.id}")
    assert box(page.locator("h1"))["width"] <= 390
    assert overflow(page) == 0


@pytest.mark.parametrize("tab", ["", "/gradebook", "/problems", "/people", "/audit", "/settings"])
def test_active_tab_is_visible_on_phone(served, screens, tab):
    course = served.world.course()
    page = screens.open(served.world.enrol(course, role="instructor"), width=390)
    page.goto(f"/courses/{course}{tab}")
    here = box(page.locator(".tabs [aria-current]"))
    assert here["x"] >= 0
    assert here["x"] + here["width"] <= 390


def test_tile_figures_align_below_labels_of_any_length(served, screens):
    course = served.world.course(late_day_budget=3)
    served.world.assignment(course, "pooling-4x4")
    page = screens.open(served.world.enrol(course), width=390)
    page.goto(f"/courses/{course}")
    labels = [box(one)["height"] for one in page.locator(".tile dt").all()[:2]]
    figures = [box(one)["y"] for one in page.locator(".tile dd").all()[:2]]
    assert labels[0] == labels[1]
    assert figures[0] == figures[1]


def test_overflowing_content_fades_at_edge_until_scrolled(served, screens):
    course = served.world.course()
    [assigned] = served.world.assignment(course, "confusion-matrix")
    here = ProblemScreen(screens.open(served.world.enrol(course), width=390), assigned).open()
    row = here.page.locator(".statement math[display=block]").last
    assert row.evaluate("one => one.scrollWidth > one.clientWidth")
    expect(row).to_have_css("mask-image", FADES)
    row.evaluate("one => { one.scrollLeft = one.scrollWidth }")
    expect(row).not_to_have_css("mask-image", FADES)
    look(here.page, width=1280, scheme="light")
    here.open()
    expect(row).to_have_css("mask-image", "none")


def test_reserved_answer_does_not_widen_page_on_phone(served, screens):
    scene = ReviewCourse(served.world)
    scene.student("Fewer parameters.")
    page = screens.open(scene.ada, width=390)
    page.goto(scene.part)
    page.get_by_role("button", name="Grade the next answer").click()
    expect(page.get_by_text("Reserved for you until")).to_be_visible()
    assert overflow(page) == 0
