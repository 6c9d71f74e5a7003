"""Assignment form: its settings as fields, with separate fields for the timeline.

Fields are named as in the API. A list is a set of rows, with fields such as
`timeline.late[0].credit`; empty rows are dropped.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.core.errors import InvalidInput
from api.http.field_types import serialize_fraction
from api.pages.forms.form import PostedForm
from api.pages.forms.redisplay import BoundForm
from api.pages.forms.rows import (
    ROW_FIELD,
    flatten_rows,
    parse_rows,
    parse_whole_number,
    read_filled_rows,
    row_numbers_with_spares,
)
from api.pages.forms.setting_fields import (
    SettingField,
    build_fields,
    default_texts,
    field_labels,
    form_to_texts,
    settings_to_texts,
    texts_to_settings,
)
from api.schemas.assignments.assignments import AssignmentIn, StaffAssignment
from api.schemas.courses.courses import CourseView

FIELDS: Final[Mapping[str, SettingField]] = build_fields(AssignmentIn)
TIME_FIELDS: Final = ("timeline.release", "timeline.due", "timeline.close")
CLOSE_OFFSET_FIELDS: Final = ("timeline.close.days", "timeline.close.hours")
LATE_STEPS_FIELD: Final = "timeline.late"
LATE_COLUMNS: Final = ("credit", "days", "hours", "until")
LATE_NUMBER_COLUMNS: Final = frozenset({"days", "hours"})
POINTS_PREFIX: Final = "points."
"""Start of the names of the points fields, before the name of the problem."""
ESSENTIAL_FIELDS: Final = ("title", "timeline.release", "timeline.due")
"""Fields that the form always displays, besides those of the problems; all others are in “More”."""
LABELS: Final[Mapping[str, str]] = field_labels(FIELDS) | {
    "timeline.release": "Opens",
    "timeline.due": "Due",
    "timeline.late": "Late steps",
    "timeline.late_days": "Late days",
    "timeline.close": "Close",
    "points": "Points",
}
NEW_ASSIGNMENT_TEXTS: Final[Mapping[str, str]] = default_texts(FIELDS) | {"timeline.late_days": "0"}
"""Default field texts of a new assignment."""


def build_setting_fields(categories: Sequence[str]) -> dict[str, SettingField]:
    """Return the form fields of the settings in display order, title and slug first.

    *categories* are the options for the category.
    """
    fields = build_fields(AssignmentIn, {"categories": categories})
    first = {name: fields[name] for name in ("title", "slug")}
    return first | {name: field for name, field in fields.items() if name not in first}


def build_form_context(typed: BoundForm, course: CourseView) -> dict[str, Any]:
    """Return the posted texts, the row numbers and the fields, as the form template needs them.

    *has_hidden_error* is true if “More” contains a field with an error.
    """
    rows = row_numbers_by_list(typed.values)
    fields = build_setting_fields([category.id for category in course.categories])
    visible = (*ESSENTIAL_FIELDS, "timeline", "points", POINTS_PREFIX)
    errors = [error.field for error in typed.field_errors]
    has_hidden_error = any(
        not name.startswith(POINTS_PREFIX) and name not in visible for name in errors
    )
    return {"t": typed, "rows": rows, "fields": fields, "has_hidden_error": has_hidden_error}


def assignment_to_texts(assignment: StaffAssignment) -> dict[str, str]:
    """Return the stored settings as form field texts."""
    timeline = assignment.timeline.model_dump(mode="json")
    late = [{**step, "until": _to_datetime_local(step["until"])} for step in timeline["late"]]
    return {
        **settings_to_texts(FIELDS, assignment),
        "version": str(assignment.version),
        "timeline.release": _to_datetime_local(timeline["release"]),
        "timeline.due": _to_datetime_local(timeline["due"]),
        "timeline.late_days": str(timeline["late_days"]),
        **_close_to_texts(timeline["close"]),
        **flatten_rows(LATE_STEPS_FIELD, late, LATE_COLUMNS),
        **points_to_texts(assignment),
    }


def points_to_texts(assignment: StaffAssignment) -> dict[str, str]:
    """Return the points of the problems as form field texts."""
    return {
        POINTS_PREFIX + problem.problem: str(serialize_fraction(problem.points))
        for problem in assignment.problems
    }


def changed_points(assignment: StaffAssignment, typed: Mapping[str, str]) -> dict[str, str | None]:
    """Return the *typed* points that differ from those of *assignment*, by problem.

    An empty field is None: the sum of the problem's parts.
    """
    stored = points_to_texts(assignment)
    return {
        name.removeprefix(POINTS_PREFIX): text or None
        for name, text in typed.items()
        if name.startswith(POINTS_PREFIX) and text != stored.get(name)
    }


def _to_datetime_local(local_time: str | None) -> str:
    """Format a local time for a ``datetime-local`` input."""
    return (local_time or "").replace(" ", "T")


def _close_to_texts(close: str | dict[str, Any] | None) -> dict[str, str]:
    offset = close if isinstance(close, dict) else {}
    time = close if isinstance(close, str) else None
    ends = {name: offset.get(name.rpartition(".")[2]) for name in CLOSE_OFFSET_FIELDS}
    texts = {name: "" if value is None else str(value) for name, value in ends.items()}
    return {"timeline.close": _to_datetime_local(time)} | texts


def read_posted_texts(form: PostedForm) -> dict[str, str]:
    """Return the field texts of a posted *form*, without empty rows."""
    plain = (*TIME_FIELDS, *CLOSE_OFFSET_FIELDS, "timeline.late_days", "version")
    late = flatten_rows(LATE_STEPS_FIELD, read_filled_rows(form, LATE_STEPS_FIELD), LATE_COLUMNS)
    points = {name: form.text(name) for name in form.fields if name.startswith(POINTS_PREFIX)}
    return form_to_texts(FIELDS, form) | {name: form.text(name) for name in plain} | late | points


def row_numbers_by_list(texts: Mapping[str, str]) -> dict[str, range]:
    """Return the row numbers that the form displays for each list field."""
    lists = [name for name, field in FIELDS.items() if field.kind == "rows"]
    return {name: row_numbers_with_spares(texts, name) for name in (LATE_STEPS_FIELD, *lists)}


def texts_to_assignment(texts: Mapping[str, str]) -> dict[str, Any]:
    """Convert form field texts to the settings of an API request.

    An empty short name is left out: the title gives one, or the stored one stays. Raises
    `InvalidInput` if the close is given both as a time and as an offset.
    """
    timeline = {
        "release": texts["timeline.release"] or None,
        "due": texts["timeline.due"] or None,
        "close": _parse_close(texts),
        "late": list(
            parse_rows(texts, LATE_STEPS_FIELD, LATE_COLUMNS, integer_columns=LATE_NUMBER_COLUMNS)
        ),
        "late_days": parse_whole_number(texts["timeline.late_days"], empty=0),
    }
    settings = texts_to_settings(FIELDS, texts) | {"timeline": timeline}
    if not settings["slug"]:
        del settings["slug"]
    return settings


def _parse_close(texts: Mapping[str, str]) -> object:
    offset = {
        name.rpartition(".")[2]: parse_whole_number(texts[name])
        for name in CLOSE_OFFSET_FIELDS
        if texts[name]
    }
    time = texts["timeline.close"] or None
    if time and offset:
        raise InvalidInput.for_field(
            "timeline.close", "is given twice; name a time, or days and hours"
        )
    return offset or time


def field_label(name: str) -> str:
    """Return the label of a field, or "" for the hidden version field."""
    if name == "version":
        return ""
    row = ROW_FIELD.fullmatch(name)
    if name.startswith(POINTS_PREFIX):
        return f"{LABELS['points']}, {name.removeprefix(POINTS_PREFIX)}"
    if row:
        return f"{LABELS[row[1]]}, row {int(row[2]) + 1}, {row[3].replace('_', ' ')}"
    return LABELS.get(name) or f"{LABELS['timeline.close']}, {name.rpartition('.')[2]} after due"
