"""A form that somebody fills in wrongly."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ASSIGNMENT", "COURSE", "WrongForm"]

COURSE = "/courses/{course}"
ASSIGNMENT = "/assignments/{assignment}"


@dataclass(frozen=True, slots=True)
class WrongForm:
    """A form of the page *at*, sent by *who* with what is *typed* into its fields.

    It goes back to the page, or *to* elsewhere. Bytes are a file. The field *wrong* is marked, and
    *said* stands beside it; a form that is wrong as a whole has none, and *said* stands above it.
    *button* is the value of the button that is pressed.
    """

    at: str
    said: str
    typed: Mapping[str, str | bytes] = field(default_factory=dict)
    wrong: str = ""
    who: str | None = "instructor"
    button: str = ""
    status: int = 422
    to: str = ""
