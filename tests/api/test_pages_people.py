"""Tests of the people pages of a course: find, add, edit, withdraw, and sections."""

import re

import pytest
from pages import Browser, form_fields
from sqlalchemy import select

from api.db.models import Enrolment, User
from api.http.email_addresses import ASCII_DOMAIN


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


@pytest.fixture
def browser(world, prof):
    return Browser(world, prof)


def listed(browser, course, **query):
    page = browser.get(f"/courses/{course}/people", params=query)
    assert page.status == 200, page.text
    return [row[0] for row in page.one("table").rows()[1:]] if page.all("table") else []


def opened(browser, course, person):
    page = browser.get(f"/courses/{course}/people/{person.id}")
    assert page.status == 200, page.text
    return page


def change(page):
    return page.one("form", aria_labelledby="change")


def role_of(world, person) -> str:
    with world.session() as session:
        return session.scalars(select(Enrolment.role).where(Enrolment.user_id == person.id)).one()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Ann Example", "Gus Grader", "Grace Prof"]),
        ({"role": "", "section": "", "text": "", "state": "active"}, 3),
        ({"role": "grader"}, ["Gus Grader"]),
        ({"text": "ANN@"}, ["Ann Example"]),
        ({"text": "_"}, []),
        ({"state": "withdrawn"}, ["Bo Left"]),
        ({"state": "all", "role": "student"}, ["Ann Example", "Bo Left"]),
    ],
)
@pytest.mark.usefixtures("ann")
def test_query_parameters_filter_people(world, browser, course, query, expected):
    world.enrol(course, "Gus Grader", role="grader")
    left = world.enrol(course, "Bo Left")
    browser.post(f"/courses/{course}/people/{left.id}/withdraw")
    found = listed(browser, course, **query)
    assert (len(found) if isinstance(expected, int) else found) == expected


@pytest.mark.parametrize("query", [{"role": "dean"}, {"state": "gone"}, {"cursor": "x"}])
def test_unknown_people_filter_is_rejected(browser, course, query):
    assert browser.get(f"/courses/{course}/people", params=query).status == 422


def test_people_pagination_keeps_filter(world, browser, course):
    people = [world.enrol(course, f"S {at:03}").name for at in range(101)]
    page = browser.get(f"/courses/{course}/people", params={"role": "student"})
    rest = browser.get(f"/courses/{course}/people{page.one('a', rel='next')['href']}")
    names = [row[0] for one in (page, rest) for row in one.one("table").rows()[1:]]
    assert names == people


def test_added_person_opens_on_detail_page(world, browser, course):
    section = world.section(course, "Tuesday")
    page = browser.get(f"/courses/{course}/people")
    form = page.one("form", action=f"/courses/{course}/people")
    assert "write “van Dyk, Ann”" in form.text
    done = browser.send(form, name="Bo Example", email="bo@example.edu", section=str(section))
    page = browser.follow(done)
    assert (done.status, page.heading) == (303, "Bo Example")
    assert "Added to the course." in page.text
    assert "Tuesday" in page.one("dl").text


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"email": "not an address"}, 422, "email must be an e-mail address"),
        ({"email": "bo@bücher.example"}, 422, ASCII_DOMAIN),
        ({"name": ""}, 422, "name is missing"),
        ({"role": "dean"}, 422, "role must be"),
        ({"email": "ann@example.edu"}, 409, "Ann Example"),
        ({"section": "01a2025c-0ae4-7543-8ab1-b7edae196e5f"}, 422, "a section of this course"),
    ],
)
@pytest.mark.usefixtures("ann")
def test_rejected_new_person_keeps_typed_input(browser, course, typed, status, said):
    page = browser.get(f"/courses/{course}/people")
    sent = {"name": "Bo Example", "email": "bo@example.edu"} | typed
    page = browser.send(page.one("form", action=f"/courses/{course}/people"), **sent)
    assert page.status == status
    assert said in page.one(role="alert").text
    again = form_fields(page.one("form", action=f"/courses/{course}/people"))
    assert {name: again[name] for name in ("name", "email")} == {
        name: sent[name] for name in ("name", "email")
    }


def test_one_form_changes_role_section_and_student_number(world, browser, course, ann):
    section = world.section(course, "Tuesday")
    form = change(opened(browser, course, ann))
    done = browser.send(form, role="grader", section=str(section), student_number="77")
    page = browser.follow(done)
    facts = page.one("dl").text
    assert "TA" in facts
    assert "Tuesday" in facts
    assert page.one("input", name="student_number")["value"] == "77"
    page = browser.follow(browser.send(change(page), section=""))
    assert "none" in page.one("dl").text


def test_stale_person_form_shows_both_values_and_can_be_resent(world, browser, course, ann):
    held = change(opened(browser, course, ann))
    browser.send(change(opened(browser, course, ann)), name="Ann Meanwhile")
    page = browser.send(held, name="Ann Typed")
    assert page.status == 412
    assert "changed since you opened this page" in page.one(role="alert").text
    assert page.one("input", name="name")["value"] == "Ann Typed"
    assert "Now: Ann Meanwhile" in page.text
    assert browser.send(change(page)).status == 303
    with world.session() as session:
        assert session.get_one(User, ann.id).name == "Ann Typed"


