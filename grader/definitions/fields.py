"""Field types of a problem file: exact numbers, expressions, templates, ids.

Each accepts the types that YAML returns (`int`, `Fraction`, `str`, `list`); its error message names
the remedy.
"""

import re
from collections.abc import Sequence as AbstractSequence
from fractions import Fraction
from typing import Annotated, Final, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainValidator,
    StringConstraints,
)
from pydantic import WithJsonSchema as Schema

from grader.definitions.template import Template
from grader.display.text import show
from grader.errors import ProblemError, SolverError
from grader.expressions.parser import Expression, parse
from grader.expressions.tree import Negate, Node, Num, Sequence
from grader.values import Number, Tensor, Value, is_number, simplest

__all__ = [
    "KEBAB",
    "LONGEST_TITLE",
    "NAME",
    "SHORTEST_TITLE",
    "SNAKE",
    "Credit",
    "Exact",
    "Expr",
    "KebabId",
    "Model",
    "Name",
    "PartTitle",
    "Plain",
    "Points",
    "Prose",
    "SnakeId",
]

SNAKE: Final = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
KEBAB: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
NAME: Final = r"^[A-Za-z][A-Za-z0-9_]*$"
SHORTEST_TITLE: Final = 3
LONGEST_TITLE: Final = 120
NUMBER: Final = re.compile(r"[-+]?\d{1,30}(\.\d{1,30})?(/\d{1,30})?%?", re.ASCII)


class Model(BaseModel):
    """Frozen pydantic model that rejects unknown fields, so that a typo in a file is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )


def to_number(given: object) -> Number:
    """Return a value from YAML as an exact number: a number, or text such as ``1/4`` or ``5%``."""
    if is_number(given):
        return given
    text = given.strip() if isinstance(given, str) else ""
    if not NUMBER.fullmatch(text) or ("." in text and "/" in text):
        raise ValueError(f"{given!r} is not a number; write 2, 0.5, 1/4 or 5%")
    top, _, bottom = text.removesuffix("%").partition("/")
    if bottom and not int(bottom):
        raise ValueError(f"{given!r} divides by zero")
    value = Fraction(top) / Fraction(bottom or 1)
    return simplest(value / 100 if text.endswith("%") else value)


def to_expression(given: object) -> Expression:
    """Return a value from YAML as an expression: text, a number, or (nested) lists of numbers."""
    if isinstance(given, Expression):
        return given
    if isinstance(given, str):
        try:
            return parse(given)
        except ProblemError as error:
            raise ValueError(error.message) from error
    tree = _literal(given)
    return Expression(show(to_value(given)), tree)


def _literal(given: object) -> Node:
    if isinstance(given, (int, Fraction)) and not isinstance(given, bool):
        return Num(given) if given >= 0 else Negate(Num(-given))
    if isinstance(given, list) and given:
        return Sequence(tuple(_literal(item) for item in given))
    if isinstance(given, str):
        wrong = f'{given!r} stands in a list; write the list as one text: "[a, a + 1]"'
        raise ValueError(wrong)  # noqa: TRY004 - pydantic
    raise ValueError(f'{given!r} is not an expression; write it as text, such as "conv_size(W, 3)"')


def to_value(given: object) -> Value:
    """Return a constant: scalars unchanged, a list as a tuple, nested lists as a tensor."""
    if isinstance(given, (bool, int, Fraction, str)):
        return given
    if isinstance(given, list) and given:
        if any(isinstance(item, list) for item in given):
            return _tensor(given)
        return tuple(to_value(item) for item in given)
    raise ValueError(f"{given!r} is not a value; write a number, a text, or a list of numbers")


def _tensor(given: AbstractSequence[object]) -> Tensor:
    try:
        return Tensor.of(given)
    except (ValueError, SolverError) as error:
        raise ValueError(f"the list is not a matrix or tensor of numbers: {error}") from error


def to_template(given: object) -> Template:
    """Return a text from YAML with ``{{placeholders}}`` as a template."""
    if isinstance(given, Template):
        return given
    if not isinstance(given, str):
        wrong = (
            "there is no text; write one" if given is None else "this is not text; put it in quotes"
        )
        raise ValueError(wrong)  # noqa: TRY004 - pydantic
    try:
        return Template.parse(given)
    except ProblemError as error:
        raise ValueError(error.message) from error


def _between(low: int, high: int | None, *, open_below: bool = False) -> PlainValidator:
    words = f"more than {low}" if open_below else f"at least {low}"

    def check(given: object) -> Number:
        number = to_number(given)
        if number < low or (open_below and number == low) or (high is not None and number > high):
            limit = "" if high is None else f" and at most {high}"
            raise ValueError(f"{given!r} must be {words}{limit}")
        return number

    return PlainValidator(check)


UNSEEN: Final = GetPydanticSchema(lambda _source, handler: handler(object))
"""Leaves out of a schema what a validator of ours makes: trees have many types."""
_NUMBER_SCHEMA: Final = Schema(
    {"type": ["number", "string"], "description": "an exact number: 2, 0.5, 1/4 or 5%"}
)
Exact: TypeAlias = Annotated[int | Fraction, PlainValidator(to_number), _NUMBER_SCHEMA]
Credit: TypeAlias = Annotated[int | Fraction, _between(0, 1), _NUMBER_SCHEMA]
Points: TypeAlias = Annotated[
    int | Fraction, _between(0, 1_000_000, open_below=True), _NUMBER_SCHEMA
]
Positive: TypeAlias = Annotated[int | Fraction, _between(0, None), _NUMBER_SCHEMA]
Expr: TypeAlias = Annotated[
    Expression,
    UNSEEN,
    PlainValidator(to_expression),
    Schema(
        {
            "type": ["string", "number", "array"],
            "description": "an expression over parameters, earlier parts and solvers",
        }
    ),
]
Plain: TypeAlias = Annotated[
    object,
    PlainValidator(to_value),
    Schema({"type": ["number", "string", "boolean", "array"], "description": "a constant value"}),
]
Prose: TypeAlias = Annotated[
    Template,
    UNSEEN,
    PlainValidator(to_template),
    Schema({"type": "string", "description": "Markdown and TeX; {{expression}} is filled in"}),
]


def _constant(title: str) -> str:
    if "{{" in title:
        raise ValueError("a title is the same for every student; write it without {{...}}")
    return title


PartTitle: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=SHORTEST_TITLE, max_length=LONGEST_TITLE),
    AfterValidator(_constant),
    Field(description="what people read in place of the id"),
]


def _as_text(given: object) -> object:
    return given if isinstance(given, str) else f"{given}"


SnakeId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=SNAKE, max_length=64),
]
KebabId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=KEBAB, max_length=64),
]
Name: TypeAlias = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(pattern=NAME, max_length=32),
]
