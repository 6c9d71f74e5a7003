"""Problems as they are set in an assignment, and notices on them."""

from fractions import Fraction
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from api.http.field_types import Count, Points, Score, Slug, UtcDatetime, serialize_fraction
from api.http.schema import InvalidValue, Schema, with_examples
from api.schemas.shared.effects import EFFECT, Effect
from api.schemas.shared.patch_schemas import Prose, make_patch_schema_editor
from api.schemas.shared.setting import ColumnConverter, Setting
from grader.reports.labels import parse_labels

EXAMPLE_PROBLEM: Final[dict[str, Any]] = {
    "problem": "conv-output-size",
    "version_id": "01933e3a-0000-7000-8000-00000000000b",
    "number": 2,
    "newest": 2,
    "of": "conv-output-size",
    "space": "bank",
    "title": "Output size of a convolution and the pooling after it",
    "points": 4,
    "own_points": None,
    "group": "",
    "position": 0,
    "extra": False,
    "voided": {},
    "labels": None,
    "attachments": False,
    "parts": [{"id": "side", "title": "Output width", "kind": "integer", "points": 2}],
    "opened": True,
    "version": 1,
}
NOTICE: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-00000000000d",
    "problem": "conv-output-size",
    "text": "The key of the second part was wrong.",
    "regrade": None,
    "created_at": "2026-11-21T12:00:00.000000Z",
}

EXTRA_CAPTION: Final = "Extra credit: it adds to the score, not to the maximum"
ATTACHMENTS_CAPTION: Final = "Students may attach an image or a PDF to a text answer"
Voided: TypeAlias = Literal["full", "out"]


def _serialize_points(points: Fraction | None) -> int | float | str | None:
    return None if points is None else serialize_fraction(points)


def _check_labels(text: str | None) -> str | None:
    if text is not None and not parse_labels(text):
        raise InvalidValue("must be labels separated by commas, such as 2(b)i, 2(b)ii")
    return text


class ProblemSettings(Schema):
    """The settings of a problem in an assignment.

    *points* null is the sum of its parts. *version* is the id of a published version. *voided*
    tells of parts that do not count as they were marked: ``full`` marks for everybody, or ``out``
    of score and maximum. *labels* are those of its parts on the sheet, null for labels from the
    order. *attachments*: students may attach an image or a PDF to the answer to a text part.
    """

    points: Annotated[
        Points | None,
        Setting(
            "Points",
            "Default: the sum of its parts.",
            affects_grades=True,
            column=ColumnConverter(load=_serialize_points),
        ),
    ] = None
    group: Annotated[
        str, Field(max_length=80), Setting("Group", choices_from="groups", affects_grades=True)
    ] = ""
    extra: Annotated[
        bool,
        Setting("Extra credit", caption=EXTRA_CAPTION, affects_grades=True),
    ] = False
    voided: Annotated[
        dict[str, Voided],
        Field(max_length=100),
        Setting(
            "Void parts",
            section="parts",
            choices={
                "": "Counts as graded",
                "full": "Full credit for everybody",
                "out": "Remove it from score and maximum",
            },
            affects_grades=True,
            is_copied=False,
        ),
    ] = {}
    labels: Annotated[
        str | None,
        Field(min_length=1, max_length=400),
        AfterValidator(_check_labels),
        Setting(
            "Labels on the sheet",
            "As your sheet numbers the parts, such as 2(b)i, 2(b)ii, or 2 for the problem. "
            "Default: their position.",
        ),
    ] = None
    attachments: Annotated[bool, Setting("Attachments", caption=ATTACHMENTS_CAPTION)] = False


class AssignedProblemIn(ProblemSettings):
    """A problem to add under the name *problem*.

    Without *version* it is the newest version of the problem *of* (by default of the same name) of
    the course itself, or else of the bank. *position* null puts it at the end.
    """

    model_config = with_examples({"problem": "conv-output-size", "points": 4})

    problem: Slug
    of: Slug | None = None
    version: UUID | None = None
    position: Count | None = None


class AssignedProblemPatch(ProblemSettings):
    """Settings of a problem to change; others stay as they are."""

    model_config = ConfigDict(
        json_schema_extra=make_patch_schema_editor({"voided": {"side": "full"}})
    )

    version: UUID = UUID(int=0)


class PartSummary(Schema):
    """A part of the version in use; *title* is empty if the author gave none."""

    id: str
    title: str = ""
    kind: str
    points: Score


class AssignedProblemSettings(ProblemSettings):
    """The settings of a problem in an assignment.

    It uses version *number* of the problem *of* the bank or of the course (*space*); *newest* is
    the highest number published there. *points* is what it is worth here, *own_points* the value
    that was set (null: the sum of its parts). *opened*: a student has seen numbers, so that only a
    regrade can change the version.
    """

    model_config = with_examples(EXAMPLE_PROBLEM)

    problem: str
    version_id: UUID
    number: Count
    newest: Count
    of: str
    space: Literal["bank", "course"]
    title: str
    points: Score
    own_points: Score | None
    position: Count
    parts: tuple[PartSummary, ...]
    opened: bool
    version: Count

    @property
    def part_titles(self) -> dict[str, str]:
        """The titles of its parts by their ids, of those that have one."""
        return {part.id: part.title for part in self.parts if part.title}


class AssignedProblemChanged(Schema):
    """A problem after a change (null if it was removed), and the effect on grades."""

    model_config = with_examples({"problem": EXAMPLE_PROBLEM, "effect": EFFECT})

    problem: AssignedProblemSettings | None
    effect: Effect


class NoticeIn(Schema):
    """A notice on a problem; with a *regrade*, it shows each student what they gained."""

    model_config = with_examples({"text": NOTICE["text"]})

    text: Annotated[Prose, Field(min_length=1, max_length=2000)]
    regrade: UUID | None = None


class NoticeOut(Schema):
    """A notice as staff see it."""

    model_config = with_examples(NOTICE)

    id: UUID
    problem: str
    text: str
    regrade: UUID | None
    created_at: UtcDatetime


class Notices(Schema):
    """The notices on a problem, in their order."""

    model_config = with_examples({"items": [NOTICE]})

    items: tuple[NoticeOut, ...]
