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
def posed(world, course):
    return world.assignment(course, SHORT, TEXT_PROBLEM)[0]


def put(prof, posed, student, points, *, match="*", **more):
    body = {"student": str(student.id), "points": points, "reason": REASON} | more
    headers = {"If-Match": match} if match else {}
    return prof.post(f"/assignments/{posed.assignment}/overrides", body, headers=headers)


def drop(prof, posed, override, *, match="*"):
    path = f"/assignments/{posed.assignment}/overrides/{override}"
    return prof.delete(path, headers={"If-Match": match})


def history(person, posed, student=None, **query):
    whose = f"/students/{student.id}" if student else ""
    answer = person.get(f"/assignments/{posed.assignment}{whose}/history", params=query)
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
def test_points_stand_in_place_of_what_was_earned_until_withdrawn(
    course, prof, student, posed, place, points, score
):
    student.submit(posed, {"first": "9", "second": "18"})
    answer = put(prof, posed, student, points, **place)
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert (done["before"], done["grade"]["score"]) == (8, score)
    found = get_cell(get_gradebook(prof, course), student)
    assert (found["score"], found["overridden"]) == (score, True)
    back = drop(prof, posed, done["override"]["id"])
    assert (back.status_code, back.json()["grade"]["score"]) == (200, 8)
    assert not get_cell(get_gradebook(prof, course), student)["overridden"]
    assert drop(prof, posed, done["override"]["id"]).status_code == 409


def test_too_many_points_are_refused_in_words(prof, student, posed):
    refused = put(prof, posed, student, 17)
    assert refused.status_code == 422
    more = "must be at most 16, unless you allow more than the maximum"
    assert refused.json()["errors"] == [{"field": "points", "message": more}]


def test_a_later_submission_does_not_take_the_points_away(prof, student, posed):
    put(prof, posed, student, 2, problem="two-counts", part="first")
    told = student.submit(posed, {"first": "7", "second": "18"}).json()
    assert told["standing"]["score"] == 7


def test_a_student_without_submissions_can_get_points(course, prof, student, posed):
    assert put(prof, posed, student, 3, match='"v0"').status_code == 201
    found = get_cell(get_gradebook(prof, course), student)
    assert (found["score"], found["missing"], found["waiting"]) == (3, False, False)


def test_new_points_end_the_old_ones_at_the_same_place_only(prof, student, posed):
    for given in (1, 2):
        put(prof, posed, student, given, problem="two-counts", part="first")
    put(prof, posed, student, 4, problem="two-counts", part="second")
    path = f"/assignments/{posed.assignment}/overrides"
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
def test_what_cannot_be_is_refused_with_the_field(prof, student, posed, body, field):
    answer = put(prof, posed, student, **body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"][0]["field"]


def test_only_a_student_of_the_course_is_given_points(world, prof, student, posed):
    for person in (prof, world.enrol(world.course(), "Else Where")):
        answer = put(prof, posed, person, 1)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "student")
    assert put(prof, posed, student, 1).status_code == 201


def test_points_for_who_is_excused_would_change_nothing_and_are_refused(
    world, prof, student, posed
):
    excuse_student(world, posed, student, prof)
    assert put(prof, posed, student, 1).status_code == 409


