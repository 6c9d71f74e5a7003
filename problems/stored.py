"""Published variants as JSON data, with all that was worked out, and back again.

A value is written so that it comes back as itself: whole numbers, truth values and texts as they
are, the others as an object with a tag: ``{"fraction": "1/3"}``, ``{"tuple": [...]}``,
``{"tensor": [...], "shape": [...]}``.

Formulas, tables and networks are not written. They are quickly made from the drawn parameters, so
loading solves them again, and with them the wrong answers of a part where one of them is such.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from grader import ENGINE
from grader.book import Book
from grader.errors import ProblemError
from grader.mistakes import AUTHOR_RANK, Candidate, Known, caused, known_mistakes
from grader.problem import Problem
from grader.values import Tensor, Value
from grader.variant import Variant, completed, double_mistakes, solve_keys

__all__ = ["dump_variant", "load_variant"]

T = TypeVar("T")


class _UnwrittenError(Exception):
    """The value has no JSON form."""


def dump_variant(variant: Variant, book: Book) -> dict[str, Any]:
    """Return a variant as JSON data: version, seed, drawn parameters, keys, known wrong answers."""
    problem = variant.problem
    pairs = {part.id: double_mistakes(variant, part.id, book) for part in problem.parts}
    return {
        **_stamp(problem),
        "seed": variant.seed,
        "params": _written({name: variant.names[name] for name in problem.drawn}, _told),
        "keys": _written(variant.keys, _told),
        "mistakes": _written(variant.mistakes, _told_known),
        "pairs": _written(pairs, _told_known),
    }


def load_variant(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    """Return the variant that `dump_variant` wrote; it judges every answer as it did then.

    Raises `ProblemError` where it was written for another version of the problem or of the engine,
    or by something else.
    """
    for field, now in _stamp(problem).items():
        if data.get(field) != now:
            raise ProblemError(
                f"the variant was stored for the {field} {data.get(field)!r}, which is {now!r} "
                "now; publish the problem again"
            )
    try:
        return _loaded(data, problem, book)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ProblemError(f"this is no stored variant ({error}); publish it again") from error


def _stamp(problem: Problem) -> dict[str, str]:
    """Return what a stored variant is valid for."""
    return {
        "problem": problem.id,
        "draw_hash": problem.draw_hash,
        "marking_hash": problem.marking_hash,
        "engine": ENGINE,
    }


def _loaded(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    drawn = {name: _value(told) for name, told in data["params"].items()}
    names = completed(problem, drawn, book)
    known = {part: _value(told) for part, told in data["keys"].items()}
    keys, failures = solve_keys(problem, names, book, known=known)
    mistakes = {part: _known(told, book) for part, told in data["mistakes"].items()}
    if any(part.id not in mistakes for part in problem.parts):
        mistakes = known_mistakes(problem, names, keys, book)
    pairs = {part: _known(told, book) for part, told in data["pairs"].items()}
    return Variant(problem, data["seed"], names, keys, failures, mistakes, pairs)


def _written(values: Mapping[str, T], tell: Callable[[T], object]) -> dict[str, object]:
    """Return as JSON data what can be told, by name."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = tell(value)
        except _UnwrittenError:
            continue
    return found


def _told(value: Value | None) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return {"fraction": str(value)}
        case tuple():
            return {"tuple": [_told(item) for item in value]}
        case Tensor():
            return {"tensor": [_told(cell) for cell in value.cells], "shape": list(value.shape)}
        case _:
            raise _UnwrittenError


def _value(told: Any) -> Any:
    match told:
        case None | bool() | int() | str():
            return told
        case {"fraction": text}:
            return Fraction(text)
        case {"tuple": items}:
            return tuple(_value(item) for item in items)
        case {"tensor": cells, "shape": shape}:
            return Tensor(tuple(shape), tuple(_value(cell) for cell in cells))
        case _:
            raise ValueError(f"{told!r} is no value")


def _told_known(known: Known) -> object:
    return {
        "candidates": [_told_candidate(one) for one in known.candidates],
        "hidden": sorted(known.hidden),
    }


def _told_candidate(one: Candidate) -> dict[str, object]:
    """Return a wrong answer; the author's own with its words and credit, which no book has."""
    told = {"ids": list(one.ids), "value": _told(one.value)}
    if one.rank == AUTHOR_RANK:
        told |= {"say": one.say, "credit": _told(one.credit)}
    return told


def _known(told: Mapping[str, Any], book: Book) -> Known:
    candidates = tuple(_candidate(one, book) for one in told["candidates"])
    return Known(candidates, frozenset(told["hidden"]))


def _candidate(told: Mapping[str, Any], book: Book) -> Candidate:
    ids, value = tuple(told["ids"]), _value(told["value"])
    if "say" in told:
        return Candidate(ids, value, AUTHOR_RANK, told["say"], _value(told["credit"]))
    return caused(ids, value, book)
