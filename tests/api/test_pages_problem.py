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


def test_checking_a_part_shows_verdict_and_remaining_attempts(world: World) -> None:
    _, assigned, browser = open_problem(world, attempts=3)
    done = submit_form(browser, assigned, "check=cells", answer__cells="9")
    assert (done.status, done.location) == (303, f"{assigned.path}#part-cells")
    page = browser.follow(done)
    assert "Correct 2 of 2 points" in read_feedback(page, "cells")
    assert "2 of 3 attempts left" in read_feedback(page, "cells")
    assert read_feedback(page, "doubled") == ""
    assert read_value(page, "answer.cells") == "9"


def test_checking_one_part_saves_other_parts_as_draft(world: World) -> None:
    student, assigned, browser = open_problem(world)
    submit_form(
        browser,
        assigned,
        "check=cells",
        answer__cells="9",
        answer__doubled=" 2*",
        answer__why="Few",
    )
    page = browser.get(assigned.path)
    assert read_value(page, "answer.doubled") == " 2*"
    assert page.one("textarea", name="answer.why").text == "Few"
    assert "not submitted yet" in page.one(id="saved").text
    assert student.get(f"{assigned.path}/draft").json()["answers"] == {
        "doubled": " 2*",
        "why": "Few",
    }
    assert [one["part"] for one in list_results(student, assigned)] == ["cells"]


def test_resent_form_does_not_submit_twice(world: World) -> None:
    student, assigned, browser = open_problem(world, attempts=3)
    form = browser.get(assigned.path).one("form", id="answers")
    for _ in range(3):
        assert browser.send(form, "check=cells", **{"answer.cells": "8"}).status == 303
    assert len(list_results(student, assigned)) == 1
    assert browser.send(form, "check=cells", **{"answer.cells": "7"}).status == 303
    assert len(list_results(student, assigned)) == 2


@pytest.mark.parametrize("button", ["check=cells", "save=draft"])
def test_concurrent_resends_of_form_do_not_conflict(world: World, button: str) -> None:
    student, assigned, browser = open_problem(world)
    for number in range(8):
        form = browser.get(assigned.path).one("form", id="answers")
        with ThreadPoolExecutor(4) as pool:
            sent = [
                pool.submit(browser.send, form, button, **{"answer.cells": str(number)})
                for _ in range(4)
            ]
        assert [one.result().status for one in sent] == [303] * 4
    assert len(list_results(student, assigned)) == (8 if button == "check=cells" else 0)


def test_saving_a_draft_submits_nothing(world: World) -> None:
    student, assigned, browser = open_problem(world)
    done = submit_form(browser, assigned, "save=draft", answer__cells="9")
    assert (done.status, done.location) == (303, assigned.path)
    assert list_results(student, assigned) == []
    assert student.get(f"{assigned.path}/draft").json()["answers"] == {"cells": "9"}


def test_enter_key_saves_draft_when_several_parts_exist(
    world: World,
) -> None:
    _, assigned, browser = open_problem(world)
    buttons = browser.get(assigned.path).one("form", id="answers").all("button")
    assert buttons[0]["name"] == "save"
    assert buttons[-1].text == "Save draft"


def test_enter_key_checks_the_only_part(world: World) -> None:
    _, assigned, browser = open_problem(world, "binary-image-conv")
    first = browser.get(assigned.path).one("form", id="answers").all("button")[0]
    assert (first["name"], first["value"]) == ("check", "output")


def test_unreadable_answer_costs_no_attempt_and_marks_error_position(world: World) -> None:
    _, assigned, browser = open_problem(world, attempts=3)
    submit_form(browser, assigned, "check=cells", answer__cells="3 ? 3")
    page = browser.get(assigned.path)
    box = page.one(id="told-cells")
    assert NOT_GRADED.words in box.text
    assert "3 of 3 attempts left" in box.text
    assert box.one("mark").text == "?"
    assert box.all(has="verdict-mid")
    assert not box.all(has="verdict-bad")
    assert read_value(page, "answer.cells") == "3 ? 3"


def test_blank_answer_is_rejected(world: World) -> None:
    student, assigned, browser = open_problem(world)
    page = submit_form(browser, assigned, "check=cells", answer__cells=" ", answer__doubled="18")
    assert page.status == 422
    assert EMPTY_ANSWER_MESSAGE in read_feedback(page, "cells")
    assert read_value(page, "answer.doubled") == "18"
    assert list_results(student, assigned) == []


