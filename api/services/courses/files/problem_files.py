"""Problem files of a course: which of them are new, and their publication."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, InvalidInput
from api.db.models import Course, ProblemVersion
from api.services.courses.files.exporter import PROBLEMS_FOLDER, VERSION_SEPARATOR
from api.services.courses.files.parser import CourseSetup
from api.services.problems.publishing import (
    ProblemSource,
    PublishedProblem,
    PublishFailure,
    PublishOutcome,
)
from api.services.problems.publishing_pool import Publisher
from api.services.problems.versions import load_newest_version, load_variants

PUBLISHING_TOO_SLOW: Final = (
    "The new problems of these files take longer than {minutes:g} minutes to publish. Nothing was "
    "changed. Upload the problems one by one, or apply fewer at a time."
)


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """Problem of the files to publish, as the version *number* or as the next one."""

    source: ProblemSource
    number: int | None = None

    @property
    def path(self) -> str:
        """Path of its file."""
        suffix = "" if self.number is None else f"{VERSION_SEPARATOR}{self.number}"
        return f"{PROBLEMS_FOLDER}/{self.source.id}{suffix}.yaml"


@dataclass(frozen=True, slots=True)
class PublishedProblemFile:
    """Published problem of the files."""

    published: PublishedProblem
    file: ProblemFile


def find_problems_to_publish(
    session: Session, course: Course | None, setup: CourseSetup
) -> tuple[ProblemFile, ...]:
    """Return the problems of the files that the course lacks or has with another text.

    Problems with a number come first, so that the next number follows theirs. Raises `InvalidInput`
    if the course has another text under the same number.
    """
    files = []
    for name, text in setup.problems.items():
        problem, _, number = name.partition(VERSION_SEPARATOR)
        file = ProblemFile(ProblemSource(problem, text), int(number) if number else None)
        stored = _load_stored_version(session, course, file) if course else None
        if stored is None or stored.source != text:
            variants = load_variants(session, stored.id) if stored else ()
            files.append(replace(file, source=replace(file.source, stored_variants=variants)))
    return tuple(sorted(files, key=lambda item: (item.number is None, item.number or 0)))


def _load_stored_version(
    session: Session, course: Course, file: ProblemFile
) -> ProblemVersion | None:
    """Return the version of the course for which a file stands; None if there is none yet."""
    space = str(course.id)
    if file.number is None:
        return load_newest_version(session, file.source.id, space=space)
    version = session.scalar(
        select(ProblemVersion).where(
            ProblemVersion.space == space,
            ProblemVersion.problem == file.source.id,
            ProblemVersion.number == file.number,
        )
    )
    if version is not None and version.source != file.source.text:
        message = f"is not version {file.number} of the course; a version never changes"
        raise InvalidInput(f"{file.path} {message}.", errors=(FieldError("", message, file.path),))
    return version


def publish_files(
    files: Sequence[ProblemFile], *, publish: Publisher, seeds: int, within_seconds: float = inf
) -> tuple[PublishedProblemFile, ...]:
    """Publish *files*; raise `InvalidInput` with the errors in their files.

    Each takes seconds, so call this outside of any transaction. The first problem that takes too
    long ends it, and so does the time limit *within_seconds* for all of them.
    """
    ends_at = time.monotonic() + within_seconds
    outcomes = []
    for file in files:
        if time.monotonic() > ends_at:
            raise InvalidInput(
                PUBLISHING_TOO_SLOW.format(minutes=within_seconds / 60), code="problem_too_slow"
            )
        outcomes.append((file, _publish_file(file, publish, seeds)))
    errors = [
        FieldError("", said, one.path)
        for one, outcome in outcomes
        if isinstance(outcome, PublishFailure)
        for said in outcome.errors
    ]
    if errors:
        raise InvalidInput(
            f"{errors[0].file}: {errors[0].message}", code="invalid_problem", errors=tuple(errors)
        )
    return tuple(
        PublishedProblemFile(outcome, one)
        for one, outcome in outcomes
        if isinstance(outcome, PublishedProblem)
    )


def _publish_file(file: ProblemFile, publish: Publisher, seeds: int) -> PublishOutcome:
    """Return the outcome of publishing one problem; an error names its file."""
    try:
        return publish(file.source, seeds=seeds)
    except InvalidInput as error:
        errors = tuple(replace(one, file=file.path) for one in error.errors)
        raise InvalidInput(
            f"{file.path}: {error.detail}", code=error.code, errors=errors
        ) from error
