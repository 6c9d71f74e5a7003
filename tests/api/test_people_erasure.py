"""Tests of erasing a person: all identifying data goes; grades and answers stay."""

from fractions import Fraction

import pytest
from api_browser import ApiBrowser, set_password
from sqlalchemy import JSON, select, text

from api.db.models import (
    Answer,
    AuditEntry,
    Base,
    ChangeCounter,
    Comment,
    Draft,
    Excuse,
    Extension,
    Grade,
    Grading,
    Override,
    Regrade,
    RegradeChange,
    RegradeRequest,
    Review,
    Submission,
    User,
)
from api.services.accounts.erasure.account import ID_COLUMNS_WITHOUT_FOREIGN_KEY
from api.services.grades import GradeCause, recompute_student_grades

MARKS = (
    *("Canary Name", "canary@example.edu", "c-number-77", "c-login-77", "c-lms-77"),
    *("'Canary'", "canary  name", "c-prose-77"),
)
"""Strings that must not remain: the name in three forms; the last is in every free text."""
PROSE = MARKS[-1]

HOLD_NOBODY = {
    *("answers.carries", "assignments.by_attempt", "assignments.groups", "assignments.timeline"),
    *("assignment_problems.voided", "courses.categories", "drafts.answers", "extensions.spec"),
    *("gradings.record", "gradings.said", "problem_versions.parts", "problem_versions.report"),
    # The launches of a person are deleted; one that nobody continued ends after some minutes.
    *("lti_contexts.roster_counts", "lti_contexts.scopes", "lti_launches.claims"),
    "lti_platforms.origins",
    *("regrade_changes.before", "regrade_changes.result", "regrade_chunks.counts"),
    *("regrades.counts", "reports.reading", "reviews.items"),
    *("standings.parts",),
    *("submissions.answers", "submissions.reply", "tokens.scopes", "variants.data"),
}
"""The other JSON columns: they contain no id of a person."""


@pytest.fixture
def admin(world):
    return world.person("An Admin", admin=True)


@pytest.fixture
def ann(world, course):
    person = world.enrol(course, MARKS[0], email=MARKS[1])
    set_password(world, person)
    with world.session() as session:
        user = session.get_one(User, person.id)
        user.family_name = "Canary"
        user.student_number, user.login = MARKS[2], MARKS[3]
    return person


@pytest.fixture
def work(world, course, ann):
    """Submit answers, and store every kind of record that contains text about them."""
    [problem] = world.assignment(course)
    answered = {"cells": f"9 {PROSE}?", "why": f"Because {PROSE}"}
    assert ann.submit(problem, answered, key=PROSE).status_code == 201
    assert ann.submit(problem, {"cells": "9"}).status_code == 201
    staff, now = world.enrol(course, "Staff", role="grader"), world.clock()
    with world.session() as session:
        answer = session.scalar(select(Answer.id).where(Answer.part == "why"))
        by = {"created_by": staff.id, "created_at": now, "reason": PROSE}
        version = {"from_version": problem.version, "to_version": problem.version}
        regrade = Regrade(
            problem_id=problem.id,
            draws=[[str(problem.version), str(ann.id), 0]],
            status="ready",
            created_by=staff.id,
            created_at=now,
            **version,
        )
        session.add(regrade)
        session.flush()
        session.add_all(
            [
                Comment(answer_id=answer, author_id=ann.id, text=PROSE, created_at=now),
                Comment(answer_id=answer, author_id=staff.id, text=PROSE, created_at=now),
                RegradeRequest(
                    answer_id=answer, student_id=ann.id, text=PROSE, reply=PROSE, created_at=now
                ),
                Review(answer_id=answer, comment=PROSE, reason=PROSE, flag=PROSE),
                Extension(course_id=course, student_id=ann.id, spec={"attempts": 5}, **by),
                Excuse(assignment_id=problem.assignment, student_id=ann.id, **by),
                Override(
                    assignment_id=problem.assignment,
                    part=None,
                    student_id=ann.id,
                    points=Fraction(3),
                    reason=PROSE,
                    author_id=staff.id,
                    created_at=now,
                    withdrawn_at=now,
                ),
                Draft(
                    problem_id=problem.id, student_id=ann.id, answers={"why": PROSE}, saved_at=now
                ),
                RegradeChange(
                    regrade_id=regrade.id,
                    chunk=0,
                    answer_id=answer,
                    student_id=ann.id,
                    old_grading=regrade.id,
                    old_status="needs_review",
                    new_status="needs_review",
                    direction="same",
                    result={"after": {"shown": PROSE, "value": PROSE, "carries": None}},
                ),
                AuditEntry(
                    course_id=course,
                    actor_id=staff.id,
                    action="person.changed",
                    target="user",
                    target_id=str(ann.id),
                    before={"name": MARKS[0], "who": str(ann.id)},
                    after={"people": [str(ann.id)], "email": MARKS[1]},
                    reason=PROSE,
                    at=now,
                ),
            ]
        )
        grading = session.scalar(select(Grading).where(Grading.answer_id == answer))
        session.add(
            Grading(
                answer_id=answer,
                kind="manual",
                status="correct",
                credit=Fraction(1),
                record=grading.record,
                said=grading.said,
                engine="1",
                version_id=problem.version,
                author_id=staff.id,
                reason=PROSE,
                created_at=now,
            )
        )
    return problem