def test_answer_without_remaining_attempts_is_saved_as_draft(world: World) -> None:
    student, assigned, browser = open_problem(world, attempts=1)
    form = browser.get(assigned.path).one("form", id="answers")
    student.submit(assigned, {"cells": "8"})
    page = browser.send(form, "check=cells", **{"answer.cells": "9", "answer.doubled": "18"})
    assert page.status == 409
    assert "What you typed is saved as a draft." in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert student.get(f"{assigned.path}/draft").json()["answers"] == {
        "cells": "9",
        "doubled": "18",
    }
    assert not page.all("button", name="check", value="cells")
    assert page.all("button", name="check", value="doubled")


def test_attempt_during_cool_down_is_refused_with_retry_after(world: World) -> None:
    _, assigned, browser = open_problem(world, cool_down_seconds=600)
    submit_form(browser, assigned, "check=cells", answer__cells="8")
    page = submit_form(browser, assigned, "check=cells", answer__cells="9")
    assert page.status == 429
    assert page.headers["retry-after"] == "600"
    assert "saved as a draft" in read_feedback(page, "cells")
    assert "in 10 minutes" in page.one(id="left-cells").text


def test_closed_assignment_accepts_drafts_but_no_submissions(world: World) -> None:
    student, assigned, browser = open_problem(world, timeline_spec={"due": "2026-11-03 12:00"})
    form = browser.get(assigned.path).one("form", id="answers")
    world.clock.advance(days=2)
    browser = Browser(world, student)
    page = browser.send(form, "check=cells", **{"answer.cells": "9"})
    assert page.status == 409
    assert read_value(page, "answer.cells") == "9"
    assert not page.all("button", name="check")
    assert page.all("a", href=f"{assigned.path}/practice")
    assert submit_form(browser, assigned, "save=draft", answer__cells="10").status == 303
    assert student.get(f"{assigned.path}/draft").json()["answers"] == {"cells": "10"}


def test_remaining_attempts_are_hidden_after_close(world: World) -> None:
    student, assigned, browser = open_problem(
        world, attempts=3, timeline_spec={"due": "2026-11-03 12:00"}
    )
    assert "3 of 3 attempts left" in browser.get(assigned.path).text
    world.clock.advance(days=2)
    assert "attempts left" not in Browser(world, student).get(assigned.path).text


def test_storage_failure_keeps_typed_answer_on_page(world: World) -> None:
    student, assigned, browser = open_problem(world)
    form = browser.get(assigned.path).one("form", id="answers")
    with refuse_submissions(world):
        page = browser.send(form, "check=cells", **{"answer.cells": "9"})
    assert page.status == 503
    assert STORAGE_FAILED_MESSAGE in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert list_results(student, assigned) == []
    assert browser.send(form, "check=cells", **{"answer.cells": "9"}).status == 303
    assert len(list_results(student, assigned)) == 1


def test_answer_to_outdated_numbers_is_refused(world: World) -> None:
    student, assigned, browser = open_problem(world)
    form = browser.get(assigned.path).one("form", id="answers")
    page = browser.send(form, "check=cells", asked="0" * 16, **{"answer.cells": "9"})
    assert page.status == 409
    assert PROBLEM_CHANGED_MESSAGE in read_feedback(page, "cells")
    assert list_results(student, assigned) == []


def test_draft_conflict_shows_draft_of_other_window(world: World) -> None:
    _, assigned, browser = open_problem(world)
    form = browser.get(assigned.path).one("form", id="answers")
    submit_form(browser, assigned, "save=draft", answer__cells="8")
    page = browser.send(form, "save=draft", **{"answer.cells": "9"})
    assert page.status == 412
    assert "Saved in another window: 8" in read_feedback(page, "cells")
    assert read_value(page, "answer.cells") == "9"
    assert browser.send(page.one("form", id="answers"), "save=draft").status == 303
    assert read_value(browser.get(assigned.path), "answer.cells") == "9"


