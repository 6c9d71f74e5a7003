"""Tests of the files page: checks before a download, and the score sheet round trip."""

import json

import pytest
from grade_setup import SHORT, retitle_assignment
from pages import Browser
from score_sheets import rows_of, save_rows
from sqlalchemy import select, update

from api.db.models import Assignment, AuditEntry, Enrolment, Override, User


@pytest.fixture
def course(world):
    return world.course("dl")


@pytest.fixture
def browser(world, course):
    return Browser(world, world.enrol(course, "Grace Prof", role="instructor"))


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example")


@pytest.fixture
def assigned(world, course, ann):
    [assigned] = world.assignment(course, SHORT)
    retitle_assignment(world, assigned, "Homework A")
    ann.submit(assigned, {"first": "9", "second": "1"})
    return assigned


def sheet_of(browser, assigned, **query):
    answer = browser.get(f"/assignments/{assigned.assignment}/score-sheet", params=query)
    assert answer.status == 200, answer.text
    return answer.source


def send(browser, assigned, sheet, **fields):
    files = {"file": ("scores.csv", sheet.encode())}
    return browser.post(f"/assignments/{assigned.assignment}/score-sheet", fields, files=files)


def changed(sheet, **cells):
    table = rows_of(sheet)
    next(row for row in table if row["part"] == "second").update(cells)
    return save_rows(table)


def held(world) -> list[int]:
    with world.session() as session:
        return [int(one) for one in session.scalars(select(Override.points))]


@pytest.mark.parametrize("form", ["csv", "cells", "jsonl", "canvas", "moodle", "gradescope"])
@pytest.mark.usefixtures("assigned")
def test_every_export_has_a_check_and_an_uncached_download(browser, course, form):
    page = browser.get(f"/courses/{course}/exports", params={"form": form})
    assert (page.status, page.one("h1").text) == (200, "Files and score sheets")
    assert "1 student, 1 assignment" in page.one(id="check").text
    answer = browser.get(f"/courses/{course}/exports/{form}")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert f"-{form}." in answer.headers["content-disposition"]


@pytest.mark.usefixtures("assigned")
def test_export_warnings_are_grouped_with_counts(world, browser, course):
    world.enrol(course, "Bo Example")
    page = browser.get(f"/courses/{course}/exports", params={"form": "canvas"})
    [group] = [one for one in page.all("details") if "(2)" in one.one("summary").text]
    assert len(group.all("li")) == 2


def test_ambiguous_canvas_export_is_refused_unless_forced(world, browser, course, ann, assigned):
    other = world.enrol(course, "Ann Example")
    with world.session() as session:
        session.execute(update(Enrolment).values(lms_id="90210"))
        session.execute(update(User).values(login="ann"))
        session.get_one(Assignment, assigned.assignment).title = "Final Score"
    page = browser.get(f"/courses/{course}/exports", params={"form": "canvas"})
    assert page.all(has="flag-bad"), page.text
    refused = browser.get(f"/courses/{course}/exports/canvas")
    assert refused.location == f"/courses/{course}/exports?form=canvas#check"
    assert "would give scores to the wrong person or column" in browser.follow(refused).text
    link = page.one("a", text="Download anyway")
    assert browser.get(link["href"]).status == 200
    assert ann.id != other.id


def participants(browser, course, text, **fields):
    page = browser.get(f"/courses/{course}/exports")
    form = next(one for one in page.all("form") if one.get("action").endswith("/exports/moodle"))
    assert form.one("input", type="file")["name"] == "file"
    return browser.post(form["action"], fields, files={"file": ("list.csv", text.encode())})


@pytest.mark.usefixtures("assigned")
def test_moodle_export_contains_only_uploaded_participants(world, browser, course):
    for name in ("bo", "cy"):
        world.enrol(course, name, email=f"{name}@example.edu")
    answer = participants(browser, course, "First name,Email address\r\nBo,BO@example.edu\r\n")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert "bo@example.edu" in answer.source
    assert "cy@example.edu" not in answer.source


@pytest.mark.usefixtures("assigned")
@pytest.mark.parametrize("text", ["", "no columns\nat all\n"])
def test_invalid_participant_list_shows_error_and_file_input(browser, course, text):
    page = participants(browser, course, text)
    assert page.status == 422
    assert page.one("section", id="moodle").one(role="alert").text
    assert page.one("input", id="participants")["name"] == "file"


