"""The settings of an assignment as fields of a form, and back; both ways by the names of the API.

A list is rows of fields, `timeline.late[0].credit`; rows that say nothing are left out.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.errors import Invalid
from api.pages.form_rows import ROW, filled, flat, row_numbers, rows_read, whole_number
from api.pages.forms import Form
from api.schemas.assignments import StaffAssignment
from api.schemas.timeline import show_credit

__all__ = [
    "CHOICES",
    "LABELS",
    "NEW",
    "fields_of",
    "label",
    "rows_of",
    "typed_of",
    "values_of",
]

TEXTS: Final = (
    *("title", "slug", "instructions", "category", "results", "solutions", "variants", "lms_id"),
)
NUMBERS: Final = (
    *("position", "attempts", "cool_down_seconds", "new_after", "regrade_days", "regrade_limit"),
)
TICKS: Final = ("extra", "anonymous")
OTHERS: Final = ("version", "by_attempt", "timeline.late_days")
TIMES: Final = ("timeline.release", "timeline.due", "timeline.close")
AFTER: Final = ("timeline.close.days", "timeline.close.hours")
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "timeline.late": ("credit", "days", "hours", "until"),
    "groups": ("id", "drop_lowest"),
}
WHOLE: Final = frozenset({"days", "hours", "drop_lowest"})
ZERO: Final = frozenset({"cool_down_seconds"})

LABELS: Final[Mapping[str, str]] = {
    "title": "Title",
    "slug": "Short name",
    "instructions": "Instructions",
    "category": "Category",
    "position": "Place in the course",
    "timeline": "Times",
    "timeline.release": "Release",
    "timeline.due": "Due",
    "timeline.late": "Late steps",
    "timeline.late_days": "Late days",
    "timeline.close": "Close",
    "attempts": "Attempts at each part",
    "cool_down_seconds": "Wait between attempts",
    "by_attempt": "Credit by attempt",
    "results": "Results are shown",
    "solutions": "Solutions are shown",
    "variants": "Numbers",
    "new_after": "New numbers after attempts",
    "groups": "Groups",
    "extra": "Extra credit",
    "anonymous": "Mark without names",
    "regrade_days": "Days to ask for another mark",
    "regrade_limit": "Requests of a student",
    "lms_id": "Id in the learning platform",
}
CHOICES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "results": (
        ("at_once", "At once"),
        ("after_due", "After due"),
        ("after_close", "After close"),
        ("manual", "When you release them"),
    ),
    "solutions": (
        ("after_due", "After due"),
        ("after_close", "After close"),
        ("manual", "When you release them"),
        ("never", "Never"),
    ),
    "variants": (
        ("each", "Each student has their own"),
        ("shared", "The same drawn numbers for all"),
        ("original", "Those of the textbook for all"),
        ("each_after", "Their own, and new ones after some attempts"),
    ),
}
NEW: Final[Mapping[str, str]] = {
    "results": "at_once",
    "solutions": "after_close",
    "variants": "each",
    "cool_down_seconds": "0",
    "timeline.late_days": "0",
}
"""What a new assignment begins with."""


def fields_of(found: StaffAssignment) -> dict[str, str]:
    """Return the settings that are stored, as the fields of the form hold them."""
    told = found.model_dump(mode="json")
    timeline = told["timeline"]
    fields = {name: _text(told[name]) for name in (*TEXTS, *NUMBERS, *TICKS)}
    fields["by_attempt"] = ", ".join(map(show_credit, found.by_attempt))
    fields |= {"version": str(found.version), "timeline.late_days": str(timeline["late_days"])}
    for name in ("release", "due"):
        fields[f"timeline.{name}"] = _clock(timeline[name])
    fields |= _close(timeline["close"])
    late = [{**one, "until": _clock(one["until"])} for one in timeline["late"]]
    lists = {"timeline.late": late, "groups": told["groups"]}
    for name, rows in lists.items():
        fields |= flat(name, rows, LISTS[name])
    return fields


def _text(value: object) -> str:
    """Return a value as its field is read again: without blanks around it."""
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value).strip()


def _clock(told: str | None) -> str:
    """Return a wall clock as the field of a browser holds it."""
    return (told or "").replace(" ", "T")


def _close(told: str | dict[str, Any] | None) -> dict[str, str]:
    after = told if isinstance(told, dict) else {}
    at = told if isinstance(told, str) else None
    ends = {f"timeline.close.{name}": _text(after.get(name)) for name in ("days", "hours")}
    return {"timeline.close": _clock(at)} | ends


def typed_of(form: Form) -> dict[str, str]:
    """Return what was typed, by the fields of the form; rows that say nothing are left out."""
    plain = (*TEXTS, *NUMBERS, *TICKS, *TIMES, *AFTER, *OTHERS)
    typed = {name: form.text(name) for name in plain}
    for name, columns in LISTS.items():
        typed |= flat(name, filled(form, name), columns)
    return typed


def rows_of(typed: Mapping[str, str]) -> dict[str, range]:
    """Return the numbers of the rows of each list that the form shows."""
    return {name: row_numbers(typed, name) for name in LISTS}


def values_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the API takes it; `Invalid` where a close is given twice."""
    values: dict[str, Any] = {name: typed[name] for name in TEXTS}
    values |= {
        name: whole_number(typed[name], empty=0 if name in ZERO else None) for name in NUMBERS
    }
    values |= {name: bool(typed[name]) for name in TICKS}
    values["by_attempt"] = [one.strip() for one in typed["by_attempt"].split(",") if one.strip()]
    values["groups"] = _rows(typed, "groups")
    values["timeline"] = {
        "release": typed["timeline.release"] or None,
        "due": typed["timeline.due"] or None,
        "close": _close_of(typed),
        "late": _rows(typed, "timeline.late"),
        "late_days": whole_number(typed["timeline.late_days"], empty=0),
    }
    return values


def _close_of(typed: Mapping[str, str]) -> object:
    after = {name.rpartition(".")[2]: whole_number(typed[name]) for name in AFTER if typed[name]}
    at = typed["timeline.close"] or None
    if at and after:
        raise Invalid.of("timeline.close", "is given twice; name a time, or days and hours")
    return after or at


def _rows(typed: Mapping[str, str], name: str) -> list[dict[str, Any]]:
    return list(rows_read(typed, name, LISTS[name], whole=WHOLE))


def label(name: str) -> str:
    """Return what people call a field, "" for the version, which they do not see."""
    if name == "version":
        return ""
    found = ROW.fullmatch(name)
    if found:
        return f"{LABELS[found[1]]}, row {int(found[2]) + 1}, {found[3].replace('_', ' ')}"
    return LABELS.get(name) or f"{LABELS['timeline.close']}, {name.rpartition('.')[2]} after due"
