"""Export of all personal data of an account as JSON, for its owner, in pieces.

The export reveals nothing early: a submission comes with the reply of the time, and a grade or a
comment only once results are shown to the student.

Submissions, drafts, reports and attachments may be large, and comments, regrade requests and acts
of staff many. One transaction reads their ids and everything short; they follow in small batches,
and the files of reports and attachments in pieces. So memory is bounded, and a slow reader holds no
transaction. Submissions never change; a draft is read in its current state when its turn comes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.core.json_text import serialize_json
from api.db.models import (
    Attachment,
    Draft,
    Extension,
    Grade,
    Override,
    Report,
    Submission,
    User,
)
from api.http.byte_budget import MEBIBYTE
from api.http.field_types import serialize_fraction
from api.schemas.accounts.account import MeExport
from api.services.accounts.export import activity_export, connections_export
from api.services.accounts.export.batches import PackedIds, ReadRows, read_in_batches
from api.services.accounts.export.files_export import (
    JsonObject,
    serialize_all,
    serialize_row,
    stream_attachment,
    stream_report,
)
from api.services.accounts.profile import list_user_courses
from api.services.accounts.sessions import list_sessions
from api.services.accounts.tokens import list_tokens
from api.services.assignments.release import load_assignments_with_results
from api.services.files.stored_bytes import ReadSessionFactory
from api.services.outbox.news import load_mail_records

BATCH_SIZE: Final = 4
"""Number of submissions or drafts in memory at a time; each may have some hundred KiB."""
TEXT_BATCH_SIZE: Final = 20
"""Number of comments or regrade requests in memory at a time; each has some thousand characters."""
ACT_BATCH_SIZE: Final = 200
HELD_BYTES: Final = 4 * MEBIBYTE
"""Memory that an export holds: a batch of submissions, or a piece of a file and its Base64."""
PROFILE: Final = ("id", "name", "family_name", "email", "student_number", "login", "created_at")
TOKEN_FIELDS: Final = ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")


def stream_account_data(reading: ReadSessionFactory, user: User, *, now: datetime) -> Iterator[str]:
    """Return all data about *user* as pieces of one JSON object, a `MeExport`.

    The first transaction has ended when it returns.
    """
    with reading() as session:
        visible = load_assignments_with_results(session, user.id, now=now)
        small_fields = _load_small_fields(session, user, visible, now=now)
        ids = {
            name: PackedIds(session, query)
            for name, query in _select_large_fields(user.id, visible).items()
        }
    loaders: Mapping[str, tuple[ReadRows, int]] = {
        "submissions": (_load_submissions, BATCH_SIZE),
        "drafts": (partial(_load_drafts, student=user.id), BATCH_SIZE),
        "comments": (partial(activity_export.load_comments, user_id=user.id), TEXT_BATCH_SIZE),
        "regrade_requests": (activity_export.load_regrade_requests, TEXT_BATCH_SIZE),
        "acts": (activity_export.load_audited_actions, ACT_BATCH_SIZE),
    }
    large = {
        name: read_in_batches(reading, read, ids[name], size=size)
        for name, (read, size) in loaders.items()
    }
    for name, stream in (("reports", stream_report), ("attachments", stream_attachment)):
        large[name] = map(partial(stream, reading), ids[name])
    return _stream_json(small_fields, large)


def _select_large_fields(
    user_id: UUID, visible_assignments: Collection[UUID]
) -> dict[str, Select[UUID]]:
    """Return the queries for the ids of the rows that are streamed."""
    submissions = select(Submission.id).where(Submission.student_id == user_id)
    attachments = select(Attachment.id).where(Attachment.student_id == user_id)
    return {
        "submissions": submissions.order_by(Submission.received_at, Submission.id),
        "drafts": select(Draft.problem_id).where(Draft.student_id == user_id),
        "reports": select(Report.id).where(Report.student_id == user_id).order_by(Report.id),
        "attachments": attachments.order_by(Attachment.uploaded_at, Attachment.id),
        "comments": activity_export.select_comments(user_id, visible_assignments),
        "regrade_requests": activity_export.select_regrade_requests(user_id),
        "acts": activity_export.select_audited_actions(user_id),
    }


def _load_small_fields(
    session: Session, user: User, visible_assignments: Collection[UUID], *, now: datetime
) -> MeExport:
    """Return the export without the fields that are streamed."""
    return MeExport(
        exported_at=now,
        profile=serialize_row(user, PROFILE),
        courses=tuple(one.model_dump(mode="json") for one in list_user_courses(session, user.id)),
        submissions=(),
        drafts=(),
        reports=(),
        attachments=(),
        grades=_load_grades(session, user.id, visible_assignments),
        comments=(),
        regrade_requests=(),
        extensions=_load_extensions(session, user.id),
        tokens=serialize_all(list_tokens(session, user.id), TOKEN_FIELDS),
        sessions=serialize_all(list_sessions(session, user.id, now=now), ("created_at", "seen_at")),
        identities=connections_export.load_identities(session, user.id),
        mail=load_mail_records(session, user.id),
        platform_scores=connections_export.load_platform_scores(
            session, user.id, visible_assignments
        ),
        platform_rosters=connections_export.load_platform_rosters(session, user.id),
        acts=(),
    )


def _stream_json(
    small_fields: MeExport, large: Mapping[str, Iterator[Iterator[str]]]
) -> Iterator[str]:
    """Yield *small_fields* as JSON; its fields that are in *large* are streamed item by item.

    Each item of *large* is JSON in pieces; an item that is no longer stored has none.
    """
    separator = "{"
    for name, value in small_fields.model_dump(mode="json").items():
        yield f"{separator}{serialize_json(name)}:"
        separator = ","
        if name in large:
            yield "["
            yield from _join_items(large[name])
            yield "]"
        else:
            yield serialize_json(value)
    yield "}"


def _join_items(items: Iterable[Iterator[str]]) -> Iterator[str]:
    """Yield the pieces of all *items* with commas between the items that have any."""
    separator = ""
    for item in items:
        first = next(item, None)
        if first is not None:
            yield f"{separator}{first}"
            yield from item
            separator = ","


def _load_submissions(session: Session, ids: Sequence[UUID]) -> list[JsonObject]:
    rows = session.scalars(
        select(Submission)
        .where(Submission.id.in_(ids))
        .order_by(Submission.received_at, Submission.id)
    )
    names = ("id", "problem_id", "sequence", "received_at", "answers")
    return [serialize_row(row, names) | {"told": row.reply} for row in rows]


def _load_drafts(session: Session, problems: Sequence[UUID], *, student: UUID) -> list[JsonObject]:
    rows = session.scalars(
        select(Draft).where(Draft.student_id == student, Draft.problem_id.in_(problems))
    )
    return [serialize_row(row, ("problem_id", "answers", "saved_at")) for row in rows]


def _load_grades(
    session: Session, student: UUID, visible_assignments: Collection[UUID]
) -> tuple[JsonObject, ...]:
    rows = session.scalars(
        select(Grade).where(Grade.student_id == student).order_by(Grade.assignment_id)
    )
    overrides = session.scalars(
        select(Override)
        .where(Override.student_id == student, Override.withdrawn_at.is_(None))
        .order_by(Override.created_at, Override.id)
    ).all()
    return tuple(
        serialize_row(row, ("assignment_id", "updated_at"))
        | {
            "score": None if row.score is None else serialize_fraction(row.score),
            "possible": serialize_fraction(row.possible),
            "overrides": [
                serialize_row(other, ("part", "reason", "created_at"))
                | {"points": serialize_fraction(other.points)}
                for other in overrides
                if other.assignment_id == row.assignment_id
            ],
        }
        for row in rows
        if row.assignment_id in visible_assignments
    )


def _load_extensions(session: Session, student: UUID) -> tuple[JsonObject, ...]:
    query = (
        select(Extension)
        .where(Extension.student_id == student, Extension.withdrawn_at.is_(None))
        .order_by(Extension.created_at, Extension.id)
    )
    names = ("course_id", "assignment_id", "spec", "reason", "created_at")
    return serialize_all(session.scalars(query), names)
