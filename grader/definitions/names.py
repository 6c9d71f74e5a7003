"""Check of the names, functions and ids in a problem."""

import difflib
import keyword
import re
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from grader.book import Book
from grader.definitions.params import Integers, Network, Torch
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import Template
from grader.errors import ProblemError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.parser import Expression
from grader.kinds.tables import TablePart

__all__ = ["check_names", "near", "shown_names"]

MAX_NAME: Final = 80
SHOWN: Final = re.compile(r"statement|parts\.\d+\.(?:prompt|rows)")
"""The fields that show a student the values of their names."""
OF_A_PART: Final = "; a part may be named by the keys of later parts alone"
OF_AN_OPTION: Final = "; the id of an option stands in quotes of its own, such as key: \"'a'\""

OTHERWISE: Final = {
    "log": "write ln, log2 or log10",
    "mean": "divide a sum by the number of values, such as sum(x)/9",
    "pow": "write ** for a power",
    "range": "write the values out",
    "int": "write floor or round",
}
"""Advice for functions that authors know by other names."""
TRUTHS: Final = {"true": "True", "false": "False"}
"""The spelling of Booleans that YAML has in lower case."""


def check_names(problem: Problem, book: Book) -> None:
    """Raise `ProblemError` for the first name, function or id that the problem may not use.

    Its `others` are the further errors; each unknown name is reported once, at its first use.
    """
    if found := tuple(_misused(problem, book)):
        first, *others = found
        first.others = tuple(others)
        raise first


def _misused(problem: Problem, book: Book) -> Iterator[ProblemError]:
    functions = {*FUNCTIONS, *book.functions}
    yield from _unknown(problem, functions)
    yield from _unusable(problem, functions)
    yield from _unanswered(problem)
    for at, part in enumerate(problem.parts):
        for mistake in getattr(part, "ignore", ()):
            if mistake not in book.mistakes:
                yield ProblemError(
                    f"there is no mistake {mistake!r}{near(mistake, book.mistakes)}",
                    field=f"parts.{at}.ignore",
                )


def shown_names(problem: Problem) -> set[str]:
    """Return the parameters and names of `let` that the texts for students show.

    A name that a shown name depends on counts as shown, and so does a name in the rows of a table.
    """
    used = [(field, expression.names) for field, expression, _ in _expressions(problem)]
    shown = {name for field, names in used if SHOWN.fullmatch(field) for name in names}
    for part in problem.parts:
        shown |= {name for text in _options(part) for one in text.expressions for name in one.names}
    for name in reversed([*problem.params, *problem.let]):
        if name in shown:
            of_it = {f"params.{name}", f"let.{name}"}
            shown |= {inner for field, names in used if field in of_it for inner in names}
    return shown


def _options(part: AnyPart) -> tuple[Template, ...]:
    """Return the texts of the options of *part*."""
    options = getattr(part, "options", ())
    return tuple(options.values()) if isinstance(options, dict) else ()


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


def _offered(problem: Problem, field: str) -> Collection[str]:
    """Return the ids of the options of the part that *field* belongs to."""
    head, _, rest = field.partition(".")
    return getattr(problem.parts[int(rest.split(".")[0])], "options", ()) if head == "parts" else ()


def _unknown(problem: Problem, functions: set[str]) -> Iterator[ProblemError]:
    """Yield an error for each unknown name and function, at its first use."""
    parts = {part.id for part in problem.parts}
    told: set[str] = set()
    absent: set[str] = set()
    for field, expression, known in _expressions(problem):
        for name in sorted(expression.names - known - told):
            told.add(name)
            remedy = _remedy(name, known, parts=parts, options=_offered(problem, field))
            yield ProblemError(
                f"{expression.source!r} names {name!r}, which is not known here{remedy}",
                field=field,
            )
        for call in expression.calls:
            if call.function not in functions | absent:
                absent.add(call.function)
                yield ProblemError(
                    f"there is no function {call.function!r}{_meant(call.function, functions)}",
                    field=field,
                )


def _remedy(name: str, known: set[str], *, parts: Collection[str], options: Collection[str]) -> str:
    """Return the advice for a *name* in an expression that is not *known*."""
    if name in options:
        return OF_AN_OPTION
    if name in parts:
        return OF_A_PART
    if name in TRUTHS:
        return f"; write {TRUTHS[name]}"
    return near(name, known) or "; declare it under params or let"


def _meant(function: str, functions: set[str]) -> str:
    """Return the advice for a *function* that does not exist."""
    if function in OTHERWISE:
        return f"; {OTHERWISE[function]}"
    return near(function, functions)


def _unusable(problem: Problem, functions: set[str]) -> Iterator[ProblemError]:
    """Yield an error for each name that is used twice or reserved."""
    seen: dict[str, str] = {}
    names = chain(
        ((f"params.{name}", name) for name in problem.params),
        ((f"let.{name}", name) for name in problem.let),
        ((f"parts.{at}.id", part.id) for at, part in enumerate(problem.parts)),
    )
    for field, name in names:
        if name in seen:
            yield ProblemError(f"{name!r} is taken by {seen[name]}; choose another", field=field)
        seen[name] = field
        if field.startswith("parts."):
            continue
        if keyword.iskeyword(name):
            yield ProblemError(f"{name!r} is a word of expressions; choose another", field=field)
        if name in functions:
            yield ProblemError(f"{name!r} is the name of a function; choose another", field=field)


def _unanswered(problem: Problem) -> Iterator[ProblemError]:
    """Yield an error for each example that refers to an original or a part that does not exist."""
    ids = [part.id for part in problem.parts]
    for at, example in enumerate(problem.examples):
        if example.seed is None and not problem.has_original:
            yield ProblemError(
                "the example is of the original, which the problem does not have; name a seed",
                field=f"examples.{at}.params",
            )
        for field, used in (("answers", example.answers), ("expect", example.expect)):
            for name in used:
                if name not in ids:
                    yield ProblemError(
                        f"there is no part {name!r}{near(name, ids)}",
                        field=f"examples.{at}.{field}",
                    )


def near(name: str, known: Collection[str]) -> str:
    """Return ``; did you mean ...?`` if *known* has a similar name, else ""."""
    close = difflib.get_close_matches(name[:MAX_NAME], sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