def everything(world):
    """Return the contents of the database as text, without the change counters.

    A change counter stays under the old id: it makes other processes evict their cached entries
    about the person. Nothing links the old id to the new one.
    """
    with world.db.reading() as session:
        return "\n".join(
            repr([one.hex() if isinstance(one, bytes) else one for one in row])
            for name in sorted({*Base.metadata.tables} - {ChangeCounter.__tablename__})
            for row in session.execute(text(f"SELECT * FROM {name}"))  # noqa: S608
        )


def erase(admin, person):
    told = admin.post(f"/users/{person.id}/erase", {"confirm": person.name})
    assert told.status_code == 200, told.text
    return told.json()["id"]


@pytest.fixture
def told(world, course, ann, work):
    """Have staff write a reason or a comment in every action on the student's work."""
    staff = world.enrol(course, "Prof", role="instructor")
    there = f"/assignments/{work.assignment}"
    whom = {"student": str(ann.id), "reason": PROSE}
    mark = {"credit": 1, "comment": PROSE, "reason": PROSE}
    with world.session() as session:
        readable = select(Answer.id).where(Answer.status != "unreadable")
        answers = session.scalars(readable).all()
        [request] = session.scalars(select(RegradeRequest.id))
        for one in session.scalars(select(Excuse)):
            session.delete(one)
    grant = {"student": str(ann.id), "grants": {"days": 1, "reason": PROSE}}
    decision = {"decision": "declined", "reply": PROSE}
    done = [
        staff.post(f"/courses/{course}/extensions", grant),
        staff.post(f"/requests/{request}/answer", decision),
        staff.post(f"{there}/overrides", whom | {"points": 1}, headers={"If-Match": "*"}),
        *(staff.put(f"/answers/{one}/mark", mark, headers={"If-Match": "*"}) for one in answers),
        staff.post(f"{there}/excuses", whom),
    ]
    assert {one.status_code for one in done} <= {200, 201}, [
        (one.status_code, one.text) for one in done if one.status_code > 201
    ]
    return answers


@pytest.mark.usefixtures("told")
def test_erasure_removes_staff_comments_and_reasons(world, admin, ann):
    before = everything(world)
    erase(admin, ann)
    after = everything(world)
    assert [line for line in after.splitlines() if any(mark in line for mark in MARKS)] == []
    assert before.count(PROSE) > 20
    with world.session() as session:
        reasons = session.scalars(
            select(AuditEntry.reason).where(AuditEntry.action == "answer.marked")
        )
        assert set(reasons) == {"[erased]"}


def test_erasure_keeps_computed_grading_but_removes_comments(world, admin, ann, told):
    erase(admin, ann)
    with world.session() as session:
        computed = select(Grading).join(Answer, Answer.grading_id == Grading.id)
        [grading] = session.scalars(computed.where(Answer.part == "cells", Answer.shown == "9"))
    assert len(told) == 2
    assert (grading.kind, grading.status, grading.credit) == ("manual", "correct", 1)
    assert grading.said["shown" if "shown" in grading.said else "read_as"] == "9"
    assert grading.record["mark"]["comment"] == grading.said["feedback"] == ""


def test_erasure_removes_former_names(world, admin, ann):
    browser = ApiBrowser(world)
    browser.login(MARKS[1])
    version = browser.get("/me").json()["version"]
    renamed = browser.call("PATCH", "/me", {"name": "Later"}, If_Match=f'"v{version}"')
    assert renamed.status_code == 200, renamed.text
    assert MARKS[0] in everything(world)
    ann.name = "Later"
    erase(admin, ann)
    assert MARKS[0] not in everything(world)


