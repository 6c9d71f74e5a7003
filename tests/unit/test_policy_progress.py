"""Tests of progress in a part: the best answer after all factors, or the last text.

The factors are those of the attempt and of lateness.
"""

from fractions import Fraction

import pytest

from grader.policy import (
    PartProgress,
    StoredAnswer,
    SubmissionRules,
    Timeline,
    evaluate_part_progress,
)

NINE, HALF, THIRD = Fraction(9, 10), Fraction(1, 2), Fraction(1, 3)
LATE = (Timeline(due=1000, steps=((1100, NINE),), close=1200),)
FALLING = SubmissionRules(LATE, by_attempt=(Fraction(1), HALF, Fraction(1, 4)))


def answer(sequence, attempt, credit, value="", *, at=100, late=1, status="", manual=False):
    """Return one answer; its status follows from its credit unless given."""
    plain = "needs_review" if credit is None else "correct" if credit == 1 else "wrong"
    return StoredAnswer(
        submission=f"s{sequence}",
        sequence=sequence,
        submitted_at=at,
        attempt=attempt,
        value=value or f"v{sequence}",
        status=status or plain,
        credit=None if credit is None else Fraction(credit),
        admitted_late=Fraction(late),
        manual=manual,
    )


def unreadable(sequence, credit=0, value="-"):
    free = answer(sequence, None, credit, status="unreadable")
    return free._replace(value="" if value == "-" else value)


def test_part_without_answers_has_no_credit_and_is_not_waiting():
    assert evaluate_part_progress(FALLING, []) == PartProgress()
    assert evaluate_part_progress(FALLING, [], text=True) == PartProgress()


@pytest.mark.parametrize(
    ("answers", "counts", "credit"),
    [
        ([answer(1, 1, 0)], "s1", 0),
        ([answer(1, 1, 1)], "s1", 1),
        ([answer(1, 1, 0), answer(2, 2, 1)], "s2", HALF),
        ([answer(1, 1, HALF), answer(2, 2, 1)], "s1", HALF),
        ([answer(1, 1, 1), answer(2, 2, 0)], "s1", 1),
        ([answer(1, 1, 0), answer(2, 2, 0), answer(3, 3, 1)], "s3", Fraction(1, 4)),
        ([answer(4, 4, 1)], "s4", Fraction(1, 4)),
        ([answer(1, 1, 1, at=1050, late=NINE)], "s1", NINE),
        ([answer(1, 1, NINE), answer(2, 2, 1, at=1050, late=NINE)], "s1", NINE),
        ([answer(1, 1, 0), answer(2, 2, 1, at=1150, late=0)], "s1", 0),
    ],
)
def test_best_product_of_factors_counts_and_ties_go_to_the_first_answer(answers, counts, credit):
    found = evaluate_part_progress(FALLING, answers)
    assert (found.counts, found.credit) == (counts, credit)
    assert evaluate_part_progress(FALLING, answers[::-1]) == found


@pytest.mark.parametrize(
    ("answers", "counts", "status", "credit"),
    [
        ([unreadable(1)], "s1", "unreadable", 0),
        ([unreadable(1), answer(2, 1, 0)], "s2", "wrong", 0),
        ([answer(1, 1, 0), unreadable(2)], "s1", "wrong", 0),
        ([unreadable(1), answer(2, None, None)], "s2", "needs_review", None),
        ([answer(1, None, None), answer(2, 1, 0)], "s2", "wrong", 0),
        ([answer(1, 1, HALF), answer(2, None, None)], "s1", "wrong", HALF),
        ([unreadable(1, credit=HALF), answer(2, 1, 0)], "s1", "unreadable", HALF),
    ],
)
def test_among_zero_credit_answers_graded_readable_ones_count_first(
    answers, counts, status, credit
):
    found = evaluate_part_progress(FALLING, answers)
    assert (found.counts, found.status, found.credit) == (counts, status, credit)


