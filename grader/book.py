"""What the engine is given to compute and to diagnose with: solvers, their twins, the mistakes."""

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
    """A mistake that students make, whatever the problem.

    *id* is global; *rank* says how often real students make it, higher is commoner; *say* is the
    hint to the student, which does not give the answer away; *note* is for the instructor.
    """

    id: str
    rank: int
    say: str
    note: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a mistake makes of the arguments of a solver that is right in itself.

    *arguments* are the names of those that change; *call* returns all of them by name.
    """

    arguments: frozenset[str]
    call: Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Twin:
    """A wrong version of *solver*, with its signature: what a student computes by *mistake*.

    One that only gives other arguments to the solver says so by its *rewrite*.
    """

    mistake: str
    solver: str
    function: Solver
    rewrite: Rewrite | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Everything that the engine looks up by name; all functions take and give engine values.

    *functions* are the solvers by name, *twins* the wrong versions by mistake and then by the name
    of the solver that they stand in for, *mistakes* what to say about each, *rewrites* those of the
    twins that have one. What a rewrite gives must suit the twins. *tracers* give the steps of
    worked solutions, by the name of the solver.
    """

    functions: Mapping[str, Function]
    twins: Mapping[str, Mapping[str, Function]]
    mistakes: Mapping[str, MistakeInfo]
    rewrites: Mapping[str, Mapping[str, Rewrite]] = field(default_factory=dict)
    tracers: Mapping[str, Tracer] = field(default_factory=dict)

    def both(self, one: str, two: str) -> dict[str, Function]:
        """Return the wrong versions where two mistakes are made at once, by solver.

        A solver with a twin of each is left out if the two do not go together.
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
        """Return *solver* with two mistakes in it, or None where they do not go together.

        The arguments are rewritten first and given to the other twin. That takes a mistake that
        rewrites; two that change the same argument exclude each other.
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
    """Return *twin*, given the arguments that *rewrite* makes."""
    return lambda *arguments, **keywords: twin(**rewrite.call(*arguments, **keywords))


@lru_cache(maxsize=CACHED_BOOKS)
def functions_of(book: Book) -> Mapping[str, Function]:
    """Return all that an expression may call: the language's own functions and the solvers."""
    return {**FUNCTIONS, **book.functions}
