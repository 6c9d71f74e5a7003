"""Uniqueness of accounts: no two with one e-mail address, also not by requests at the same time."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.core.errors import Conflict, FieldError, InvalidInput
from api.db.models import User


def check_email_free(session: Session, email: str) -> None:
    """Raise `InvalidInput` if the e-mail address is taken."""
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        message = "belongs to another account"
        raise InvalidInput(f"The e-mail address {message}.", errors=(FieldError("email", message),))


def flush_new_accounts(session: Session) -> None:
    """Flush new accounts; raise `Conflict` if another course is adding the same person."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("Another request is adding the same person. Try again.") from error
