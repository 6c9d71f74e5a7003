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
def posed(world, course):
    [posed] = world.assignment(course)
    return posed


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def handed_in(student, posed, answers) -> str:
    return str(student.submit(posed, answers).json()["id"])


def test_before_the_first_answer_the_list_says_what_will_be_in_it(browser, posed):
    page = browser.get(f"{posed.path}/submissions")
    assert page.status == 200
    assert "No submissions yet." in page.text


def test_all_submissions_are_listed_the_last_first(browser, student, posed):
    for answers in (WRONG, {"cells": "many"}, RIGHT):
        handed_in(student, posed, answers)
    page = browser.get(f"{posed.path}/submissions")
    assert [one.text for one in page.all("h2")] == ["Submission 3", "Submission 2", "Submission 1"]
    assert [one.text for one in page.all(has="set-state")] == [
        "Correct · 2 of 2 points · attempt 2",
        NOT_GRADED.words,
        "Incorrect · 0 of 2 points · attempt 1",
    ]


def test_a_long_history_goes_on_by_a_link(browser, student, posed):
    for number in range(16):
        handed_in(student, posed, {"cells": f"{number + 20}"})
    first = browser.get(f"{posed.path}/submissions")
    assert len(first.all("h2")) == 15
    rest = browser.get(f"{posed.path}/submissions{first.one('a', rel='next')['href']}")
    assert [one.text for one in rest.all("h2")] == ["Submission 1"]


def test_what_was_typed_is_shown_as_text_and_never_as_markup(browser, student, posed):
    typed = "<b>bold</b> & $x$ {{ 1 }}"
    where = handed_in(student, posed, {"why": typed})
    page = browser.get(f"/submissions/{where}")
    assert page.one("pre", has="typed").text == typed
    assert not page.one("article").all("b", text="bold")


def test_a_submission_says_what_was_read_what_it_earned_and_when_it_came(browser, student, posed):
    where = handed_in(student, posed, {"cells": "2^3 + 1"})
    page = browser.get(f"/submissions/{where}")
    card = page.one(id="part-cells")
    facts = dict(
        zip((e.text for e in card.all("dt")), (e.text for e in card.all("dd")), strict=True)
    )
    assert facts == {"Typed": "2^3 + 1", "Read as": "9", "Attempt": "1"}
    assert card.one("h2").text == "Cells"
    assert "2 of 2 points" in card.text
    assert "Mon 2 Nov 2026, 13:00" in page.text


def test_a_submission_names_its_problem_and_says_its_verdict_once(browser, student, posed):
    page = browser.get(f"/submissions/{handed_in(student, posed, {'cells': '1234'})}")
    assert page.heading == "Submission 1 to Why small kernels"
    card = page.one(id="part-cells")
    assert "Incorrect" in card.text
    assert "Not right" not in card.text


def test_without_results_a_submission_keeps_its_verdict_to_itself(world, browser, student, course):
    [posed] = world.assignment(course, results="after_close", timeline_spec=CLOSED_SOON)
    where = handed_in(student, posed, WRONG)
    page = browser.get(f"/submissions/{where}")
    assert "Results are not shown yet; you can see them from Tue 3 Nov 2026" in page.text
    assert "Received" in page.one(id="part-cells").text
    assert not page.all("summary", text="Request a regrade")


def test_staff_see_the_key_of_a_submission_and_students_do_not(world, browser, student, course):
    source = TEXT_PROBLEM.replace('"K*K"', '"K*K + 40000000"').replace("small", "huge")
    [posed] = world.assignment(course, source)
    where = handed_in(student, posed, {"cells": "1"})
    teacher = Browser(world, world.enrol(course, role="grader"))
    assert "40000009" in teacher.get(f"/submissions/{where}").one(id="part-cells").text
    assert "40000009" not in browser.get(f"/submissions/{where}").source


