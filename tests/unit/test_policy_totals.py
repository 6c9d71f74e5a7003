"""Tests of totals: voided, excused, dropped and extra items, and scores set by hand."""

from fractions import Fraction

import pytest

from grader.policy import (
    PartLine,
    PartProgress,
    ProblemGroup,
    ProblemLine,
    StoredAnswer,
    SubmissionRules,
    Timeline,
    build_part_line,
    compute_assignment_grade,
    compute_problem_grade,
    evaluate_part_progress,
    format_rounded_number,
)
from grader.policy.parts import EXCLUDED_TEXT
from grader.policy.score_breakdown import BreakdownStep

NINE, HALF, THIRD = Fraction(9, 10), Fraction(1, 2), Fraction(1, 3)


def part(credit, points=2, name="width", **given):
    exact = None if credit is None else Fraction(credit)
    return PartLine(name, Fraction(points), exact, **given)


def whole(score, possible=10, name="sizes", **given):
    """Return a problem of one part with a score."""
    parts = (part(Fraction(score, possible), possible),)
    return ProblemLine(name, Fraction(possible), parts, **given)


def figures(graded):
    return graded.score, graded.possible, graded.waiting


@pytest.mark.parametrize(
    ("points", "parts", "score", "possible", "waiting"),
    [
        (10, [], 0, 0, False),
        (10, [part(1, 0)], 0, 0, False),
        (0, [part(1)], 0, 0, False),
        (2, [part(None)], 0, 2, False),
        (2, [part(None, waiting=True)], 0, 2, True),
        (2, [part(HALF, waiting=True)], 1, 2, True),
        (2, [part(THIRD)], Fraction(2, 3), 2, False),
        (10, [part(1, 2), part(0, 3)], 4, 10, False),
        (10, [part(1, 2), part(None, 3)], 4, 10, False),
        (1, [part(1, 1), part(1, 1), part(0, 1)], Fraction(2, 3), 1, False),
        # voided
        (2, [part(None, voided="full")], 2, 2, False),
        (2, [part(0, voided="full", waiting=True)], 2, 2, False),
        (2, [part(1, voided="out", waiting=True)], 0, 0, False),
        (10, [part(1, 2, voided="out"), part(HALF, 3)], 3, 6, False),
        (10, [part(0, 2, voided="full"), part(HALF, 3)], 7, 10, False),
        # set by hand, in the part's own points
        (2, [part(None, override=Fraction(1))], 1, 2, False),
        (2, [part(HALF, waiting=True, override=Fraction(0))], 0, 2, False),
        (2, [part(1, override=Fraction(3))], 3, 2, False),
        (10, [part(0, 2, override=Fraction(1)), part(0, 3)], 2, 10, False),
        (0, [part(0, 0, override=Fraction(1))], 0, 0, False),
        (2, [part(0, voided="full", override=Fraction(1))], 1, 2, False),
        (2, [part(0, voided="out", override=Fraction(1))], 0, 0, False),
        (2, [part(0, voided="out", waiting=True), part(1)], 1, 1, False),
    ],
)
def test_problem_grade_scales_its_parts_to_its_points(points, parts, score, possible, waiting):
    line = ProblemLine("sizes", Fraction(points), tuple(parts))
    assert figures(compute_problem_grade(line)) == (score, possible, waiting)


@pytest.mark.parametrize(
    ("given", "score", "possible", "waiting"),
    [
        ({"excused": True}, 0, 0, False),
        ({"excused": True, "override": Fraction(9)}, 0, 0, False),
        ({"override": Fraction(9)}, 9, 2, False),
        ({"extra": True}, 1, 2, True),
    ],
)
def test_problem_may_be_excused_or_overridden(given, score, possible, waiting):
    line = ProblemLine("sizes", Fraction(2), (part(HALF, waiting=True),), **given)
    assert figures(compute_problem_grade(line)) == (score, possible, waiting)


