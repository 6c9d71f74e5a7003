"""Tests of the staff's workflow in a real browser.

It covers results, a regrade and its undo, grading by hand, the gradebook and the audit
log, with and without scripts where these make a difference.
"""

import pytest
from api_browser import PASSWORD, get_email, set_password
from playwright.sync_api import expect
from screens import violations
from world import TEXT_PROBLEM

from api.pages.layout.flash import NO_GRADE_CHANGED

script = pytest.mark.parametrize("script", ["on", "off"])


@pytest.fixture
def course(served):
    return served.world.course()


@pytest.fixture
def assigned(served, course):
    [assigned] = served.world.assignment(course)
    return assigned


@pytest.fixture
def teacher(served, course):
    return served.world.enrol(course, "Tea Cher", role="instructor")


@pytest.fixture
def class_(served, course, assigned):
    """Return two students who gave the same wrong number and different texts."""
    people = [served.world.enrol(course, name) for name in ("Ann Example", "Ben Example")]
    for person in people:
        person.submit(assigned, {"cells": "6", "why": f"{person.name} says: fewer parameters."})
    return people


@pytest.fixture
def ann(class_):
    return class_[0]


@pytest.fixture
def desk(screens, teacher):
    """Return a function that opens a page as the instructor."""

    def sit(path, script="on"):
        page = screens.open(teacher, script=script)
        page.goto(path)
        return page

    return sit


def worked(served, page, script="on"):
    """Run all pending regrades; without scripts, reload the page to see the result."""
    served.world.service.regrades.run_until_idle()
    if script == "off":
        page.reload()


def style(locator, name):
    """Return the computed value of a CSS property of an element."""
    return locator.evaluate("(one, name) => getComputedStyle(one)[name]", name)


def score_of(student, assigned):
    """Return the points that a student sees for the first part, which asks for a number."""
    return str(student.get(assigned.path).json()["parts"][0]["standing"]["score"])


@pytest.mark.usefixtures("ann")
def test_login_leads_to_pending_work(served, screens, assigned, teacher):
    set_password(served.world, teacher)
    page = screens.open()
    page.goto("/login")
    page.get_by_label("E-mail").fill(get_email(served.world, teacher))
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Deep Learning").click()
    expect(page.get_by_role("link", name="2 answers to grade")).to_be_visible()
    page.goto(f"/assignments/{assigned.assignment}/results")
    expect(page.locator(".tile", has_text="To grade")).to_contain_text("2")
    expect(page.locator(".tile", has_text="Opened it")).to_contain_text("2 of 2")


@script
def test_group_of_equal_wrong_answers_is_accepted_and_undone(served, desk, assigned, ann, script):
    page = desk(f"/assignments/{assigned.assignment}/results", script)
    page.locator("#items").locator("xpath=..").get_by_role("link", name="cells").click()
    page.get_by_role("button", name="Accept 6").click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("2 up, 0 down")
    changed = page.get_by_role("group", name="Changed students").get_by_role("row")
    expect(changed.filter(has_text="Ann Example")).to_contain_text("0 → 2")
    assert score_of(ann, assigned) == "0"
    page.get_by_label("Notice to the students of this problem").fill("6 counts as well.")
    page.get_by_role("button", name="Apply", exact=True).click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("It is applied.")
    assert score_of(ann, assigned) == "2"
    page.get_by_label("Reason for undoing it").fill("The row counts")
    page.get_by_role("button", name="Undo").click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("It was undone")
    assert score_of(ann, assigned) == "0"


@script
def test_contradicting_example_is_dropped_with_checkbox(served, desk, course, script):
    example = "examples:\n  - {answers: {cells: '6'}, expect: {cells: wrong}}\n"
    [assigned] = served.world.assignment(course, TEXT_PROBLEM + example)
    student = served.world.enrol(course, "Cleo Example")
    student.submit(assigned, {"cells": "6"})
    page = desk(f"{assigned.path}/results", script)
    page.get_by_role("button", name="Accept 6").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "answers Cells with “6” and expects “incorrect”"
    )
    assert script == "off" or violations(page) == []
    page.get_by_label("Drop example 1 in the new version").check()
    page.get_by_role("button", name="Start the dry run").click()
    worked(served, page, script)
    page.get_by_role("button", name="Apply", exact=True).click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("It is applied.")
    assert score_of(student, assigned) == "2"


