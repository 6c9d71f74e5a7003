"""Tests of the course pages: settings, copies, files, extensions and the course list."""

import pytest
from pages import Browser
from staff_course import StaffCourse, settings_form

from api.pages.layout.flash import NO_GRADE_CHANGED, OUTCOMES
from api.pages.staff.courses.course_files import (
    UNREADABLE_ARCHIVE_MESSAGE,
    pack_files,
    unpack_files,
)

COURSE = "slug: other\ntitle: From a file\nzone: UTC\n"
TIMES = {"due": "2026-11-10 23:59", "late": [{"days": 1, "credit": "90%"}]}


@pytest.fixture
def scene(world):
    return StaffCourse(world, timeline_spec=TIMES)


def settings(scene):
    return settings_form(scene.browser.get(f"{scene.home}/settings"))


def test_saving_unchanged_course_settings_changes_nothing(scene):
    before = scene.staff.get(scene.home).json()
    done = scene.browser.send(settings(scene), "act=save")
    assert NO_GRADE_CHANGED in scene.browser.get(done.location).text
    assert scene.staff.get(scene.home).json() == before


def test_categories_and_late_days_are_saved(scene):
    typed = {"categories[0].id": "Homework", "categories[0].weight": "60", "late_day_budget": "3"}
    typed |= {"categories[1].id": "Exam", "categories[1].weight": "40", "numbers": "comma"}
    typed |= {"categories[0].drop_lowest": "1"}
    assert scene.browser.send(settings(scene), "act=save", **typed).status == 303
    told = scene.staff.get(scene.home).json()
    assert [(one["id"], one["drop_lowest"]) for one in told["categories"]] == [
        ("Homework", 1),
        ("Exam", 0),
    ]
    assert (told["late_day_budget"], told["numbers"]) == (3, "comma")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"zone": "Europe/Berln"}, "zone"),
        ({"late_day_budget": "-1"}, "late_day_budget"),
        ({"categories[0].id": "A", "categories[0].weight": "0"}, "categories"),
        ({"categories[0].id": "A"}, "categories"),
        ({"title": ""}, "title"),
    ],
)
def test_invalid_course_setting_is_reported_and_input_is_kept(scene, typed, field):
    before = scene.staff.get(scene.home).json()
    found = scene.browser.send(settings(scene), "act=save", **typed)
    assert found.status == 422
    assert any(one["href"].startswith(f"#{field}") for one in found.one(id="error").all("a"))
    form = found.one("form", id="settings")
    assert all(form.one("input", name=name)["value"] == one for name, one in typed.items())
    assert scene.staff.get(scene.home).json() == before


def test_unknown_time_zone_is_reported_at_its_field(scene):
    found = scene.browser.send(settings(scene), "act=save", zone="Berlin")
    assert found.one("p", id="zone-wrong").text == "Time zone is unknown; write Europe/Berlin."


