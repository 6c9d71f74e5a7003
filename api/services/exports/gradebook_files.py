"""Gradebook files for other systems, checked for what these would misread."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.errors import Conflict, FieldError, Invalid, NotFound
from api.schemas.grades.exports import ExportCheck, ExportWarning
from api.services.audit import recorder
from api.services.enrolment.roster_files import read_roster
from api.services.exports.formats import (
    WARNINGS,
    WRITERS,
    Code,
    FileWarning,
    Gradebook,
    Written,
    write_moodle,
)
from api.services.exports.gradebook_source import file_book
from api.services.gradebook.book import Book, load_book
from api.services.gradebook.students import counting

__all__ = [
    "FATAL",
    "FORMS",
    "Form",
    "Made",
    "checked",
    "form_of",
    "make",
    "note",
    "participants",
    "refuse_fatal",
]


@dataclass(frozen=True, slots=True)
class Form:
    """File format: its writer, media type and file name ending."""

    writer: str
    media: str
    ending: str


FORMS: Final[Mapping[str, Form]] = {
    "csv": Form("table", "text/csv", "csv"),
    "cells": Form("cells", "text/csv", "csv"),
    "jsonl": Form("json", "application/jsonl", "jsonl"),
    "canvas": Form("canvas", "text/csv", "csv"),
    "moodle": Form("moodle", "text/csv", "csv"),
    "gradescope": Form("gradescope", "text/csv", "csv"),
}
"""The forms by the name that stands in the address."""

FATAL: Final[frozenset[Code]] = frozenset(
    {"name_is_points_row", "reserved_title", "same_person", "same_title", "title_is_id"}
)
"""What would give scores to the wrong person or column, or lose a column without a word."""


@dataclass(frozen=True, slots=True)
class Made:
    """Written file with the gradebook that it contains."""

    name: str
    form: Form
    book: Gradebook
    written: Written


def form_of(name: str) -> Form:
    """Return a file format by its name; raise `NotFound` if there is none."""
    if name not in FORMS:
        raise NotFound(f"There is no such form of file. There are {', '.join(FORMS)}.")
    return FORMS[name]


def make(
    session: Session,
    member: Member,
    name: str,
    *,
    only: Collection[UUID] | None,
    section: UUID | None,
    now: datetime,
    known: Collection[str] | None = None,
) -> Made:
    """Write the gradebook of a course, with all assignments or *only* those named.

    *known* holds the e-mail addresses of Moodle's participants, for its format.
    """
    form = form_of(name)
    students = counting(session, member.course.id, section=section)
    book = load_book(session, member.course, students)
    columns = _chosen(book, only)
    gradebook = file_book(session, book, columns, now=now)
    write = WRITERS[form.writer] if known is None else partial(write_moodle, known=known)
    return Made(name, form, gradebook, write(gradebook))


def participants(file: bytes) -> frozenset[str]:
    """Return the e-mail addresses in a list of Moodle's participants.

    Raises `Invalid` if there are none.
    """
    roster = read_roster(file)
    found = frozenset(row.email for row in roster.rows if row.email)
    if not found:
        said = roster.problems[0].said if roster.problems else "the list has no e-mail addresses"
        raise Invalid(f"The list of participants cannot be used: {said}.")
    return found


def checked(made: Made) -> ExportCheck:
    """Return the warnings on a file, fatal ones first."""
    told = [_warning(one) for one in made.written.warnings]
    return ExportCheck(
        form=made.name,
        students=len(made.book.people),
        assignments=len(made.book.columns),
        fatal=sum(one.fatal for one in told),
        warnings=tuple(sorted(told, key=lambda one: not one.fatal)),
    )


def _warning(one: FileWarning) -> ExportWarning:
    return ExportWarning(
        code=one.code,
        fatal=one.code in FATAL,
        about=UUID(one.about),
        said=one.said,
        meaning=WARNINGS[one.code],
    )


def refuse_fatal(made: Made) -> None:
    """Raise `Conflict` if the other system would misread the file."""
    fatal = [one for one in made.written.warnings if one.code in FATAL]
    if fatal:
        raise Conflict(
            "The other system would misread the file. Mend what is named, or ask for it all the "
            "same (by API with force=true).",
            code="file_misread",
            errors=tuple(FieldError(one.code, one.said) for one in fatal),
        )


def note(session: Session, member: Member, what: str, *, now: datetime, **more: object) -> None:
    """Record in the audit log that grades or work of a course were exported as a file."""
    target = ("course", member.course.id)
    change: tuple[dict[str, object], dict[str, object]] = ({}, {"form": what, **more})
    recorder.record(session, member, "file.exported", now=now, target=target, change=change)


def _chosen(book: Book, only: Collection[UUID] | None) -> list[int]:
    """Return the indices of the assignments to write; raise `Invalid` for an unknown one."""
    if only is None:
        return list(range(len(book.assignments)))
    known = {one.id for one in book.assignments}
    if set(only) - known:
        said = "names an assignment that is not in the gradebook of this course"
        raise Invalid.of("query assignments", said)
    return [at for at, one in enumerate(book.assignments) if one.id in only]
