"""Tests of the problem page: it shows verdicts, readings, states, and nothing hidden."""

import re

import pytest
from pages import Browser
from problem_pages import PAPER, list_results, open_problem, read_feedback, read_value, submit_form
from student_setup import CANARY, KEY_OF_CANARY
from world import TEXT_PROBLEM, World

from api.db.models import AssignmentProblem
from api.markup.tex import CONVERTER
from api.pages.student.components.feedback import (
    CAUSE_LABEL,
    LATE_CREDIT_MESSAGE,
    REPEATED_ANSWER_MESSAGE,
)
from api.pages.student.components.states import WAITING
from grader.grading.grade import FOLLOW_THROUGH_MESSAGE


def test_known_mistake_is_shown_as_likely_cause(world: World) -> None:
    student, assigned, browser = open_problem(world, PAPER)
    student.submit(assigned, {"tripled": "6"})
    said = read_feedback(browser.get(assigned.path), "tripled")
    assert said.startswith("Incorrect 0 of 1 point Read as 6")
    assert f"{CAUSE_LABEL} Three times, not twice." in said


BEST = ["correct, 1 of 1 point"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [(["6", "5"], []), (["5", "6"], []), (["9", "5"], BEST), (["9", "x"], BEST)],
)
def test_best_answer_is_shown_if_it_differs_from_last_answer(
    world: World, answers: list[str], expected: list[str]
) -> None:
    student, assigned, browser = open_problem(world, PAPER)
    for answer in answers:
        student.submit(assigned, {"tripled": answer})
    said = read_feedback(browser.get(assigned.path), "tripled")
    assert re.findall(r"Your best answer so far: (.+)\.", said) == expected


def test_right_and_wrong_cells_are_highlighted(world: World) -> None:
    student, assigned, browser = open_problem(world, PAPER)
    done = submit_form(browser, assigned, "check=doubled", cell__doubled=["2", "0", "0", "9"])
    grid = browser.follow(done).one("fieldset", data_grid="doubled")
    cells = grid.all("input", name="cell.doubled")
    assert [one["value"] for one in cells] == ["2", "0", "0", "9"]
    assert [one.classes for one in cells] == [["grid-right"]] * 3 + [["grid-wrong"]]
    assert [one.get("aria-invalid") for one in cells] == ["", "", "", "true"]
    assert list_results(student, assigned)[0]["typed"] == [["2", "0"], ["0", "9"]]


def test_reading_preview_does_not_reveal_correctness(world: World) -> None:
    _, assigned, browser = open_problem(world, CANARY)
    right = browser.post(
        f"{assigned.path}/reading", {"part": "squared", "answer.squared": KEY_OF_CANARY}
    )
    wrong = browser.post(f"{assigned.path}/reading", {"part": "squared", "answer.squared": "3"})
    assert right.status == wrong.status == 200
    assert right.source.replace(KEY_OF_CANARY, "3") == wrong.source
    assert "Read as" in wrong.text


def test_reading_preview_typesets_formula_or_marks_error(
    world: World,
) -> None:
    _, assigned, browser = open_problem(world, PAPER)
    read = browser.post(f"{assigned.path}/reading", {"part": "formula", "answer.formula": "x^2"})
    assert read.one("math").one("msup").text == "x2"
    bad = browser.post(f"{assigned.path}/reading", {"part": "formula", "answer.formula": "x + )"})
    assert bad.one("mark").text == ")"


def test_pasted_rows_are_parsed_by_server(world: World) -> None:
    _, assigned, browser = open_problem(world, PAPER)
    fields = {"part": "doubled", "pasted": "1\t2\n3\t0.5"}
    page = browser.post(f"{assigned.path}/reading", fields)
    assert page.source == '{"rows":[["1","2"],["3","0.5"]]}'
    page = browser.post(f"{assigned.path}/reading", fields | {"pasted": "[[1, 2], [3]]"})
    assert "Row 2 has 1 cell, row 1 has 2." in page.source


