"""Tests of all totals: sums are exact, steps add up to them, and a drop costs nothing."""

from dataclasses import replace
from fractions import Fraction

from factories import CALM
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.policy import (
    AssignmentLine,
    ComputedGrade,
    GradeCategory,
    PartLine,
    PartProgress,
    ProblemGroup,
    ProblemLine,
    ScoreBreakdown,
    build_part_line,
    compute_assignment_grade,
    compute_course_grade,
    compute_problem_grade,
)

CREDITS = st.sampled_from([Fraction(one, 12) for one in (0, 1, 3, 4, 6, 8, 9, 12)])
POINTS = st.sampled_from([Fraction(one, 4) for one in (0, 1, 2, 3, 4, 6, 8, 12, 40, 79)])


def standing(raw, attempt, factors, *, waiting):
    """Return the progress in a part whose credit is the product of its factors."""
    one, two = factors
    if raw is None:
        return PartProgress(waiting=waiting)
    return PartProgress(
        raw=raw,
        attempt_factor=one if attempt else Fraction(1),
        late_factor=two,
        credit=raw * (one if attempt else 1) * two,
        waiting=waiting,
        attempt=attempt,
    )


STANDINGS = st.builds(
    standing,
    st.none() | CREDITS,
    st.sampled_from((None, 1, 2, 5)),
    st.tuples(CREDITS, CREDITS),
    waiting=st.booleans(),
)
PARTS = st.builds(
    build_part_line,
    st.sampled_from("xyz"),
    POINTS,
    STANDINGS,
    voided=st.sampled_from(("", "", "", "full", "out")),
    override=st.sampled_from((None, None, None, Fraction(0), Fraction(7, 2))),
)
RARELY = st.sampled_from((False, False, False, True))


PROBLEMS = st.lists(
    st.builds(
        ProblemLine,
        st.sampled_from(("q0", "q1", "q2", "q3")),
        POINTS,
        st.lists(PARTS, max_size=3).map(tuple),
        extra=RARELY,
        excused=RARELY,
        override=st.sampled_from((None, None, None, Fraction(9, 2))),
    ),
    max_size=4,
    unique_by=lambda line: line.problem,
)


def worked(reckoning: ScoreBreakdown) -> Fraction:
    """Return the result of the steps, and check each total on the way."""
    value = Fraction(0)
    for step in reckoning.steps:
        match step.sign:
            case "is" | "set":
                value = step.value
            case "plus":
                value += step.value
            case "times":
                value *= step.value
            case "total" if step.label == "percent":
                value = step.value
            case "total":
                assert step.value == value
    return value


def assert_explained(graded: ComputedGrade) -> None:
    values = [worked(one) for one in graded.breakdowns]
    assert values[-1] == graded.score
    assert len(graded.explanation) == len(values)


@CALM
@given(PROBLEMS, st.none() | POINTS, st.booleans(), st.integers(0, 3))
def test_explanation_steps_of_every_grade_add_up_to_score(lines, override, excused, drop):
    for line in lines:
        assert_explained(compute_problem_grade(line))
    groups = [ProblemGroup("g", drop, ("q0", "q1", "q2"))]
    assert_explained(compute_assignment_grade(lines, groups, override=override, excused=excused))


@CALM
@given(PROBLEMS)
def test_assignment_score_is_sum_of_problem_scores(lines):
    grades = {line.problem: compute_problem_grade(line) for line in lines}
    total = compute_assignment_grade(lines)
    assert total.score == sum(grade.score for grade in grades.values())
    assert total.possible == sum(grades[line.problem].possible for line in lines if not line.extra)
    assert total.waiting is any(grade.waiting for grade in grades.values())


