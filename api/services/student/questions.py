"""Questions as a student sees them: prompts with numbers, and how to type the answer.

Hints and examples do not depend on the key. They reveal only the form of the key, and only where an
answer in another form costs nothing and gets the same information: the size of an array, the number
of formulas.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from api.schemas.student.problem import Column, Given, Option, PartAsked, Typing
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import Template
from grader.display.steps import itemised
from grader.display.text import show
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Name
from grader.kinds import KINDS
from grader.kinds.arrays import MatrixPart, TensorPart, VectorPart
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import ExpressionPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.quantities import QuantityPart
from grader.kinds.sets import SetPart
from grader.kinds.shapes import ShapePart
from grader.kinds.tables import TablePart
from grader.reading.units.unit_names import DIMENSIONS
from grader.values import Opaque, Tensor, Value
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.publish import plain

__all__ = ["asked", "numbers", "statement"]

CELLS: Final = {"integer": "32", "number": "0.5", "percent": "86%", "shape": "3×32×32"}
ITEMS: Final = {"number": "0.5, 2", "integer": "3, 5", "shape": "3×3, 5×5"}
AXIS: Final = "32"


def statement(variant: Variant) -> str:
    """Return the statement of the problem with the numbers of *variant*."""
    return variant.problem.statement.fill(variant.scope(BOOK)).strip()


def asked(part: AnyPart, variant: Variant) -> PartAsked:
    """Return the question of a part with the numbers of *variant*."""
    scope = variant.scope(BOOK)
    return PartAsked(
        id=part.id,
        title=part.title,
        kind=part.kind,
        points=Fraction(part.points),
        prompt=part.prompt.fill(scope).strip(),
        typing=_typing(part, scope, variant.keys.get(part.id)),
    )


def _typing(part: AnyPart, scope: Scope, key: Value | None) -> Typing:
    kind = KINDS[part.kind]
    told: dict[str, Any] = {"hint": kind.hint, "example": kind.example}
    match part:
        case ChoicePart() | ChoicesPart():
            told |= _picked(part, scope)
        case SetPart():
            told |= _set(part)
        case ShapePart():
            told |= _shape(part)
        case TablePart():
            told |= _table(part, scope)
        case ExpressionPart():
            first = next(iter(part.variables))
            told |= {"variables": (*part.variables,), "count": part.length}
            told["example"] = ", ".join([f"{first} + 1"] * (part.length or 1))
        case QuantityPart():
            told |= {"unit": part.unit, "units": (*DIMENSIONS[part.dimension],)}
            told["example"] = f"5 {part.unit}"
        case PredicatePart():
            count = len(part.as_)
            told |= {"count": count, "example": ", ".join(str(at) for at in range(1, count + 1))}
        case VectorPart() | MatrixPart() | TensorPart():
            given = isinstance(key, Tensor) and part.size == "given"
            told["shape"] = key.shape if given and isinstance(key, Tensor) else None
    return Typing(**told)


def _picked(part: ChoicePart | ChoicesPart, scope: Scope) -> dict[str, Any]:
    options = tuple(Option(id=one, text=text.fill(scope)) for one, text in part.options.items())
    ids = [one.id for one in options]
    return {"options": options, "example": ids[0] if part.kind == "choice" else ", ".join(ids[:2])}


def _set(part: SetPart) -> dict[str, Any]:
    if part.of != "name":
        return {"example": ITEMS[part.of]}
    options = tuple(Option(id=name, text=name) for name in part.options)
    return {"options": options, "example": ", ".join(part.options[:2])}


def _shape(part: ShapePart) -> dict[str, Any]:
    axes = len(part.layout) if part.layout else 3
    if not part.variables:
        return {"layout": part.layout, "example": "×".join([AXIS] * axes)}
    first = next(iter(part.variables))
    return {
        "layout": part.layout,
        "variables": (*part.variables,),
        "example": ", ".join([f"{first} + 1"] * axes),
    }


def _table(part: TablePart, scope: Scope) -> dict[str, Any]:
    items = evaluate(part.rows.tree, scope)
    if isinstance(items, Opaque):
        items = items.field("layers")
    rows = items if isinstance(items, tuple) else ()
    columns = tuple(
        Column(
            id=name,
            kind=one.kind,
            layout=one.layout if isinstance(one, ShapePart) else None,
            example=_shape(one)["example"] if isinstance(one, ShapePart) else CELLS[one.kind],
        )
        for name, one in part.columns.items()
    )
    example = "\n".join([" | ".join(one.example for one in columns)] * len(rows))
    return {"rows": tuple(map(itemised, rows)), "columns": columns, "example": example}


def numbers(variant: Variant) -> tuple[Given, ...]:
    """Return the named values that the texts of *variant* show, in order.

    It omits all others: a value that the file derives but no text shows may be the answer.
    """
    shown = dict.fromkeys(_named(variant.problem))
    given = ((name, variant.names[name]) for name in shown if name in variant.names)
    return tuple(_given(name, value) for name, value in given if not isinstance(value, Opaque))


def _named(problem: Problem) -> Iterator[str]:
    """Yield the names that stand alone in a placeholder of a text for students."""
    for template in _templates(problem):
        for placeholder in template.expressions:
            if isinstance(placeholder.tree, Name):
                yield placeholder.tree.name


def _templates(problem: Problem) -> Iterator[Template]:
    yield problem.statement
    for part in problem.parts:
        yield part.prompt
        if isinstance(part, (ChoicePart, ChoicesPart)):
            yield from part.options.values()


def _given(name: str, value: Value) -> Given:
    shape = value.shape if isinstance(value, Tensor) else ()
    return Given(name=name, shape=shape, value=plain(value), text=show(value))
