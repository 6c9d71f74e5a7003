"""Tests of admission: accepted answers, used attempts and messages about refusals."""

from fractions import Fraction

import pytest

from grader.policy import (
    AdmissionError,
    NewAnswer,
    StoredAnswer,
    SubmissionRules,
    Timeline,
    admit_answers,
    next_attempt_at,
)
from grader.policy.attempts import DEADLINE_PASSED, NOT_OPEN

HALF = Fraction(1, 2)
OPEN = (Timeline(release=10, due=1000, steps=((1100, HALF),), close=1200),)


def given(sequence, attempt, value="", *, at=None):
    """Return an earlier answer with its number, the attempt it used and its read value."""
    return StoredAnswer(
        submission=f"s{sequence}",
        sequence=sequence,
        submitted_at=sequence * 100 if at is None else at,
        attempt=attempt,
        value=value,
        status="wrong" if value else "unreadable",
        credit=Fraction(0),
        admitted_late=Fraction(1),
    )


def new(value="new"):
    return NewAnswer(value, costs=True)


FREE = NewAnswer("", costs=False)


def taken(answers, earlier=None, *, at=900, **rules):
    """Return the admission of *answers* under *rules*."""
    return admit_answers(SubmissionRules(OPEN, **rules), at, answers=answers, earlier=earlier or {})


def refused(answers, earlier=None, *, at=900, **rules):
    with pytest.raises(AdmissionError) as caught:
        taken(answers, earlier, at=at, **rules)
    return caught.value


@pytest.mark.parametrize(
    ("earlier", "offered", "attempt", "repeat"),
    [
        ([], FREE, None, None),
        ([], NewAnswer("x", costs=False), None, None),
        ([], NewAnswer("", costs=True), 1, None),
        ([], new("x"), 1, None),
        ([given(1, None)], new("x"), 1, None),
        ([given(1, 1, "x")], new("y"), 2, None),
        ([given(1, 1, "x")], new("x"), None, "s1"),
        ([given(1, 1, "x")], NewAnswer("x", costs=False), None, "s1"),
        ([given(1, 1, "x"), given(2, None, "x")], new("x"), None, "s1"),
        ([given(3, None, "x"), given(2, 2, "x"), given(1, 1, "y")], new("x"), None, "s2"),
        ([given(2, 2, "x"), given(1, 1, "x")], new("x"), None, "s1"),
        ([given(1, None, "x")], new("x"), 1, None),
        ([given(1, 1, "")], NewAnswer("", costs=True), 2, None),
        ([given(2, 2, "y"), given(1, 1, "x")], new("z"), 3, None),
    ],
)
def test_new_value_uses_an_attempt_and_repeated_value_is_free(earlier, offered, attempt, repeat):
    admission = taken({"side": offered}, {"side": earlier})
    assert admission.attempts == {"side": attempt}
    assert admission.repeats == ({"side": repeat} if repeat else {})


def test_attempts_are_counted_for_each_part():
    earlier = {"side": [given(1, 1, "x"), given(2, 2, "y")], "area": [given(1, 1, "x")]}
    admission = taken({"side": new(), "area": new(), "why": FREE}, earlier)
    assert admission.attempts == {"side": 3, "area": 2, "why": None}


@pytest.mark.parametrize(("at", "late"), [(10, 1), (1000, 1), (1001, HALF), (1101, 0), (1200, 0)])
def test_admission_contains_the_late_factor(at, late):
    assert taken({"side": new()}, at=at).late == late


def test_submission_without_answers_is_admitted():
    assert taken({}, attempts=0).attempts == {}


@pytest.mark.parametrize(
    ("at", "code", "retry_at"), [(9, "not_released", 10), (1201, "deadline_passed", None)]
)
@pytest.mark.parametrize("offered", [new(), FREE, new("x")])
def test_answers_are_refused_before_release_and_after_close(at, code, retry_at, offered):
    no = refused({"side": offered}, {"side": [given(1, 1, "x")]}, at=at)
    assert (no.code, no.parts, no.retry_at) == (code, (), retry_at)


def test_refusal_contains_opening_time_of_a_later_extension():
    rules = SubmissionRules((*OPEN, Timeline(release=2000, due=2100)))
    with pytest.raises(AdmissionError) as caught:
        admit_answers(rules, 1500, answers={"side": new()}, earlier={})
    assert (caught.value.code, caught.value.retry_at) == ("not_released", 2000)


ALL_USED = [given(1, 1, "x"), given(2, 2, "y")]


@pytest.mark.parametrize(
    ("attempts", "earlier", "answers", "parts"),
    [
        (0, {}, {"side": new()}, ("side",)),
        (2, {"side": ALL_USED}, {"side": new()}, ("side",)),
        (2, {"side": ALL_USED}, {"side": new(), "area": new()}, ("side",)),
        (2, {"side": ALL_USED, "area": ALL_USED}, {"area": new(), "side": new()}, ("area", "side")),
        (1, {"side": ALL_USED}, {"side": new()}, ("side",)),
    ],
)
def test_part_without_attempts_left_refuses_the_whole_submission(attempts, earlier, answers, parts):
    no = refused(answers, earlier, attempts=attempts)
    assert (no.code, no.parts, no.retry_at) == ("attempts_exhausted", parts, None)


