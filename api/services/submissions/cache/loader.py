"""Loader of cache entries: the identity and the rules of a student at a problem."""

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from sqlalchemy import func
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.auth.principal import Principal
from api.db.engine import cache_in_snapshot
from api.db.models import ChangeCounter
from api.services.assignments.rules import load_student_rules
from api.services.grades import build_grading_context, load_problems
from api.services.submissions.cache.submission_cache import (
    CachedAssignment,
    CachedSubmitter,
    ChangeCounters,
    Credential,
    SubmissionCache,
    are_counters_current,
)
from api.services.submissions.cache.submission_ids import intern_hex_digits
from api.services.submissions.writer.lookup_statements import build_lookup_statements, look_up_rows

SHARED_SETS_OF_PARTS: Final = 1_024
_share_parts: Final = lru_cache(maxsize=SHARED_SETS_OF_PARTS)(frozenset[str])
"""Returns parts as a set that the students of a problem share."""
COUNTER_COLUMNS: Final = ChangeCounter.__table__.c
COUNTER_STATEMENTS: Final = {
    is_sqlite: found.group_by(found.selected_columns[0])
    for is_sqlite, found in build_lookup_statements(
        [COUNTER_COLUMNS.scope], func.sum(COUNTER_COLUMNS.number)
    ).items()
}


def load_change_counters(session: Session, scopes: Collection[str]) -> ChangeCounters:
    """Return the change counter of each scope: 0 if nothing has changed in it yet."""
    scope_list = list(scopes)
    rows = look_up_rows(session, COUNTER_STATEMENTS, [(scope,) for scope in scope_list])
    return dict.fromkeys(scope_list, 0) | {scope_list[row[0]]: int(row[1]) for row in rows}


def _to_credential(caller: Principal) -> Credential:
    """Return the credential of *caller*; raise `ValueError` if it has no token and no session."""
    credential_id = caller.token_id or caller.session_id
    if credential_id is None:
        raise ValueError("a caller has a token or a session")
    return Credential(caller.digest, credential_id, caller.expires_at, caller.begun_at)


def load_submitter(
    session: Session,
    assigned_problem: AssignedProblem,
    cache: SubmissionCache,
    *,
    parts: Collection[str],
) -> CachedSubmitter:
    """Load the identity of a student at a problem, and the rules for them, as a cache entry."""
    member, assignment = assigned_problem.member, assigned_problem.assignment
    scope_ids = (member.course.id, assignment.id, member.student_id, member.caller.id)
    scopes = set(map(intern_hex_digits, scope_ids))
    change_counters = cache_in_snapshot(
        session, (ChangeCounter, frozenset(scopes)), lambda: load_change_counters(session, scopes)
    )
    cached_assignment = _load_assignment(
        session, assigned_problem, cache, change_counters=change_counters
    )
    rules = load_student_rules(session, member, [assignment])[assignment.id]
    grading_context = build_grading_context(
        session,
        cached_assignment.assignment,
        cached_assignment.course,
        cached_assignment.problems,
        rules={member.student_id: rules},
    )
    return CachedSubmitter(
        _to_credential(member.caller),
        member.caller.id,
        member.student_id,
        next(
            problem
            for problem in cached_assignment.problems
            if problem.row.id == assigned_problem.problem.id
        ),
        _share_parts(tuple(parts)),
        grading_context,
        change_counters,
    )


def _load_assignment(
    session: Session,
    assigned_problem: AssignedProblem,
    cache: SubmissionCache,
    *,
    change_counters: ChangeCounters,
) -> CachedAssignment:
    """Return the data that all students of an assignment share; read it if the cache is stale."""
    cached = cache.get_assignment(assigned_problem.assignment.id)
    if cached is not None and are_counters_current(cached.change_counters, change_counters):
        return cached
    scope_ids = (assigned_problem.member.course.id, assigned_problem.assignment.id)
    loaded = CachedAssignment(
        assigned_problem.assignment,
        assigned_problem.member.course,
        load_problems(session, assigned_problem.assignment.id),
        {scope: change_counters[scope] for scope in map(intern_hex_digits, scope_ids)},
    )
    cache.put_assignment(loaded)
    return loaded
