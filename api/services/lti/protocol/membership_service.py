"""Names and Role Provisioning Services 2.0: the members of a context."""

from dataclasses import dataclass
from typing import Any, Final

from api.core.json_text import REPLACEMENT
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import MAX_ID_CHARACTERS, read_name, read_text, read_texts
from api.services.lti.protocol.grade_service import (
    MAX_PAGES,
    build_headers,
    find_next_page,
    raise_for_reply_status,
)
from api.services.lti.protocol.public_http import PlatformHttp

MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ACTIVE: Final = "Active"


@dataclass(frozen=True, slots=True)
class RosterMember:
    """Member of a context; *subject* is the id that launches name, texts are "" if not told."""

    subject: str
    name: str
    email: str
    roles: tuple[str, ...]
    is_active: bool


def fetch_members(http: PlatformHttp, url: str, token: str) -> list[RosterMember]:
    """Return all members of a context, from all pages.

    Raises `PlatformError`, also for a page that is not as the standard says: part of a roster would
    look as if the others had left.
    """
    members: list[RosterMember] = []
    for _ in range(MAX_PAGES):
        reply = http.send("GET", url, headers=build_headers(token, accept=MEMBERS_TYPE))
        raise_for_reply_status(reply, "the roster")
        entries = reply.value.get("members") if isinstance(reply.value, dict) else None
        if not isinstance(entries, list):
            raise PlatformError("a page of the roster has no members")
        members += map(_read_member, entries)
        url = find_next_page(reply)
        if not url:
            return members
    raise PlatformError("the roster has too many pages")


def _read_member(entry: Any) -> RosterMember:
    values = entry if isinstance(entry, dict) else {}
    subject = values.get("user_id")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_ID_CHARACTERS:
        raise PlatformError("a member of the roster has no usable id")
    if REPLACEMENT in subject:  # two members must not become one
        raise PlatformError("a member of the roster has no usable id")
    return RosterMember(
        subject,
        read_name(values),
        read_text(values.get("email")),
        read_texts(values.get("roles")),
        # The status may be left out; the member is active then.
        is_active=values.get("status", ACTIVE) == ACTIVE,
    )
