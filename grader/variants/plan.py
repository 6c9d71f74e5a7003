"""Plan of a problem: dependencies of its keys, and the calls in which a mistake can occur."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final, TypeAlias, TypeVar

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.expressions.tree import Node, Sequence, calls_in
from grader.kinds.shapes import ShapePart
from grader.kinds.tables import TablePart

__all__ = ["Plan", "Site", "plan_of"]

T = TypeVar("T")

MAX_SITES: Final = 8
MAX_PAIRS: Final = 200
CACHED_PLANS: Final = 1024

Site: TypeAlias = tuple[str, tuple[int, ...], str]
"""Where a mistake is made once: the part, the numbers of the calls in its key, the function.

It is one call, or those to the sizes of a shape along its axes. A table, whose cells are struck
all together, has no numbers.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The structure of a problem's keys.

    All mappings are by part: *named* has the names in its key, *functions* those it calls,
    *earlier* the parts that it depends on, directly or through others. *mistakes* lists the
    mistakes with a twin in its chain of keys, each with the (at most eight) nearest sites to try
    alone. *pairs* are the mistakes that can be combined, the likeliest (at most two hundred) first.
    Both are computed on the first request for a part: stored variants need neither.
    """

    named: Mapping[str, frozenset[str]]
    functions: Mapping[str, frozenset[str]]
    earlier: Mapping[str, tuple[str, ...]]
    mistakes: Mapping[str, Mapping[str, tuple[Site, ...]]]
    pairs: Mapping[str, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=CACHED_PLANS)
def plan_of(problem: Problem, book: Book) -> Plan:
    """Return the plan of *problem* with the twins of *book*."""
    named = {part.id: _named(part) for part in problem.parts}
    calls = {part.id: _calls(part) for part in problem.parts}
    earlier: dict[str, tuple[str, ...]] = {}
    for part in problem.parts:
        direct = [one for one in earlier if one in named[part.id]]
        wanted = {*direct, *(one for name in direct for one in earlier[name])}
        earlier[part.id] = tuple(one for one in earlier if one in wanted)
    sites = {
        name: [site for one in (name, *reversed(earlier[name])) for site in calls[one]]
        for name in calls
    }
    mistakes = _ByPart(lambda name: _mistakes(problem.part(name), sites[name], book))
    return Plan(
        named=named,
        functions={name: frozenset(one for _, _, one in sites) for name, sites in calls.items()},
        earlier=earlier,
        mistakes=mistakes,
        pairs=_ByPart(lambda name: _pairs(mistakes[name], sites[name], book)),
    )


class _ByPart(dict[str, T]):
    """Lazy mapping: calls *find* on the first request for a part."""

    def __init__(self, find: Callable[[str], T]) -> None:
        self._find = find

    def __missing__(self, part: str) -> T:
        return self.setdefault(part, self._find(part))


def _named(part: AnyPart) -> frozenset[str]:
    """Return the names in the key or keys of the part, without variables of formulas."""
    if isinstance(part, TablePart):
        return frozenset().union(*(_named(column) for column in part.columns.values()))
    expression = part.key_expression
    return frozenset() if expression is None else expression.names - part.variables_of_key


def _calls(part: AnyPart) -> tuple[Site, ...]:
    """Return the calls in the part's key; those of a table or of several axes are merged."""
    if isinstance(part, TablePart):
        inside = {one for column in part.columns.values() for _, _, one in _calls(column)}
        return tuple((part.id, (), function) for function in sorted(inside))
    expression = part.key_expression
    if expression is None:
        return ()
    tree = expression.tree
    axes = tree.items if isinstance(part, ShapePart) and isinstance(tree, Sequence) else (tree,)
    return tuple((part.id, numbers, function) for numbers, function in _by_axis(axes))


def _by_axis(axes: Iterable[Node]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the calls in *axes*; calls at the same position of axes with equal calls are merged.

    Nobody forgets the stride of the height and remembers that of the width.
    """
    together: dict[tuple[tuple[str, ...], int], list[int]] = {}
    for axis in axes:
        calls = calls_in(axis)
        functions = tuple(call.function for call in calls)
        for place, call in enumerate(calls):
            together.setdefault((functions, place), []).append(call.site)
    for (functions, place), numbers in together.items():
        yield tuple(numbers), functions[place]


def _mistakes(part: AnyPart, sites: Collection[Site], book: Book) -> dict[str, tuple[Site, ...]]:
    """Return the mistakes with a twin at *sites*, the part's own calls before those of others."""
    if not isinstance(part, KeyedPart):
        return {}
    found: dict[str, tuple[Site, ...]] = {}
    for mistake, twins in book.twins.items():
        struck = tuple(site for site in sites if site[2] in twins)
        if struck and mistake not in part.ignore:
            alone = struck if len(struck) > 1 and all(numbers for _, numbers, _ in struck) else ()
            found[mistake] = alone[:MAX_SITES]
    return found


def _pairs(
    mistakes: Iterable[str], sites: Collection[Site], book: Book
) -> tuple[tuple[str, str], ...]:
    """Return the likeliest pairs of *mistakes* that combine in every function at *sites*."""
    called = {function for _, _, function in sites}

    def likelihood(pair: tuple[str, str]) -> int:
        return sum(book.mistakes[mistake].rank for mistake in pair)

    found = [pair for pair in combinations(mistakes, 2) if _together(*pair, called, book)]
    return tuple(sorted(found, key=likelihood, reverse=True)[:MAX_PAIRS])


def _together(one: str, two: str, called: set[str], book: Book) -> bool:
    """Return whether two mistakes can be combined in all *called* functions with a twin of each."""
    shared = called & book.twins[one].keys() & book.twins[two].keys()
    return all(book.composite(one, two, solver) is not None for solver in shared)
