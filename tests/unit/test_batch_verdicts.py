"""Tests of batch verdicts: each distinct outcome is sent once; joining changes none."""

import json
from fractions import Fraction

from api.services.batch.verdicts import (
    QuestionOutcome,
    Verdicts,
    VerdictsBuilder,
    build_failed_verdicts,
    join_verdicts,
)
from grader.grading.result import PartResult
from grader.reading.numbers import COMMA_NOTE

RIGHT = PartResult("a", "correct", Fraction(1), 2, "7", hint="Correct.", carries=7)
WRONG = PartResult("a", "wrong", Fraction(0), 2, "8", hint="Incorrect.", carries=8)


def told(*results: PartResult, carries: bool = True) -> Verdicts:
    telling = VerdictsBuilder()
    for result in results:
        telling.add(result, carries=carries)
    return telling.build()


def rows(verdicts: Verdicts) -> list[tuple[QuestionOutcome, str, str]]:
    outcomes = [QuestionOutcome(*json.loads(one)) for one in verdicts.outcomes]
    which = [outcomes[at] for at in verdicts.outcome_indices]
    return list(zip(which, verdicts.read_as, verdicts.carries, strict=True))


def test_outcome_is_reported_once_for_all_its_answers() -> None:
    found = told(RIGHT, WRONG, RIGHT._replace(read_as="7.0"), WRONG._replace(carries=9))
    assert [found.outcome_indices, found.read_as] == [(0, 1, 0, 1), ("7", "8", "7.0", "8")]
    assert found.carries == ("7", "8", "7", "9")


def test_any_difference_in_reported_fields_is_another_outcome() -> None:
    changes: list[dict[str, object]] = [
        {"status": "partial"},
        {"credit": None},
        {"credit": Fraction(1, 3)},
        {"points": 3},
        {"mistakes": ("no_bias",)},
        {"hint": "Other."},
        {"notes": (COMMA_NOTE,)},
    ]
    found = told(WRONG, *(WRONG._replace(**one) for one in changes))  # type: ignore[arg-type]
    assert found.outcome_indices == tuple(range(len(changes) + 1))
    assert len(set(found.outcomes)) == len(changes) + 1


def test_carried_value_is_reported_only_if_later_parts_use_it() -> None:
    assert told(RIGHT, carries=False).carries == ("",)


def test_errors_are_separate_outcomes_reported_once() -> None:
    found = rows(build_failed_verdicts(["gone", "lost", "gone"]))
    assert [one.error for one, _, _ in found] == ["gone", "lost", "gone"]
    assert {(one.status, one.exact, one.costs) for one, _, _ in found} == {("", None, False)}
    assert len(build_failed_verdicts(["gone", "gone"]).outcomes) == 1


def test_joined_verdicts_keep_their_rows() -> None:
    pieces = [
        told(RIGHT, WRONG),
        build_failed_verdicts(["gone"]),
        build_failed_verdicts([]),
        told(WRONG),
    ]
    assert rows(join_verdicts(pieces)) == [row for piece in pieces for row in rows(piece)]
