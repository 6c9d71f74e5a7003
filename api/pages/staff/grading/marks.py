"""Conversion between marks and form fields."""

from collections.abc import Mapping
from typing import Any, Final

from api.core.errors import InvalidInput
from api.pages.forms.form import PostedForm
from api.schemas.grading.review import MarkView

TEXT_FIELDS: Final = ("comment", "reason", "adjustment", "credit")
ZERO_ACTION: Final = "zero"
REPLACE_ACTION: Final = "replace"
"""Action that gives zero points also to an answer that has points."""
SCORE_FIELDS: Final = frozenset({"adjustment", "credit"})
EMPTY_MARK_MESSAGE: Final = "is missing, and no rubric item is ticked; type 0 for zero points"
LABELS: Final[Mapping[str, str]] = {
    "": "The grade",
    "items": "Rubric",
    "adjustment": "Adjustment",
    "credit": "Credit",
    "comment": "Comment",
    "reason": "Reason",
}


def mark_to_fields(mark: MarkView | None) -> dict[str, str]:
    """Return a mark as form field texts; a selected rubric item is the field ``item.ID``."""
    if mark is None:
        return {}
    data = mark.model_dump(mode="json")
    fields = {f"item.{item}": "on" for item in mark.items}
    fields |= {"comment": mark.comment, "reason": mark.reason}
    fields["adjustment"] = str(data["adjustment"]) if mark.adjustment else ""
    fields["credit"] = "" if mark.credit is None else str(data["credit"])
    return fields


def read_posted_fields(form: PostedForm) -> dict[str, str]:
    """Return the posted texts by form field."""
    ticked = {f"item.{one}": "on" for one in form.get_all("items")}
    ticked |= {f"reused.{line}": "on" for line in form.get_all("reused")}
    return {name: form.text(name) for name in TEXT_FIELDS} | ticked


def parse_mark(form: PostedForm) -> dict[str, Any]:
    """Return the posted mark as the body of an API request; the button for 0 ignores items.

    Comments that are given again follow the typed comment, each on its line.

    Raises `InvalidInput` if nothing is selected: an accidental key press would give no
    points.
    """
    comment = "\n".join(filter(None, [form.text("comment").strip(), *form.get_all("reused")]))
    texts = form.non_empty_texts(*TEXT_FIELDS) | ({"comment": comment} if comment else {})
    if form.text("act") in {ZERO_ACTION, REPLACE_ACTION}:
        return {"credit": "0"} | {name: texts[name] for name in texts.keys() - SCORE_FIELDS}
    values: dict[str, Any] = {"items": list(form.get_all("items"))}
    values |= texts
    if not values["items"] and values.keys().isdisjoint(SCORE_FIELDS):
        raise InvalidInput.for_field("credit", EMPTY_MARK_MESSAGE)
    if "adjustment" in values:
        values["adjustment"] = values["adjustment"].replace("\N{MINUS SIGN}", "-")
    return values
