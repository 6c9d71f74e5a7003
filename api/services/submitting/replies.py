"""What the author of a submission is told: made once, and told again for the same request."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from api.schemas.submissions import PartReply, ProblemScore, Receipt, SubmissionReply
from api.services.release import Shown, results_shown
from api.services.submitting.entries import Entry
from api.services.submitting.judging import Judged
from api.tables import Assignment, Standing, Submission
from grader.policy import Admission, Rules
from grader.policy import shown as shown_number

__all__ = ["reply"]

RECEIVED: Final = "received"


def reply(
    submission: Submission,
    entry: Entry,
    assignment: Assignment,
    standing: Standing,
    *,
    admission: Admission,
    rules: Rules,
    late_days: int,
    receipt: str,
) -> dict[str, Any]:
    """Return the reply to a submission as JSON data, with no more than its student may see now."""
    shown = results_shown(assignment, rules, now=entry.received_at)
    told = SubmissionReply(
        id=submission.id,
        assignment=assignment.id,
        problem=entry.problem,
        sequence=submission.sequence,
        received_at=submission.received_at,
        late_credit=admission.late,
        results=tuple(
            _part(one, standing, admission=admission, rules=rules, shown=shown)
            for one in entry.judged.values()
        ),
        results_shown=shown.now,
        results_from=None if shown.now else shown.since,
        standing=_score(standing) if shown.now else None,
        messages=(*_messages(entry, admission, shown), *_lateness(admission, late_days)),
        receipt=Receipt(id=submission.id, digest=receipt),
    )
    return told.model_dump(mode="json")


def _part(
    one: Judged, standing: Standing, *, admission: Admission, rules: Rules, shown: Shown
) -> PartReply:
    said = one.said
    used = standing.parts[one.part]["attempts"]
    hidden = not shown.now and one.status not in {"unreadable", "missing"}
    return PartReply(
        part=one.part,
        status=RECEIVED if hidden else one.status,
        credit=None if hidden else one.credit,
        points=one.points,
        score=None if hidden or one.credit is None else one.credit * one.points,
        read_as=said["read_as"],
        notes=tuple(said["notes"]),
        feedback=None if hidden else said["feedback"],
        position=said["position"],
        cells=() if hidden else tuple(said["cells"]),
        place="" if hidden else said["place"],
        attempt=admission.attempts.get(one.part),
        attempts_left=None if rules.attempts is None else max(0, rules.attempts - used),
        repeats=admission.repeats.get(one.part),  # type: ignore[arg-type]  # pydantic makes the id
    )


def _score(standing: Standing) -> ProblemScore:
    return ProblemScore(
        score=standing.score or Fraction(0),
        possible=standing.possible or Fraction(0),
        waiting=standing.waiting,
    )


def _messages(entry: Entry, admission: Admission, shown: Shown) -> Iterator[str]:
    for part in admission.repeats:
        yield f"{part}: the same answer as before; no attempt was used."
    for one in entry.judged.values():
        if one.status == "unreadable":
            yield f"{one.part}: it could not be read; no attempt was used."
    if not shown.now:
        yield "It is stored. Results are shown later."


def _lateness(admission: Admission, late_days: int) -> Iterator[str]:
    if late_days:
        spent = "1 late day is" if late_days == 1 else f"{late_days} late days are"
        yield f"It came after due: {spent} spent on this assignment."
    if admission.late < 1:
        yield f"It came late: it counts {shown_number(admission.late * 100)} % of its credit."
