"""Regrade worker that dies at a commit: ``python crashing_regrade_worker.py URL N``.

It dies before the N-th commit, so the transaction of that chunk is lost.
"""

import os
import sys

from sqlalchemy import event
from sqlalchemy.orm import Session

from api.core.clock import system_clock
from api.db.engine import Database
from api.services.regrades.execution.runner import RegradeRunner


def main(url: str, commits: int) -> None:
    """Run regrades, and exit just before commit number *commits*."""
    left = commits

    def count(_session: Session) -> None:
        nonlocal left
        left -= 1
        if not left:
            os._exit(9)

    event.listen(Session, "before_commit", count)
    RegradeRunner(Database(url), system_clock, workers=0).run_until_idle()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
