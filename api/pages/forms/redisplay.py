"""What stands in the fields of a form that is shown again, and what is wrong with each of them.

The fields of such a form are named as the API names them, `timeline.late[0].credit`: so its errors
find their places.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.core.errors import Conflict, Invalid, Precondition, RateLimited, ServiceError

__all__ = ["REFUSALS", "Difference", "Typed", "Wrong", "differences"]

REFUSALS: Final = (Conflict, Invalid, Precondition, RateLimited)
"""What is told on the form itself; all else is a page of its own."""
INSIDE: Final = (".", "[")
ROW: Final = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: its name, what people call it, and what to do."""

    field: str
    label: str
    said: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The *values* of a form by the names of its fields, and the *error* that it met."""

    values: Mapping[str, str] = field(default_factory=dict)
    error: ServiceError | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        """Return what stands in a field, nothing where it is empty."""
        return self.values.get(name, "")

    def said(self, name: str) -> str:
        """Return what is wrong with a field or with something in it."""
        errors = self.error.errors if self.error else ()
        return next((one.said for one in errors if _is_in(one.field, name)), "")

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        """What is wrong, each with the field that it is about; a list says the same once."""
        errors = self.error.errors if self.error else ()
        return tuple(dict.fromkeys(self._wrong(one.field, one.said) for one in errors))

    def _wrong(self, place: str, said: str) -> Wrong:
        near = [name for name in self.labels if _is_in(place, name)]
        found = max(near, key=len, default="")
        label = self.labels.get(found, place)
        if place not in self.values:
            return Wrong(found, label, said)
        row = ROW.match(place, len(found))
        return Wrong(place, f"{label}, row {int(row[1]) + 1}" if row else label, said)

    @property
    def status(self) -> int:
        """The status of the page that shows the form."""
        return self.error.status if self.error else 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which something else was typed, *after*, than what is stored, *before*."""

    label: str
    before: str
    after: str


def differences(
    now: Mapping[str, str], typed: Mapping[str, str], label: Callable[[str], str]
) -> tuple[Difference, ...]:
    """Return by their labels the fields in which what was typed is not what is stored *now*.

    A field without a label is one that people do not see.

    >>> called = {"held": "", "a": "Title", "b": "Points"}
    >>> found = differences({"held": "1", "a": "x"}, {"held": "2", "b": "3"}, called.__getitem__)
    >>> [(one.label, one.before, one.after) for one in found]
    [('Points', '', '3'), ('Title', 'x', '')]
    """
    told = sorted((label(name), name) for name in {*now, *typed})
    found = ((said, now.get(name, ""), typed.get(name, "")) for said, name in told if said)
    return tuple(Difference(*one) for one in found if one[1] != one[2])


def _is_in(place: str, name: str) -> bool:
    return place == name or place.startswith(tuple(name + one for one in INSIDE))
