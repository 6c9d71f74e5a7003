"""Tests that each declared setting reaches REST, page form, audit log, copy and files.

Each setting has a non-default value here; a setting without one fails by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pages import Browser, form_fields
from sqlalchemy import select
from staff_course import settings_form
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import AuditEntry
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.courses.courses import CourseIn
from api.schemas.shared.setting import collect_declared_settings, list_grade_affecting_settings

ONE_DATABASE = True
CATEGORIES = [{"id": "Homework", "weight": 2, "drop_lowest": 0}]
GROUPS = [{"id": "Best", "drop_lowest": 0}]

# A body that sets each setting, with the other settings that it needs.
COURSE: Mapping[str, dict[str, Any]] = {
    "slug": {"slug": "another-name"},
    "title": {"title": "Deeper Learning"},
    "zone": {"zone": "Asia/Tokyo"},
    "numbers": {"numbers": "comma"},
    "late_day_budget": {"late_day_budget": 7},
    "self_enrollment": {"self_enrollment": True},
    "categories": {"categories": [*CATEGORIES, {"id": "Exam", "weight": 3.5, "drop_lowest": 1}]},
}
ASSIGNMENT: Mapping[str, dict[str, Any]] = {
    "slug": {"slug": "another-name"},
    "title": {"title": "Receptive fields"},
    "instructions": {"instructions": "Round to two decimals.\nShow the way."},
    "category": {"category": "Homework"},
    "position": {"position": 5},
    "timeline": {
        "timeline": {
            "release": "2026-11-01 08:00",
            "due": "2026-11-30 23:59",
            "late": [{"days": 2, "hours": None, "until": None, "credit": "75%"}],
            "late_days": 1,
            "close": {"days": 9, "hours": None},
        }
    },
    "attempts": {"attempts": 4},
    "cool_down_seconds": {"cool_down_seconds": 90},
    "by_attempt": {"by_attempt": [1, 0.5, "1/3"]},
    "results": {"results": "manual"},
    "solutions": {"solutions": "never"},
    "variants": {"variants": "shared"},
    "new_after": {"variants": "each_after", "new_after": 3},
    "groups": {"groups": [*GROUPS, {"id": "Other", "drop_lowest": 1}]},
    "extra": {"extra": True},
    "regrade_days": {"regrade_days": 8},
    "regrade_limit": {"regrade_limit": 2},
    "anonymous": {"anonymous": True},
    "lms_id": {"lms_id": "canvas-17"},
}
PROBLEM: Mapping[str, dict[str, Any]] = {
    "points": {"points": 7.5},
    "group": {"group": "Best"},
    "extra": {"extra": True},
    "voided": {"voided": {"why": "full"}},
    "labels": {"labels": "2(b)i, 2(b)ii, 3"},
    "attachments": {"attachments": True},
}


@dataclass(frozen=True)
class Subject:
    """Object with declared settings, and how each interface reads and changes them."""

    name: str
    model: Any
    bodies: Mapping[str, dict[str, Any]]
    action: str


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("course", CourseIn, COURSE, "course.changed"),
        Subject("assignment", AssignmentIn, ASSIGNMENT, "assignment.changed"),
        Subject("problem", ProblemSettings, PROBLEM, "problem.changed"),
    )
}
CASES = [(name, setting) for name, subject in SUBJECTS.items() for setting in subject.bodies]
every_setting = pytest.mark.parametrize(("subject", "name"), CASES)


class Setup:
    """Course with an assignment of two problems; a student has submitted to one."""

    def __init__(self, world):
        self.world = world
        self.staff = world.person("Ada Admin", admin=True)
        self.course, self.assignment, problem = self.setting_up("dl")
        student = world.enrol(self.course, "Stu Dent")
        assert student.submit(problem, {"cells": "9"}).status_code == 201

    def setting_up(self, slug):
        """Return the ids of a new course and its assignment, and the first problem."""
        course = self.world.course(slug, categories=CATEGORIES)
        problem, _ = self.world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM, groups=GROUPS)
        return course, problem.assignment, problem

    def path(self, subject, course=None, assignment=None):
        course, assignment = course or self.course, assignment or self.assignment
        return {
            "course": f"/courses/{course}",
            "assignment": f"/assignments/{assignment}",
            "problem": f"/assignments/{assignment}/problems/{self.problem}",
        }[subject] + ("/settings" if subject == "problem" else "")

    @property
    def problem(self):
        return self.world.version(TEXT_PROBLEM).problem

    def page(self, subject, course=None, assignment=None):
        suffix = {"course": "/settings", "assignment": "/edit", "problem": ""}[subject]
        return self.path(subject, course, assignment) + suffix

    def settings(self, subject, course=None, assignment=None):
        answer = self.staff.get(self.path(subject, course, assignment))
        assert answer.status_code == 200, answer.text
        data = answer.json()
        return data | ({"points": data["own_points"]} if subject == "problem" else {})

    def patch(self, subject, body, query=""):
        path = self.path(subject)
        tag = self.staff.get(path).headers["ETag"]
        path = path.removesuffix("/settings") + query
        answer = self.staff.patch(path, body, headers={"If-Match": tag})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def first_assignment(self, course):
        [assignment] = self.staff.get(f"/courses/{course}/assignments").json()["items"]
        return assignment["id"]


@pytest.fixture
def setup(world):
    return Setup(world)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_tests_cover_every_declared_setting(subject):
    declared = collect_declared_settings(SUBJECTS[subject].model)
    assert {*declared} == {*SUBJECTS[subject].bodies}


@every_setting
def test_dry_run_shows_the_setting_and_its_effect_and_stores_nothing(setup, subject, name):
    body, before = SUBJECTS[subject].bodies[name], setup.settings(subject)
    shown = setup.patch(subject, body, "?dry_run=true")
    view = shown[subject]
    assert (view["own_points"] if (subject, name) == ("problem", "points") else view[name]) == (
        body[name]
    )
    assert before[name] != body[name]
    assert setup.settings(subject) == before
    recomputes = name in list_grade_affecting_settings(SUBJECTS[subject].model)
    assert shown["effect"]["students"] == (1 if recomputes else 0)


@every_setting
def test_setting_changed_over_the_api_is_returned_and_audited(setup, subject, name):
    body, before = SUBJECTS[subject].bodies[name], setup.settings(subject)
    setup.patch(subject, body)
    after = setup.settings(subject)
    assert after[name] == body[name]
    changed = set(collect_declared_settings(SUBJECTS[subject].model)) & {
        setting for setting in after if after[setting] != before[setting]
    }
    assert changed == body.keys()
    with setup.world.session() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == SUBJECTS[subject].action)
        ).one()
    assert entry.before[name] != entry.after[name]
    assert body.keys() <= entry.after.keys()


@every_setting
def test_settings_form_shows_and_saves_the_setting(setup, subject, name):
    setup.patch(subject, SUBJECTS[subject].bodies[name])
    expected = setup.settings(subject)
    browser = Browser(setup.world, setup.staff)
    filled = form_fields(settings_form(browser.get(setup.page(subject))))

    course, assignment, _ = setup.setting_up("other")
    target = course, assignment
    page = browser.get(setup.page(subject, *target))
    own = form_fields(settings_form(page))
    kept = {field: own[field] for field in ("version", "held") if field in own}
    if name != "slug":
        kept |= {field: own[field] for field in ("slug",) if field in own}
    else:
        filled["slug"] += "-2"
    answer = browser.post(setup.page(subject, *target), filled | kept | {"act": "save"})
    assert answer.status == 303, answer.text
    saved = setup.settings(subject, *target)
    assert saved[name] == (expected[name] + "-2" if name == "slug" else expected[name])


@every_setting
def test_course_copy_keeps_the_setting(setup, subject, name):
    default = setup.settings(subject)[name]
    setup.patch(subject, SUBJECTS[subject].bodies[name])
    expected = setup.settings(subject)[name]
    body = {"slug": "copy", "title": "Copy"}
    answer = setup.staff.post(f"/courses/{setup.course}/copy", body)
    assert answer.status_code == 201, answer.text
    course = answer.json()["id"]
    copied = setup.settings(subject, course, setup.first_assignment(course))[name]
    if subject == "course" and name in body:
        assert copied == body[name]
    elif collect_declared_settings(SUBJECTS[subject].model)[name].is_copied:
        assert copied == expected
    else:
        assert copied == default


@every_setting
def test_export_and_apply_keep_the_setting(setup, subject, name):
    setup.patch(subject, SUBJECTS[subject].bodies[name])
    expected = setup.settings(subject)
    files = setup.staff.get(f"/courses/{setup.course}/export").json()["files"]
    course = setup.world.course("empty")
    answer = setup.staff.post(f"/courses/{course}/apply", {"files": files})
    assert answer.status_code == 200, answer.text
    applied = setup.settings(subject, course, setup.first_assignment(course))
    if (subject, name) == ("course", "slug"):
        assert applied[name] != expected[name], "applying files never renames a course"
    else:
        assert applied[name] == expected[name]
