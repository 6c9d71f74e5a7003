"""Tests of invitations and resets: single use, time limit, only for their recipient."""

import csv
import io

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser, get_email, set_password

from api.db.models import User

ONE_DATABASE = True


@pytest.fixture
def instructor(world, course):
    return world.enrol(course, "Ina Structor", role="instructor")


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


def invitations(instructor, course, people=None):
    told = instructor.post(f"/courses/{course}/invites", {"people": people})
    assert told.status_code == 200, told.text
    return list(csv.DictReader(io.StringIO(told.text)))


def secret_of(link):
    address, fragment = link.split("#")
    assert address == "http://127.0.0.1:8000/welcome"
    return fragment


def accept(world, secret, password=PASSWORD, address="192.0.2.7"):
    browser = ApiBrowser(world, address)
    return browser, browser.post("/invites/accept", {"secret": secret, "password": password})


def reset(instructor, course, person):
    told = instructor.post(f"/courses/{course}/people/{person.id}/reset")
    assert told.status_code == 201, told.text
    return secret_of(told.json()["link"])


@pytest.mark.usefixtures("ann")
def test_accepting_invitation_sets_password_and_logs_in(world, course, instructor):
    [row] = [one for one in invitations(instructor, course) if one["name"] == "Ann Example"]
    assert row["email"] == "ann@example.edu"
    assert row["expires"] == "2026-12-02T12:00+00:00"
    browser, told = accept(world, secret_of(row["link"]))
    assert told.status_code == 200, told.text
    assert browser.get("/me").json()["email"] == "ann@example.edu"
    assert ApiBrowser(world).login("ann@example.edu").status_code == 200


@pytest.mark.usefixtures("ann")
def test_people_without_email_get_no_invite_link_and_are_counted(world, course, instructor):
    without, gone, _ = (world.enrol(course, f"Without {at}") for at in range(3))
    with world.session() as session:
        for one in (without, gone):
            session.get_one(User, one.id).email = None
    world.set_enrolment(gone, withdrawn_at=world.clock())
    instructor.post(f"/courses/{course}/test-student")
    told = instructor.post(f"/courses/{course}/invites", {"people": None})
    assert told.headers["X-Without-Email"] == "1"
    names = {row["name"] for row in csv.DictReader(io.StringIO(told.text))}
    assert names == {"Ina Structor", "Ann Example", "Without 2"}
    refused = instructor.post(f"/courses/{course}/invites", {"people": [str(without.id)]})
    assert refused.status_code == 422
    assert "no e-mail address" in refused.json()["detail"]


def test_using_one_invite_link_invalidates_all_links_of_person(world, course, instructor, ann):
    first, second = (
        secret_of(invitations(instructor, course, [str(ann.id)])[0]["link"]) for _ in range(2)
    )
    assert accept(world, first)[1].status_code == 200
    for used in (first, second):
        again = accept(world, used, OTHER_PASSWORD)[1]
        assert (again.status_code, again.json()["code"]) == (410, "gone")


@pytest.mark.parametrize("weak", ["short", "iloveyou123"])
def test_weak_password_does_not_consume_link(world, course, instructor, ann, weak):
    secret = secret_of(invitations(instructor, course, [str(ann.id)])[0]["link"])
    told = accept(world, secret, weak)[1]
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "password")
    assert accept(world, secret)[1].status_code == 200


@pytest.mark.parametrize(("kind", "days"), [("invite", 30), ("reset", 1)])
def test_invite_and_reset_links_expire(world, course, instructor, ann, kind, days):
    if kind == "invite":
        secret = secret_of(invitations(instructor, course, [str(ann.id)])[0]["link"])
    else:
        secret = reset(instructor, course, ann)
    world.clock.advance(days=days)
    assert accept(world, secret)[1].status_code == 410


@pytest.mark.parametrize(
    "secret",
    ["x", "gr_invite_AAAAAAAAAAAA_" + "B" * 43, "gr_session_AAAAAAAAAAAA_" + "B" * 43],
)
def test_unknown_invite_secrets_are_not_found_and_rate_limited(world, secret):
    told = [accept(world, secret)[1].status_code for _ in range(61)]
    assert told == [404] * 60 + [429]


def test_altered_secret_is_not_found(world, course, instructor, ann):
    secret = reset(instructor, course, ann)
    assert accept(world, secret[:-1] + ("A" if secret[-1] != "A" else "B"))[1].status_code == 404


def test_password_reset_ends_sessions_and_tokens(world, course, instructor, ann):
    browser = ApiBrowser(world)
    browser.login(set_password(world, ann))
    secret = reset(instructor, course, ann)
    assert browser.get("/me").status_code == 200
    fresh, told = accept(world, secret, OTHER_PASSWORD)
    assert told.status_code == 200
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 401
    assert fresh.get("/me").status_code == 200


def test_newer_reset_link_invalidates_older_one(world, course, instructor, ann):
    older, newer = (reset(instructor, course, ann) for _ in range(2))
    assert accept(world, older)[1].status_code == 410
    assert accept(world, newer)[1].status_code == 200


def test_invite_all_skips_people_with_password_and_staff_of_others(world, course, instructor):
    set_password(world, world.enrol(course, "Has One"))
    ta = world.enrol(course, "Ta Elsewhere")
    world.join(world.course("other"), ta, role="grader")
    world.enrol(course, "No Password")
    world.enrol(course, "Co Instructor", role="instructor")
    names = [one["name"] for one in invitations(instructor, course)]
    assert names == ["Co Instructor", "No Password", "Ina Structor"]


@pytest.mark.parametrize("who", ["password", "staff", "stranger"])
def test_ineligible_person_in_invite_list_is_reported(world, course, instructor, who):
    person = world.person("X") if who == "stranger" else world.enrol(course, "X")
    if who == "password":
        set_password(world, person)
    if who == "staff":
        world.join(world.course("other"), person, role="instructor")
    told = instructor.post(f"/courses/{course}/invites", {"people": [str(person.id)]})
    assert told.status_code == 422
    assert told.json()["errors"][0]["field"] == f"people {person.id}"


def test_names_in_invitation_file_are_not_formulas(world, course, instructor):
    evil = world.enrol(course, '=HYPERLINK("x")', email="evil@example.edu")
    [row] = invitations(instructor, course, [str(evil.id)])
    assert row["name"] == '\'=HYPERLINK("x")'


def test_reset_secret_is_not_in_audit_log(world, course, instructor, ann):
    secret = reset(instructor, course, ann)
    log = instructor.get(f"/courses/{course}/audit").text
    assert "person.reset" in log
    assert secret not in log
    assert secret.rsplit("_", 1)[1] not in log
    assert get_email(world, ann) not in log


def test_cross_site_invite_acceptance_is_rejected(world, course, instructor, ann):
    body = {"secret": reset(instructor, course, ann), "password": PASSWORD}
    told = ApiBrowser(world).call("POST", "/invites/accept", body, Sec_Fetch_Site="cross-site")
    assert told.status_code == 403