def test_the_receipt_is_proven_and_another_digest_is_not(browser, student, posed):
    where = handed_in(student, posed, RIGHT)
    page = browser.get(f"/submissions/{where}")
    proof = browser.get(page.one("a", text="Check the receipt")["href"])
    assert "Receipt verified." in proof.text
    assert proof.one("pre", has="typed").text == "9"
    assert proof.one("main").one("a", text="Why small kernels")["href"] == posed.path
    assert [one["href"] for one in proof.one("nav", has="top-way").all("a")][-1] == posed.path
    assert "Cells" in {one.text for one in proof.all("dt")}
    assert posed.slug not in proof.one("main").text
    other = browser.send(proof.one("form", action=f"/receipts/{where}"), digest="ab" * 32)
    assert "Receipt not verified." in other.text
    assert other.one("input", name="digest")["value"] == "ab" * 32


def test_who_has_left_still_proves_a_receipt_and_is_led_nowhere_else(
    world, browser, student, posed
):
    where = handed_in(student, posed, RIGHT)
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
        [one] = asker.get(f"{here.posed.path}/submissions").json()["items"]
        return f"/submissions/{one['id']}"

    def test_a_request_is_sent_shown_and_answered_on_the_page(self, here, asker, path):
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

    @pytest.mark.parametrize(
        ("text", "status", "said"),
        [("   ", 422, "must not be empty"), ("x" * 5_001, 422, "at most 5000")],
        ids=["nothing", "too long"],
    )
    def test_a_request_that_is_refused_keeps_its_text(self, here, asker, path, text, status, said):
        browser = Browser(here.world, asker)
        page = browser.post(f"{path}/parts/why/request", {"text": text})
        assert page.status == status
        assert said in page.one(role="alert").text
        assert page.one("textarea").text == text.strip()
        assert "open" in page.one("details", text="Request a regrade").attributes

    def test_when_the_time_to_ask_is_over_the_page_says_since_when(self, here, asker, path):
        here.change(regrade_days=1)
        here.world.clock.advance(days=3)
        page = Browser(here.world, asker).post(f"{path}/parts/why/request", {"text": "Late?"})
        assert page.status == 409
        assert "The regrade window for this answer ended on" in page.one(role="alert").text
        assert page.one("textarea").text == "Late?"

    def test_a_public_comment_is_shown_and_one_for_the_staff_is_not(self, here, asker, path):
        for text, public in (("Well put.", True), ("A cheat?", False)):
            comment = {"text": text, "public": public}
            here.bob.post(f"/answers/{here.answer(asker)}/comments", comment)
        page = Browser(here.world, asker).get(path)
        assert "Well put." in page.text
        assert "A cheat?" not in page.source


def test_grades_come_with_their_steps_under_the_titles_of_problems(browser, student, posed, course):
    student.submit(posed, RIGHT)
    page = browser.get(f"/courses/{course}/grades")
    card = page.one("article", has="card")
    assert card.one("table").rows()[1][:2] == ["Why small kernels", "2 / 8"]
    steps = card.one("dl", has="steps")
    named = dict(
        zip((e.text for e in steps.all("dt")), (e.text for e in steps.all("dd")), strict=True)
    )
    assert named["Why small kernels, Cells"].startswith("2 of 2 points")
    assert "25 %" in page.one(has="tile").text


def test_points_by_a_person_are_reported_with_reason_and_author(
    world, browser, student, posed, course
):
    student.submit(posed, WRONG)
    teacher = world.enrol(course, "Grace Example", role="instructor")
    given = {"student": str(student.id), "problem": posed.slug, "part": "cells", "points": 1}
    given["reason"] = "The figure was <not> readable."
    path = f"/assignments/{posed.assignment}/overrides"
    made = teacher.post(path, given, headers={"If-Match": "*"})
    assert made.status_code == 201, made.text
    page = browser.get(f"/courses/{course}/grades")
    note = page.one("p", text="set to 1 point")
    assert note.text.startswith("Why small kernels, Cells: set to 1 point by Grace Example")
    assert note.text.endswith("The figure was <not> readable.")


def test_what_is_not_released_has_no_numbers_but_a_time(world, browser, student, course):
    [posed] = world.assignment(course, results="after_close", timeline_spec=CLOSED_SOON)
    student.submit(posed, RIGHT)
    card = browser.get(f"/courses/{course}/grades").one("article", has="card")
    assert "Results are shown from Tue 3 Nov 2026" in card.text
    assert not card.all("table")


