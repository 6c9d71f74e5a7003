"""Published variants as JSON data, with all that was worked out, and back again.

A variant outlives the version that it was published for: where the marking alone has changed, its
numbers stay and its keys are worked out anew.

Values are written as `grader.json_values` writes them. Formulas, tables and networks are not: they
are quickly made from the drawn parameters, so loading solves them again, and with them the wrong
answers of a part where one of them is such.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

from grader.book import Book
from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import AUTHOR_RANK, Candidate, Known, caused, known_mistakes
from grader.errors import ProblemError
from grader.grading.record import version
from grader.json_values import UnwrittenError, from_json, to_json
from grader.values import Value
from grader.variants.variant import Variant, completed, double_mistakes, solve_keys, solve_numbers

__all__ = ["dump_variant", "line_of_parts", "load_parts", "load_variant", "rekey_variant"]

T = TypeVar("T")

BEGIN: Final = '{"candidates": ['
HIDDEN: Final = re.compile(r'"hidden": \[[^]]*\]\}')
"""How the known wrong answers to a part begin and end in a line of JSON."""
MISTAKES, PAIRS = (
    re.compile(f', "{name}": {{(?:}}|"[a-z0-9_]+": {re.escape(BEGIN)})')
    for name in ("mistakes", "pairs")
)
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
    _check_stored_for(data, problem)
    try:
        return _Stored(data, problem, book).whole()
    except NOT_STORED as error:
        raise _unstored(error) from error


def load_parts(
    data: Mapping[str, Any], problem: Problem, book: Book, parts: Collection[str]
) -> Variant:
    """Return the variant that `dump_variant` wrote, to judge *parts* of it.

    It is what `load_variant` returns, but that mistakes are known of these parts alone, and that
    whatever they do not need is loaded when it is first looked at.
    """
    _check_stored_for(data, problem)
    try:
        return _Stored(data, problem, book).some(parts)
    except NOT_STORED as error:
        raise _unstored(error) from error


def line_of_parts(line: str, parts: Iterable[str]) -> str:
    """Return what `json.dumps` made of a stored variant as far as *parts* are concerned.

    Most of a line are known wrong answers to other parts, which need not be read to leave them out:
    in JSON nothing else looks like their beginnings and ends. Another line is returned as it is.
    """
    mistakes = MISTAKES.search(line)
    pairs = PAIRS.search(line, mistakes.end()) if mistakes else None
    if mistakes is None or pairs is None:
        return line
    known = ", ".join(_known_to(line, parts, mistakes.start(), pairs.start()))
    paired = ", ".join(_known_to(line, parts, pairs.start(), len(line)))
    return f'{line[: mistakes.start()]}, "mistakes": {{{known}}}, "pairs": {{{paired}}}}}'


def _known_to(line: str, parts: Iterable[str], start: int, end: int) -> Iterator[str]:
    """Yield the known wrong answers to *parts* that stand in a piece of a line."""
    for part in parts:
        at = line.find(f'"{part}": {BEGIN}', start, end)
        hidden = HIDDEN.search(line, at, end) if at >= 0 else None
        if hidden is not None:
            yield line[at : hidden.end()]


def rekey_variant(data: Mapping[str, Any], problem: Problem, book: Book) -> Variant:
    """Return the stored variant under another marking or engine: same seed, same drawn numbers.

    Keys and known wrong answers are worked out anew. Raises `ProblemError` where *data* is of
    another problem, was drawn by another draw block, or was written by something else.
    """
    _check_stored_for(data, problem, ("problem", "draw_hash"))
    try:
        names = completed(problem, _each(data["params"]), book)
        return solve_numbers(problem, data["seed"], names, book)
    except NOT_STORED as error:
        raise _unstored(error) from error


def _check_stored_for(
    data: Mapping[str, Any], problem: Problem, fields: Iterable[str] | None = None
) -> None:
    """Raise `ProblemError` where *data* was stored for another version, in one of the *fields*."""
    now = version(problem)
    for field in now if fields is None else fields:
        if data.get(field) != now[field]:
            raise ProblemError(
                f"the variant was stored for the {field} {data.get(field)!r}, which is "
                f"{now[field]!r} now; publish the problem again"
            )


def _unstored(error: Exception) -> ProblemError:
    return ProblemError(f"this is no stored variant ({error}); publish it again")


def _each(told: Mapping[str, Any]) -> dict[str, Value]:
    return {name: from_json(one) for name, one in told.items()}


class _Later(Mapping[str, T]):
    """What is *known* by name, and all others, found when one of them is first asked for."""

    def __init__(self, known: Mapping[str, T], find: Callable[[], Mapping[str, T]]) -> None:
        self._known, self._find = known, find

    @cached_property
    def _all(self) -> Mapping[str, T]:
        try:
            return self._find()
        except NOT_STORED as error:
            raise _unstored(error) from error

    def __getitem__(self, name: str) -> T:
        return self._known[name] if name in self._known else self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


class _Stored:
    """A stored variant, each piece of it loaded once."""

    def __init__(self, data: Mapping[str, Any], problem: Problem, book: Book) -> None:
        self._data, self._problem, self._book = data, problem, book

    def whole(self) -> Variant:
        """Return the variant with everything in it."""
        parts = [part.id for part in self._problem.parts]
        keys, failures = self._solved
        return Variant(
            self._problem,
            self._data["seed"],
            self._names,
            keys,
            failures,
            self._with_others(self._known("mistakes", parts), parts),
            self._known("pairs", parts),
        )

    def some(self, parts: Collection[str]) -> Variant:
        """Return the variant with what *parts* need at once."""
        told = self._data["keys"]
        known = self._known("mistakes", parts)
        return Variant(
            self._problem,
            self._data["seed"],
            _Later({}, lambda: self._names),
            _Later(_each({part: told[part] for part in parts if part in told}), self._keys),
            _Later({}, lambda: self._solved[1]),
            _Later(known, lambda: self._with_others(known, parts)),
            self._known("pairs", parts),
        )

    @cached_property
    def _names(self) -> dict[str, Value]:
        return completed(self._problem, _each(self._data["params"]), self._book)

    @cached_property
    def _solved(self) -> tuple[dict[str, Value | None], dict[str, str]]:
        """The keys, those that were not stored solved again, and why others could not be."""
        names, keys = self._names, _each(self._data["keys"])
        return solve_keys(self._problem, names, self._book, known=keys)

    def _keys(self) -> Mapping[str, Value | None]:
        return self._solved[0]

    def _known(self, name: str, parts: Iterable[str]) -> dict[str, Known]:
        """Return the wrong answers to *parts* that are stored under a *name*."""
        told = self._data[name]
        return {part: _known(told[part], self._book) for part in parts if part in told}

    def _with_others(self, known: dict[str, Known], parts: Iterable[str]) -> dict[str, Known]:
        """Return the wrong answers to *parts*, those worked out that are not *known*."""
        others = {part for part in parts if part not in known}
        if not others:
            return known
        keys = self._keys()
        return known | known_mistakes(self._problem, self._names, keys, self._book, parts=others)


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
    candidates = tuple([_candidate(one, book) for one in told["candidates"]])
    return Known(candidates, frozenset(told["hidden"]))


def _candidate(told: Mapping[str, Any], book: Book) -> Candidate:
    ids, value = tuple(told["ids"]), from_json(told["value"])
    if "say" in told:
        return Candidate(ids, value, AUTHOR_RANK, told["say"], from_json(told["credit"]))
    return caused(ids, value, book)
