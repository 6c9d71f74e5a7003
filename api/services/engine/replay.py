"""Replay: records of graded answers, graded again and compared."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.core.errors import FileError
from api.services.engine.single_answer import SingleAnswerGrader, serialize_full_result
from grader.errors import GraderError
from grader.grading.record import build_version_fields, parse_grading_record
from grader.reading import load_json

RECORD_START: Final = re.compile(r"^(?=\{)", re.MULTILINE)
COMPARED_FIELDS: Final = (
    "status",
    "credit",
    "points",
    "read_as",
    "value",
    "notes",
    "rule",
    "mistakes",
    "feedback",
)
MAX_VALUE_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The outcome of one record, which begins at *line* and belongs to *answer_label*.

    *changed_version_fields* names the hashes that have changed since, *changes* lists the
    differences of the result, and *error* says why the answer could not be graded.
    """

    line: int
    answer_label: str = ""
    changed_version_fields: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether the result equals that of the record."""
        return not self.changes and not self.error


def replay_records(text: str, answer_grader: SingleAnswerGrader) -> Iterator[ReplayResult]:
    """Grade each record in *text* again; a record begins at a line that begins with a brace.

    Raises `FileError` if there is none.
    """
    if not text.strip():
        raise FileError("there are no records. `grader mark --json` prints one")
    line = 1
    for piece in RECORD_START.split(text):
        if piece.strip():
            yield _replay_record(line, piece, answer_grader)
        line += piece.count("\n")


def _replay_record(line: int, text: str, answer_grader: SingleAnswerGrader) -> ReplayResult:
    try:
        record = load_json(text)
        recorded = parse_grading_record(record)
        variant = answer_grader.get_variant(recorded.problem_id, recorded.seed)
        result = answer_grader.grade(
            recorded.problem_id,
            recorded.part,
            recorded.typed,
            seed=recorded.seed,
            carried=recorded.carried,
            numbers=recorded.numbers,
        )
    except GraderError as error:
        return ReplayResult(line, error=str(error))
    new_record = load_json(
        json.dumps(serialize_full_result(result, variant, numbers=recorded.numbers))
    )
    current_version = build_version_fields(variant.problem)
    return ReplayResult(
        line,
        f"{recorded.problem_id} {recorded.part} ({_format_seed(recorded.seed)})",
        tuple(name for name, then in recorded.version.items() if current_version[name] != then),
        tuple(_describe_differences(record, new_record)),
    )


def _format_seed(seed: int | None) -> str:
    return "original" if seed is None else f"seed {seed}"


def _describe_differences(then: Any, now: Any) -> Iterator[str]:
    """Yield the differences between two records of the same answer."""
    for name in COMPARED_FIELDS:
        if name in then and then[name] != now[name]:
            yield f"{name} was {_abbreviate_value(then[name])}, is {_abbreviate_value(now[name])}"


def _abbreviate_value(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 1]}…"
