"""The version that a form was opened with, so that an edit by somebody else is not overwritten."""

from dataclasses import dataclass
from typing import Final

from api.core.errors import Precondition
from api.http.etags import Expected, etag
from api.pages.forms.rows import whole_number

__all__ = ["Held", "held"]

STALE: Final = (
    "It was changed since you opened this page. What is there now stands beside what you typed: "
    "send it again if you still want it."
)


@dataclass(frozen=True, slots=True)
class Held(Expected):
    """The version that was shown with a form."""

    def check(self, version: int) -> None:
        """Raise `Precondition`, in words for people, unless *version* is it."""
        if self.tags is not None and etag(version) not in self.tags:
            raise Precondition(STALE)


def held(version: str) -> Held:
    """Return what an edit says of the *version* that stands in its form; none fits nothing."""
    number = whole_number(version)
    return Held(frozenset({etag(number)} if isinstance(number, int) else ()))