def test_problem_page_does_not_show_hidden_results(world: World) -> None:
    student, assigned, browser = open_problem(
        world, timeline_spec={"due": "2026-11-03 12:00"}, results="after_due"
    )
    replies = []
    for answer in ("9", "8"):
        student.submit(assigned, {"cells": answer})
        page = browser.get(assigned.path)
        assert "Received" in read_feedback(page, "cells")
        replies.append(read_feedback(page, "cells").replace(answer, "N"))
        assert not page.all(has="verdict-good")
    assert replies[0] == replies[1]
    assert "results are shown from" in page.one(id="notices").text
    assert "Hand in" in page.one("button", name="check", value="cells").text


def test_follow_through_answer_is_labeled(world: World) -> None:
    student, assigned, browser = open_problem(world)
    student.submit(assigned, {"cells": "8", "doubled": "16"})
    said = read_feedback(browser.get(assigned.path), "doubled")
    assert said.startswith("Correct, given your earlier answer")
    assert FOLLOW_THROUGH_MESSAGE in said


def test_repeated_answer_costs_no_attempt_and_shows_note(world: World) -> None:
    student, assigned, browser = open_problem(world, attempts=3)
    for _ in range(2):
        student.submit(assigned, {"cells": "8"})
    said = read_feedback(browser.get(assigned.path), "cells")
    assert REPEATED_ANSWER_MESSAGE in said
    assert "2 of 3 attempts left" in said


THIRD = "0.8 of 2 points (third attempt: 40 %)"


def test_part_card_shows_one_score_with_attempt_deduction(world: World) -> None:
    student, assigned, browser = open_problem(world, by_attempt=[1, "1/2", "2/5"])
    for answer in ("7", "8", "9"):
        student.submit(assigned, {"cells": answer})
    page = browser.get(assigned.path)
    assert page.one(id="points-cells").text == "2 points"
    assert f"Correct {THIRD}" in read_feedback(page, "cells")
    assert page.one(id="part-cells").text.count(" of 2 points") == 1
    student.submit(assigned, {"cells": "6"})
    page = browser.get(assigned.path)
    assert page.one(id="points-cells").text == "2 points"
    assert f"Your best answer so far: correct, {THIRD}." in read_feedback(page, "cells")
    assert page.one(id="part-cells").text.count(" of 2 points") == 1
    assert "0 of 2" not in read_feedback(page, "cells")
    assert THIRD in browser.get(f"{assigned.path}/submissions").text


def test_late_answer_shows_its_reduced_credit(world: World) -> None:
    late = {"due": "2026-11-03 12:00", "late": [{"days": 1, "credit": "90%"}]}
    student, assigned, _ = open_problem(world, timeline_spec=late)
    world.clock.advance(hours=30)
    student.submit(assigned, {"cells": "9"})
    page = Browser(world, student).get(assigned.path)
    assert LATE_CREDIT_MESSAGE.partition("{")[0] + "90" in read_feedback(page, "cells")
    assert "1.8 of 2 points (late: 90 %)" in read_feedback(page, "cells")
    assert page.one(id="points-cells").text == "2 points"
    assert "Late: an answer is worth 90" in page.one(id="notices").text


def test_collapsed_side_panel_shows_due_date(
    world: World,
) -> None:
    due = {"due": "2026-11-03 12:00", "late": [{"days": 1, "credit": "90%"}]}
    student, assigned, _ = open_problem(world, timeline_spec=due)
    page = Browser(world, student).get(assigned.path)
    assert "Due Tue 3 Nov 2026, 12:00" in page.one(id="side").one("summary").text
    assert "Late" not in page.one(id="notices").text
    world.clock.advance(hours=30)
    page = Browser(world, student).get(assigned.path)
    assert "Was due Tue 3 Nov 2026, 12:00" in page.one(id="side").one("summary").text
    assert "Late: an answer is worth 90 % until Wed 4 Nov" in page.one(id="notices").text


def test_text_answer_waits_for_grading(world: World) -> None:
    student, assigned, browser = open_problem(world, attempts=3)
    student.submit(assigned, {"why": "Fewer parameters."})
    page = browser.get(assigned.path)
    assert read_feedback(page, "why").startswith(WAITING)
    assert "attempts left" not in read_feedback(page, "why")
    assert "Read as" not in read_feedback(page, "why")


