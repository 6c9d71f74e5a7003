"""Records of graded answers as JSON data, complete enough to grade and explain them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, get_args

from grader import ENGINE
from grader.definitions.problem import MAX_SEED, Problem
from grader.errors import ProblemError
from grader.grading.explain import explain
from grader.grading.result import Result
from grader.json_values import from_json, to_json
from grader.reading import Typed
from grader.reading.grammar.number_styles import Style
from grader.values import Number, Value
from grader.variants.variant import Variant

__all__ = ["Recorded", "from_record", "to_record", "version"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Inputs of a grading from its record: the answer, the variant and the carried answers.

    *version* is that of the problem and of the engine, *numbers* the course's number style.
    """

    version: Mapping[str, str]
    seed: int | None
    part: str
    typed: Typed
    carried: Mapping[str, Value]
    numbers: Style | None

    @property
    def problem(self) -> str:
        """The id of the problem."""
        return self.version["problem"]


def version(problem: Problem) -> dict[str, str]:
    """Return the versions of problem and engine; a result also depends on seed and answers."""
    return {
        "problem": problem.id,
        "draw_hash": problem.draw_hash,
        "marking_hash": problem.marking_hash,
        "engine": ENGINE,
    }


def to_record(
    result: Result, variant: Variant, *, numbers: Style | None = None
) -> dict[str, object]:
    """Return the record of a result; *numbers* is the style passed to `grade`.

    It reveals the key: for staff.
    """
    return {
        **version(variant.problem),
        "seed": variant.seed,
        "part": result.part,
        "numbers": numbers,
        "typed": to_json(result.typed),
        "carried": {name: to_json(value) for name, value in result.carried.items()},
        "read_as": result.read_as,
        "value": to_json(result.value),
        "notes": list(result.notes),
        "status": result.status,
        "rule": result.rule,
        "credit": None if result.credit is None else str(result.credit),
        "points": _exact(result.points),
        "mistakes": list(result.mistakes),
        "explanation": list(explain(result, variant.problem.part(result.part), variant)),
        **({"misfit": result.misfit} if result.misfit else {}),
    }


def _exact(number: Number) -> int | str:
    return str(number) if isinstance(number, Fraction) else number


def from_record(record: object) -> Recorded:
    """Return the inputs of the grading from the record of an answer, or raise `ProblemError`."""
    try:
        return _recorded(record)
    except KeyError as error:
        raise _refused(f"it has no {error}") from error
    except (AttributeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise _refused(str(error)) from error


def _refused(why: str) -> ProblemError:
    return ProblemError(
        f"this is no record of an answer ({why}); it is what `grader mark --json` prints"
    )


def _recorded(record: Any) -> Recorded:
    seed, numbers = record["seed"], record["numbers"]
    if seed is not None and not (type(seed) is int and 0 <= seed <= MAX_SEED):
        raise ValueError(f"{seed!r} is no seed")
    if numbers not in {None, *get_args(Style)}:
        raise ValueError(f"{numbers!r} is no style of numbers")
    names = ("problem", "draw_hash", "marking_hash", "engine", "part")
    texts = {name: record[name] for name in names}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a version or the part is not text")
    part = texts.pop("part")
    carried = {name: from_json(told) for name, told in record["carried"].items()}
    return Recorded(texts, seed, part, from_json(record["typed"]), carried, numbers)
