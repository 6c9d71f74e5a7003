"""Tests of the administrators' pages: accounts, and the logs of a course and the site."""

from uuid import UUID

import pytest
from pages import Browser
from sqlalchemy import select
from world import TEXT_PROBLEM, published

from api.db.models import AuditEntry, User
from api.services.audit.actions import ACTIONS
from api.services.problems.versions import store_version
from api.services.sandbox import worker_sandbox
from api.services.sandbox.worker_sandbox import LAYER_NAMES, MISSING_LAYERS, SandboxLayers


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin")


@pytest.fixture
def root(world):
    return world.person("Root Example", admin=True)


@pytest.fixture
def ann(world):
    return world.person("Ann Example", email="ann@example.edu")


@pytest.fixture
def browser(world, root):
    return Browser(world, root)


def opened(browser, person):
    page = browser.get(f"/users/{person.id}")
    assert page.status == 200, page.text
    return page


def ending(page, end):
    return next(one for one in page.one("main").all("form") if one.get("action").endswith(end))


def acts(page) -> list[str]:
    forms = page.one("main").all("form", method="post")
    return [one["action"].rpartition("/")[2] for one in forms]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Ann Example", "Bo Example", "Root Example"]),
        ({"text": "ann@"}, ["Ann Example"]),
        ({"state": "admin"}, ["Root Example"]),
        ({"state": "suspended"}, []),
        ({"text": "", "state": "active"}, ["Ann Example", "Bo Example", "Root Example"]),
    ],
)
@pytest.mark.usefixtures("ann")
def test_users_page_filters_by_name_and_state(world, browser, query, expected):
    world.person("Bo Example")
    page = browser.get("/users", params=query)
    accounts = page.all("div", role="group")
    found = [row[0] for row in accounts[0].one("table").rows()[1:]] if accounts else []
    assert (page.status, found) == (200, expected)


def test_account_is_suspended_after_confirmation_and_restored(browser, ann):
    asked = browser.send(ending(opened(browser, ann), "/suspend"))
    assert "Suspend Ann Example?" in asked.one(role="alert").text
    assert ann.get("/me").status_code == 200
    sure = asked.one(role="alert").one("form")
    page = browser.follow(browser.send(sure, "confirm=yes"))
    assert page.one(has="flag-bad").text == "suspended"
    assert ann.get("/me").status_code == 401
    page = browser.follow(browser.send(ending(page, "/restore")))
    assert page.all(has="flag-bad") == []


def test_administrator_is_appointed_after_confirmation_and_removed(world, browser, ann):
    world.log_in(ann)
    link = opened(browser, ann).one("a", text="Make an administrator")
    page = browser.send(ending(browser.get(link["href"]), "/administrator"), confirm="Ann")
    assert (page.status, page.one("input", id="confirm")["value"]) == (422, "Ann")
    assert ann.get("/users").status_code == 403
    page = browser.follow(browser.send(ending(page, "/administrator"), confirm="Ann Example"))
    assert "administrator" in page.one("main").one(has="flag").text
    page = browser.follow(browser.send(ending(page, "/withdraw")))
    assert page.one("main").all(has="flag") == []


def test_user_page_does_not_promote_users_who_never_logged_in(browser, ann):
    page = opened(browser, ann)
    assert page.all("a", text="Make an administrator") == []
    assert "has never logged in, so you cannot" in page.text
    page = browser.post(f"/users/{ann.id}/administrator", {"confirm": "Ann Example"})
    assert page.status == 409
    assert "has never logged in" in page.one(role="alert").text


def test_new_user_page_creates_user_and_shows_invite_link(world, browser):
    form = ending(
        browser.get(browser.get("/users").one("a", text="New user")["href"]), "/users/new"
    )
    page = browser.send(form, name="Bo Example", email="Bo@example.edu", student_number="77")
    assert (page.status, page.heading) == (200, "Bo Example")
    assert "/welcome#gr_invite_" in page.one("input", id="link")["value"]
    with world.session() as session:
        user = session.scalar(select(User).where(User.email == "bo@example.edu"))
        assert (user.student_number, user.has_password, user.is_admin) == ("77", False, False)
    again = browser.send(ending(browser.get(f"/users/{user.id}"), "/invite"))
    assert again.one("input", id="link")["value"] != page.one("input", id="link")["value"]


def test_new_user_page_creates_user_without_invitation(browser):
    fields = {"name": "Bo Example", "email": "bo@example.edu"}
    page = browser.follow(browser.post("/users/new", fields))
    assert (page.heading, page.all("input", id="link")) == ("Bo Example", [])


@pytest.mark.usefixtures("ann")
def test_rejected_new_user_keeps_typed_input(browser):
    fields = {"name": "Bo Example", "email": "ann@example.edu"}
    page = browser.post("/users/new", fields)
    assert page.status == 422
    assert "E-mail belongs to another account" in page.one(role="alert").text
    assert page.one("input", id="email")["value"] == "ann@example.edu"
    assert "checked" not in page.one("input", name="invite").attributes


