"""Grading of one report: its answers found, read and graded, as rows of text."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from api.services.engine.single_answer import format_decimal, open_bank
from api.services.reports.document_alignment import align_document
from api.services.reports.sheets import Sheet, SheetParts
from api.services.sandbox.worker_sandbox import enter_sandbox
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.reports.aligned_parts import AlignedPart
from grader.reports.blocks import ReportError
from problems.registry import REGISTRY

TOO_MUCH_MEMORY: Final = "the document needs too much memory; remove images, logs and data"
CERTAIN, DOUBTFUL = "certain", "doubtful"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The answer of a student to a part, its result, and where it stands in the report.

    *confidence* is ``certain`` or ``doubtful``, and empty for a part without an answer; *reason*
    says why it is doubtful.
    """

    student: str
    problem: str = ""
    part: str = ""
    answer: str = ""
    seed: str = ""
    status: str = ""
    credit: str = ""
    score: str = ""
    points: str = ""
    read_as: str = ""
    mistakes: str = ""
    feedback: str = ""
    error: str = ""
    current: str = "true"
    page: str = ""
    quote: str = ""
    confidence: str = ""
    reason: str = ""


def grade_in_worker(
    data: bytes, ending: str, student: str, sheet: Sheet, bank: Path | None
) -> list[dict[str, str]]:
    """Return the rows of a report as dictionaries; called in a worker process.

    It puts the process into the sandbox, where only the bank is readable beside the program.
    """
    enter_sandbox(bank)
    try:
        rows = grade_report(data, ending, student, _load_sheet_parts(sheet, bank))
    except MemoryError:
        rows = [ReportRow(student, error=TOO_MUCH_MEMORY)]
    return [asdict(row) for row in rows]


def grade_report(
    data: bytes, ending: str, student: str, sheet_parts: SheetParts
) -> list[ReportRow]:
    """Return a row for each part of the sheet, or one row with the reason for a refused file."""
    try:
        aligned = align_document(
            data, ending, sheet_parts.parts, has_set_labels=sheet_parts.sheet.has_set_labels
        )
    except ReportError as error:
        return [ReportRow(student, error=str(error))]
    rows = []
    for problem in sheet_parts.sheet.problems:
        answers = [item for item in aligned if item.part.problem == problem]
        certain = _grade_answers(sheet_parts, problem, [one for one in answers if one.is_certain])
        every = _grade_answers(sheet_parts, problem, answers)
        rows += [
            _build_row(student, item, every if item.doubt else certain, sheet_parts)
            for item in answers
        ]
    return rows


@lru_cache(maxsize=1)
def _load_sheet_parts(sheet: Sheet, bank: Path | None) -> SheetParts:
    return SheetParts(open_bank(bank), sheet)


def _grade_answers(
    sheet_parts: SheetParts, problem: str, answers: list[AlignedPart]
) -> dict[str, PartResult]:
    """Return the results of a problem by part; a doubtful answer never carries to a certain one."""
    typed = {item.part.part: item.text for item in answers if item.passage is not None}
    results = grade(
        sheet_parts.variants[problem], typed, registry=REGISTRY, numbers=sheet_parts.sheet.numbers
    )
    return {result.part: result for result in results}


def _build_row(
    student: str, item: AlignedPart, results: dict[str, PartResult], sheet_parts: SheetParts
) -> ReportRow:
    seed, scale = sheet_parts.sheet.seed, sheet_parts.point_scales[item.part.problem]
    passage, result = item.passage, results[item.part.part]
    confidence = "" if passage is None else CERTAIN if item.is_certain else DOUBTFUL
    return ReportRow(
        student,
        item.part.problem,
        item.part.part,
        item.text,
        "" if seed is None else str(seed),
        result.status,
        format_decimal(result.credit),
        format_decimal(None if result.score is None else result.score * scale),
        format_decimal(result.points * scale),
        result.read_as,
        "|".join(result.mistakes),
        result.feedback,
        page="" if passage is None else str(passage.location),
        quote="" if passage is None else passage.quote,
        confidence=confidence,
        reason=item.doubt,
    )
