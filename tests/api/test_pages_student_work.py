"""Tests of a student's own pages: history, receipts, requests, grades, practice."""

import json
import re

import pytest
from pages import Browser
from review_course import ReviewCourse
from world import TEXT_PROBLEM

from api.db.models import Course
from api.pages.student.components.feedback import NOT_GRADED
from api.pages.student.practice import NOTHING_TYPED_MESSAGE

RIGHT, WRONG = {"cells": "9"}, {"cells": "8"}
CLOSED_SOON = {"release": "2026-11-01 12:00", "due": "2026-11-03 12:00"}


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin")


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course)
    return assigned


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def handed_in(student, assigned, answers) -> str:
    return str(student.submit(assigned, answers).json()["id"])


def test_submission_list_without_submissions_shows_hint(browser, assigned):
    page = browser.get(f"{assigned.path}/submissions")
    assert page.status == 200
    assert "No submissions yet." in page.text


def test_submissions_are_listed_newest_first(browser, student, assigned):
    for answers in (WRONG, {"cells": "many"}, RIGHT):
        handed_in(student, assigned, answers)
    page = browser.get(f"{assigned.path}/submissions")
    assert [one.text for one in page.all("h2")] == ["Submission 3", "Submission 2", "Submission 1"]
    assert [one.text for one in page.all(has="set-state")] == [
        "Correct · 2 of 2 points · attempt 2",
        NOT_GRADED.words,
        "Incorrect · 0 of 2 points · attempt 1",
    ]


def test_long_submission_history_is_paginated(browser, student, assigned):
    for number in range(16):
        handed_in(student, assigned, {"cells": f"{number + 20}"})
    first = browser.get(f"{assigned.path}/submissions")
    assert len(first.all("h2")) == 15
    rest = browser.get(f"{assigned.path}/submissions{first.one('a', rel='next')['href']}")
    assert [one.text for one in rest.all("h2")] == ["Submission 1"]


def test_submission_page_escapes_typed_answers(browser, student, assigned):
    typed = "<b>bold</b> & $x$ {{ 1 }}"
    where = handed_in(student, assigned, {"why": typed})
    page = browser.get(f"/submissions/{where}")
    assert page.one("pre", has="typed").text == typed
    assert not page.one("article").all("b", text="bold")


def test_submission_page_shows_reading_points_and_time(browser, student, assigned):
    where = handed_in(student, assigned, {"cells": "2^3 + 1"})
    page = browser.get(f"/submissions/{where}")
    card = page.one(id="part-cells")
    facts = dict(
        zip((e.text for e in card.all("dt")), (e.text for e in card.all("dd")), strict=True)
    )
    assert facts == {"Typed": "2^3 + 1", "Read as": "9", "Attempt": "1"}
    assert card.one("h2").text == "Cells"
    assert "2 of 2 points" in card.text
    assert "Mon 2 Nov 2026, 13:00" in page.text


def test_submission_page_shows_problem_title_and_verdict_once(browser, student, assigned):
    page = browser.get(f"/submissions/{handed_in(student, assigned, {'cells': '1234'})}")
    assert page.heading == "Submission 1 to Why small kernels"
    card = page.one(id="part-cells")
    assert "Incorrect" in card.text
    assert "Not right" not in card.text


def test_submission_page_hides_verdict_until_results_are_released(world, browser, student, course):
    [assigned] = world.assignment(course, results="after_close", timeline_spec=CLOSED_SOON)
    where = handed_in(student, assigned, WRONG)
    page = browser.get(f"/submissions/{where}")
    assert "Results are not shown yet; you can see them from Tue 3 Nov 2026" in page.text
    assert "Received" in page.one(id="part-cells").text
    assert not page.all("summary", text="Request a regrade")


def test_only_staff_see_key_on_submission_page(world, browser, student, course):
    source = TEXT_PROBLEM.replace('"K*K"', '"K*K + 40000000"').replace("small", "huge")
    [assigned] = world.assignment(course, source)
    where = handed_in(student, assigned, {"cells": "1"})
    teacher = Browser(world, world.enrol(course, role="grader"))
    assert "40000009" in teacher.get(f"/submissions/{where}").one(id="part-cells").text
    assert "40000009" not in browser.get(f"/submissions/{where}").source