@pytest.mark.parametrize("offered", [FREE, new("x"), new("y"), NewAnswer("z", costs=False)])
@pytest.mark.parametrize("rules", [{"attempts": 2}, {"cool_down": 10_000}])
def test_free_answers_are_never_refused_for_attempts_or_cool_down(offered, rules):
    assert taken({"side": offered}, {"side": ALL_USED}, **rules).attempts == {"side": None}


@pytest.mark.parametrize(
    ("at", "last", "free"),
    [
        (200, 200, False),
        (299, 200, False),
        (300, 200, True),
        (199, 200, False),
        (101, 200, False),
        (100, 200, True),
    ],
)
def test_cool_down_applies_before_and_after_the_last_attempt(at, last, free):
    """Time stamps may not follow the order of storage, and a clock may be set back."""
    earlier = {"side": [given(5, 1, "x", at=last), given(6, None, at=last + 50)]}
    if free:
        assert taken({"side": new()}, earlier, at=at, cool_down=100).attempts == {"side": 2}
    else:
        no = refused({"side": new()}, earlier, at=at, cool_down=100)
        assert (no.code, no.parts, no.retry_at) == ("cool_down", ("side",), last + 100)


def test_retry_time_is_the_end_of_the_last_cool_down():
    earlier = {"side": [given(1, 1, "x", at=820)], "area": [given(2, 1, "x", at=880)]}
    no = refused({"side": new(), "area": new(), "why": FREE}, earlier, cool_down=100)
    assert (no.parts, no.retry_at) == (("side", "area"), 980)


def test_exhausted_attempts_are_reported_before_cool_down():
    earlier = {"side": [given(1, 1, "x", at=899)], "area": [given(1, 1, "x", at=1)]}
    no = refused({"side": new(), "area": new()}, earlier, attempts=1, cool_down=100)
    assert (no.code, no.parts) == ("attempts_exhausted", ("side", "area"))


@pytest.mark.parametrize(
    ("earlier", "cool_down", "then"),
    [
        ([], 100, None),
        ([given(1, 1, "x")], 0, None),
        ([given(1, None)], 100, None),
        ([given(1, 1, "x")], 100, 200),
        ([given(2, 2, "y", at=50), given(1, 1, "x", at=90)], 100, 150),
    ],
)
def test_next_attempt_time_is_one_cool_down_after_the_last_attempt_by_sequence(
    earlier, cool_down, then
):
    assert next_attempt_at(SubmissionRules(OPEN, cool_down=cool_down), earlier) == then


NONE_LEFT = "No attempt is left at {}: all 2 have been used. Send the other parts without {}."
TOO_EARLY = (
    "It is too early for another attempt at {}. No attempt was used; wait, and send it again."
)


@pytest.mark.parametrize(
    ("answers", "at", "rules", "said"),
    [
        (["side"], 9, {}, NOT_OPEN),
        (["side"], 1201, {}, DEADLINE_PASSED),
        (["side"], 900, {"attempts": 0}, "No attempt is left at side: none is allowed."),
        (["side"], 900, {"attempts": 1}, "No attempt is left at side: the only one has been used."),
        (["side"], 900, {"attempts": 2}, "No attempt is left at side: all 2 have been used."),
        (
            ["side", "why"],
            900,
            {"attempts": 2},
            NONE_LEFT.format("side", "it"),
        ),
        (
            ["side", "area", "why"],
            900,
            {"attempts": 2},
            NONE_LEFT.format("side and area", "them"),
        ),
        (
            ["side", "area", "form"],
            900,
            {"cool_down": 10_000},
            TOO_EARLY.format("side, area and form"),
        ),
    ],
)
def test_refusal_message_explains_the_problem_and_the_remedy(answers, at, rules, said):
    earlier = dict.fromkeys(["side", "area", "form"], ALL_USED)
    offered = {part: FREE if part == "why" else new() for part in answers}
    no = refused(offered, earlier, at=at, **rules)
    assert (no.message, str(no)) == (said, said)


@pytest.mark.parametrize(
    ("texts", "offered", "repeated"),
    [
        ([], "a", None),
        (["a"], "", None),
        (["a"], "b", None),
        (["a", "b"], "a", None),
        (["a"], "a", "s1"),
        (["b", "a"], "a", "s2"),
    ],
)
def test_only_the_last_text_counts_as_repeated(texts, offered, repeated):
    earlier = [
        StoredAnswer(f"s{at}", at, at, None, value, "needs_review", None, Fraction(1))
        for at, value in enumerate(texts, 1)
    ]
    rules = SubmissionRules((Timeline(),))
    taken = admit_answers(
        rules, 9, answers={"why": NewAnswer(offered, costs=False)}, earlier={"why": earlier}
    )
    assert taken.repeats == ({} if repeated is None else {"why": repeated})
    assert taken.attempts == {"why": None}
