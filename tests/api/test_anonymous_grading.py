"""Tests of anonymous grading: no route lets a grader link an answer to its student.

The tests call all routes, REST and pages. A response to a grader may name a student, or
show work of an anonymous assignment, but not both. A mark changes nothing that names a
student.
"""

import re
import shutil
from collections.abc import Iterator
from itertools import product
from typing import Any, Final
from uuid import UUID

import pytest
from actors import NOW
from canary_markers import response_text
from canary_requests import EXTRA_QUERIES, FORMS, PARAMETER, build_content, resolve_call
from canary_scene import ATTACHED_NAME, KEYED, CanaryScene
from fastapi.routing import iter_route_contexts
from populated_course import ROUTES, SCENE_SETTINGS
from scene import HERE
from sqlalchemy import select, update
from uploads import REPORT, confirm, create_report
from world import World

from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Attachment,
    Course,
    Extension,
    Grading,
    LateDays,
    Regrade,
    RegradeChange,
    RegradeStudent,
    ReportAnswer,
    Submission,
)
from api.services.review.review_subjects import compute_pseudonym
from api.services.submissions.pending_submissions import compute_receipt_digest

ALSO: Final = {
    "/courses/{course}/gradebook": (
        *("?text=zqname", "?sort=total&dir=desc", "?sort={assignment}", "?section={section}"),
    ),
    "/courses/{course}/analytics": ("?section={section}",),
    "/assignments/{assignment}/analytics": ("?section={section}",),
    "/assignments/{assignment}/problems/{problem}/analytics": ("?section={section}",),
    "/assignments/{assignment}/results": ("?section={section}",),
    "/assignments/{assignment}/problems/{problem}/results": ("?section={section}",),
    "/assignments/{assignment}/overrides": ("?student={user}",),
    "/assignments/{assignment}/submissions": ("?section={section}", "?student={user}"),
    "/assignments/{assignment}/unopened": ("?section={section}",),
    "/courses/{course}/students/{user}": ("?open={slug}",),
    "/assignments/{assignment}/review/{problem}/{part}": ("?shows=all", "?shows=marked"),
    "/regrades/{regrade}": ("?student={user}", "?direction=up"),
    "/regrades/{regrade}/changes": ("?student={user}", "?direction=up"),
    "/receipts/{submission}": ("?digest={digest}",),
}
"""Queries beyond those of the canaries: filters that could single out a student."""

REFUSED: Final = {
    "/assignments/{assignment}/students/{user}/history",
    "/assignments/{assignment}/students/{user}/times",
    "/assignments/{assignment}/overrides",
    "/assignments/{assignment}/reports/{report}/document",
    "/assignments/{assignment}/problems/{problem}/submissions",
    "/assignments/{assignment}/submissions",
    "/assignments/{assignment}/unopened",
    "/courses/{course}/students/{user}/late-days",
    "/regrades/{regrade}/changes",
    "/regrades/{regrade}/students",
}
"""Routes by student, under /api/v1, that refuse TAs of an anonymous assignment.

The submissions of one problem are a student's own, so they are refused for all staff.
"""
ELSEWHERE: Final = ("/static/", "/docs", "/healthz", "/readyz", "/login", "/welcome")
REFUSAL: Final = 400
CREDIT: Final = "0.71875"
"""Credit that occurs nowhere else."""
REPORTED: Final = "reported"
PLACES: Final = (HERE, KEYED, REPORTED)
REPORT_NAME: Final = "zqreport.md"
PASSAGE: Final = "zqpassage"
LOCATION: Final = "zqline 5"
"""Location of the confirmed passages of the student's report."""


