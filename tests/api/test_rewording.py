"""Tests of a new wording for an opened problem: students read it, and nothing is regraded."""

from uuid import UUID

import pytest
from sqlalchemy import select
from staff_course import StaffCourse, settings_form
from world import TEXT_PROBLEM

from api.db.models import Answer, Draw, Grading, ProblemVersion, Regrade
from api.services.regrades.rewording import VERSION_IS_FIXED

REWORDED = TEXT_PROBLEM.replace("A kernel of size", "One kernel of size").replace(
    "Twice that?", "Double of that?"
)
RIGHT = {"cells": "9"}


@pytest.fixture
def scene(world):
    assert "A kernel of size" in TEXT_PROBLEM
    scene = StaffCourse(world)
    scene.student.submit(scene.assigned, RIGHT)
    return scene


def upload(scene, text):
    """Publish a file as the course's own version, and return its id."""
    answer = scene.staff.post(
        f"{scene.home}/problems", content=text, headers={"Content-Type": "application/yaml"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def pin(scene, version):
    """Ask for another version of the problem; return the response."""
    found = scene.staff.get(f"{scene.assigned.path}/settings")
    return scene.staff.patch(
        scene.assigned.path, {"version": version}, headers={"If-Match": found.headers["ETag"]}
    )


def stored(scene):
    """Return the ids of all gradings and regrades, and the points of the student."""
    with scene.world.session() as session:
        gradings = sorted(session.scalars(select(Grading.id)))
        counting = sorted(session.scalars(select(Answer.grading_id)))
        regrades = [*session.scalars(select(Regrade.id))]
    shown = scene.student.get(scene.assigned.path).json()
    return gradings, counting, regrades, shown["standing"], shown["numbers"]


def test_rewording_shows_new_text_without_regrading(scene):
    before = stored(scene)
    version = upload(scene, REWORDED)
    answer = pin(scene, version)
    assert answer.status_code == 200, answer.text
    assert answer.json()["effect"]["changed"] == 0
    shown = scene.student.get(scene.assigned.path).json()
    assert "One kernel of size" in shown["statement"]
    assert stored(scene) == before
    with scene.world.session() as session:
        assert set(session.scalars(select(Draw.version_id))) == {UUID(version)}
    settings = scene.staff.get(f"{scene.assigned.path}/settings").json()
    assert (settings["number"], settings["newest"]) == (1, 1)


def test_students_can_submit_after_rewording(scene):
    pin(scene, upload(scene, REWORDED))
    sent = scene.student.submit(scene.assigned, {"cells": "8"})
    assert sent.status_code == 201
    assert scene.student.submit(scene.assigned, RIGHT).status_code == 201
    newcomer = scene.world.enrol(scene.course, "New Comer")
    assert "One kernel" in newcomer.get(scene.assigned.path).json()["statement"]


def test_rewording_is_refused_during_a_regrade(scene):
    other = upload(scene, TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*K + 1"'))
    body = {"version": {"id": other}, "reason": "a wrong key"}
    started = scene.staff.post(f"{scene.assigned.path}/regrades", body)
    assert started.status_code in {201, 202}, started.text
    answer = pin(scene, upload(scene, REWORDED))
    assert (answer.status_code, answer.json()["code"]) == (409, "regrade_active")


def test_rewording_is_audited_with_both_versions(scene):
    was = scene.staff.get(f"{scene.assigned.path}/settings").json()["version_id"]
    version = upload(scene, REWORDED)
    pin(scene, version)
    rows = scene.staff.get(f"{scene.home}/audit").json()["items"]
    [row] = [one for one in rows if one["action"] == "problem.reworded"]
    assert (row["before"]["version"], row["after"]["version"]) == (was, version)


def test_old_wording_can_be_restored(scene):
    was = scene.staff.get(f"{scene.assigned.path}/settings").json()["version_id"]
    pin(scene, upload(scene, REWORDED))
    assert pin(scene, was).status_code == 200
    assert "A kernel of size" in scene.student.get(scene.assigned.path).json()["statement"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('key: "K*K"', 'key: "K*K + 0"', "parts.cells.key"),
        ("[3, 5, 7, 9, 11]", "[3, 5, 7, 9, 13]", "the numbers of students"),
        ("points: 2, prompt", "points: 3, prompt", "parts.cells.points"),
        ("{{K}}", "{{K*K}}", "statement"),
        ("id: doubled", "id: twice", "parts"),
    ],
)
def test_version_that_changes_more_than_wording_is_refused(scene, old, new, named):
    assert old in REWORDED
    answer = pin(scene, upload(scene, REWORDED.replace(old, new, 1)))
    assert answer.status_code == 409
    assert named in answer.json()["detail"]
    assert VERSION_IS_FIXED in answer.json()["detail"]
    assert "A kernel of size" in scene.student.get(scene.assigned.path).json()["statement"]


def test_rewording_with_another_engine_version_is_refused(scene):
    version = upload(scene, REWORDED)
    with scene.world.session() as session:
        session.get_one(ProblemVersion, UUID(version)).engine = "0"
    answer = pin(scene, version)
    assert answer.status_code == 409
    assert "the version of Grader" in answer.json()["detail"]


def test_version_page_links_to_settings_that_apply_rewording(scene):
    version = upload(scene, REWORDED)
    page = scene.browser.get(f"{scene.home}/problems/{version}")
    link = page.one("a", aria_label="use this wording in Homework 1")
    settings = scene.browser.get(link["href"].partition("#")[0])
    chosen = [
        one
        for one in settings.one("select", name="version").all("option")
        if "selected" in one.attributes
    ]
    assert [one["value"] for one in chosen] == [version]
    saved = scene.browser.send(settings_form(settings), "act=save")
    assert saved.status == 303
    assert "One kernel of size" in scene.student.get(scene.assigned.path).json()["statement"]
    assert (
        "(this version, seen by students)"
        in scene.browser.get(f"{scene.home}/problems/{version}").text
    )


def test_version_with_changed_key_is_offered_as_regrade_only(scene):
    version = upload(scene, REWORDED.replace('key: "K*K"', 'key: "K*K + 0"'))
    page = scene.browser.get(f"{scene.home}/problems/{version}")
    assert page.one("a", aria_label="regrade with this version in Homework 1")
    settings = scene.browser.get(f"{scene.assigned.path}/settings")
    assert settings.all("select", name="version") == []
