"""Staff views of versions: file, history, differences, and variants with their keys."""

from difflib import unified_diff
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import InvalidInput, NotFound
from api.db.models import ProblemVersion
from api.schemas.assignments.problems import PartSummary
from api.schemas.courses.problems import (
    Block,
    DiffOut,
    PreviewOut,
    PreviewPart,
    ProblemListed,
    VersionListed,
    VersionOut,
)
from api.services.engine.variants import VariantCache, resolve_variant_position
from api.services.problems import serializers
from api.services.problems.search import load_version
from api.services.problems.versions import BANK, space_kind


def serialize_problem(version: ProblemVersion) -> ProblemListed:
    """Return a problem as lists show it."""
    return ProblemListed(**_serialize_common_fields(version))


def _serialize_common_fields(version: ProblemVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "problem": version.problem,
        "space": space_kind(version),
        "number": version.number,
        "status": version.status,
        "title": version.title,
        "topic": version.topic,
        "difficulty": version.difficulty,
        "points": version.points,
        "parts": tuple(PartSummary(**part) for part in version.parts),
        "variants": version.variants,
        "created_at": version.created_at,
    }


def serialize_version(version: ProblemVersion) -> VersionOut:
    """Return a version with its file and its report."""
    return VersionOut(
        **_serialize_common_fields(version),
        note=version.note,
        based_on=version.based_on,
        engine=version.engine,
        draw_hash=version.draw_hash,
        marking_hash=version.marking_hash,
        created_by=version.created_by,
        retired_at=version.retired_at,
        report=version.report,
        source=version.source,
    )


def serialize_version_summary(version: ProblemVersion) -> VersionListed:
    """Return a version as the list of its problem's versions shows it."""
    return VersionListed(
        id=version.id,
        number=version.number,
        status=version.status,  # type: ignore[arg-type]  # one of the three
        note=version.note,
        based_on=version.based_on,
        keeps_numbers=version.based_on is not None,
        engine=version.engine,
        created_by=version.created_by,
        created_at=version.created_at,
        retired_at=version.retired_at,
    )


def diff_versions(
    session: Session, member: CourseMembership, after: ProblemVersion, *, against: UUID | None
) -> DiffOut:
    """Return the changes to *after* from the version *against*, by default from the previous one.

    Raises `NotFound` if there is no previous version, and `InvalidInput` for a version of another
    problem.
    """
    before = (
        _load_previous_version(session, after)
        if against is None
        else load_version(session, member, against)
    )
    if before is None:
        raise NotFound("This is the first version. Name another one in `against`.")
    if before.problem != after.problem:
        message = f"is a version of {before.problem}, not of {after.problem}"
        raise InvalidInput.for_field("query against", message)
    blocks: dict[Block, bool] = {
        "draw": before.draw_hash != after.draw_hash,
        "marking": before.marking_hash != after.marking_hash,
        "engine": before.engine != after.engine,
    }
    return DiffOut(
        before=before.id,
        after=after.id,
        changed=tuple(name for name, changed in blocks.items() if changed),
        text="".join(_diff_lines(before, after)),
    )


def _load_previous_version(session: Session, after: ProblemVersion) -> ProblemVersion | None:
    """Return the version whose numbers *after* keeps, otherwise the previous version."""
    if after.based_on is not None:
        return session.get(ProblemVersion, after.based_on)
    return session.scalar(
        select(ProblemVersion)
        .where(
            ProblemVersion.space == after.space,
            ProblemVersion.problem == after.problem,
            ProblemVersion.number < after.number,
        )
        .order_by(ProblemVersion.number.desc())
        .limit(1)
    )


def _diff_lines(before: ProblemVersion, after: ProblemVersion) -> list[str]:
    lines = unified_diff(
        before.source.splitlines(),
        after.source.splitlines(),
        _format_version_label(before, after),
        _format_version_label(after, before),
        lineterm="",
    )
    return [f"{line}\n" for line in lines]


def _format_version_label(version: ProblemVersion, other: ProblemVersion) -> str:
    space_label = (
        ""
        if version.space == other.space
        else " of the bank"
        if version.space == BANK
        else " (course)"
    )
    return f"version {version.number}{space_label}"


def build_preview(
    session: Session,
    version: ProblemVersion,
    variants: VariantCache,
    *,
    position: int | None = None,
    seed: int | None = None,
) -> PreviewOut:
    """Return a variant with keys, by *position* (-1: the original) or by *seed*.

    The default is the original if there is one, otherwise the first. Raises `NotFound` if no such
    variant was published.
    """
    resolved_position = resolve_variant_position(session, version.id, position=position, seed=seed)
    variant = variants.get_variant(session, version.id, resolved_position)
    question, solution = (
        serializers.serialize_question(variant),
        serializers.serialize_answer_key(variant),
    )
    parts = [{**one, **two} for one, two in zip(question["parts"], solution["parts"], strict=True)]
    return PreviewOut(
        version=version.id,
        position=resolved_position,
        seed=variant.seed,
        title=version.title,
        statement=question["statement"],
        params=solution["params"],
        parts=tuple(PreviewPart(**{**part, "points": Fraction(part["points"])}) for part in parts),
    )
