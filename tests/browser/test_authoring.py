"""Tests of the editor of a problem in a real browser: preview while typing, lines of errors."""

import pytest
from playwright.sync_api import expect
from screens import overflow, violations


@pytest.fixture
def course(served):
    return served.world.course()


@pytest.fixture
def author(served, course):
    return served.world.enrol(course, "Au Thor", role="instructor")


@pytest.fixture
def page(screens, author, course):
    page = screens.open(author)
    page.goto(f"/courses/{course}/problems")
    return page


SELECTED = "source => source.value.slice(source.selectionStart, source.selectionEnd)"


def test_problem_is_written_from_template_with_live_preview(page, screens):
    page.get_by_role("link", name="New problem").click()
    page.get_by_label("Title").fill("Side of a map")
    page.get_by_role("button", name="Whole number").click()
    seen, source = page.locator("#seen"), page.get_by_label("The file")
    expect(seen.get_by_role("heading", name="Side of a map")).to_be_visible()
    expect(seen.get_by_label("Your answer")).to_be_visible()
    source.fill(source.input_value().replace("How many pixels wide is", "How wide, in pixels, is"))
    expect(seen).to_contain_text("How wide, in pixels, is the output?")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 900})
    assert (overflow(page), violations(page)) == (0, [])
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("side-of-a-map has no errors.")).to_be_visible()
    assert screens.said == []


def test_error_names_its_line_and_marks_and_selects_it(page, screens):
    page.get_by_role("link", name="New problem").click()
    page.get_by_role("button", name="Shape").click()
    seen, source = page.locator("#seen"), page.get_by_label("The file")
    expect(seen.get_by_label("Shape as C×H×W")).to_be_visible()
    wrong = source.input_value().replace("key: out_shape", "key: out_shap")
    line = wrong[: wrong.index("out_shap(")].count("\n") + 1
    source.fill(wrong)
    link = page.get_by_role("link", name=f"Line {line}")
    expect(link).to_be_visible()
    expect(page.locator("#lines > mark")).to_have_text(str(line))
    expect(seen.get_by_label("Shape as C×H×W")).to_be_visible()
    assert violations(page) == []
    link.click()
    assert "key: out_shap(" in source.evaluate(SELECTED)
    source.fill(wrong.replace("out_shap(", "out_shape("))
    expect(link).to_have_count(0)
    expect(page.locator("#lines > mark")).to_have_count(0)
    lines = page.locator("#lines").inner_text().split()
    assert lines == [str(number + 1) for number in range(len(wrong.split("\n")))]
    assert screens.said == []


def test_previews_are_throttled_while_typing(page):
    page.get_by_role("link", name="New problem").click()
    page.get_by_role("button", name="Single choice").click()
    expect(page.locator("#seen h3")).to_be_visible()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(25):
        page.get_by_label("The file").press_sequentially("# ", delay=50)
        page.wait_for_timeout(100)
    assert len([one for one in asked if one.endswith("/preview")]) <= 3


def test_lost_connection_is_reported_and_preview_resumes(page):
    page.get_by_role("link", name="New problem").click()
    page.get_by_role("button", name="Single choice").click()
    seen, source = page.locator("#seen"), page.get_by_label("The file")
    expect(seen.locator("h3")).to_be_visible()
    page.context.set_offline(True)
    source.fill(source.input_value().replace("A layer without", "One layer without"))
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.context.set_offline(False)
    again.click()
    expect(seen.get_by_role("heading", name="One layer without")).to_be_visible()
    expect(again).to_have_count(0)
