"""Tests of new staff's credentials: another course's link gives no access to the role."""

import csv
import io
from dataclasses import dataclass
from uuid import UUID

import pytest
from api_browser import OTHER_PASSWORD, PASSWORD, ApiBrowser
from pages import Browser as Pages
from sqlalchemy import select
from world import Person, World

from api.db.models import Enrolment, User

EMAIL = "future@example.edu"
MINE = {"If-Match": "*"}
NEWEST = "five words that nobody had before"


@dataclass(frozen=True)
class Scene:
    """Two courses: Mallory adds a future colleague to *theirs*, *course* grants the role."""

    world: World
    theirs: UUID
    mallory: Person
    course: UUID
    instructor: Person
    admin: Person

    @property
    def here(self):
        return f"/courses/{self.course}"

    @property
    def there(self):
        return f"/courses/{self.theirs}"

    def grant(self):
        """Make the future colleague a grader of the course."""
        answer = add(self.instructor, self.course, "grader")
        assert answer.status_code == 201, answer.text


@pytest.fixture
def scene(world):
    theirs = world.course("theirs")
    mallory = world.enrol(theirs, "Mallory Prof", role="instructor")
    world.clock.advance(hours=1)
    course = world.course("ours")
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    return Scene(world, theirs, mallory, course, instructor, world.person("Ad Min", admin=True))


def add(who, course, role="student", email=EMAIL, name="Future Colleague"):
    return who.post(f"/courses/{course}/people", {"name": name, "email": email, "role": role})


def invitation(who, course, user):
    """Invite *user* as *who*, and return the secret of the invitation."""
    answer = who.post(f"/courses/{course}/invites", {"people": [user]})
    assert answer.status_code == 200, answer.text
    [row] = csv.DictReader(io.StringIO(answer.text))
    return row["link"].partition("#")[2]


def accept(world, secret, password=PASSWORD, **more):
    browser = ApiBrowser(world)
    return browser, browser.post(
        "/invites/accept", {"secret": secret, "password": password, **more}
    )


class Attack:
    """A future colleague in Mallory's course, with credentials that Mallory knows."""

    def __init__(self, scene, *, role="student"):
        self.world = scene.world
        self.user = add(scene.mallory, scene.theirs, role=role).json()["user"]
        secret, self.spare = (invitation(scene.mallory, scene.theirs, self.user) for _ in range(2))
        self.browser, accepted = accept(scene.world, secret)
        assert accepted.status_code == 200
        body = {"name": "laptop", "scopes": ["read"]}
        self.token = self.browser.post("/me/tokens", body).json()["token"]
        self.calendar = self.browser.post("/me/calendar").json()["url"]

    def ways_in(self):
        """Return which of the credentials still work."""
        held = {"Authorization": f"Bearer {self.token}"}
        client = self.world.anonymous.client
        tries = {
            "session": self.browser.get("/me"),
            "token": client.get("/api/v1/me", headers=held),
            "password": ApiBrowser(self.world, "203.0.113.1").login(EMAIL),
            "calendar": client.get(self.calendar.partition("8000")[2] or self.calendar),
        }
        return {name for name, answer in tries.items() if answer.status_code == 200}


ALL = {"session", "token", "password", "calendar"}


@pytest.fixture
def attack(scene):
    return Attack(scene)


def promote(who, course, user, role):
    return who.patch(f"/courses/{course}/people/{user}", {"role": role}, headers=MINE)


def grant_by_rest(scene, _user):
    scene.grant()


def grant_by_page(scene, _user):
    browser = Pages(scene.world, scene.instructor)
    fields = {"act": "add", "name": "Future", "email": EMAIL, "role": "instructor"}
    assert browser.post(f"{scene.here}/people", fields).status == 303


def grant_by_role_change(scene, user):
    assert add(scene.instructor, scene.course).status_code == 201
    assert promote(scene.instructor, scene.course, user, "grader").status_code == 200


def grant_by_role_change_on_the_page(scene, user):
    assert add(scene.instructor, scene.course).status_code == 201
    page = Pages(scene.world, scene.instructor).get(f"{scene.here}/people/{user}")
    form = page.one("form", aria_labelledby="change")
    done = Pages(scene.world, scene.instructor).send(form, role="grader")
    assert done.status == 303


def grant_by_return(scene, user):
    add(scene.instructor, scene.course)
    with scene.world.session() as session:
        held = select(Enrolment).where(Enrolment.course_id == scene.course)
        for enrolment in session.scalars(held):
            if str(enrolment.user_id) == user:
                enrolment.withdrawn_at = scene.world.clock()
    assert add(scene.instructor, scene.course, "instructor").status_code == 201


def grant_by_new_course(scene, _user):
    body = {"slug": "new", "title": "New", "zone": "UTC", "instructor": EMAIL}
    assert scene.admin.post("/courses", body).status_code == 201