@pytest.mark.parametrize(
    ("problems", "given", "score", "possible"),
    [
        ([], {}, 0, 0),
        ([whole(7), whole(2, 5, "out")], {}, 9, 15),
        ([whole(7), whole(2, 5, "out", excused=True)], {}, 7, 10),
        ([whole(7), whole(2, 5, "out", extra=True)], {}, 9, 10),
        ([whole(7), whole(2, 5, "out", extra=True, excused=True)], {}, 7, 10),
        ([whole(2, 5, "out", extra=True)], {}, 2, 0),
        ([whole(7)], {"override": Fraction(8)}, 8, 10),
        ([whole(7)], {"excused": True}, 0, 0),
        ([whole(7)], {"excused": True, "override": Fraction(8)}, 0, 0),
    ],
)
def test_assignment_grade_is_the_sum_of_its_problems(problems, given, score, possible):
    assert figures(compute_assignment_grade(problems, **given)) == (score, possible, False)


ABC = ("a", "b", "c")


def quizzes(*marks):
    """Return problems a, b, c, … with these pairs of score and possible points."""
    return [whole(*mark, name=name) for name, mark in zip("abcdef", marks, strict=False)]


@pytest.mark.parametrize(
    ("problems", "drop", "score", "possible"),
    [
        ([], 1, 0, 0),
        (quizzes((3, 10)), 1, 3, 10),  # never the last one
        (quizzes((3, 10), (5, 10)), 0, 8, 20),
        (quizzes((3, 10), (5, 10)), 1, 5, 10),
        (quizzes((3, 10), (5, 10)), 9, 5, 10),
        (quizzes((4, 10), (1, 2), (9, 10)), 1, 10, 12),  # by percentage, not by points
        (quizzes((0, 10), (0, 5), (8, 10)), 1, 8, 15),  # of equal ones the larger
        (quizzes((5, 10), (5, 10), (5, 10)), 2, 5, 10),
        ([*quizzes((3, 10), (9, 10)), whole(0, 10, "c", extra=True)], 1, 9, 10),
        ([*quizzes((3, 10), (9, 10)), whole(0, 10, "c", excused=True)], 1, 9, 10),
        ([*quizzes((3, 10)), whole(0, 10, "c", excused=True)], 1, 3, 10),
        ([*quizzes((3, 10), (9, 10)), ProblemLine("c", Fraction(5), ())], 2, 9, 10),
        ([*quizzes((3, 10), (9, 10)), whole(1, 10, "outside")], 1, 10, 20),
    ],
)
def test_group_drops_its_lowest_problems_by_percentage(problems, drop, score, possible):
    groups = [ProblemGroup("quizzes", drop, (*ABC, "unknown"))]
    graded = compute_assignment_grade(problems, groups)
    assert (graded.score, graded.possible) == (score, possible)


def test_tie_for_lowest_drops_the_later_problem():
    graded = compute_assignment_grade(quizzes((5, 10), (5, 10)), [ProblemGroup("quizzes", 1, ABC)])
    assert graded.explanation[-2] == "quizzes: b does not count, as the lowest (50 %)"


@pytest.mark.parametrize(
    ("line", "given", "waiting"),
    [
        (whole(1), {}, False),
        (ProblemLine("a", Fraction(2), (part(None, waiting=True),)), {}, True),
        (ProblemLine("a", Fraction(2), (part(None, waiting=True),), excused=True), {}, False),
        (ProblemLine("a", Fraction(2), (part(None, waiting=True),)), {"excused": True}, False),
        (
            ProblemLine("a", Fraction(2), (part(None, waiting=True),)),
            {"override": Fraction(1)},
            False,
        ),
    ],
)
def test_assignment_waits_while_pending_grading_may_change_its_score(line, given, waiting):
    """A dropped problem waits too: its mark may change which problem is dropped."""
    groups = [ProblemGroup("quizzes", 1, ("a", "b"))]
    assert compute_assignment_grade([line, whole(9, name="b")], groups, **given).waiting is waiting


STEPS = (Timeline(due=1000, steps=((1100, NINE),)),)


