"""Where students are at problems, read from the database for many of them at once."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.services.standings import Key, among, answered
from api.services.submitting.drawn import Drawn
from api.services.submitting.memory import NEW, Seat, Stamps
from api.tables import Answer, Draw, Standing
from grader.json_values import from_json
from grader.policy import Answered
from grader.values import Value

__all__ = ["seats_of"]

TABLE: Final = Answer.__table__.c


def seats_of(session: Session, drawn: Mapping[Key, Drawn], *, stamps: Stamps) -> dict[Key, Seat]:
    """Return where students are, as *stamps* are in this transaction.

    *drawn* are the numbers of those for whom none are noted yet.
    """
    noted = _noted(session, drawn)
    tags = _tags(session, drawn)
    given: dict[Key, defaultdict[str, list[Answered]]] = {key: defaultdict(list) for key in drawn}
    carried: dict[Key, dict[int, dict[str, Value]]] = {key: {} for key in drawn}
    for row in _answers(session, drawn):
        key = Key(row.problem_id, row.student_id)
        given[key][row.part].append(answered(row))
        if row.carries is not None:
            value = from_json(row.carries["value"])
            carried[key].setdefault(row.draw, {})[row.part] = value
    return {
        key: Seat(
            noted.get(key, first),
            opened=key in noted,
            sequence=tags.get(key, (0, NEW))[0],
            version=tags.get(key, (0, NEW))[1],
            given={part: tuple(rows) for part, rows in given[key].items()},
            carried=carried[key],
            stamps=stamps,
        )
        for key, first in drawn.items()
    }


def _noted(session: Session, keys: Mapping[Key, Drawn]) -> dict[Key, Drawn]:
    """Return the last numbers that are noted for each student."""
    rows = session.execute(
        select(Draw.problem_id, Draw.student_id, Draw.number, Draw.version_id, Draw.position)
        .where(among(Draw.problem_id, Draw.student_id, keys))
        .order_by(Draw.number)
    )
    return {Key(row[0], row[1]): Drawn(row[2], row[3], row[4]) for row in rows}


def _tags(session: Session, keys: Mapping[Key, Drawn]) -> dict[Key, tuple[int, int]]:
    rows = session.execute(
        select(Standing.problem_id, Standing.student_id, Standing.sequence, Standing.version).where(
            among(Standing.problem_id, Standing.student_id, keys)
        )
    )
    return {Key(row[0], row[1]): (row[2], row[3]) for row in rows}


def _answers(session: Session, keys: Mapping[Key, Drawn]) -> Any:
    return session.execute(
        select(
            *(TABLE.problem_id, TABLE.student_id, TABLE.submission_id, TABLE.part),
            *(TABLE.sequence, TABLE.received_at, TABLE.attempt, TABLE.value, TABLE.status),
            *(TABLE.credit, TABLE.late, TABLE.manual, TABLE.draw, TABLE.carries),
        )
        .where(among(TABLE.problem_id, TABLE.student_id, keys))
        .order_by(TABLE.sequence)
    )