def test_receipt_page_verifies_own_digest_and_rejects_others(browser, student, assigned):
    where = handed_in(student, assigned, RIGHT)
    page = browser.get(f"/submissions/{where}")
    proof = browser.get(page.one("a", text="Check the receipt")["href"])
    assert "Receipt verified." in proof.text
    assert proof.one("pre", has="typed").text == "9"
    assert proof.one("main").one("a", text="Why small kernels")["href"] == assigned.path
    assert [one["href"] for one in proof.one("nav", has="top-way").all("a")][-1] == assigned.path
    assert "Cells" in {one.text for one in proof.all("dt")}
    assert assigned.slug not in proof.one("main").text
    other = browser.send(proof.one("form", action=f"/receipts/{where}"), digest="ab" * 32)
    assert "Receipt not verified." in other.text
    assert other.one("input", name="digest")["value"] == "ab" * 32


def test_withdrawn_student_can_verify_receipt_without_other_links(
    world, browser, student, assigned
):
    where = handed_in(student, assigned, RIGHT)
    world.set_enrolment(student, withdrawn_at=world.clock())
    proof = browser.get(f"/receipts/{where}")
    assert "Receipt verified." in proof.text
    assert not proof.one("main").all("a")


class TestRequests:
    """Requests to mark an answer again."""

    @pytest.fixture
    def here(self, world):
        return ReviewCourse(world)

    @pytest.fixture
    def asker(self, here):
        student = here.student("A thought.")
        here.mark(here.ada, here.answer(student), credit=0)
        return student

    @pytest.fixture
    def path(self, here, asker) -> str:
        [one] = asker.get(f"{here.assigned.path}/submissions").json()["items"]
        return f"/submissions/{one['id']}"

    def test_regrade_request_is_sent_and_answered_on_submission_page(self, here, asker, path):
        browser = Browser(here.world, asker)
        form = browser.get(path).one("form", action=f"{path}/parts/why/request")
        done = browser.send(form, text="I named both.\n<b>See</b>")
        assert (done.status, done.location) == (303, f"{path}#part-why")
        page = browser.follow(done)
        assert page.one(has="request").one("p", has="said").text == "I named both. <b>See</b>"
        assert not page.all("form", action=f"{path}/parts/why/request")
        [one] = asker.get("/me/requests").json()["items"]
        answer = {"decision": "declined", "reply": "Only one of them."}
        here.bob.post(f"/requests/{one['id']}/answer", answer)
        assert "Only one of them." in browser.get(path).text
        listed = browser.get("/me/requests")
        assert "declined" in listed.text
        assert listed.one("a", text="Why small kernels, Why")["href"] == f"{path}#part-why"

    def regrade_links(self, here, asker):
        page = Browser(here.world, asker).get(here.assigned.path)
        return [one["href"] for one in page.all("a", text="Request a regrade")]

    def test_verdict_links_to_regrade_request_while_one_is_possible(self, here, asker, path):
        [link] = self.regrade_links(here, asker)
        assert link == f"{path}#ask-why"
        assert Browser(here.world, asker).get(path).one("textarea", id="ask-why")
        assert asker.post(f"{path}/parts/why/request", {"text": "See."}).status_code == 201
        assert not self.regrade_links(here, asker)
        [one] = asker.get("/me/requests").json()["items"]
        here.bob.post(f"/requests/{one['id']}/answer", {"decision": "declined", "reply": "No."})
        assert self.regrade_links(here, asker)

    @pytest.mark.parametrize(
        "settings", [{"regrade_limit": 0}, {"results": "manual"}, {"regrade_days": 1}]
    )
    def test_verdict_has_no_link_when_regrades_cannot_be_requested(self, here, asker, settings):
        here.change(**settings)
        here.world.clock.advance(days=3)
        assert not self.regrade_links(here, asker)

    def test_verdict_with_full_credit_has_no_link_to_a_regrade_request(self, here):
        student = here.student("A thought.")
        here.mark(here.ada, here.answer(student), credit=1)
        assert not self.regrade_links(here, student)

    @pytest.mark.parametrize(
        ("text", "status", "said"),
        [("   ", 422, "must not be empty"), ("x" * 5_001, 422, "at most 5000")],
        ids=["nothing", "too long"],
    )
    def test_rejected_regrade_request_keeps_its_text(self, here, asker, path, text, status, said):
        browser = Browser(here.world, asker)
        page = browser.post(f"{path}/parts/why/request", {"text": text})
        assert page.status == status
        assert said in page.one(role="alert").text
        assert page.one("textarea").text == text.strip()
        assert "open" in page.one("details", text="Request a regrade").attributes

    def test_late_regrade_request_is_refused_with_end_of_window(self, here, asker, path):
        here.change(regrade_days=1)
        here.world.clock.advance(days=3)
        page = Browser(here.world, asker).post(f"{path}/parts/why/request", {"text": "Late?"})
        assert page.status == 409
        assert "The regrade window for this answer ended on" in page.one(role="alert").text
        assert page.one("textarea").text == "Late?"

    def test_students_see_public_comments_but_not_staff_comments(self, here, asker, path):
        for text, public in (("Well put.", True), ("A cheat?", False)):
            comment = {"text": text, "public": public}
            here.bob.post(f"/answers/{here.answer(asker)}/comments", comment)
        page = Browser(here.world, asker).get(path)
        assert "Well put." in page.text
        assert "A cheat?" not in page.source


