"""Builders of wrong versions: a solver with other arguments, or with another formula.

Both keep the solver's name and signature, so that the engine can use a wrong version at
any call. A wrong version with other arguments also combines with any other wrong
version of its solver, for two mistakes at once.
"""

from collections.abc import Callable, Mapping
from functools import update_wrapper, wraps
from inspect import signature

from grader.registry import ArgumentRewrite, Solver, SolverArguments, WrongVersion


def replace_formula(solver: Solver, formula: Callable[[SolverArguments], object]) -> Solver:
    """Return a wrong version of *solver* that computes *formula* instead.

    *formula* takes all arguments of the call by name.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> replace_formula(area, lambda args: args.height + args.width)(3)
    4
    """
    bind = _make_binder(solver)

    @wraps(solver)
    def wrong_version(*arguments: object, **keywords: object) -> object:
        return formula(bind(*arguments, **keywords))

    return wrong_version


class ArgumentRewriter:
    """Wrong version of *solver* that replaces some arguments before the call."""

    def __init__(self, solver: Solver, changes: Mapping[str, object]) -> None:
        update_wrapper(self, solver)
        self._solver = solver
        self._bind = _make_binder(solver)
        self._changes = changes
        self.rewrite = ArgumentRewrite(frozenset(changes), self._rewrite_arguments)

    def __call__(self, *arguments: object, **keywords: object) -> object:
        """Return the result of the solver for the replaced arguments."""
        return self._solver(**self._rewrite_arguments(*arguments, **keywords))

    def _rewrite_arguments(self, *arguments: object, **keywords: object) -> dict[str, object]:
        args = self._bind(*arguments, **keywords)
        replaced = {
            name: change(args) if callable(change) else change
            for name, change in self._changes.items()
        }
        return {**vars(args), **replaced}


def replace_arguments(solver: Solver, **changes: object) -> ArgumentRewriter:
    """Return a wrong version of *solver* that replaces some arguments before the call.

    Each change is the new value, or a function that computes it from the arguments.

    >>> def area(height: int, *, width: int = 1) -> int:
    ...     return height * width
    >>> replace_arguments(area, width=lambda args: args.height)(3)
    9
    """
    return ArgumentRewriter(solver, changes)


def _make_binder(solver: Solver) -> Callable[..., SolverArguments]:
    """Return a function that binds the arguments of a call of *solver* by name.

    It includes defaults. It binds valid calls itself, many times faster than the
    signature does. Invalid calls go to the signature, which raises Python's own error.
    """
    solver_signature = signature(solver)
    parameters = solver_signature.parameters.values()
    defaults = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty
    }
    positional_names = [
        parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY
    ]

    def bind(*arguments: object, **keywords: object) -> SolverArguments:
        positional_values = dict(zip(positional_names, arguments, strict=False))
        values = {**defaults, **positional_values, **keywords}
        fits = len(positional_values) == len(arguments) and positional_values.keys().isdisjoint(
            keywords
        )
        if not fits or values.keys() != solver_signature.parameters.keys():
            solver_signature.bind(*arguments, **keywords)
        return SolverArguments(**values)

    return bind


def build_wrong_versions(
    solver: Solver, functions: Mapping[str, Solver]
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver* from a mapping of mistakes to functions."""
    return tuple(
        WrongVersion(
            mistake,
            solver.__name__,
            function,
            function.rewrite if isinstance(function, ArgumentRewriter) else None,
        )
        for mistake, function in functions.items()
    )
