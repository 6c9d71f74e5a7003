"""Published variants as JSON data, with all that was worked out, and back again.

A variant outlives the version that it was published for: where the marking alone has changed, its
numbers stay and its keys are worked out anew.

Values are written as `grader.json_values` writes them. Formulas, tables and networks are not: they
are quickly made from the drawn parameters, so loading solves them again, and with them the wrong
answers of a part where one of them is such.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from grader.book import Book
from grader.errors import ProblemError
from grader.json_values import UnwrittenError, from_json, to_json
from grader.mistakes import AUTHOR_RANK, Candidate, Known, caused, known_mistakes
from grader.problem import Problem
from grader.record import version
from grader.values import Value
from grader.variant import Variant, completed, double_mistakes, solve_keys, solve_numbers

__all__ = ["dump_variant", "load_variant", "rekey_variant"]

T = TypeVar("T")

NOT_STORED: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What reading raises of something that `dump_variant` has not written."""


def dump_variant(variant: Variant, book: Book) -> dict[str, Any]:
    """Return a variant as JSON data: version, seed, drawn parameters, keys, known wrong answers."""
    problem = variant.problem
    pairs = {part.id: double_mistakes(variant, part.id, book) for part in problem.parts}
    return {
        **version(problem),
        "seed": variant.seed,
        "params": _written({name: variant.names[name] for name in problem.drawn}, to_json),
        "keys": _written(variant.keys, to_json),
        "mistakes": _written(variant.mistakes, _told_known),
        "pairs": _written(pairs, _told_known),
    }


def load_variant(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    """Return the variant that `dump_variant` wrote; it judges every answer as it did then.

    Raises `ProblemError` where it was written for another version of the problem or of the engine,
    or by something else.
    """
    _check_stored_for(data, problem, version(problem))
    try:
        return _loaded(data, problem, book)
    except NOT_STORED as error:
        raise _unstored(error) from error


def rekey_variant(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    """Return the stored variant under another marking or engine: same seed, same drawn numbers.

    Keys and known wrong answers are worked out anew. Raises `ProblemError` where *data* is of
    another problem, was drawn by another draw block, or was written by something else.
    """
    _check_stored_for(data, problem, ("problem", "draw_hash"))
    try:
        names = completed(problem, _drawn(data), book)
        return solve_numbers(problem, data["seed"], names, book)
    except NOT_STORED as error:
        raise _unstored(error) from error


def _check_stored_for(data: Mapping[str, Any], problem: Problem, fields: Iterable[str]) -> None:
    """Raise `ProblemError` where *data* was stored for another one of the *fields*."""
    now = version(problem)
    for field in fields:
        if data.get(field) != now[field]:
            raise ProblemError(
                f"the variant was stored for the {field} {data.get(field)!r}, which is "
                f"{now[field]!r} now; publish the problem again"
            )


def _unstored(error: Exception) -> ProblemError:
    return ProblemError(f"this is no stored variant ({error}); publish it again")


def _drawn(data: Mapping[str, Any]) -> dict[str, Value]:
    return {name: from_json(told) for name, told in data["params"].items()}


def _loaded(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    names = completed(problem, _drawn(data), book)
    known = {part: from_json(told) for part, told in data["keys"].items()}
    keys, failures = solve_keys(problem, names, book, known=known)
    mistakes = {part: _known(told, book) for part, told in data["mistakes"].items()}
    missing = {part.id for part in problem.parts if part.id not in mistakes}
    if missing:
        mistakes |= known_mistakes(problem, names, keys, book, parts=missing)
    pairs = {part: _known(told, book) for part, told in data["pairs"].items()}
    return Variant(problem, data["seed"], names, keys, failures, mistakes, pairs)


def _written(values: Mapping[str, T], tell: Callable[[T], object]) -> dict[str, object]:
    """Return as JSON data what can be told, by name."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = tell(value)
        except UnwrittenError:
            continue
    return found


def _told_known(known: Known) -> object:
    return {
        "candidates": [_told_candidate(one) for one in known.candidates],
        "hidden": sorted(known.hidden),
    }


def _told_candidate(one: Candidate) -> dict[str, object]:
    """Return a wrong answer; the author's own with its words and credit, which no book has."""
    told = {"ids": list(one.ids), "value": to_json(one.value)}
    if one.rank == AUTHOR_RANK:
        told |= {"say": one.say, "credit": to_json(one.credit)}
    return told


def _known(told: Mapping[str, Any], book: Book) -> Known:
    candidates = tuple(_candidate(one, book) for one in told["candidates"])
    return Known(candidates, frozenset(told["hidden"]))


def _candidate(told: Mapping[str, Any], book: Book) -> Candidate:
    ids, value = tuple(told["ids"]), from_json(told["value"])
    if "say" in told:
        return Candidate(ids, value, AUTHOR_RANK, told["say"], from_json(told["credit"]))
    return caused(ids, value, book)
