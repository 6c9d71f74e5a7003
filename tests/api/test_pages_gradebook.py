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
def posed(world, course):
    [posed] = world.assignment(course, SHORT, timeline_spec=CLOSED)
    retitle_assignment(world, posed, "Homework A", slug="hw-1")
    return posed


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


def test_a_gradebook_without_students_says_how_they_come_into_it(browser, course):
    page = book(browser, course)
    assert page.all("table") == []
    assert "Import a list" in page.one("main").text


def test_each_state_of_a_cell_is_a_word_beside_its_score(world, course, prof, posed):
    late, excused, by_hand, _ = (world.enrol(course, f"Student {at}") for at in range(4))
    excused.submit(posed, {"first": "9"})
    world.clock.advance(hours=2)
    late.submit(posed, {"first": "9"})
    excuse_student(world, posed, excused, prof)
    override_grade(world, posed, by_hand, prof, Fraction(7))
    world.clock.advance(days=1)
    table = book(Browser(world, prof), course).one("table").rows()
    assert table[0] == ["Student", "Course %", "Homework A of 8"]
    assert [row[2] for row in table[2:6]] == ["late 1.5", "excused –", "by hand 7", "missing 0"]
    assert table[1] == ["Class mean", "35.42", "2.83"]
    assert [row[0] for row in table[6:]] == ["Median", "Below 50 %", "Missing", "Ungraded"]


def test_a_cell_leads_to_the_story_of_that_student_in_that_assignment(browser, course, ann, posed):
    ann.submit(posed, {"first": "9"})
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
def test_students_are_sorted_and_filtered_by_the_address(world, browser, course, query, expected):
    [posed] = world.assignment(course, SHORT)
    people = {name: world.enrol(course, name) for name in ("Cy", "Bo", "ann")}
    people["Bo"].submit(posed, {"first": "9"})
    people["Cy"].submit(posed, {"first": "1"})
    page = book(browser, course, **query)
    assert (names(page) if expected else page.all("tbody")) == expected


def test_the_threshold_leaves_the_other_students_out(world, prof, course, ann, posed):
    world.enrol(course, "Bo").submit(posed, {"first": "9", "second": "18"})
    world.clock.advance(days=1)
    browser = Browser(world, prof)
    assert names(book(browser, course)) == ["Bo", "Ann Example"]
    page = book(browser, course, below="60")
    assert names(page) == [ann.name]
    assert page.one("input", name="below")["value"] == "60"
    assert names(book(browser, course, below="")) == ["Bo", "Ann Example"]


@pytest.mark.usefixtures("ann", "posed")
def test_the_threshold_shows_its_effect_above_the_table(world, prof, course):
    world.clock.advance(days=1)
    page = book(Browser(world, prof), course, below=60)
    counts = {row[0]: row[1] for row in page.one("tfoot").rows()}
    assert f"{counts['Below 60 %']} student is below" in page.one(id="gb-said").text
    assert "below 60 % of the course grade" in page.one(id="gb-said").text


@pytest.mark.usefixtures("ann")
def test_the_column_that_sorts_is_marked_and_its_link_turns_it_round(browser, course):
    [name, total] = book(browser, course, sort="total", dir="desc", text="ann").all(
        "th", scope="col"
    )
    assert "aria-sort" not in name.attributes
    assert total["aria-sort"] == "descending"
    assert total.one("a")["href"] == "?text=ann&sort=total"
    assert name.one("a")["href"] == "?text=ann"


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("wrong", [{"sort": "x"}, {"dir": "up"}, {"limit": "7"}, {"cursor": "x"}])
def test_an_address_that_is_none_of_the_gradebook_is_refused(browser, course, wrong):
    assert browser.get(f"/courses/{course}/gradebook", params=wrong).status == 422


def test_pages_of_a_gradebook_follow_each_other_without_a_gap(world, browser, course):
    people = [world.enrol(course, f"S {at:02}").name for at in range(51)]
    first = book(browser, course, limit="50", text="s")
    rest = browser.get(f"/courses/{course}/gradebook{first.one('a', rel='next')['href']}")
    assert names(first) + names(rest) == people
    assert rest.all("a", rel="next") == []
    assert names(book(browser, course, limit="all")) == people


def test_all_of_a_large_gradebook_fits_one_page(world, browser, course):
    with world.session() as session:
        for at in range(201):
            user = User(id=new_id(), name=f"S {at:03}", created_at=world.clock())
            session.add(user)
            session.flush()
            row = {"course_id": course, "user_id": user.id, "role": "student"}
            session.add(Enrolment(**row, created_at=world.clock()))
    assert len(names(book(browser, course, limit="all"))) == 201


@pytest.mark.usefixtures("ann")
def test_sections_are_a_column_and_a_filter_where_there_are_any(world, browser, course):
    section = world.section(course, "Tuesday")
    world.enrol(course, "Bo", section=section)
    page = book(browser, course, section=str(section))
    assert names(page) == ["Bo"]
    assert page.one("table").rows()[0][1] == "Section"
    assert page.one("select", name="section").one("option", selected="").text == "Tuesday"


def test_a_story_tells_each_step_to_a_score_and_what_happened(browser, course, ann, posed):
    ann.submit(posed, {"first": "9", "second": "1"})
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


@pytest.mark.usefixtures("posed")
def test_a_story_leads_to_an_extension_for_the_student(browser, course, ann):
    page = story(browser, course, ann)
    every = page.one("a", text="Extensions")["href"]
    one = page.one("a", text="grant or list extensions")["href"]
    assert one.startswith(f"{every}&assignment=")
    chosen = browser.get(every).one("select", id="student").all("option")[0]
    assert (chosen["value"], chosen.text) == (str(ann.id), "Ann Example")


