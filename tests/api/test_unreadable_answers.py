"""Tests of unreadable answers: stored once, truncated at 2 KiB, with a full digest."""

import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from append_only import disable_triggers
from regrading import OTHER_KEY, run_action, run_dry_run
from sqlalchemy import select
from student_setup import FORMS
from world import Person, ProblemReference, World

from api.db.models import Answer, Grading, Submission
from api.services.grades import ProgressKey
from api.services.submissions.pending_submissions import compute_receipt_digest
from grader.json_values import to_json

LONG_TEXT = "é" + "unreadable? " * 1_600
"""19,201 characters and 19,202 bytes, so the limit of 2,048 bytes splits no character."""
SPLIT_TEXT = "x" + "é" * 3_000
LONG_LIST = [f"text {number} " + "y" * 7_900 for number in range(3)]
KIBIBYTE = 1024


def whole_text(typed: Any) -> str:
    """Return the text that the digest of a truncated answer covers."""
    return typed if isinstance(typed, str) else json.dumps(typed, separators=(",", ":"))


def digest_of(typed: Any) -> str:
    return hashlib.sha256(whole_text(typed).encode()).hexdigest()


def stored_rows(world: World, submission: str) -> tuple[Submission, list[Answer], list[Grading]]:
    with world.db.reading() as session:
        row = session.get_one(Submission, UUID(submission))
        answers = session.scalars(select(Answer).where(Answer.submission_id == row.id)).all()
        ids = [answer.id for answer in answers]
        gradings = session.scalars(select(Grading).where(Grading.answer_id.in_(ids))).all()
        return row, list(answers), list(gradings)


def stored_text(world: World, submission: str) -> str:
    """Return all stored rows of a submission as one text."""
    row, answers, gradings = stored_rows(world, submission)
    tables = [row.answers, row.reply]
    tables += [[one.shown, one.value, one.carries] for one in answers]
    tables += [[one.record, one.said] for one in gradings]
    return json.dumps(tables, ensure_ascii=False)


@pytest.mark.parametrize("typed", [LONG_TEXT, LONG_LIST, SPLIT_TEXT], ids=["text", "list", "é"])
def test_long_unreadable_answer_is_stored_once_and_truncated(world, course, student, typed):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": typed}).json()
    assert reply["results"][0]["status"] == "unreadable"
    row, _, [grading] = stored_rows(world, reply["id"])
    stored = row.answers["cells"]
    whole = whole_text(typed)
    assert whole.startswith(stored["truncated"])
    assert 2 * KIBIBYTE - 1 <= len(stored["truncated"].encode()) <= 2 * KIBIBYTE
    assert (stored["bytes"], stored["sha256"]) == (len(whole.encode()), digest_of(typed))
    text = stored_text(world, reply["id"])
    assert text.count(json.dumps(whole[:1_000], ensure_ascii=False)[1:-1]) == 1
    assert len(text.encode()) < 6 * KIBIBYTE
    assert "typed" not in grading.record


def test_submission_size_is_limited_to_total_of_all_parts(world, course, student):
    """The two integer parts take 2,000 characters each, the text takes 20,000."""
    [problem] = world.assignment(course)
    for cells, status in (("1" * 6_000, 201), ("1" * 6_001, 413)):
        for number in range(2):  # the second is judged by what is remembered of the first
            answers = {"cells": cells, "why": f"{number}{'?' * 17_999}"}
            response = student.submit(problem, answers)
            assert response.status_code == status
    assert response.json()["code"] == "too_large"
    assert response.json()["detail"] == (
        "The answers have 24,001 characters; the parts of this problem accept at most 24,000 "
        "together. Shorten them."
    )
    assert len(student.get(f"{problem.path}/submissions").json()["items"]) == 2


def test_truncated_answer_display_states_full_size_and_digest(world, course, student):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": LONG_TEXT}).json()
    shown = student.get(f"/submissions/{reply['id']}").json()["results"][0]["typed"]
    assert shown.startswith(LONG_TEXT[:2_000])
    assert shown.endswith(f"of 19,202 bytes; SHA-256 {digest_of(LONG_TEXT)})")
    listed = student.get(f"{problem.path}/submissions").json()["items"][0]
    assert listed["results"][0]["typed"] == shown
    staff = world.enrol(course, "G", role="grader").get(f"/submissions/{reply['id']}")
    assert staff.json()["results"][0]["status"] == "unreadable"
    assert staff.json()["results"][0]["record"]["typed"]["sha256"] == digest_of(LONG_TEXT)


