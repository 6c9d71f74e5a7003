"""Tests of a student's workflow in a real browser, from the invitation to the request.

They run with and without scripts. Whatever goes wrong, the input is still there.
"""

import pytest
from api_browser import PASSWORD, get_email, set_password
from playwright.sync_api import expect
from problem_screen import POOLED, SAVED, ProblemScreen

from api.pages.student.components.feedback import CAUSE_LABEL
from api.pages.student.components.submission_form import (
    EMPTY_ANSWER_MESSAGE,
    OTHER_USER_MESSAGE,
)

DUE = {"due": "2026-11-02 13:00"}
NUMPY = "[[9. 7.]\n [8. 6.]]"
LATEX = r"\begin{bmatrix} 9 & 7 \\ 8 & 6 \end{bmatrix}"
MATLAB = "[9 7; 8 6]"
SHEET = "9\t7\r\n8\t6\r\n"
AVERAGE = POOLED["average"]
script = pytest.mark.parametrize("script", ["on", "off"])


@pytest.fixture
def course(served):
    return served.world.course()


@pytest.fixture
def student(served, course):
    student = served.world.enrol(course, "Stu Dent")
    set_password(served.world, student)
    return student


@pytest.fixture
def desk(served, screens, course, student):
    """Return a function that opens the problem of a new assignment."""

    def sit(script="on", **more):
        [assigned] = served.world.assignment(course, "pooling-4x4", **more)
        return ProblemScreen(screens.open(student, script=script), assigned, script).open()

    return sit


def type_password(page, email):
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@script
def test_invitation_leads_to_password_and_first_problem(served, screens, course, script):
    world = served.world
    world.assignment(course, "pooling-4x4")
    teacher = world.enrol(course, role="instructor")
    guest = world.enrol(course, "Gus Est")
    told = teacher.post(f"/courses/{course}/invites", {"people": [str(guest.id)]}).text
    link = "/welcome#" + told.split("/welcome#")[1].split(",")[0].strip()
    page = screens.open(script=script)
    page.goto(link)
    if script == "off":
        page.get_by_label("Link or code").fill(f"https://grader.example.edu{link}")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Set password and log in").click()
    expect(page.locator("summary").filter(has_text="Gus Est")).to_be_visible()
    page.get_by_role("link", name="Homework 1").click()
    page.get_by_role("link", name="Max pooling and average pooling").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Max pooling and average pooling")


def test_newer_invitation_link_in_same_tab_replaces_used_one(served, screens, course):
    world = served.world
    teacher = world.enrol(course, role="instructor")
    guest = world.enrol(course, "Gus Est")

    def invited():
        told = teacher.post(f"/courses/{course}/invites", {"people": [str(guest.id)]}).text
        return "/welcome#" + told.split("/welcome#")[1].split(",")[0].strip()

    def sends():
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("Confirm password").fill(PASSWORD)
        page.get_by_role("button", name="Set password and log in").click()

    page = screens.open()
    page.goto("/welcome#gr_invite_used")
    sends()
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto(invited())
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "#" not in page.url
    page.goto("/welcome#main")
    sends()
    expect(page.locator("summary").filter(has_text="Gus Est")).to_be_visible()


@script
def test_login_redirects_to_requested_page(served, screens, course, student, script):
    [assigned] = served.world.assignment(course, "pooling-4x4")
    page = screens.open(script=script)
    page.goto(assigned.path)
    type_password(page, get_email(served.world, student))
    expect(page.get_by_role("heading", level=1)).to_have_text("Max pooling and average pooling")


@script
def test_wrong_answer_shows_likely_cause_and_right_answer_counts(desk, screens, script):
    here = desk(script)
    here.fill("max", AVERAGE)
    here.check("max")
    expect(here.told("max")).to_contain_text("Incorrect")
    expect(here.told("max")).to_contain_text(CAUSE_LABEL)
    here.fill("max", POOLED["max"])
    here.button("max").click()
    expect(here.told("max")).to_contain_text("Correct 1 of 1 point")
    expect(here.page.locator("#points-max")).to_have_text("1 point")
    expect(here.page.locator("#part-max")).to_contain_text("1 of 1 point")
    assert screens.said == []


