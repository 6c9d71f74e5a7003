"""Tests of account ownership: adding an e-mail address gives no access to the account."""

import csv
import io

import pytest
from api_browser import set_password
from pages import Browser
from sqlalchemy import select

from api.db.models import Enrolment, User

MINE = {"If-Match": "*"}
CSV = {"Content-Type": "text/csv"}
PLAIN = "name,email,student number,section\n"


@pytest.fixture
def theirs(world):
    return world.course("theirs")


@pytest.fixture
def ann(world, theirs):
    return world.enrol(theirs, "Ann Example", email="ann@example.edu")


@pytest.fixture
def course(world):
    world.clock.advance(hours=1)
    return world.course("ours")


@pytest.fixture
def mallory(world, course):
    return world.enrol(course, "Mallory Prof", role="instructor")


@pytest.fixture
def added(course, mallory, ann):
    """Add *ann* to *course* by her e-mail address, and return her path there."""
    body = {"name": "Ann", "email": "ann@example.edu"}
    assert mallory.post(f"/courses/{course}/people", body).status_code == 201
    return f"/courses/{course}/people/{ann.id}"


def withdraw(world, course, person):
    with world.session() as session:
        held = select(Enrolment).where(
            Enrolment.course_id == course, Enrolment.user_id == person.id
        )
        session.scalars(held).one().withdrawn_at = world.clock()


ACTS = {
    "reset": lambda who, path: who.post(f"{path}/reset"),
    "e-mail": lambda who, path: who.patch(path, {"email": "mine@example.edu"}, headers=MINE),
    "name": lambda who, path: who.patch(path, {"name": "Mallory Two"}, headers=MINE),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_adding_email_does_not_grant_control_of_account(world, mallory, ann, added, act):
    set_password(world, ann)
    refused = act(mallory, added)
    assert refused.status_code == 403, refused.text
    assert "administrator" in refused.json()["detail"]
    with world.session() as session:
        user = session.get_one(User, ann.id)
        assert (user.name, user.email) == ("Ann Example", "ann@example.edu")


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_administrator_can_change_account_of_any_course(world, added, act):
    assert act(world.person("Root", admin=True), added).status_code < 300


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_last_remaining_course_controls_account(world, theirs, mallory, ann, added, act):
    withdraw(world, theirs, ann)
    assert act(mallory, added).status_code < 300


def test_any_course_can_set_missing_student_number_but_not_change_it(mallory, added):
    assert mallory.patch(added, {"student_number": "17"}, headers=MINE).status_code == 200
    assert mallory.patch(added, {"student_number": "18"}, headers=MINE).status_code == 403


def test_roster_keeps_account_of_another_course_and_adds_note(course, mallory, added):
    text = PLAIN + "Mallory Two,ann@example.edu,17,\n"
    told = mallory.post(f"/courses/{course}/roster", content=text, headers=CSV).json()
    assert [(one["line"], one["message"]) for one in told["notes"]] == [
        (2, "Ann Example is in another course too, or is staff; the account keeps its name")
    ]
    person = mallory.get(added).json()
    assert (person["name"], person["student_number"]) == ("Ann Example", "17")


def invited(who, course, people=None):
    told = who.post(f"/courses/{course}/invites", {"people": people})
    return told, [row["name"] for row in csv.DictReader(io.StringIO(told.text))]


@pytest.mark.usefixtures("added")
def test_only_first_course_of_a_person_can_invite(world, course, theirs, mallory, ann):
    told, names = invited(mallory, course)
    assert names == ["Mallory Prof"]
    assert (told.headers["X-Invited-Elsewhere"], told.headers["X-Without-Email"]) == ("1", "0")
    refused, _ = invited(mallory, course, [str(ann.id)])
    assert refused.status_code == 422
    assert "in another course first" in refused.json()["detail"]
    first = world.enrol(theirs, "First Prof", role="instructor")
    told, names = invited(first, theirs)
    assert (names, told.headers["X-Invited-Elsewhere"]) == (["Ann Example", "First Prof"], "0")


@pytest.mark.usefixtures("added")
def test_next_course_invites_person_withdrawn_from_first(world, course, theirs, mallory, ann):
    withdraw(world, theirs, ann)
    assert invited(mallory, course)[1] == ["Ann Example", "Mallory Prof"]


@pytest.mark.usefixtures("added")
def test_account_changes_are_audited_in_every_course_of_the_person(
    world, course, theirs, mallory, ann
):
    root = world.person("Root", admin=True)
    first = world.enrol(theirs, "First Prof", role="instructor")
    root.post(f"/courses/{theirs}/people/{ann.id}/reset")
    root.patch(f"/courses/{course}/people/{ann.id}", {"name": "Anna"}, headers=MINE)
    root.patch(f"/users/{ann.id}", {"email": "anna@example.edu"}, headers=MINE)
    invited(first, theirs)
    for who, where in ((mallory, course), (first, theirs)):
        told = who.get(f"/courses/{where}/audit?limit=100").json()["items"]
        acts = [one["action"] for one in told]
        assert acts.count("user.changed") == 2
        assert (acts.count("person.reset"), acts.count("person.invited")) == (1, 1)
        [entry] = [one for one in told if one["action"] == "person.invited"]
        assert str(ann.id) in entry["after"]["people"]


def test_pages_offer_no_reset_or_invite_for_account_of_another_course(
    world, course, mallory, added
):
    browser = Browser(world, mallory)
    for path in (added, added.replace("people", "students")):
        page = browser.get(path)
        assert page.status == 200, page.text
        assert page.all("form", action=f"{added}/reset") == []
        assert page.all("form", action=f"/courses/{course}/invites") == []
    page = browser.get(added)
    assert "an administrator can create a reset link" in page.text
    assert "The first course of Ann Example sends the invitation" in page.text
    names = {one["name"] for one in page.one("form", aria_labelledby="change").all("input")}
    assert names == {"version", "student_number", "lms_id"}


def test_page_readmits_withdrawn_person_of_another_course(course, world, mallory, added):
    browser = Browser(world, mallory)
    mallory.delete(added)
    page = browser.get(added)
    taken_back = browser.send(page.one("form", action=f"/courses/{course}/people"))
    assert taken_back.location == f"{added}?saved=person-added"
    assert mallory.get(added).json()["withdrawn_at"] is None


@pytest.mark.parametrize(
    ("text", "taken", "others"),
    [
        (
            'Name,SID,Email,Sections\nBo Example,17,bo@example.edu,"B, A, C"\n',
            "B",
            "'A', 'C'",
        ),
        (
            (
                "Student,ID,SIS Login ID,Section\nCy Other,1,cy@example.edu,Monday\n"
                "Bo Example,2,bo@example.edu,Monday and Tuesday\n"
            ),
            "Monday",
            "'Tuesday'",
        ),
    ],
    ids=["gradescope", "canvas"],
)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_roster_notes_which_of_several_sections_is_used(
    course, mallory, text, taken, others, query
):
    path = f"/courses/{course}/roster{query}"
    told = mallory.post(path, content=text, headers=CSV).json()
    said = f"a person has one section: '{taken}' is taken, {others} left out"
    assert told["notes"] == [{"line": len(text.splitlines()), "message": said}]
    assert told["new_sections"] == [taken]


def test_roster_page_notes_ignored_sections(world, course, mallory):
    text = 'name,email,sections\nBo,bo@example.edu,"A, B"\n'
    browser = Browser(world, mallory)
    files = {"file": ("list.csv", text.encode())}
    page = browser.post(f"/courses/{course}/roster", {}, files=files)
    assert "Line 2: a person has one section: 'A' is taken, 'B' left out" in page.text
