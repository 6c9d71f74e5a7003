"""Gradebook files for other systems, checked for what these would misread."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, FieldError, InvalidInput, NotFound
from api.schemas.grades.exports import ExportCheck, ExportWarning
from api.services.audit import recorder
from api.services.courses.lifecycle import load_assignments
from api.services.enrolment.roster_files import read_roster
from api.services.exports.formats import (
    WARNINGS,
    WRITERS,
    ExportFile,
    ExportGradebook,
    FileWarning,
    WarningCode,
    write_moodle,
)
from api.services.exports.gradebook_source import build_export_gradebook
from api.services.gradebook.gradebook_data import GradebookData, load_gradebook
from api.services.gradebook.students import load_active_students

CELL_BYTES: Final = 1024
"""Memory for a student and an assignment: JSON lines take most, 1.0 KiB with the text of 0.3."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """File format: its writer, media type and file name ending."""

    writer: str
    media: str
    ending: str


FORMATS: Final[Mapping[str, ExportFormat]] = {
    "csv": ExportFormat("table", "text/csv", "csv"),
    "cells": ExportFormat("cells", "text/csv", "csv"),
    "jsonl": ExportFormat("json", "application/jsonl", "jsonl"),
    "canvas": ExportFormat("canvas", "text/csv", "csv"),
    "moodle": ExportFormat("moodle", "text/csv", "csv"),
    "gradescope": ExportFormat("gradescope", "text/csv", "csv"),
}
"""File formats by their name in the URL."""

FATAL_CODES: Final[frozenset[WarningCode]] = frozenset(
    {"name_is_points_row", "reserved_title", "same_person", "same_title", "title_is_id"}
)
"""Warnings about scores for the wrong person or column, or a silently lost column."""


@dataclass(frozen=True, slots=True)
class GradebookExport:
    """Written file with the gradebook that it contains."""

    name: str
    form: ExportFormat
    gradebook: ExportGradebook
    file: ExportFile


def get_format(name: str) -> ExportFormat:
    """Return a file format by its name; raise `NotFound` if there is none."""
    if name not in FORMATS:
        raise NotFound(f"There is no such file format. There are {', '.join(FORMATS)}.")
    return FORMATS[name]


def build_gradebook_export(
    session: Session,
    member: CourseMembership,
    name: str,
    *,
    only: Collection[UUID] | None,
    section: UUID | None,
    now: datetime,
    reserve: Callable[[int], None],
    participant_emails: Collection[str] | None = None,
) -> GradebookExport:
    """Write the gradebook of a course, with all assignments or *only* those named.

    *reserve* is called with the bytes of memory that this takes, before it begins, and may refuse.
    *participant_emails* holds the e-mail addresses of Moodle's participants, for its format.
    """
    form = get_format(name)
    students = load_active_students(session, member.course.id, section=section)
    assignments = len(load_assignments(session, member.course))
    reserve(CELL_BYTES * len(students) * (assignments + 1))
    book = load_gradebook(session, member.course, students)
    columns = _select_columns(book, only)
    gradebook = build_export_gradebook(session, book, columns, now=now)
    write = (
        WRITERS[form.writer]
        if participant_emails is None
        else partial(write_moodle, participant_emails=participant_emails)
    )
    return GradebookExport(name, form, gradebook, write(gradebook))


def read_participant_emails(file: bytes) -> frozenset[str]:
    """Return the e-mail addresses in a list of Moodle's participants.

    Raises `InvalidInput` if there are none.
    """
    roster = read_roster(file)
    emails = frozenset(row.email for row in roster.rows if row.email)
    if not emails:
        reason = (
            roster.problems[0].message if roster.problems else "the list has no e-mail addresses"
        )
        raise InvalidInput(f"The list of participants is invalid: {reason}.")
    return emails


def serialize_check(export: GradebookExport) -> ExportCheck:
    """Return the warnings on a file, fatal ones first."""
    warnings = [_serialize_warning(warning) for warning in export.file.warnings]
    return ExportCheck(
        form=export.name,
        students=len(export.gradebook.people),
        assignments=len(export.gradebook.columns),
        fatal=sum(warning.fatal for warning in warnings),
        warnings=tuple(sorted(warnings, key=lambda item: not item.fatal)),
    )


def _serialize_warning(warning: FileWarning) -> ExportWarning:
    return ExportWarning(
        code=warning.code,
        fatal=warning.code in FATAL_CODES,
        about=UUID(warning.about),
        message=warning.message,
        meaning=WARNINGS[warning.code],
    )


def check_no_fatal_warnings(export: GradebookExport) -> None:
    """Raise `Conflict` if the other system would misread the file."""
    fatal = [warning for warning in export.file.warnings if warning.code in FATAL_CODES]
    if fatal:
        raise Conflict(
            "The other system would misread the file. Fix the listed problems, or export it "
            "anyway (by API with force=true).",
            code="file_misread",
            errors=tuple(FieldError(one.code, one.message) for one in fatal),
        )


def record_export(
    session: Session, member: CourseMembership, what: str, *, now: datetime, **more: object
) -> None:
    """Record in the audit log that grades or work of a course were exported as a file."""
    target = ("course", member.course.id)
    change: tuple[dict[str, object], dict[str, object]] = ({}, {"form": what, **more})
    recorder.record_action(session, member, "file.exported", now=now, target=target, change=change)


def _select_columns(book: GradebookData, only: Collection[UUID] | None) -> list[int]:
    """Return the indices of the assignments to write; raise `InvalidInput` for an unknown one."""
    if only is None:
        return list(range(len(book.assignments)))
    known = {assignment.id for assignment in book.assignments}
    if set(only) - known:
        message = "names an assignment that is not in the gradebook of this course"
        raise InvalidInput.for_field("query assignments", message)
    return [index for index, assignment in enumerate(book.assignments) if assignment.id in only]
