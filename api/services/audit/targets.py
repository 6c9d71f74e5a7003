"""Current names of the targets in the audit log."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from api.core.ids import parse_id
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Comment,
    Course,
    Excuse,
    Extension,
    LtiPlatform,
    Notice,
    ProblemVersion,
    Regrade,
    RegradeRequest,
    RubricItem,
    Section,
    Token,
    User,
)

TARGET_NAME_QUERIES: Final[Mapping[str, Select[UUID, str]]] = {
    "answer": select(Answer.id, User.name).join(User, User.id == Answer.student_id),
    "assignment": select(Assignment.id, Assignment.title),
    "comment": (
        select(Comment.id, User.name)
        .join(Answer, Answer.id == Comment.answer_id)
        .join(User, User.id == Answer.student_id)
    ),
    "course": select(Course.id, Course.title),
    "excuse": select(Excuse.id, User.name).join(User, User.id == Excuse.student_id),
    "extension": (
        select(Extension.id, func.coalesce(User.name, Section.name))
        .outerjoin(User, User.id == Extension.student_id)
        .outerjoin(Section, Section.id == Extension.section_id)
    ),
    "lti_platform": select(LtiPlatform.id, LtiPlatform.name),
    "notice": (
        select(Notice.id, AssignmentProblem.slug).join(
            AssignmentProblem, AssignmentProblem.id == Notice.problem_id
        )
    ),
    "problem": select(AssignmentProblem.id, AssignmentProblem.slug),
    "regrade": (
        select(Regrade.id, AssignmentProblem.slug).join(
            AssignmentProblem, AssignmentProblem.id == Regrade.problem_id
        )
    ),
    "regrade_request": (
        select(RegradeRequest.id, User.name).join(User, User.id == RegradeRequest.student_id)
    ),
    "rubric_item": (
        select(RubricItem.id, AssignmentProblem.slug).join(
            AssignmentProblem, AssignmentProblem.id == RubricItem.problem_id
        )
    ),
    "section": select(Section.id, Section.name),
    "token": select(Token.id, Token.name),
    "user": select(User.id, User.name),
    "version": select(ProblemVersion.id, ProblemVersion.problem),
}
"""Queries for the ids and names of the targets, by kind of target.

An answer has the name of its student, a regrade that of its problem.
"""


def load_target_names(
    session: Session, entries: Iterable[AuditEntry]
) -> dict[tuple[str, str], str]:
    """Return the names of the targets of *entries* by kind and id, without deleted targets."""
    ids_by_target: defaultdict[str, set[UUID]] = defaultdict(set)
    for entry in entries:
        which = parse_id(entry.target_id)
        if entry.target in TARGET_NAME_QUERIES and which is not None:
            ids_by_target[entry.target].add(which)
    return {
        (target, str(which)): name
        for target, ids in ids_by_target.items()
        for which, name in session.execute(
            TARGET_NAME_QUERIES[target].where(
                TARGET_NAME_QUERIES[target].selected_columns[0].in_(ids)
            )
        )
    }
