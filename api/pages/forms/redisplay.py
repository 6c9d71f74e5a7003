"""Redisplay of a form: the values of its fields and their errors.

The fields have the same names as in the API, such as `timeline.late[0].credit`, so that
its errors match them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.core.errors import Conflict, InvalidInput, PreconditionFailed, RateLimited, ServiceError

FORM_ERRORS: Final = (Conflict, InvalidInput, PreconditionFailed, RateLimited)
"""Errors shown on the form itself; all others get an error page."""
PATH_SEPARATORS: Final = (".", "[")
ROW_INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class LabeledFieldError:
    """An error in a field: the field's name, its label, and what to do."""

    field: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class BoundForm:
    """The *values* of a form by field name, and the *error* that rejected it."""

    values: Mapping[str, str] = field(default_factory=dict)
    error: ServiceError | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        """Return the value of a field, or "" if it has none."""
        return self.values.get(name, "")

    def error_for(self, name: str) -> str:
        """Return the error message for a field or a field nested in it, or ""."""
        errors = self.error.errors if self.error else ()
        return next((error.message for error in errors if _is_within(error.field, name)), "")

    def list_error_for(self, name: str) -> str:
        """Return the error message for a list that none of its fields displays, or ""."""
        errors = self.error.errors if self.error else ()
        candidates = (one for one in errors if one.field not in self.values)
        return next((one.message for one in candidates if _is_within(one.field, name)), "")

    @property
    def field_errors(self) -> tuple[LabeledFieldError, ...]:
        """The errors with their fields, without duplicates."""
        errors = self.error.errors if self.error else ()
        return tuple(
            dict.fromkeys(
                self._attach_error_to_nearest_field(error.field, error.message) for error in errors
            )
        )

    def _attach_error_to_nearest_field(self, path: str, message: str) -> LabeledFieldError:
        near = [name for name in self.labels if _is_within(path, name)]
        nearest = max(near, key=len, default="")
        label = self.labels.get(nearest, path)
        if path not in self.values:
            return LabeledFieldError(nearest, label, message)
        row = ROW_INDEX.match(path, len(nearest))
        return LabeledFieldError(path, f"{label}, row {int(row[1]) + 1}" if row else label, message)

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows the form."""
        return self.error.status if self.error else 200


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field whose typed value *after* differs from the stored value *before*."""

    label: str
    before: str
    after: str


def find_differences(
    stored: Mapping[str, str], typed: Mapping[str, str], label: Callable[[str], str]
) -> tuple[FieldDifference, ...]:
    """Return the fields in which *typed* differs from *stored*, sorted by label.

    A field without a label is hidden from people and left out.

    >>> labels = {"held": "", "a": "Title", "b": "Points"}
    >>> stored, typed = {"held": "1", "a": "x"}, {"held": "2", "b": "3"}
    >>> differences = find_differences(stored, typed, labels.__getitem__)
    >>> [(field.label, field.before, field.after) for field in differences]
    [('Points', '', '3'), ('Title', 'x', '')]
    """
    labeled_names = sorted((label(name), name) for name in {*stored, *typed})
    candidates = (
        (said, stored.get(name, ""), typed.get(name, "")) for said, name in labeled_names if said
    )
    return tuple(
        FieldDifference(*candidate) for candidate in candidates if candidate[1] != candidate[2]
    )


def _is_within(path: str, name: str) -> bool:
    return path == name or path.startswith(tuple(name + separator for separator in PATH_SEPARATORS))
