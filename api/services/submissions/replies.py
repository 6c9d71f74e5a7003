"""Replies to submissions: computed once, stored, and replayed for the same request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from api.http.fields import told, zulu
from api.services.assignments.release import Shown
from api.services.assignments.visible_verdicts import visible_status, visible_verdict
from api.services.submissions.admission import Taken
from api.services.submissions.entries import Entry
from api.services.submissions.grading import Judged
from grader.policy import Admission
from grader.policy import shown as shown_number

__all__ = ["Worth", "reply"]


@dataclass(frozen=True, slots=True)
class Worth:
    """Progress in a problem for a reply: attempts *used* by part, the score and the possible score.

    *waiting*: a person has yet to grade something.
    """

    used: Mapping[str, int]
    score: Fraction | None
    possible: Fraction | None
    waiting: bool


def reply(taken: Taken, worth: Worth) -> dict[str, Any]:
    """Return the reply to an admitted submission as JSON data, in the form of `SubmissionReply`.

    It holds no more than the student may see now.
    """
    entry, admission = taken.entry, taken.admission
    shown = taken.results
    return {
        "id": taken.name,
        "assignment": entry.ids.names[2],
        "problem": entry.problem,
        "sequence": taken.sequence,
        "received_at": zulu(entry.received_at),
        "late_credit": told(admission.late),
        "results": [_part(one, taken, worth) for one in entry.judged.values()],
        "results_shown": shown.now,
        "results_from": zulu(shown.since) if not shown.now and shown.since else None,
        "standing": _score(worth) if shown.now else None,
        "messages": [
            *_messages(entry, admission, shown),
            *_lateness(taken),
        ],
        "receipt": {"id": taken.name, "digest": taken.receipt},
    }


def _part(one: Judged, taken: Taken, worth: Worth) -> dict[str, Any]:
    said = one.said
    seen = visible_verdict(one.status, one.credit, said, misfit=one.misfit, results=taken.results)
    return {
        "part": one.part,
        "status": seen.status,
        "credit": None if seen.credit is None else told(seen.credit),
        "points": told(one.points),
        "score": None if seen.credit is None else told(seen.credit * one.points),
        "read_as": said["read_as"],
        "notes": said["notes"],
        "feedback": seen.feedback,
        "position": said["position"],
        "cells": seen.cells,
        "place": seen.place,
        "attempt": taken.admission.attempts.get(one.part),
        "attempts_left": taken.rules.attempts_left(worth.used[one.part]),
        "repeats": taken.admission.repeats.get(one.part),
    }


def _score(worth: Worth) -> dict[str, Any]:
    return {
        "score": told(worth.score or Fraction(0)),
        "possible": told(worth.possible or Fraction(0)),
        "waiting": worth.waiting,
    }


def _messages(entry: Entry, admission: Admission, shown: Shown) -> Iterator[str]:
    for part in admission.repeats:
        yield f"{part}: the same answer as before; no attempt was used."
    for one in entry.judged.values():
        status = visible_status(one.status, one.misfit, results=shown)
        if status == "unreadable":
            yield f"{one.part}: it could not be read; no attempt was used."
    if not shown.now:
        yield "It is stored. Results are shown later."


def _lateness(taken: Taken) -> Iterator[str]:
    admission, late_days = taken.admission, taken.late_days
    if taken.is_spared:
        yield "It came after due, and no late day was spent on it."
        return
    if late_days:
        spent = "1 late day is" if late_days == 1 else f"{late_days} late days are"
        yield f"It came after due: {spent} spent on this assignment."
    if admission.late < 1:
        yield f"It came late: it counts {shown_number(admission.late * 100)} % of its credit."
