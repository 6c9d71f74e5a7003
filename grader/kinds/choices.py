"""Kinds whose answer is picked from a list: `choice` and `choices`."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from grader.definitions.field_types import Prose, SnakeId
from grader.definitions.parts import KeyedPart
from grader.display.mathml import math_element, table_element, text_element
from grader.display.render import Rendering
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.parser import Expression
from grader.kinds.base import RIGHT, WRONG, AnswerKind, Judgement, SampleAnswers
from grader.kinds.comparison.options import (
    MAX_OPTION_LENGTH,
    match_option,
    match_options,
    require_text,
    strip_reason,
    strip_remark,
)
from grader.reading import RawAnswer, Reading
from grader.reading.lists.set_sentences import build_sentence_reader
from grader.reading.restatements.options import match_restated_option
from grader.reading.restatements.phrases import strip_phrases
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.steps.listed_items import build_ordinal_reader
from grader.values import Value


class OptionsPart(KeyedPart):
    """Part with options by id; the key is an id as text, such as ``'a'``.

    *feedback* says by option what a student reads who picks it wrongly.
    """

    options: Annotated[dict[SnakeId, Prose], Field(min_length=2, max_length=26)]
    feedback: dict[SnakeId, Prose] = {}

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """The expressions of the part with their fields, for checks of their names."""
        placeholders = (
            ("say", placeholder)
            for text in self.feedback.values()
            for placeholder in text.expressions
        )
        return (*super().expressions, *placeholders)

    def describe_wrong_options(self, picked: Iterable[str], key: Value | None, scope: Scope) -> str:
        """Return the feedback on the options in *picked* that do not belong to the *key*."""
        right = key if isinstance(key, tuple) else (key,)
        wrong = (option for option in picked if option in self.feedback and option not in right)
        return " ".join(self.feedback[option].fill(scope).strip() for option in wrong)

    @model_validator(mode="after")
    def _check_feedback(self) -> Self:
        if unknown := [option for option in self.feedback if option not in self.options]:
            raise ValueError(f"`feedback` names {unknown[0]!r}, which is not one of the options")
        return self

    @model_validator(mode="after")
    def _check_literal_keys(self) -> Self:
        if self.key is not None and self.key.is_literal:
            picked = re.findall(r"'([^']*)'|\"([^\"]*)\"", self.key.source)
            for single_quoted, double_quoted in picked:
                if (single_quoted or double_quoted) not in self.options:
                    raise ValueError(
                        f"the key {single_quoted or double_quoted!r} is not one of the options"
                    )
        return self


class ChoicePart(OptionsPart):
    """One of several options."""

    kind: Literal["choice"]


class ChoiceKind(AnswerKind[ChoicePart, str]):
    """Kind of a single option, given by its id or its text."""

    part: ClassVar[type[ChoicePart]] = ChoicePart
    max_characters = MAX_OPTION_LENGTH
    hint = "The letter or name of one option."
    reads_alone = False
    refuses_qualifiers = False
    compares_sides = False

    def get_rewriters(self, part: ChoicePart) -> tuple[Rewriter, ...]:
        """Return the rewritings to try, in order, on an answer that cannot be read."""
        return _get_rewriters(part)

    def read(self, typed: RawAnswer, part: ChoicePart, scope: Scope) -> Reading[str]:
        """Return the id of the option."""
        del scope
        text = require_text(typed)
        try:
            picked = match_option(text, part)
        except AnswerError:
            restated = match_restated_option(
                strip_reason(text),
                {name: option.source for name, option in part.options.items()},
                f"{part.title} {part.prompt.source}",
            )
            bare = strip_remark(text, part)
            if restated is None and bare == text:
                raise
            picked = restated or match_option(bare, part)
        return Reading(picked, text=picked)

    def solve(self, part: ChoicePart, scope: Scope) -> Value | None:
        """Return the id of the right option, or raise `SolverError` if the key is no option."""
        key = super().solve(part, scope)
        if isinstance(key, str) and key in part.options:
            return key
        raise SolverError("the key is not the id of an option")

    def judge(
        self, reading: Reading[str], key: Value | None, part: ChoicePart, scope: Scope
    ) -> Judgement:
        """Return full credit if the option is the key, else none, with the option's feedback."""
        if reading.value == key:
            return RIGHT
        return replace(WRONG, remark=part.describe_wrong_options((reading.value,), key, scope))

    def render(self, reading: Reading[str], part: ChoicePart, scope: Scope) -> Rendering:
        """Return the option with its text."""
        return _render_options((reading.value,), part, scope)

    def build_samples(self, part: ChoicePart, key: Value | None) -> SampleAnswers:
        """Return the right option, all the wrong ones, and unreadable answers."""
        wrong = tuple(option for option in part.options if option != key)
        return SampleAnswers((str(key), f"({str(key).upper()})"), wrong, ("none of them", "", 7))