def standing(credit, attempt, at, *, text=False):
    """Return the progress after one answer."""
    exact = None if credit is None else Fraction(credit)
    late = NINE if at > 1000 else Fraction(1)
    answer = StoredAnswer("s1", 1, at, attempt, "v", "wrong", exact, late)
    rules = SubmissionRules(STEPS, by_attempt=(Fraction(1), HALF, THIRD, THIRD))
    return evaluate_part_progress(rules, [answer], text=text)


@pytest.mark.parametrize(
    ("found", "given", "said"),
    [
        (PartProgress(), {}, "0 of 2 points (no answer)"),
        (standing(None, None, 1), {}, "0 of 2 points (not graded yet)"),
        (
            standing(HALF, 1, 1050),
            {},
            "1 of 2 points (credit 1/2) × 1 (first attempt) × 9/10 (late) = 0.9",
        ),
        (
            standing(THIRD, 2, 1),
            {},
            "2/3 of 2 points (credit 1/3) × 1/2 (second attempt) × 1 (on time) = 1/3",
        ),
        (
            standing(1, 4, 1),
            {},
            "2 of 2 points (credit 1) × 1/3 (attempt 4) × 1 (on time) = 2/3",
        ),
        (
            standing(HALF, None, 1050, text=True),
            {},
            "1 of 2 points (credit 1/2) × 9/10 (late) = 0.9",
        ),
        (
            standing(1, 3, 1),
            {"override": Fraction(1)},
            "2 of 2 points (credit 1) × 1/3 (third attempt) × 1 (on time) = 2/3; set by hand to 1",
        ),
        (PartProgress(), {"override": Fraction(2)}, "0 of 2 points (no answer); set by hand to 2"),
        (PartProgress(), {"voided": "full"}, "2 of 2 points (voided: full marks for everyone)"),
        (PartProgress(), {"voided": "out"}, EXCLUDED_TEXT),
    ],
)
def test_part_explanation_leads_from_credit_to_score(found, given, said):
    line = build_part_line("width", Fraction(2), found, **given)
    graded = compute_problem_grade(ProblemLine("sizes", Fraction(2), (line,)))
    assert graded.explanation[0] == f"sizes, width: {said}"


def test_score_breakdown_contains_steps_as_data():
    line = build_part_line("width", Fraction(2), standing(HALF, 1, 1050))
    reckoning = compute_problem_grade(ProblemLine("sizes", Fraction(2), (line,))).breakdowns[0]
    assert [(step.label, step.value) for step in reckoning.steps] == [
        ("credit", 1),
        ("attempt", 1),
        ("late", NINE),
        ("score", NINE),
    ]


def test_every_number_of_an_assignment_grade_is_explained_with_parts_first():
    problems = [
        ProblemLine("sizes", Fraction(10), (part(HALF, 2), part(1, 3, "depth"))),
        ProblemLine("pools", Fraction(1), (part(None, 1),)),
        ProblemLine("hard", Fraction(1), (part(1, 1),), extra=True),
        ProblemLine("gone", Fraction(5), (part(None, 5),), excused=True),
    ]
    groups = [ProblemGroup("quizzes", 1, ("sizes", "pools", "hard", "gone"))]
    assert compute_assignment_grade(problems, groups, override=Fraction(9)).explanation == (
        "sizes, width: 1 of 2 points (credit 1/2)",
        "sizes, depth: 3 of 3 points (credit 1)",
        "sizes: 1 (width) + 3 (depth) = 4 of 5 points × 2 (worth 10 here) = 8 of 10 points",
        "pools, width: 0 of 1 point (no answer)",
        "pools: 0 (width) = 0 of 1 point",
        "hard, width: 1 of 1 point (credit 1)",
        "hard: 1 (width) = 1 of 1 point",
        "gone: excused, left out of the score and of the maximum",
        "quizzes: pools does not count, as the lowest (0 %)",
        "Total: 8 (sizes) + 1 (hard, extra) = 9 of 10 points; set by hand to 9",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ProblemLine("sizes", Fraction(4), ()), "sizes: 0 of 0 points"),
        (ProblemLine("sizes", Fraction(4), (part(1, voided="out"),)), "sizes: 0 of 0 points"),
    ],
)
def test_problem_without_remaining_parts_is_worth_nothing(line, said):
    assert compute_problem_grade(line).explanation[-1] == said


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(-1, 2), "-0.5"),
        (Fraction(-5), "-5"),
        (Fraction(10), "10"),
        (Fraction(100), "100"),
        (Fraction(9, 10), "0.9"),
        (Fraction(1, 20), "0.05"),
        (Fraction(1205, 100), "12.05"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-2, 3), "-2/3"),
        (Fraction(1, 200), "1/200"),
        (Fraction(1, 3001), "about 0"),
        (Fraction(250, 3), "about 83.33"),
        (Fraction(-250, 3), "about -83.33"),
        (Fraction(7, 3), "about 2.33"),
        (Fraction(2999, 1000), "about 3"),
    ],
)
def test_rounded_numbers_are_formatted_for_people(number, text):
    assert format_rounded_number(number) == text