class AnonymousScene(CanaryScene):
    """Canary scene with anonymous grading in every assignment of the first course."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.documents = self._confirm_report()
        with world.session() as session:
            own = update(Assignment).where(Assignment.course_id == self.course)
            session.execute(own.values(anonymous=True))
            self.secret = session.get_one(Course, self.course).secret
            for place in PLACES:
                assigned = session.get_one(Assignment, UUID(self.places[place]["assignment"]))
                self.places[place]["slug"] = assigned.slug
        self.regraded = self._plant_regrade()
        self.answers, self.submissions = self._ids(Answer), self._ids(Submission)
        told = [self._submission(one) for one in self.submissions]
        self.digests = {one.reply["receipt"]["digest"] for one in told}
        with world.db.reading() as session:
            attached = select(Attachment).where(Attachment.student_id == self.student.id)
            self.attached = {
                text
                for one in session.scalars(attached)
                for text in (str(one.id), one.digest, one.file_name)
            }
        assert ATTACHED_NAME in self.attached
        for place in PLACES:
            self.places[place]["digest"] = next(iter(self.digests))

    def _confirm_report(self) -> set[str]:
        """Confirm a report of the student; return what identifies the document."""
        [assigned] = self.world.assignment(self.course)
        report = create_report(self.student, assigned, f"{REPORT}\n{PASSAGE}\n", REPORT_NAME)
        [item] = confirm(self.student, report, certain=True)
        submission = UUID(item["submission"]["id"])
        with self.world.session() as session:
            own = update(ReportAnswer).where(ReportAnswer.submission_id == submission)
            session.execute(own.values(location=LOCATION))
            answer = session.scalar(
                select(Answer.id).where(Answer.submission_id == submission, Answer.part == "why")
            )
        self.places[REPORTED] = self.places[HERE] | {
            "assignment": str(assigned.assignment),
            "problem": assigned.slug,
            "version": str(assigned.version),
            "submission": str(submission),
            "answer": str(answer),
            "report": report["id"],
        }
        return {report["id"], report["digest"], report["file_name"], LOCATION}

    def _ids(self, table: Any) -> set[str]:
        with self.world.db.reading() as session:
            rows = session.scalars(select(table.id).where(table.student_id == self.student.id))
            return {str(one) for one in rows}

    def _submission(self, submission: str) -> Submission:
        with self.world.db.reading() as session:
            return session.get_one(Submission, UUID(submission))

    def _plant_regrade(self) -> UUID:
        """Add a regrade of the keyed problem that changes an answer and the student's score."""
        run, answer_id = new_id(), UUID(self.places[KEYED]["answer"])
        with self.world.session() as session:
            answer = session.get_one(Answer, answer_id)
            grading = session.get_one(Grading, answer.grading_id)
            version = session.get_one(AssignmentProblem, answer.problem_id).version_id
            session.add(
                Regrade(
                    id=run,
                    problem_id=answer.problem_id,
                    from_version=version,
                    to_version=version,
                    status="ready",
                    counts={},
                    created_by=self.instructor.id,
                    created_at=NOW,
                )
            )
            session.flush()
            session.add(
                RegradeStudent(regrade_id=run, student_id=self.student.id, chunk=0, score_after=1)
            )
            session.add(
                RegradeChange(
                    id=new_id(),
                    regrade_id=run,
                    chunk=0,
                    answer_id=answer.id,
                    student_id=self.student.id,
                    old_grading=grading.id,
                    old_status="needs_review",
                    new_status="correct",
                    direction="up",
                    result={
                        "record": grading.record,
                        "said": grading.said,
                        "shown": "zqtext",
                        "mistakes": "",
                    },
                )
            )
        self.places[KEYED]["regrade"] = str(run)
        return run

    @property
    def identity(self) -> tuple[str, ...]:
        """Texts that identify the student."""
        marks = ("zqname", "zqmail", "zqnumber", "zqlogin", "zqlms")
        return (*(f"{one}student" for one in marks), str(self.student.id))

    @property
    def work(self) -> tuple[str, ...]:
        """Texts that show the student's anonymous work, or lead to it."""
        words = (
            *("zqtext", "zqdraft", "zqmarked", "zqwhymarked", "zqflag", "zqrequest", "zqheld"),
            *("zqstaffonly", CREDIT, "1234607"),
        )
        called = {
            compute_pseudonym(self.secret, UUID(self.places[place]["assignment"]), self.student.id)
            for place in (HERE, KEYED)
        }
        documents = (*self.attached, *self.documents)
        work = (*self.answers, *self.submissions, *self.digests, *documents)
        return (*words, *called, *work)

    def is_join(self, path: str, told: str) -> bool:
        """Return whether a response and its path name the student together with their work."""
        both = f"{path}\n{told}"
        return any(one in both for one in self.identity) and any(one in both for one in self.work)

    def shows_document(self, response: Any) -> bool:
        """Return whether a response shows more of the student's reports than passages."""
        text = f"{response_text(response)}\n{response.headers}"
        return not response.is_error and any(one in text for one in self.documents)


