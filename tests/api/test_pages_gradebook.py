"""Tests of the gradebook pages: scores, the history of each cell, and exceptions."""

from datetime import timedelta
from fractions import Fraction

import pytest
from grade_setup import CLOSED, SHORT, excuse_student, override_grade, retitle_assignment
from pages import Browser
from sqlalchemy import select
from world import TEXT_PROBLEM

from api.core.ids import new_id
from api.db.models import Course, Enrolment, Extension, LateDays, LoginSession, Section, User

REASON = "The figure was hard to read."


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example")


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, SHORT, timeline_spec=CLOSED)
    retitle_assignment(world, assigned, "Homework A", slug="hw-1")
    return assigned


@pytest.fixture
def browser(world, prof):
    return Browser(world, prof)


def book(browser, course, **query):
    page = browser.get(f"/courses/{course}/gradebook", params=query)
    assert page.status == 200, page.text
    return page


def names(page) -> list[str]:
    return [row.one("th").text for row in page.one("tbody").all("tr")]


def story(browser, course, student, opened="hw-1"):
    page = browser.get(f"/courses/{course}/students/{student.id}", params={"open": opened})
    assert page.status == 200, page.text
    return page


def form(page, ending):
    return next(one for one in page.all("form") if one.get("action").endswith(ending))


def test_empty_gradebook_links_to_roster_import(browser, course):
    page = book(browser, course)
    assert page.all("table") == []
    assert "Import a list" in page.one("main").text


def test_gradebook_cells_show_their_state_as_text(world, course, prof, assigned):
    late, excused, by_hand, _ = (world.enrol(course, f"Student {at}") for at in range(4))
    excused.submit(assigned, {"first": "9"})
    world.clock.advance(hours=2)
    late.submit(assigned, {"first": "9"})
    excuse_student(world, assigned, excused, prof)
    override_grade(world, assigned, by_hand, prof, Fraction(7))
    world.clock.advance(days=1)
    table = book(Browser(world, prof), course).one("table").rows()
    assert table[0] == ["Student", "Course %", "Homework A of 8"]
    assert [row[2] for row in table[2:6]] == ["late 1.5", "excused –", "by hand 7", "missing 0"]
    assert table[1] == ["Class mean", "35.42", "2.83"]
    assert [row[0] for row in table[6:]] == ["Median", "Below 50 %", "Missing", "Ungraded"]


def test_gradebook_cell_links_to_student_detail_of_its_assignment(browser, course, ann, assigned):
    ann.submit(assigned, {"first": "9"})
    cell = book(browser, course).one("tbody").all("td")[1].one("a")
    page = browser.get(f"/courses/{course}/{cell['href'].partition('#')[0]}")
    assert page.heading == "Ann Example"
    assert page.one("article", id="open").one("h2").text == "Homework A"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["ann", "Bo", "Cy"]),
        ({"sort": "name", "dir": "desc"}, ["Cy", "Bo", "ann"]),
        ({"sort": "total", "dir": "desc"}, ["Bo", "Cy", "ann"]),
        ({"text": " BO "}, ["Bo"]),
        ({"text": "%"}, []),
        ({"section": ""}, ["ann", "Bo", "Cy"]),
        ({"section": "not-an-id"}, ["ann", "Bo", "Cy"]),
        ({"limit": "all"}, ["ann", "Bo", "Cy"]),
    ],
)
def test_query_parameters_sort_and_filter_gradebook(world, browser, course, query, expected):
    [assigned] = world.assignment(course, SHORT)
    people = {name: world.enrol(course, name) for name in ("Cy", "Bo", "ann")}
    people["Bo"].submit(assigned, {"first": "9"})
    people["Cy"].submit(assigned, {"first": "1"})
    page = book(browser, course, **query)
    assert (names(page) if expected else page.all("tbody")) == expected


def test_threshold_lists_only_students_below_it(world, prof, course, ann, assigned):
    world.enrol(course, "Bo").submit(assigned, {"first": "9", "second": "18"})
    world.clock.advance(days=1)
    browser = Browser(world, prof)
    assert names(book(browser, course)) == ["Bo", "Ann Example"]
    page = book(browser, course, below="60")
    assert names(page) == [ann.name]
    assert page.one("input", name="below")["value"] == "60"
    assert names(book(browser, course, below="")) == ["Bo", "Ann Example"]


@pytest.mark.usefixtures("ann", "assigned")
def test_threshold_summary_appears_above_table(world, prof, course):
    world.clock.advance(days=1)
    page = book(Browser(world, prof), course, below=60)
    counts = {row[0]: row[1] for row in page.one("tfoot").rows()}
    assert f"{counts['Below 60 %']} student is below" in page.one(id="gb-said").text
    assert "below 60 % of the course grade" in page.one(id="gb-said").text


