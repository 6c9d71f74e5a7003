"""ETags and `If-Match`: optimistic concurrency control for edits."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header

from api.core.errors import CODES, Precondition, PreconditionRequired

__all__ = ["Expected", "IfMatch", "IfMatchNow", "etag", "expected"]

STRONG: Final = re.compile(r'"([\x21\x23-\x7e]{0,80})"')


@dataclass(frozen=True, slots=True)
class Expected:
    """Versions in the ``If-Match`` header of an edit; ``None`` stands for any (``If-Match: *``).

    *is_told* is False if the header is missing.
    """

    tags: frozenset[str] | None
    is_told: bool = True

    def check(self, version: int) -> None:
        """Raise `Precondition` (412) unless *version* is one of them.

        Raises `PreconditionRequired` (428), which names the version, if the header is missing. Call
        it while the row is locked, so that two edits cannot both pass.
        """
        if not self.is_told:
            meaning = CODES["precondition_required"].meaning
            raise PreconditionRequired(f"{meaning} It is {etag(version)} now.")
        if self.tags is not None and etag(version) not in self.tags:
            raise Precondition(CODES["stale"].meaning)


def etag(version: int) -> str:
    """Return the strong ETag of a *version*.

    >>> etag(7)
    '"v7"'
    """
    return f'"v{version}"'


def expected(
    if_match: Annotated[
        str | None,
        Header(description="the ETag of what is edited, as the last reading gave it"),
    ] = None,
) -> Expected:
    """Parse ``If-Match``; raise `PreconditionRequired` (428) if it is missing."""
    if if_match is None:
        raise PreconditionRequired(CODES["precondition_required"].meaning)
    if if_match.strip() == "*":
        return Expected(None)
    return Expected(frozenset(f'"{tag}"' for tag in STRONG.findall(_strong(if_match))))


def expected_now(
    if_match: Annotated[str | None, Header(description="the ETag of what is edited")] = None,
) -> Expected:
    """Parse ``If-Match``; if it is missing, `Expected.check` reports the current version."""
    return Expected(frozenset(), is_told=False) if if_match is None else expected(if_match)


def _strong(header: str) -> str:
    """Remove the weak ETags from *header*; they never match an edit (RFC 9110)."""
    return re.sub(r'W/"[^"]*"', "", header)


IfMatch = Annotated[Expected, Depends(expected)]
"""The parameter of a route that edits."""

IfMatchNow = Annotated[Expected, Depends(expected_now)]
"""The same, where the caller reads the version nowhere else at once."""
