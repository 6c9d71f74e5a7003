"""Registry of solvers, their wrong versions, tracers and mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from grader.display.steps import Tracer
from grader.expressions.arithmetic import FUNCTIONS, Function

CACHED_REGISTRIES: Final = 16
RARE_RANK: Final = 1
"""Highest rank of a rare mistake.

A rare mistake never decides which variants are published: where its answer is the key, or lies
inside the tolerance, it is left out. A small whole number never names it, and two rare mistakes are
not combined.
"""

Solver: TypeAlias = Callable[..., object]

SolverArguments: TypeAlias = SimpleNamespace
"""The arguments of one call of a solver by name, defaults included."""


@dataclass(frozen=True, slots=True)
class MistakeInfo:
    """A mistake of students, independent of the problem.

    *id* is global; *rank* orders mistakes by frequency, higher is more frequent; *hint* is the hint
    to the student, which does not reveal the answer; *note* is for the instructor.
    """

    id: str
    rank: int
    hint: str
    note: str


@dataclass(frozen=True, slots=True)
class ArgumentRewrite:
    """A mistake that changes the arguments of a correct solver.

    *arguments* are the names of the arguments that change; *call* returns all of them by name.
    """

    arguments: frozenset[str]
    call: Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class WrongVersion:
    """Wrong version of *solver*, with its signature: computes what a student with *mistake* would.

    A wrong version that only changes the arguments of the solver has a *rewrite*.
    """

    mistake: str
    solver: str
    function: Solver
    rewrite: ArgumentRewrite | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """Registry of solvers and mistakes by name; functions take and return engine values.

    *functions* are the solvers by name. *wrong_versions* are the wrong versions, by mistake and
    then by the name of the solver that they replace. *mistakes* describe the mistakes. *rewrites*
    are those of the wrong versions that have one; the arguments that a rewrite returns must suit
    the other wrong versions. *tracers* return the steps of worked solutions, by the name of the
    solver.
    """

    functions: Mapping[str, Function]
    wrong_versions: Mapping[str, Mapping[str, Function]]
    mistakes: Mapping[str, MistakeInfo]
    rewrites: Mapping[str, Mapping[str, ArgumentRewrite]] = field(default_factory=dict)
    tracers: Mapping[str, Tracer] = field(default_factory=dict)

    def combine_mistakes(self, first_mistake: str, second_mistake: str) -> dict[str, Function]:
        """Return the wrong versions for a student who makes both mistakes, by solver.

        A solver with a wrong version for each mistake is left out if the two cannot be combined.
        """
        functions = {**self.wrong_versions[first_mistake], **self.wrong_versions[second_mistake]}
        for solver in (
            self.wrong_versions[first_mistake].keys() & self.wrong_versions[second_mistake].keys()
        ):
            function = self.combine_in_solver(first_mistake, second_mistake, solver)
            if function is None:
                del functions[solver]
            else:
                functions[solver] = function
        return functions

    def combine_in_solver(
        self, first_mistake: str, second_mistake: str, solver: str
    ) -> Function | None:
        """Return *solver* with both mistakes in it, or None if the two cannot be combined.

        The rewritten arguments go to the other wrong version. At least one of the two mistakes must
        have a rewrite; two rewrites that change the same argument exclude each other.
        """
        first, second = (
            self.rewrites.get(mistake, {}).get(solver)
            for mistake in (first_mistake, second_mistake)
        )
        if first is None and second is None:
            return None
        if first is not None and second is not None and first.arguments & second.arguments:
            return None
        if first is not None:
            return _apply_rewrite(first, self.wrong_versions[second_mistake][solver])
        return (
            None
            if second is None
            else _apply_rewrite(second, self.wrong_versions[first_mistake][solver])
        )


def _apply_rewrite(rewrite: ArgumentRewrite, wrong_version: Function) -> Function:
    """Return *wrong_version*, called with the arguments that *rewrite* returns."""
    return lambda *arguments, **keywords: wrong_version(**rewrite.call(*arguments, **keywords))


@lru_cache(maxsize=CACHED_REGISTRIES)
def available_functions(registry: Registry) -> Mapping[str, Function]:
    """Return the functions that an expression may call: the built-in ones and the solvers."""
    return {**FUNCTIONS, **registry.functions}
