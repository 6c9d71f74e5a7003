"""Check of the names, functions and ids in a problem."""

import difflib
import keyword
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from grader.definitions.params import Integers, Network, Torch
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import Template
from grader.errors import ProblemError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.parser import Expression
from grader.kinds.tables.part import TablePart
from grader.lazy_regex import lazy_regex
from grader.registry import Registry

MAX_COMPARED_NAME_LENGTH: Final = 80
VISIBLE_FIELDS: Final = lazy_regex(r"statement|parts\.\d+\.(?:prompt|rows)")
"""Fields that show a student the values of the names in them."""
PART_NAME_HINT: Final = "; a part may be named by the keys of later parts alone"
OPTION_ID_HINT: Final = "; quote the id of an option inside the string, as in key: \"'a'\""

FUNCTION_ADVICE: Final = {
    "log": "write ln, log2 or log10",
    "mean": "divide a sum by the number of values, such as sum(x)/9",
    "pow": "write ** for a power",
    "range": "write the values out",
    "int": "write floor or round",
}
"""Advice for functions that authors know by other names."""
BOOLEAN_SPELLINGS: Final = {"true": "True", "false": "False"}
"""Spellings of the Booleans that YAML writes in lower case."""


def check_names(problem: Problem, registry: Registry) -> None:
    """Raise `ProblemError` for the first name, function or id that the problem may not use.

    Its `others` are the further errors; each unknown name is reported once, at its first use.
    """
    if errors := tuple(_find_name_errors(problem, registry)):
        first, *others = errors
        first.others = tuple(others)
        raise first


def _find_name_errors(problem: Problem, registry: Registry) -> Iterator[ProblemError]:
    functions = {*FUNCTIONS, *registry.functions}
    yield from _find_unknown_references(problem, functions)
    yield from _find_unusable_names(problem, functions)
    yield from _find_broken_examples(problem)
    for index, part in enumerate(problem.parts):
        for mistake in getattr(part, "ignore", ()):
            if mistake not in registry.mistakes:
                yield ProblemError(
                    f"there is no mistake {mistake!r}{suggest_similar(mistake, registry.mistakes)}",
                    field=f"parts.{index}.ignore",
                )


def find_student_visible_names(problem: Problem) -> set[str]:
    """Return the parameters and names of `let` that the texts for students show.

    A name that a shown name depends on counts as shown, and so does a name in the rows of a table.
    """
    used = [(field, expression.names) for field, expression, _ in _iterate_expressions(problem)]
    visible = {name for field, names in used if VISIBLE_FIELDS.fullmatch(field) for name in names}
    for part in problem.parts:
        visible |= {
            name
            for text in _option_texts(part)
            for expression in text.expressions
            for name in expression.names
        }
    for name in reversed([*problem.params, *problem.let]):
        if name in visible:
            of_it = {f"params.{name}", f"let.{name}"}
            visible |= {inner for field, names in used if field in of_it for inner in names}
    return visible


def _option_texts(part: AnyPart) -> tuple[Template, ...]:
    """Return the texts of the options of *part*."""
    options = getattr(part, "options", ())
    return tuple(options.values()) if isinstance(options, dict) else ()


def _iterate_expressions(problem: Problem) -> Iterator[tuple[str, Expression, set[str]]]:
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
    for index, expression in enumerate(problem.require):
        yield f"require.{index}", expression, known
    texts = {"statement": problem.statement, "solution": problem.solution}
    for field, text in texts.items():
        yield from ((field, expression, known) for expression in text.expressions)
    earlier: set[str] = set()
    for index, part in enumerate(problem.parts):
        yield from _iterate_part_expressions(f"parts.{index}", part, known, earlier)
        earlier.add(part.id)


