"""Records of graded answers as JSON data, complete enough to grade and explain them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, get_args

from grader import ENGINE
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from grader.grading.explain import explain_result
from grader.grading.result import PartResult
from grader.json_values import from_json, to_json
from grader.limits import MAX_SEED
from grader.reading import RawAnswer
from grader.reading.grammar.number_styles import NumberStyle
from grader.values import Number, Value
from grader.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class GradingRecord:
    """Inputs of a grading from its record: the answer, the variant and the carried answers.

    *version* is that of the problem and of the engine, *numbers* the course's number style.
    """

    version: Mapping[str, str]
    seed: int | None
    part: str
    typed: RawAnswer
    carried: Mapping[str, Value]
    numbers: NumberStyle | None

    @property
    def problem_id(self) -> str:
        """The id of the problem."""
        return self.version["problem"]


def build_version_fields(problem: Problem) -> dict[str, str]:
    """Return the versions of problem and engine; a result also depends on seed and answers."""
    return {
        "problem": problem.id,
        "draw_hash": problem.draw_hash,
        "marking_hash": problem.marking_hash,
        "engine": ENGINE,
    }


def to_record(
    result: PartResult, variant: Variant, *, numbers: NumberStyle | None = None
) -> dict[str, object]:
    """Return the record of a result; *numbers* is the style passed to `grade`.

    It reveals the key: for staff.
    """
    return {
        **build_version_fields(variant.problem),
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
        "points": _serialize_points(result.points),
        "mistakes": list(result.mistakes),
        "explanation": list(explain_result(result, variant.problem.get_part(result.part), variant)),
        **({"misfit": result.form_mismatch} if result.form_mismatch else {}),
    }


def _serialize_points(number: Number) -> int | str:
    return str(number) if isinstance(number, Fraction) else number


def parse_grading_record(record: object) -> GradingRecord:
    """Return the inputs of the grading from the record of an answer, or raise `ProblemError`."""
    try:
        return _parse_record(record)
    except KeyError as error:
        raise _record_error(f"it has no {error}") from error
    except (AttributeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise _record_error(str(error)) from error


def _record_error(why: str) -> ProblemError:
    return ProblemError(
        f"this is not the record of an answer ({why}); `grader mark --json` prints one"
    )


def _parse_record(record: Any) -> GradingRecord:
    seed, numbers = record["seed"], record["numbers"]
    if seed is not None and not (type(seed) is int and 0 <= seed <= MAX_SEED):
        raise ValueError(f"{seed!r} is not a seed")
    if numbers not in {None, *get_args(NumberStyle)}:
        raise ValueError(f"{numbers!r} is not a number style")
    names = ("problem", "draw_hash", "marking_hash", "engine", "part")
    texts = {name: record[name] for name in names}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("a version or the part is not text")
    part = texts.pop("part")
    carried = {name: from_json(told) for name, told in record["carried"].items()}
    return GradingRecord(texts, seed, part, from_json(record["typed"]), carried, numbers)