@pytest.mark.parametrize("text", [NUMPY, LATEX, MATLAB, SHEET])
@script
def test_matrix_is_pasted_in_formats_of_other_programs(desk, script, text):
    here = desk(script)
    here.paste("max", text)
    here.check("max")
    expect(here.told("max")).to_contain_text("Correct")
    assert [one.removesuffix(".") for one in here.cells("max")] == ["9", "7", "8", "6"]


def test_paste_can_be_undone_and_mismatched_paste_is_explained(desk):
    here = desk()
    here.cell("max").fill("5")
    here.paste("max", MATLAB)
    here.card("max").get_by_role("button", name="Undo").click()
    assert here.cells("max") == ["5", "", "", ""]
    here.page.evaluate("navigator.clipboard.writeText('1 2 3; 4 5 6; 7 8 9')")
    here.page.keyboard.press("Control+v")
    expect(here.card("max").locator(".grid-said")).to_contain_text("3 × 3 values do not fit here")
    assert here.cells("max") == ["5", "", "", ""]


@script
def test_saved_draft_appears_in_next_tab(desk, script):
    here = desk(script)
    here.cell("max").fill("9")
    if script == "off":
        here.save()
    expect(here.page.locator("#saved")).to_contain_text(SAVED)
    later = here.page.context.new_page()
    here.page.close()
    assert ProblemScreen(later, here.assigned).open().cells("max") == ["9", "", "", ""]


def test_typed_input_survives_immediate_tab_close(desk):
    here = desk()
    later = here.page.context.new_page()
    here.cell("max").fill("9")
    here.page.close()
    assert ProblemScreen(later, here.assigned).open().cells("max") == ["9", "", "", ""]


def test_lost_connection_loses_nothing_and_answer_can_be_resent(desk):
    here = desk()
    here.fill("max", POOLED["max"])
    here.page.context.set_offline(offline=True)
    here.button("max").click()
    expect(here.page.locator("#said")).to_contain_text("The server did not answer.")
    expect(here.button("max")).to_be_focused()
    assert here.cells("max") == ["9", "7", "8", "6"]
    here.page.context.set_offline(offline=False)
    expect(here.page.locator("#said")).to_contain_text("The connection is back.")
    expect(here.page.locator("#said")).not_to_contain_text("did not answer")
    here.page.get_by_role("button", name="Try again").click()
    expect(here.told("max")).to_contain_text("Correct")
    expect(here.page.locator("#said")).to_be_empty()
    assert here.submissions() == 1


def test_preview_never_shows_stale_input(served, screens, course, student):
    [assigned] = served.world.assignment(course)
    page = screens.open(student)
    page.goto(assigned.path)
    field, preview = page.locator("#answer-cells"), page.locator("#preview-cells")
    field.fill("12")
    expect(preview).to_contain_text("Read as 12")
    page.context.set_offline(offline=True)
    field.fill("6")
    expect(preview).to_be_empty(timeout=250)
    page.context.set_offline(offline=False)
    expect(preview).to_contain_text("Read as 6")
    page.route("**/reading", lambda _: None)  # the server never answers
    field.fill("7")
    expect(preview).to_be_empty(timeout=3000)


def test_too_long_input_asks_for_shortening_not_retry(desk):
    here = desk()
    here.fill("max", POOLED["max"])
    here.cell("max").evaluate("one => { one.value = '9'.repeat(300000) }")
    here.button("max").click()
    expect(here.page.locator("#said")).to_contain_text("Shorten the longest text")
    expect(here.page.get_by_role("button", name="Try again")).to_have_count(0)
    here.cell("max").fill("9")
    here.check("max")
    expect(here.told("max")).to_contain_text("Correct")


