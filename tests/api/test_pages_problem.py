"""Tests of the problem form: it loses no input, and submits one part at a time, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from failing_storage import refuse_submissions
from pages import Browser
from problem_pages import PAPER, list_results, open_problem, read_feedback, read_value, submit_form
from student_setup import test_student
from world import World

from api.pages.student.components.feedback import NOT_GRADED
from api.pages.student.components.problem_view import EMPTY_CELLS_MESSAGE
from api.pages.student.components.submission_form import (
    EMPTY_ANSWER_MESSAGE,
    PROBLEM_CHANGED_MESSAGE,
)
from api.services.submissions.writer.writer_thread import STORAGE_FAILED_MESSAGE


def test_checking_a_part_shows_its_verdict_and_the_attempts_that_are_left(world: World) -> None:
    _, posed, browser = open_problem(world, attempts=3)
    done = submit_form(browser, posed, "check=cells", answer__cells="9")
    assert (done.status, done.location) == (303, f"{posed.path}#part-cells")
    page = browser.follow(done)
    assert "Correct 2 of 2 points" in read_feedback(page, "cells")
    assert "2 of 3 attempts left" in read_feedback(page, "cells")
    assert read_feedback(page, "doubled") == ""
    assert read_value(page, "answer.cells") == "9"


def test_checking_one_part_keeps_what_is_typed_in_the_others_as_a_draft(world: World) -> None:
    student, posed, browser = open_problem(world)
    submit_form(
        browser, posed, "check=cells", answer__cells="9", answer__doubled=" 2*", answer__why="Few"
    )
    page = browser.get(posed.path)
    assert read_value(page, "answer.doubled") == " 2*"
    assert page.one("textarea", name="answer.why").text == "Few"
    assert "not submitted yet" in page.one(id="saved").text
    assert student.get(f"{posed.path}/draft").json()["answers"] == {"doubled": " 2*", "why": "Few"}
    assert [one["part"] for one in list_results(student, posed)] == ["cells"]


def test_a_form_that_is_sent_again_submits_nothing_twice(world: World) -> None:
    student, posed, browser = open_problem(world, attempts=3)
    form = browser.get(posed.path).one("form", id="answers")
    for _ in range(3):
        assert browser.send(form, "check=cells", **{"answer.cells": "8"}).status == 303
    assert len(list_results(student, posed)) == 1
    assert browser.send(form, "check=cells", **{"answer.cells": "7"}).status == 303
    assert len(list_results(student, posed)) == 2


@pytest.mark.parametrize("button", ["check=cells", "save=draft"])
def test_a_form_that_is_sent_twice_at_one_moment_is_no_other_window(
    world: World, button: str
) -> None:
    student, posed, browser = open_problem(world)
    for number in range(8):
        form = browser.get(posed.path).one("form", id="answers")
        with ThreadPoolExecutor(4) as pool:
            sent = [
                pool.submit(browser.send, form, button, **{"answer.cells": str(number)})
                for _ in range(4)
            ]
        assert [one.result().status for one in sent] == [303] * 4
    assert len(list_results(student, posed)) == (8 if button == "check=cells" else 0)


def test_saving_a_draft_submits_nothing(world: World) -> None:
    student, posed, browser = open_problem(world)
    done = submit_form(browser, posed, "save=draft", answer__cells="9")
    assert (done.status, done.location) == (303, posed.path)
    assert list_results(student, posed) == []
    assert student.get(f"{posed.path}/draft").json()["answers"] == {"cells": "9"}


def test_without_scripts_enter_saves_where_a_browser_does_not_tell_which_part(
    world: World,
) -> None:
    _, posed, browser = open_problem(world)
    buttons = browser.get(posed.path).one("form", id="answers").all("button")
    assert buttons[0]["name"] == "save"
    assert buttons[-1].text == "Save draft"


def test_without_scripts_enter_checks_the_only_part(world: World) -> None:
    _, posed, browser = open_problem(world, "binary-image-conv")
    first = browser.get(posed.path).one("form", id="answers").all("button")[0]
    assert (first["name"], first["value"]) == ("check", "output")


def test_what_is_unreadable_costs_nothing_and_is_marked_where_it_stops(world: World) -> None:
    _, posed, browser = open_problem(world, attempts=3)
    submit_form(browser, posed, "check=cells", answer__cells="3 ? 3")
    page = browser.get(posed.path)
    box = page.one(id="told-cells")
    assert NOT_GRADED.words in box.text
    assert "3 of 3 attempts left" in box.text
    assert box.one("mark").text == "?"
    assert box.all(has="verdict-mid")
    assert not box.all(has="verdict-bad")
    assert read_value(page, "answer.cells") == "3 ? 3"


def test_nothing_typed_is_no_answer(world: World) -> None:
    student, posed, browser = open_problem(world)
    page = submit_form(browser, posed, "check=cells", answer__cells=" ", answer__doubled="18")
    assert page.status == 422
    assert EMPTY_ANSWER_MESSAGE in read_feedback(page, "cells")
    assert read_value(page, "answer.doubled") == "18"
    assert list_results(student, posed) == []


def test_without_attempts_the_answer_is_refused_and_kept_as_a_draft(world: World) -> None:
    student, posed, browser = open_problem(world, attempts=1)
    form = browser.get(posed.path).one("form", id="answers")
    student.submit(posed, {"cells": "8"})
    page = browser.send(form, "check=cells", **{"answer.cells": "9", "answer.doubled": "18"})
    assert page.status == 409
    assert "What you typed is saved as a draft." in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert student.get(f"{posed.path}/draft").json()["answers"] == {"cells": "9", "doubled": "18"}
    assert not page.all("button", name="check", value="cells")
    assert page.all("button", name="check", value="doubled")


def test_too_early_an_attempt_is_refused_with_the_time_of_the_next(world: World) -> None:
    _, posed, browser = open_problem(world, cool_down_seconds=600)
    submit_form(browser, posed, "check=cells", answer__cells="8")
    page = submit_form(browser, posed, "check=cells", answer__cells="9")
    assert page.status == 429
    assert page.headers["retry-after"] == "600"
    assert "saved as a draft" in read_feedback(page, "cells")
    assert "in 10 minutes" in page.one(id="left-cells").text


def test_after_the_close_drafts_are_kept_and_nothing_can_be_submitted(world: World) -> None:
    student, posed, browser = open_problem(world, timeline_spec={"due": "2026-11-03 12:00"})
    form = browser.get(posed.path).one("form", id="answers")
    world.clock.advance(days=2)
    browser = Browser(world, student)
    page = browser.send(form, "check=cells", **{"answer.cells": "9"})
    assert page.status == 409
    assert read_value(page, "answer.cells") == "9"
    assert not page.all("button", name="check")
    assert page.all("a", href=f"{posed.path}/practice")
    assert submit_form(browser, posed, "save=draft", answer__cells="10").status == 303
    assert student.get(f"{posed.path}/draft").json()["answers"] == {"cells": "10"}


def test_attempts_are_counted_as_long_as_there_is_one_to_make(world: World) -> None:
    student, posed, browser = open_problem(
        world, attempts=3, timeline_spec={"due": "2026-11-03 12:00"}
    )
    assert "3 of 3 attempts left" in browser.get(posed.path).text
    world.clock.advance(days=2)
    assert "attempts left" not in Browser(world, student).get(posed.path).text


def test_storage_that_fails_keeps_what_was_typed_on_the_page(world: World) -> None:
    student, posed, browser = open_problem(world)
    form = browser.get(posed.path).one("form", id="answers")
    with refuse_submissions(world):
        page = browser.send(form, "check=cells", **{"answer.cells": "9"})
    assert page.status == 503
    assert STORAGE_FAILED_MESSAGE in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert list_results(student, posed) == []
    assert browser.send(form, "check=cells", **{"answer.cells": "9"}).status == 303
    assert len(list_results(student, posed)) == 1


def test_an_answer_to_other_numbers_than_these_is_not_submitted(world: World) -> None:
    student, posed, browser = open_problem(world)
    form = browser.get(posed.path).one("form", id="answers")
    page = browser.send(form, "check=cells", asked="0" * 16, **{"answer.cells": "9"})
    assert page.status == 409
    assert PROBLEM_CHANGED_MESSAGE in read_feedback(page, "cells")
    assert list_results(student, posed) == []


def test_a_draft_that_another_window_saved_is_shown_beside_what_was_typed(world: World) -> None:
    _, posed, browser = open_problem(world)
    form = browser.get(posed.path).one("form", id="answers")
    submit_form(browser, posed, "save=draft", answer__cells="8")
    page = browser.send(form, "save=draft", **{"answer.cells": "9"})
    assert page.status == 412
    assert "Saved in another window: 8" in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert browser.send(page.one("form", id="answers"), "save=draft").status == 303
    assert read_value(browser.get(posed.path), "answer.cells") == "9"


def test_checking_in_an_old_window_keeps_what_another_one_saved(world: World) -> None:
    _, posed, browser = open_problem(world)
    form = browser.get(posed.path).one("form", id="answers")
    submit_form(browser, posed, "save=draft", answer__why="Because.")
    assert browser.send(form, "check=cells", **{"answer.cells": "9"}).status == 303
    assert browser.get(posed.path).one("textarea", name="answer.why").text == "Because."


def test_an_answer_that_is_cleared_does_not_come_back(world: World) -> None:
    student, posed, browser = open_problem(world)
    student.submit(posed, {"cells": "9"})
    submit_form(browser, posed, "save=draft", answer__cells="")
    assert read_value(browser.get(posed.path), "answer.cells") == ""


def test_half_a_matrix_is_kept_and_not_graded(world: World) -> None:
    _, posed, browser = open_problem(world, PAPER, attempts=3)
    submit_form(browser, posed, "save=draft", cell__doubled=["2", "", " 0", ""])
    page = browser.get(posed.path)
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "", " 0", ""]
    assert EMPTY_CELLS_MESSAGE in page.one(id="preview-doubled").text
    submit_form(browser, posed, "check=doubled", cell__doubled=["2", "", " 0", ""])
    page = browser.get(posed.path)
    assert NOT_GRADED.words in read_feedback(page, "doubled")
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "", " 0", ""]


def test_a_matrix_that_is_pasted_without_a_script_fills_the_cells(world: World) -> None:
    _, posed, browser = open_problem(world, PAPER)
    submit_form(browser, posed, "check=doubled", paste__doubled="array([[2., 0.], [0., 2.]])")
    page = browser.get(posed.path)
    assert "Correct" in read_feedback(page, "doubled")
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "0", "0", "2"]
    assert "not submitted" not in page.one(id="saved").text
    assert submit_form(browser, posed, "save=draft").status == 303
    assert "not submitted" not in browser.get(posed.path).one(id="saved").text


def test_ticked_boxes_are_submitted_and_ticked_again(world: World) -> None:
    _, posed, browser = open_problem(world, PAPER)
    page = browser.follow(submit_form(browser, posed, "check=which", answer__which=["a", "c"]))
    assert "Correct" in read_feedback(page, "which")
    ticked = [
        one["value"]
        for one in page.all("input", name="answer.which")
        if "checked" in one.attributes
    ]
    assert ticked == ["a", "c"]


def test_the_script_saves_a_draft_by_itself_and_gets_its_version(world: World) -> None:
    student, posed, browser = open_problem(world)
    saved = browser.post(f"{posed.path}/draft", {"answer.cells": "9", "version": "0"})
    assert saved.one(id="state")["data-version"] == "1"
    same = browser.post(f"{posed.path}/draft", {"answer.cells": "9", "version": "0"})
    assert same.one(id="state")["data-version"] == "1"
    stale = browser.post(f"{posed.path}/draft", {"answer.cells": "8", "version": "0"})
    assert stale.status == 412
    assert "Another window saved a different draft." in stale.text
    assert student.get(f"{posed.path}/draft").json()["answers"] == {"cells": "9"}


def test_staff_submit_as_the_test_student(world: World) -> None:
    course = world.course()
    teacher = world.enrol(course, role="instructor")
    tester = test_student(world, course)
    [posed] = world.assignment(course)
    browser = Browser(world, teacher)
    browser.post("/view-as", {"student": str(tester.id), "next": "/"})
    page = browser.follow(submit_form(browser, posed, "check=cells", answer__cells="9"))
    assert "Correct" in read_feedback(page, "cells")


def test_new_numbers_are_taken_where_they_are_given(world: World) -> None:
    student, posed, browser = open_problem(world, variants="each_after", new_after=1)
    before = browser.get(posed.path)
    assert not before.all("form", action=f"{posed.path}/variant")[0].all("button")
    early = browser.post(f"{posed.path}/variant")
    assert early.status == 409
    assert "New numbers are available after 1 counted attempts" in early.text
    student.submit(posed, {"cells": "1"})
    page = browser.get(posed.path)
    done = browser.send(page.one("form", action=f"{posed.path}/variant"))
    assert (done.status, done.location) == (303, posed.path)
    after = browser.follow(done)
    assert after.one(has="statement").text != before.one(has="statement").text
    assert read_value(after, "answer.cells") == ""