@pytest.mark.usefixtures("ann")
def test_sorted_column_has_aria_sort_and_toggle_link(browser, course):
    [name, total] = book(browser, course, sort="total", dir="desc", text="ann").all(
        "th", scope="col"
    )
    assert "aria-sort" not in name.attributes
    assert total["aria-sort"] == "descending"
    assert total.one("a")["href"] == "?text=ann&sort=total"
    assert name.one("a")["href"] == "?text=ann"


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("wrong", [{"sort": "x"}, {"dir": "up"}, {"limit": "7"}, {"cursor": "x"}])
def test_invalid_gradebook_query_is_rejected(browser, course, wrong):
    assert browser.get(f"/courses/{course}/gradebook", params=wrong).status == 422


def test_gradebook_pagination_skips_no_student(world, browser, course):
    people = [world.enrol(course, f"S {at:02}").name for at in range(51)]
    first = book(browser, course, limit="50", text="s")
    rest = browser.get(f"/courses/{course}/gradebook{first.one('a', rel='next')['href']}")
    assert names(first) + names(rest) == people
    assert rest.all("a", rel="next") == []
    assert names(book(browser, course, limit="all")) == people


def test_limit_all_shows_large_gradebook_on_one_page(world, browser, course):
    with world.session() as session:
        for at in range(201):
            user = User(id=new_id(), name=f"S {at:03}", created_at=world.clock())
            session.add(user)
            session.flush()
            row = {"course_id": course, "user_id": user.id, "role": "student"}
            session.add(Enrolment(**row, created_at=world.clock()))
    assert len(names(book(browser, course, limit="all"))) == 201


@pytest.mark.usefixtures("ann")
def test_gradebook_shows_section_column_and_filter(world, browser, course):
    section = world.section(course, "Tuesday")
    world.enrol(course, "Bo", section=section)
    page = book(browser, course, section=str(section))
    assert names(page) == ["Bo"]
    assert page.one("table").rows()[0][1] == "Section"
    assert page.one("select", name="section").one("option", selected="").text == "Tuesday"


def test_student_detail_shows_score_steps_and_history(browser, course, ann, assigned):
    ann.submit(assigned, {"first": "9", "second": "1"})
    page = story(browser, course, ann)
    steps = {row[0]: row[1] for row in page.one("article").one("table", has="steps").rows()}
    assert steps["Two counts, First"].endswith("= 3")
    assert steps["Two counts"].startswith("3 (First) + 0 (Second)")
    assert "(Two counts)" in steps["Total"]
    assert steps["Total"].endswith("of 8 points")
    said = [one.text for one in page.one("ol", has="events").all("li")]
    assert "Submission 1 to Two counts: First, Second." in said[0]
    assert "Two counts, First: correct, credit 1." in " ".join(said)
    assert not [one for one in said if "two-counts" in one]
    assert "The score went from none to 3" in said[-1]
    assert page.one("ol", has="events").one("a")["href"].startswith("/submissions/")


@pytest.mark.usefixtures("assigned")
def test_student_detail_links_to_extension_form(browser, course, ann):
    page = story(browser, course, ann)
    every = page.one("a", text="Extensions")["href"]
    one = page.one("a", text="grant or list extensions")["href"]
    assert one.startswith(f"{every}&assignment=")
    chosen = browser.get(every).one("select", id="student").all("option")[0]
    assert (chosen["value"], chosen.text) == (str(ann.id), "Ann Example")


def test_student_detail_shows_extended_deadlines(world, browser, course, prof, ann, assigned):
    with world.session() as session:
        session.add(
            Extension(
                course_id=course,
                assignment_id=assigned.assignment,
                student_id=ann.id,
                spec={"days": 2, "reason": "ill"},
                created_by=prof.id,
                created_at=world.clock(),
            )
        )
    facts = story(browser, course, ann).one("dl", has="facts").text
    assert "Wed 4 Nov 2026, 13:00 (" in facts
    assert "2 days (ill)" in facts


def test_override_is_set_and_withdrawn_on_student_detail(browser, course, ann, assigned):
    ann.submit(assigned, {"first": "1"})
    page = story(browser, course, ann)
    assert [one.text for one in page.one("select", name="target").all("option")][1:3] == [
        "Two counts",
        "Two counts, First",
    ]
    done = browser.send(
        form(page, "/overrides"), target="two-counts, first", points="5/2", reason=REASON
    )
    assert (done.status, done.location.partition("?")[2]) == (
        303,
        "saved=points-set&open=hw-1#open",
    )
    assert "Points set by hand." in browser.follow(done).text
    page = browser.follow(done)
    [_, row] = page.one("article").all("table")[1].rows()
    assert row[:4] == ["Two counts, First", "2.5", REASON, "Grace Prof"]
    assert page.one("article").one("b").text == "2.5 / 8"
    page = browser.follow(browser.send(form(page, "/withdraw")))
    assert page.one("article").one("b").text == "0 / 8"


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"points": "many"}, 422, "points must be a number"),
        ({"points": ""}, 422, "points must be a number"),
        ({"reason": " "}, 422, "reason must not be empty"),
        ({"points": "99"}, 422, "more than"),
        ({"target": "nothing, side"}, 422, "problem is not a problem of this assignment"),
        ({"version": "99"}, 412, "since"),
        ({"version": "x"}, 412, "since"),
    ],
)
def test_rejected_override_keeps_typed_input(browser, course, ann, assigned, typed, status, said):
    ann.submit(assigned, {"first": "1"})
    sent = {"points": "2", "reason": REASON, "target": ""} | typed
    page = browser.send(form(story(browser, course, ann), "/overrides"), **sent)
    assert page.status == status
    assert said in page.one(role="alert").text
    again = form(page, "/overrides")
    assert again.one("input", id="points")["value"] == sent["points"]
    assert again.one("input", id="reason")["value"] == sent["reason"].strip()
    assert "open" in next(one for one in page.all("details") if again in one.all("form")).attributes