def kept_by_the_browser(here, text):
    """Type while offline, close the tab, and return a new, empty one."""
    later = here.page.context.new_page()
    here.page.context.set_offline(offline=True)
    here.cell("max").fill(text)
    here.page.close()
    later.context.set_offline(offline=False)
    return ProblemScreen(later, here.assigned)


def test_browser_restores_input_that_never_reached_server(desk):
    again = kept_by_the_browser(desk(), "9").open()
    expect(again.page.locator("#said")).to_contain_text("Restored from this browser")
    assert again.cells("max") == ["9", "", "", ""]


def test_restored_input_does_not_overwrite_draft_from_another_device(desk, screens, student):
    here = desk()
    again = kept_by_the_browser(here, "9")
    other = ProblemScreen(screens.open(student), here.assigned).open()
    other.cell("max").fill("5")
    expect(other.page.locator("#saved")).to_contain_text(SAVED)
    again.open()
    assert again.cells("max") == ["9", "", "", ""]
    expect(again.page.locator("#said")).to_contain_text("saved a different draft")
    assert other.open().cells("max") == ["5", "", "", ""]
    again.page.get_by_role("button", name="Compare").click()
    expect(again.told("max")).to_contain_text("Saved in another window: [[5, ]")
    again.page.get_by_role("button", name="Keep the answers of this window").click()
    expect(again.page.locator("#saved")).to_contain_text(SAVED)
    assert again.open().cells("max") == ["9", "", "", ""]


def test_restored_input_can_be_discarded_after_it_was_saved(desk):
    again = kept_by_the_browser(desk(), "9").open()
    expect(again.page.locator("#saved")).to_contain_text(SAVED)
    with again.page.expect_response("**/draft"):
        again.page.get_by_role("button", name="Discard it").click()
    assert again.cells("max") == ["", "", "", ""]
    assert again.open().cells("max") == ["", "", "", ""]


def test_expired_login_keeps_answer_and_sends_it_from_same_page(desk, served, student):
    here = desk()
    here.fill("max", POOLED["max"])
    here.page.context.clear_cookies()
    here.button("max").click()
    with here.page.expect_popup() as tab:
        here.page.get_by_role("link", name="Log in in a new tab").click()
    type_password(tab.value, get_email(served.world, student))
    expect(tab.value.locator("summary").filter(has_text="Stu Dent")).to_be_visible()
    here.page.get_by_role("button", name="Try again").click()
    expect(here.told("max")).to_contain_text("Correct")


@script
def test_input_is_neither_saved_nor_submitted_for_next_user_of_browser(
    desk, served, screens, course, script
):
    here, other = desk(script), served.world.enrol(course, "Els Ewhere")
    screens.log_in(here.page.context, other)
    here.fill("max", POOLED["max"])
    here.button("max").click()
    expect(here.page.get_by_text(OTHER_USER_MESSAGE).first).to_be_visible()
    assert here.submissions() == 0
    beside = ProblemScreen(here.page.context.new_page(), here.assigned).open()
    assert beside.cells("max") == ["", "", "", ""]


KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('grader /')).length"


def log_out(page):
    page.locator("summary").filter(has_text="Stu Dent").click()
    page.get_by_role("button", name="Log out").click()


def test_immediate_logout_clears_browser_storage_and_keeps_server_draft(desk, screens, student):
    here = desk()
    here.cell("max").fill("9")
    assert here.page.evaluate(KEPT) == 1
    log_out(here.page)
    expect(here.page.get_by_label("Password")).to_be_visible()
    assert here.page.evaluate(KEPT) == 0
    screens.log_in(here.page.context, student)
    assert here.open().cells("max")[0] == "9"