def test_grades_page_shows_score_steps_with_problem_titles(browser, student, assigned, course):
    student.submit(assigned, RIGHT)
    page = browser.get(f"/courses/{course}/grades")
    card = page.one("article", has="card")
    assert card.one("table").rows()[1][:2] == ["Why small kernels", "2 / 8"]
    steps = card.one("dl", has="steps")
    named = dict(
        zip((e.text for e in steps.all("dt")), (e.text for e in steps.all("dd")), strict=True)
    )
    assert named["Why small kernels, Cells"].startswith("2 of 2 points")
    assert "25 %" in page.one(has="tile").text


def test_grades_page_shows_override_with_author_and_reason(
    world, browser, student, assigned, course
):
    student.submit(assigned, WRONG)
    teacher = world.enrol(course, "Grace Example", role="instructor")
    given = {"student": str(student.id), "problem": assigned.slug, "part": "cells", "points": 1}
    given["reason"] = "The figure was <not> readable."
    path = f"/assignments/{assigned.assignment}/overrides"
    made = teacher.post(path, given, headers={"If-Match": "*"})
    assert made.status_code == 201, made.text
    page = browser.get(f"/courses/{course}/grades")
    note = page.one("p", text="set to 1 point")
    assert note.text.startswith("Why small kernels, Cells: set to 1 point by Grace Example")
    assert note.text.endswith("The figure was <not> readable.")


def test_grades_page_shows_release_time_instead_of_hidden_scores(world, browser, student, course):
    [assigned] = world.assignment(course, results="after_close", timeline_spec=CLOSED_SOON)
    student.submit(assigned, RIGHT)
    card = browser.get(f"/courses/{course}/grades").one("article", has="card")
    assert "Results are shown from Tue 3 Nov 2026" in card.text
    assert not card.all("table")


def test_long_score_steps_are_shown_per_assignment(world, browser, course, monkeypatch):
    monkeypatch.setattr("api.pages.student.grades.MAX_STEPS_ON_PAGE", 3)
    [assigned] = world.assignment(course)
    page = browser.get(f"/courses/{course}/grades")
    assert not page.one("article", has="card").all("dl", has="steps")
    link = page.one("a", text="Show the steps")["href"].partition("#")[0]
    opened = browser.get(f"/courses/{course}/grades{link}")
    assert opened.one(id=f"a-{assigned.assignment}").one("dl", has="steps")


