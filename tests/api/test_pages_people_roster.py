"""Tests of the pages that import a roster and create invitations."""

import csv
import io
import os

import pytest
from pages import Browser
from sqlalchemy import select

from api.db.models import Enrolment, User

LIST = "name,email,section\nAnn Example,ann@example.edu,Tuesday\nBo Example,bo@example.edu,\n"
HASH = "of no password"


@pytest.fixture
def browser(world, course):
    return Browser(world, world.enrol(course, "Grace Prof", role="instructor"))


def send(browser, course, text, **fields):
    files = {"file": ("list.csv", text if isinstance(text, bytes) else text.encode())}
    return browser.post(f"/courses/{course}/roster", fields, files=files)


def students(world) -> list[str]:
    here = select(User.name).join(Enrolment, Enrolment.user_id == User.id)
    active = here.where(Enrolment.role == "student", Enrolment.withdrawn_at.is_(None))
    with world.session() as session:
        return sorted(session.scalars(active))


def take_over(browser, page, **fields):
    return browser.send(page.one("form", enctype="multipart/form-data"), "apply=yes", **fields)


def test_roster_is_previewed_before_import(world, browser, course):
    page = send(browser, course, LIST)
    assert (page.status, students(world)) == (200, [])
    assert "Nothing is imported yet" in page.one(role="status").text
    assert "New sections: Tuesday." in page.text
    assert [row[1] for row in page.one("table").rows()[1:]] == ["Ann Example", "Bo Example"]
    done = take_over(browser, page)
    assert "Imported" in done.one(role="status").text
    assert students(world) == ["Ann Example", "Bo Example"]
    assert done.all("button", name="apply") == []


def test_roster_import_suggests_invitations_only_for_new_people(browser, course):
    done = take_over(browser, send(browser, course, LIST))
    assert done.one("a", text="download the invitations")["href"] == (
        f"/courses/{course}/people#invites"
    )
    again = take_over(browser, send(browser, course, LIST.replace("Ann", "Anna")))
    assert "No e-mails were sent" not in again.text


def test_roster_preview_shows_changed_fields(world, browser, course):
    take_over(browser, send(browser, course, LIST))
    page = send(browser, course, LIST.replace("bo@example.edu,", "bo@example.edu,Wednesday"))
    [_, row] = page.one("table").rows()
    assert row[1:] == ["Bo Example", "section: Wednesday"]
    assert "0 new people, 1 changed, 1 unchanged" in page.text
    assert students(world) == ["Ann Example", "Bo Example"]


def test_roster_withdraws_missing_students_only_if_ticked(world, browser, course):
    take_over(browser, send(browser, course, LIST))
    shorter = send(browser, course, LIST.partition("Bo")[0])
    assert "1 student of the course not in the file" in shorter.text
    take_over(browser, shorter)
    assert students(world) == ["Ann Example", "Bo Example"]
    done = take_over(browser, shorter, withdraw="yes")
    assert "and withdrawn" in done.one(role="status").text
    assert students(world) == ["Ann Example"]


def test_roster_skips_invalid_rows_only_if_ticked(world, browser, course):
    page = send(browser, course, LIST + "Cy Example,nonsense,\n")
    assert "Line 4:" in page.text
    refused = take_over(browser, page)
    assert (refused.status, students(world)) == (422, [])
    assert "Line 4:" in refused.text
    take_over(browser, page, partial="yes")
    assert students(world) == ["Ann Example", "Bo Example"]


@pytest.mark.parametrize("body", [b"", b"\0\xff", b"nothing here\n", LIST.encode("utf-16")])
def test_roster_preview_never_fails_on_arbitrary_files(world, browser, course, body):
    page = send(browser, course, body)
    assert page.status in {200, 422}
    assert page.all(role="alert") or "This would change" in page.text
    assert students(world) == []


def test_roster_file_error_is_reported_once(browser, course):
    page = send(browser, course, b"\xff\xfe\xfd")
    assert page.status == 422
    assert page.text.casefold().count("is not utf-8") == 1


def test_each_invalid_roster_row_is_reported_once(browser, course):
    wrong = "Cy Example,nonsense,\nDi Example,rubbish,\n"
    refused = take_over(browser, send(browser, course, LIST + wrong))
    assert refused.status == 422
    assert [refused.text.count(f"Line {at}:") for at in (4, 5)] == [1, 1]


def test_utf_16_roster_is_imported_as_previewed(world, browser, course):
    page = send(browser, course, LIST.replace("Ann", "Zoë").encode("utf-16"))
    take_over(browser, page)
    assert "Zoë Example" in students(world)


def test_oversized_roster_must_be_chosen_again(browser, course):
    rows = "".join(f"Cy {at},cy{at}@example.edu,,{os.urandom(50_000).hex()}\n" for at in range(16))
    page = send(browser, course, f"name,email,section,note\n{rows}")
    assert page.status == 200, page.text[:500]
    assert page.all("input", name="carried") == []
    assert page.one("input", type="file").get("required") == ""


def test_roster_page_shows_expected_columns(browser, course):
    page = browser.get(f"/courses/{course}/roster")
    assert "name, email, section" in page.one("form", enctype="multipart/form-data").text


def test_invitation_file_lists_only_people_without_password(world, browser, course):
    world.enrol(course, "=Ann", email="ann@example.edu")
    with world.session() as session:
        session.scalars(select(User).where(User.name == "Grace Prof")).one().password_hash = HASH
    page = browser.get(f"/courses/{course}/people")
    answer = browser.send(page.one("form", action=f"/courses/{course}/invites"))
    assert answer.headers["cache-control"] == "private, no-store"
    [row] = csv.DictReader(io.StringIO(answer.source))
    assert (row["name"], row["email"]) == ("'=Ann", "ann@example.edu")
    assert "/welcome#gr_invite_" in row["link"]


def test_single_invitation_requires_person_without_password(world, browser, course):
    ann = world.enrol(course, "Ann", email="ann@example.edu")
    world.enrol(course, "Bo", email="bo@example.edu")
    page = browser.get(f"/courses/{course}/people/{ann.id}")
    form = page.one("form", action=f"/courses/{course}/invites")
    answer = browser.send(form, f"person={ann.id}")
    assert [row["name"] for row in csv.DictReader(io.StringIO(answer.source))] == ["Ann"]
    with world.session() as session:
        session.get_one(User, ann.id).password_hash = HASH
    refused = browser.send(form, f"person={ann.id}")
    assert refused.status == 422
    assert "cannot be invited" in refused.one(id="invites").one(role="alert").text