def test_stale_override_form_shows_current_score_and_can_be_resent(browser, course, ann, assigned):
    held = form(story(browser, course, ann), "/overrides")
    ann.submit(assigned, {"first": "9"})
    page = browser.send(held, points="2", reason=REASON)
    assert page.status == 412
    assert page.one("article").one("b").text == "3 / 8"
    assert browser.send(form(page, "/overrides")).status == 303


@pytest.mark.usefixtures("assigned")
def test_excuse_is_granted_and_withdrawn_on_student_detail(browser, course, ann):
    page = browser.follow(browser.send(form(story(browser, course, ann), "/excuses"), reason="ill"))
    assert "Excused from the assignment: ill" in page.one("article").text
    assert [one for one in page.all("form") if one["action"].endswith("/overrides")] == []
    twice = browser.send(form(page, "/excuses"))
    assert twice.status == 409
    page = browser.follow(browser.send(form(page, "/withdraw")))
    assert "Excused from the assignment: ill" not in page.one("article").text


@pytest.mark.parametrize(("days", "status"), [("1", 303), ("x", 422), ("9", 422), ("", 422)])
def test_late_days_are_refunded_on_student_detail(
    world, browser, course, ann, assigned, days, status
):
    with world.session() as session:
        session.get_one(Course, course).late_day_budget = 3
        spent = {"days": 2, "spent_at": world.clock()}
        session.add(LateDays(assignment_id=assigned.assignment, student_id=ann.id, **spent))
    page = story(browser, course, ann)
    assert "1 of 3" in page.text
    done = browser.send(form(page, "/refund"), days=days)
    assert done.status in {status, 409}
    assert (done.status == 303) == (status == 303)
    left = "2 of 3" if status == 303 else "1 of 3"
    assert left in story(browser, course, ann).text


def test_ta_reads_student_detail_but_cannot_edit_it(world, course, ann, assigned):
    grader = Browser(world, world.enrol(course, "Gus", role="grader"))
    ann.submit(assigned, {"first": "9"})
    page = story(grader, course, ann)
    posts = [one["action"] for one in page.one("main").all("form", method="post")]
    assert posts == ["/view-as"]


def test_withdrawn_student_keeps_detail_page_without_deadlines(
    world, browser, course, ann, assigned
):
    ann.submit(assigned, {"first": "9"})
    world.set_enrolment(ann, withdrawn_at=world.clock())
    page = story(browser, course, ann)
    assert "No longer in the course" in page.text
    assert page.all("dl", has="facts") == []


def test_student_name_with_markup_is_escaped(world, browser, course):
    name = "<script>alert(1)</script>"
    person = world.enrol(course, name)
    assert names(book(browser, course)) == [name]
    assert story(browser, course, person).heading == name


@pytest.mark.usefixtures("ann")
def test_page_shows_user_name_when_activity_is_recorded(world, browser, course):
    """The first request after five minutes also records the visit, in a separate step."""
    world.clock.advance(minutes=6)
    page = book(browser, course)
    assert "Grace Prof" in page.one("header").text
    assert page.one("a", aria_current="page").text == "Gradebook"
    with world.session() as session:
        seen = session.scalars(select(LoginSession.seen_at)).all()
    assert world.clock() - max(seen) < timedelta(seconds=1)


def test_ungraded_answer_is_flagged_in_assignment_and_course_columns(world, browser, course, ann):
    [assigned] = world.assignment(course, TEXT_PROBLEM)
    ann.submit(assigned, {"cells": "9", "why": "Fewer parameters."})
    [row] = book(browser, course).one("tbody").rows()
    assert row[1:] == ["4 ungraded 50", "4 ungraded 2"]  # 2 of 4: the text takes no part


def test_filter_by_deleted_section_matches_no_student(world, browser, course):
    section = world.section(course, "Tuesday")
    world.enrol(course, "Bo")
    with world.session() as session:
        session.delete(session.get_one(Section, section))
    page = book(browser, course, section=str(section))
    assert "No student matches" in page.text