def grant_by_administrator(scene, user):
    assert scene.admin.put(f"/users/{user}/administrator").status_code == 200


GRANTS = {
    one.__name__.removeprefix("grant_"): one
    for one in (
        grant_by_rest,
        grant_by_page,
        grant_by_role_change,
        grant_by_role_change_on_the_page,
        grant_by_return,
        grant_by_new_course,
        grant_by_administrator,
    )
}


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_staff_role_revokes_access_set_up_by_link_of_another_course(scene, attack, grant):
    assert attack.ways_in() == ALL
    grant(scene, attack.user)
    assert attack.ways_in() == set()
    assert accept(scene.world, attack.spare, OTHER_PASSWORD)[1].status_code == 410
    log = scene.admin.get(f"/audit?target_id={attack.user}&limit=100").json()["items"]
    assert "user.password_locked" in [entry["action"] for entry in log]


def test_new_password_requires_link_and_locked_password(scene, attack):
    scene.grant()
    secret = invitation(scene.instructor, scene.course, attack.user)
    for current in ({}, {"current": "not the old password"}):
        _, refused = accept(scene.world, secret, NEWEST, **current)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "current"
        assert "administrator" in refused.json()["detail"]
    browser, done = accept(scene.world, secret, NEWEST, current=PASSWORD)
    assert done.status_code == 200, done.text
    assert browser.get(f"{scene.here}/people").status_code == 200
    assert attack.ways_in() == set()
    assert ApiBrowser(scene.world).login(EMAIL, NEWEST).status_code == 200


@pytest.mark.usefixtures("attack")
def test_locked_password_message_is_shown_only_for_correct_password(scene):
    scene.grant()
    told = ApiBrowser(scene.world).login(EMAIL)
    assert told.status_code == 403
    assert "link from the person who gave you the role" in told.json()["detail"]
    assert ApiBrowser(scene.world).login(EMAIL, "not the old password").status_code == 401


def test_admin_reset_link_works_without_locked_password(scene, attack):
    scene.grant()
    link = scene.admin.post(f"/users/{attack.user}/reset").json()["link"]
    browser, done = accept(scene.world, link.partition("#")[2], NEWEST)
    assert done.status_code == 200, done.text
    assert browser.get(f"{scene.here}/people").status_code == 200
    assert attack.ways_in() == set()


def test_granting_role_gives_no_access_to_account_of_another_course(scene):
    """Here Mallory makes another course's student staff, to take over the account."""
    user = add(scene.instructor, scene.course, name="Stu Dent").json()["user"]
    accept(scene.world, invitation(scene.instructor, scene.course, user))
    assert add(scene.mallory, scene.theirs, "instructor").status_code == 201
    assert scene.mallory.post(f"{scene.there}/people/{user}/reset").status_code == 403
    secret = invitation(scene.mallory, scene.theirs, user)
    assert (
        accept(scene.world, secret, OTHER_PASSWORD, current="a guess of Mallory")[1].status_code
        == 422
    )
    tries = [
        accept(scene.world, secret, OTHER_PASSWORD, current=f"guess number {at}") for at in range(6)
    ]
    assert tries[-1][1].status_code == 429


def test_course_that_set_locked_password_cannot_create_new_links(scene, attack):
    scene.grant()
    people = {"people": [attack.user]}
    assert scene.mallory.post(f"{scene.there}/invites", people).status_code == 422
    assert scene.mallory.post(f"{scene.there}/people/{attack.user}/reset").status_code == 403


def test_links_are_refused_through_second_course_of_same_staff(scene, attack):
    scene.grant()
    second = scene.world.course("second")
    scene.world.join(second, scene.mallory, role="instructor")
    assert add(scene.mallory, second, "grader").status_code == 201
    people = {"people": [attack.user]}
    for who, where in ((scene.mallory, second), (scene.instructor, scene.course)):
        assert who.post(f"/courses/{where}/invites", people).status_code == 422


def test_link_created_before_role_in_another_course_is_invalidated(scene, attack):
    second = scene.world.course("second")
    scene.world.join(second, scene.mallory, role="instructor")
    add(scene.mallory, second, "grader")
    secret = invitation(scene.mallory, second, attack.user)
    scene.grant()
    assert accept(scene.world, secret, OTHER_PASSWORD, current=PASSWORD)[1].status_code == 410


@pytest.mark.parametrize("role", ["grader", "instructor"])
def test_password_lock_also_applies_to_staff_of_other_course(scene, role):
    attack = Attack(scene, role=role)
    scene.grant()
    assert attack.ways_in() == set()
    secret = invitation(scene.instructor, scene.course, attack.user)
    assert accept(scene.world, secret, NEWEST, current=PASSWORD)[1].status_code == 200


