"""Tests of the course percentage: weights, drops, extra work and ungraded work."""

from fractions import Fraction

import pytest

from grader.policy import AssignmentLine, GradeCategory, Score, compute_course_grade


def line(score, possible=10, category="hw", name="HW 1", **given):
    """Return an assignment with a score, or with none."""
    exact = None if score is None else Fraction(score)
    return AssignmentLine(name, name, category, exact, Fraction(possible), **given)


def hw(*scores, **given):
    return [line(score, name=f"HW {at}", **given) for at, score in enumerate(scores, 1)]


HW, EXAM = GradeCategory("hw", Fraction(40)), GradeCategory("exam", Fraction(60))
FINAL = line(9, category="exam", name="Final")


@pytest.mark.parametrize(
    ("assignments", "percent"),
    [
        ([], None),
        (hw(None), None),
        (hw(0), 0),
        (hw(5, 8), 65),
        (hw(5, None), 50),
        ([line(5), line(1, 2, name="small")], 50),
        ([line(5), line(2, 2, name="bonus", extra=True)], 70),
        ([line(2, 2, name="bonus", extra=True)], None),
        ([line(5), line(0, name="ill", excused=True)], 50),
        ([line(0, name="ill", excused=True)], None),
        ([line(5), line(1, name="begun", is_due=False)], 50),
        ([line(1, name="begun", is_due=False)], None),
        ([line(0, 0, name="void")], None),
        ([line(12)], 120),
    ],
)
def test_course_grade_without_categories_is_the_sum_of_graded_assignments(assignments, percent):
    found = compute_course_grade(assignments)
    expected = (0, 0) if percent is None else (percent, 100)
    assert (found.score, found.possible) == expected


@pytest.mark.parametrize(
    ("assignments", "categories", "percent"),
    [
        ([], [HW, EXAM], None),
        (hw(None), [HW, EXAM], None),
        (hw(5), [HW], 50),
        ([*hw(5), FINAL], [HW, EXAM], 74),
        ([*hw(5)], [HW, EXAM], 50),
        ([*hw(5), line(None, category="exam", name="Final")], [HW, EXAM], 50),
        ([*hw(5), line(0, category="exam", name="Final", excused=True)], [HW, EXAM], 50),
        ([*hw(5), line(3, category="exam", name="bonus", extra=True)], [HW, EXAM], 50),
        ([*hw(5), line(0, category="exam", name="Final")], [HW, EXAM], 20),
        ([*hw(5), FINAL, line(0, category="old", name="x")], [HW, EXAM], 74),
        ([*hw(5), FINAL], [HW, GradeCategory("exam", Fraction(0))], 50),
        (hw(5), [GradeCategory("hw", Fraction(0))], None),
        ([*hw(1, 5), FINAL], [GradeCategory("hw", Fraction(40), drop_lowest=1), EXAM], 74),
        (hw(3), [GradeCategory("hw", Fraction(40), drop_lowest=1)], 30),
        (hw(3, None), [GradeCategory("hw", Fraction(40), drop_lowest=1)], 30),
        (
            [*hw(3, 5), line(0, name="bonus", extra=True)],
            [GradeCategory("hw", Fraction(40), drop_lowest=1)],
            50,
        ),
    ],
)
def test_categories_without_graded_work_redistribute_their_weight(assignments, categories, percent):
    found = compute_course_grade(assignments, categories)
    expected = (0, 0) if percent is None else (percent, 100)
    assert (found.score, found.possible) == expected


def test_weights_need_not_add_up_to_a_hundred():
    categories = [GradeCategory("hw", Fraction(2)), GradeCategory("exam", Fraction(1))]
    assert compute_course_grade([*hw(5), FINAL], categories).score == Fraction(190, 3)


@pytest.mark.parametrize(
    ("given", "waiting"),
    [({}, True), ({"excused": True}, False), ({"category": "old"}, False)],
)
def test_course_waits_only_for_assignments_that_count(given, waiting):
    lines = [line(5, **{"waiting": True, **given}), FINAL]
    assert compute_course_grade(lines, [HW, EXAM]).waiting is waiting


def waits(score, held, pending, possible=10, name="HW", **given):
    """Return an assignment that waits for *pending* points; its score has *held* of them."""
    left_out = Score(Fraction(held), Fraction(pending))
    return line(score, possible, name=name, waiting=True, pending=left_out, **given)