@pytest.fixture(scope="module")
def scene(request, tmp_path_factory) -> Iterator[AnonymousScene]:
    path = tmp_path_factory.mktemp("anonymous") / "grader.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    world = World(f"sqlite:///{path}", settings=SCENE_SETTINGS)
    yield AnonymousScene(world)
    world.close()


def declared_reads(scene) -> list[str]:
    """Return the paths of all GET routes, except those that are the same for everybody."""
    contexts = iter_route_contexts(scene.world.app.routes)
    methods = ((str(one.path), getattr(one.original_route, "methods", ())) for one in contexts)
    paths = {path for path, those in methods if "GET" in (those or ())}
    return sorted(path for path in paths if not path.startswith(ELSEWHERE))


def addresses(scene, declared: str) -> Iterator[str]:
    """Yield the path with the parameters of each place filled in, and its extra queries."""
    bare = declared.removeprefix("/api/v1")
    for place, form in product(PLACES, FORMS):
        others = {"form": form, "code": "BDFK-XTRW-QLMN-CVZH"}
        there = scene.places[HERE] | scene.places[place] | others
        for query in ("", *EXTRA_QUERIES.get(bare, ()), *ALSO.get(bare, ())):
            yield PARAMETER.sub(lambda found, there=there: there[found[1]], declared + query)


def ask(scene, path: str, *, method: str = "GET", person: str = "grader", **more: Any) -> Any:
    """Return the response to *person* of the scene, by default the grader."""
    if "export" in path and person != "grader":  # six times a minute is the limit
        scene.world.clock.advance(seconds=11)
    headers = {"Authorization": f"Bearer {scene.people[person].token}"} | more.pop("headers", {})
    return scene.ask(method, path, headers=headers, **more)


def test_no_response_to_a_ta_links_a_student_to_their_work(scene):
    joins, documents, passages, answered = set(), set(), set(), {}
    for declared in declared_reads(scene):
        for path in sorted(set(addresses(scene, declared))):
            response = ask(scene, path)
            assert response.status_code < 500, path
            answered.setdefault(declared, set()).add(response.status_code)
            if scene.is_join(path.split("?")[0], response_text(response)):
                joins.add(path)
            if scene.shows_document(response):
                documents.add(path)
            if not response.is_error and PASSAGE in response_text(response):
                passages.add(declared)
    assert (joins, documents) == (set(), set())
    assert passages >= {"/answers/{answer}/review", "/api/v1/answers/{answer}/review"}
    graders = {path for (method, path), one in ROUTES.items() if method == "GET"}
    graders &= {
        path for (_, path), one in ROUTES.items() if one.access_level in {"student", "grader"}
    }
    unanswered = {path for path in graders & answered.keys() if min(answered[path]) >= REFUSAL}
    own = {"/courses/{course}/grades", "/assignments/{assignment}/history"}
    own.add("/assignments/{assignment}/reports/{report}")
    own.add("/courses/{course}/problems/{problem_version}/diff")  # a first version has none
    unanswered = {one.removeprefix("/api/v1") for one in unanswered}
    assert unanswered - own == REFUSED


