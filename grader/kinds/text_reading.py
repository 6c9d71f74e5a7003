"""Reading of an answer's text: what is checked before and after the reader of a kind."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Final, Generic, TypeAlias, TypeVar

from grader.definitions.parts import Part
from grader.definitions.question_text import get_question_source, get_question_text
from grader.errors import AnswerError
from grader.expressions.evaluate import Scope
from grader.lazy_regex import lazy_regex
from grader.reading import NumberStyle, RawAnswer, Reading, normalize_number_style
from grader.reading.equations.numbers import refuse_false_equations
from grader.reading.grammar.ambiguous_signs import DASH_IS_AMBIGUOUS
from grader.reading.grammar.characters import fold_lookalikes, replace_decimal_commas
from grader.reading.grammar.vocabulary import has_words
from grader.reading.lengths import check_text_length
from grader.reading.references.contradictions import refuse_contradictions
from grader.reading.references.numbered_things import refuse_other_numbered_thing
from grader.reading.restatements.pipelines import adapt_to_statement
from grader.reading.restatements.question_echo import strip_echo
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.steps.grouped_results import remove_points_of_results
from grader.reading.restatements.steps.harmless_clauses import strip_check
from grader.reading.restatements.steps.restated_values import split_notations
from grader.reading.restatements.surroundings.excluded_layers import strip_excluded_layers
from grader.reading.restatements.surroundings.repeated_question import strip_repeated_question
from grader.reading.restatements.wrapping import blank_label, strip_typesetting_and_comments
from grader.reading.result import StyledText
from grader.reading.screening.doubts import refuse_qualified_reason
from grader.reading.screening.question_order import strip_column_names
from grader.reading.screening.reasons import strip_reason
from grader.reading.screening.screen import ScreenedWords, refuse_changing_words
from grader.reading.units.quantities import GIVES_TWO_VALUES

P = TypeVar("P", bound=Part)
A = TypeVar("A")
Refusal: TypeAlias = Callable[[str], None]
"""Function that raises `AnswerError` for a text that has two meanings."""

MAX_REWRITTEN_CHARACTERS: Final = 1_000
"""Length of an unreadable text above which no rewriting is tried."""
LONG_SPACE: Final = lazy_regex(r"\s{17,}")
"""White space that is shortened before rewriting, because patterns would need much time for it."""


class TextReader(ABC, Generic[P, A]):
    """Reader of the answers of a kind, with the checks that all kinds share.

    *max_characters* limits a text, and all texts of a list together. *by_person* means
    that only a person grades it, *refuses_qualifiers* that words which limit or negate the value
    are refused, *refuses_unknown_words* that so are words which are not known to be harmless,
    *compares_sides* that an equation of numbers must hold, *has_decimals* that the answer is one
    number with decimals, *drops_comments* that the mark of a comment is dropped,
    *drops_own_label* that so is the id of the part before ``=``. *refusals* and *rewriters* are
    the usual results of `get_refusals` and `get_rewriters`.
    """

    max_characters: ClassVar[int] = 2_000
    by_person: ClassVar[bool] = False
    refuses_qualifiers: ClassVar[bool] = True
    refuses_unknown_words: ClassVar[bool] = True
    compares_sides: ClassVar[bool] = True
    has_decimals: ClassVar[bool] = False
    drops_comments: ClassVar[bool] = False
    drops_own_label: ClassVar[bool] = False
    refusals: ClassVar[tuple[Refusal, ...]] = ()
    rewriters: ClassVar[tuple[Rewriter, ...]] = (strip_echo,)

    def is_plain(self, text: str) -> bool:
        """Return whether *text* is a bare value, beside which nothing needs a check."""
        del text
        return False

    @abstractmethod
    def read(self, typed: RawAnswer, part: P, scope: Scope) -> Reading[A]:
        """Return the value of an answer, or raise `AnswerError`.

        *scope* holds what the student sees (parameters), never a key, so reading cannot leak one.
        """

    def normalize_and_read(
        self, typed: RawAnswer, style: NumberStyle | None, part: P, scope: Scope
    ) -> Reading[A]:
        """Return the reading of an answer as submitted, or raise `AnswerError`.

        Look-alike characters are folded and decimals converted from *style* before `read`.
        """
        check_text_length(typed, self.max_characters)
        normalized = normalize_number_style(typed, style)
        if not isinstance(normalized, str) or self.is_plain(normalized):
            return self.read(normalized, part, scope)
        notes: tuple[str, ...] = ()
        if not self.by_person:
            bare, notes = strip_typesetting_and_comments(normalized, comments=self.drops_comments)
            if self.drops_own_label:
                bare = blank_label(bare, part.id)
            normalized = StyledText(bare) if isinstance(normalized, StyledText) else bare
        reading = self._read_text(normalized, style, part, scope)
        return replace(reading, notes=(*reading.notes, *notes)) if notes else reading

    def _read_text(self, text: str, style: NumberStyle | None, part: P, scope: Scope) -> Reading[A]:
        """Return the reading of a text without its wrapping."""
        for refuse in self.get_refusals(part):
            refuse(text)
        if style is None:
            text = remove_points_of_results(text)
            text = replace_decimal_commas(text) if self.has_decimals else text
        if self.compares_sides:
            refuse_false_equations(text)
        if not self.refuses_qualifiers or not has_words(text, getattr(part, "variables", ())):
            return self._read_or_rewrite(text, part, scope, get_question_source(part))
        return self._read_text_with_words(text, part, scope)

    def _read_text_with_words(self, text: str, part: P, scope: Scope) -> Reading[A]:
        """Return the reading of a text with words, unless one may change the value."""
        question = get_question_text(part, scope)
        text, copied = strip_repeated_question(text, question)
        text, excluded = strip_excluded_layers(text, question)
        if self.refuses_unknown_words and not getattr(part, "options", ()):
            named = f"{question} {part.id.replace('_', ' ')}"
            refuse_other_numbered_thing(text, named, part.statement)
            refuse_contradictions(text, question)
        text, check = (text, ()) if hasattr(part, "variables") else strip_check(text)
        value_text, reason = strip_reason(text)
        if reason:
            refuse_qualified_reason(
                text, len(value_text), question=question, context=part.statement
            )
        value_text, header = strip_column_names(value_text, question)
        notes = (*copied, *excluded, *header, *reason, *check)
        reading = self._read_or_rewrite(value_text, part, scope, question, screened=text)
        return replace(reading, notes=(*reading.notes, *notes)) if notes else reading

    def _read_or_rewrite(
        self, text: str, part: P, scope: Scope, question: str, *, screened: str = ""
    ) -> Reading[A]:
        """Return the reading of *text*, or else of its first rewriting that is readable.

        Words of *screened* that may change the value, unless *question* has them, are refused.
        """
        try:
            reading = self.read(text, part, scope)
            self._refuse_changing_words(fold_lookalikes(screened), part, question)
        except AnswerError as error:
            if any(message in str(error) for message in (DASH_IS_AMBIGUOUS, GIVES_TWO_VALUES)):
                raise  # a rewriting would choose one of the two readings
            plain = fold_lookalikes(text)
            rewritten = self._read_rewritten(plain, part, scope, question) or self._read_restated(
                plain, part, scope, question
            )
            if rewritten is None:
                raise
            return rewritten
        return reading

    def _read_restated(self, text: str, part: P, scope: Scope, question: str) -> Reading[A] | None:
        """Return the reading of a value that *text* states in several notations, if all agree."""
        notations = split_notations(text) if len(text) <= MAX_REWRITTEN_CHARACTERS else []
        try:
            readings = [
                self._read_or_rewrite(notation, part, scope, question, screened=notation)
                for notation in notations
            ]
        except AnswerError:
            return None
        if not readings or any(reading.value != readings[0].value for reading in readings):
            return None
        return readings[-1]

    def _read_rewritten(self, text: str, part: P, scope: Scope, question: str) -> Reading[A] | None:
        """Return the reading of the first readable rewriting of *text*; None if there is none."""
        if len(text) > MAX_REWRITTEN_CHARACTERS:
            return None
        text = LONG_SPACE.sub(_shorten_space, text)
        source = get_question_source(part)
        notes: tuple[str, ...] = ()
        for rewrite in self.get_rewriters(part):
            rewriting = rewrite(text, source)
            if rewriting is None:
                continue
            text, notes = rewriting.text, (*notes, *rewriting.notes)
            try:
                reading = self.read(text, part, scope)
                self._refuse_changing_words(rewriting.screened, part, question)
            except AnswerError:
                continue
            return replace(reading, notes=(*reading.notes, *notes))
        return None

    def get_refusals(self, part: P) -> tuple[Refusal, ...]:
        """Return the functions that raise `AnswerError` for texts with two meanings."""
        del part
        return self.refusals

    def get_rewriters(self, part: P) -> tuple[Rewriter, ...]:
        """Return the rewritings to try, in order, on an answer that cannot be read."""
        return adapt_to_statement(self.rewriters, part.statement)

    def _refuse_changing_words(self, text: str, part: P, question: str) -> None:
        """Raise `AnswerError` for words that the readers may not drop."""
        if not text or not self.refuses_qualifiers or not has_words(text):
            return
        names = (*getattr(part, "variables", ()), *getattr(part, "options", ()))
        words = ScreenedWords(
            question=question,
            context=part.statement,
            others=part.other_questions,
            names=names,
            listed=tuple(getattr(part, "names", ())),
            units=hasattr(part, "dimension"),
        )
        refuse_changing_words(text, words, unknown_words=not names and self.refuses_unknown_words)


def _shorten_space(space: re.Match[str]) -> str:
    """Return at most a blank line, a line end with an indent, a tab, or two blanks."""
    if lines := space[0].count("\n"):
        return "\n\n" if lines > 1 else "\n "
    return "\t" if "\t" in space[0] else "  "
