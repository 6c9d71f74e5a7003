"""Tests of the site's accounts, and of the commands that create the first ones."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from api_browser import PASSWORD, ApiBrowser, set_password
from sqlalchemy import select

from api.db.models import Token, User


@pytest.fixture
def admin(world):
    return world.person("An Admin", admin=True)


@pytest.fixture
def ann(world):
    return world.person("Ann Example", email="ann@example.edu")


def test_suspension_ends_sessions_and_restored_user_can_log_in(world, admin, ann):
    browser = ApiBrowser(world)
    browser.login(set_password(world, ann))
    assert admin.post(f"/users/{ann.id}/suspend").json()["suspended_at"] is not None
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 401
    assert admin.post(f"/users/{ann.id}/restore").json()["suspended_at"] is None
    assert browser.get("/me").status_code == 401
    assert ann.get("/me").status_code == 401
    assert browser.login("ann@example.edu").status_code == 200


def test_administrator_can_promote_another_but_not_demote_self(world, admin, ann):
    browser = ApiBrowser(world)
    browser.login(set_password(world, ann))
    assert ann.get("/users").status_code == 403
    assert admin.put(f"/users/{ann.id}/administrator").json()["admin"] is True
    assert browser.get("/me").status_code == 401
    assert ann.get("/users").status_code == 200
    assert admin.delete(f"/users/{admin.id}/administrator").status_code == 409
    assert ann.delete(f"/users/{admin.id}/administrator").json()["admin"] is False
    assert admin.get("/users").status_code == 403


def test_created_user_sets_password_by_invitation(world, admin):
    body = {"name": "Bo Example", "email": "Bo@Example.edu", "student_number": "77"}
    created = admin.post("/users", body)
    assert created.status_code == 201
    user, link = created.json()["user"], created.json()["invitation"]["link"]
    assert (user["email"], user["has_password"], user["admin"]) == ("bo@example.edu", False, False)
    [entry] = admin.get(f"/audit?target_id={user['id']}&action=user.created").json()["items"]
    assert entry["actor_name"] == "An Admin"
    browser = ApiBrowser(world)
    accepted = {"secret": link.partition("#")[2], "password": PASSWORD}
    assert browser.post("/invites/accept", accepted).status_code == 200
    assert browser.get("/me").json()["name"] == "Bo Example"
    refused = admin.post(f"/users/{user['id']}/invite")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_newer_invitation_invalidates_earlier_one(world, admin):
    body = {"name": "Bo", "email": "bo@example.edu"}
    created = admin.post("/users", body).json()
    newer = admin.post(f"/users/{created['user']['id']}/invite")
    assert newer.status_code == 201
    first, last = (
        {"secret": link.partition("#")[2], "password": PASSWORD}
        for link in (created["invitation"]["link"], newer.json()["link"])
    )
    assert ApiBrowser(world).post("/invites/accept", first).status_code == 410
    assert ApiBrowser(world).post("/invites/accept", last).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ann@example.edu"}, "email"),
        ({"email": "at home"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"student_number": "7" * 300}, "student_number"),
        ({"admin": True}, "admin"),
        ({"send": True, "invite": False}, "invitation"),
    ],
)
@pytest.mark.usefixtures("ann")
def test_invalid_new_user_is_rejected(admin, change, field):
    refused = admin.post("/users", {"name": "Bo", "email": "bo@example.edu"} | change)
    assert refused.status_code == 422
    assert field in str(refused.json()["errors"])


def test_user_can_be_created_without_invitation(admin):
    body = {"name": "Bo", "email": "bo@example.edu", "invite": False}
    assert admin.post("/users", body).json()["invitation"] is None


def test_invitation_is_not_sent_without_email(admin):
    body = {"name": "Bo", "email": "bo@example.edu", "send": True}
    assert admin.post("/users", body).status_code == 409
    assert admin.post("/users", body | {"send": False}).status_code == 201


def test_suspended_user_cannot_be_invited(admin, ann):
    admin.post(f"/users/{ann.id}/suspend")
    assert admin.post(f"/users/{ann.id}/invite").status_code == 409


def test_user_detail_includes_courses_and_last_login(world, admin, ann):
    course = world.course()
    world.join(course, ann)
    seen = admin.get(f"/users/{ann.id}")
    assert seen.headers["ETag"] == f'"v{seen.json()["version"]}"'
    [listed] = seen.json()["courses"]
    assert (listed["course"], listed["role"]) == (str(course), "student")
    assert seen.json()["last_login_at"] is None
    world.log_in(ann)
    assert admin.get(f"/users/{ann.id}").json()["last_login_at"] is not None


def test_user_without_any_login_cannot_become_administrator(world, admin, ann):
    refused = admin.put(f"/users/{ann.id}/administrator")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "never logged in" in refused.json()["detail"]
    world.log_in(ann)
    assert admin.put(f"/users/{ann.id}/administrator").json()["admin"] is True


def test_users_are_filtered_by_text_and_state(admin, ann):
    admin.post(f"/users/{ann.id}/suspend")
    for query, names in {
        "text=ANN": ["Ann Example"],
        "state=suspended": ["Ann Example"],
        "state=active": ["An Admin"],
        "state=admin": ["An Admin"],
        "text=_": [],
    }.items():
        found = admin.get(f"/users?{query}").json()["items"]
        assert [one["name"] for one in found] == names, query


def test_user_edit_requires_current_etag(admin, ann):
    path = f"/users/{ann.id}"
    version = admin.get("/users?text=ann@").json()["items"][0]["version"]
    tag = {"If-Match": f'"v{version}"'}
    assert admin.patch(path, {"email": "a@example.edu"}, headers=tag).status_code == 200
    assert admin.patch(path, {"name": "Ann"}, headers=tag).status_code == 412
    assert admin.patch(path, {"name": "Ann"}).status_code == 428
    taken = admin.get("/me").json()["email"]
    refused = admin.patch(path, {"email": taken}, headers={"If-Match": "*"})
    assert refused.status_code == 422


def test_course_token_of_administrator_has_no_site_access(world, admin):
    held = {"Authorization": f"Bearer {world.token(admin.id, course_id=world.course())}"}
    assert admin.get("/users", headers=held).status_code == 403
    assert admin.get("/audit", headers=held).status_code == 403


def test_site_audit_log_includes_entries_without_course(admin, ann):
    admin.post(f"/users/{ann.id}/suspend")
    [entry] = admin.get(f"/audit?target_id={ann.id}").json()["items"]
    assert (entry["action"], entry["course"], entry["actor_name"]) == (
        *("user.suspended", None),
        "An Admin",
    )


LINK = re.compile(r"http://127\.0\.0\.1:8000/welcome#(gr_\w+)")


def test_user_add_command_creates_first_administrator(world, database_url, grader):
    ran = grader(
        "user", "add", "Chief@example.edu", "The Chief", "--admin", "--database", database_url
    )
    assert ran.code == 0, ran.err
    found = LINK.fullmatch(ran.out.strip())
    assert found is not None, ran.out
    assert "works once" in ran.err
    world.clock.now = _made(world, "chief@example.edu")
    browser = ApiBrowser(world)
    body = {"secret": found[1], "password": PASSWORD}
    assert browser.post("/invites/accept", body).status_code == 200
    assert browser.get("/users").json()["items"][0]["name"] == "The Chief"


def _made(world, email):
    with world.session() as session:
        return session.scalar(select(User.created_at).where(User.email == email))


def test_user_link_command_prints_reset_link(world, database_url, grader, ann):
    set_password(world, ann)
    ran = grader("user", "link", "ann@example.edu", "--database", database_url)
    assert LINK.fullmatch(ran.out.strip())[1].startswith("gr_reset_")


@pytest.fixture
def operator(world, database_url, grader):
    """Return a function that runs an account command and sets the clock to the real time."""

    def run(*arguments, of="user"):
        ran = grader(of, *arguments, "--database", database_url)
        world.clock.now = datetime.now(UTC)
        return ran

    return run


@pytest.mark.parametrize(
    ("more", "scopes"),
    [
        ((), ["read", "submit", "grade", "manage", "admin"]),
        (("--scopes", "submit, read"), ["read", "submit"]),
    ],
)
def test_token_make_command_creates_token(world, operator, more, scopes):
    operator("add", "chief@example.edu", "The Chief", "--admin")
    ran = operator("make", "chief@example.edu", "--days", "7", *more, of="token")
    assert ran.code == 0, ran.err
    assert "not shown again" in ran.err
    chief = replace(world.anonymous, token=ran.out.strip())
    assert chief.get("/me").json()["name"] == "The Chief"
    assert chief.get("/users").status_code == (200 if not more else 403)
    with world.session() as session:
        token = session.scalars(select(Token).where(Token.name == "command line")).one()
    assert token.scopes == scopes
    world.clock.advance(days=7)
    assert chief.get("/me").json()["code"] == "token_expired"


def test_user_revoke_command_ends_sessions_and_tokens(world, operator, ann):
    set_password(world, ann)
    world.clock.now = datetime.now(UTC)
    browser = ApiBrowser(world)
    browser.login("ann@example.edu")
    assert {one.get("/me").status_code for one in (ann, browser)} == {200}
    ran = operator("revoke", "ann@example.edu")
    assert ran.err.startswith("Ann Example is logged out everywhere")
    assert {one.get("/me").status_code for one in (ann, browser)} == {401}
    assert browser.login("ann@example.edu").status_code == 200


@pytest.mark.usefixtures("ann")
def test_user_list_command_shows_account_flags(operator):
    operator("add", "chief@example.edu", "The Chief", "--admin")
    assert operator("list").out.splitlines()[-2:] == [
        "chief@example.edu\tThe Chief\tadministrator, no password yet",
        "ann@example.edu\tAnn Example\tno password yet",
    ]


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "make", "nobody@example.edu"), "no account"),
        (("token", "make", "ann@example.edu", "--scopes", "root"), "the scopes are read,"),
        (("token", "make", "ann@example.edu", "--scopes", ","), "the scopes are read,"),
        (("token", "make", "ann@example.edu", "--scopes", "read,"), "the scopes are read,"),
        (("token", "make", "ann@example.edu", "--scopes", " "), "the scopes are read,"),
        (("token", "make", "ann@example.edu", "--scopes", "admin"), "exceed your role"),
        (("token", "make", "ann@example.edu", "--days", "367"), "--days"),
        (("user", "revoke", "nobody@example.edu"), "no account"),
        (("user", "link", "nobody@example.edu"), "no account"),
        (("user", "link", "nobody"), "no e-mail address"),
        (("user", "add", "ann@example.edu", "Ann"), "belongs to another account"),
        (("user", "add", "b@example.edu", "\n"), "no name"),
        (("user", "link", "ann@example.edu", "--public-url", "nowhere"), "--public-url"),
    ],
)
def test_invalid_user_command_prints_one_line_error(database_url, grader, arguments, said):
    ran = grader(*arguments, "--database", database_url)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_user_command_reports_unmigrated_database(tmp_path, grader):
    ran = grader("user", "link", "a@example.edu", "--database", f"sqlite:///{tmp_path / 'x.db'}")
    assert ran.code == 2
    assert "grader db upgrade" in ran.err
    assert "Traceback" not in ran.err
