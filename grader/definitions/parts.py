"""Common fields of the parts of a problem, and base models of the kinds of answer."""

from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from grader.definitions.field_types import (
    Credit,
    Expr,
    PartTitle,
    Points,
    Prose,
    SnakeId,
    StrictModel,
)
from grader.definitions.template import Template
from grader.expressions.parser import Expression

EMPTY_TEMPLATE = Template.parse("")


class Accept(StrictModel):
    """A value that counts as right besides the key, with the reason."""

    key: Expr
    reason: Annotated[str, Field(min_length=3)]
    say: Prose = EMPTY_TEMPLATE


class AuthorMistake(StrictModel):
    """A wrong answer listed by the author, with the hint for the student and its credit."""

    id: SnakeId
    key: Expr
    say: Prose
    credit: Credit = 0


class Part(StrictModel):
    """One question with one answer; base class of the kinds of answer.

    *title* is displayed instead of the id; it is empty if the author gave none.
    """

    id: SnakeId
    title: PartTitle = ""
    kind: str
    prompt: Prose = EMPTY_TEMPLATE
    points: Points = 1

    _statement: str = PrivateAttr("")
    _other_questions: str = PrivateAttr("")

    @property
    def statement(self) -> str:
        """The problem's title and statement, whose words an answer may use, or ""."""
        return self._statement

    @property
    def other_questions(self) -> str:
        """The sources of the titles and prompts of the problem's other parts."""
        return self._other_questions

    def set_statement(self, source: str, *, other_questions: str = "") -> None:
        """Set the title and statement of the part's problem, and the texts of its other parts."""
        self._statement = source
        self._other_questions = other_questions

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """The expressions of the part with their fields, for checks of their names."""
        return tuple(("prompt", placeholder) for placeholder in self.prompt.expressions)

    @property
    def key_expression(self) -> Expression | None:
        """The expression of the key; None if the part has no key."""
        return None

    @property
    def key_variables(self) -> frozenset[str]:
        """The names in the key that are variables of a formula, not values."""
        return frozenset()


class KeyedPart(Part):
    """A part whose answer is compared with a computed key.

    `carry` is the condition under which later parts may compute with this part's answer,
    `follow_through` the credit of an answer that is right for the student's own earlier answers,
    and `ignore` names mistakes that the diagnosis skips here.
    """

    key: Expr | None = None
    reason: str = ""
    carry: Expr | None = None
    follow_through: Credit = 1
    accept: tuple[Accept, ...] = ()
    mistakes: tuple[AuthorMistake, ...] = ()
    ignore: tuple[SnakeId, ...] = ()
    show: Literal["cells"] | None = None

    @property
    def expressions(self) -> tuple[tuple[str, Expression], ...]:
        """The expressions of the part with their fields, for checks of their names."""
        keys = [("key", self.key), ("carry", self.carry)]
        keys += [("accept", item.key) for item in self.accept]
        keys += [(f"mistakes.{item.id}", item.key) for item in self.mistakes]
        hints = [*(item.say for item in self.accept), *(item.say for item in self.mistakes)]
        hint_placeholders = [
            ("say", placeholder) for text in hints for placeholder in text.expressions
        ]
        prompts = [("prompt", placeholder) for placeholder in self.prompt.expressions]
        return (
            *prompts,
            *((field, key) for field, key in keys if key is not None),
            *hint_placeholders,
        )

    @property
    def key_expression(self) -> Expression | None:
        """The expression of the key; None if the part has no key."""
        return self.key

    def needs_key(self) -> bool:
        """Whether the part is incomplete without a key."""
        return True

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key is None and self.needs_key():
            raise ValueError("the part has no key; give an expression over params and solvers")
        if self.key is not None and self.key.is_literal and not self.reason:
            raise ValueError(
                "the key is typed in; compute it with a solver, or say in `reason` why it cannot be"
            )
        ids = [mistake.id for mistake in self.mistakes]
        if len(set(ids)) != len(ids):
            raise ValueError("two mistakes have the same id; give each its own")
        return self