def _iterate_part_expressions(
    prefix: str, part: AnyPart, known: set[str], earlier: set[str]
) -> Iterator[tuple[str, Expression, set[str]]]:
    for field, expression in part.expressions:
        head, _, rest = field.partition(".")
        if head in {"prompt", "say", "rows", "start"}:
            allowed = known
        elif head == "accept_if":
            allowed = known | part.key_variables
        elif head == "carry":
            allowed = known | earlier | {part.id}
        elif isinstance(part, TablePart):
            column = part.columns[rest.partition(".")[0]]
            allowed = known | earlier | part.key_variables | column.key_variables
        else:
            allowed = known | earlier | part.key_variables
        yield f"{prefix}.{field}", expression, allowed


def _option_ids(problem: Problem, field: str) -> Collection[str]:
    """Return the ids of the options of the part that *field* belongs to."""
    head, _, rest = field.partition(".")
    return getattr(problem.parts[int(rest.split(".")[0])], "options", ()) if head == "parts" else ()


def _find_unknown_references(problem: Problem, functions: set[str]) -> Iterator[ProblemError]:
    """Yield an error for each unknown name and function, at its first use."""
    parts = {part.id for part in problem.parts}
    reported: set[str] = set()
    absent: set[str] = set()
    for field, expression, known in _iterate_expressions(problem):
        for name in sorted(expression.names - known - reported):
            reported.add(name)
            remedy = _suggest_name_remedy(
                name, known, parts=parts, options=_option_ids(problem, field)
            )
            yield ProblemError(
                f"{expression.source!r} names {name!r}, which is not known here{remedy}",
                field=field,
            )
        for call in expression.calls:
            if call.function not in functions | absent:
                absent.add(call.function)
                advice = _suggest_function(call.function, functions)
                yield ProblemError(
                    f"there is no function {call.function!r}{advice}",
                    field=field,
                )


def _suggest_name_remedy(
    name: str, known: set[str], *, parts: Collection[str], options: Collection[str]
) -> str:
    """Return the advice for a *name* in an expression that is not *known*."""
    if name in options:
        return OPTION_ID_HINT
    if name in parts:
        return PART_NAME_HINT
    if name in BOOLEAN_SPELLINGS:
        return f"; write {BOOLEAN_SPELLINGS[name]}"
    return suggest_similar(name, known) or "; declare it under params or let"


def _suggest_function(function: str, functions: set[str]) -> str:
    """Return the advice for a *function* that does not exist."""
    if function in FUNCTION_ADVICE:
        return f"; {FUNCTION_ADVICE[function]}"
    return suggest_similar(function, functions)


def _find_unusable_names(problem: Problem, functions: set[str]) -> Iterator[ProblemError]:
    """Yield an error for each name that is used twice or reserved."""
    first_fields: dict[str, str] = {}
    names = chain(
        ((f"params.{name}", name) for name in problem.params),
        ((f"let.{name}", name) for name in problem.let),
        ((f"parts.{index}.id", part.id) for index, part in enumerate(problem.parts)),
    )
    for field, name in names:
        if name in first_fields:
            yield ProblemError(
                f"{name!r} is taken by {first_fields[name]}; choose another", field=field
            )
        first_fields[name] = field
        if field.startswith("parts."):
            continue
        if keyword.iskeyword(name):
            yield ProblemError(f"{name!r} is a word of expressions; choose another", field=field)
        if name in functions:
            yield ProblemError(f"{name!r} is the name of a function; choose another", field=field)


def _find_broken_examples(problem: Problem) -> Iterator[ProblemError]:
    """Yield an error for each example that refers to an original or a part that does not exist."""
    ids = [part.id for part in problem.parts]
    for index, example in enumerate(problem.examples):
        if example.seed is None and not problem.has_original:
            yield ProblemError(
                "the example is of the original, which the problem does not have; name a seed",
                field=f"examples.{index}.params",
            )
        for field, used in (("answers", example.answers), ("expect", example.expect)):
            for name in used:
                if name not in ids:
                    yield ProblemError(
                        f"there is no part {name!r}{suggest_similar(name, ids)}",
                        field=f"examples.{index}.{field}",
                    )


def suggest_similar(name: str, known: Collection[str]) -> str:
    """Return ``; did you mean ...?`` if *known* has a similar name, else ""."""
    close = difflib.get_close_matches(name[:MAX_COMPARED_NAME_LENGTH], sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
