"""Tests of all policies and answers: no new answer or extension ever lowers a grade."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from factories import CALM
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.policy import (
    AdmissionError,
    NewAnswer,
    StoredAnswer,
    SubmissionRules,
    Timeline,
    admit_answers,
    evaluate_part_progress,
)

TIMES = st.integers(0, 60)
CREDITS = st.sampled_from([Fraction(one, 12) for one in (0, 1, 3, 4, 6, 8, 9, 12)])


@st.composite
def timelines(draw):
    """Draw a timeline whose instants, except the late steps, may be in any order."""
    due = draw(st.none() | TIMES)
    untils = sorted(draw(st.sets(TIMES, max_size=3))) if due is not None else []
    return Timeline(
        release=draw(st.none() | TIMES),
        due=due,
        steps=tuple((until, draw(CREDITS)) for until in untils),
        close=draw(st.none() | TIMES),
    )


RULES = st.builds(
    SubmissionRules,
    st.lists(timelines(), min_size=1, max_size=3).map(tuple),
    attempts=st.none() | st.integers(0, 4),
    cool_down=st.integers(0, 10),
    by_attempt=st.lists(CREDITS, max_size=4).map(tuple),
)
EVENTS = st.lists(
    st.tuples(TIMES, st.sampled_from("abc"), st.booleans(), st.none() | CREDITS), max_size=8
)


def history(rules, events):
    """Return the admitted answers when *events* occur one after the other.

    An event is a time, a value, whether the value is readable, and its credit.
    """
    taken: list[StoredAnswer] = []
    for at, value, readable, credit in events:
        offered = NewAnswer(value if readable else "", costs=readable)
        try:
            admission = admit_answers(rules, at, answers={"p": offered}, earlier={"p": taken})
        except AdmissionError:
            continue
        taken.append(
            StoredAnswer(
                submission=f"s{len(taken)}",
                sequence=len(taken),
                submitted_at=at,
                attempt=admission.attempts["p"],
                value=offered.value,
                status="wrong" if readable else "unreadable",
                credit=credit if readable else Fraction(0),
                admitted_late=admission.late,
            )
        )
    return taken


@CALM
@given(RULES, EVENTS)
def test_answering_again_never_lowers_earned_credit(rules, events):
    answers = history(rules, events)
    earned = [
        evaluate_part_progress(rules, answers[:end]).credit or 0 for end in range(len(answers) + 1)
    ]
    assert earned == sorted(earned)


@CALM
@given(RULES, EVENTS)
def test_attempts_are_numbered_without_gaps_up_to_limit(rules, events):
    answers = history(rules, events)
    numbers = [one.attempt for one in answers if one.attempt is not None]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert rules.attempts is None or len(numbers) <= rules.attempts
    assert evaluate_part_progress(rules, answers).attempts_used == len(numbers)
    counted = [one for one in answers if one.attempt is not None]
    assert len({one.value for one in counted}) == len(counted)


@CALM
@given(RULES, EVENTS)
def test_attempts_are_at_least_the_cool_down_apart(rules, events):
    times = [one.submitted_at for one in history(rules, events) if one.attempt is not None]
    gaps = [abs(two - one) for one, two in pairwise(times)]
    assert all(gap >= rules.cool_down for gap in gaps)


@CALM
@given(RULES, EVENTS, timelines())
def test_additional_timeline_never_lowers_credit(rules, events, extension):
    more = replace(rules, timelines=(*rules.timelines, extension))
    answers = history(rules, events)
    assert (evaluate_part_progress(more, answers).credit or 0) >= (
        evaluate_part_progress(rules, answers).credit or 0
    )
    last_text = [
        evaluate_part_progress(one, answers, text=True).credit or 0 for one in (more, rules)
    ]
    assert last_text[0] >= last_text[1]
    for at in range(-1, 62):
        before, after = rules.late_credit_at(at), more.late_credit_at(at)
        assert before is None or (after is not None and after >= before)
        assert more.is_released(at) or not rules.is_released(at)


@CALM
@given(RULES, EVENTS, RULES)
def test_admitted_late_credit_is_kept_under_any_timelines(rules, events, other):
    kept = replace(rules, timelines=other.timelines)
    answers = history(rules, events)
    for one in answers:
        assert evaluate_part_progress(kept, [one]).late_factor >= one.admitted_late


@CALM
@given(RULES, timelines())
def test_timeline_is_never_open_after_closing_instant(rules, timeline):
    for one in (rules, timeline):
        closes = one.closes_at
        if closes is None:
            assert one.is_open(10**9)
        else:
            assert not any(one.is_open(closes + later) for later in range(1, 62))


@CALM
@given(timelines(), TIMES)
def test_credit_is_full_until_due_then_follows_late_steps(timeline, at):
    """The oracle states the same rule the other way round, for each instant separately."""
    ends = [until for until, _ in timeline.steps if until >= at]
    last = max([timeline.due or 0, *(until for until, _ in timeline.steps)])
    closes = last if timeline.close is None else timeline.close
    if timeline.due is None:
        expected = None if timeline.close is not None and at > timeline.close else 1
    elif at > closes:
        expected = None
    elif at <= timeline.due:
        expected = 1
    else:
        expected = dict(timeline.steps)[min(ends)] if ends else 0
    assert timeline.scheduled_credit_at(at) == expected


@CALM
@given(RULES, EVENTS, st.data())
def test_progress_does_not_depend_on_order_of_rows_or_regrades(rules, events, data):
    answers = history(rules, events)
    marks = data.draw(st.permutations([(at, Fraction(at % 3, 2)) for at in range(len(answers))]))
    regraded = list(answers)
    for at, credit in marks:
        regraded[at] = regraded[at]._replace(credit=credit)
    at_once = [one._replace(credit=Fraction(at % 3, 2)) for at, one in enumerate(answers)]
    for text in (False, True):
        assert evaluate_part_progress(
            rules, data.draw(st.permutations(regraded)), text=text
        ) == evaluate_part_progress(rules, at_once, text=text)


@CALM
@given(RULES, EVENTS, st.data())
def test_newly_readable_answer_takes_nothing_from_later_answers(rules, events, data):
    answers = history(rules, events)
    free = [at for at, one in enumerate(answers) if one.status == "unreadable"]
    assume(free)
    at = data.draw(st.sampled_from(free))
    value, credit = data.draw(st.sampled_from("abcx")), data.draw(CREDITS)
    read = answers[at]._replace(value=value, status="wrong", credit=credit)
    regraded = [*answers[:at], read, *answers[at + 1 :]]
    before, after = evaluate_part_progress(rules, answers), evaluate_part_progress(rules, regraded)
    assert (after.credit or 0) >= (before.credit or 0)
    assert after.attempts_used == before.attempts_used


@CALM
@given(RULES, EVENTS)
def test_credit_is_best_product_of_factors_over_attempts(rules, events):
    answers = history(rules, events)
    found = evaluate_part_progress(rules, answers)
    if found.credit is None:
        assert all(one.credit is None for one in answers if one.status != "unreadable")
        return
    assert found.credit == found.raw * found.attempt_factor * found.late_factor
    for one in answers:
        if one.attempt is not None and one.credit is not None:
            late = max(one.admitted_late, rules.late_credit_at(one.submitted_at) or 0)
            assert found.credit >= one.credit * rules.attempt_factor(one.attempt) * late
