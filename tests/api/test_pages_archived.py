"""Tests of the pages of an archived course: a notice on each, and no lost form input."""

import re

import pytest
from pages import Browser
from populated_course import ROUTES, SCENE_SETTINGS, PageAddress, create_populated_course
from staff_course import StaffCourse
from world import World

from api.auth.authorization import COURSE_ARCHIVED_MESSAGE

ARCHIVED = "This course is archived. You can read everything, but nothing can be changed."


PARAMETER = re.compile(r"\{(\w+)\}")
STILL_DONE = re.compile(r".*/(restore|copy|view-as|moodle|practice)")
"""Actions that an archived course still allows: restore, copy, view and practice."""


@pytest.fixture
def scene(world):
    return StaffCourse(world)


def test_course_is_archived_and_restored(scene):
    page = scene.browser.get(f"{scene.home}/settings")
    assert page.one("form", action=f"{scene.home}/archive").one("button").text == (
        "Archive the course"
    )
    scene.browser.post(f"{scene.home}/archive")
    assert "archived" in scene.browser.get("/courses").one("table").text
    page = scene.browser.get(f"{scene.home}/settings")
    assert page.one("form", action=f"{scene.home}/restore").one("button").text == (
        "Restore the course"
    )
    scene.browser.post(f"{scene.home}/restore")
    assert scene.staff.get(scene.home).json()["archived_at"] is None


def told_open(scene):
    """Return the settings page's list of open assignments, empty if there are none."""
    card = scene.browser.get(f"{scene.home}/settings").one(id="archive")
    return [one.text for one in card.all("li")]


def test_archive_card_lists_open_assignments_with_student_counts(world):
    scene = StaffCourse(world, timeline_spec={"due": "2026-11-10 23:59"})
    world.enrol(scene.course, "Not Begun")
    scene.student.get(scene.assigned.path)
    [said] = told_open(scene)
    assert said.startswith(
        "Homework 1, for 2 students, of whom 1 has begun; closes Tue 10 Nov 2026"
    )
    card = scene.browser.get(f"{scene.home}/settings").one(id="archive")
    assert "Students cannot submit any more; their drafts are kept." in card.text
    done = scene.browser.follow(scene.browser.post(f"{scene.home}/archive"))
    assert "Archived. Students can read their work, but not submit." in done.text
    assert "If you restore the course, these are open again:" in done.one(id="archive").text
    back = scene.browser.follow(scene.browser.post(f"{scene.home}/restore"))
    assert "Restored. Students can submit to open assignments." in back.text


@pytest.mark.parametrize(
    "times", [{"due": "2026-10-10 23:59"}, {"release": "2026-12-24 18:00"}], ids=["over", "planned"]
)
def test_archive_card_omits_assignments_closed_for_all_students(world, times):
    scene = StaffCourse(world, timeline_spec=times)
    world.assignment(scene.course, published=False)
    assert told_open(scene) == []


def test_archive_card_counts_students_with_extensions(world):
    scene = StaffCourse(world, timeline_spec={"due": "2026-10-10 23:59"})
    world.enrol(scene.course, "Not Begun")
    granted = {"student": str(scene.student.id), "grants": {"days": 90}}
    assert scene.staff.post(f"{scene.home}/extensions", granted).status_code == 201
    [said] = told_open(scene)
    assert said == "Homework 1, for 1 student, of whom 0 have begun; closed for the others"


def test_every_page_of_archived_course_shows_notice(scene):
    student = Browser(scene.world, scene.student)
    seen = [
        (scene.browser, scene.home),
        (scene.browser, f"{scene.path}/edit"),
        (student, scene.home),
        (student, f"{scene.path}/problems/{scene.assigned.slug}"),
    ]
    assert [browser.get(path).text.count(ARCHIVED) for browser, path in seen] == [0, 0, 0, 0]
    scene.browser.post(f"{scene.home}/archive")
    assert [browser.get(path).text.count(ARCHIVED) for browser, path in seen] == [1, 1, 1, 1]
    assert ARCHIVED not in scene.browser.get("/courses").text


def test_archived_course_lists_no_open_questions(scene):
    student = Browser(scene.world, scene.student)
    left = "Questions left"
    assert left in student.get(scene.home).text
    scene.browser.post(f"{scene.home}/archive")
    assert left not in student.get(scene.home).text