@pytest.mark.usefixtures("work")
def test_receipts_stay_valid_after_erasure_with_new_digest(world, course, admin, ann):
    staff = world.enrol(course, "Prof", role="instructor")
    with world.session() as session:
        ids = session.scalars(select(Submission.id)).all()
    old = [staff.get(f"/receipts/{one}").json() for one in ids]
    new = erase(admin, ann)
    now = [staff.get(f"/receipts/{one}").json() for one in ids]
    assert [one["valid"] for one in old + now] == [True] * 4
    assert {one["student"] for one in now} == {new}
    for one, before in zip(ids, old, strict=True):
        assert not staff.get(f"/receipts/{one}?digest={before['digest']}").json()["valid"]


@pytest.mark.parametrize("body", [None, {}, {"confirm": ""}, {"confirm": "canary name"}])
def test_erasure_requires_account_name_as_confirmation(world, admin, ann, body):
    told = admin.post(f"/users/{ann.id}/erase", body)
    assert (told.status_code, told.json()["code"]) == (422, "invalid")
    assert told.json()["detail"] == (
        "Nothing was erased. Erasure cannot be undone and requires the name of the account."
    )
    assert told.json()["errors"] == [
        {"field": "confirm", "message": "must be the name of the account"}
    ]
    assert MARKS[0] in everything(world)


@pytest.mark.usefixtures("work")
def test_erasure_removes_all_identifying_data(world, admin, ann):
    before = everything(world)
    assert [mark for mark in MARKS if mark not in before] == ["c-lms-77"]
    erase(admin, ann)
    after = everything(world)
    assert [mark for mark in MARKS if mark in after] == []
    assert str(ann.id) not in after
    assert ann.id.hex not in after


def test_erasure_keeps_answers_and_grades_under_new_id(world, admin, ann, work):
    with world.session() as session:
        [score] = session.scalars(select(Grade.score))
    new = erase(admin, ann)
    with world.session() as session:
        [grade] = session.scalars(select(Grade))
        assert (str(grade.student_id), grade.score) == (new, score)
        rows = session.scalars(select(Submission).order_by(Submission.sequence)).all()
        assert [row.answers for row in rows] == [
            {"cells": "[erased]", "why": "[erased]"},
            {"cells": "9"},
        ]
        assert {str(row.student_id) for row in rows} == {new}
        kept = session.scalars(select(Answer).where(Answer.status == "correct")).one()
        assert kept.shown == "9"
        [regrade] = session.scalars(select(Regrade))
        assert regrade.draws == [[str(work.version), new, 0]]


def test_recomputed_grade_is_unchanged_after_erasure(world, admin, ann, work):
    [before] = _scores(world)
    erase(admin, ann)
    with world.session() as session:
        [student] = session.scalars(select(Grade.student_id))
        for one in session.scalars(select(Excuse)):
            one.withdrawn_at = world.clock()
        cause = GradeCause("settings", None, None, world.clock())
        recompute_student_grades(session, work.assignment, [student], cause=cause)
    assert _scores(world) == [before]


def _scores(world):
    with world.session() as session:
        return session.scalars(select(Grade.score)).all()


def test_erased_user_cannot_log_in(world, course, admin, ann):
    browser = ApiBrowser(world)
    assert browser.login(MARKS[1]).status_code == 200
    erase(admin, ann)
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 401
    assert browser.login(MARKS[1]).status_code == 401
    assert admin.get(f"/courses/{course}/people").json()["items"] == []
    assert admin.get("/users?text=canary").json()["items"] == []


def test_erased_email_can_be_reused(course, admin, ann):
    new = erase(admin, ann)
    body = {"name": "Another", "email": MARKS[1]}
    made = admin.post(f"/courses/{course}/people", body)
    assert made.status_code == 201
    assert made.json()["user"] != new


def test_erasure_is_audited_without_identity(admin, ann):
    new = erase(admin, ann)
    [entry] = admin.get("/audit?action=user.erased").json()["items"]
    assert (entry["target_id"], entry["actor"]) == (new, str(admin.id))


def test_user_cannot_be_erased_twice_and_admin_cannot_erase_self(admin, ann):
    new = erase(admin, ann)
    assert admin.post(f"/users/{new}/erase").status_code == 404
    assert admin.post(f"/users/{ann.id}/erase").status_code == 404
    assert admin.post(f"/users/{admin.id}/erase").status_code == 409


def test_every_json_column_is_classified_for_erasure():
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, JSON)
    }
    hold = {
        f"{table.__tablename__}.{name}"
        for table, names in ID_COLUMNS_WITHOUT_FOREIGN_KEY.items()
        for name in names
        if isinstance(getattr(table, name).type, JSON)
    }
    assert sorted(found - hold) == sorted(HOLD_NOBODY), "erase follows which of these?"