def test_score_history_lists_all_events(world, browser, student, assigned):
    where = handed_in(student, assigned, WRONG)
    world.clock.advance(minutes=5)
    student.submit(assigned, RIGHT)
    page = browser.get(f"/assignments/{assigned.assignment}/history")
    lines = [[line.text for line in one.all("p")] for one in page.all("li", has="event")]
    assert len(lines) == 2
    assert lines[0][1] == "Submitted Submission 1 to Why small kernels: Cells. Receipt"
    assert "Graded Why small kernels, Cells: correct, credit 1." in lines[1]
    assert lines[1][-1] == "Score The score went from 0 to 2, by a submission."
    assert page.all("a", text="Receipt")[0]["href"] == f"/submissions/{where}"


def test_title_ending_in_question_mark_gets_no_extra_punctuation(world, browser, student, course):
    source = TEXT_PROBLEM.replace("title: Why small kernels", "title: Why small kernels?")
    [assigned] = world.assignment(course, source)
    where = handed_in(student, assigned, RIGHT)
    page = browser.get(f"/assignments/{assigned.assignment}/history")
    assert "Submission 1 to Why small kernels? Cells. Receipt" in page.text
    assert "Why small kernels? Cells: correct, credit 1." in page.text
    proof = browser.get(f"/receipts/{where}").one("main")
    assert proof.one("a", text="Why small kernels?")["href"] == assigned.path


def test_percent_sign_is_attached_with_no_break_space(browser, student, assigned, course):
    handed_in(student, assigned, RIGHT)
    page = browser.get(f"/courses/{course}/grades")
    assert "<dd>25\N{NARROW NO-BREAK SPACE}%</dd>" in page.source
    assert re.findall(r"\d %", page.source) == []


class TestPractice:
    """Practice on other variants after the assignment closes."""

    @pytest.fixture
    def over(self, world, course, student):
        with world.session() as session:
            session.get_one(Course, course).numbers = None
        [assigned] = world.assignment(course, timeline_spec=CLOSED_SOON, variants="each")
        student.submit(assigned, RIGHT)
        world.clock.advance(days=2)
        return assigned

    def test_practice_is_unavailable_before_close(self, browser, assigned):
        page = browser.get(f"{assigned.path}/practice")
        assert page.status == 403

    def test_practice_grades_answers_without_storing_them(self, world, student, over):
        browser = Browser(world, student)
        page = browser.get(f"{over.path}/practice", params={"number": 1})
        [size] = [int(one) for one in page.one(has="statement").text.rstrip(".").split()[-1:]]
        form = page.one("form", has="practice")
        told = browser.send(form, **{"answer.cells": str(size * size), "answer.doubled": "0"})
        assert told.status == 200
        assert "Correct" in told.one(id="told-cells").text
        assert "Incorrect" in told.one(id="told-doubled").text
        assert told.one("input", name="answer.doubled")["value"] == "0"
        assert told.one("input", name="number")["value"] == "1"
        kept = student.get(f"{over.path}/submissions").json()["items"]
        assert len(kept) == 1

    def test_practice_link_draws_other_numbers(self, world, student, over):
        browser = Browser(world, student)
        page = browser.get(f"{over.path}/practice")
        following = browser.get(page.one("a", text="Other numbers")["href"])
        assert following.one("input", name="number")["value"] == "1"
        texts = {one.one(has="statement").text for one in (page, following)}
        assert len(texts) == 2

    @pytest.mark.parametrize("number", ["0", "", "-1", "9" * 5_000, "two"])
    def test_practice_without_answers_shows_error(self, world, student, over, number):
        page = Browser(world, student).post(f"{over.path}/practice", {"number": number})
        assert page.status == 422
        assert NOTHING_TYPED_MESSAGE in page.one(role="alert").text
        assert page.one("input", name="number")["value"] == "0"

    def test_practice_marks_position_of_unreadable_input(self, world, student, over):
        page = Browser(world, student).post(f"{over.path}/practice", {"answer.cells": "3 + §"})
        told = page.one(id="told-cells").text
        assert "Couldn’t be read" in told
        assert "attempt" not in told
        assert page.one("mark").text == "§"


def test_account_export_downloads_as_file(browser, student, assigned):
    where = handed_in(student, assigned, RIGHT)
    told = browser.get("/me/export")
    assert told.headers["content-disposition"].startswith("attachment")
    assert json.loads(told.source)["submissions"][0]["id"] == where
