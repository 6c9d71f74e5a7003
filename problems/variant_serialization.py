"""Serialization of published variants, with all their computed results, as JSON data.

A variant outlives the version that it was published for: if only the marking has
changed, its numbers stay and its keys are recomputed.

Values are written as in `grader.json_values`. Formulas, tables and networks are not
stored, because they are quick to make from the drawn parameters. Loading solves them
again, and also the wrong answers to a part if one of those has such a value.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeVar

from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import KnownMistakes, find_known_mistakes
from grader.errors import ProblemError
from grader.grading.record import build_version_fields
from grader.json_values import NotSerializableError, from_json, to_json
from grader.lazy_regex import lazy_regex
from grader.registry import Registry
from grader.values import Value
from grader.variants.variant import (
    Variant,
    complete_drawn_values,
    get_mistake_pairs,
    solve_keys,
    solve_variant_from_values,
)
from problems.known_mistake_serialization import parse_known_mistakes, serialize_known_mistakes

T = TypeVar("T")

ENTRY_START: Final = '{"candidates": ['
ENTRY_END: Final = lazy_regex(r'"hidden": \[[^]]*\]\}')
"""Start and end of the known wrong answers to a part, in a line of JSON."""
MISTAKES_PATTERN, PAIRS_PATTERN = (
    lazy_regex(f', "{name}": {{(?:}}|"[a-z0-9_]+": {re.escape(ENTRY_START)})')
    for name in ("mistakes", "pairs")
)
INVALID_DATA_ERRORS: Final = (AttributeError, LookupError, TypeError, ValueError)
"""Exceptions from loading data that `dump_variant` did not write."""


def dump_variant(variant: Variant, registry: Registry) -> dict[str, Any]:
    """Return a variant as JSON data: version, seed, parameters, keys, known wrong answers."""
    problem = variant.problem
    pairs = {part.id: get_mistake_pairs(variant, part.id, registry) for part in problem.parts}
    return {
        **build_version_fields(problem),
        "seed": variant.seed,
        "params": _serialize_values(
            {name: variant.names[name] for name in problem.drawn_param_names}, to_json
        ),
        "keys": _serialize_values(variant.keys, to_json),
        "mistakes": _serialize_values(variant.mistakes, serialize_known_mistakes),
        "pairs": _serialize_values(pairs, serialize_known_mistakes),
    }


def load_variant(data: Mapping[str, Any], problem: Problem, registry: Registry) -> Variant:
    """Return the variant that `dump_variant` wrote; it grades every answer as it did then.

    Raises `ProblemError` if it was written for another version of the problem or the
    engine, or by something else.
    """
    _check_version(data, problem)
    try:
        return _StoredVariant(data, problem, registry).load()
    except INVALID_DATA_ERRORS as error:
        raise _invalid_data_error(error) from error


def load_variant_for_parts(
    data: Mapping[str, Any], problem: Problem, registry: Registry, parts: Collection[str]
) -> Variant:
    """Return the variant that `dump_variant` wrote, for grading only *parts* of it.

    It is like the result of `load_variant`, but mistakes are known for these parts
    only, and everything that they do not need is loaded lazily.
    """
    _check_version(data, problem)
    try:
        return _StoredVariant(data, problem, registry).load_for_parts(parts)
    except INVALID_DATA_ERRORS as error:
        raise _invalid_data_error(error) from error


def filter_stored_variant_line(line: str, parts: Iterable[str]) -> str:
    """Return the JSON line of a stored variant, reduced to *parts*.

    Most of a line consists of known wrong answers to other parts. They are cut out
    without parsing, because nothing else in JSON looks like their start and end. A line
    of another format is returned unchanged.
    """
    mistakes = MISTAKES_PATTERN.search(line)
    pairs = PAIRS_PATTERN.search(line, mistakes.end()) if mistakes else None
    if mistakes is None or pairs is None:
        return line
    known_entries = ", ".join(_find_part_entries(line, parts, mistakes.start(), pairs.start()))
    pair_entries = ", ".join(_find_part_entries(line, parts, pairs.start(), len(line)))
    start = line[: mistakes.start()]
    return f'{start}, "mistakes": {{{known_entries}}}, "pairs": {{{pair_entries}}}}}'


def _find_part_entries(line: str, parts: Iterable[str], start: int, end: int) -> Iterator[str]:
    """Yield the known wrong answers to *parts* between *start* and *end* of *line*."""
    for part in parts:
        index = line.find(f'"{part}": {ENTRY_START}', start, end)
        hidden = ENTRY_END.search(line, index, end) if index >= 0 else None
        if hidden is not None:
            yield line[index : hidden.end()]


def rekey_variant(data: Mapping[str, Any], problem: Problem, registry: Registry) -> Variant:
    """Return the stored variant under another marking or engine, with the same numbers.

    The seed stays too; keys and known wrong answers are recomputed. Raises
    `ProblemError` if *data* belongs to another problem or draw block, or was written by
    something else.
    """
    _check_version(data, problem, ("problem", "draw_hash"))
    try:
        names = complete_drawn_values(problem, _parse_values(data["params"]), registry)
        return solve_variant_from_values(problem, data["seed"], names, registry)
    except INVALID_DATA_ERRORS as error:
        raise _invalid_data_error(error) from error


def _check_version(
    data: Mapping[str, Any], problem: Problem, fields: Iterable[str] | None = None
) -> None:
    """Raise `ProblemError` if *data* was stored for another version.

    Only *fields* are compared; None compares all version fields.
    """
    current = build_version_fields(problem)
    for field in current if fields is None else fields:
        if data.get(field) != current[field]:
            raise ProblemError(
                f"the variant was stored for the {field} {data.get(field)!r}, which is "
                f"{current[field]!r} now; publish the problem again"
            )


def _invalid_data_error(error: Exception) -> ProblemError:
    return ProblemError(f"this is not a stored variant ({error}); publish it again")


def _parse_values(payload: Mapping[str, Any]) -> dict[str, Value]:
    return {name: from_json(one) for name, one in payload.items()}


class _LazyMapping(Mapping[str, T]):
    """Mapping with some *known* values; the first access to any other one loads all."""

    def __init__(self, known: Mapping[str, T], load_all: Callable[[], Mapping[str, T]]) -> None:
        self._known, self._load_all = known, load_all

    @cached_property
    def _loaded(self) -> Mapping[str, T]:
        try:
            return self._load_all()
        except INVALID_DATA_ERRORS as error:
            raise _invalid_data_error(error) from error

    def __getitem__(self, name: str) -> T:
        return self._known[name] if name in self._known else self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class _StoredVariant:
    """A stored variant, each piece of which is loaded once."""

    def __init__(self, data: Mapping[str, Any], problem: Problem, registry: Registry) -> None:
        self._data, self._problem, self._registry = data, problem, registry

    def load(self) -> Variant:
        """Return the complete variant."""
        parts = [part.id for part in self._problem.parts]
        keys, failures = self._solved_keys
        return Variant(
            self._problem,
            self._data["seed"],
            self._names,
            keys,
            failures,
            self._add_missing_mistakes(self._load_known_mistakes("mistakes", parts), parts),
            self._load_known_mistakes("pairs", parts),
        )

    def load_for_parts(self, parts: Collection[str]) -> Variant:
        """Return the variant, loading what *parts* need at once and the rest lazily."""
        stored_keys = self._data["keys"]
        known = self._load_known_mistakes("mistakes", parts)
        return Variant(
            self._problem,
            self._data["seed"],
            _LazyMapping({}, lambda: self._names),
            _LazyMapping(
                _parse_values({part: stored_keys[part] for part in parts if part in stored_keys}),
                self._solve_keys,
            ),
            _LazyMapping({}, lambda: self._solved_keys[1]),
            _LazyMapping(known, lambda: self._add_missing_mistakes(known, parts)),
            self._load_known_mistakes("pairs", parts),
        )

    @cached_property
    def _names(self) -> dict[str, Value]:
        return complete_drawn_values(
            self._problem, _parse_values(self._data["params"]), self._registry
        )

    @cached_property
    def _solved_keys(self) -> tuple[dict[str, Value | None], dict[str, str]]:
        """The keys, solved again if they were not stored, and the failures by part."""
        names, keys = self._names, _parse_values(self._data["keys"])
        return solve_keys(self._problem, names, self._registry, known=keys)

    def _solve_keys(self) -> Mapping[str, Value | None]:
        return self._solved_keys[0]

    def _load_known_mistakes(self, name: str, parts: Iterable[str]) -> dict[str, KnownMistakes]:
        """Return the wrong answers to *parts* that are stored under *name*."""
        stored_mistakes = self._data[name]
        return {
            part: parse_known_mistakes(stored_mistakes[part], self._registry)
            for part in parts
            if part in stored_mistakes
        }

    def _add_missing_mistakes(
        self, known: dict[str, KnownMistakes], parts: Iterable[str]
    ) -> dict[str, KnownMistakes]:
        """Return the wrong answers to *parts*, computing those that are not *known*."""
        others = {part for part in parts if part not in known}
        if not others:
            return known
        keys = self._solve_keys()
        return known | find_known_mistakes(
            self._problem, self._names, keys, self._registry, parts=others
        )


def _serialize_values(
    values: Mapping[str, T], serialize: Callable[[T], object]
) -> dict[str, object]:
    """Return *values* as JSON data by name, without those that cannot be serialized."""
    payload = {}
    for name, value in values.items():
        try:
            payload[name] = serialize(value)
        except NotSerializableError:
            continue
    return payload
