"""Links to unsubscribe, which mail programs use without a login (RFC 8058)."""

import hmac
import re
import secrets
from typing import Final, cast
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.errors import NotFound
from api.db.models import MailKey, MailOptOut, User
from api.services.outbox.kinds import OPTIONAL_KINDS, MessageKind

KEY_BYTES: Final = 32
TOKEN_PATTERN: Final = re.compile(r"([0-9a-f]{32})\.([a-z_]{1,30})\.([0-9a-f]{64})")
UNKNOWN_LINK: Final = (
    "This link to unsubscribe is not valid. Log in, and choose your messages on the account page."
)


def create_unsubscribe_token(session: Session, user_id: UUID, kind: MessageKind) -> str:
    """Return the signed token by which a person declines *kind*; it does not expire.

    The caller has locked the row of the person, who gets a key with the first token.
    """
    row = session.get(MailKey, user_id)
    if row is None:
        row = MailKey(user_id=user_id, key=secrets.token_bytes(KEY_BYTES))
        session.add(row)
    return f"{user_id.hex}.{kind}.{_sign_message_kind(row.key, kind)}"


def read_unsubscribe_token(session: Session, token: str) -> tuple[UUID, MessageKind]:
    """Return the person and the kind of a token; raise `NotFound` if it is not valid."""
    match = TOKEN_PATTERN.fullmatch(token)
    if match is None or match[2] not in OPTIONAL_KINDS:
        raise NotFound(UNKNOWN_LINK)
    user_id, kind = UUID(match[1]), cast("MessageKind", match[2])
    row = session.get(MailKey, user_id)
    expected = _sign_message_kind(bytes(KEY_BYTES) if row is None else row.key, kind)
    if not hmac.compare_digest(expected, match[3]) or row is None:
        raise NotFound(UNKNOWN_LINK)
    return user_id, kind


def unsubscribe(session: Session, token: str) -> MessageKind:
    """Decline the kind of a token for its person; a repeat changes nothing."""
    user_id, kind = read_unsubscribe_token(session, token)
    session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
    if session.get(MailOptOut, {"user_id": user_id, "kind": kind}) is None:
        session.add(MailOptOut(user_id=user_id, kind=kind))
    return kind


def _sign_message_kind(key: bytes, kind: MessageKind) -> str:
    return hmac.digest(key, f"unsubscribe|{kind}".encode(), "sha256").hex()