class ChoicesPart(OptionsPart):
    """Several of several options; the key is a tuple of ids, such as ``('a', 'c')``."""

    kind: Literal["choices"]
    credit_by: Literal["option", "all"] = "all"


class ChoicesKind(AnswerKind[ChoicesPart, tuple[str, ...]]):
    """Kind of a set of options, in any order."""

    part: ClassVar[type[ChoicesPart]] = ChoicesPart
    max_characters = 10_000
    hint = "The letters or names of all correct options."
    reads_alone = False
    refuses_qualifiers = False
    compares_sides = False

    def get_rewriters(self, part: ChoicesPart) -> tuple[Rewriter, ...]:
        """Return the rewritings to try, in order, on an answer that cannot be read."""
        return _get_rewriters(part)

    def read(self, typed: RawAnswer, part: ChoicesPart, scope: Scope) -> Reading[tuple[str, ...]]:
        """Return the ids of the options, sorted."""
        del scope
        try:
            picked = match_options(typed, part)
        except AnswerError:
            bare = strip_remark(typed, part) if isinstance(typed, str) else typed
            if bare == typed:
                raise
            picked = match_options(bare, part)
        return Reading(picked, text=", ".join(picked))

    def solve(self, part: ChoicesPart, scope: Scope) -> Value | None:
        """Return the ids of the right options, sorted, or raise `SolverError`."""
        key = super().solve(part, scope)
        picked = key if isinstance(key, tuple) else (None,)
        ids = [item for item in picked if isinstance(item, str) and item in part.options]
        if len(ids) < len(picked):
            raise SolverError("the key is not a tuple of option ids")
        return tuple(sorted(set(ids)))

    def judge(
        self, reading: Reading[tuple[str, ...]], key: Value | None, part: ChoicesPart, scope: Scope
    ) -> Judgement:
        """Return full credit for exactly the right options.

        With credit by option, the credit is the share of right options picked minus the share of
        wrong ones, at least 0. The feedback on wrong options is a remark.
        """
        if reading.value == key:
            return RIGHT
        remark = part.describe_wrong_options(reading.value, key, scope)
        if part.credit_by == "all" or not isinstance(key, tuple):
            return replace(WRONG, remark=remark)
        cells = tuple((option in reading.value) == (option in key) for option in part.options)
        right: set[object] = set(key)
        wrong = set(part.options) - right
        credit = _compute_picked_share(reading.value, right) - _compute_picked_share(
            reading.value, wrong
        )
        return Judgement(max(credit, WRONG.credit), cells=cells, rule="cells", remark=remark)

    def render(
        self, reading: Reading[tuple[str, ...]], part: ChoicesPart, scope: Scope
    ) -> Rendering:
        """Return the options with their texts, one per line."""
        return _render_options(reading.value, part, scope)

    def carried_value(self, reading: Reading[tuple[str, ...]]) -> Value | None:
        """Return None, because later keys do not compute with options."""
        del reading
        return None

    def build_samples(self, part: ChoicesPart, key: Value | None) -> SampleAnswers:
        """Return the right options, their complement, and unreadable answers."""
        right = key if isinstance(key, tuple) else ()
        others = [option for option in part.options if option not in right]
        text = ", ".join(str(option) for option in right)
        wrong = (", ".join(others),) if others else ()
        return SampleAnswers((text, list(map(str, right))), wrong, ("none of them", ""))


def _get_rewriters(part: OptionsPart) -> tuple[Rewriter, ...]:
    """Return the removal of phrases; ``(a)`` is one unless an option has one letter."""
    return (
        partial(strip_phrases, letters=all(len(name) > 1 for name in part.options)),
        build_ordinal_reader(tuple(part.options)),
        *([build_sentence_reader(tuple(part.options))] if part.kind == "choices" else ()),
    )


def _render_options(picked: tuple[str, ...], part: OptionsPart, scope: Scope) -> Rendering:
    lines = [f"{name}) {part.options[name].fill(scope)}" for name in picked]
    return Rendering(
        "\n".join(lines), math_element(table_element((text_element(line),) for line in lines))
    )


def _compute_picked_share(picked: tuple[str, ...], options: AbstractSet[object]) -> Fraction:
    """Return the share of *options* in *picked*; 0 if there are no options."""
    return Fraction(sum(one in options for one in picked), len(options) or 1)