def test_receipt_of_truncated_answer_is_verified_by_full_digest(world, course, student):
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": LONG_TEXT}).json()
    proof = student.get(f"/receipts/{reply['id']}").json()
    assert proof["valid"] is True
    assert proof["digest"] == reply["receipt"]["digest"]
    with world.session() as session:
        disable_triggers(session)
        row = session.get_one(Submission, UUID(reply["id"]))
        cells = row.answers["cells"]
        row.answers = {"cells": cells | {"sha256": digest_of("another text")}}
    assert student.get(f"/receipts/{reply['id']}").json()["valid"] is False


def test_truncated_answer_is_replayed_and_different_text_conflicts(world, course, student):
    [problem] = world.assignment(course)
    first = student.submit(problem, {"cells": LONG_TEXT}, key="once")
    again = student.submit(problem, {"cells": LONG_TEXT}, key="once")
    other = student.submit(problem, {"cells": LONG_TEXT + "!"}, key="once")
    assert again.content == first.content
    assert other.json()["code"] == "idempotency_key_reused"


def test_parsed_answer_is_stored_in_full_at_any_length(world, course, student):
    """A matrix of another size costs no attempt either, and a regrade may expect its size."""
    [problem] = world.assignment(course, FORMS)
    matrix = [[1_000_000 + 30 * row + column for column in range(30)] for row in range(30)]
    reply = student.submit(problem, {"convolved": matrix}).json()
    assert reply["results"][0]["status"] == "unreadable"
    row, _, [grading] = stored_rows(world, reply["id"])
    assert row.answers["convolved"] == matrix
    assert len(grading.record["read_as"]) == len(grading.said["read_as"]) == 2_000


def other_version_reads(world: World, teacher: Person, problem: ProblemReference) -> dict[str, Any]:
    run = run_dry_run(world, teacher, problem, OTHER_KEY)
    return run_action(world, teacher, run, "apply")


def test_regrade_keeps_verdict_of_truncated_answer(world, course, teacher, student):
    """Another engine might read the stored beginning as an answer, but the rest is lost."""
    [problem] = world.assignment(course)
    reply = student.submit(problem, {"cells": "10 " * 1_000, "doubled": "20"}).json()
    student.submit(problem, {"cells": "10"})
    before = stored_rows(world, reply["id"])[1][0]
    assert before.status == "unreadable"
    applied = other_version_reads(world, teacher, problem)
    assert applied["status"] == "applied"
    assert applied["counts"]["newly_readable"] == 0
    after = [one for one in stored_rows(world, reply["id"])[1] if one.part == "cells"]
    assert [(one.status, one.grading_id) for one in after] == [("unreadable", before.grading_id)]
    last = student.get(f"{problem.path}/submissions").json()["items"][0]
    assert last["results"][0]["status"] == "correct"  # the regrade did reach the problem


def store_as_before(world: World, submission: str, typed: dict[str, Any]) -> None:
    """Store a submission as earlier versions did: the whole text, twice."""
    with world.session() as session:
        disable_triggers(session)
        row = session.get_one(Submission, UUID(submission))
        row.answers = {part: to_json(one) for part, one in typed.items()}
        key = ProgressKey(row.problem_id, row.student_id)
        digest = compute_receipt_digest(row.id, key, row.sequence, row.received_at, row.answers)
        row.reply = row.reply | {"receipt": row.reply["receipt"] | {"digest": digest}}
        answers = session.scalars(select(Answer).where(Answer.submission_id == row.id)).all()
        for answer in answers:
            grading = session.get_one(Grading, answer.grading_id)
            grading.record = grading.record | {"typed": row.answers[answer.part]}


def test_rows_in_old_format_are_displayed_and_regraded_as_before(world, course, teacher, student):
    [problem] = world.assignment(course)
    typed = {"cells": LONG_LIST, "doubled": "20"}
    reply = student.submit(problem, typed).json()
    store_as_before(world, reply["id"], typed)
    shown = student.get(f"/submissions/{reply['id']}").json()
    assert {one["part"]: one["typed"] for one in shown["results"]} == typed
    assert student.get(f"/receipts/{reply['id']}").json()["valid"] is True
    run = run_dry_run(world, teacher, problem, OTHER_KEY)
    changed = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert [one["part"] for one in changed] == ["doubled"]
