"""One answer marked, one text read: what `grader mark` and `grader read` say, as plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from grader.errors import AnswerError, ProblemError
from grader.grade import grade
from grader.kinds.numbers import read_count
from grader.reading import Reading, Typed, read_formula, read_number, read_shape, read_tensor
from grader.result import Result
from grader.values import Number
from grader.variant import Variant, solve
from problems.book import BOOK
from problems.catalogue import Catalogue
from problems.publish import plain

__all__ = [
    "READERS",
    "Marker",
    "decimal",
    "mark_record",
    "read_record",
    "result_record",
]

CACHED_VARIANTS: Final = 4096
PLACES: Final = 6


class Marker:
    """Marks answers to the problems of a catalogue; every variant is solved once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.variant = lru_cache(maxsize=CACHED_VARIANTS)(self._solve)

    def _solve(self, problem: str, seed: int | None) -> Variant:
        return solve(self.catalogue.get(problem), seed, BOOK)

    def mark(
        self,
        problem: str,
        part: str,
        typed: Typed,
        *,
        seed: int | None = None,
        carried: Mapping[str, Any] | None = None,
    ) -> Result:
        """Return the result of one answer; `ProblemError` for an unknown problem or part."""
        variant = self.variant(problem, seed)
        self.catalogue.check_part(problem, part)
        results = grade(variant, {part: typed}, book=BOOK, carried=carried)
        return next(result for result in results if result.part == part)


def decimal(number: Number | None) -> str:
    """Return *number* with six decimals, nothing for None.

    >>> decimal(Fraction(1, 3)), decimal(2), decimal(None)
    ('0.333333', '2.000000', '')
    """
    if number is None:
        return ""
    scaled = round(Fraction(number) * 10**PLACES)
    sign, digits = "-" * (scaled < 0), f"{abs(scaled):0{PLACES + 1}}"
    return f"{sign}{digits[:-PLACES]}.{digits[-PLACES:]}"


def mark_record(problem: str, seed: int | None, result: Result) -> dict[str, object]:
    """Return a result as the object that ``grader mark --json`` prints."""
    return {"problem": problem, "part": result.part, "seed": seed, **result_record(result)}


def result_record(result: Result) -> dict[str, object]:
    """Return what became of an answer as JSON data; the credit is an exact fraction as text."""
    return {
        "status": result.status,
        "credit": None if result.credit is None else str(result.credit),
        "points": _number(result.points),
        "score": _number(result.score),
        "read_as": result.read_as,
        "mistakes": list(result.mistakes),
        "feedback": result.feedback,
    }


def _number(value: Number | None) -> int | float | None:
    """Return a number for JSON: whole ones as they are, others at six decimals."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.denominator == 1 else float(decimal(value))


@dataclass(frozen=True, slots=True)
class _Reader:
    """How ``grader read`` reads a kind: the reader, and whether it takes variables."""

    read: Callable[..., Reading[Any]]
    variables: bool = False


READERS: Final[Mapping[str, _Reader]] = {
    "integer": _Reader(read_count),
    "number": _Reader(read_number),
    "percent": _Reader(lambda typed: read_number(typed, percent=True)),
    "shape": _Reader(read_shape),
    "vector": _Reader(lambda typed: read_tensor(typed, rank=1)),
    "matrix": _Reader(lambda typed: read_tensor(typed, rank=2)),
    "tensor": _Reader(read_tensor),
    "expression": _Reader(read_formula, variables=True),
}


def read_record(kind: str, typed: str, variables: tuple[str, ...] = ()) -> dict[str, object]:
    """Return how *typed* is read as an answer of *kind*, or raise `AnswerError`."""
    reader = READERS.get(kind)
    if reader is None:
        raise ProblemError(f"{kind!r} is not read alone; there are {', '.join(READERS)}")
    reading = reader.read(typed, variables) if reader.variables else reader.read(typed)
    value = reading.value if not reader.variables else reading.shown
    return {
        "kind": kind,
        "typed": typed,
        "value": plain(value),
        "read_as": reading.shown,
        "notes": list(reading.notes),
    }


def error_record(error: AnswerError) -> dict[str, object]:
    """Return an unreadable answer as plain data."""
    return {"error": error.message, "expected": error.expected, "position": error.position}
