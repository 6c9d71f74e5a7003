"""Tests that the durability checker finds each violation in handmade histories.

It must find nothing else.
"""

from dataclasses import replace
from uuid import UUID

import pytest

from api.durability_test.ledger import ClientReceipt, ClientRequest, LedgerEntry
from api.durability_test.verification import Findings, SubmissionSnapshot, find_violations

STUDENT, PROBLEM = UUID(int=1), UUID(int=2)


def entry(number: int, *, told: int | None = None, denied: bool = False) -> LedgerEntry:
    """Return the ledger entry of the answer *number*, with the receipt *told*."""
    request = ClientRequest(STUDENT, PROBLEM, "cells", str(number), f"key {number}")
    return LedgerEntry(request, {receipt(told)} if told else set(), denied)


def receipt(sequence: int) -> ClientReceipt:
    return ClientReceipt(f"id {sequence}", sequence, f"digest {sequence}", f"reply {sequence}")


def row(number: int, sequence: int) -> SubmissionSnapshot:
    """Return the stored answer *number*, whose attempt number is its sequence number."""
    return SubmissionSnapshot(
        student=STUDENT,
        problem=PROBLEM,
        answers={"cells": str(number)},
        attempts={"cells": sequence},
        receipt=receipt(sequence),
        sequence=sequence,
        digest=f"digest {sequence}",
    )


ENTRIES = [entry(100, told=1), entry(101), entry(102, told=2), entry(103, denied=True)]
ROWS = [row(100, 1), row(102, 2)]


def found(entries, rows, **more) -> set[str]:
    """Return the kinds of violations that the checker finds."""
    findings = find_violations(entries, rows, limits={PROBLEM: 2}, **more)
    return {line.partition(":")[0] for line in findings.to_text().splitlines()}


def test_a_history_in_which_everything_was_kept_has_no_findings():
    assert not find_violations(ENTRIES, ROWS, limits={PROBLEM: 2})
    assert find_violations(ENTRIES, ROWS, limits={PROBLEM: 2}).to_text() == ""


def test_a_request_that_nobody_answered_may_be_stored_or_not():
    assert not find_violations(ENTRIES, [*ROWS, row(101, 3)], limits={PROBLEM: 3})


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([row(100, 1)], {"lost"}),
        ([row(100, 1), replace(row(102, 2), receipt=receipt(3))], {"lost", "changed"}),
        ([*ROWS, row(102, 3)], {"doubled", "attempts"}),
        ([row(100, 1), replace(row(102, 2), sequence=3)], {"changed", "gaps"}),
        ([row(100, 1), replace(row(102, 2), digest="other")], {"changed"}),
        (
            [row(100, 1), replace(row(102, 2), receipt=replace(receipt(2), reply_digest="other"))],
            {"changed"},
        ),
        ([*ROWS, row(103, 3)], {"denied", "attempts"}),
        ([*ROWS, row(999, 3)], {"unknown", "attempts"}),
        ([row(100, 1), replace(row(102, 2), attempts={})], {"torn"}),
        ([row(100, 1), replace(row(102, 2), attempts={"cells": 1})], {"attempts"}),
        ([row(100, 1), replace(row(102, 2), attempts={"cells": 3})], {"attempts"}),
        ([row(100, 2), row(102, 3)], {"lost", "gaps", "attempts"}),
    ],
)
def test_each_fault_of_rows_is_found_by_its_name(rows, kinds):
    assert found(ENTRIES, rows) == kinds


def test_two_different_receipts_of_one_request_are_found():
    twice = entry(100, told=1)
    twice.receipts.add(receipt(5))
    assert found([twice, *ENTRIES[1:]], ROWS) == {"lost", "changed"}


def test_an_answer_that_cost_no_attempt_leaves_no_gap():
    free = replace(row(101, 3), attempts={"cells": None})
    assert not find_violations(ENTRIES, [*ROWS, free], limits={PROBLEM: 2})


def test_what_the_database_says_of_itself_is_a_finding():
    assert found(ENTRIES, ROWS, damaged=["page 7 is never used"]) == {"damaged"}
    assert Findings(damaged=("a",) * 5).to_text() == "damaged: 5 (a; a; a)"
