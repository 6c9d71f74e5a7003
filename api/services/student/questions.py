"""Questions as a student sees them: prompts with numbers, and how to type the answer.

Hints and examples do not depend on the key. They reveal only the form of the key, and only where an
answer in another form costs nothing and gets the same information: the size of an array, the number
of formulas.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from api.schemas.student.problem import Column, Option, PartAsked, ProblemNumber, Typing
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import Template
from grader.display.steps import format_items
from grader.display.text import to_text
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Name
from grader.kinds import KINDS
from grader.kinds.arrays import MatrixPart, TensorPart, VectorPart
from grader.kinds.base import get_first_spelling
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import ExpressionPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.quantities import QuantityPart
from grader.kinds.sets import SetPart
from grader.kinds.shapes import ShapePart
from grader.kinds.tables.part import TablePart
from grader.reading.units.unit_names import DIMENSIONS
from grader.values import OpaqueValue, Tensor, Value
from grader.variants.variant import Variant
from problems.publish import to_json_data
from problems.registry import REGISTRY

CELL_EXAMPLES: Final = {"integer": "32", "number": "0.5", "percent": "86%", "shape": "3×32×32"}
SET_EXAMPLES: Final = {"number": "0.5, 2", "integer": "3, 5", "shape": "3×3, 5×5"}
AXIS_EXAMPLE: Final = "32"


def render_statement(variant: Variant) -> str:
    """Return the statement of the problem with the numbers of *variant*."""
    return variant.problem.statement.fill(variant.student_scope(REGISTRY)).strip()


def serialize_question(part: AnyPart, variant: Variant) -> PartAsked:
    """Return the question of a part with the numbers of *variant*."""
    scope = variant.student_scope(REGISTRY)
    return PartAsked(
        id=part.id,
        title=part.title,
        kind=part.kind,
        points=Fraction(part.points),
        prompt=part.prompt.fill(scope).strip(),
        typing=_serialize_typing(part, scope, variant.keys.get(part.id)),
    )


def _serialize_typing(part: AnyPart, scope: Scope, key: Value | None) -> Typing:
    kind = KINDS[part.kind]
    fields: dict[str, Any] = {"hint": kind.hint, "example": kind.example}
    match part:
        case ChoicePart() | ChoicesPart():
            fields |= _build_choice_fields(part, scope)
        case SetPart():
            fields |= _build_set_fields(part)
        case ShapePart():
            fields |= _build_shape_fields(part)
        case TablePart():
            fields |= _build_table_fields(part, scope)
        case ExpressionPart():
            first = next(iter(part.variables))
            fields |= {"variables": (*part.variables,), "count": part.formula_count}
            fields["example"] = ", ".join([f"{first} + 1"] * (part.formula_count or 1))
        case QuantityPart():
            fields |= {"unit": part.unit, "units": (*DIMENSIONS[part.dimension],)}
            fields["example"] = f"5 {part.unit}"
        case PredicatePart():
            count = len(part.as_)
            fields |= {"count": count, **_build_names_field(part.names)}
            fields["example"] = _numbers_example(part.names, count)
        case VectorPart() | MatrixPart() | TensorPart():
            is_shape_given = isinstance(key, Tensor) and part.size == "given"
            fields["shape"] = key.shape if is_shape_given and isinstance(key, Tensor) else None
            if isinstance(part, VectorPart) and part.names:
                fields |= _build_names_field(part.names)
                fields["example"] = _numbers_example(part.names, len(part.names))
    return Typing(**fields)


def _build_names_field(names: tuple[str, ...]) -> dict[str, Any]:
    return {"names": tuple(map(get_first_spelling, names)) or None}


def _numbers_example(names: tuple[str, ...], count: int) -> str:
    """Return an example of *count* numbers, each with its name if they have names."""
    numbers = range(1, count + 1)
    if not names:
        return ", ".join(map(str, numbers))
    pairs = zip(map(get_first_spelling, names), numbers, strict=True)
    return ", ".join(f"{name} = {number}" for name, number in pairs)


def _build_choice_fields(part: ChoicePart | ChoicesPart, scope: Scope) -> dict[str, Any]:
    options = tuple(
        Option(id=option, text=text.fill(scope)) for option, text in part.options.items()
    )
    ids = [option.id for option in options]
    return {"options": options, "example": ids[0] if part.kind == "choice" else ", ".join(ids[:2])}


def _build_set_fields(part: SetPart) -> dict[str, Any]:
    if part.of != "name":
        return {"example": SET_EXAMPLES[part.of]}
    options = tuple(Option(id=name, text=name) for name in part.options)
    return {"options": options, "example": ", ".join(part.options[:2])}


def _build_shape_fields(part: ShapePart) -> dict[str, Any]:
    axes = len(part.layout) if part.layout else 3
    if not part.variables:
        return {"layout": part.layout, "example": "×".join([AXIS_EXAMPLE] * axes)}
    first = next(iter(part.variables))
    return {
        "layout": part.layout,
        "variables": (*part.variables,),
        "example": ", ".join([f"{first} + 1"] * axes),
    }


def _build_table_fields(part: TablePart, scope: Scope) -> dict[str, Any]:
    items = evaluate(part.rows.tree, scope)
    if isinstance(items, OpaqueValue):
        items = items.get_field("layers")
    rows = items if isinstance(items, tuple) else ()
    columns = tuple(
        Column(
            id=name,
            kind=column.kind,
            layout=column.layout if isinstance(column, ShapePart) else None,
            example=_build_shape_fields(column)["example"]
            if isinstance(column, ShapePart)
            else CELL_EXAMPLES[column.kind],
        )
        for name, column in part.columns.items()
    )
    example = "\n".join([" | ".join(column.example for column in columns)] * len(rows))
    return {"rows": tuple(map(format_items, rows)), "columns": columns, "example": example}


def serialize_numbers(variant: Variant) -> tuple[ProblemNumber, ...]:
    """Return the named values that the texts of *variant* show, in order.

    It omits all others: a value that the file derives but no text shows may be the answer.
    """
    names = dict.fromkeys(_iter_placeholder_names(variant.problem))
    values = ((name, variant.names[name]) for name in names if name in variant.names)
    return tuple(
        _serialize_number(name, value)
        for name, value in values
        if not isinstance(value, OpaqueValue)
    )


def _iter_placeholder_names(problem: Problem) -> Iterator[str]:
    """Yield the names that stand alone in a placeholder of a text for students."""
    for template in _iter_templates(problem):
        for placeholder in template.expressions:
            if isinstance(placeholder.tree, Name):
                yield placeholder.tree.name


def _iter_templates(problem: Problem) -> Iterator[Template]:
    yield problem.statement
    for part in problem.parts:
        yield part.prompt
        if isinstance(part, (ChoicePart, ChoicesPart)):
            yield from part.options.values()


def _serialize_number(name: str, value: Value) -> ProblemNumber:
    shape = value.shape if isinstance(value, Tensor) else ()
    return ProblemNumber(name=name, shape=shape, value=to_json_data(value), text=to_text(value))