def pending(graded):
    return graded.pending.score, graded.pending.possible


def essay(possible=5, name="essay", **given):
    """Return a problem of one part that waits for manual grading."""
    return ProblemLine(name, Fraction(possible), (part(None, possible, waiting=True),), **given)


@pytest.mark.parametrize(
    ("line", "given", "found"),
    [
        (essay(), {}, (0, 5)),
        (ProblemLine("a", Fraction(4), (part(HALF, waiting=True),)), {}, (2, 4)),
        (ProblemLine("a", Fraction(6), (part(1, 1), part(None, 2, waiting=True))), {}, (0, 4)),
        (ProblemLine("a", Fraction(2), (part(0, waiting=True, voided="out"),)), {}, (0, 0)),
        (ProblemLine("a", Fraction(2), (part(0, waiting=True, override=HALF),)), {}, (0, 0)),
        (essay(override=Fraction(3)), {}, (0, 0)),
        (essay(excused=True), {}, (0, 0)),
        (essay(extra=True), {}, (0, 0)),
        (essay(), {"override": Fraction(3)}, (0, 0)),
        (essay(), {"excused": True}, (0, 0)),
    ],
)
def test_points_are_pending_until_a_person_grades_them(line, given, found):
    assert pending(compute_assignment_grade([line, whole(9, name="b")], **given)) == found


@pytest.mark.parametrize(
    ("problems", "found"),
    [
        ([essay(), whole(3, 10)], (3, 15)),
        ([essay(), whole(3, 10), whole(4, 10, name="b")], (4, 15)),
        ([whole(3, 10), whole(4, 10, name="b")], (4, 10)),
    ],
)
def test_problem_that_awaits_grading_is_not_dropped_as_lowest(problems, found):
    groups = [ProblemGroup("g", 1, ("essay", "sizes", "b"))]
    graded = compute_assignment_grade(problems, groups)
    assert (graded.score, graded.possible) == found


def test_assignment_explanation_contains_number_of_pending_points():
    assert compute_assignment_grade([essay(), whole(9, name="b")]).explanation[-1] == (
        "Total: 0 (essay) + 9 (b) = 9 of 15 points; with 5 ungraded points"
    )


def test_breakdown_steps_are_built_lazily(monkeypatch):
    told: list[str] = []

    def noted(label, *rest):
        told.append(label)
        return BreakdownStep(label, *rest)

    for module in ("parts", "totals"):
        monkeypatch.setattr(f"grader.policy.{module}.BreakdownStep", noted)
    line = build_part_line("width", Fraction(2), standing(HALF, 1, 1050))
    total = compute_assignment_grade([ProblemLine("sizes", Fraction(4), (line,))])
    assert (total.possible, told) == (4, [])
    assert len(total.breakdowns) == 3
    assert {"credit", "part", "problem", "score"} <= set(told)