def test_an_edit_must_name_the_version_that_it_changes(prof, student, posed):
    student.submit(posed, {"first": "7"})
    tag = history(prof, posed, student).headers["etag"]
    refused = put(prof, posed, student, 1, match="")
    assert refused.status_code == 428
    assert refused.json()["detail"].endswith(f"It is {tag} now.")
    student.submit(posed, {"first": "9"})
    stale = put(prof, posed, student, 1, match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    tag = history(prof, posed, student).headers["etag"]
    done = put(prof, posed, student, 1, match=tag)
    assert done.status_code == 201
    assert drop(prof, posed, done.json()["override"]["id"], match=tag).status_code == 412
    assert (
        drop(prof, posed, done.json()["override"]["id"], match=done.headers["etag"]).status_code
        == 200
    )


def test_one_of_two_concurrent_edits_is_refused_as_stale(world, course, prof, posed):
    for at in range(4):
        student = world.enrol(course, f"Student {at}")
        student.submit(posed, {"first": "7"})
        tag = history(prof, posed, student).headers["etag"]
        with ThreadPoolExecutor(4) as pool:
            tries = [pool.submit(put, prof, posed, student, one, match=tag) for one in range(4)]
        statuses = sorted(one.result().status_code for one in tries)
        assert statuses == [201, 412, 412, 412]


def test_a_submission_at_the_same_time_loses_neither_its_score_nor_the_points(
    world, course, prof, posed
):
    for at in range(6):
        student = world.enrol(course, f"Student {at}")
        with ThreadPoolExecutor(2) as pool:
            sent = pool.submit(student.submit, posed, {"second": "18"})
            given = pool.submit(put, prof, posed, student, 2, problem="two-counts", part="first")
        assert (sent.result().status_code, given.result().status_code) == (201, 201)
        assert get_cell(get_gradebook(prof, course, text=f"Student {at}"), student)["score"] == 7


def test_an_override_is_audited_with_what_it_changed(world, prof, student, posed):
    student.submit(posed, {"first": "9"})
    done = put(prof, posed, student, 1, problem="two-counts", part="first").json()
    drop(prof, posed, done["override"]["id"])
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


def test_the_history_tells_what_happened_in_order_and_by_whom(world, prof, student, posed):
    student.submit(posed, {"first": "9"})
    world.clock.advance(hours=1)
    done = put(prof, posed, student, 1, problem="two-counts", part="first").json()
    world.clock.advance(hours=1)
    drop(prof, posed, done["override"]["id"])
    world.clock.advance(hours=1)
    excuse_student(world, posed, student, prof)
    told = history(prof, posed, student).json()["items"]
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
        page = history(prof, posed, student, **query).json()
        pieces += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert pieces == told


def test_a_student_reads_the_history_of_the_own_grade_without_what_staff_keep(
    world, prof, student, posed
):
    student.submit(posed, {"first": "9"})
    put(prof, posed, student, 1, problem="two-counts", part="first")
    excuse_student(world, posed, student, prof)
    told = history(student, posed).json()["items"]
    assert {one["kind"]: one["author"] for one in told} == {
        "submission": None,
        "grading": None,
        "grade": None,
        "override": "Grace Prof",
        "excuse": None,
    }
    assert "engine" not in told[0]
    assert (
        student.get(f"/assignments/{posed.assignment}/students/{student.id}/history").status_code
        == 403
    )


def test_a_student_reads_fractions_of_the_own_history_as_staff_do(prof, student, posed):
    student.submit(posed, {"first": "9"})
    put(prof, posed, student, "5/2", problem="two-counts", part="first")
    put(prof, posed, student, "1/3", problem="two-counts", part="second")
    events = [(one["points"], one["after"]) for one in history(student, posed).json()["items"]]
    assert (2.5, None) in events
    assert ("1/3", None) in events
    staff = history(prof, posed, student).json()["items"]
    assert events == [(one["points"], one["after"]) for one in staff]


def test_a_grader_of_an_anonymous_assignment_reads_no_history_of_a_student(world, course, prof):
    [posed] = world.assignment(course, SHORT, anonymous=True)
    student, grader = world.enrol(course), world.enrol(course, "Gus Grader", role="grader")
    sent = student.submit(posed, {"first": "9"}).json()["id"]
    assert sent in history(prof, posed, student).text
    whose = f"/assignments/{posed.assignment}/students/{student.id}/history"
    for path in (whose, f"/assignments/{posed.assignment}/overrides"):
        refused = grader.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_the_history_waits_for_the_results(world, course, student):
    spec = {"due": "2026-11-02 13:00"}
    [posed] = world.assignment(course, SHORT, timeline_spec=spec, results="after_close")
    student.submit(posed, {"first": "9"})
    path = f"/assignments/{posed.assignment}/history"
    answer = student.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_released")
    assert answer.json()["not_released_until"] == "2026-11-02T13:00:00.000000Z"
    world.clock.advance(hours=2)
    assert student.get(path).status_code == 200
