"""Tests of a course as files: export, errors with file and line, and apply."""

from uuid import UUID

import pytest
from course_file_examples import COURSE, FILES, OWN
from regrading import run_action, run_dry_run
from sqlalchemy import select
from world import TEXT_PROBLEM, World

from api.db.models import Assignment, AssignmentProblem, AuditEntry, Course, Grade, ProblemVersion


@pytest.fixture
def world(database_url):
    """Yield a service that publishes a problem with a few variants."""
    world = World(database_url, settings={"seeds": 4})
    yield world
    world.close()


@pytest.fixture
def course(world):
    return world.course(zone="UTC")


@pytest.fixture
def teacher(world, course):
    world.version(TEXT_PROBLEM)
    return world.enrol(course, "Tea Cher", role="instructor")


def exported(person, course):
    answer = person.get(f"/courses/{course}/export")
    assert answer.status_code == 200, answer.text
    return answer.json()["files"]


def applied(person, course, files, *, query="", **more):
    return person.post(f"/courses/{course}/apply{query}", {"files": files, **more})


def test_files_create_a_course_and_export_and_apply_round_trip(world, course, teacher):
    done = applied(teacher, course, FILES)
    assert done.status_code == 200, done.text
    assert [(one["kind"], one["path"]) for one in done.json()["changes"]] == [
        ("added", "assignments/hw-1.yaml"),
        ("changed", "course.yaml"),
        ("added", "problems/our-own-problem.yaml"),
    ]
    files = exported(teacher, course)
    assert files.keys() == FILES.keys()
    assert files["problems/our-own-problem.yaml"] == OWN
    assert files["assignments/hw-1.yaml"].startswith('title: "no"\n')
    again = applied(teacher, course, files).json()
    assert (again["changes"], again["left"], again["notes"]) == ([], [], [])
    assert exported(teacher, course) == files
    [one] = teacher.get(f"/courses/{course}/assignments").json()["items"]
    assert one["times"]["due"]["text"] == "Mon 2 Nov 2026, 13:00 Europe/Berlin (CET)"
    assert one["instructions"] == "One line: of two.\n\nAnd 'another'.\n"
    assert [row["own_points"] for row in one["problems"]] == [None, 3.5]
    assert [row["space"] for row in one["problems"]] == ["course", "bank"]
    with world.session() as session:
        assert session.get_one(Course, course).slug != "ours"
        noted = session.scalars(select(AuditEntry.action)).all()
    assert sorted(noted) == ["assignment.created", "course.applied"]


def test_course_from_the_same_files_exports_identical_bytes(world, course, teacher):
    applied(teacher, course, FILES)
    files = exported(teacher, course)
    twin = world.course("twin")
    world.join(twin, teacher, role="instructor")
    assert applied(teacher, twin, files).status_code == 200
    slug = teacher.get(f"/courses/{twin}").json()["slug"]
    wanted = files | {
        "course.yaml": files["course.yaml"].replace(
            teacher.get(f"/courses/{course}").json()["slug"], slug
        )
    }
    assert exported(teacher, twin) == wanted


def test_dry_run_reports_the_same_changes_and_stores_nothing(world, course, teacher):
    before = exported(teacher, course)
    tried = applied(teacher, course, FILES, query="?dry_run=true").json()
    assert exported(teacher, course) == before
    with world.session() as session:
        assert session.scalars(select(AuditEntry.id)).all() == []
        own = select(ProblemVersion.id).where(ProblemVersion.space == str(course))
        assert session.scalars(own).all() == []
    done = applied(teacher, course, FILES).json()
    assert done == tried | {"effect": tried["effect"] | {"dry_run": False}}


def test_changed_file_is_reported_as_a_diff_and_regrades_dependents(world, course, teacher):
    applied(teacher, course, FILES)
    there = exported(teacher, course)
    path = "assignments/hw-1.yaml"
    text = there[path].replace("title:", "published: true\ntitle:")
    applied(teacher, course, {path: text})
    student = world.enrol(course)
    [one] = teacher.get(f"/courses/{course}/assignments").json()["items"]
    world.clock.advance(hours=2)
    problem = f"/assignments/{one['id']}/problems/our-own-problem/submissions"
    student.get(f"/assignments/{one['id']}/problems/our-own-problem")
    answer = student.post(problem, {"answers": {"cells": "9"}})
    assert answer.status_code == 201
    later = text.replace("2026-11-02 13:00", "2026-11-03 13:00")
    done = applied(teacher, course, {path: later}).json()
    [change] = done["changes"]
    assert change["diff"] == ['-  due: "2026-11-02 13:00"', '+  due: "2026-11-03 13:00"']
    assert done["left"] == ["course.yaml", "problems/our-own-problem.yaml"]
    assert done["effect"]["up"] == 1
    with world.session() as session:
        assert len(session.scalars(select(Grade)).all()) == 1
        assert session.get_one(Assignment, id_of(one)).version == one["version"] + 1


