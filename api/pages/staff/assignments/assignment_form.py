"""The form of an assignment: its settings as fields, and separate fields for its timeline.

Fields have the names of the API. A list is rows of fields, `timeline.late[0].credit`; empty rows
are left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.core.errors import Invalid
from api.pages.forms.form import Form
from api.pages.forms.rows import ROW, filled, flat, row_numbers, rows_read, whole_number
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

__all__ = [
    "FIELDS",
    "LABELS",
    "NEW",
    "form_values",
    "label",
    "posted_fields",
    "row_numbers_of",
    "setting_fields",
    "stored_fields",
]

FIELDS: Final[Mapping[str, SettingField]] = build_fields(AssignmentIn)
TIMES: Final = ("timeline.release", "timeline.due", "timeline.close")
CLOSE_AFTER: Final = ("timeline.close.days", "timeline.close.hours")
LATE: Final = "timeline.late"
LATE_COLUMNS: Final = ("credit", "days", "hours", "until")
LATE_NUMBERS: Final = frozenset({"days", "hours"})
LABELS: Final[Mapping[str, str]] = field_labels(FIELDS) | {
    "timeline.release": "Release",
    "timeline.due": "Due",
    "timeline.late": "Late steps",
    "timeline.late_days": "Late days",
    "timeline.close": "Close",
}
NEW: Final[Mapping[str, str]] = default_texts(FIELDS) | {"timeline.late_days": "0"}
"""The fields of a new assignment."""


def setting_fields(categories: Sequence[str]) -> dict[str, SettingField]:
    """Return the form fields of the settings, in the order of the form."""
    fields = build_fields(AssignmentIn, {"categories": categories})
    first = {name: fields[name] for name in ("title", "slug")}
    return first | {name: field for name, field in fields.items() if name not in first}


def stored_fields(assignment: StaffAssignment) -> dict[str, str]:
    """Return the stored settings as the fields of the form hold them."""
    timeline = assignment.timeline.model_dump(mode="json")
    late = [{**step, "until": _clock(step["until"])} for step in timeline["late"]]
    return {
        **settings_to_texts(FIELDS, assignment),
        "version": str(assignment.version),
        "timeline.release": _clock(timeline["release"]),
        "timeline.due": _clock(timeline["due"]),
        "timeline.late_days": str(timeline["late_days"]),
        **_close(timeline["close"]),
        **flat(LATE, late, LATE_COLUMNS),
    }


def _clock(local_time: str | None) -> str:
    """Return a wall clock as the field of a browser holds it."""
    return (local_time or "").replace(" ", "T")


def _close(close: str | dict[str, Any] | None) -> dict[str, str]:
    offset = close if isinstance(close, dict) else {}
    time = close if isinstance(close, str) else None
    ends = {name: offset.get(name.rpartition(".")[2]) for name in CLOSE_AFTER}
    texts = {name: "" if value is None else str(value) for name, value in ends.items()}
    return {"timeline.close": _clock(time)} | texts


def posted_fields(form: Form) -> dict[str, str]:
    """Return the fields of a posted *form*; empty rows are left out."""
    plain = (*TIMES, *CLOSE_AFTER, "timeline.late_days", "version")
    late = flat(LATE, filled(form, LATE), LATE_COLUMNS)
    return form_to_texts(FIELDS, form) | {name: form.text(name) for name in plain} | late


def row_numbers_of(texts: Mapping[str, str]) -> dict[str, range]:
    """Return the numbers of the rows that the form shows of each list."""
    lists = [name for name, field in FIELDS.items() if field.kind == "rows"]
    return {name: row_numbers(texts, name) for name in (LATE, *lists)}


def form_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in the form as the API takes them.

    Raises `Invalid` where the close is given twice.
    """
    timeline = {
        "release": texts["timeline.release"] or None,
        "due": texts["timeline.due"] or None,
        "close": _close_value(texts),
        "late": list(rows_read(texts, LATE, LATE_COLUMNS, whole=LATE_NUMBERS)),
        "late_days": whole_number(texts["timeline.late_days"], empty=0),
    }
    return texts_to_settings(FIELDS, texts) | {"timeline": timeline}


def _close_value(texts: Mapping[str, str]) -> object:
    offset = {
        name.rpartition(".")[2]: whole_number(texts[name]) for name in CLOSE_AFTER if texts[name]
    }
    time = texts["timeline.close"] or None
    if time and offset:
        raise Invalid.of("timeline.close", "is given twice; name a time, or days and hours")
    return offset or time


def label(name: str) -> str:
    """Return the label of a field, "" for the version, which people do not see."""
    if name == "version":
        return ""
    row = ROW.fullmatch(name)
    if row:
        return f"{LABELS[row[1]]}, row {int(row[2]) + 1}, {row[3].replace('_', ' ')}"
    return LABELS.get(name) or f"{LABELS['timeline.close']}, {name.rpartition('.')[2]} after due"
