"""Processor time of the database server that a benchmark uses."""

import os
from pathlib import Path
from typing import Any, Final

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def server_seconds(db: Any) -> float:
    """Return the processor time of the connections to PostgreSQL, if it runs on this machine."""
    if db.is_sqlite:
        return 0.0
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    with db.engine.connect() as connection:
        pids = connection.exec_driver_sql(query).scalars().all()
    stats = [Path(f"/proc/{pid}/stat") for pid in pids]
    fields = [stat.read_text().rpartition(")")[2].split() for stat in stats if stat.exists()]
    return sum(int(field) for one in fields for field in one[11:13]) / TICKS_PER_SECOND
