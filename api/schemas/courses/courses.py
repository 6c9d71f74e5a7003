"""Courses as they are set up."""

from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from api.core.errors import InvalidInput
from api.http.field_types import Count, Email, Points, Slug, UtcDatetime
from api.http.schema import InvalidValue, Schema, with_examples
from api.schemas.shared.effects import EFFECT, Effect
from api.schemas.shared.patch_schemas import Title, make_patch_schema_editor
from api.schemas.shared.setting import ColumnConverter, Setting
from api.services.courses.time_zones import get_zone

SETTINGS: Final[dict[str, Any]] = {
    "slug": "dl-2026",
    "title": "Deep Learning",
    "zone": "Europe/Berlin",
    "numbers": "point",
    "late_day_budget": 5,
    "self_enrollment": False,
    "categories": [
        {"id": "Homework", "weight": 60, "drop_lowest": 1},
        {"id": "Exam", "weight": 40, "drop_lowest": 0},
    ],
}
COURSE: Final[dict[str, Any]] = SETTINGS | {
    "id": "01933e3a-0000-7000-8000-00000000000c",
    "role": "instructor",
    "archived_at": None,
    "version": 3,
}

Name: TypeAlias = Annotated[Title, Field(max_length=80)]
"""The name of a category or of a group of problems."""


def _check_zone(name: str) -> str:
    """Return *name*; raise `InvalidValue`, with similar names, if it is no time zone."""
    try:
        return get_zone(name).key
    except InvalidInput as error:
        raise InvalidValue(error.errors[0].message) from error


Zone: TypeAlias = Annotated[
    str,
    Field(max_length=60),
    AfterValidator(_check_zone),
    Setting(
        "Time zone",
        "All times of the course are in this zone. Such as Europe/Berlin.",
        attributes={"required": True, "maxlength": 60, "spellcheck": "false"},
        affects_grades=True,
    ),
]
Numbers: TypeAlias = Literal["point", "comma"]
CourseSlug: TypeAlias = Annotated[
    Slug,
    Setting(
        "Short name",
        "For files, such as dl-2026.",
        attributes={"required": True, "maxlength": 64, "spellcheck": "false"},
    ),
]
CourseTitle: TypeAlias = Annotated[
    Title, Setting("Title", attributes={"required": True, "maxlength": 200})
]


class CategorySpec(Schema):
    """Assignments that count together with a weight, with the number of lowest ones to drop."""

    id: Annotated[Name, Setting("Name", attributes={"maxlength": 80})]
    weight: Annotated[Points, Setting("Weight", attributes={"size": 6})]
    drop_lowest: Annotated[
        Count, Field(le=100), Setting("Drop the lowest", attributes={"size": 4})
    ] = 0


def _categories_to_column(categories: tuple[CategorySpec, ...]) -> list[dict[str, Any]]:
    """Return categories as their column holds them: an exact weight as text."""
    return [
        {"id": item.id, "weight": str(item.weight), "drop_lowest": item.drop_lowest}
        for item in categories
    ]


class CourseSettings(Schema):
    """What can be set for a course.

    *numbers* is how students write decimals (null: each problem says). *late_day_budget* is how
    many late days a student may spend in all. Without categories the points are added up. With
    *self_enrollment*, students can join with the link or code of the course.
    """

    numbers: Annotated[
        Numbers | None,
        Setting(
            "Decimals",
            "How students write numbers.",
            choices={
                "": "As in each problem",
                "point": "A decimal point: 0.5",
                "comma": "A decimal comma: 0,5",
            },
        ),
    ] = None
    late_day_budget: Annotated[
        Count,
        Field(le=1000),
        Setting(
            "Late days per student",
            "For the whole course; each assignment sets how many can be used in it.",
        ),
    ] = 0
    self_enrollment: Annotated[
        bool,
        Setting(
            "Students can join with a link or code",
            "They join as students, also with a new account. The link is on the People page.",
            is_copied=False,
        ),
    ] = False
    categories: Annotated[
        tuple[CategorySpec, ...],
        Field(max_length=50),
        Setting(
            "Categories",
            "Assignments of a category count together with its weight. Without categories, "
            "points are added up. Clear a row to remove it.",
            section="rows",
            column=ColumnConverter(_categories_to_column),
        ),
    ] = ()


class CourseIn(CourseSettings):
    """A new course; *instructor* is the e-mail address of an existing account."""

    model_config = with_examples(SETTINGS | {"instructor": "ada@example.edu"})

    slug: CourseSlug
    title: CourseTitle
    zone: Zone
    instructor: Email | None = None


class CoursePatch(CourseSettings):
    """Settings of a course to change; others stay as they are.

    A new time zone keeps the local time of every date.
    """

    model_config = ConfigDict(json_schema_extra=make_patch_schema_editor({"late_day_budget": 3}))

    slug: CourseSlug = ""
    title: CourseTitle = ""
    zone: Zone = ""


class CourseView(CourseSettings):
    """A course with the role of the caller."""

    model_config = with_examples(COURSE)

    id: UUID
    slug: str
    title: str
    zone: str
    role: Literal["student", "grader", "instructor", "admin"]
    archived_at: UtcDatetime | None
    version: Count


class CourseChanged(Schema):
    """A course after a change, and the effect on grades."""

    model_config = with_examples({"course": COURSE, "effect": EFFECT})

    course: CourseView
    effect: Effect


class CopyIn(Schema):
    """A copy of a course with all dates *shift_days* later, at the same local time."""

    model_config = with_examples({"slug": "dl-2027", "title": "Deep Learning", "shift_days": 364})

    slug: Slug
    title: Title
    shift_days: Annotated[int, Field(ge=-3660, le=3660)] = 0
    zone: Zone | None = None
