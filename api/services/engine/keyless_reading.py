"""Reading of answers without access to the key.

A `KeylessQuestion` is a copy of a part with only the fields that reading uses: no key, no
conditions, no mistakes, no tolerance; of the values it has those that its own texts and rows name.
`read_answer` gets only the question and the typed answer. So this module cannot reveal whether an
answer is right: its output is the same for every key.
"""

from dataclasses import dataclass
from typing import Any, Final

from api.schemas.student.work import ReadAs
from grader.definitions.parts import Part
from grader.definitions.question_text import get_displayed_names
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.parser import parse
from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import ExpressionPart
from grader.kinds.shapes import ShapePart, describe_axis_count_mismatch
from grader.kinds.tables.part import TablePart
from grader.reading import NumberStyle, RawAnswer, is_blank
from problems.publish import to_json_data

READING_FIELDS: Final = (
    "id",
    "kind",
    "title",
    "prompt",
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
"""Fields of a part that affect the reading of answers."""

BLANK_MESSAGE: Final = "Enter an answer first."
UNRENDERABLE_MESSAGE: Final = "This cannot be displayed. You can submit it; a person will grade it."


@dataclass(frozen=True, slots=True)
class KeylessQuestion:
    """A part of a problem reduced to the fields that reading uses; it cannot grade."""

    part: Part
    scope: Scope

    @classmethod
    def from_part(cls, part: Part, scope: Scope) -> "KeylessQuestion":
        """Return the question of *part*, with only those values of *scope* that its texts name."""
        referenced = _referenced_names(part)
        names = {name: value for name, value in scope.names.items() if name in referenced}
        return cls(_strip_key(part), Scope(names, scope.functions))


def _referenced_names(part: Part) -> frozenset[str]:
    """Return the names in the displayed texts of a part, and in its rows or options."""
    names = get_displayed_names(part)
    match part:
        case TablePart():
            return names | part.rows.names
        case ChoicePart() | ChoicesPart():
            texts = part.options.values()
            return names.union(
                *(expression.names for text in texts for expression in text.expressions)
            )
        case _:
            return names


def _strip_key(part: Part) -> Part:
    """Return a part of the same kind with only the fields in `READING_FIELDS`."""
    fields: dict[str, Any] = {
        name: getattr(part, name) for name in READING_FIELDS if name in type(part).model_fields
    }
    if isinstance(part, TablePart):
        fields["columns"] = {name: _strip_key(column) for name, column in part.columns.items()}
    if isinstance(part, ExpressionPart) and part.formula_count:
        # The reader expects a list or not by the form of the key, so only that form is copied.
        fields["key"] = parse(f"({'0, ' * part.formula_count})")
    keyless = type(part).model_construct(**fields)
    keyless.set_statement(part.statement, other_questions=part.other_questions)
    return keyless


def _find_form_notes(part: Part, value: object) -> tuple[str, ...]:
    """Return what the question itself says against the form of a reading, whatever the key is."""
    if not isinstance(part, ShapePart) or part.layout is None or not isinstance(value, tuple):
        return ()
    if len(value) == len(part.layout):
        return ()
    return (describe_axis_count_mismatch(len(value), len(part.layout), part),)


def read_answer(
    question: KeylessQuestion, typed: RawAnswer, *, numbers: NumberStyle | None = None
) -> ReadAs:
    """Read a typed answer; *numbers* is the course's style of decimals."""
    if is_blank(typed):
        return ReadAs(readable=False, message=BLANK_MESSAGE)
    kind = KINDS[question.part.kind]
    try:
        reading = kind.normalize_and_read(typed, numbers, question.part, question.scope)
        rendered = kind.render(reading, question.part, question.scope)
    except AnswerError as error:
        return ReadAs(
            readable=False, message=error.message, expected=error.expected, position=error.position
        )
    except SolverError:
        return ReadAs(readable=False, message=UNRENDERABLE_MESSAGE)
    is_choice = isinstance(question.part, (ChoicePart, ChoicesPart))
    value = reading.value if is_choice else kind.carried_value(reading)
    return ReadAs(
        readable=True,
        read_as=rendered.text,
        notes=(*reading.notes, *_find_form_notes(question.part, reading.value)),
        mathml=rendered.mathml,
        value=None if value is None else to_json_data(value),
    )
