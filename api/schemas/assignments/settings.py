"""The settings of an assignment, each declared once."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from api.http.field_types import Count, Credit, Slug
from api.http.schema import Schema
from api.schemas.assignments.problems import EXTRA_CAPTION
from api.schemas.assignments.timeline import TimelineSpec
from api.schemas.courses.courses import Name
from api.schemas.shared.patch_schemas import Prose, Title
from api.schemas.shared.setting import ColumnConverter, Setting

Results: TypeAlias = Literal["at_once", "after_due", "after_close", "manual"]
Solutions: TypeAlias = Literal["after_due", "after_close", "manual", "never"]
Variants: TypeAlias = Literal["original", "shared", "each", "each_after"]
AssignmentSlug: TypeAlias = Annotated[
    Slug,
    Setting(
        "Short name",
        section="what",
        hint="For files and columns of the gradebook, such as hw-1. "
        "Default: derived from the title.",
        attributes={"maxlength": 64, "spellcheck": "false"},
    ),
]
AssignmentTitle: TypeAlias = Annotated[
    Title,
    Setting(
        "Title", section="what", attributes={"required": True, "maxlength": 200, "class": "wide"}
    ),
]


def timeline_to_column(spec: TimelineSpec) -> dict[str, Any]:
    """Return a timeline as its column holds it, without defaults."""
    return spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def normalize_stored_timeline(column: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored timeline in today's form, whichever version stored it."""
    return timeline_to_column(TimelineSpec.model_validate(column))


def _serialize_shares(shares: Iterable[Fraction | str]) -> list[str]:
    """Return shares as the column and the audit log hold them: exact, as text."""
    return [str(Fraction(share)) for share in shares]


class GroupSpec(Schema):
    """Problems of which the lowest are dropped."""

    id: Annotated[Name, Setting("Name", attributes={"maxlength": 80})]
    drop_lowest: Annotated[
        Count, Field(le=100), Setting("Drop the lowest", attributes={"size": 4})
    ] = 0


class AssignmentSettings(Schema):
    """What can be set for an assignment.

    *attempts* are allowed at each part (null: no limit); *by_attempt* is what is left of the credit
    at the first, second, ... attempt, the last one for all that follow. *results* and *solutions*
    say when students see verdicts, and keys with worked solutions; those of numbers that the class
    shares wait for the last student who may submit. *variants*: the textbook's
    numbers, the same drawn ones for all, each student their own, or new ones too once *new_after*
    attempts are used. *position* null puts it at the end.
    """

    instructions: Annotated[
        Prose,
        Setting(
            "Instructions",
            "Students see them above the problems. Optional.",
            section="what",
            attributes={"rows": 3},
        ),
    ] = ""
    category: Annotated[
        str,
        Field(max_length=80),
        Setting("Category", section="what", choices_from="categories"),
    ] = ""
    position: Annotated[
        Count | None,
        Setting("Position in the course", "0 is the first. Default: unchanged."),
    ] = None
    timeline: Annotated[
        TimelineSpec,
        Setting(
            "Times",
            section="timeline",
            affects_grades=True,
            column=ColumnConverter(timeline_to_column, normalize_stored_timeline),
        ),
    ] = TimelineSpec()
    attempts: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None,
        Setting(
            "Attempts per part",
            "Default: no limit. Unreadable answers use no attempt.",
            section="attempts",
            affects_grades=True,
        ),
    ] = None
    cool_down_seconds: Annotated[
        Count,
        Field(le=604_800),
        Setting("Wait between attempts", "In seconds; 0 for none.", section="attempts"),
    ] = 0
    by_attempt: Annotated[
        tuple[Credit, ...],
        Field(max_length=50),
        Setting(
            "Credit by attempt",
            "Such as 100%, 90%, 80%; the last one applies to all later attempts.",
            section="attempts",
            affects_grades=True,
            column=ColumnConverter(_serialize_shares, _serialize_shares),
        ),
    ] = ()
    results: Annotated[
        Results,
        Setting(
            "Results are shown",
            section="release",
            choices={
                "at_once": "Immediately",
                "after_due": "After due",
                "after_close": "After close",
                "manual": "When you release them",
            },
        ),
    ] = "at_once"
    solutions: Annotated[
        Solutions,
        Setting(
            "Solutions are shown",
            section="release",
            choices={
                "after_due": "After due",
                "after_close": "After close",
                "manual": "When you release them",
                "never": "Never",
            },
        ),
    ] = "after_close"
    variants: Annotated[
        Variants,
        Setting(
            "Numbers",
            section="attempts",
            choices={
                "each": "Each student has their own",
                "shared": "The same random numbers for everyone",
                "original": "Textbook numbers for everyone",
                "each_after": "Their own, and new ones after some attempts",
            },
        ),
    ] = "each"
    new_after: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None,
        Setting(
            "New numbers after attempts",
            "Only if students can get new numbers.",
            section="attempts",
        ),
    ] = None
    groups: Annotated[
        tuple[GroupSpec, ...],
        Field(max_length=50),
        Setting(
            "Groups",
            caption="Groups of problems of which the lowest are dropped",
            affects_grades=True,
        ),
    ] = ()
    extra: Annotated[
        bool,
        Setting("Extra credit", caption=EXTRA_CAPTION, section="release"),
    ] = False
    regrade_days: Annotated[
        Annotated[Count, Field(le=3660)] | None,
        Setting("Regrade window (days)", "Default: no limit.", section="release"),
    ] = None
    regrade_limit: Annotated[
        Annotated[Count, Field(le=1000)] | None,
        Setting("Requests of a student", "Default: no limit. 0: no requests.", section="release"),
    ] = None
    anonymous: Annotated[bool, Setting("Anonymous grading", section="release")] = False
    lms_id: Annotated[
        str,
        Field(max_length=200, pattern=r"^[\x21-\x7e]*$"),
        Setting(
            "LMS id",
            "For exports. Optional.",
            attributes={"spellcheck": "false", "maxlength": 200},
            is_copied=False,
        ),
    ] = ""