@pytest.mark.parametrize(
    ("answers", "number"),
    [
        # It became readable by a regrade: it is the attempt that it would have been.
        ([unreadable(1, 1, "a")], 1),
        ([answer(1, 1, 0), unreadable(2, 1, "a")], 2),
        ([answer(1, 1, 0), unreadable(2, 1, "a"), answer(3, 2, 0)], 2),
        ([unreadable(1, 1, "a"), answer(2, 1, 0), answer(3, 2, 0)], 1),
        ([answer(n, n, 0) for n in (1, 2, 3)] + [unreadable(4, 1, "a")], 4),
        # A repeat has the factor of the first answer with its value.
        ([answer(1, 1, 0, "a"), answer(2, 2, 0, "b"), answer(3, None, 1, "a")], 1),
        ([answer(1, 1, 0, "b"), answer(2, 2, 0, "a"), answer(3, None, 1, "a")], 2),
        ([unreadable(1, 0, "a"), answer(2, 1, 0, "b"), answer(3, None, 1, "a")], 1),
        (
            [
                unreadable(1, 0, "a"),
                answer(2, 1, 0, "b"),
                answer(3, 2, 0, "a"),
                answer(4, None, 1, "a"),
            ],
            1,
        ),
        # Answers without a value are no repeats of each other.
        ([unreadable(1), answer(2, 1, 0), unreadable(3, HALF)], 2),
    ],
)
def test_answer_without_attempt_gets_the_number_it_would_have_had(answers, number):
    found = evaluate_part_progress(FALLING, answers)
    assert found.attempt == number
    assert found.attempt_factor == FALLING.attempt_factor(number)


def test_answer_readable_after_regrade_leaves_later_attempts_unchanged():
    later = [answer(2, 1, 1), answer(3, 2, 0)]
    assert evaluate_part_progress(FALLING, later).attempts_used == 2
    found = evaluate_part_progress(FALLING, [unreadable(1, THIRD, "a"), *later])
    assert (found.counts, found.attempt, found.attempts_used) == ("s2", 1, 2)


@pytest.mark.parametrize(
    ("at", "admitted", "timelines", "late"),
    [
        (1050, NINE, LATE, NINE),
        (1050, 1, LATE, 1),  # an extension was withdrawn
        (1300, HALF, LATE, HALF),  # the same, and now it would be refused
        (1050, NINE, (Timeline(due=1100),), 1),  # an extension was given afterwards
        (1050, HALF, LATE, NINE),  # the late steps became milder
        (1050, NINE, (Timeline(due=1000, close=1100),), NINE),  # and stricter
        (50, 1, (Timeline(release=100),), 1),  # the release was moved
    ],
)
def test_late_factor_is_the_better_of_submission_time_and_current_rules(
    at, admitted, timelines, late
):
    found = evaluate_part_progress(
        SubmissionRules(timelines), [answer(1, 1, 1, at=at, late=admitted)]
    )
    assert (found.late_factor, found.credit) == (late, late)


@pytest.mark.parametrize(
    ("answers", "waiting"),
    [
        ([answer(1, 1, 0)], False),
        ([answer(1, None, None)], True),
        ([answer(1, None, None, late=0, at=1150)], True),
        ([answer(1, 1, HALF), answer(2, None, None)], False),  # a second attempt has at most half
        ([answer(1, 1, THIRD), answer(2, None, None)], True),
        ([answer(1, None, None), answer(2, 1, HALF)], True),
        ([answer(1, 1, 1), answer(2, None, None)], False),
    ],
)
def test_part_waits_for_grading_while_it_may_raise_the_credit(answers, waiting):
    assert evaluate_part_progress(FALLING, answers).waiting is waiting


@pytest.mark.parametrize(
    ("answers", "counts", "credit", "waiting"),
    [
        ([answer(1, None, None)], "s1", None, True),
        ([answer(1, None, 1), answer(2, None, HALF)], "s2", HALF, False),
        ([answer(1, None, 1), answer(2, None, None)], "s2", None, True),
        ([answer(1, None, None), answer(2, None, HALF)], "s2", HALF, False),
        ([answer(1, None, 1), answer(2, None, 1, at=1050, late=NINE)], "s2", NINE, False),
        ([answer(1, None, HALF), answer(2, None, 0, status="missing")], "s1", HALF, False),
        ([unreadable(1), answer(2, None, 0, status="missing")], "s2", 0, False),
    ],
)
def test_last_nonempty_text_counts_and_uses_no_attempt(answers, counts, credit, waiting):
    found = evaluate_part_progress(FALLING, answers[::-1], text=True)
    assert (found.counts, found.credit, found.waiting) == (counts, credit, waiting)
    assert (found.attempts_used, found.attempt, found.attempt_factor) == (0, None, 1)


def test_part_progress_stores_attempt_and_late_factors_separately():
    answers = [answer(1, 1, 0), answer(2, 2, THIRD, at=1050, late=NINE, manual=True)]
    assert evaluate_part_progress(FALLING, answers) == PartProgress(
        attempts_used=2,
        counts="s2",
        raw=THIRD,
        attempt_factor=HALF,
        late_factor=NINE,
        credit=Fraction(3, 20),
        waiting=False,
        status="wrong",
        manual=True,
        attempt=2,
    )