@script
def test_labeled_mistake_shows_hint_to_students_until_undone(
    served, desk, screens, assigned, ann, script
):
    hint = "Is the middle of the kernel no cell?"
    page = desk(f"{assigned.path}/results", script)
    page.get_by_role("link", name="Label mistake 6").click()
    page.get_by_label("Name of the mistake").fill("border_only")
    page.get_by_label("Hint for students").fill(hint)
    page.get_by_role("button", name="Start the dry run").click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("0 up, 0 down")
    page.get_by_role("link", name="Changed, same credit").click()
    row = page.get_by_role("row").filter(has_text="Ann Example")
    expect(row).to_contain_text("border only")
    reads = screens.open(ann, script=script)
    reads.goto(assigned.path)
    expect(reads.get_by_text(hint)).to_have_count(0)
    page.get_by_role("button", name="Apply", exact=True).click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("It is applied.")
    reads.reload()
    expect(reads.get_by_text(hint)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    worked(served, page, script)
    expect(page.locator("#regrade-state")).to_contain_text("It was undone")
    reads.reload()
    expect(reads.get_by_text(hint)).to_have_count(0)


@pytest.mark.usefixtures("ann")
def test_regrade_progress_has_no_faults_while_refreshing(served, desk, screens, assigned):
    page = desk(f"{assigned.path}/regrades?do=accept")
    page.get_by_label("Its value").fill("6")
    page.get_by_label("Why it is correct").fill("So it is")
    page.get_by_role("button", name="Start the dry run").click()
    expect(page.locator("#regrade-state")).to_contain_text("The dry run is in progress.")
    assert violations(page) == []
    worked(served, page)
    expect(page.locator("#regrade-state")).to_contain_text("The dry run is done.")
    assert (violations(page), screens.said) == ([], [])


@pytest.mark.usefixtures("ann")
def test_answers_are_graded_one_by_one_with_keyboard_only(desk, assigned):
    page = desk(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why")
    keys, answer = page.keyboard, page.locator(".rv-said").first
    keys.press("n")
    first = answer.inner_text()
    keys.press("1")
    expect(page.get_by_role("checkbox", name="Fewer parameters.")).to_be_checked()
    keys.press("n")
    expect(answer).not_to_have_text(first)
    keys.press("1")
    keys.press("2")
    keys.press("n")
    expect(page.get_by_text("0 answers to grade, 2 graded")).to_be_visible()
    page.get_by_role("link", name="Graded", exact=True).click()
    rows = page.get_by_role("row")
    expect(rows.filter(has_text=first)).to_contain_text("2 / 4")
    expect(rows.filter(has_not_text=first).nth(1)).to_contain_text("4 / 4")


@pytest.mark.usefixtures("ann")
def test_typing_in_comment_triggers_no_shortcuts(desk, assigned):
    page = desk(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why")
    page.keyboard.press("n")
    page.get_by_label("Comment", exact=True).fill("")
    page.keyboard.type("no 1, nothing")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("no 1, nothing")
    expect(page.get_by_role("checkbox", name="Fewer parameters.")).not_to_be_checked()


@pytest.mark.usefixtures("ann")
def test_keyboard_shortcuts_stay_off_until_turned_on(desk, assigned):
    page = desk(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why")
    page.keyboard.press("n")
    item = page.get_by_role("checkbox", name="Fewer parameters.")
    page.get_by_role("button", name="Turn the keys off").click()
    page.reload()
    page.keyboard.press("1")
    expect(item).not_to_be_checked()
    page.get_by_role("button", name="Turn the keys on").click()
    page.keyboard.press("1")
    expect(item).to_be_checked()


@script
def test_answer_is_graded_by_rubric_and_shown_to_student(desk, assigned, class_, script):
    page = desk(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why", script)
    page.get_by_role("button", name="Grade the next answer").click()
    student = next(one for one in class_ if one.name in page.locator(".rv-said").inner_text())
    page.get_by_role("checkbox", name="Fewer parameters.").check()
    page.get_by_label("Comment", exact=True).fill("And deeper?")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("graded", exact=True)).to_be_visible()
    told = student.get(f"{assigned.path}/submissions").json()["items"][0]["results"]
    assert [str(one["score"]) for one in told if one["part"] == "why"] == ["2"]


@script
@pytest.mark.usefixtures("ann")
def test_gradebook_is_sorted_by_links_and_filtered_by_form(desk, course, script):
    page = desk(f"/courses/{course}/gradebook", script)
    names = page.locator(".gb tbody th")
    expect(names).to_have_text(["Ann Example", "Ben Example"])
    head = page.locator(".gb thead th").first
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(names).to_have_text(["Ben Example", "Ann Example"])
    page.get_by_label("Name, address or number").fill("ann")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Ann Example"])


@pytest.mark.usefixtures("ann")
def test_overridden_points_appear_in_gradebook_export_and_audit_log(desk, course):
    page = desk(f"/courses/{course}/gradebook")
    page.locator(".gb tbody tr", has_text="Ann Example").get_by_role("link", name="0").last.click()
    page.get_by_text("Set points by hand").click()
    page.get_by_label("Points", exact=True).fill("5")
    page.locator("#reason").fill("Told in the exercise")
    page.get_by_role("button", name="Set points").click()
    page.goto(f"/courses/{course}/gradebook")
    expect(page.locator(".gb tbody tr", has_text="Ann Example")).to_contain_text("by hand 5")
    page.get_by_role("link", name="Files and score sheets").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Table").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [",5" in line for line in lines if "Ann Example" in line] == [True]
    page.goto(f"/courses/{course}/audit")
    expect(page.get_by_role("row").filter(has_text="Told in the exercise")).to_have_count(1)


@script
def test_enter_in_settings_previews_changes_and_publishes_nothing(served, desk, course, script):
    [assigned] = served.world.assignment(course, TEXT_PROBLEM, published=False)
    page = desk(f"/assignments/{assigned.assignment}/edit", script)
    page.get_by_label("Title", exact=True).fill("Homework one")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".note-good")).to_contain_text("Published. 0 students can see it now")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Homework one")


@script
@pytest.mark.usefixtures("class_")
def test_enter_in_grade_changing_form_only_previews_changes(desk, course, assigned, script):
    page = desk(f"/courses/{course}/extensions", script)
    page.get_by_label("Student", exact=True).fill("Ann")
    page.get_by_label("Extra days").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not granted yet.")).to_be_visible()
    page.get_by_label("Extra days").press("Enter")
    expect(page.get_by_text("Not granted yet.")).to_be_visible()
    page.goto(f"/courses/{course}/settings")
    page.get_by_label("Title", exact=True).press("Enter")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.goto(f"{assigned.path}/settings")
    page.get_by_label("Points", exact=True).press("Enter")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.goto(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why/rubric")
    page.get_by_label("Points", exact=True).first.press("Enter")
    expect(page.get_by_text("Not done yet.")).to_be_visible()


def test_leaving_settings_with_unsaved_input_asks_first(desk, assigned):
    page = desk(f"/assignments/{assigned.assignment}/edit")
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    title = page.get_by_label("Title", exact=True)
    title.fill("Homework one")
    page.get_by_role("link", name="Extensions").click()
    expect(title).to_have_value("Homework one")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Preview changes").last.click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("link", name="Extensions").click()
    expect(title).to_have_value("Homework one")
    assert asked == ["beforeunload"] * 2
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text(NO_GRADE_CHANGED)).to_be_visible()
    page.get_by_role("link", name="Extensions").click()
    expect(page.get_by_role("heading", name="Extensions", exact=True)).to_be_visible()
    assert asked == ["beforeunload"] * 2


@pytest.mark.usefixtures("class_")
def test_an_assignment_with_invalid_settings_can_be_deleted(desk, course, assigned):
    page = desk(f"/assignments/{assigned.assignment}/edit")
    page.get_by_label("Title").fill("")
    page.get_by_role("button", name="Delete assignment").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Title")).to_have_value("")
    page.get_by_role("button", name="Delete assignment").click()
    page.get_by_role("button", name="Delete anyway").click()
    page.wait_for_url(f"**/courses/{course}?saved=*")


@pytest.mark.usefixtures("class_")
def test_rubric_checkmarks_stay_visible_in_archived_course(desk, teacher, course, assigned):
    page = desk(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why")
    page.keyboard.press("n")
    page.get_by_role("checkbox", name="Fewer parameters.").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("graded", exact=True)).to_be_visible()
    answer = page.url
    assert teacher.post(f"/courses/{course}/archive").status_code == 200
    page.goto(answer)
    items = page.get_by_role("checkbox", disabled=True)
    signs = "all => all.map(one => getComputedStyle(one, '::before').content)"
    assert items.evaluate_all(signs) == ['"✓"', "none"]
    assert style(items.first, "color") == style(page.locator("main"), "color")