def test_user_page_lists_courses(world, browser, course, ann):
    world.join(course, ann, section=world.section(course, "Monday"))
    item = opened(browser, ann).one("main").one("li")
    assert item.text == "Deep Learning student, Monday"
    assert browser.get(item.one("a")["href"]).status == 200


def test_administrator_cannot_suspend_own_account(browser, root):
    assert acts(opened(browser, root)) == [str(root.id), "invite", "reset"]
    page = browser.post(f"/users/{root.id}/suspend", {"confirm": "yes"})
    assert page.status == 409
    assert page.one(role="alert").text


def test_stale_account_edit_shows_both_values_and_can_be_resent(world, browser, ann):
    held = ending(opened(browser, ann), str(ann.id))
    assert browser.send(held, name="Ann B. Example").status == 303
    page = browser.send(held, name="Ann C. Example")
    assert page.status == 412
    assert page.one("input", name="name")["value"] == "Ann C. Example"
    assert "Now: Ann B. Example" in page.text
    assert browser.send(ending(page, str(ann.id))).status == 303
    with world.session() as session:
        assert session.get_one(User, ann.id).name == "Ann C. Example"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "root"}, "E-mail must"),
        ({"name": ""}, "Name must"),
        ({"email": ""}, "E-mail must"),
    ],
)
def test_invalid_account_edit_keeps_typed_input(browser, ann, typed, said):
    page = browser.send(ending(opened(browser, ann), str(ann.id)), **typed)
    assert page.status == 422
    assert said in page.one(role="alert").text
    [(name, value)] = typed.items()
    assert page.one("input", name=name)["value"] == value


def test_user_page_shows_reset_link_once(browser, ann):
    page = browser.send(ending(opened(browser, ann), "/reset"))
    assert "/welcome#gr_reset_" in page.one("input", id="link")["value"]
    assert opened(browser, ann).all("input", id="link") == []


@pytest.mark.parametrize("typed", ["", "ann example", "Root Example"])
def test_erasure_requires_exact_name(world, browser, ann, typed):
    page = browser.get(f"/users/{ann.id}/erase")
    page = browser.send(ending(page, "/erase"), confirm=typed)
    assert page.status == 422
    assert page.one(role="alert").text.startswith("Nothing was erased.")
    with world.session() as session:
        assert session.get_one(User, ann.id).name == "Ann Example"


def test_erased_user_is_gone_and_new_id_is_shown_once(browser, ann):
    link = opened(browser, ann).one("a", text="Erase this person")
    page = browser.send(ending(browser.get(link["href"]), "/erase"), confirm="Ann Example")
    assert (page.status, page.heading) == (200, "Erased")
    assert page.one("main").one("code").text != str(ann.id)
    assert "Ann Example" not in browser.get("/users").text
    assert browser.get(f"/users/{ann.id}").status == 404


def test_course_log_shows_action_actor_and_local_time(world, course):
    prof = world.enrol(course, "Grace Prof", role="instructor")
    browser = Browser(world, prof)
    browser.post(f"/courses/{course}/sections", {"section_name": "Tuesday"})
    [head, row] = browser.get(f"/courses/{course}/audit").one("table").rows()
    assert head == ["Action", "Who", "When", "Before and after"]
    assert row[0] == "a section was created section: Tuesday"
    assert row[1] == "Grace Prof"
    assert row[2].startswith("Mon 2 Nov 2026, 13:00")
    assert row[3] == "name: Tuesday"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"action": "", "since": "", "until": "", "actor": ""}, 2),
        ({"action": "section.created"}, 1),
        ({"since": "2026-11-02"}, 2),
        ({"since": "2026-11-03"}, 0),
        ({"until": "2026-11-02"}, 0),
        ({"until": "2026-11-03"}, 2),
        ({"target": "section"}, 2),
        ({"actor": "00000000-0000-0000-0000-000000000000"}, 0),
    ],
)
def test_course_log_filters_by_date_and_action(world, course, query, count):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    section = world.section(course, "Monday")
    browser.post(f"/courses/{course}/sections", {"section_name": "Tuesday"})
    browser.post(f"/courses/{course}/sections/{section}", {"section_name": "Wednesday"})
    page = browser.get(f"/courses/{course}/audit", params=query)
    assert page.status == 200, page.text
    assert len(page.one("table").rows()[1:] if page.all("table") else []) == count


def test_log_action_filter_shows_readable_labels(world, course):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    page = browser.get(f"/courses/{course}/audit", params={"action": "section.created"})
    options = page.one("select", name="action").all("option")
    assert {one["value"]: one.text for one in options} == {"": "anything", **ACTIONS}
    assert [one.text for one in options if "selected" in one.attributes] == [
        "a section was created"
    ]


@pytest.mark.parametrize("day", ["2026-13-01", "today", "9999-12-31x", "0001-01-01"])
def test_invalid_log_date_is_rejected(world, course, day):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    page = browser.get(f"/courses/{course}/audit", params={"since": day})
    assert page.status in {200, 422}
    assert page.status == 422 or day == "0001-01-01"


