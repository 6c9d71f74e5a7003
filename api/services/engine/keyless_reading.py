"""Reading of answers without access to the key.

A `Question` is a copy of a part with only the fields that reading uses: no key, no conditions, no
mistakes, no tolerance; of the values it has those that its own texts and rows name. `read_answer`
gets only the question and the typed answer. So this module cannot reveal whether an answer is
right: its output is the same for every key.
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
    """A part of a problem reduced to the fields that reading uses; it cannot grade."""

    part: Part
    scope: Scope

    @classmethod
    def of(cls, part: Part, scope: Scope) -> "Question":
        """Return the question of *part*, with only those values of *scope* that its texts name."""
        named = _named(part)
        names = {name: value for name, value in scope.names.items() if name in named}
        return cls(_blinded(part), Scope(names, scope.functions))


def _named(part: Part) -> frozenset[str]:
    """Return the names used in the rows or the options of a part."""
    match part:
        case TablePart():
            return part.rows.names
        case ChoicePart() | ChoicesPart():
            texts = part.options.values()
            return frozenset().union(*(one.names for text in texts for one in text.expressions))
        case _:
            return frozenset()


def _blinded(part: Part) -> Part:
    """Return a part of the same kind with only the fields in `READ_BY`."""
    kept: dict[str, Any] = {
        name: getattr(part, name) for name in READ_BY if name in type(part).model_fields
    }
    if isinstance(part, TablePart):
        kept["columns"] = {name: _blinded(column) for name, column in part.columns.items()}
    if isinstance(part, ExpressionPart) and part.length:
        # Reading tells from the form of the key whether it expects a list; only the form is kept.
        kept["key"] = parse(f"({'0, ' * part.length})")
    return type(part).model_construct(**kept)


def read_answer(question: Question, typed: Typed, *, numbers: Style | None = None) -> ReadAs:
    """Read a typed answer; *numbers* is the course's style of decimals."""
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
