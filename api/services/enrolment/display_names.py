"""Display names of users."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import User


def load_display_names(session: Session, users: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the names of *users* by id, skipping None and unknown ids."""
    wanted = {user for user in users if user is not None}
    if not wanted:
        return {}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}
