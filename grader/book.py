"""What the engine is given to compute and to diagnose with: solvers, their twins, the mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from grader.arithmetic import Function

__all__ = ["Book", "MistakeInfo", "Solver", "Twin"]

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
class Twin:
    """A wrong version of *solver*, with its signature: what a student computes by *mistake*."""

    mistake: str
    solver: str
    function: Solver


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Everything that the engine looks up by name; all functions take and give engine values.

    *functions* are the solvers by name, *twins* the wrong versions by mistake and then by the name
    of the solver that they stand in for, *mistakes* what to say about each.
    """

    functions: Mapping[str, Function]
    twins: Mapping[str, Mapping[str, Function]]
    mistakes: Mapping[str, MistakeInfo]
