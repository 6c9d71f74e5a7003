"""Reading of an uploaded report in a worker process: from the file to a passage for each part."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from api.core.json_text import replace_unstorable_characters
from api.services.reports.document_alignment import align_document
from api.services.reports.grading import CERTAIN, DOUBTFUL, TOO_MUCH_MEMORY
from api.services.reports.sheets import build_problem_parts
from api.services.sandbox.worker_sandbox import enter_sandbox
from grader.definitions.problem import Problem
from grader.reading import NumberStyle
from grader.reports.aligned_parts import AlignedPart
from grader.reports.blocks import ReportError
from grader.reports.extraction.passages import Passage
from grader.reports.labels import Label, format_label
from grader.reports.sheet import SheetPart
from problems.files.loader import load_problem

MISSING: Final = "missing"
MAX_CONTEXT_CHARACTERS: Final = 400
MAX_ALTERNATIVE_CHARACTERS: Final = 2_000
"""Maximum length of a passage that is offered instead of the chosen one."""
MAX_READING_BYTES: Final = 1024 * 1024
"""Maximum size of a reading as JSON, the same as that of a page of a list."""
TOO_MUCH_TEXT: Final = "the answers are too long; submit the document without logs and data"


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """Problem of an assignment as a worker needs it: plain data, without a key.

    *source* is its problem file, *seed* that of the student's variant, *labels* those of its parts.
    *has_set_labels* says that its author set them. *numbers* is the course's number style.
    """

    slug: str
    source: str
    seed: int | None
    labels: tuple[tuple[str, Label], ...]
    has_set_labels: bool
    numbers: NumberStyle | None


def read_in_worker(
    data: bytes, ending: str, problems: Sequence[SheetProblem]
) -> list[dict[str, Any]] | str:
    """Return `read_report`, or the reason for refusing the file; called in a worker process."""
    enter_sandbox()
    return read_or_refuse(data, ending, problems)


def read_or_refuse(
    data: bytes, ending: str, problems: Sequence[SheetProblem]
) -> list[dict[str, Any]] | str:
    """Return `read_report`, or the reason why the file is refused."""
    try:
        return read_report(data, ending, problems)
    except ReportError as error:
        return str(error)
    except MemoryError:
        return TOO_MUCH_MEMORY


def read_report(data: bytes, ending: str, problems: Sequence[SheetProblem]) -> list[dict[str, Any]]:
    """Return for each part its passages, as JSON data; raise `ReportError` for a refused file.

    The first passage is the chosen one, unless the confidence is ``missing``.
    """
    parts = [part for problem in problems for part in _build_sheet_parts(problem)]
    has_set_labels = any(problem.has_set_labels for problem in problems)
    labels = {
        (problem.slug, part): format_label(label)
        for problem in problems
        for part, label in problem.labels
    }
    rows = [
        _serialize_part(item, labels[item.part.problem, item.part.part])
        for item in align_document(data, ending, parts, has_set_labels=has_set_labels)
    ]
    return _limit_size(rows)


def _limit_size(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts in at most `MAX_READING_BYTES`, if need be without alternatives.

    Raises `ReportError` if the chosen passages alone are larger.
    """
    if measure_reading(rows) > MAX_READING_BYTES:
        for row in rows:
            del row["passages"][0 if row["confidence"] == MISSING else 1 :]
    if measure_reading(rows) > MAX_READING_BYTES:
        raise ReportError(TOO_MUCH_TEXT)
    return rows


def measure_reading(parts: Sequence[Mapping[str, Any]]) -> int:
    """Return the size of a reading as JSON in UTF-8."""
    return len(json.dumps(parts, ensure_ascii=False).encode())


def _build_sheet_parts(problem: SheetProblem) -> list[SheetPart]:
    parts = build_problem_parts(
        _load_problem(problem.source),
        dict(problem.labels),
        seed=problem.seed,
        numbers=problem.numbers,
    )
    return [replace(part, problem=problem.slug) for part in parts]


@lru_cache(maxsize=256)
def _load_problem(source: str) -> Problem:
    return load_problem(source, file="problem.yaml")


def _serialize_part(item: AlignedPart, label: str) -> dict[str, Any]:
    passages = []
    if item.passage is not None:
        passages.append(_serialize_passage(item.passage, item.text, item.read_as))
    passages += [
        _serialize_passage(alternative.passage, alternative.text, alternative.read_as)
        for alternative in item.alternatives
        if len(alternative.text) <= MAX_ALTERNATIVE_CHARACTERS
    ]
    confidence = MISSING if item.passage is None else CERTAIN if item.is_certain else DOUBTFUL
    return {
        "problem": item.part.problem,
        "part": item.part.part,
        "kind": item.part.kind,
        "label": label,
        "confidence": confidence,
        "doubt": item.doubt,
        "passages": passages,
    }


def _serialize_passage(passage: Passage, text: str, read_as: str) -> dict[str, str]:
    fields = {
        "text": text,
        "read_as": read_as,
        "quote": passage.quote,
        "context": _cut_context(passage.source, text),
        "location": passage.location.describe(),
    }
    # A notebook may escape characters that no database stores.
    storable: dict[str, str] = replace_unstorable_characters(fields)
    return storable


def _cut_context(source: str, text: str) -> str:
    """Return the text around a passage, at most `MAX_CONTEXT_CHARACTERS` of it."""
    start = max(0, source.find(text[:60]) - MAX_CONTEXT_CHARACTERS // 4)
    end = start + MAX_CONTEXT_CHARACTERS
    return f"{'…' if start else ''}{source[start:end]}{'…' if end < len(source) else ''}"