def test_last_instructor_cannot_be_demoted_or_withdrawn(world, browser, course, prof):
    page = browser.send(change(opened(browser, course, prof)), role="student")
    assert page.status == 409
    assert "only instructor" in page.one(role="alert").text
    assert role_of(world, prof) == "instructor"
    assert browser.post(f"/courses/{course}/people/{prof.id}/withdraw").status == 409


def test_instructor_cannot_edit_staff_of_another_course(world, browser, course, ann):
    world.join(world.course("other"), ann, role="grader")
    page = browser.send(change(opened(browser, course, ann)), email="mine@example.edu")
    assert page.status == 403
    assert page.one("input", name="email")["value"] == "mine@example.edu"


def test_person_is_withdrawn_and_readmitted(browser, course, ann):
    done = browser.post(f"/courses/{course}/people/{ann.id}/withdraw")
    page = browser.follow(done)
    assert "withdrawn" in page.text
    assert page.all("form", aria_labelledby="change") == []
    back = browser.send(page.one("form", action=f"/courses/{course}/people"))
    assert back.location.endswith(f"{ann.id}?saved=person-added")
    assert "Ann Example" in listed(browser, course)


def test_reset_link_is_shown_once_and_not_cached(browser, course, ann):
    page = browser.post(f"/courses/{course}/people/{ann.id}/reset")
    link = page.one("input", id="link")["value"]
    assert page.status == 200
    assert "/welcome#gr_reset_" in link
    assert page.headers["cache-control"] == "private, no-store"
    assert link not in opened(browser, course, ann).source


def test_instructor_cannot_create_reset_link_for_another_instructor(world, browser, course):
    other = world.enrol(course, "Other Prof", role="instructor")
    page = browser.post(f"/courses/{course}/people/{other.id}/reset")
    assert (page.status, page.all("input", id="link")) == (403, [])


def test_test_student_is_created_once_and_can_be_viewed_as(browser, course):
    first = browser.post(f"/courses/{course}/test-student")
    assert browser.post(f"/courses/{course}/test-student").location == first.location
    page = browser.follow(first)
    assert page.one("button", name="student")["value"] == "test"
    assert page.all("input", name="email") == []
    browser.send(page.one("form", action="/view-as"), "student=test")
    assert "Viewing as " in browser.get(f"/courses/{course}").text


def test_sections_are_added_renamed_and_deleted_when_empty(world, browser, course):
    full = world.section(course, "Full")
    world.enrol(course, "Bo", section=full)
    add = browser.get(f"/courses/{course}/people").one("form", action=f"/courses/{course}/sections")
    assert browser.send(add, section_name="Empty").status == 303
    page = browser.get(f"/courses/{course}/people")
    assert [one.text for one in page.all("button", text="Delete")] == ["Delete Empty"]
    rename = page.one("form", action=f"/courses/{course}/sections/{full}")
    assert browser.send(rename, section_name="Tuesday").status == 303
    page = browser.get(f"/courses/{course}/people")
    delete = next(one for one in page.all("form") if one.get("action").endswith("/delete"))
    assert browser.send(delete).status == 303
    sections = browser.get(f"/courses/{course}/people").one(id="sections")
    names = [one["value"] for one in sections.all("input", name="section_name") if one.get("value")]
    assert names == ["Tuesday"]


@pytest.mark.parametrize(("name", "status"), [("", 422), ("Full", 422), ("x" * 201, 422)])
def test_invalid_section_name_is_reported_in_section_list(world, browser, course, name, status):
    world.section(course, "Full")
    page = browser.post(f"/courses/{course}/sections", {"section_name": name, "act": "section"})
    assert page.status in {status, 409}
    assert page.one(id="sections").one(role="alert").text


def test_ta_sees_people_but_cannot_edit_them(world, course, ann):
    grader = Browser(world, world.enrol(course, "Gus", role="grader"))
    page = grader.get(f"/courses/{course}/people")
    assert page.one("main").all("form", method="post") == []
    page = opened(grader, course, ann)
    assert [one["action"] for one in page.one("main").all("form", method="post")] == ["/view-as"]
    assert page.all("a", text="Log", href=f"/courses/{course}/audit") == []


def test_pages_show_grader_role_as_ta(world, course, prof):
    gus = world.enrol(course, "Gus Tavares", role="student", email="gus@example.edu")
    staff = Browser(world, prof)
    assert staff.send(change(opened(staff, course, gus)), role="grader").status == 303
    assistant, admin = Browser(world, gus), Browser(world, world.person("Root Example", admin=True))
    pages = [
        *(assistant.get(path) for path in ("/", "/account", "/courses")),
        *(staff.get(f"/courses/{course}/{path}") for path in ("people", "audit")),
        opened(staff, course, gus),
        admin.get(f"/users/{gus.id}"),
    ]
    for page in pages:
        assert page.status == 200
        assert re.search(r"\bTA\b", page.one("main").text)
        assert not re.search(r"\bgrader\b", page.one("main").text)