def test_sweep_detects_links_in_responses_to_instructors(scene):
    """An instructor requests the same paths, and many responses link work to a student."""
    joined, documents = set(), set()
    for declared in declared_reads(scene):
        for path in sorted(set(addresses(scene, declared))):
            response = ask(scene, path, person="instructor")
            if scene.is_join(path.split("?")[0], response_text(response)):
                joined.add(declared.removeprefix("/api/v1"))
            if scene.shows_document(response):
                documents.add(declared)
    assert documents >= {"/api/v1/submissions/{submission}", "/api/v1/receipts/{submission}"}
    for declared in (
        "/assignments/{assignment}/students/{user}/history",
        "/regrades/{regrade}/changes",
        "/receipts/{submission}",
        "/submissions/{submission}",
        "/assignments/{assignment}/requests",
        "/assignments/{assignment}/review/{problem}/{part}",
        "/answers/{answer}/review",
        "/regrades/{regrade}",
        "/courses/{course}/students/{user}",
    ):
        assert declared in joined, declared


def test_no_ta_action_links_a_student_to_their_work(scene):
    copy = scene.snapshot()
    joins, done = set(), set()
    for (method, declared), entry in ROUTES.items():
        if method == "GET":
            continue
        for place in PLACES:
            route = resolve_call(scene, entry)
            there = scene.places[HERE] | scene.places[place] | dict(route.path)
            path = PARAMETER.sub(lambda found, there=there: str(there[found[1]]), declared)
            response = ask(scene, path, method=method, **build_content(route))
            assert response.status_code < 500, path
            if scene.is_join(path, response_text(response)) or scene.shows_document(response):
                joins.add((method, path))
            if not response.is_error:
                done.add((method, declared))
                scene.restore(copy)
    assert joins == set()
    assert ("PUT", "/api/v1/answers/{answer}/mark") in done
    assert ("POST", "/api/v1/requests/{request}/answer") in done


def test_grading_changes_no_response_that_names_a_student(scene):
    copy = scene.snapshot()
    before = named(scene)
    assert any("/gradebook" in path for path in before)
    assert any("/students/" in path for path in before)
    for place in PLACES:
        answer = scene.places[place]["answer"]
        told = ask(
            scene,
            f"/api/v1/answers/{answer}/mark",
            method="PUT",
            json={"credit": CREDIT, "reason": "Well."},
            headers={"If-Match": "*"},
        )
        assert told.status_code == 200, told.text
    after = named(scene)
    scene.restore(copy)
    assert [path for path in before if before[path] != after.get(path)] == []
    assert after.keys() == before.keys()


def test_exceptions_change_no_response_that_names_their_student(scene):
    """A change would reveal work: its id contains a time, and attempts are counted."""
    copy = scene.snapshot()
    course, anonymous = UUID(scene.places[HERE]["course"]), UUID(scene.places[KEYED]["assignment"])
    with scene.world.session() as session:
        session.get_one(Course, course).late_day_budget = 5
        others = Assignment.course_id == course, Assignment.id != anonymous
        session.execute(update(Assignment).where(*others).values(anonymous=False))
    before = named(scene)
    with scene.world.session() as session:
        spent = {"assignment_id": anonymous, "student_id": scene.student.id}
        session.merge(LateDays(**spent, days=2, spent_at=NOW))
        granted = {"course_id": course, "student_id": scene.student.id, "reason": "Ill."}
        spec = {"days": 20, "attempts": 2, "reason": "Ill."}
        made = {"created_by": scene.instructor.id, "created_at": NOW}
        session.add(Extension(id=new_id(), **granted, spec=spec, **made))
    after = named(scene)
    person = f"/api/v1/courses/{course}/students/{scene.student.id}"
    told = ask(scene, f"{person}/grades")
    whole = ask(scene, f"{person}/grades", person="instructor").json()
    scene.restore(copy)
    assert [path for path in before if before[path] != after.get(path)] == []
    assert after.keys() == before.keys()
    assert any(one["explain"] for one in told.json()["assignments"])
    assert told.json()["late_days"] is None
    assert {"assignment": str(anonymous), "days": 2} in whole["late_days"]["spent"]


def test_tas_see_accommodations_if_no_assignment_is_anonymous(scene):
    copy = scene.snapshot()
    course = scene.places[HERE]["course"]
    with scene.world.session() as session:
        session.execute(update(Assignment).values(anonymous=False))
    person = f"/courses/{course}/students/{scene.student.id}"
    times = f"/assignments/{scene.places[HERE]['assignment']}/students/{scene.student.id}/times"
    told = [ask(scene, f"/api/v1{path}") for path in (times, f"{person}/late-days")]
    page = ask(scene, person).text
    scene.restore(copy)
    assert [one.status_code for one in told] == [200, 200]
    assert told[0].json()["extensions"] != []
    assert "Late days left" in page


