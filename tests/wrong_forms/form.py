"""The type of invalid form submissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ASSIGNMENT", "COURSE", "WrongForm"]

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"


@dataclass(frozen=True, slots=True)
class WrongForm:
    """An invalid submission of the form on the page *at*, by *who*.

    *typed* maps fields to values; bytes are a file. The form posts to the page itself,
    or to *to*. The field *wrong* is marked, with the message *said* next to it; if the
    form is wrong as a whole, *wrong* is empty and *said* stands above it. *button* is
    the value of the pressed button.
    """

    at: str
    said: str
    typed: Mapping[str, str | bytes] = field(default_factory=dict)
    wrong: str = ""
    who: str | None = "instructor"
    button: str = ""
    status: int = 422
    to: str = ""
