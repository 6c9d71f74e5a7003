"""Registry of solvers, their wrong versions (twins), tracers and mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

from grader.display.steps import Tracer
from grader.expressions.arithmetic import FUNCTIONS, Function

__all__ = ["Book", "MistakeInfo", "Rewrite", "Solver", "Twin", "functions_of"]

CACHED_BOOKS: Final = 16

Solver: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True)
class MistakeInfo:
    """A mistake of students, independent of the problem.

    *id* is global; *rank* orders mistakes by frequency, higher is more frequent; *say* is the hint
    to the student, which does not reveal the answer; *note* is for the instructor.
    """

    id: str
    rank: int
    say: str
    note: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A mistake that changes the arguments of a correct solver.

    *arguments* are the names of the arguments that change; *call* returns all of them by name.
    """

    arguments: frozenset[str]
    call: Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Twin:
    """Wrong version of *solver*, with its signature: computes what a student with *mistake* would.

    A twin that only changes the arguments of the solver has a *rewrite*.
    """

    mistake: str
    solver: str
    function: Solver
    rewrite: Rewrite | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Registry of solvers, twins and mistakes by name; functions take and return engine values.

    *functions* are the solvers by name. *twins* are the wrong versions, by mistake and then by the
    name of the solver that they replace. *mistakes* describe the mistakes. *rewrites* are those of
    the twins that have one; the arguments that a rewrite returns must suit the other twins.
    *tracers* return the steps of worked solutions, by the name of the solver.
    """

    functions: Mapping[str, Function]
    twins: Mapping[str, Mapping[str, Function]]
    mistakes: Mapping[str, MistakeInfo]
    rewrites: Mapping[str, Mapping[str, Rewrite]] = field(default_factory=dict)
    tracers: Mapping[str, Tracer] = field(default_factory=dict)

    def both(self, one: str, two: str) -> dict[str, Function]:
        """Return the wrong versions for a student who makes both mistakes, by solver.

        A solver with a twin for each mistake is left out if the two cannot be combined.
        """
        found = {**self.twins[one], **self.twins[two]}
        for solver in self.twins[one].keys() & self.twins[two].keys():
            function = self.composite(one, two, solver)
            if function is None:
                del found[solver]
            else:
                found[solver] = function
        return found

    def composite(self, one: str, two: str, solver: str) -> Function | None:
        """Return *solver* with both mistakes in it, or None if the two cannot be combined.

        The rewritten arguments go to the other twin. At least one of the two mistakes must have a
        rewrite; two rewrites that change the same argument exclude each other.
        """
        first, second = (self.rewrites.get(mistake, {}).get(solver) for mistake in (one, two))
        if first is None and second is None:
            return None
        if first is not None and second is not None and first.arguments & second.arguments:
            return None
        if first is not None:
            return _after(first, self.twins[two][solver])
        return None if second is None else _after(second, self.twins[one][solver])


def _after(rewrite: Rewrite, twin: Function) -> Function:
    """Return *twin*, called with the arguments that *rewrite* returns."""
    return lambda *arguments, **keywords: twin(**rewrite.call(*arguments, **keywords))


@lru_cache(maxsize=CACHED_BOOKS)
def functions_of(book: Book) -> Mapping[str, Function]:
    """Return the functions that an expression may call: the built-in ones and the solvers."""
    return {**FUNCTIONS, **book.functions}