def test_a_story_names_the_times_that_hold_for_the_student(
    world, browser, course, prof, ann, posed
):
    with world.session() as session:
        session.add(
            Extension(
                course_id=course,
                assignment_id=posed.assignment,
                student_id=ann.id,
                spec={"days": 2, "reason": "ill"},
                created_by=prof.id,
                created_at=world.clock(),
            )
        )
    facts = story(browser, course, ann).one("dl", has="facts").text
    assert "Wed 4 Nov 2026, 13:00 (" in facts
    assert "2 days (ill)" in facts


def test_points_by_hand_are_set_with_a_reason_and_withdrawn_again(browser, course, ann, posed):
    ann.submit(posed, {"first": "1"})
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
def test_points_that_are_refused_come_back_as_they_were_typed(
    browser, course, ann, posed, typed, status, said
):
    ann.submit(posed, {"first": "1"})
    sent = {"points": "2", "reason": REASON, "target": ""} | typed
    page = browser.send(form(story(browser, course, ann), "/overrides"), **sent)
    assert page.status == status
    assert said in page.one(role="alert").text
    again = form(page, "/overrides")
    assert again.one("input", id="points")["value"] == sent["points"]
    assert again.one("input", id="reason")["value"] == sent["reason"].strip()
    assert "open" in next(one for one in page.all("details") if again in one.all("form")).attributes


def test_a_stale_form_shows_the_score_as_it_is_now_and_can_be_sent_again(
    browser, course, ann, posed
):
    held = form(story(browser, course, ann), "/overrides")
    ann.submit(posed, {"first": "9"})
    page = browser.send(held, points="2", reason=REASON)
    assert page.status == 412
    assert page.one("article").one("b").text == "3 / 8"
    assert browser.send(form(page, "/overrides")).status == 303


@pytest.mark.usefixtures("posed")
def test_an_excuse_is_granted_and_taken_back_in_the_story(browser, course, ann):
    page = browser.follow(browser.send(form(story(browser, course, ann), "/excuses"), reason="ill"))
    assert "Excused from the assignment: ill" in page.one("article").text
    assert [one for one in page.all("form") if one["action"].endswith("/overrides")] == []
    twice = browser.send(form(page, "/excuses"))
    assert twice.status == 409
    page = browser.follow(browser.send(form(page, "/withdraw")))
    assert "Excused from the assignment: ill" not in page.one("article").text


@pytest.mark.parametrize(("days", "status"), [("1", 303), ("x", 422), ("9", 422), ("", 422)])
def test_late_days_are_given_back_in_the_story(world, browser, course, ann, posed, days, status):
    with world.session() as session:
        session.get_one(Course, course).late_day_budget = 3
        spent = {"days": 2, "spent_at": world.clock()}
        session.add(LateDays(assignment_id=posed.assignment, student_id=ann.id, **spent))
    page = story(browser, course, ann)
    assert "1 of 3" in page.text
    done = browser.send(form(page, "/refund"), days=days)
    assert done.status in {status, 409}
    assert (done.status == 303) == (status == 303)
    left = "2 of 3" if status == 303 else "1 of 3"
    assert left in story(browser, course, ann).text


def test_a_grader_reads_the_story_and_is_offered_nothing_to_change(world, course, ann, posed):
    grader = Browser(world, world.enrol(course, "Gus", role="grader"))
    ann.submit(posed, {"first": "9"})
    page = story(grader, course, ann)
    posts = [one["action"] for one in page.one("main").all("form", method="post")]
    assert posts == ["/view-as"]


def test_who_has_left_keeps_a_story_without_times(world, browser, course, ann, posed):
    ann.submit(posed, {"first": "9"})
    world.set_enrolment(ann, withdrawn_at=world.clock())
    page = story(browser, course, ann)
    assert "No longer in the course" in page.text
    assert page.all("dl", has="facts") == []


def test_a_name_that_is_markup_is_shown_as_it_is(world, browser, course):
    name = "<script>alert(1)</script>"
    person = world.enrol(course, name)
    assert names(book(browser, course)) == [name]
    assert story(browser, course, person).heading == name


@pytest.mark.usefixtures("ann")
def test_a_page_names_who_looks_also_when_the_visit_is_noted(world, browser, course):
    """The first request after five minutes also records the visit, in a separate step."""
    world.clock.advance(minutes=6)
    page = book(browser, course)
    assert "Grace Prof" in page.one("header").text
    assert page.one("a", aria_current="page").text == "Gradebook"
    with world.session() as session:
        seen = session.scalars(select(LoginSession.seen_at)).all()
    assert world.clock() - max(seen) < timedelta(seconds=1)


def test_a_waiting_mark_is_reported_in_its_column_and_in_the_course(world, browser, course, ann):
    [posed] = world.assignment(course, TEXT_PROBLEM)
    ann.submit(posed, {"cells": "9", "why": "Fewer parameters."})
    [row] = book(browser, course).one("tbody").rows()
    assert row[1:] == ["4 ungraded 50", "4 ungraded 2"]  # 2 of 4: the text takes no part


def test_a_section_that_is_deleted_meanwhile_filters_nobody_out_by_mistake(world, browser, course):
    section = world.section(course, "Tuesday")
    world.enrol(course, "Bo")
    with world.session() as session:
        session.delete(session.get_one(Section, section))
    page = book(browser, course, section=str(section))
    assert "No student matches" in page.text
