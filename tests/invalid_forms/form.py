"""Invalid form submission, and the paths that several of them share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ASSIGNMENT", "COURSE", "InvalidForm"]

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"


@dataclass(frozen=True, slots=True)
class InvalidForm:
    """An invalid submission of the form on the page *page_path*, by the person *user*.

    *values* maps fields to values; bytes are a file. *action* is the path to which the
    form posts, by default that of the page. *button* is the value of the pressed button.
    The page marks the field *invalid_field*, with *message* next to it. If no single
    field is invalid, *invalid_field* is empty and *message* is above the form.
    """

    page_path: str
    message: str
    values: Mapping[str, str | bytes] = field(default_factory=dict)
    invalid_field: str = ""
    user: str | None = "instructor"
    button: str = ""
    status: int = 422
    action: str = ""
