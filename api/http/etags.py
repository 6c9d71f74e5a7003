"""ETags and `If-Match`: optimistic concurrency control for edits."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header

from api.core.errors import ERROR_CODES, PreconditionFailed, PreconditionRequired

STRONG_ETAG: Final = re.compile(r'"([\x21\x23-\x7e]{0,80})"')


@dataclass(frozen=True, slots=True)
class IfMatchVersions:
    """Versions in the ``If-Match`` header of an edit; ``None`` stands for any (``If-Match: *``).

    *is_present* is False if the header is missing.
    """

    tags: frozenset[str] | None
    is_present: bool = True

    def check(self, version: int) -> None:
        """Raise `PreconditionFailed` (412) unless *version* is one of them.

        Raises `PreconditionRequired` (428), which names the version, if the header is missing. Call
        it while the row is locked, so that two edits cannot both pass.
        """
        if not self.is_present:
            meaning = ERROR_CODES["precondition_required"].meaning
            raise PreconditionRequired(f"{meaning} It is {format_etag(version)} now.")
        if self.tags is not None and format_etag(version) not in self.tags:
            raise PreconditionFailed(ERROR_CODES["stale"].meaning)


def format_etag(version: int) -> str:
    """Return the strong ETag of a *version*.

    >>> format_etag(7)
    '"v7"'
    """
    return f'"v{version}"'


def parse_if_match(
    if_match: Annotated[
        str | None,
        Header(description="the ETag from the latest GET"),
    ] = None,
) -> IfMatchVersions:
    """Parse ``If-Match``; raise `PreconditionRequired` (428) if it is missing."""
    if if_match is None:
        raise PreconditionRequired(ERROR_CODES["precondition_required"].meaning)
    if if_match.strip() == "*":
        return IfMatchVersions(None)
    return IfMatchVersions(
        frozenset(f'"{tag}"' for tag in STRONG_ETAG.findall(_remove_weak_etags(if_match)))
    )


def parse_optional_if_match(
    if_match: Annotated[str | None, Header(description="the ETag of the edited object")] = None,
) -> IfMatchVersions:
    """Parse ``If-Match``; if it is missing, `IfMatchVersions.check` reports the current version."""
    return (
        IfMatchVersions(frozenset(), is_present=False)
        if if_match is None
        else parse_if_match(if_match)
    )


def _remove_weak_etags(header: str) -> str:
    """Remove the weak ETags from *header*; they never match an edit (RFC 9110)."""
    return re.sub(r'W/"[^"]*"', "", header)


IfMatch = Annotated[IfMatchVersions, Depends(parse_if_match)]
"""Route parameter for edits: the versions in ``If-Match``, which is required."""

OptionalIfMatch = Annotated[IfMatchVersions, Depends(parse_optional_if_match)]
"""Like `IfMatch`, for edits whose version callers may not have: the error reports it."""