def test_archived_course_shows_no_late_credit(world):
    late = [{"days": 30, "credit": "50%"}]
    scene = StaffCourse(world, timeline_spec={"due": "2026-10-25 23:59", "late": late})
    student, told = Browser(world, scene.student), "Late: an answer is worth"
    places = (scene.home, scene.path, scene.assigned.path)
    assert [told in student.get(path).text for path in places] == [True] * 3
    scene.browser.post(f"{scene.home}/archive")
    assert [told in student.get(path).text for path in places] == [False] * 3


def test_form_input_survives_archiving_and_can_be_resent(scene):
    form = scene.browser.get(f"{scene.home}/assignments/new").one(
        "form", action=f"{scene.home}/assignments/new"
    )
    typed = {"title": "Homework 2", "slug": "hw-2", "instructions": "Read chapter 9 first."}
    scene.browser.post(f"{scene.home}/archive")
    met = scene.browser.send(form, **typed)
    assert (met.status, met.heading) == (409, "The course is archived")
    assert COURSE_ARCHIVED_MESSAGE in met.text
    assert [one.text for one in met.all("pre")] == ["Homework 2", "Read chapter 9 first."]
    again = met.one("form", action=f"{scene.home}/assignments/new")
    assert scene.browser.send(again).status == 409
    scene.browser.post(f"{scene.home}/restore")
    assert scene.browser.send(again).status == 303
    made = scene.staff.get(f"{scene.home}/assignments").json()["items"][-1]
    assert {name: made[name] for name in typed} == typed


def test_draft_in_archived_course_keeps_text_without_settings_hint(scene):
    student = Browser(scene.world, scene.student)
    scene.browser.post(f"{scene.home}/archive")
    draft = f"{scene.path}/problems/{scene.assigned.slug}/draft"
    met = student.post(draft, {"answer": "Fewer weights."})
    assert (met.status, met.heading) == (409, "The course is archived")
    assert met.one("pre").text == "Fewer weights."
    assert met.text.count("settings") == 1  # where an instructor brings it back


def test_upload_to_archived_course_asks_to_choose_file_again(scene):
    scene.browser.post(f"{scene.home}/archive")
    sent = {"file": ("b.yaml", b"id: b", "text/yaml")}
    met = scene.browser.post(
        f"{scene.home}/problems/check", {"note": "Part b again", "act": "draft"}, files=sent
    )
    assert met.status == 409
    assert "a file has to be chosen again" in met.text
    assert met.one("pre").text == "Part b again"


def test_archived_error_without_form_input_shows_no_typed_text(scene):
    scene.browser.post(f"{scene.home}/archive")
    met = scene.browser.post(f"{scene.path}/unpublish")
    assert met.status == 409
    assert "What you typed" not in met.text


def buttons(page):
    """Yield the labels of buttons that post to the service, except allowed actions."""
    main = page.one("main")
    forms = {one.get("id"): one for one in main.all("form") if one.get("id")}
    inside = [(form, one) for form in main.all("form") for one in form.all("button")]
    beside = [(forms.get(one["form"]), one) for one in main.all("button") if one.get("form")]
    for form, button in inside + beside:
        action = button.get("formaction", form.get("action") if form else "")
        method = form.get("method") if form else "post"
        is_live = "disabled" not in button.attributes
        if is_live and method == "post" and not STILL_DONE.fullmatch(action):
            yield button.text


def test_archived_course_pages_show_no_buttons_that_would_fail(database_url):
    world = World(database_url, settings=SCENE_SETTINGS)
    scene = create_populated_course(world)
    found, looked = {}, 0
    done = scene.instructor.post(f"/courses/{scene.course}/archive")
    assert done.status_code == 200
    for method, path in ROUTES:
        if method != "GET" or path.startswith(("/api/", "/static/")) or "{" not in path:
            continue
        address = PageAddress.build(scene, path)
        for who in ("student", "grader", "instructor"):
            page = address.open(Browser(world, scene.people[who]))
            if page.status != 200 or not page.all("main") or "is archived" not in page.text:
                continue
            looked += 1
            if left := [*buttons(page)]:
                found[path, who] = left
    world.close()
    assert found == {}
    assert looked > 60


def test_archived_course_settings_are_read_only(scene):
    scene.browser.post(f"{scene.home}/archive")
    for path in (f"{scene.path}/edit", f"{scene.home}/settings", f"{scene.assigned.path}/settings"):
        form = scene.browser.get(path).one("form", id="settings")
        [fields] = [one for one in form.children if getattr(one, "tag", "") == "fieldset"]
        assert "disabled" in fields.attributes
        assert fields.all("input")
