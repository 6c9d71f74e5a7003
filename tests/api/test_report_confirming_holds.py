"""Property of reports: confirming answers gives the grades of typing the same answers.

It holds for certain and doubtful passages, for another passage than the chosen one, and for typed
corrections, in any order and in any number of confirmations.
"""

import json
import random
from collections import Counter

import pytest
from uploads import create_report, report_path
from world import TEXT_PROBLEM

SEEDS = 12
CONFIRMATIONS = 3
CELLS = (
    "How many cells: 9",
    "How many cells: 8",
    "Cells: 9\n\nCells: 18",
    "Cells: 8\n\nCells: 9\n\nCells: 7",
    "How many cells: nine or ten?",
    "Cells, about: 2,55,1",
    "",
)
DOUBLED = (
    "Twice that, doubled: 18",
    "Twice that, doubled: 16",
    "Doubled: 16\n\nDoubled: 18",
    "Twice: 18, or else 16.",
    "",
)
WHY = ("Why: Small kernels have fewer parameters.", "Why: It is deep.\n\nWhy: It is good.", "")
TYPED = {
    "cells": ("9", "8", "18/2", "9 or so, 10?", 9, 0, 0.0, [0]),
    "doubled": ("18", "16", "2*9", "many", 18.0, 0, [[18]]),
    "why": ("Fewer parameters.", "Because."),
}
FIELDS = ("results", "standing", "late_credit", "messages")


def write_report(draw: random.Random) -> str:
    """Return a report whose answers are certain, doubtful, unreadable or missing."""
    texts = [draw.choice(choices) for choices in (CELLS, DOUBLED, WHY)]
    lines = [f"({letter}) {text}\n" for letter, text in zip("abc", texts, strict=True)]
    return "\n".join(["# Homework 1", "", "## 1. Why small kernels", "", *lines])


def choose_answers(report, draw: random.Random, seen: Counter) -> tuple[list[dict], dict[str, str]]:
    """Return what to confirm, and the same answers as a student types them."""
    confirmed, typed = [], {}
    for part in draw.sample(report["parts"], draw.randint(1, len(report["parts"]))):
        name, passages = part["part"], part["passages"]
        answer = {"problem": part["problem"], "part": name}
        if passages and draw.random() < 0.7:
            index = draw.randrange(len(passages))
            answer["passage"], typed[name] = index, passages[index]["text"]
            seen["other passage" if index else part["confidence"]] += 1
        else:
            answer["answer"] = typed[name] = draw.choice(TYPED[name])
            seen["typed"] += 1
        confirmed.append(answer)
    return confirmed, typed


def compare_submissions(student, typist, assigned, report, draw, seen) -> None:
    confirmed, typed = choose_answers(report, draw, seen)
    done = student.post(f"{report_path(report)}/confirm", {"answers": confirmed}).json()
    submitted = typist.submit(assigned, typed)
    [item] = done["items"]
    if item["error"] is not None:
        assert (item["error"]["code"], item["error"]["status"]) == (
            submitted.json()["code"],
            submitted.status_code,
        )
        seen[item["error"]["code"]] += 1
        return
    assert submitted.status_code == 201, submitted.text
    body = submitted.json()
    assert select_grading(item["submission"]) == select_grading(body)
    seen.update(result["status"] for result in body["results"])


def select_grading(submission):
    """Return how a submission was graded; of a repeated answer, that it repeats another."""
    results = [row | {"repeats": bool(row["repeats"])} for row in submission["results"]]
    return {name: submission[name] for name in FIELDS} | {"results": results}


def load_grades(person, course):
    """Return the grades of a person."""
    grades = person.get(f"/courses/{course}/grades")
    assert grades.status_code == 200, grades.text
    return grades.json()


@pytest.fixture
def graded_course(world, course):
    """A course with an assignment that takes three attempts, the last ones for less credit."""
    [assigned] = world.assignment(course, TEXT_PROBLEM, by_attempt=["1", "1/2", "1/4"], attempts=3)
    return assigned


def test_confirming_gives_the_grades_of_typing_the_same_answers(world, course, graded_course):
    seen: Counter = Counter()
    for seed in range(SEEDS):
        draw = random.Random(seed)  # noqa: S311  # repeatable
        student, typist = (world.enrol(course, f"{name} {seed}") for name in ("Stu", "Typ"))
        report = create_report(student, graded_course, write_report(draw))
        for _ in range(CONFIRMATIONS):
            compare_submissions(student, typist, graded_course, report, draw, seen)
        assert load_grades(student, course) == load_grades(typist, course)
    cases = {"certain", "doubtful", "other passage", "typed", "correct", "unreadable"}
    assert {case for case in cases if seen[case] < 2} == set()


@pytest.mark.parametrize(
    "value",
    [0, 0.0, -0.0, 9, 9.0, [0], [0.0], [[0, 0], [0, 0]], [0, ""]],
    ids=json.dumps,
)
def test_json_value_is_confirmed_as_it_is_submitted(world, course, graded_course, value):
    student, typist = (world.enrol(course, name) for name in ("Stu Dent", "Ty Pist"))
    report = create_report(student, graded_course)
    answer = {"problem": graded_course.slug, "part": "cells", "answer": value}
    done = student.post(f"{report_path(report)}/confirm", {"answers": [answer]}).json()
    submitted = typist.submit(graded_course, {"cells": value}).json()
    [item] = done["items"]
    assert select_grading(item["submission"]) == select_grading(submitted)
    assert submitted["results"][0]["status"] != "missing"


@pytest.mark.parametrize("value", [False, [False], {"cells": 0}], ids=json.dumps)
def test_json_value_that_no_submission_takes_cannot_be_confirmed(student, graded_course, value):
    report = create_report(student, graded_course)
    answer = {"problem": graded_course.slug, "part": "cells", "answer": value}
    refused = student.post(f"{report_path(report)}/confirm", {"answers": [answer]})
    submitted = student.submit(graded_course, {"cells": value})
    assert (refused.status_code, refused.json()["code"]) == (422, submitted.json()["code"])