ONE_DROPPED = [GradeCategory("hw", Fraction(1), drop_lowest=1)]


@pytest.mark.parametrize(
    ("assignments", "categories", "percent", "left_out"),
    [
        ([line(8, 11), waits(23, 0, 5, 28)], [], Fraction(3100, 34), 5),
        ([line(8, 11), waits(23, 2, 5, 28)], [], Fraction(2900, 34), 5),
        ([line(8, 11), waits(0, 0, 28, 28)], [], Fraction(800, 11), 28),
        ([waits(0, 0, 28, 28)], [], None, 28),
        ([line(8), waits(1, 0, 5, extra=True)], [], 90, 0),
        ([line(8), waits(1, 0, 5, excused=True)], [], 80, 0),
        ([line(8), waits(1, 0, 5, category="old")], [HW], 80, 0),
        # what waits is not dropped, nor what is better in its place
        ([line(8), waits(0, 0, 5, name="B")], ONE_DROPPED, Fraction(800, 15), 5),
        ([line(8), waits(0, 0, 10, name="B")], ONE_DROPPED, 80, 10),
        ([line(8), line(4, name="B"), waits(1, 0, 5, name="C")], ONE_DROPPED, 60, 5),
        ([line(8), line(4, name="B"), waits(0, 0, 10, name="C")], ONE_DROPPED, 80, 10),
        ([waits(3, 0, 5), waits(1, 0, 5, name="B")], ONE_DROPPED, 40, 10),
        # a category in which everything waits gives its weight away
        ([*hw(5), waits(0, 0, 10, category="exam")], [HW, EXAM], 50, 10),
    ],
)
def test_pending_points_are_excluded_and_their_assignments_are_not_dropped(
    assignments, categories, percent, left_out
):
    found = compute_course_grade(assignments, categories)
    expected = (0, 0) if percent is None else (percent, 100)
    assert (found.score, found.possible, found.pending.possible) == (*expected, left_out)


def test_course_explanation_contains_number_of_pending_points():
    lines = [line(8, 11), waits(23, 0, 5, 28, name="HW 2"), waits(0, 0, 1, 1, name="HW 3")]
    [said] = compute_course_grade(lines).explanation
    assert said == (
        "Total: 8 (HW 1) + 23 (HW 2, without 5 ungraded points) + 0 (HW 3, without "
        "1 ungraded point) = 31 of 34 points = about 91.18 %"
    )


def test_every_number_of_a_course_grade_is_explained():
    lines = [
        *hw(1, 5, 8),
        line(0, name="HW 4", excused=True),
        line(1, 2, name="Bonus", extra=True),
        line(0, name="Trial", category="old"),
        line(None, name="Final", category="exam"),
        line(1, name="Extra talk", category="talks", extra=True),
        line(10, name="Lab", category="labs"),
    ]
    categories = [
        GradeCategory("hw", Fraction(20), drop_lowest=1),
        EXAM,
        GradeCategory("talks", Fraction(10)),
        GradeCategory("labs", Fraction(10)),
    ]
    assert compute_course_grade(lines, categories).explanation == (
        "HW 4: does not count: excused",
        "Trial: does not count: it is in no category",
        "HW 1: does not count: the lowest of hw",
        "hw: 5 (HW 2) + 8 (HW 3) + 1 (Bonus, extra) = 14 of 20 points = 70 %",
        "exam: nothing is graded yet",
        "talks: only extra work so far, which needs other work to add to",
        "labs: 10 (Lab) = 10 of 10 points = 100 %",
        "Total: about 46.67 (hw: 70 % × 2/3) + about 33.33 (labs: 100 % × 1/3) = 80 %",
    )


@pytest.mark.parametrize(
    ("assignments", "categories", "said"),
    [
        ([], [], "Total: nothing is graded yet"),
        ([], [HW], "Total: nothing is graded yet"),
        (hw(5, 8), [], "Total: 5 (HW 1) + 8 (HW 2) = 13 of 20 points = 65 %"),
    ],
)
def test_last_line_of_course_explanation_is_the_total(assignments, categories, said):
    assert compute_course_grade(assignments, categories).explanation[-1] == said