def test_effect_counts_each_student_once(world, course, teacher):
    student = world.enrol(course)
    for _ in range(2):
        [assigned] = world.assignment(course)
        assert student.submit(assigned, {"cells": "9"}).status_code == 201
    tried = applied(teacher, course, exported(teacher, course), query="?dry_run=true")
    assert tried.json()["effect"]["students"] == 1
    moved = teacher.patch(f"/courses/{course}", {"zone": "Asia/Tokyo"}, headers={"If-Match": "*"})
    assert moved.json()["effect"]["students"] == 1


def id_of(told):
    return UUID(told["id"])


def test_missing_files_are_removed_only_with_prune(course, teacher):
    applied(teacher, course, FILES)
    course_file = {"course.yaml": COURSE}
    left = applied(teacher, course, course_file).json()
    assert left["left"] == ["assignments/hw-1.yaml", "problems/our-own-problem.yaml"]
    assert left["changes"] == []
    gone = applied(teacher, course, course_file, prune=True).json()
    assert [one["kind"] for one in gone["changes"]] == ["removed", "removed"]
    assert exported(teacher, course).keys() == {"course.yaml"}


def test_opened_problem_keeps_its_version_and_answered_one_is_not_removed(world, course, teacher):
    applied(teacher, course, FILES)
    path = "assignments/hw-1.yaml"
    text = exported(teacher, course)[path].replace("title:", "published: true\ntitle:")
    applied(teacher, course, {path: text})
    student = world.enrol(course)
    [one] = teacher.get(f"/courses/{course}/assignments").json()["items"]
    problem = f"/assignments/{one['id']}/problems/our-own-problem"
    assert student.get(problem).status_code == 200
    mended = {"problems/our-own-problem.yaml": OWN.replace("Twice that?", "And twice?")}
    files = exported(teacher, course) | mended
    done = applied(teacher, course, files).json()
    [note] = done["notes"]
    assert note.startswith("assignments/hw-1.yaml: our-own-problem stays at version 1")
    assert note.endswith("a regrade updates it to version 2")
    assert "version: 1" in exported(teacher, course)[path]
    again = applied(teacher, course, exported(teacher, course)).json()
    assert (again["changes"], again["notes"]) == ([], [])
    other = {path: text.replace("problem: our-own-problem", "problem: our-own-problem, version: 2")}
    refused = applied(teacher, course, other)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["line"] == text.splitlines().index("problems:") + 2
    student.post(f"{problem}/submissions", {"answers": {"cells": "1"}})
    without = {path: text.replace("- {problem: our-own-problem}\n", "")}
    assert applied(teacher, course, without).status_code == 409


@pytest.mark.parametrize(
    ("path", "old", "new", "line", "field"),
    [
        ("assignments/hw-1.yaml", "attempts: 3", "attempt: 3", 10, "attempt"),
        ("assignments/hw-1.yaml", "attempts: 3", "attempts: 0", 10, "attempts"),
        ("assignments/hw-1.yaml", "2/3, 0.5]", "0.5, 2/3]", 12, "by_attempt[2]"),
        ("assignments/hw-1.yaml", "due: ", "dew: ", 6, "timeline.dew"),
        ("assignments/hw-1.yaml", '"2026-11-02 13:00"', "2026-11-02", 6, "timeline.due"),
        ("assignments/hw-1.yaml", "category: Homework", "category: Lab", 2, "category"),
        ("assignments/hw-1.yaml", "group: best", "group: worst", 21, "problems[1].group"),
        ("assignments/hw-1.yaml", "cells: out", "cell: out", 21, "problems[1].voided"),
        ("assignments/hw-1.yaml", "of: why", "of: what", 21, "problems[1].problem"),
        ("assignments/hw-1.yaml", "problem: again", "problem: our-own-problem", 19, "problems"),
        ("assignments/hw-1.yaml", "- {id: best", "  {id: best", 13, "groups"),
        ("assignments/hw-1.yaml", "title: ", "id: x\ntitle: ", 1, "id"),
        ("course.yaml", "zone: Europe/Berlin", "zone: Berlin", 3, "zone"),
        ("course.yaml", "weight: 33.5", "weight: -1", 5, "categories[0].weight"),
        ("course.yaml", "title: Deep Learning\n", "", 1, "title"),
        ("problems/our-own-problem.yaml", 'key: "K*K"', 'key: "K*L"', None, ""),
    ],
)
def test_file_errors_have_file_and_line_and_nothing_is_stored(
    course, teacher, path, old, new, line, field
):
    assert old in FILES[path]
    before = exported(teacher, course)
    answer = applied(teacher, course, FILES | {path: FILES[path].replace(old, new)})
    assert answer.status_code == 422, answer.text
    told = answer.json()["errors"]
    assert (path, line) in {(one["file"], one.get("line")) for one in told}, told
    assert field in {one["field"] for one in told}, told
    assert exported(teacher, course) == before