@pytest.mark.usefixtures("assigned")
def test_ambiguous_moodle_export_requires_force(world, browser, course):
    world.enrol(course, "Bo Example", email="bo@example.edu")
    [twin] = world.assignment(course, SHORT)
    retitle_assignment(world, twin, "Homework A", slug="hw-2")
    text = "First name,Email address\r\nBo,bo@example.edu\r\n"
    refused = participants(browser, course, text)
    assert (refused.status, "misread" in refused.text) == (409, True)
    assert participants(browser, course, text, force="yes").status == 200


@pytest.mark.usefixtures("assigned")
def test_section_filter_applies_to_check_and_download(world, browser, course):
    section = world.section(course, "Tuesday")
    world.enrol(course, "Bo Example", section=section)
    page = browser.get(f"/courses/{course}/exports", params={"form": "csv", "section": section})
    assert "1 student" in page.one(id="check").text
    link = page.one("a", aria_label="Download Table")
    answer = browser.get(link["href"])
    assert "Bo Example" in answer.source
    assert "Ann Example" not in answer.source


@pytest.mark.usefixtures("assigned")
def test_submissions_export_as_json_lines_with_or_without_names(browser, course):
    page = browser.get(f"/courses/{course}/exports")
    named, blind = (browser.get(one["href"]) for one in page.all("a", text="Download with"))
    assert json.loads(named.source.splitlines()[0])["student"]["name"] == "Ann Example"
    assert "Ann Example" not in blind.source


def test_score_sheet_is_previewed_before_import(world, browser, assigned):
    sheet = changed(sheet_of(browser, assigned), points="4", comment="Nearly.")
    page = send(browser, assigned, sheet)
    assert (page.status, held(world)) == (200, [])
    assert page.one("table").rows()[1][1:] == [
        "Ann Example",
        "two-counts, second",
        "0",
        "4",
        "Nearly.",
    ]
    done = browser.send(page.one("form", action=page.path), "apply=yes")
    assert "1 line imported; 1 score of the assignment moved" in done.text
    assert held(world) == [4]
    assert done.all("form", enctype="multipart/form-data") == []


def test_score_sheet_with_decimal_commas_is_imported_correctly(world, browser, assigned):
    sheet = sheet_of(browser, assigned, style="comma")
    table = rows_of(sheet, ";")
    next(row for row in table if row["part"] == "second")["points"] = "2,0"
    page = send(browser, assigned, save_rows(table, ";"), style="comma")
    assert page.all("table"), page.text
    browser.send(page.one("form", action=page.path), "apply=yes")
    assert held(world) == [2]


@pytest.mark.parametrize(
    ("cells", "said"),
    [({"points": "-1"}, "is below 0"), ({"version": "v0"}, ""), ({"points": "many"}, "")],
)
def test_score_sheet_with_invalid_line_cannot_be_imported(world, browser, assigned, cells, said):
    page = send(
        browser, assigned, changed(sheet_of(browser, assigned), **({"points": "4"} | cells))
    )
    assert page.status == 200
    assert said in page.one("main").text
    assert "until it is fixed" in page.one(role="alert").text
    assert page.all("button", name="apply") == []
    assert held(world) == []


@pytest.mark.parametrize("sheet", ["", "\0", "no columns\nat all\n"])
def test_invalid_score_sheet_shows_error_and_file_input(browser, assigned, sheet):
    page = send(browser, assigned, sheet)
    assert page.status in {200, 422}
    assert page.one(role="alert").text
    assert page.one("input", type="file")["name"] == "file"


def test_unchanged_score_sheet_reports_no_changes(browser, assigned):
    page = send(browser, assigned, sheet_of(browser, assigned))
    assert "The sheet changes nothing." in page.text


def test_tampered_score_sheet_payload_is_rejected(world, browser, assigned):
    fields = {"carried": "not base64", "apply": "yes"}
    page = browser.post(f"/assignments/{assigned.assignment}/score-sheet", fields)
    assert (page.status, held(world)) == (422, [])


@pytest.mark.usefixtures("assigned")
def test_downloads_are_audited(world, browser, course):
    browser.get(f"/courses/{course}/exports/csv")
    with world.session() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "file.exported" in actions