def test_time_zone_change_has_a_dry_run(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    tried = scene.browser.send(settings(scene), "act=try", zone="America/New_York")
    assert "Not saved yet." in tried.text
    assert scene.staff.get(scene.home).json()["zone"] == "Europe/Berlin"
    assert scene.browser.send(tried.one("form", id="settings"), "act=save").status == 303
    assert scene.staff.get(scene.home).json()["zone"] == "America/New_York"


def test_stale_course_settings_form_shows_differences(scene):
    mine = settings(scene)
    scene.browser.send(settings(scene), "act=save", title="Theirs")
    found = scene.browser.send(mine, "act=save", title="Mine")
    assert found.status == 412
    assert ["Title", "Theirs", "Mine"] in found.one(role="alert").one("table").rows()
    assert scene.browser.send(found.one("form", id="settings"), "act=save").status == 303


def test_invalid_category_weight_is_reported_with_its_row(scene):
    typed = {"categories[0].id": "Homework", "categories[0].weight": "60"}
    typed |= {"categories[1].id": "Exam", "categories[1].weight": "40 %"}
    found = scene.browser.send(settings(scene), "act=save", **typed)
    assert [one.text for one in found.one(id="error").all("li")] == [
        'Categories, row 2 must be a number such as 7.5, or a fraction such as "7/2"'
    ]


@pytest.mark.parametrize(("days", "due"), [("364", "2027-11-09 23:59"), ("−7", "2026-11-03 23:59")])
def test_course_copy_shifts_times_by_days(scene, days, due):
    form = scene.browser.get(f"{scene.home}/settings").one("form", id="copy")
    made = scene.browser.send(form, slug="next-year", shift_days=days)
    assert made.status == 303, made.text
    course = made.location.split("/")[2]
    [told] = scene.staff.get(f"/courses/{course}/assignments").json()["items"]
    assert told["timeline"]["due"] == due
    assert OUTCOMES["course-copied"] in scene.browser.follow(made).text


@pytest.mark.parametrize("days", ["soon", "1.5", "99999", "--1"])
def test_invalid_course_copy_keeps_input_and_links_its_field(scene, days):
    form = scene.browser.get(f"{scene.home}/settings").one("form", id="copy")
    found = scene.browser.send(form, slug="next-year", shift_days=days)
    assert found.status == 422
    assert found.one(id="copy-shift_days")["value"] == days
    link = found.one(role="alert").one("a")
    assert (link.text, link["href"]) == ("Days later", "#copy-shift_days")


def test_only_administrators_can_create_courses(scene):
    admin = Browser(scene.world, scene.world.person("Ad Min", admin=True))
    form = admin.get("/courses").one("form", action="/courses")
    wrong = admin.send(form, title="New", slug="new", zone="UTC", instructor="no@example.edu")
    assert wrong.status == 422
    assert wrong.one("input", name="title")["value"] == "New"
    assert (
        "create the course without an instructor, and add the person to it"
        in wrong.one(role="alert").text
    )
    made = admin.send(form, title="New", slug="new", zone="UTC")
    course = admin.follow(made)
    assert course.heading == "New"
    assert (
        course.one("a", text="Import a list")["href"] == f"{made.location.partition('?')[0]}/roster"
    )
    assert scene.browser.get("/courses").all("form", action="/courses") == []


def archive(files):
    return {"archive": ("course.zip", pack_files(files), "application/zip")}


def test_exported_course_archive_applies_without_changes(scene):
    answer = scene.world.client.get(
        f"{scene.home}/export/archive", headers={"Authorization": f"Bearer {scene.staff.token}"}
    )
    files = scene.staff.get(f"{scene.home}/export").json()["files"]
    assert unpack_files(answer.content) == files
    assert answer.headers["content-disposition"].endswith('.zip"')
    found = scene.browser.post(f"{scene.home}/apply", {"act": "try"}, files=archive(files))
    assert "These files change nothing." in found.text


def test_course_files_have_a_dry_run_before_apply(scene):
    files = scene.staff.get(f"{scene.home}/export").json()["files"]
    files["assignments/new.yaml"] = "title: New\ninstructions: |\n  Two\n\n  lines\n"
    looked = scene.browser.post(f"{scene.home}/apply", {"act": "try"}, files=archive(files))
    assert "assignments/new.yaml added" in [one.text for one in looked.all("summary")]
    assert len(scene.staff.get(f"{scene.home}/assignments").json()["items"]) == 1
    form = next(one for one in looked.all("form") if one.all("textarea"))
    assert scene.browser.send(form, "act=apply").status == 303
    titles = [
        (one["title"], one["instructions"])
        for one in scene.staff.get(f"{scene.home}/assignments").json()["items"]
    ]
    assert ("New", "Two\n\nlines\n") in titles


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"assignments/new.yaml": "titel: New"}, "assignments/new.yaml"),
        ({"assignments/new.yaml": "a: [1"}, "new.yaml"),
        ({"problems/own.yaml": "id: own"}, "own.yaml"),
        ({"elsewhere/x.yaml": "a: 1"}, "is not a file of a course"),
        ({"notes.txt": "no"}, "no .yaml file"),
    ],
)
def test_invalid_course_files_change_nothing_and_report_location(scene, files, said):
    found = scene.browser.post(f"{scene.home}/apply", {"act": "apply"}, files=archive(files))
    assert found.status == 422
    assert "Nothing was changed." in found.text
    assert said in found.one(id="error").text


def test_non_archive_upload_is_rejected(scene):
    sent = {"archive": ("course.zip", b"no zip", "application/zip")}
    assert scene.browser.post(f"{scene.home}/apply", {}, files=sent).status == 422
    assert "Choose the archive" in scene.browser.post(f"{scene.home}/apply", {}).text


