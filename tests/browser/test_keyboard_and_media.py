"""Tests of pages by keyboard alone, in print, with forced colors and reduced motion."""

import pytest
from playwright.sync_api import expect
from problem_screen import ProblemScreen
from screens import violations

DUE = {"due": "2026-11-02 13:00"}


@pytest.fixture
def desk(served, screens):
    """Return a function that opens the problem of a new assignment."""

    def sit(**more):
        course = served.world.course()
        student = served.world.enrol(course)
        [assigned] = served.world.assignment(course, "pooling-4x4", timeline_spec=DUE)
        return ProblemScreen(screens.open(student, **more), assigned).open()

    return sit


def style(locator, name):
    """Return the computed value of a CSS property of an element."""
    return locator.evaluate("(one, name) => getComputedStyle(one)[name]", name)


def focused(page):
    """Return the accessible name or text of the focused element."""
    return page.evaluate(
        "(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()"
    )


def test_skip_link_comes_first_and_skips_navigation(desk):
    page = desk().page
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_tab_key_moves_through_cells_row_by_row_and_then_buttons(desk):
    here = desk()
    here.cell("max").focus()
    labels = [focused(here.page)]
    for _ in range(6):
        here.page.keyboard.press("Tab")
        labels.append(focused(here.page))
    assert len(set(labels[:4])) == 4
    assert labels[4:6] == ["Paste the whole table", "Check answer"]


@pytest.mark.parametrize(
    ("keys", "index"),
    [
        (["ArrowDown"], 2),
        (["ArrowRight"], 1),
        (["ArrowRight", "ArrowDown", "ArrowLeft"], 2),
        (["ArrowUp", "ArrowLeft"], 0),
        (["Enter"], 2),
        (["Enter", "Enter"], 1),
    ],
)
def test_arrow_and_enter_keys_move_through_cells(desk, keys, index):
    here = desk()
    here.cell("max").focus()
    for key in keys:
        here.page.keyboard.press(key)
    expect(here.cell("max", index)).to_be_focused()


def test_enter_in_single_line_field_checks_only_its_part(served, screens):
    course = served.world.course()
    [assigned] = served.world.assignment(course, "conv-output-shape", attempts=3)
    here = ProblemScreen(screens.open(served.world.enrol(course)), assigned).open()
    first, second = [one.get_attribute("id") for one in here.page.locator("[id^=told-]").all()[:2]]
    here.page.locator(f"#{second.replace('told', 'answer')}").fill("1 x 1 x 1")
    field = here.page.locator(f"#{first.replace('told', 'answer')}")
    field.fill("2 x 2 x 2")
    field.press("Enter")
    expect(here.page.locator(f"#{first}")).to_contain_text("2 of 3 attempts left")
    expect(here.page.locator(f"#{second}")).to_be_empty()
    expect(field).to_be_focused()


def test_phone_enter_button_moves_between_cells_without_checking(desk):
    here = desk()
    here.fill("max", [["9", "7"], ["8", "6"]])
    here.cell("max").focus()
    here.page.evaluate("document.querySelector('[data-enter]').click()")
    expect(here.cell("max", 2)).to_be_focused()
    expect(here.told("max")).to_be_empty()


def test_page_with_autosave_has_no_save_draft_button(desk):
    expect(desk().page.get_by_role("button", name="Save draft")).to_have_count(0)


def test_enter_in_last_cell_focuses_button_and_control_enter_checks(desk):
    here = desk()
    here.fill("max", [["9", "7"], ["8", "6"]])
    here.cell("max", 3).focus()
    here.page.keyboard.press("Enter")
    expect(here.button("max")).to_be_focused()
    here.cell("max", 3).focus()
    here.page.keyboard.press("Control+Enter")
    expect(here.told("max")).to_contain_text("Correct")


def test_focused_element_has_outline(desk):
    here = desk()
    here.page.keyboard.press("Tab")
    for _ in range(12):
        here.page.keyboard.press("Tab")
        assert style(here.page.locator(":focus"), "outlineStyle") == "solid", focused(here.page)


def test_print_view_is_light_and_omits_controls(desk):
    here = desk(scheme="dark")
    page = here.page
    page.emulate_media(media="print")
    assert style(page.locator(":root"), "colorScheme") == "light"
    for gone in ("header", "nav.tabs", "aside", "#do-max", ".skip"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".statement math").first).to_be_visible()
    expect(here.cell("max")).to_be_visible()


def test_printed_solution_shows_every_frame(desk, served):
    here = desk(motion="no-preference")
    served.world.clock.advance(hours=2)
    here.page.goto(f"{here.assigned.path}/solution")
    frames = here.page.locator(".ws-live .ws-frame")
    assert len([one for one in frames.all() if one.is_visible()]) < frames.count()
    here.page.emulate_media(media="print")
    assert all(one.is_visible() for one in frames.all())


def test_printed_chart_keeps_bars_and_data_table(served, screens):
    world = served.world
    course = world.course()
    [assigned] = world.assignment(course)
    for name, answer in (("Ann", "9"), ("Bo", "8"), ("Cy", "9")):
        world.enrol(course, name).submit(assigned, {"cells": answer})
    page = screens.open(world.enrol(course, role="instructor"))
    page.goto(f"/assignments/{assigned.assignment}/results")
    table = page.locator(".chart-data table").first
    expect(table).to_be_hidden()
    page.emulate_media(media="print")
    bars = page.locator(".chart-wide rect.chart-bar")
    assert any(one.bounding_box()["height"] > 1 for one in bars.all())
    assert style(bars.first, "printColorAdjust") == "exact"
    expect(table).to_be_visible()
    assert table.bounding_box()["height"] > 40
    expect(page.locator(".chart-data summary").first).to_be_hidden()


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "note-in")])
def test_script_messages_fade_in_unless_reduced_motion_is_requested(desk, served, motion, name):
    here = desk(motion=motion)
    served.world.clock.advance(hours=2)
    page = here.open().page
    assert style(page.locator(".note").first, "animationName") == "none"
    page.context.set_offline(offline=True)
    here.cell("max").fill("9")
    assert style(page.locator(".saying .note"), "animationName") == name


def test_forced_colors_keep_brackets_and_cell_marks(desk):
    here = desk()
    here.page.emulate_media(forced_colors="active")
    here.fill("max", [["9", "7"], ["8", "x"]])
    here.check("max")
    assert style(here.page.locator(".grid-cells").first, "backgroundImage") == "none"
    assert style(here.page.locator(".grid-cells").first, "borderLeftStyle") == "solid"
    assert style(here.cell("max", 3), "borderLeftStyle") == "dashed"
    assert violations(here.page) == []


def test_chosen_theme_overrides_system_theme_and_print_is_light(served, screens):
    person = served.world.enrol(served.world.course(), "Ann Example")
    page = screens.open(person, scheme="light")
    page.goto("/account")
    light = page.evaluate(GROUND)
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("button", name="Change theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(GROUND) != light
    assert violations(page) == []
    page.emulate_media(media="print")
    assert page.evaluate(GROUND) == light
    page.emulate_media(media="screen", color_scheme="dark")
    page.get_by_role("radio", name="Light").check()
    page.get_by_role("button", name="Change theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(GROUND) == light


GROUND = "getComputedStyle(document.documentElement).backgroundColor"
