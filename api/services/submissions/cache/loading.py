"""Loader of cache entries: the identity and the rules of a student at a problem."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import func
from sqlalchemy.orm import Session

from api.auth.authorization import Caller, Posed
from api.db.engine import once
from api.db.models import Stamp
from api.services.grades import load_students, posed_in
from api.services.submissions.cache.memory import Known, Memory, Secret, Shared, Stamps, holds
from api.services.submissions.writer.lookup_statements import by_places, find_places

__all__ = ["known_of", "stamps_of"]

TABLE: Final = Stamp.__table__.c
STAMPS: Final = {
    is_sqlite: found.group_by(found.selected_columns[0])
    for is_sqlite, found in by_places([TABLE.scope], func.sum(TABLE.number)).items()
}


def stamps_of(session: Session, scopes: Collection[str]) -> Stamps:
    """Return the change counter of each scope: 0 if nothing has changed in it yet."""
    asked = list(scopes)
    rows = find_places(session, STAMPS, [(scope,) for scope in asked])
    return dict.fromkeys(asked, 0) | {asked[row[0]]: int(row[1]) for row in rows}


def _secret_of(caller: Caller) -> Secret:
    """Return the credential of *caller*; raise `ValueError` if it has no token and no session."""
    shown = caller.token_id or caller.session_id
    if shown is None:
        raise ValueError("a caller has a token or a session")
    return Secret(caller.digest, shown, caller.expires_at, caller.begun_at)


def known_of(session: Session, posed: Posed, memory: Memory, *, parts: Collection[str]) -> Known:
    """Load the identity of a student at a problem, and the rules for them, as a cache entry."""
    member, assignment = posed.member, posed.assignment
    own = (member.course.id, assignment.id, member.student_id, member.caller.id)
    scopes = {one.hex for one in own}
    stamps = once(session, (Stamp, frozenset(scopes)), lambda: stamps_of(session, scopes))
    shared = _shared(session, posed, memory, stamps=stamps)
    here = load_students(
        session, shared.assignment, shared.course, shared.problems, [member.student_id]
    )
    return Known(
        _secret_of(member.caller),
        member.caller.id,
        member.student_id,
        next(one for one in shared.problems if one.row.id == posed.problem.id),
        frozenset(parts),
        here,
        stamps,
    )


def _shared(session: Session, posed: Posed, memory: Memory, *, stamps: Stamps) -> Shared:
    """Return the data that all students of an assignment share; read it if the cache is stale."""
    kept = memory.shared(posed.assignment.id)
    if kept is not None and holds(kept.stamps, stamps):
        return kept
    own = (posed.member.course.id, posed.assignment.id)
    shared = Shared(
        posed.assignment,
        posed.member.course,
        posed_in(session, posed.assignment.id),
        {scope.hex: stamps[scope.hex] for scope in own},
    )
    memory.share(shared)
    return shared