def named(scene) -> dict[str, str]:
    """Return, by path, the responses to a grader that name the student."""
    found = {}
    for declared in declared_reads(scene):
        for path in sorted(set(addresses(scene, declared))):
            told = ask(scene, path)
            if any(one in f"{path}\n{told.text}" for one in scene.identity):
                text = f"{told.status_code} {told.headers.get('etag')} {told.text}"
                found[path] = re.sub(r'"request_id":\s*"[^"]*"', "", text)
    return found


@pytest.mark.parametrize("path", ["/me/assignments", "/courses/{course}/grades", "{assigned}"])
def test_ta_cannot_view_an_anonymous_assignment_as_a_student(scene, path):
    assigned = "/assignments/{assignment}/problems/{problem}"
    for suffix in ("", "/submissions", "/draft", "/solution", "/practice"):
        where = path.replace("{assigned}", assigned + suffix).format_map(scene.places[KEYED])
        looks = {"X-View-As": str(scene.student.id)}
        told = ask(scene, f"/api/v1{where}", headers=looks)
        if path == "/me/assignments":
            assert told.json()["items"] == []
        else:
            assert (told.status_code, told.json()["code"]) == (403, "forbidden")
            assert "graded anonymously" in told.json()["detail"]
        assert not scene.is_join("", response_text(told))
        assert ask(scene, f"/api/v1{where}", person="instructor", headers=looks).status_code != 404


def test_student_page_hides_view_as_link_and_scores_from_tas(scene):
    course, user = scene.places[HERE]["course"], scene.student.id
    for path in (f"/courses/{course}/students/{user}", f"/courses/{course}/people/{user}"):
        told = ask(scene, path).text
        assert "View as this student" not in told
        assert "View as this student" in ask(scene, path, person="instructor").text
    assert "graded anonymously" in ask(scene, f"/courses/{course}/students/{user}").text
    assert "graded anonymously" in ask(scene, f"/courses/{course}/gradebook").text


def test_receipt_shows_tas_no_digest_that_could_identify_the_student(scene):
    """The digest includes the student's id, so it could be tried for the whole roster."""
    submission = scene.places[KEYED]["submission"]
    row = scene._submission(submission)  # noqa: SLF001
    guess = compute_receipt_digest(
        row.id, (row.problem_id, scene.student.id), row.sequence, row.received_at, row.answers
    )
    path = f"/api/v1/receipts/{submission}"
    blind = ask(scene, path).json()
    assert (blind["valid"], blind["student"], blind["digest"]) == (True, None, None)
    assert blind["received_at"] is None
    for digest in (guess, "0" * 64):
        assert ask(scene, f"{path}?digest={digest}").status_code == 403
    told = ask(scene, f"{path}?digest={guess}", person="instructor").json()
    assert (told["valid"], told["student"]) == (True, str(scene.student.id))


def test_read_only_token_of_an_instructor_still_sees_names(scene):
    token = scene.readers[scene.instructor.id]
    submission = scene.places[KEYED]["submission"]
    told = scene.ask(
        "GET", f"/api/v1/submissions/{submission}", headers={"Authorization": f"Bearer {token}"}
    )
    assert told.json()["student"] == str(scene.student.id)


def test_gradebook_withholds_anonymous_columns_and_totals_from_tas(scene):
    course = scene.places[HERE]["course"]
    told = ask(scene, f"/api/v1/courses/{course}/gradebook").json()
    assert told["columns"] == []
    assert len(told["withheld"]) > 1
    assert {row["percent"] for row in told["items"]} == {None}
    assert (told["total"]["counted"], told["total"]["mean"]) == (0, None)
    whole = ask(scene, f"/api/v1/courses/{course}/gradebook", person="instructor").json()
    assert (len(whole["columns"]), whole["withheld"]) == (len(told["withheld"]), [])
