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
from grader.display.text import to_text
from grader.errors import ProblemError, SolverError
from grader.expressions.parser import Expression, parse
from grader.expressions.tree import Negation, Node, NumberLiteral, TupleLiteral
from grader.lazy_regex import lazy_regex
from grader.values import Number, Tensor, Value, is_number, simplify_number

SNAKE_CASE_PATTERN: Final = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
KEBAB_CASE_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
NAME_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_]*$"
MIN_TITLE_LENGTH: Final = 3
MAX_TITLE_LENGTH: Final = 120
NUMBER_PATTERN: Final = lazy_regex(r"[-+]?\d{1,30}(\.\d{1,30})?(/\d{1,30})?%?", re.ASCII)


class StrictModel(BaseModel):
    """Frozen pydantic model that rejects unknown fields, so that a typo in a file is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )


def to_number(raw: object) -> Number:
    """Return a value from YAML as an exact number: a number, or text such as ``1/4`` or ``5%``."""
    if is_number(raw):
        return raw
    text = raw.strip() if isinstance(raw, str) else ""
    if not NUMBER_PATTERN.fullmatch(text) or ("." in text and "/" in text):
        raise ValueError(f"{raw!r} is not a number; write 2, 0.5, 1/4 or 5%")
    top, _, bottom = text.removesuffix("%").partition("/")
    if bottom and not int(bottom):
        raise ValueError(f"{raw!r} divides by zero")
    value = Fraction(top) / Fraction(bottom or 1)
    return simplify_number(value / 100 if text.endswith("%") else value)


def to_expression(raw: object) -> Expression:
    """Return a value from YAML as an expression: text, a number, or (nested) lists of numbers."""
    if isinstance(raw, Expression):
        return raw
    if isinstance(raw, str):
        try:
            return parse(raw)
        except ProblemError as error:
            raise ValueError(error.message) from error
    tree = _to_literal_node(raw)
    return Expression(to_text(to_constant(raw)), tree)


def _to_literal_node(raw: object) -> Node:
    if isinstance(raw, (int, Fraction)) and not isinstance(raw, bool):
        return NumberLiteral(raw) if raw >= 0 else Negation(NumberLiteral(-raw))
    if isinstance(raw, list) and raw:
        return TupleLiteral(tuple(_to_literal_node(item) for item in raw))
    if isinstance(raw, str):
        wrong = f'{raw!r} is in a list; write the list as one text: "[a, a + 1]"'
        raise ValueError(wrong)  # noqa: TRY004 - pydantic
    raise ValueError(f'{raw!r} is not an expression; write it as text, such as "conv_size(W, 3)"')


def to_constant(raw: object) -> Value:
    """Return a constant: scalars unchanged, a list as a tuple, nested lists as a tensor."""
    if isinstance(raw, (bool, int, Fraction, str)):
        return raw
    if isinstance(raw, list) and raw:
        if any(isinstance(item, list) for item in raw):
            return _to_tensor(raw)
        return tuple(to_constant(item) for item in raw)
    raise ValueError(f"{raw!r} is not a value; write a number, a text, or a list of numbers")


def _to_tensor(raw: AbstractSequence[object]) -> Tensor:
    try:
        return Tensor.from_nested(raw)
    except (ValueError, SolverError) as error:
        raise ValueError(f"the list is not a matrix or tensor of numbers: {error}") from error


def to_template(raw: object) -> Template:
    """Return a text from YAML with ``{{placeholders}}`` as a template."""
    if isinstance(raw, Template):
        return raw
    if not isinstance(raw, str):
        wrong = (
            "there is no text; write one" if raw is None else "this is not text; put it in quotes"
        )
        raise ValueError(wrong)  # noqa: TRY004 - pydantic
    try:
        return Template.parse(raw)
    except ProblemError as error:
        raise ValueError(error.message) from error


def _build_range_validator(
    low: int, high: int | None, *, open_below: bool = False
) -> PlainValidator:
    words = f"more than {low}" if open_below else f"at least {low}"

    def validate_range(raw: object) -> Number:
        number = to_number(raw)
        if number < low or (open_below and number == low) or (high is not None and number > high):
            limit = "" if high is None else f" and at most {high}"
            raise ValueError(f"{raw!r} must be {words}{limit}")
        return number

    return PlainValidator(validate_range)


OMIT_FROM_SCHEMA: Final = GetPydanticSchema(lambda _source, handler: handler(object))
"""Omits from a schema the types that our validators create: trees have many types."""
_NUMBER_SCHEMA: Final = Schema(
    {"type": ["number", "string"], "description": "an exact number: 2, 0.5, 1/4 or 5%"}
)
ExactNumber: TypeAlias = Annotated[int | Fraction, PlainValidator(to_number), _NUMBER_SCHEMA]
Credit: TypeAlias = Annotated[int | Fraction, _build_range_validator(0, 1), _NUMBER_SCHEMA]
Points: TypeAlias = Annotated[
    int | Fraction, _build_range_validator(0, 1_000_000, open_below=True), _NUMBER_SCHEMA
]
Positive: TypeAlias = Annotated[int | Fraction, _build_range_validator(0, None), _NUMBER_SCHEMA]
Expr: TypeAlias = Annotated[
    Expression,
    OMIT_FROM_SCHEMA,
    PlainValidator(to_expression),
    Schema(
        {
            "type": ["string", "number", "array"],
            "description": "an expression over parameters, earlier parts and solvers",
        }
    ),
]
ConstantValue: TypeAlias = Annotated[
    object,
    PlainValidator(to_constant),
    Schema({"type": ["number", "string", "boolean", "array"], "description": "a constant value"}),
]
Prose: TypeAlias = Annotated[
    Template,
    OMIT_FROM_SCHEMA,
    PlainValidator(to_template),
    Schema({"type": "string", "description": "Markdown and TeX; {{expression}} is filled in"}),
]


def _reject_placeholders(title: str) -> str:
    if "{{" in title:
        raise ValueError("a title is the same for every student; write it without {{...}}")
    return title


PartTitle: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=MIN_TITLE_LENGTH, max_length=MAX_TITLE_LENGTH
    ),
    AfterValidator(_reject_placeholders),
    Field(description="what people read in place of the id"),
]


def _coerce_to_text(raw: object) -> object:
    return raw if isinstance(raw, str) else f"{raw}"


SnakeId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=SNAKE_CASE_PATTERN, max_length=64),
]
KebabId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=KEBAB_CASE_PATTERN, max_length=64),
]
Name: TypeAlias = Annotated[
    str,
    BeforeValidator(_coerce_to_text),
    StringConstraints(pattern=NAME_PATTERN, max_length=32),
]