def test_many_steps_are_shown_one_assignment_at_a_time(world, browser, course, monkeypatch):
    monkeypatch.setattr("api.pages.student.grades.MAX_STEPS_ON_PAGE", 3)
    [posed] = world.assignment(course)
    page = browser.get(f"/courses/{course}/grades")
    assert not page.one("article", has="card").all("dl", has="steps")
    link = page.one("a", text="Show the steps")["href"].partition("#")[0]
    opened = browser.get(f"/courses/{course}/grades{link}")
    assert opened.one(id=f"a-{posed.assignment}").one("dl", has="steps")


def test_the_history_of_a_score_is_complete(world, browser, student, posed):
    where = handed_in(student, posed, WRONG)
    world.clock.advance(minutes=5)
    student.submit(posed, RIGHT)
    page = browser.get(f"/assignments/{posed.assignment}/history")
    lines = [[line.text for line in one.all("p")] for one in page.all("li", has="event")]
    assert len(lines) == 2
    assert lines[0][1] == "Submitted Submission 1 to Why small kernels: Cells. Receipt"
    assert "Graded Why small kernels, Cells: correct, credit 1." in lines[1]
    assert lines[1][-1] == "Score The score went from 0 to 2, by a submission."
    assert page.all("a", text="Receipt")[0]["href"] == f"/submissions/{where}"


def test_a_title_that_ends_with_a_question_mark_has_no_other_sign_after_it(
    world, browser, student, course
):
    source = TEXT_PROBLEM.replace("title: Why small kernels", "title: Why small kernels?")
    [posed] = world.assignment(course, source)
    where = handed_in(student, posed, RIGHT)
    page = browser.get(f"/assignments/{posed.assignment}/history")
    assert "Submission 1 to Why small kernels? Cells. Receipt" in page.text
    assert "Why small kernels? Cells: correct, credit 1." in page.text
    proof = browser.get(f"/receipts/{where}").one("main")
    assert proof.one("a", text="Why small kernels?")["href"] == posed.path


def test_no_line_parts_a_percentage_from_its_sign(browser, student, posed, course):
    handed_in(student, posed, RIGHT)
    page = browser.get(f"/courses/{course}/grades")
    assert "<dd>25\N{NARROW NO-BREAK SPACE}%</dd>" in page.source
    assert re.findall(r"\d %", page.source) == []


class TestPractice:
    """Practice on other variants after the assignment closes."""

    @pytest.fixture
    def over(self, world, course, student):
        with world.session() as session:
            session.get_one(Course, course).numbers = None
        [posed] = world.assignment(course, timeline_spec=CLOSED_SOON, variants="each")
        student.submit(posed, RIGHT)
        world.clock.advance(days=2)
        return posed

    def test_before_the_close_there_is_none_and_the_page_says_when(self, browser, posed):
        page = browser.get(f"{posed.path}/practice")
        assert page.status == 403

    def test_answers_are_judged_and_kept_on_the_page_and_nowhere_else(self, world, student, over):
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

    def test_other_numbers_come_with_the_next_number(self, world, student, over):
        browser = Browser(world, student)
        page = browser.get(f"{over.path}/practice")
        following = browser.get(page.one("a", text="Other numbers")["href"])
        assert following.one("input", name="number")["value"] == "1"
        texts = {one.one(has="statement").text for one in (page, following)}
        assert len(texts) == 2

    @pytest.mark.parametrize("number", ["0", "", "-1", "9" * 5_000, "two"])
    def test_where_nothing_is_typed_the_page_asks_for_it(self, world, student, over, number):
        page = Browser(world, student).post(f"{over.path}/practice", {"number": number})
        assert page.status == 422
        assert NOTHING_TYPED_MESSAGE in page.one(role="alert").text
        assert page.one("input", name="number")["value"] == "0"

    def test_what_cannot_be_read_is_marked_where_it_stops(self, world, student, over):
        page = Browser(world, student).post(f"{over.path}/practice", {"answer.cells": "3 + §"})
        told = page.one(id="told-cells").text
        assert "Couldn’t be read" in told
        assert "attempt" not in told
        assert page.one("mark").text == "§"


def test_the_export_is_a_file_of_all_that_is_held(browser, student, posed):
    where = handed_in(student, posed, RIGHT)
    told = browser.get("/me/export")
    assert told.headers["content-disposition"].startswith("attachment")
    assert json.loads(told.source)["submissions"][0]["id"] == where