def test_log_entries_link_to_same_actor_and_target(world, course):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    for name in ("A", "B"):
        browser.post(f"/courses/{course}/sections", {"section_name": name})
    first = browser.get(f"/courses/{course}/audit").one("tbody").all("tr")[0]
    thing, who = first.all("a")
    for link, count in ((who, 2), (thing, 1)):
        page = browser.get(f"/courses/{course}/audit{link['href']}")
        assert len(page.one("tbody").all("tr")) == count


def test_log_shows_readable_values_but_keeps_part_names(world, course):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    change = {"before": {"status": "needs_review", "part": "top_left"}, "after": {}}
    with world.session() as session:
        row = {"action": "answer.marked", "target": "", "target_id": "", "reason": ""}
        session.add(AuditEntry(course_id=course, at=world.clock(), **row, **change))
    told = browser.get(f"/courses/{course}/audit").one("tbody").text
    assert "status: waiting for a TA" in told
    assert "part: top_left" in told


def test_log_distinguishes_bank_and_course_versions(world, course):
    prof, bank = world.enrol(course, "Grace Prof", role="instructor"), world.version(TEXT_PROBLEM)
    with world.session() as session:
        made = published(TEXT_PROBLEM)
        own = store_version(session, made, TEXT_PROBLEM, now=world.clock(), space=str(course))
        kept = {"before": {"version": str(bank.id)}, "after": {"version": str(own.id)}}
        row = {"action": "problem.changed", "target": "", "target_id": "", "reason": ""}
        session.add(AuditEntry(course_id=course, at=world.clock(), **row, **kept))
    told = Browser(world, prof).get(f"/courses/{course}/audit").one("table").rows()[1][3]
    assert told == "version: 1 of the bank 1 of the course"


def test_log_shows_version_numbers_and_names_instead_of_ids(world, course):
    prof, ann = world.enrol(course, "Grace Prof", role="instructor"), world.enrol(course, "Ann")
    version, other = world.version(TEXT_PROBLEM).id, UUID(int=7)
    after = {
        "id": str(other),
        "created_by": str(prof.id),
        "people": [str(ann.id), str(other)],
        "version": str(version),
        "grants": {"days": 3, "unlimited_attempts": False, "no_cool_down": True, "reason": ""},
    }
    with world.session() as session:
        row = {"action": "extension.granted", "target": "", "target_id": "", "reason": ""}
        session.add(AuditEntry(course_id=course, at=world.clock(), **row, before={}, after=after))
    told = Browser(world, prof).get(f"/courses/{course}/audit").one("table").rows()[1][3]
    assert told == "grants: days 3, no cool down ; people: Ann, …00000007 ; version: 1 of the bank"


def test_log_is_paginated(world, course):
    browser = Browser(world, world.enrol(course, "Grace Prof", role="instructor"))
    with world.session() as session:
        for at in range(41):
            row = {"action": "demo.created", "target": "", "target_id": "", "reason": str(at)}
            session.add(AuditEntry(course_id=course, at=world.clock(), **row))
    page = browser.get(f"/courses/{course}/audit")
    rest = browser.get(f"/courses/{course}/audit{page.one('a', rel='next')['href']}")
    assert len(page.one("tbody").all("tr") + rest.one("tbody").all("tr")) == 41


def test_site_log_uses_utc_and_covers_all_courses(world, browser, course, ann):
    browser.post(f"/users/{ann.id}/suspend", {"confirm": "yes"})
    Browser(world, world.enrol(course, "Grace", role="instructor")).post(
        f"/courses/{course}/sections", {"section_name": "Tuesday"}
    )
    page = browser.get("/audit")
    assert page.heading == "Audit log"
    said = " ".join(row[0] for row in page.one("table").rows()[1:])
    assert "somebody was suspended" in said
    assert "a section was created" in said
    assert "UTC" in page.one("tbody").text


def test_logged_values_are_escaped_and_truncated(world, browser):
    with world.session() as session:
        change = {
            "before": {"note": "<b>x</b>", "on": False},
            "after": {"on": True, "kept": "y" * 999},
        }
        row = {"action": "user.changed", "target": "user", "target_id": "1", "at": world.clock()}
        session.add(AuditEntry(**row, **change))
    [_, row] = browser.get("/audit").one("table").rows()
    assert "note: <b>x</b>" in row[3]
    assert "on: no yes" in row[3]
    assert row[3].count("y") < 400
    with world.session() as session:
        assert session.scalars(select(AuditEntry)).one()


@pytest.mark.parametrize("has_landlock", [True, False])
def test_users_page_shows_the_layers_of_the_sandbox(browser, monkeypatch, has_landlock):
    layers = SandboxLayers(refuses_calls=True, hides_files=has_landlock)
    monkeypatch.setattr(worker_sandbox, "detect_layers", lambda: layers)
    *_, table = browser.get("/users").one("main").all("table")
    rows = [row.text for row in table.all("tr")[1:]]
    assert [name in row for name, row in zip(LAYER_NAMES, rows, strict=True)] == [True, True]
    assert [missing in row for missing, row in zip(MISSING_LAYERS, rows, strict=True)] == [
        False,
        not has_landlock,
    ]
