"""Tests of the durability checker: it finds each kind of violation and nothing else.

The histories are handmade.
"""

from dataclasses import replace
from uuid import UUID

import pytest

from api.durability_test.ledger import ClientReceipt, ClientRequest, LedgerEntry
from api.durability_test.verification import Findings, SubmissionSnapshot, find_violations

STUDENT, PROBLEM = UUID(int=1), UUID(int=2)


def make_entry(number: int, *, sequence: int | None = None, denied: bool = False) -> LedgerEntry:
    """Return the ledger entry of the answer *number*, with the receipt of *sequence*."""
    request = ClientRequest(STUDENT, PROBLEM, "cells", str(number), f"key {number}")
    return LedgerEntry(request, {make_receipt(sequence)} if sequence else set(), denied)


def make_receipt(sequence: int) -> ClientReceipt:
    return ClientReceipt(f"id {sequence}", sequence, f"digest {sequence}", f"reply {sequence}")


def make_row(number: int, sequence: int) -> SubmissionSnapshot:
    """Return the row of the answer *number*, whose attempt number is its sequence number."""
    return SubmissionSnapshot(
        student=STUDENT,
        problem=PROBLEM,
        answers={"cells": str(number)},
        attempts={"cells": sequence},
        receipt=make_receipt(sequence),
        sequence=sequence,
        digest=f"digest {sequence}",
    )


ENTRIES = [
    make_entry(100, sequence=1),
    make_entry(101),
    make_entry(102, sequence=2),
    make_entry(103, denied=True),
]
ROWS = [make_row(100, 1), make_row(102, 2)]


def find_violation_kinds(entries, rows, **options) -> set[str]:
    """Return the kinds of violations that the checker reports."""
    findings = find_violations(entries, rows, limits={PROBLEM: 2}, **options)
    return {line.partition(":")[0] for line in findings.to_text().splitlines()}


def test_intact_history_has_no_findings():
    assert not find_violations(ENTRIES, ROWS, limits={PROBLEM: 2})
    assert find_violations(ENTRIES, ROWS, limits={PROBLEM: 2}).to_text() == ""


def test_unanswered_request_may_be_stored_or_not():
    assert not find_violations(ENTRIES, [*ROWS, make_row(101, 3)], limits={PROBLEM: 3})


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([make_row(100, 1)], {"lost"}),
        (
            [make_row(100, 1), replace(make_row(102, 2), receipt=make_receipt(3))],
            {"lost", "changed"},
        ),
        ([*ROWS, make_row(102, 3)], {"doubled", "attempts"}),
        ([make_row(100, 1), replace(make_row(102, 2), sequence=3)], {"changed", "gaps"}),
        ([make_row(100, 1), replace(make_row(102, 2), digest="other")], {"changed"}),
        (
            [
                make_row(100, 1),
                replace(make_row(102, 2), receipt=replace(make_receipt(2), reply_digest="other")),
            ],
            {"changed"},
        ),
        ([*ROWS, make_row(103, 3)], {"denied", "attempts"}),
        ([*ROWS, make_row(999, 3)], {"unknown", "attempts"}),
        ([make_row(100, 1), replace(make_row(102, 2), attempts={})], {"torn"}),
        ([make_row(100, 1), replace(make_row(102, 2), attempts={"cells": 1})], {"attempts"}),
        ([make_row(100, 1), replace(make_row(102, 2), attempts={"cells": 3})], {"attempts"}),
        ([make_row(100, 2), make_row(102, 3)], {"lost", "gaps", "attempts"}),
    ],
)
def test_each_row_fault_is_found_by_kind(rows, kinds):
    assert find_violation_kinds(ENTRIES, rows) == kinds


def test_conflicting_receipts_of_one_request_are_found():
    duplicate = make_entry(100, sequence=1)
    duplicate.receipts.add(make_receipt(5))
    assert find_violation_kinds([duplicate, *ENTRIES[1:]], ROWS) == {"lost", "changed"}


def test_answer_without_attempt_cost_leaves_no_gap():
    free_row = replace(make_row(101, 3), attempts={"cells": None})
    assert not find_violations(ENTRIES, [*ROWS, free_row], limits={PROBLEM: 2})


def test_database_integrity_report_becomes_a_finding():
    assert find_violation_kinds(ENTRIES, ROWS, damaged=["page 7 is never used"]) == {"damaged"}
    assert Findings(damaged=("a",) * 5).to_text() == "damaged: 5 (a; a; a)"
