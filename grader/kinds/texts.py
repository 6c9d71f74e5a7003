"""Kind whose answer a person grades: `text`, with a rubric."""

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from grader.definitions.field_types import Points, Prose, SnakeId, StrictModel
from grader.definitions.parts import Part
from grader.definitions.template import Template
from grader.errors import AnswerError
from grader.expressions.evaluate import Scope
from grader.kinds.base import WRONG_BY_RULE, AnswerKind, Judgement, SampleAnswers
from grader.reading import NumberStyle, RawAnswer, Reading
from grader.values import Value

MAX_TEXT_LENGTH: Final = 20_000
MAX_DISPLAYED_LENGTH: Final = 200


Phrase: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=80, pattern=r"^[^\n]*$"),
    Field(description="a word or phrase, whatever its case; it begins a word"),
]


def build_phrase_pattern(phrase: str) -> str:
    """Return the regular expression of a phrase, with the rest of the word in which it ends.

    The phrase begins a word: “overfit” is found in “overfitting”, “fit” is not.
    """
    return r"(?<!\w)" + r"\s+".join(map(re.escape, phrase.split())) + r"\w*"


def find_phrases(text: str, phrases: Iterable[str]) -> list[str]:
    r"""Return the *phrases* that occur in *text*, whatever their case and line breaks.

    >>> find_phrases("Fewer\nparameters.", ("fewer parameters", "deeper"))
    ['fewer parameters']
    """
    return [
        phrase for phrase in phrases if re.search(build_phrase_pattern(phrase), text, re.IGNORECASE)
    ]


class RubricItem(StrictModel):
    """A criterion that a TA ticks, and its points.

    The words and phrases of *look_for* are highlighted in answers. They tick nothing.
    """

    id: SnakeId
    points: Points
    say: Prose
    look_for: Annotated[tuple[Phrase, ...], Field(max_length=20)] = ()

    @field_validator("look_for")
    @classmethod
    def _check_phrases(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        folded = [" ".join(phrase.casefold().split()) for phrase in phrases]
        doubled = [
            phrase for phrase, text in zip(phrases, folded, strict=True) if folded.count(text) > 1
        ]
        if doubled:
            raise ValueError(f"{doubled[0]!r} is named twice; leave one out")
        return phrases


class TextPart(Part):
    """A part for a person to mark by its rubric."""

    kind: Literal["text"]
    rubric: Annotated[tuple[RubricItem, ...], Field(min_length=1, max_length=20)]
    model: Prose = Template.parse("")

    @model_validator(mode="after")
    def _check_rubric(self) -> Self:
        total = sum(item.points for item in self.rubric)
        if total != self.points:
            raise ValueError(
                f"the rubric's points add up to {total}, the part has {self.points}; fix one"
            )
        ids = [item.id for item in self.rubric]
        if len(set(ids)) != len(ids):
            raise ValueError("two rubric items have the same id; give each its own")
        return self


class TextKind(AnswerKind[TextPart, str]):
    """Kind of free text, graded only by a person."""

    part: ClassVar[type[TextPart]] = TextPart
    max_characters = MAX_TEXT_LENGTH
    hint = "Your answer in words."
    reads_alone = False
    by_person = True
    compares_sides = False

    def read(self, typed: RawAnswer, part: TextPart, scope: Scope) -> Reading[str]:
        """Return the text without surrounding whitespace.

        `text` is truncated to `MAX_DISPLAYED_LENGTH` characters.
        """
        del part, scope
        if not isinstance(typed, str):
            raise AnswerError("This is not text.", expected="your answer in words")
        if len(typed) > MAX_TEXT_LENGTH:
            raise AnswerError(
                f"The text has {len(typed):,} characters.", expected=f"at most {MAX_TEXT_LENGTH:,}"
            )
        text = typed.strip()
        return Reading(
            text,
            text=text
            if len(text) <= MAX_DISPLAYED_LENGTH
            else f"{text[: MAX_DISPLAYED_LENGTH - 1]}…",
        )

    def normalize_and_read(
        self, typed: RawAnswer, style: NumberStyle | None, part: TextPart, scope: Scope
    ) -> Reading[str]:
        """Return the reading of the text as typed, because prose has no number style."""
        del style
        return self.read(typed, part, scope)

    def judge(
        self, reading: Reading[str], key: Value | None, part: TextPart, scope: Scope
    ) -> Judgement:
        """Return no credit, because only a person gives it."""
        del reading, key, part, scope
        return WRONG_BY_RULE["person"]

    def build_samples(self, part: TextPart, key: Value | None) -> SampleAnswers:
        """Return unreadable answers only; no text is right or wrong without a person."""
        del part, key
        return SampleAnswers((), (), (7, ["a"]))
