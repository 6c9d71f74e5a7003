"""Every name and every function in a problem is known, where it stands; else a `ProblemError`."""

import difflib
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from grader.arithmetic import FUNCTIONS
from grader.book import Book
from grader.errors import ProblemError
from grader.expr import Expression
from grader.kinds.tables import TablePart
from grader.params import Integers, Network, Torch
from grader.problem import AnyPart, Problem

__all__ = ["check_names", "near"]

MAX_NAME: Final = 80


def check_names(problem: Problem, book: Book) -> None:
    """Raise `ProblemError` at the first name, function or id that the problem may not use."""
    functions = {*FUNCTIONS, *book.functions}
    for field, expression, known in _expressions(problem):
        _check(field, expression, known, functions)
    _check_ids(problem, functions)
    _check_examples(problem)
    for at, part in enumerate(problem.parts):
        for mistake in getattr(part, "ignore", ()):
            if mistake not in book.mistakes:
                raise ProblemError(
                    f"there is no mistake {mistake!r}{near(mistake, book.mistakes)}",
                    field=f"parts.{at}.ignore",
                )


def _expressions(problem: Problem) -> Iterator[tuple[str, Expression, set[str]]]:
    """Yield each expression with its field and the names that it may use."""
    known: set[str] = set()
    for name, param in problem.params.items():
        inner: tuple[Expression, ...] = ()
        if isinstance(param, Integers):
            inner = (*param.integers, *param.shape)
        elif isinstance(param, Network):
            inner = param.network
        elif isinstance(param, Torch):
            inner = param.torch.expressions
        yield from ((f"params.{name}", expression, set(known)) for expression in inner)
        known.add(name)
    for name, expression in problem.let.items():
        yield f"let.{name}", expression, set(known)
        known.add(name)
    for at, expression in enumerate(problem.require):
        yield f"require.{at}", expression, known
    texts = {"statement": problem.statement, "solution": problem.solution}
    for field, text in texts.items():
        yield from ((field, expression, known) for expression in text.expressions)
    earlier: set[str] = set()
    for at, part in enumerate(problem.parts):
        yield from _in_part(f"parts.{at}", part, known, earlier)
        earlier.add(part.id)


def _in_part(
    place: str, part: AnyPart, known: set[str], earlier: set[str]
) -> Iterator[tuple[str, Expression, set[str]]]:
    for field, expression in part.expressions:
        head, _, rest = field.partition(".")
        if head in {"prompt", "say", "rows", "start"}:
            allowed = known
        elif head == "accept_if":
            allowed = known | part.variables_of_key
        elif head == "carry":
            allowed = known | earlier | {part.id}
        elif isinstance(part, TablePart):
            column = part.columns[rest.partition(".")[0]]
            allowed = known | earlier | part.variables_of_key | column.variables_of_key
        else:
            allowed = known | earlier | part.variables_of_key
        yield f"{place}.{field}", expression, allowed


def _check(field: str, expression: Expression, known: set[str], functions: set[str]) -> None:
    for name in sorted(expression.names - known):
        raise ProblemError(
            f"{expression.source!r} names {name!r}, which is not known here"
            f"{near(name, known) or '; declare it under params or let'}",
            field=field,
        )
    for call in expression.calls:
        if call.function not in functions:
            raise ProblemError(
                f"there is no function {call.function!r}{near(call.function, functions)}",
                field=field,
            )


def _check_ids(problem: Problem, functions: set[str]) -> None:
    seen: dict[str, str] = {}
    names = chain(
        ((f"params.{name}", name) for name in problem.params),
        ((f"let.{name}", name) for name in problem.let),
        ((f"parts.{at}.id", part.id) for at, part in enumerate(problem.parts)),
    )
    for field, name in names:
        if name in seen:
            raise ProblemError(f"{name!r} is taken by {seen[name]}; choose another", field=field)
        if name in functions and not field.startswith("parts."):
            raise ProblemError(f"{name!r} is the name of a function; choose another", field=field)
        seen[name] = field


def _check_examples(problem: Problem) -> None:
    ids = [part.id for part in problem.parts]
    for at, example in enumerate(problem.examples):
        if example.seed is None and not problem.has_original:
            raise ProblemError(
                "the example is of the original, which the problem does not have; name a seed",
                field=f"examples.{at}.params",
            )
        for field, used in (("answers", example.answers), ("expect", example.expect)):
            for name in used:
                if name not in ids:
                    raise ProblemError(
                        f"there is no part {name!r}{near(name, ids)}",
                        field=f"examples.{at}.{field}",
                    )


def near(name: str, known: Collection[str]) -> str:
    """Return ``; did you mean ...?`` where *known* has a similar name, else nothing."""
    close = difflib.get_close_matches(name[:MAX_NAME], sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
