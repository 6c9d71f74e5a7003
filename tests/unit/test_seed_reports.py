"""Tests of five reports of students as all kinds of file, against what a person reads in them."""

from collections import Counter
from functools import cache

import pytest
from report_cases import bank
from seed_documents import ENDINGS, SHEETS, expected_answers, make_document, unprinted_answers

from api.services.reports.documents import read_blocks
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.grading.grade import grade
from grader.reports.aligned_parts import AlignedPart
from grader.reports.alignment import align_report
from grader.reports.extraction.passage_finder import find_passages
from problems.registry import REGISTRY

PRINTED, UNPRINTED = 113, 2
"""Numbers of computed answers that the reports print, and of asked ones that no line states."""
MIN_SHARE, MIN_PDF_SHARE, MAX_WRONG_SHARE = 0.97, 0.9, 0.01
MIN_CERTAIN_SHARE = 0.45
"""A reader that doubts everything is useless; the reports label few of their answers."""


@cache
def sheet_parts(seed: str) -> SheetParts:
    return SheetParts(bank(), parse_sheet(SHEETS[seed], bank()))


@cache
def align_all(seed: str, ending: str) -> tuple[AlignedPart, ...]:
    """Return the parts of a report."""
    parts = sheet_parts(seed).parts
    blocks = read_blocks(make_document(seed, ending), ending)
    return align_report(parts, find_passages(blocks, [part.label for part in parts]))


def align(seed: str, ending: str) -> tuple[AlignedPart, ...]:
    """Return the parts of a report that print a computed answer."""
    printed = expected_answers(seed)
    return tuple(
        item for item in align_all(seed, ending) if (item.part.problem, item.part.part) in printed
    )


def outcome(seed: str, item: AlignedPart) -> str:
    """Return right, wrong or missing, with "?" if the answer is doubtful."""
    if item.passage is None:
        return "missing"
    expected = expected_answers(seed)[item.part.problem, item.part.part]["answer"]
    is_right = item.read_as == item.part.read(expected)
    return ("right" if is_right else "wrong") + "?" * bool(item.doubt)


@pytest.mark.parametrize("ending", ENDINGS)
def test_nearly_all_printed_answers_are_found_and_read_right(ending) -> None:
    counts = Counter(outcome(seed, item) for seed in SHEETS for item in align(seed, ending))
    share = MIN_PDF_SHARE if ending == ".pdf" else MIN_SHARE
    assert counts.total() == PRINTED
    assert counts["right"] + counts["right?"] >= share * PRINTED
    assert counts["right"] >= MIN_CERTAIN_SHARE * PRINTED
    assert counts["wrong"] <= MAX_WRONG_SHARE * PRINTED


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_answer_that_no_line_states_is_never_certain(ending) -> None:
    """Such answers are not counted above, because no passage can be right for them."""
    items = [
        item
        for seed in SHEETS
        for item in align_all(seed, ending)
        if (item.part.problem, item.part.part) in unprinted_answers(seed)
    ]
    assert len(items) == UNPRINTED
    assert not any(item.is_certain for item in items)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_verdicts_of_the_answers_are_those_of_a_person(ending) -> None:
    verdicts, graded = {}, {}
    for seed in SHEETS:
        for item in align(seed, ending):
            if outcome(seed, item).startswith("right"):
                key = item.part.problem, item.part.part
                variant = sheet_parts(seed).variants[item.part.problem]
                results = grade(variant, {item.part.part: item.text}, registry=REGISTRY)
                status = next(r.status for r in results if r.part == item.part.part)
                graded[key] = "wrong" if status == "mistake" else status
                verdicts[key] = expected_answers(seed)[key]["verdict"]
    assert len(verdicts) >= MIN_PDF_SHARE * PRINTED
    assert graded == verdicts
