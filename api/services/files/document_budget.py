"""Budget of documents: how many bytes of reports and attachments a person may store in a day."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.errors import RateLimited
from api.db.models import Attachment, Report, User

MEBIBYTE: Final = 1024 * 1024
BUDGET_WINDOW: Final = timedelta(days=1)
BudgetCode = Literal["report_budget", "attachment_budget"]


def check_document_budget(
    session: Session,
    author: UUID,
    size_bytes: int,
    *,
    mebibytes_per_day: int,
    code: BudgetCode,
    now: datetime,
) -> None:
    """Raise `RateLimited` if a document exceeds the bytes that *author* may store in a day."""
    used, times = 0, []
    for table in (Report, Attachment):
        size, oldest = session.execute(
            select(func.coalesce(func.sum(table.size_bytes), 0), func.min(table.uploaded_at)).where(
                table.author_id == author, table.uploaded_at > now - BUDGET_WINDOW
            )
        ).one()
        used += size
        times += [oldest] if oldest is not None else []
    if used + size_bytes > mebibytes_per_day * MEBIBYTE:
        wait = min(times) + BUDGET_WINDOW - now if times else BUDGET_WINDOW
        raise RateLimited(
            f"You can upload {mebibytes_per_day} MiB of reports and attachments in a day. "
            "Nothing was stored. Upload a smaller file, or type your answers.",
            code=code,
            retry_after=max(1, round(wait.total_seconds())),
        )


def lock_author_account(session: Session, author: UUID) -> None:
    """Lock the account of *author*, so that two uploads at once count against one budget."""
    session.execute(select(User.id).where(User.id == author).with_for_update(key_share=True)).all()
