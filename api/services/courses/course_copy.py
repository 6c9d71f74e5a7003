"""Copy of a course for another term: its setup, without people and their work."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    ProblemVersion,
    RubricItem,
    Variant,
)
from api.db.upserts import insert_rows
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.assignments.settings import timeline_to_column
from api.schemas.assignments.timeline import TimelineSpec
from api.schemas.courses.courses import CopyIn, CourseIn
from api.services.assignments import timeline
from api.services.assignments.settings import update_resolved_times
from api.services.audit.change_context import ChangeContext
from api.services.courses.lifecycle import (
    build_course,
    check_course_slug_free,
    enrol_instructor,
    load_assignments,
)
from api.services.courses.stored_settings import list_copied_columns

COPIED_VERSION_COLUMNS: Final = (
    *("problem", "number", "status", "source", "title", "topic", "difficulty", "points", "parts"),
    *("draw_hash", "marking_hash", "engine", "variants", "report", "note"),
)


def copy_course(session: Session, act: ChangeContext, body: CopyIn) -> Course:
    """Copy the setup of the course of *act* to a new course, all times moved by ``shift_days``.

    Its assignments are unpublished, voided parts count again, and the copying user becomes its
    instructor.
    """
    check_course_slug_free(session, body.slug, None)
    old = act.course
    overrides = {"slug": body.slug, "title": body.title, "zone": body.zone or old.zone}
    new = build_course(
        CourseIn.model_validate(list_copied_columns(CourseIn, old) | overrides), now=act.now
    )
    session.add(new)
    session.flush()
    if act.member is not None and act.author_id is not None and act.member.role != "admin":
        enrol_instructor(session, new, act.author_id, now=act.now)
    versions = _copy_versions(session, act, new)
    assignments = {
        one.id: _build_assignment_copy(one, new, act, days=body.shift_days)
        for one in load_assignments(session, old)
    }
    session.add_all(assignments.values())
    session.flush()
    _copy_problems(
        session, {old_id: assignment.id for old_id, assignment in assignments.items()}, versions
    )
    details = {"copy": str(new.id), "shift_days": body.shift_days}
    act.record(session, "course.copied", ("course", new.id), change=({}, details))
    return new


def _build_assignment_copy(
    old: Assignment, course: Course, act: ChangeContext, *, days: int
) -> Assignment:
    spec = timeline.shift_days(TimelineSpec.model_validate(old.timeline), days)
    row = Assignment(
        id=new_id(),
        course_id=course.id,
        created_at=act.now,
        version=1,
        **list_copied_columns(AssignmentIn, old) | {"timeline": timeline_to_column(spec)},
    )
    update_resolved_times(row, course)
    return row


def _copy_versions(session: Session, act: ChangeContext, course: Course) -> Mapping[UUID, UUID]:
    """Copy the course's own problems with their variants; return their new ids by the old ones."""
    rows = session.scalars(
        select(ProblemVersion).where(ProblemVersion.space == str(act.course.id))
    ).all()
    ids = {row.id: new_id() for row in rows}
    session.add_all(
        ProblemVersion(
            id=ids[row.id],
            space=str(course.id),
            based_on=ids.get(row.based_on) if row.based_on else None,
            created_by=act.author_id,
            created_at=act.now,
            retired_at=row.retired_at,
            **{name: getattr(row, name) for name in COPIED_VERSION_COLUMNS},
        )
        for row in sorted(rows, key=lambda row: row.number)
    )
    session.flush()
    _copy_variants(session, ids)
    return ids


def _copy_variants(session: Session, ids: Mapping[UUID, UUID]) -> None:
    for old, new in ids.items():
        rows = session.execute(
            select(Variant.position, Variant.seed, Variant.data).where(Variant.version_id == old)
        )
        copies = [
            {"version_id": new, "position": position, "seed": seed, "data": data}
            for position, seed, data in rows
        ]
        insert_rows(session, Variant, copies)


def _copy_problems(
    session: Session, assignments: Mapping[UUID, UUID], versions: Mapping[UUID, UUID]
) -> None:
    """Copy the problems of *assignments* (new ids by old), with pinned versions and rubrics."""
    rows = session.scalars(
        select(AssignmentProblem).where(
            AssignmentProblem.assignment_id.in_(assignments),
            AssignmentProblem.removed_at.is_(None),
        )
    ).all()
    ids = {row.id: new_id() for row in rows}
    session.add_all(
        AssignmentProblem(
            id=ids[row.id],
            assignment_id=assignments[row.assignment_id],
            slug=row.slug,
            version_id=versions.get(row.version_id, row.version_id),
            position=row.position,
            **list_copied_columns(ProblemSettings, row),
        )
        for row in rows
    )
    session.flush()
    session.add_all(_build_rubric_copies(session, ids))


def _build_rubric_copies(session: Session, ids: Mapping[UUID, UUID]) -> Iterable[RubricItem]:
    rows = session.scalars(
        select(RubricItem).where(RubricItem.problem_id.in_(ids), RubricItem.retired_at.is_(None))
    ).all()
    for row in rows:
        yield RubricItem(
            id=new_id(),
            problem_id=ids[row.problem_id],
            part=row.part,
            position=row.position,
            label=row.label,
            say=row.say,
            points=row.points,
        )
