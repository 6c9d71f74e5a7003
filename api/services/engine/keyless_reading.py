"""How a text is read as an answer, found out without any access to what is right.

A `Question` is a copy of a part with the fields that reading looks at and no others: no key, no
condition, no mistakes, no tolerance; of the values it holds those that its own texts and rows name.
`read_answer` is given that and what was typed. So nothing in this module could tell whether an
answer is right, and what it tells is the same for every key.
"""

from dataclasses import dataclass
from typing import Any, Final

from api.schemas.student.work import ReadAs
from grader.definitions.parts import Part
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.parser import parse
from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import ExpressionPart
from grader.kinds.tables import TablePart
from grader.reading import Style, Typed, is_blank
from problems.publish import plain

__all__ = ["Question", "read_answer"]

READ_BY: Final = (
    "id",
    "kind",
    "names",
    "options",
    "of",
    "layout",
    "square",
    "share",
    "variables",
    "dimension",
    "unit",
    "bare",
    "as_",
    "rank",
    "rows",
)
"""The fields of parts that reading looks at."""

BLANK: Final = "Nothing is typed yet."
BEYOND: Final = "This cannot be shown. It can be handed in; a person looks at it then."


@dataclass(frozen=True, slots=True)
class Question:
    """A part of a problem as far as an answer to it is read; it cannot be judged with."""

    part: Part
    scope: Scope

    @classmethod
    def of(cls, part: Part, scope: Scope) -> "Question":
        """Return the question of *part*, with as much of *scope* as its own texts name."""
        named = _named(part)
        names = {name: value for name, value in scope.names.items() if name in named}
        return cls(_blinded(part), Scope(names, scope.functions))


def _named(part: Part) -> frozenset[str]:
    """Return the names that the rows or the options of a part are made with."""
    match part:
        case TablePart():
            return part.rows.names
        case ChoicePart() | ChoicesPart():
            texts = part.options.values()
            return frozenset().union(*(one.names for text in texts for one in text.expressions))
        case _:
            return frozenset()


def _blinded(part: Part) -> Part:
    """Return a part of the same kind with no more than `READ_BY` in it."""
    kept: dict[str, Any] = {
        name: getattr(part, name) for name in READ_BY if name in type(part).model_fields
    }
    if isinstance(part, TablePart):
        kept["columns"] = {name: _blinded(column) for name, column in part.columns.items()}
    if isinstance(part, ExpressionPart) and part.length:
        # Whether a list is asked for is read from the form of the key: nothing else is left of it.
        kept["key"] = parse(f"({'0, ' * part.length})")
    return type(part).model_construct(**kept)


def read_answer(question: Question, typed: Typed, *, numbers: Style | None = None) -> ReadAs:
    """Return how *typed* is read; *numbers* is how decimals are marked in the course."""
    if is_blank(typed):
        return ReadAs(readable=False, said=BLANK)
    kind = KINDS[question.part.kind]
    try:
        reading = kind.read_typed(typed, numbers, question.part, question.scope)
        shown = kind.render(reading, question.part, question.scope)
    except AnswerError as error:
        return ReadAs(
            readable=False, said=error.message, expected=error.expected, position=error.position
        )
    except SolverError:
        return ReadAs(readable=False, said=BEYOND)
    picked = isinstance(question.part, (ChoicePart, ChoicesPart))
    value = reading.value if picked else kind.carried(reading)
    return ReadAs(
        readable=True,
        read_as=shown.text,
        notes=reading.notes,
        mathml=shown.mathml,
        value=None if value is None else plain(value),
    )
