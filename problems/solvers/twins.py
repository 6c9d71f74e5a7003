"""How twins are made: a solver that is told other arguments, or that computes another formula.

Both keep the solver's name and signature, so that the engine can put a twin at any call.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from types import SimpleNamespace

from grader.book import Solver, Twin

__all__ = ["instead", "told", "twins_of"]


def instead(solver: Solver, formula: Callable[[SimpleNamespace], object]) -> Solver:
    """Return a twin of *solver* that gives *formula* of the arguments, all of them by name.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> instead(area, lambda given: given.height + given.width)(3)
    4
    """
    known = signature(solver)

    @wraps(solver)
    def twin(*arguments: object, **keywords: object) -> object:
        given = known.bind(*arguments, **keywords)
        given.apply_defaults()
        return formula(SimpleNamespace(**given.arguments))

    return twin


def told(solver: Solver, **changes: object) -> Solver:
    """Return a twin of *solver* that replaces some arguments before it computes.

    A change is the new value, or a function that gives it from the arguments.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> told(area, width=lambda given: given.height)(3)
    9
    """

    def formula(given: SimpleNamespace) -> object:
        replaced = {
            name: change(given) if callable(change) else change for name, change in changes.items()
        }
        return solver(**{**vars(given), **replaced})

    return instead(solver, formula)


def twins_of(solver: Solver, functions: dict[str, Solver]) -> tuple[Twin, ...]:
    """Return the twins of *solver* from a table of mistakes and their functions."""
    return tuple(
        Twin(mistake, solver.__name__, function) for mistake, function in functions.items()
    )
