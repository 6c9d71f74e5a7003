"""A problem as its file defines it, and the hashes that distinguish versions."""

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeAlias, Union

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from grader.definitions.fields import (
    LONGEST_TITLE,
    SHORTEST_TITLE,
    Credit,
    Expr,
    KebabId,
    Model,
    Name,
    Prose,
    SnakeId,
)
from grader.definitions.params import Drawn, Param
from grader.definitions.parts import Part
from grader.definitions.template import Template
from grader.expressions.parser import Expression
from grader.kinds import KINDS
from grader.reading.grammar.number_styles import Style

__all__ = ["MAX_SEED", "WORKED", "AnyPart", "Example", "Expectation", "Problem", "Status"]

MAX_SEED: Final = 2**53
WORKED: Final = "worked"
"""The solution that consists of the steps of the solvers only."""
DRAW_FIELDS: Final = ("params", "let", "require")

Status: TypeAlias = Literal[
    "correct",
    "follow_through",
    "mistake",
    "partial",
    "wrong",
    "unreadable",
    "missing",
    "needs_review",
]

if TYPE_CHECKING:
    AnyPart: TypeAlias = Part
else:
    AnyPart = Union[*(kind.part for kind in KINDS.values())]
"""A part of any kind; pydantic picks the model by the field `kind`."""


class Expectation(Model):
    """The expected result of an answer in an example."""

    status: Status
    mistakes: tuple[SnakeId, ...] | None = None
    credit: Credit | None = None


def _expectation(given: object) -> object:
    return {"status": given} if isinstance(given, str) else given


class Seed(Model):
    """The variant of an example, by its seed."""

    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]


class Example(Model):
    """The author's own test: answers to a variant and the expected result of each."""

    params: Literal["original"] | Seed = "original"
    answers: Annotated[dict[SnakeId, Any], Field(min_length=1)]
    expect: Annotated[
        dict[
            SnakeId,
            Annotated[
                Expectation,
                BeforeValidator(_expectation, json_schema_input_type=Status | Expectation),
            ],
        ],
        Field(min_length=1),
    ]

    @property
    def seed(self) -> int | None:
        """The seed of the variant, None for the original."""
        return self.params.seed if isinstance(self.params, Seed) else None


class Problem(Model):
    """A problem: parameters, texts and parts."""

    id: KebabId
    title: Annotated[str, Field(min_length=SHORTEST_TITLE, max_length=LONGEST_TITLE)]
    topic: KebabId
    difficulty: Annotated[int, Field(ge=1, le=5)]
    params: dict[Name, Param] = {}
    let: dict[Name, Expr] = {}
    require: tuple[Expr, ...] = ()
    statement: Prose
    parts: Annotated[
        tuple[Annotated[AnyPart, Field(discriminator="kind")], ...],
        Field(min_length=1, max_length=100),
    ]
    numbers: Annotated[
        Style | None, Field(description="how answers mark decimals: by a point or by a comma")
    ] = None
    solution: Prose = Template.parse(WORKED)
    examples: tuple[Example, ...] = ()

    _draw_hash: str = PrivateAttr("")
    _marking_hash: str = PrivateAttr("")

    def __hash__(self) -> int:
        return hash((self.draw_hash, self.marking_hash))

    def __eq__(self, other: object) -> bool:
        """Return whether both were read from the same data; cheap, as caches compare often."""
        if self is other or not isinstance(other, Problem):
            return self is other
        mine, its = (self.draw_hash, self.marking_hash), (other.draw_hash, other.marking_hash)
        return mine == its

    @cached_property
    def draw_hash(self) -> str:
        """The hash of the fields that determine a draw: params, let and require."""
        return self._draw_hash

    @cached_property
    def marking_hash(self) -> str:
        """The hash of all other fields."""
        return self._marking_hash

    @property
    def has_original(self) -> bool:
        """Whether there is a textbook variant: every drawn parameter has an original value."""
        return all("original" in self.params[name].model_fields_set for name in self.drawn)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The names of the drawn parameters."""
        return tuple(name for name, param in self.params.items() if isinstance(param, Drawn))

    @property
    def is_drawn(self) -> bool:
        """Whether any parameter is drawn, so that different seeds give different variants."""
        return bool(self.drawn)

    @property
    def is_computed(self) -> bool:
        """Whether the engine grades any part; a text is graded by a person."""
        return any(part.kind != "text" for part in self.parts)

    def part(self, part_id: str) -> AnyPart:
        """Return the part with this id, or raise `KeyError`."""
        for part in self.parts:
            if part.id == part_id:
                return part
        raise KeyError(part_id)

    @model_validator(mode="wrap")
    @classmethod
    def _hash(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        problem = handler(given)
        if isinstance(given, dict):
            rest = {name: value for name, value in given.items() if name not in DRAW_FIELDS}
            drawn = {name: given.get(name) for name in DRAW_FIELDS}
            problem._draw_hash, problem._marking_hash = digest(drawn), digest(rest)  # noqa: SLF001
        return problem


def digest(block: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data from a file; order matters, notation does not."""
    return hashlib.sha256(json.dumps(_canonical(block)).encode()).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {"map": [[str(name), _canonical(item)] for name, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, Fraction):
        return {"number": str(value)}
    if isinstance(value, Expression):
        return value.source
    return value


Problem.model_rebuild()  # now, not in the first of several threads that needs it