@CALM
@given(PROBLEMS, st.integers(0, 4))
def test_dropping_never_lowers_percentage_of_its_group(lines, drop):
    names = tuple(line.problem for line in lines)
    with_drop = compute_assignment_grade(lines, [ProblemGroup("g", drop + 1, names)])
    without = compute_assignment_grade(lines, [ProblemGroup("g", drop, names)])
    assert with_drop.possible <= without.possible
    assert bool(with_drop.possible) == bool(without.possible)
    assert bool(with_drop.graded_score.possible) == bool(without.graded_score.possible)
    if with_drop.graded_score.possible:  # what waits to be marked has no part in a percentage
        assert with_drop.graded_score.percent >= without.graded_score.percent


@CALM
@given(PROBLEMS, st.data())
def test_voiding_part_for_all_never_worsens_grades(lines, data):
    assume(any(line.parts for line in lines))
    at = data.draw(st.sampled_from([at for at, line in enumerate(lines) if line.parts]))
    first, *others = lines[at].parts
    plain = replace(first, voided="", override=None)
    full, out = (replace(plain, voided=how) for how in ("full", "out"))
    grades = [
        compute_problem_grade(replace(lines[at], override=None, parts=(one, *others)))
        for one in (plain, full, out)
    ]
    assert grades[1].score >= grades[0].score
    assert grades[1].possible == grades[0].possible
    if not lines[at].excused:
        worth = sum(part.points for part in lines[at].parts)
        share = lines[at].points * first.points / worth if worth else 0
        assert grades[0].possible - grades[2].possible == share


@CALM
@given(st.lists(PARTS, min_size=1, max_size=3), POINTS)
def test_rescaled_points_keep_share_of_problem(parts, points):
    own = sum((part.points for part in parts), Fraction(0))
    assume(own and points)
    one, other = (
        compute_problem_grade(ProblemLine("q", worth, tuple(parts)))
        for worth in (own, Fraction(points))
    )
    assert one.score * points == other.score * own
    assert one.possible * points == other.possible * own


@st.composite
def courses(draw):
    """Draw the assignments of a course, in two categories and outside them."""
    return [
        AssignmentLine(
            f"a{at}",
            f"A {at}",
            draw(st.sampled_from(("hw", "hw", "exam", "none"))),
            draw(st.none() | POINTS),
            draw(POINTS),
            extra=draw(RARELY),
            excused=draw(RARELY),
        )
        for at in range(draw(st.integers(0, 6)))
    ]


WEIGHTS = st.sampled_from([Fraction(one, 2) for one in (0, 1, 2, 5, 60)])


@CALM
@given(courses(), WEIGHTS, WEIGHTS, st.integers(0, 2))
def test_course_grade_is_weighted_mean_of_categories(lines, one, two, drop):
    parted = [
        (compute_course_grade([line for line in lines if line.category == name]), weight)
        for name, weight in (("hw", one), ("exam", two))
    ]
    counted = [(grade.score, weight) for grade, weight in parted if grade.possible and weight]
    found = compute_course_grade(lines, [GradeCategory("hw", one), GradeCategory("exam", two)])
    whole = sum(weight for _, weight in counted)
    mean = sum(score * weight for score, weight in counted) / whole if counted else 0
    assert (found.score, found.possible) == (mean, 100 if counted else 0)
    dropping = compute_course_grade(
        lines, [GradeCategory("hw", one, drop), GradeCategory("exam", two)]
    )
    assert dropping.score >= found.score
    for grade in (found, dropping, compute_course_grade(lines)):
        if grade.possible:
            assert_explained(grade)


@CALM
@given(courses(), st.sampled_from([Fraction(1, 3), Fraction(1, 100), Fraction(7)]))
def test_only_weight_proportions_matter(lines, scale):
    plain = [GradeCategory("hw", Fraction(2)), GradeCategory("exam", Fraction(3))]
    scaled = [replace(one, weight=one.weight * scale) for one in plain]
    assert compute_course_grade(lines, plain).score == compute_course_grade(lines, scaled).score


@CALM
@given(POINTS, CREDITS)
def test_part_without_steps_is_explained_by_its_credit(points, credit):
    line = ProblemLine("q", points, (PartLine("x", points, credit),))
    grade = compute_problem_grade(line)
    assert grade.score == (points * credit if points else 0)
    assert_explained(grade)