@pytest.mark.parametrize(
    "path",
    [
        "readme.md",
        "problems/a@0.yaml",
        "assignments/a@1.yaml",
        "assignments/A.yaml",
        "assignments/a/b.yaml",
        "../course.yaml",
        "",
    ],
)
def test_unexpected_file_name_is_rejected(course, teacher, path):
    answer = applied(teacher, course, {path: "title: X"})
    assert answer.status_code == 422
    assert "course.yaml" in answer.json()["errors"][0]["message"]


def test_category_must_be_renamed_in_all_files_together(course, teacher):
    applied(teacher, course, FILES)
    renamed = {path: text.replace("Homework", "Labs") for path, text in FILES.items()}
    alone = applied(teacher, course, {"course.yaml": renamed["course.yaml"]})
    assert alone.status_code == 422
    assert alone.json()["errors"][0]["file"] == "course.yaml"
    assert applied(teacher, course, renamed).status_code == 200


def pins(world, course):
    """Return the space, number and hashes of each assignment's problem version, by slug."""
    version = ProblemVersion
    with world.db.reading() as session:
        rows = session.execute(
            select(Assignment.slug, version.space, version.number, version.draw_hash)
            .add_columns(version.marking_hash)
            .join_from(AssignmentProblem, Assignment)
            .join(version, version.id == AssignmentProblem.version_id)
            .where(Assignment.course_id == course)
        )
        return {row[0]: ("bank" if row[1] == "bank" else "course", *row[2:]) for row in rows}


def copied(world, teacher, course):
    """Return a new course made from the files of *course*.

    Applying these files to *course* itself changes nothing.
    """
    files = exported(teacher, course)
    again = applied(teacher, course, files).json()
    assert (again["changes"], again["notes"]) == ([], [])
    twin = world.course("twin")
    world.join(twin, teacher, role="instructor")
    done = applied(teacher, twin, files)
    assert done.status_code == 200, done.text
    return twin


def regraded(world, teacher, problem, points):
    version = {"parts": {"cells": {"points": points}}}
    return run_action(world, teacher, run_dry_run(world, teacher, problem, version), "apply")


def test_problem_versions_survive_copy_and_export(world, course, teacher):
    [first], [second], _ = (world.assignment(course) for _ in range(3))
    assert {pin[:2] for pin in pins(world, course).values()} == {("bank", 1)}
    run = regraded(world, teacher, first, 3)
    told = pins(world, course)
    assert sorted(pin[:2] for pin in told.values()) == [("bank", 1), ("bank", 1), ("course", 1)]
    assert pins(world, copied(world, teacher, course)) == told
    regraded(world, teacher, second, 4)
    told = pins(world, course)
    assert sorted(pin[:2] for pin in told.values()) == [("bank", 1), ("course", 1), ("course", 2)]
    twin = copied(world, teacher, course)
    assert pins(world, twin) == told
    assert pins(world, copied(world, teacher, twin)) == told
    run_action(world, teacher, run, "undo")
    told = pins(world, course)
    assert sorted(pin[:2] for pin in told.values()) == [("bank", 1), ("bank", 1), ("course", 2)]
    assert {pin[2:] for pin in pins(world, copied(world, teacher, course)).values()} == {
        pin[2:] for pin in told.values()
    }


def test_undone_version_is_not_exported(world, course, teacher):
    [problem] = world.assignment(course)
    before = pins(world, course)
    run_action(world, teacher, regraded(world, teacher, problem, 3), "undo")
    assert not [path for path in exported(teacher, course) if path.startswith("problems/")]
    assert pins(world, copied(world, teacher, course)) == before


def test_retired_version_still_in_use_is_exported_and_copied(world, course, teacher):
    [problem] = world.assignment(course)
    run = regraded(world, teacher, problem, 3)
    path = f"/courses/{course}/problems/{run['to_version']['id']}/retire"
    assert teacher.post(path, {}).status_code == 200
    assert "problems/why-small-kernels@1.yaml" in exported(teacher, course)
    assert pins(world, copied(world, teacher, course)) == pins(world, course)


def test_file_cannot_overwrite_an_existing_version_of_the_course(world, course, teacher):
    [first], [second] = world.assignment(course), world.assignment(course)
    for points, problem in enumerate((first, second), start=3):
        regraded(world, teacher, problem, points)
    path = "problems/why-small-kernels@1.yaml"
    files = exported(teacher, course)
    files[path] = files[path].replace("Twice that?", "And twice?")
    refused = applied(teacher, course, files)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["file"] == path
