"""All checks of the words beside a value, in order."""

from typing import NamedTuple

from grader.reading.lists.column_totals import find_column_total
from grader.reading.references.amounts import refuse_other_amount
from grader.reading.references.conventions import refuse_other_convention
from grader.reading.references.counted_nouns import add_named_things, refuse_other_noun
from grader.reading.references.directions import (
    refuse_other_direction,
    refuse_other_kind,
    refuse_reversed_ratio,
)
from grader.reading.references.selections import blank_selection, refuse_opposite_things
from grader.reading.references.subjects import refuse_other_subject
from grader.reading.screening.counted_things import refuse_other_things
from grader.reading.screening.doubts import refuse_bracketed_value, refuse_qualified_reason
from grader.reading.screening.known_words import refuse_unknown_words
from grader.reading.screening.labels import (
    refuse_assigned_axes,
    refuse_false_equation,
    refuse_other_name,
    refuse_symbol_of_other_question,
)
from grader.reading.screening.qualifiers import refuse_qualifiers
from grader.reading.screening.question_order import refuse_other_order
from grader.reading.screening.reasons import strip_reason
from grader.reading.screening.scopes import refuse_other_scope
from grader.reading.screening.working import drop_working


class ScreenedWords(NamedTuple):
    """What a question lends to an answer.

    *question* is its prompt, *context* the statement of the problem, *others* its other questions,
    *names* the variables and options, *listed* the names of the numbers asked for, *units* whether
    a quantity is asked for.
    """

    question: str
    context: str
    others: str
    names: tuple[str, ...]
    listed: tuple[str, ...]
    units: bool


def refuse_changing_words(text: str, words: ScreenedWords, *, unknown_words: bool) -> None:
    """Raise `AnswerError` for words in *text* that the readers may not drop.

    With *unknown_words* so are words that are not known to be harmless.
    """
    text = drop_working(text)
    question = words.question
    value = strip_reason(text)[0]
    refuse_opposite_things(value, question)
    value = blank_selection(value, question)
    refuse_qualifiers(value, question=question, context=words.context, names=words.names)
    refuse_other_amount(value, question)
    refuse_other_convention(text, question, words.context)
    refuse_bracketed_value(text)
    refuse_qualified_reason(text, len(value), question=question, context=words.context)
    if not unknown_words or find_column_total(text):
        return
    refuse_other_order(text, question)
    refuse_false_equation(text)
    refuse_other_name(text, question)
    if not words.listed:
        refuse_symbol_of_other_question(text, question, words.others, words.context)
    refuse_assigned_axes(text)
    if not words.listed:
        refuse_other_noun(value, add_named_things(question, words.others))
        refuse_other_direction(value, question)
        refuse_reversed_ratio(value, question)
        refuse_other_subject(value, question)
        refuse_other_kind(value, question, words.others)
    listed = f"{question} {' '.join(words.listed)}"
    refuse_other_scope(text, listed, words.context)
    refuse_other_things(
        value, listed, context=words.context, others=words.others, units=words.units
    )
    refuse_unknown_words(
        value,
        question=listed,
        context=words.context,
        others=words.others,
        units=words.units,
    )
