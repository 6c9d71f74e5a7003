"""Tests of overrides: where, how many points, what they replace; and grade history."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from grade_setup import SHORT, excuse_student, get_cell, get_gradebook
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.db.models import AuditEntry, GradeChange

REASON = "The figure was hard to read."


@pytest.fixture
def student(world, course):
    return world.enrol(course, "Ann Example")


@pytest.fixture
def assigned(world, course):
    return world.assignment(course, SHORT, TEXT_PROBLEM)[0]


def put(prof, assigned, student, points, *, match="*", **more):
    body = {"student": str(student.id), "points": points, "reason": REASON} | more
    headers = {"If-Match": match} if match else {}
    return prof.post(f"/assignments/{assigned.assignment}/overrides", body, headers=headers)


def drop(prof, assigned, override, *, match="*"):
    path = f"/assignments/{assigned.assignment}/overrides/{override}"
    return prof.delete(path, headers={"If-Match": match})


def history(person, assigned, student=None, **query):
    whose = f"/students/{student.id}" if student else ""
    answer = person.get(f"/assignments/{assigned.assignment}{whose}/history", params=query)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize(
    ("place", "points", "score"),
    [
        ({"problem": "two-counts", "part": "second"}, "5/2", 5.5),
        ({"problem": "two-counts"}, 8, 8),
        ({}, 16, 16),
        ({}, 0, 0),
        ({"over_maximum": True}, 17, 17),
    ],
)
def test_override_replaces_earned_points_until_withdrawn(
    course, prof, student, assigned, place, points, score
):
    student.submit(assigned, {"first": "9", "second": "18"})
    answer = put(prof, assigned, student, points, **place)
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert (done["before"], done["grade"]["score"]) == (8, score)
    found = get_cell(get_gradebook(prof, course), student)
    assert (found["score"], found["overridden"]) == (score, True)
    back = drop(prof, assigned, done["override"]["id"])
    assert (back.status_code, back.json()["grade"]["score"]) == (200, 8)
    assert not get_cell(get_gradebook(prof, course), student)["overridden"]
    assert drop(prof, assigned, done["override"]["id"]).status_code == 409


def test_override_above_maximum_is_rejected_with_message(prof, student, assigned):
    refused = put(prof, assigned, student, 17)
    assert refused.status_code == 422
    more = "must be at most 16, unless you allow more than the maximum"
    assert refused.json()["errors"] == [{"field": "points", "message": more}]


def test_later_submission_keeps_override(prof, student, assigned):
    put(prof, assigned, student, 2, problem="two-counts", part="first")
    told = student.submit(assigned, {"first": "7", "second": "18"}).json()
    assert told["standing"]["score"] == 7


def test_student_without_submissions_can_get_override(course, prof, student, assigned):
    assert put(prof, assigned, student, 3, match='"v0"').status_code == 201
    found = get_cell(get_gradebook(prof, course), student)
    assert (found["score"], found["missing"], found["waiting"]) == (3, False, False)


def test_new_override_replaces_only_override_of_same_part(prof, student, assigned):
    for given in (1, 2):
        put(prof, assigned, student, given, problem="two-counts", part="first")
    put(prof, assigned, student, 4, problem="two-counts", part="second")
    path = f"/assignments/{assigned.assignment}/overrides"
    listed = prof.get(path).json()["items"]
    assert [(one["part"], one["points"]) for one in listed] == [("second", 4), ("first", 2)]
    ended = prof.get(path, params={"state": "withdrawn"}).json()["items"]
    assert [one["points"] for one in ended] == [1]
    other = prof.get(path, params={"student": str(prof.id), "state": "all"}).json()["items"]
    assert other == []
    first = prof.get(path, params={"state": "all", "limit": 2}).json()
    rest = prof.get(path, params={"state": "all", "limit": 2, "cursor": first["next"]}).json()
    assert len(first["items"] + rest["items"]) == 3
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 17}, "points"),
        ({"points": 4, "problem": "two-counts", "part": "first"}, "points"),
        ({"points": 9, "problem": "two-counts"}, "points"),
        ({"points": -1}, "points"),
        ({"points": 0.5, "reason": "  "}, "reason"),
        ({"points": 1, "part": "first"}, "part"),
        ({"points": 1, "problem": "no-such"}, "problem"),
        ({"points": 1, "problem": "two-counts", "part": "third"}, "part"),
    ],
)
def test_invalid_override_is_rejected_with_its_field(prof, student, assigned, body, field):
    answer = put(prof, assigned, student, **body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"][0]["field"]


def test_override_requires_student_of_the_course(world, prof, student, assigned):
    for person in (prof, world.enrol(world.course(), "Else Where")):
        answer = put(prof, assigned, person, 1)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "student")
    assert put(prof, assigned, student, 1).status_code == 201


def test_override_for_excused_student_is_refused(world, prof, student, assigned):
    excuse_student(world, assigned, student, prof)
    assert put(prof, assigned, student, 1).status_code == 409


def test_override_edit_requires_current_etag(prof, student, assigned):
    student.submit(assigned, {"first": "7"})
    tag = history(prof, assigned, student).headers["etag"]
    refused = put(prof, assigned, student, 1, match="")
    assert refused.status_code == 428
    assert refused.json()["detail"].endswith(f"It is {tag} now.")
    student.submit(assigned, {"first": "9"})
    stale = put(prof, assigned, student, 1, match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    tag = history(prof, assigned, student).headers["etag"]
    done = put(prof, assigned, student, 1, match=tag)
    assert done.status_code == 201
    assert drop(prof, assigned, done.json()["override"]["id"], match=tag).status_code == 412
    assert (
        drop(prof, assigned, done.json()["override"]["id"], match=done.headers["etag"]).status_code
        == 200
    )


def test_concurrent_override_edits_with_same_etag_store_one(world, course, prof, assigned):
    for at in range(4):
        student = world.enrol(course, f"Student {at}")
        student.submit(assigned, {"first": "7"})
        tag = history(prof, assigned, student).headers["etag"]
        with ThreadPoolExecutor(4) as pool:
            tries = [pool.submit(put, prof, assigned, student, one, match=tag) for one in range(4)]
        statuses = sorted(one.result().status_code for one in tries)
        assert statuses == [201, 412, 412, 412]


def test_concurrent_submission_and_override_both_count(world, course, prof, assigned):
    for at in range(6):
        student = world.enrol(course, f"Student {at}")
        with ThreadPoolExecutor(2) as pool:
            sent = pool.submit(student.submit, assigned, {"second": "18"})
            given = pool.submit(put, prof, assigned, student, 2, problem="two-counts", part="first")
        assert (sent.result().status_code, given.result().status_code) == (201, 201)
        assert get_cell(get_gradebook(prof, course, text=f"Student {at}"), student)["score"] == 7


def test_override_and_withdrawal_are_audited_with_changes(world, prof, student, assigned):
    student.submit(assigned, {"first": "9"})
    done = put(prof, assigned, student, 1, problem="two-counts", part="first").json()
    drop(prof, assigned, done["override"]["id"])
    with world.session() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("override%")))
        told = [(one.action, one.actor_id, one.target_id, one.before, one.after) for one in rows]
        causes = session.scalars(select(GradeChange.cause).order_by(GradeChange.id)).all()
    place = {"points": 1, "problem": "two-counts", "part": "first"}
    assert told == [
        ("override.set", prof.id, str(student.id), {"score": 3}, place),
        ("override.withdrawn", prof.id, str(student.id), {"points": 1, "score": 1}, {}),
    ]
    assert causes == ["submission", "override", "override"]


def test_grade_history_lists_events_in_order_with_authors(world, prof, student, assigned):
    student.submit(assigned, {"first": "9"})
    world.clock.advance(hours=1)
    done = put(prof, assigned, student, 1, problem="two-counts", part="first").json()
    world.clock.advance(hours=1)
    drop(prof, assigned, done["override"]["id"])
    world.clock.advance(hours=1)
    excuse_student(world, assigned, student, prof)
    told = history(prof, assigned, student).json()["items"]
    assert [(one["kind"], one["author"]) for one in told] == [
        ("submission", "Ann Example"),
        ("grading", None),
        ("grade", "Ann Example"),
        ("override", "Grace Prof"),
        ("grade", "Grace Prof"),
        ("override_withdrawn", "Grace Prof"),
        ("grade", "Grace Prof"),
        ("excuse", "Grace Prof"),
        ("grade", None),
    ]
    assert [one["text"] for one in told[:5]] == [
        "Submission 1 to two-counts: first.",
        "two-counts, first: correct, credit 1.",
        "The score went from none to 3, by a submission.",
        f"two-counts, first was set by hand to 1: {REASON}",
        "The score went from 3 to 1, by an override.",
    ]
    assert told[4]["cause_id"] == done["override"]["id"]
    pieces, query = [], {"limit": 2}
    while True:
        page = history(prof, assigned, student, **query).json()
        pieces += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert pieces == told


def test_student_reads_own_grade_history_without_staff_details(world, prof, student, assigned):
    student.submit(assigned, {"first": "9"})
    put(prof, assigned, student, 1, problem="two-counts", part="first")
    excuse_student(world, assigned, student, prof)
    told = history(student, assigned).json()["items"]
    assert {one["kind"]: one["author"] for one in told} == {
        "submission": None,
        "grading": None,
        "grade": None,
        "override": "Grace Prof",
        "excuse": None,
    }
    assert "engine" not in told[0]
    assert (
        student.get(f"/assignments/{assigned.assignment}/students/{student.id}/history").status_code
        == 403
    )


def test_student_and_staff_see_same_fractions_in_history(prof, student, assigned):
    student.submit(assigned, {"first": "9"})
    put(prof, assigned, student, "5/2", problem="two-counts", part="first")
    put(prof, assigned, student, "1/3", problem="two-counts", part="second")
    events = [(one["points"], one["after"]) for one in history(student, assigned).json()["items"]]
    assert (2.5, None) in events
    assert ("1/3", None) in events
    staff = history(prof, assigned, student).json()["items"]
    assert events == [(one["points"], one["after"]) for one in staff]


def test_ta_cannot_read_history_in_anonymous_assignment(world, course, prof):
    [assigned] = world.assignment(course, SHORT, anonymous=True)
    student, grader = world.enrol(course), world.enrol(course, "Gus Grader", role="grader")
    sent = student.submit(assigned, {"first": "9"}).json()["id"]
    assert sent in history(prof, assigned, student).text
    whose = f"/assignments/{assigned.assignment}/students/{student.id}/history"
    for path in (whose, f"/assignments/{assigned.assignment}/overrides"):
        refused = grader.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_student_history_is_hidden_until_results_are_released(world, course, student):
    spec = {"due": "2026-11-02 13:00"}
    [assigned] = world.assignment(course, SHORT, timeline_spec=spec, results="after_close")
    student.submit(assigned, {"first": "9"})
    path = f"/assignments/{assigned.assignment}/history"
    answer = student.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_released")
    assert answer.json()["not_released_until"] == "2026-11-02T13:00:00.000000Z"
    world.clock.advance(hours=2)
    assert student.get(path).status_code == 200