def test_excused_student_sees_notice(world: World) -> None:
    course = world.course()
    student = world.enrol(course)
    teacher = world.enrol(course, role="instructor")
    [assigned] = world.assignment(course)
    path = f"/assignments/{assigned.assignment}/excuses"
    done = teacher.post(path, {"student": str(student.id), "reason": "ill"})
    assert done.status_code < 300, done.text
    page = Browser(world, student).get(assigned.path)
    assert "You are excused from this assignment" in page.one(id="notices").text


def test_staff_preview_problem_but_cannot_submit(world: World) -> None:
    course = world.course()
    grader = world.enrol(course, role="grader")
    [assigned] = world.assignment(course)
    browser = Browser(world, grader)
    page = browser.get(assigned.path)
    assert "This is a preview. Only students can submit." in page.one(id="notices").text
    assert not page.one("form", id="answers").all("button", name="check")
    refused = browser.send(page.one("form", id="answers"), check="cells", **{"answer.cells": "9"})
    assert refused.status == 403
    assert "Staff submit as the test student" in read_feedback(refused, "cells")


def test_side_panel_lists_all_problems_with_state(world: World) -> None:
    student, assigned, browser = open_problem(world, TEXT_PROBLEM, PAPER)
    student.submit(assigned, {"cells": "9"})
    side = browser.get(assigned.path).one(id="side")
    items = [item.text for item in side.all("li")]
    assert len(items) == 2
    assert "1 of 3 parts answered" in items[0]
    assert "Not opened" in items[1]
    assert side.one("a", aria_current="page")["href"] == assigned.path


def test_arrays_in_statement_can_be_copied(world: World) -> None:
    _, assigned, browser = open_problem(world, PAPER)
    page = browser.get(assigned.path)
    assert page.one("button", data_copy="[[1, 0], [0, 1]]")
    assert page.one("table", has="tensor-cells").rows() == [["1", "0"], ["0", "1"]]


def test_void_part_shows_notice(world: World) -> None:
    _, assigned, browser = open_problem(world)
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).voided = {"cells": "full"}
    section = browser.get(assigned.path).one("section", id="part-cells")
    assert "everybody has all its points" in section.text


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "</textarea><b>x", "{{ 7*7 }}"])
def test_typed_answers_are_escaped(world: World, hostile: str) -> None:
    _, assigned, browser = open_problem(world, TEXT_PROBLEM)
    typed = {"answer__cells": hostile, "answer__doubled": hostile, "answer__why": hostile}
    submit_form(browser, assigned, "check=cells", **typed)
    page = browser.get(assigned.path)
    assert hostile not in page.source or hostile == "{{ 7*7 }}"
    assert read_value(page, "answer.cells") == hostile
    assert page.one("textarea", name="answer.why").text == hostile


def test_typed_answers_never_reach_tex_converter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(CONVERTER, "convert", lambda source, **_: asked.append(source) or "<math/>")
    options = 'parts:\n  - {id: cells, kind: choice, prompt: "Which?", key: "\'x\'", options: '
    source = TEXT_PROBLEM.partition("parts:")[0] + options + "{x: a, y: b}, reason: told}\n"
    student, assigned, browser = open_problem(world, source)
    typed = f"$x+4711$ ${'(' * 25}$"
    done = student.submit(assigned, {"cells": typed})
    assert typed in done.json()["results"][0]["feedback"]
    submission = f"/submissions/{done.json()['id']}"
    for path in (assigned.path, submission, f"{assigned.path}/submissions"):
        assert "((((" in browser.get(path).text
    assert asked == []


