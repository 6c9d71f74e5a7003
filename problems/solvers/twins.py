"""How twins are made: a solver that is told other arguments, or that computes another formula.

Both keep the solver's name and signature, so that the engine can put a twin at any call. A twin
that is told arguments also goes together with any other twin of its solver: two mistakes in one.
"""

from collections.abc import Callable, Mapping
from functools import update_wrapper, wraps
from inspect import signature
from types import SimpleNamespace

from grader.book import Rewrite, Solver, Twin

__all__ = ["Told", "instead", "told", "twins_of"]


def instead(solver: Solver, formula: Callable[[SimpleNamespace], object]) -> Solver:
    """Return a twin of *solver* that gives *formula* of the arguments, all of them by name.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> instead(area, lambda given: given.height + given.width)(3)
    4
    """
    by_name = _binder(solver)

    @wraps(solver)
    def twin(*arguments: object, **keywords: object) -> object:
        return formula(by_name(*arguments, **keywords))

    return twin


class Told:
    """A twin of *solver* that replaces some arguments before it computes."""

    def __init__(self, solver: Solver, changes: Mapping[str, object]) -> None:
        update_wrapper(self, solver)
        self._solver = solver
        self._by_name = _binder(solver)
        self._changes = changes
        self.rewrite = Rewrite(frozenset(changes), self._rewritten)

    def __call__(self, *arguments: object, **keywords: object) -> object:
        """Return what the solver gives for the replaced arguments."""
        return self._solver(**self._rewritten(*arguments, **keywords))

    def _rewritten(self, *arguments: object, **keywords: object) -> dict[str, object]:
        given = self._by_name(*arguments, **keywords)
        replaced = {
            name: change(given) if callable(change) else change
            for name, change in self._changes.items()
        }
        return {**vars(given), **replaced}


def told(solver: Solver, **changes: object) -> Told:
    """Return a twin of *solver* that replaces some arguments before it computes.

    A change is the new value, or a function that gives it from the arguments.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> told(area, width=lambda given: given.height)(3)
    9
    """
    return Told(solver, changes)


def _binder(solver: Solver) -> Callable[..., SimpleNamespace]:
    """Return what gives the arguments of a call of *solver* by name, the defaults among them.

    A call that fits is bound here, many times faster than by its signature; one that does not is
    refused by the signature, in Python's words.
    """
    known = signature(solver)
    parameters = known.parameters.values()
    usual = {one.name: one.default for one in parameters if one.default is not one.empty}
    first = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]

    def by_name(*arguments: object, **keywords: object) -> SimpleNamespace:
        placed = dict(zip(first, arguments, strict=False))
        given = {**usual, **placed, **keywords}
        fits = len(placed) == len(arguments) and placed.keys().isdisjoint(keywords)
        if not fits or given.keys() != known.parameters.keys():
            known.bind(*arguments, **keywords)
        return SimpleNamespace(**given)

    return by_name


def twins_of(solver: Solver, functions: Mapping[str, Solver]) -> tuple[Twin, ...]:
    """Return the twins of *solver* from a table of mistakes and their functions."""
    return tuple(
        Twin(
            mistake,
            solver.__name__,
            function,
            function.rewrite if isinstance(function, Told) else None,
        )
        for mistake, function in functions.items()
    )
