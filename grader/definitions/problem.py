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

from grader.definitions.field_types import (
    MAX_TITLE_LENGTH,
    MIN_TITLE_LENGTH,
    Credit,
    Expr,
    KebabId,
    Name,
    Prose,
    SnakeId,
    StrictModel,
)
from grader.definitions.params import DrawnParam, Param
from grader.definitions.parts import Part
from grader.definitions.template import Template
from grader.expressions.parser import Expression
from grader.kinds import KINDS
from grader.limits import MAX_SEED
from grader.reading.grammar.number_styles import NumberStyle

WORKED_SOLUTION: Final = "worked"
"""Solution that consists only of the steps of the solvers."""
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


class Expectation(StrictModel):
    """The expected result of an answer in an example."""

    status: Status
    mistakes: tuple[SnakeId, ...] | None = None
    credit: Credit | None = None


def _normalize_expectation(raw: object) -> object:
    return {"status": raw} if isinstance(raw, str) else raw


class Seed(StrictModel):
    """The variant of an example, by its seed."""

    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]


class Example(StrictModel):
    """The author's own test: answers to a variant and the expected result of each."""

    params: Literal["original"] | Seed = "original"
    answers: Annotated[dict[SnakeId, Any], Field(min_length=1)]
    expect: Annotated[
        dict[
            SnakeId,
            Annotated[
                Expectation,
                BeforeValidator(
                    _normalize_expectation, json_schema_input_type=Status | Expectation
                ),
            ],
        ],
        Field(min_length=1),
    ]

    @property
    def seed(self) -> int | None:
        """The seed of the variant, None for the original."""
        return self.params.seed if isinstance(self.params, Seed) else None


class Problem(StrictModel):
    """A problem: parameters, texts and parts."""

    id: KebabId
    title: Annotated[str, Field(min_length=MIN_TITLE_LENGTH, max_length=MAX_TITLE_LENGTH)]
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
        NumberStyle | None, Field(description="how answers mark decimals: by a point or by a comma")
    ] = None
    solution: Prose = Template.parse(WORKED_SOLUTION)
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
        return all(
            "original" in self.params[name].model_fields_set for name in self.drawn_param_names
        )

    @property
    def drawn_param_names(self) -> tuple[str, ...]:
        """The names of the drawn parameters."""
        return tuple(name for name, param in self.params.items() if isinstance(param, DrawnParam))

    @property
    def has_drawn_params(self) -> bool:
        """Whether any parameter is drawn, so that different seeds give different variants."""
        return bool(self.drawn_param_names)

    @property
    def has_autograded_parts(self) -> bool:
        """Whether the engine grades any part; a text is graded by a person."""
        return any(part.kind != "text" for part in self.parts)

    def get_part(self, part_id: str) -> AnyPart:
        """Return the part with this id, or raise `KeyError`."""
        for part in self.parts:
            if part.id == part_id:
                return part
        raise KeyError(part_id)

    @model_validator(mode="wrap")
    @classmethod
    def _set_hashes(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        problem = handler(raw)
        for part in problem.parts:
            others = (one for one in problem.parts if one is not part)
            part.set_statement(
                f"{problem.title} {problem.statement.source}",
                other_questions=" ".join(f"{one.title} {one.prompt.source}" for one in others),
            )
        if isinstance(raw, dict):
            rest = {name: value for name, value in raw.items() if name not in DRAW_FIELDS}
            drawn = {name: raw.get(name) for name in DRAW_FIELDS}
            problem._draw_hash, problem._marking_hash = hash_fields(drawn), hash_fields(rest)  # noqa: SLF001
        return problem


def hash_fields(block: Mapping[str, Any]) -> str:
    """Return the SHA-256 of plain data from a file; order matters, notation does not."""
    return hashlib.sha256(json.dumps(_to_canonical_form(block)).encode()).hexdigest()


def _to_canonical_form(value: object) -> object:
    if isinstance(value, Mapping):
        return {"map": [[str(name), _to_canonical_form(item)] for name, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_to_canonical_form(item) for item in value]
    if isinstance(value, Fraction):
        return {"number": str(value)}
    if isinstance(value, Expression):
        return value.source
    return value


Problem.model_rebuild()  # now, not in the first of several threads that needs it
