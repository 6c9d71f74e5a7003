"""Tests that answers from five real homework documents get a careful grader's verdict.

`real_answers.jsonl` holds them as typed: one object per line with student, problem,
part, answer and verdict (`correct`, `wrong`, `manual`). A wrong answer lists the
mistakes that must be named, or none if the cause is unknown. Add a line to extend the
test.
"""

import json
from pathlib import Path

import pytest
from reference_batch import GradedRow, Row, grade_rows, read_table

from api.services.engine.single_answer import SingleAnswerGrader
from problems.catalog import ProblemCatalog

FILE = Path(__file__).parent / "real_answers.jsonl"
ANSWERS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
STATUSES = {
    "correct": {"correct", "follow_through"},
    "wrong": {"mistake", "partial", "wrong"},
    "manual": {"needs_review"},
}


@pytest.fixture(scope="module")
def marked() -> list[GradedRow]:
    table = read_table(FILE, names={})
    return grade_rows(table.rows, SingleAnswerGrader(ProblemCatalog()))


def ids() -> list[str]:
    return [f"{one['problem']}.{one['part']}" for one in ANSWERS]


@pytest.mark.parametrize("at", range(len(ANSWERS)), ids=ids())
def test_real_answer_gets_expected_verdict(at: int, marked: list[GradedRow]) -> None:
    expected, one = ANSWERS[at], marked[at]
    assert one.result is not None, one.error
    assert one.result.status in STATUSES[expected["verdict"]], one.result
    if expected["verdict"] == "wrong":
        assert one.result.credit != 1


@pytest.mark.parametrize(
    "at",
    [at for at, one in enumerate(ANSWERS) if one["verdict"] == "wrong"],
    ids=[name for name, one in zip(ids(), ANSWERS, strict=True) if one["verdict"] == "wrong"],
)
def test_wrong_answer_is_named_by_its_cause_only(at: int, marked: list[GradedRow]) -> None:
    result = marked[at].result
    assert result is not None
    assert list(result.mistakes) == ANSWERS[at]["mistakes"]
    assert result.status == ("mistake" if ANSWERS[at]["mistakes"] else "wrong")


def test_rows_are_returned_in_order(marked: list[GradedRow]) -> None:
    assert len(marked) == 149
    assert all(isinstance(one.row, Row) for one in marked)
    assert [one.row.values["part"] for one in marked] == [one["part"] for one in ANSWERS]
