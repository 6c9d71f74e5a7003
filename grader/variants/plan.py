"""Plan of a problem: dependencies of its keys, and the calls in which a mistake can occur."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final, TypeAlias, TypeVar

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.expressions.tree import Node, TupleLiteral, calls_in
from grader.kinds.shapes import ShapePart
from grader.kinds.tables.part import TablePart
from grader.registry import RARE_RANK, Registry

T = TypeVar("T")

MAX_SITES: Final = 8
MAX_PAIRS: Final = 200
CACHED_PLANS: Final = 1024

MistakeSite: TypeAlias = tuple[str, tuple[int, ...], str]
"""Site of a single mistake: the part, the numbers of calls in its key, the function.

The site is one call, or the calls for the sizes of a shape along its axes. A table has
no numbers, because the mistake affects all its cells together.
"""


@dataclass(frozen=True, slots=True)
class ProblemPlan:
    """The structure of a problem's keys.

    All mappings are by part: *key_names* has the names in its key, *functions* those it calls,
    *dependencies* the parts that it depends on, directly or through others. *mistakes* lists the
    mistakes with a wrong version in its chain of keys, each with the (at most eight) nearest sites
    to try alone. *mistake_pairs* are the mistakes that can be combined, the likeliest (at most two
    hundred) first. Both are computed on the first request for a part: stored variants need neither.
    """

    key_names: Mapping[str, frozenset[str]]
    functions: Mapping[str, frozenset[str]]
    dependencies: Mapping[str, tuple[str, ...]]
    mistakes: Mapping[str, Mapping[str, tuple[MistakeSite, ...]]]
    mistake_pairs: Mapping[str, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=CACHED_PLANS)
def get_problem_plan(problem: Problem, registry: Registry) -> ProblemPlan:
    """Return the plan of *problem* with the wrong versions of *registry*."""
    key_names = {part.id: _find_key_names(part) for part in problem.parts}
    calls = {part.id: _find_call_sites(part) for part in problem.parts}
    earlier: dict[str, tuple[str, ...]] = {}
    for part in problem.parts:
        direct = [one for one in earlier if one in key_names[part.id]]
        needed = {*direct, *(one for name in direct for one in earlier[name])}
        earlier[part.id] = tuple(one for one in earlier if one in needed)
    sites = {
        name: [site for one in (name, *reversed(earlier[name])) for site in calls[one]]
        for name in calls
    }
    mistakes = _LazyByPart(
        lambda name: _find_mistake_sites(problem.get_part(name), sites[name], registry)
    )
    return ProblemPlan(
        key_names=key_names,
        functions={name: frozenset(site for _, _, site in sites) for name, sites in calls.items()},
        dependencies=earlier,
        mistakes=mistakes,
        mistake_pairs=_LazyByPart(
            lambda name: _find_mistake_pairs(mistakes[name], sites[name], registry)
        ),
    )


class _LazyByPart(dict[str, T]):
    """Lazy mapping: calls *find* on the first request for a part."""

    def __init__(self, find: Callable[[str], T]) -> None:
        self._find = find

    def __missing__(self, part: str) -> T:
        return self.setdefault(part, self._find(part))


def _find_key_names(part: AnyPart) -> frozenset[str]:
    """Return the names in the key or keys of the part, without variables of formulas."""
    if isinstance(part, TablePart):
        return frozenset().union(*(_find_key_names(column) for column in part.columns.values()))
    expression = part.key_expression
    return frozenset() if expression is None else expression.names - part.key_variables


def _find_call_sites(part: AnyPart) -> tuple[MistakeSite, ...]:
    """Return the calls in the part's key; those of a table or of several axes are merged."""
    if isinstance(part, TablePart):
        inside = {one for column in part.columns.values() for _, _, one in _find_call_sites(column)}
        return tuple((part.id, (), function) for function in sorted(inside))
    expression = part.key_expression
    if expression is None:
        return ()
    tree = expression.tree
    axes = tree.items if isinstance(part, ShapePart) and isinstance(tree, TupleLiteral) else (tree,)
    return tuple((part.id, numbers, function) for numbers, function in _merge_calls_of_axes(axes))


def _merge_calls_of_axes(axes: Iterable[Node]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the calls in *axes*; calls at the same position of axes with equal calls are merged.

    Nobody forgets the stride of the height and remembers that of the width.
    """
    together: dict[tuple[tuple[str, ...], int], list[int]] = {}
    for axis in axes:
        calls = calls_in(axis)
        functions = tuple(call.function for call in calls)
        for position, call in enumerate(calls):
            together.setdefault((functions, position), []).append(call.site)
    for (functions, position), numbers in together.items():
        yield tuple(numbers), functions[position]


def _find_mistake_sites(
    part: AnyPart, sites: Collection[MistakeSite], registry: Registry
) -> dict[str, tuple[MistakeSite, ...]]:
    """Return the mistakes with a wrong version at *sites*, the part's own calls before others."""
    if not isinstance(part, KeyedPart):
        return {}
    sites_by_mistake: dict[str, tuple[MistakeSite, ...]] = {}
    for mistake, wrong_versions in registry.wrong_versions.items():
        struck = tuple(site for site in sites if site[2] in wrong_versions)
        if struck and mistake not in part.ignore:
            alone = struck if len(struck) > 1 and all(numbers for _, numbers, _ in struck) else ()
            sites_by_mistake[mistake] = alone[:MAX_SITES]
    return sites_by_mistake


def _find_mistake_pairs(
    mistakes: Iterable[str], sites: Collection[MistakeSite], registry: Registry
) -> tuple[tuple[str, str], ...]:
    """Return the likeliest pairs of *mistakes* that combine in every function at *sites*."""
    called = {function for _, _, function in sites}

    def likelihood(pair: tuple[str, str]) -> int:
        return sum(registry.mistakes[mistake].rank for mistake in pair)

    combinable = [
        pair
        for pair in combinations(mistakes, 2)
        if likelihood(pair) > 2 * RARE_RANK and _can_combine_mistakes(*pair, called, registry)
    ]
    return tuple(sorted(combinable, key=likelihood, reverse=True)[:MAX_PAIRS])


def _can_combine_mistakes(first: str, second: str, called: set[str], registry: Registry) -> bool:
    """Return whether two mistakes can be combined in all *called* functions that both change."""
    shared = called & registry.wrong_versions[first].keys() & registry.wrong_versions[second].keys()
    return all(registry.combine_in_solver(first, second, solver) is not None for solver in shared)