def test_corrupt_archive_shows_error_message(scene):
    body = bytearray(pack_files({"course.yaml": COURSE * 20}))
    body[len("course.yaml") + 30] = 0xFF
    sent = {"archive": ("course.zip", bytes(body), "application/zip")}
    found = scene.browser.post(f"{scene.home}/apply", {}, files=sent)
    assert found.status == 422
    assert UNREADABLE_ARCHIVE_MESSAGE in found.one(id="error").text


def grants(scene, **query):
    return scene.browser.get(f"{scene.home}/extensions", params=query)


def test_extension_is_previewed_granted_and_withdrawn(scene):
    form = grants(scene).one("form", id="grant")
    assert "Times are in the time zone Europe/Berlin." in form.text
    typed = {"student": "stu dent", "grants.days": "2", "grants.reason": "ill"}
    looked = scene.browser.send(form, "act=try", **typed)
    assert "Thu 12 Nov 2026, 23:59" in looked.one(has="note").text
    assert not grants(scene).all("table")
    assert scene.browser.send(looked.one("form", id="grant"), "act=grant").status == 303
    found = grants(scene)
    [row] = found.one("table").rows()[1:]
    assert row[:4] == ["Stu Dent", "all", "2 extra days.", "ill"]
    [back] = [one for one in found.all("form") if one["action"].endswith("/withdraw")]
    assert scene.browser.send(back).status == 303
    assert not grants(scene).all("table")


def test_assignment_extensions_link_to_all_and_keep_filter_across_pages(scene, monkeypatch):
    monkeypatch.setattr("api.pages.staff.courses.extensions.ROWS", 1)
    assignment = str(scene.assigned.assignment)
    whole, part = {"days": 1}, {"days": 2}
    empty = grants(scene, assignment=assignment)
    assert not empty.all("table")
    assert empty.one("a", text="All extensions of the course")["href"] == f"{scene.home}/extensions"
    whom = {"student": str(scene.student.id)}
    for more in ({"grants": whole}, {"grants": part, "assignment": assignment}):
        made = scene.staff.post(f"{scene.home}/extensions", whom | more)
        assert made.status_code == 201
    first = grants(scene, assignment=assignment)
    more = first.one("a", rel="next")["href"]
    assert f"assignment={assignment}" in more
    second = scene.browser.get(f"{scene.home}/extensions{more}")
    assert [one.one("table").rows()[1][2] for one in (first, second)] == [
        "1 extra day.",
        "2 extra days.",
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"student": "nobody"}, "fits no student"),
        ({"student": "Dent"}, "fits more than one student"),
        ({"grants.days": "-1"}, "must be at least 0"),
        ({"grants.due": "tomorrow"}, "is not a valid date and time"),
        ({"grants.days": "1", "grants.due": "2026-11-20T12:00"}, "either due or"),
        ({}, "What is granted gives nothing; add days, due or attempts"),
    ],
)
def test_invalid_extension_is_rejected_and_input_is_kept(scene, typed, said):
    scene.world.enrol(scene.course, "Another Dent")
    form = grants(scene).one("form", id="grant")
    found = scene.browser.send(form, "act=grant", **{"student": "Stu Dent"} | typed)
    assert found.status == 422
    assert said in found.one(id="error").text
    form = found.one("form", id="grant")
    assert all(
        form.one("input", name=name)["value"] == one
        for name, one in typed.items()
        if name != "student"
    )
    assert not grants(scene).all("table")


def test_extension_form_is_prefilled_from_query(scene):
    form = grants(scene, student=str(scene.student.id), assignment=str(scene.assigned.assignment))
    sent = scene.browser.send(form.one("form", id="grant"), "act=grant", **{"grants.attempts": "1"})
    assert sent.status == 303
    [told] = scene.staff.get(f"{scene.home}/extensions").json()["items"]
    assert (told["student"], told["assignment"]) == (
        str(scene.student.id),
        str(scene.assigned.assignment),
    )


def test_new_course_form_reports_all_invalid_fields_at_once(world):
    browser = Browser(world, world.person("Root Example", admin=True))
    form = browser.get("/courses").one("form", action="/courses")
    typed = {"title": "Vision", "slug": "cv", "zone": "Berlin"}
    typed |= {"categories[0].id": "Homework", "categories[0].weight": "half of it"}
    found = browser.send(form, **typed)
    assert found.status == 422
    assert "2 fields need another look" in found.one(id="error").text
    assert [one["id"] for one in found.all("p", has="wrong")] == [
        "zone-wrong",
        "categories[0].weight-wrong",
    ]
    assert "Europe/Berlin" in found.one(id="zone-wrong").text
