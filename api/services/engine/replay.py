"""Replay: records of graded answers, graded again and compared."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.core.errors import FileError
from api.services.engine.single_answer import Marker, mark_record
from grader.errors import GraderError
from grader.grading.record import from_record, version
from grader.reading import load_json

__all__ = ["Replayed", "replay"]

BEGIN: Final = re.compile(r"^(?=\{)", re.MULTILINE)
COMPARED: Final = (
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
MOST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Replayed:
    """The outcome of one record, which begins at *line* and belongs to *answer*.

    *versions* names the hashes that have changed since, *changes* lists the differences of the
    result, and *error* says why the answer could not be graded.
    """

    line: int
    answer: str = ""
    versions: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    error: str = ""

    @property
    def same(self) -> bool:
        """Whether the result equals that of the record."""
        return not self.changes and not self.error


def replay(text: str, marker: Marker) -> Iterator[Replayed]:
    """Grade each record in *text* again; a record begins at a line that begins with a brace.

    Raises `FileError` if there is none.
    """
    if not text.strip():
        raise FileError("there are no records; `grader mark --json` prints one")
    line = 1
    for piece in BEGIN.split(text):
        if piece.strip():
            yield _replayed(line, piece, marker)
        line += piece.count("\n")


def _replayed(line: int, text: str, marker: Marker) -> Replayed:
    try:
        record = load_json(text)
        asked = from_record(record)
        variant = marker.variant(asked.problem, asked.seed)
        result = marker.mark(
            asked.problem,
            asked.part,
            asked.typed,
            seed=asked.seed,
            carried=asked.carried,
            numbers=asked.numbers,
        )
    except GraderError as error:
        return Replayed(line, error=str(error))
    told = load_json(json.dumps(mark_record(result, variant, numbers=asked.numbers)))
    now = version(variant.problem)
    return Replayed(
        line,
        f"{asked.problem} {asked.part} ({_seed(asked.seed)})",
        tuple(name for name, then in asked.version.items() if now[name] != then),
        tuple(_changes(record, told)),
    )


def _seed(seed: int | None) -> str:
    return "original" if seed is None else f"seed {seed}"


def _changes(then: Any, now: Any) -> Iterator[str]:
    """Yield the differences between two records of the same answer."""
    for name in COMPARED:
        if name in then and then[name] != now[name]:
            yield f"{name} was {_short(then[name])}, is {_short(now[name])}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