def test_logout_with_unsaved_input_asks_and_declining_keeps_it(desk):
    """Input that another user typed in this browser stays in its storage."""
    here, asked, goes = desk(), [], []

    def answer(dialog):
        asked.append(dialog.message)
        (dialog.accept if goes else dialog.dismiss)()

    here.page.on("dialog", answer)
    here.page.context.route("**/draft", lambda route: route.abort())
    here.page.evaluate("localStorage.setItem('grader /somewhere x.y', '{}')")
    here.cell("max").fill("9")
    log_out(here.page)
    expect(here.page.get_by_text("What you typed is still here.")).to_be_visible()
    assert here.page.evaluate(KEPT) == 2
    goes.append(True)
    here.page.get_by_role("button", name="Log out").click()
    expect(here.page.get_by_label("Password")).to_be_visible()
    assert len(asked) == 2
    assert "has not reached the server" in asked[0]
    assert here.page.evaluate("Object.keys(localStorage)") == ["grader /somewhere x.y"]


def test_expired_login_without_scripts_asks_before_sending_answer(desk, served, student):
    here = desk("off")
    here.fill("max", POOLED["max"])
    here.page.context.clear_cookies()
    here.button("max").click()
    expect(here.page.get_by_text("Your input is kept.")).to_be_visible()
    type_password(here.page, get_email(served.world, student))
    here.page.get_by_role("button", name="Send it now").click()
    expect(here.told("max")).to_contain_text("Correct")
    assert here.submissions() == 1


@script
def test_double_click_on_button_submits_once(desk, script):
    here = desk(script)
    here.fill("max", AVERAGE)
    here.button("max").dblclick()
    expect(here.told("max")).to_contain_text("Incorrect")
    assert here.submissions() == 1


@script
def test_resending_same_answer_after_going_back_uses_no_attempt(desk, script):
    here = desk(script, attempts=3)
    here.page.goto("/")
    here.open()
    here.fill("max", AVERAGE)
    here.check("max")
    expect(here.told("max")).to_contain_text("2 of 3 attempts left")
    here.page.go_back()
    here.page.go_forward()
    here.button("max").click()
    expect(here.told("max")).to_contain_text("No attempt used")
    expect(here.told("max")).to_contain_text("2 of 3 attempts left")


@script
def test_answer_after_deadline_is_refused_and_stays_in_field(desk, served, script):
    here = desk(script, timeline_spec=DUE)
    here.fill("max", POOLED["max"])
    served.world.clock.advance(hours=2)
    here.button("max").click()
    expect(here.page.locator("main")).to_contain_text("closed")
    assert here.cells("max") == ["9", "7", "8", "6"]
    assert here.open().cells("max") == ["9", "7", "8", "6"]
    assert here.submissions() == 0


@script
def test_a_submission_links_to_solution_practice_and_regrade_request(desk, served, script):
    here = desk(script, timeline_spec=DUE)
    page = here.page
    here.fill("max", AVERAGE)
    here.check("max")
    served.world.clock.advance(hours=2)
    here.open()
    page.get_by_role("link", name="Worked solution").click()
    expect(page.locator(".ws-frame svg").first).to_be_visible()
    page.get_by_role("link", name="Practice with other numbers").click()
    page.locator("[name='cell.max']").first.fill("1")
    page.get_by_role("button", name="Check answers").click()
    expect(page.locator("#told-max .verdict")).to_be_visible()
    here.open()
    page.get_by_role("link", name="Receipt and comments").click()
    page.get_by_text("Request a regrade", exact=True).click()
    page.get_by_label("Why?").fill("I read it as averages.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("You requested a regrade")).to_be_visible()


def test_text_typed_offline_is_saved_after_reconnecting_without_an_error(desk):
    here = desk()
    here.page.context.set_offline(offline=True)
    here.cell("max").fill("9")
    expect(here.page.locator("#said")).to_contain_text("The server did not answer.")
    here.page.context.set_offline(offline=False)
    expect(here.page.locator("#saved")).to_contain_text(SAVED)
    expect(here.page.locator("#said")).to_be_empty()
    here.page.reload()
    assert here.cells("max")[0] == "9"


def test_refusal_without_scripts_is_visible_and_focused(desk):
    here = desk("off")
    here.button("average").click()
    refused = here.told("average").locator(".note")
    expect(refused).to_have_text(EMPTY_ANSWER_MESSAGE)
    expect(refused).to_be_in_viewport()
    expect(refused).to_be_focused()
