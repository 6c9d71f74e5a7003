"""A mark by a person as the fields of a form, and back."""

from collections.abc import Mapping
from typing import Any, Final

from api.core.errors import Invalid
from api.pages.forms.form import Form
from api.schemas.grading.review import MarkView

__all__ = ["LABELS", "fields_of", "mark_of", "typed_of"]

TEXTS: Final = ("comment", "reason", "adjustment", "credit")
GIVES: Final = frozenset({"adjustment", "credit"})
EMPTY: Final = "is missing, and nothing is ticked; type 0 where nothing is right"
LABELS: Final[Mapping[str, str]] = {
    "": "The mark",
    "items": "Rubric",
    "adjustment": "Points more or less",
    "credit": "Credit",
    "comment": "Comment",
    "reason": "Reason",
}


def fields_of(mark: MarkView | None) -> dict[str, str]:
    """Return a mark as the fields of the form hold it; an item that is ticked is ``item.ID``."""
    if mark is None:
        return {}
    told = mark.model_dump(mode="json")
    fields = {f"item.{one}": "on" for one in mark.items}
    fields |= {"comment": mark.comment, "reason": mark.reason}
    fields["adjustment"] = str(told["adjustment"]) if mark.adjustment else ""
    fields["credit"] = "" if mark.credit is None else str(told["credit"])
    return fields


def typed_of(form: Form) -> dict[str, str]:
    """Return what was typed, by the fields of the form."""
    ticked = {f"item.{one}": "on" for one in form.all("items")}
    return {name: form.text(name) for name in TEXTS} | ticked


def mark_of(form: Form) -> dict[str, Any]:
    """Return the mark as the API takes it.

    Raises `Invalid` where nothing is chosen: a key pressed by mistake would give no points.
    """
    told: dict[str, Any] = {"items": list(form.all("items"))}
    told |= form.given(*TEXTS)
    if not told["items"] and told.keys().isdisjoint(GIVES):
        raise Invalid.of("credit", EMPTY)
    if "adjustment" in told:
        told["adjustment"] = told["adjustment"].replace("\N{MINUS SIGN}", "-")
    return told