def test_page_shows_credit_of_current_and_next_attempt(world: World) -> None:
    student, assigned, browser = open_problem(world, by_attempt=[1, "1/2", "2/5"], attempts=3)
    first = browser.get(assigned.path)
    line = "This attempt is worth 100 % of the points, the next one 50 %."
    assert first.one(id="left-cells").text == f"3 of 3 attempts left · {line}"
    assert first.one(id="left-why").text == ""
    student.submit(assigned, {"cells": "7"})
    second = read_feedback(browser.get(assigned.path), "cells")
    assert "This attempt is worth 50 % of the points, the next one 40 %." in second
    student.submit(assigned, {"cells": "8"})
    assert "Last attempt of 3" in read_feedback(browser.get(assigned.path), "cells")
    assert "This attempt is worth 40 % of the points." in read_feedback(
        browser.get(assigned.path), "cells"
    )
    student.submit(assigned, {"cells": "6"})
    assert "is worth" not in browser.get(assigned.path).one(id="part-cells").text


def test_attempt_credit_is_hidden_if_all_attempts_are_equal(world: World) -> None:
    _, assigned, browser = open_problem(world, attempts=3)
    assert browser.get(assigned.path).one(id="left-cells").text == "3 of 3 attempts left"


def test_option_labels_show_letters_but_no_ids(world: World) -> None:
    choice = (
        "id: which-one\ntitle: Which one\ntopic: training\ndifficulty: 1\n"
        "statement: Think.\nparts:\n"
        "  - {id: word, kind: choice, prompt: 'Which?', options: {both: Both lead to it.,"
        " none: Neither does.}, key: \"'both'\", reason: facts}\n"
        "  - {id: letter, kind: choices, prompt: 'Which?', options: {a: ReLU, b: GELU},"
        " key: \"('a',)\", reason: facts}\n"
    )
    student = world.enrol(course := world.course(), "Ann Example")
    [assigned] = world.assignment(course, choice)
    page = Browser(world, student).get(assigned.path)
    assert "both Both" not in page.one(id="part-word").text
    assert [one.text for one in page.one(id="part-word").all("label")] == [
        "Both lead to it.",
        "Neither does.",
    ]
    assert [one.text for one in page.one(id="part-letter").all("b")] == ["a", "b"]


def test_cells_of_named_values_show_their_names(world: World) -> None:
    student = world.enrol(course := world.course(), "Ann Example")
    [assigned] = world.assignment(course, "iou-two-boxes")
    part = Browser(world, student).get(assigned.path).one(id="part-areas")
    assert [one.text for one in part.all("th", scope="col")] == ["truth", "prediction"]
    assert [one["aria-label"] for one in part.all("input", name="cell.areas")] == [
        "truth",
        "prediction",
    ]


def test_practice_typesets_the_parsed_answer(world: World) -> None:
    text = (
        "id: two-by-two\ntitle: Two by two\ntopic: training\ndifficulty: 1\n"
        "params: {N: {integers: [2, 9], original: 3}}\n"
        "statement: Let $N = {{N}}$.\nparts:\n"
        "  - {id: array, kind: matrix, size: asked, prompt: 'Which?', key: '((5, 6), (9, N))'}\n"
    )
    student = world.enrol(course := world.course(), "Ann Example")
    [assigned] = world.assignment(course, text, timeline_spec={"due": "2026-11-03 12:00"})
    Browser(world, student).get(assigned.path)
    world.clock.advance(days=3)
    browser = Browser(world, student)
    page = browser.get(f"{assigned.path}/practice")
    sent = browser.send(page.one("form", has="practice"), **{"answer.array": "[[5, 6], [9, 7]]"})
    said = sent.one(id="told-array")
    assert "[[5, 6], [9, 7]]" not in said.text
    assert [one.text for one in said.one("math").all("mn")] == ["5", "6", "9", "7"]


def test_reading_preview_warns_about_wrong_number_of_dimensions(world: World) -> None:
    student = world.enrol(course := world.course(), "Ann Example")
    [assigned] = world.assignment(course, "conv-output-shape")
    browser = Browser(world, student)
    [card, *_] = [
        one
        for one in browser.get(assigned.path).all("input")
        if one.get("name", "").startswith("answer.")
    ]
    form = {"part": card["name"].partition(".")[2]}
    read = browser.post(f"{assigned.path}/reading", form | {card["name"]: "12x12"})
    assert "The shape has 2 dimensions; it needs 3" in read.text
    assert (
        "it needs"
        not in browser.post(f"{assigned.path}/reading", form | {card["name"]: "12x12x3"}).text
    )