def test_old_course_can_reset_password_after_person_leaves_new_course(scene, attack):
    scene.grant()
    assert scene.instructor.delete(f"{scene.here}/people/{attack.user}").status_code == 204
    link = scene.mallory.post(f"{scene.there}/people/{attack.user}/reset").json()["link"]
    assert accept(scene.world, link.partition("#")[2], OTHER_PASSWORD)[1].status_code == 200
    scene.grant()
    assert ApiBrowser(scene.world, "203.0.113.1").login(EMAIL, OTHER_PASSWORD).status_code == 403


def test_password_set_by_link_of_same_course_is_kept(scene, attack):
    promote(scene.mallory, scene.theirs, attack.user, "grader")
    assert attack.ways_in() == {"token", "password", "calendar"}


def test_password_set_by_admin_link_is_kept(scene):
    user = add(scene.admin, scene.theirs).json()["user"]
    browser, _ = accept(scene.world, invitation(scene.admin, scene.theirs, user))
    add(scene.instructor, scene.course, "instructor")
    assert browser.get("/me").status_code == 401
    assert ApiBrowser(scene.world).login(EMAIL).status_code == 200


def test_admin_reset_does_not_make_later_course_links_trusted(scene):
    """A used link of an administrator does not make a course's later links trusted."""
    attack = Attack(scene)
    link = scene.admin.post(f"/users/{attack.user}/reset").json()["link"]
    accept(scene.world, link.partition("#")[2], OTHER_PASSWORD)
    link = scene.mallory.post(f"{scene.there}/people/{attack.user}/reset").json()["link"]
    assert accept(scene.world, link.partition("#")[2])[1].status_code == 200
    scene.grant()
    assert ApiBrowser(scene.world).login(EMAIL).status_code == 403


def test_granting_role_invalidates_unused_links_of_other_course(scene):
    user = add(scene.mallory, scene.theirs).json()["user"]
    secret = invitation(scene.mallory, scene.theirs, user)
    scene.grant()
    assert accept(scene.world, secret)[1].status_code == 410


def test_roster_import_grants_no_staff_role_and_locks_nothing(scene, attack):
    text = f"name,email\nFuture Colleague,{EMAIL}\n"
    headers = {"Content-Type": "text/csv"}
    done = scene.instructor.post(f"{scene.here}/roster", content=text, headers=headers)
    assert done.status_code == 200
    assert attack.ways_in() == ALL
    assert promote(scene.instructor, scene.course, attack.user, "grader").status_code == 200
    done = scene.instructor.delete(f"{scene.here}/people/{attack.user}")
    again = scene.instructor.post(f"{scene.here}/roster", content=text, headers=headers)
    assert again.json()["skipped"][0]["message"] == (
        "Future Colleague is grader of this course and keeps this role"
    )
    [row] = scene.instructor.get(f"{scene.here}/people?state=withdrawn").json()["items"]
    assert row["user"] == attack.user


@pytest.mark.parametrize("field", ["people", "staff", "instructors", "enrolments"])
def test_course_files_cannot_list_people(scene, field):
    text = f"slug: ours\ntitle: Ours\nzone: UTC\n{field}: [{EMAIL}]\n"
    answer = scene.instructor.post(f"{scene.here}/apply", {"files": {"course.yaml": text}})
    assert answer.status_code == 422
    assert field in answer.text


def test_course_role_for_admin_ends_no_sessions(scene):
    browser = ApiBrowser(scene.world)
    with scene.world.session() as session:
        user = session.get_one(User, scene.admin.id)
        user.password_hash = scene.world.service.passwords.hash(PASSWORD)
        email = user.email
    browser.login(email)
    assert add(scene.admin, scene.course, "instructor", email=email).status_code == 201
    assert browser.get("/me").status_code == 200


def test_pages_ask_for_locked_password_and_explain_why(scene, attack):
    scene.grant()
    person = Pages(scene.world, scene.instructor).get(f"{scene.here}/people/{attack.user}")
    assert "has been locked since Future Colleague became staff" in person.text
    assert person.all("form", action=f"{scene.here}/invites")
    secret = invitation(scene.instructor, scene.course, attack.user)
    browser = Pages(scene.world)
    welcome = browser.get("/welcome")
    assert welcome.all("input", name="current") == []
    typed = {"secret": secret, "password": NEWEST, "again": NEWEST}
    asked = browser.send(welcome.one("form"), **typed)
    assert asked.status == 422
    assert "an administrator can create a link" in asked.text
    done = browser.send(asked.one("form"), **typed, current=PASSWORD)
    assert (done.status, done.location) == (303, "/")


@pytest.mark.usefixtures("attack")
def test_password_lock_is_logged_in_every_course_of_person(scene):
    scene.grant()
    for who, where in ((scene.mallory, scene.theirs), (scene.instructor, scene.course)):
        told = who.get(f"/courses/{where}/audit?action=user.password_locked").json()["items"]
        assert [(one["actor_name"], one["target_name"]) for one in told] == [
            ("Ina Structor", "Future Colleague")
        ]