def test_checking_in_stale_window_keeps_draft_of_other_window(world: World) -> None:
    _, assigned, browser = open_problem(world)
    form = browser.get(assigned.path).one("form", id="answers")
    submit_form(browser, assigned, "save=draft", answer__why="Because.")
    assert browser.send(form, "check=cells", **{"answer.cells": "9"}).status == 303
    assert browser.get(assigned.path).one("textarea", name="answer.why").text == "Because."


def test_cleared_answer_stays_empty(world: World) -> None:
    student, assigned, browser = open_problem(world)
    student.submit(assigned, {"cells": "9"})
    submit_form(browser, assigned, "save=draft", answer__cells="")
    assert read_value(browser.get(assigned.path), "answer.cells") == ""


def test_incomplete_matrix_is_kept_but_not_graded(world: World) -> None:
    _, assigned, browser = open_problem(world, PAPER, attempts=3)
    submit_form(browser, assigned, "save=draft", cell__doubled=["2", "", " 0", ""])
    page = browser.get(assigned.path)
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "", " 0", ""]
    assert EMPTY_CELLS_MESSAGE in page.one(id="preview-doubled").text
    submit_form(browser, assigned, "check=doubled", cell__doubled=["2", "", " 0", ""])
    page = browser.get(assigned.path)
    assert NOT_GRADED.words in read_feedback(page, "doubled")
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "", " 0", ""]


def test_pasted_matrix_fills_cells_without_javascript(world: World) -> None:
    _, assigned, browser = open_problem(world, PAPER)
    submit_form(browser, assigned, "check=doubled", paste__doubled="array([[2., 0.], [0., 2.]])")
    page = browser.get(assigned.path)
    assert "Correct" in read_feedback(page, "doubled")
    assert [one["value"] for one in page.all("input", name="cell.doubled")] == ["2", "0", "0", "2"]
    assert "not submitted" not in page.one(id="saved").text
    assert submit_form(browser, assigned, "save=draft").status == 303
    assert "not submitted" not in browser.get(assigned.path).one(id="saved").text


def test_checkboxes_are_submitted_and_stay_checked(world: World) -> None:
    _, assigned, browser = open_problem(world, PAPER)
    page = browser.follow(submit_form(browser, assigned, "check=which", answer__which=["a", "c"]))
    assert "Correct" in read_feedback(page, "which")
    ticked = [
        one["value"]
        for one in page.all("input", name="answer.which")
        if "checked" in one.attributes
    ]
    assert ticked == ["a", "c"]


def test_autosave_stores_draft_and_returns_version(world: World) -> None:
    student, assigned, browser = open_problem(world)
    saved = browser.post(f"{assigned.path}/draft", {"answer.cells": "9", "version": "0"})
    assert saved.one(id="state")["data-version"] == "1"
    same = browser.post(f"{assigned.path}/draft", {"answer.cells": "9", "version": "0"})
    assert same.one(id="state")["data-version"] == "1"
    stale = browser.post(f"{assigned.path}/draft", {"answer.cells": "8", "version": "0"})
    assert stale.status == 412
    assert "Another window saved a different draft." in stale.text
    assert student.get(f"{assigned.path}/draft").json()["answers"] == {"cells": "9"}


def test_staff_submit_as_test_student_on_problem_page(world: World) -> None:
    course = world.course()
    teacher = world.enrol(course, role="instructor")
    tester = test_student(world, course)
    [assigned] = world.assignment(course)
    browser = Browser(world, teacher)
    browser.post("/view-as", {"student": str(tester.id), "next": "/"})
    page = browser.follow(submit_form(browser, assigned, "check=cells", answer__cells="9"))
    assert "Correct" in read_feedback(page, "cells")


def test_new_numbers_are_assigned_after_required_attempts(world: World) -> None:
    student, assigned, browser = open_problem(world, variants="each_after", new_after=1)
    before = browser.get(assigned.path)
    assert not before.all("form", action=f"{assigned.path}/variant")[0].all("button")
    early = browser.post(f"{assigned.path}/variant")
    assert early.status == 409
    assert "New numbers are available after 1 counted attempts" in early.text
    student.submit(assigned, {"cells": "1"})
    page = browser.get(assigned.path)
    done = browser.send(page.one("form", action=f"{assigned.path}/variant"))
    assert (done.status, done.location) == (303, assigned.path)
    after = browser.follow(done)
    assert after.one(has="statement").text != before.one(has="statement").text
    assert read_value(after, "answer.cells") == ""
