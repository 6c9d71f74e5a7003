"""Tests of the students' course pages: what is due next, their scores, and the rules."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from pages import Browser
from student_setup import extend
from world import TEXT_PROBLEM

from api.pages.student.components.states import WAITING
from api.pages.student.times import (
    LATE_DAYS_RULE,
    NO_LATE_DAYS_RULE,
    NO_REGRADES_RULE,
    REGRADE_RULE,
    build_credit_strip,
)
from api.schemas.student.assignments import Moment, Stage, Times

OTHER = TEXT_PROBLEM.replace("why-small-kernels", "why-large-kernels").replace("small", "large")
LATE = {
    "release": "2026-11-01 12:00",
    "due": "2026-11-05 12:00",
    "late": [{"days": 1, "credit": "90%"}, {"days": 3, "credit": "1/2"}],
    "late_days": 2,
}
CLOSED = {"release": "2026-10-01 12:00", "due": "2026-10-08 12:00"}


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin", late_day_budget=3)


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def states(page) -> list[str]:
    return [one.text for one in page.all(has="set-state")]


def test_home_page_without_courses_explains_enrollment(world):
    home = Browser(world, world.person()).get("/")
    assert home.heading == "My courses"
    assert "Your instructor adds you" in home.text


def test_administrator_without_courses_gets_link_to_courses(world):
    home = Browser(world, world.person("Ad Min", admin=True)).get("/")
    assert "Your instructor" not in home.text
    assert home.one("main").one("a")["href"] == "/courses"


@pytest.mark.parametrize("admin", [True, False])
def test_home_page_links_to_archived_courses(world, course, admin):
    teacher = world.enrol(course, "Ina", role="instructor")
    teacher.post(f"/courses/{course}/archive")
    root = world.person("Root", admin=True)
    page = Browser(world, root if admin else teacher).get("/")
    assert page.one("main").one("p").text == "All courses are archived. Show them."
    assert page.one("main").one("a")["href"] == "/courses"


def test_student_of_one_course_sees_it_on_home_page(world, browser, course):
    world.assignment(course, timeline_spec=LATE)
    home = browser.get("/")
    assert home.heading == "Deep Learning"
    assert home.one("a", text="Assignments", aria_current="page")["href"] == f"/courses/{course}"
    assert [one.text for one in home.all("h2")] == ["Homework 1"]


def test_student_of_two_courses_sees_open_assignments_of_each(world, browser, student, course):
    world.assignment(course, timeline_spec=LATE)
    world.assignment(course, timeline_spec=CLOSED)
    world.join(world.course("second"), student)
    home = browser.get("/")
    assert home.heading == "My courses"
    assert not home.all("nav", has="tabs")
    [row] = [row for row in home.one("table").rows() if row[0] == "Homework 1"]
    assert row[1].startswith("Due Thu 5 Nov 2026, 12:00 Europe/Berlin (CET) (in 2 days)")
    assert row[2:] == ["0 of 3 parts", "8 points"]
    assert "Nothing is open now." in home.text


def test_staff_home_page_links_to_gradebook(world, course):
    teacher = world.enrol(course, role="instructor")
    home = Browser(world, teacher).get("/")
    assert home.one("a", text="Gradebook")["href"] == f"/courses/{course}/gradebook"


@pytest.mark.parametrize(("admin", "said"), [(True, ", and a new one"), (False, "")])
def test_home_page_links_to_all_courses(world, course, admin, said):
    teacher = world.enrol(course, role="instructor")
    home = Browser(world, world.person("Root", admin=True) if admin else teacher).get("/")
    assert home.one("a", href="/courses").text == f"All courses{said}"


def test_course_page_shows_problems_and_progress(world, browser, student, course):
    first, _ = world.assignment(course, TEXT_PROBLEM, OTHER, timeline_spec=LATE)
    student.submit(first, {"cells": "9", "doubled": "17"})
    page = browser.get(f"/courses/{course}")
    assert page.status == 200
    assert states(page) == ["2 of 3 parts answered", "Not opened"]
    tiles = {one.one("dt").text: one.one("dd").text for one in page.all(has="tile")}
    assert tiles == {
        "Questions left": "4",
        "Late days left": "3 of 3",
    }


def test_due_next_links_to_first_unanswered_problem(world, browser, student, course):
    world.assignment(course, timeline_spec={"due": "2026-11-20 12:00"})
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER, timeline_spec=LATE)
    student.submit(first, {"cells": "9", "doubled": "18", "why": "?"})
    page = browser.get(f"/courses/{course}")
    assert page.one(id="due-next").one("a")["href"] == second.path
    assert "5 Nov 2026, 12:00" in page.one(id="due-next").text
    cards = [one.text for one in page.all("article", has="card")]
    assert [" of ".join(re.findall(r"(\d) of (\d) parts answered", one)[0]) for one in cards] == [
        "3 of 6",
        "0 of 3",
    ]
    student.submit(second, {"cells": "9", "doubled": "18", "why": "?"})
    assert "20 Nov 2026, 12:00" in browser.get(f"/courses/{course}").one(id="due-next").text


def test_late_work_that_still_earns_credit_is_named_above_the_next_due(
    world, browser, student, course
):
    world.assignment(course, timeline_spec={"due": "2026-11-20 12:00"})
    late = {"due": "2026-11-02 13:30", "late": LATE["late"]}
    [assigned] = world.assignment(course, OTHER, timeline_spec=late)
    assert not browser.get(f"/courses/{course}").all(id="late-work")
    world.clock.advance(hours=2)
    page = browser.get(f"/courses/{course}")
    note = page.one(id="late-work")
    assert note.one("a")["href"] == assigned.path
    assert "90 % until Tue 3 Nov 2026, 13:30" in note.text
    assert "20 Nov 2026" in page.one(id="due-next").text
    student.submit(assigned, {"cells": "9", "doubled": "18", "why": "?"})
    assert not browser.get(f"/courses/{course}").all(id="late-work")


def test_current_grade_links_to_its_calculation(world, browser, student, course):
    [over] = world.assignment(course, timeline_spec={"due": "2026-11-02 13:30"})
    student.submit(over, {"cells": "9", "doubled": "18"})
    world.clock.advance(hours=2)
    link = browser.get(f"/courses/{course}").one("a", text="How the current grade is calculated")
    path, _, place = link["href"].partition("#")
    assert browser.get(path).one(id=place).all("dt")


def test_course_page_shows_points_being_graded(world, browser, student, course):
    [assigned] = world.assignment(course)
    student.submit(assigned, {"cells": "9", "doubled": "18", "why": "?"})
    page = browser.get(f"/courses/{course}")
    [tile] = [one.one("dd").text for one in page.all(has="tile") if "Current" in one.text]
    assert tile == "100 % 4 points being graded"
    assert page.one("article").one("p", has="tabular").text == "4 / 8 points being graded"


def test_started_assignment_does_not_lower_grade_before_due_date(world, browser, student, course):
    [over] = world.assignment(course, timeline_spec={"due": "2026-11-02 13:30"})
    [later] = world.assignment(course, timeline_spec=LATE)
    assert "Current grade" not in browser.get(f"/courses/{course}").text
    student.submit(over, {"cells": "9", "doubled": "18"})
    world.clock.advance(hours=2)
    student.submit(later, {"cells": "9"})
    page, own = browser.get(f"/courses/{course}"), browser.get(f"/courses/{course}/grades")
    assert page.all(has="tile")[0].one("dt").text == "Current grade"
    assert page.all(has="tile")[0].one("dd").text == own.all(has="tile")[0].one("dd").text == "50 %"
    assert own.text.count("Counts once it is due") == 1
    world.clock.advance(days=5)
    page = Browser(world, student).get(f"/courses/{course}")
    assert page.all(has="tile")[0].one("dd").text == "37.5 %"


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"cells": "many", "why": "?"}, "1 of 3 parts answered"),
        ({"cells": "9", "doubled": "18", "why": "?"}, WAITING),
    ],
)
def test_problem_state_is_text_beside_hidden_icon(world, browser, student, course, answers, state):
    [assigned] = world.assignment(course)
    student.submit(assigned, answers)
    page = browser.get(f"/courses/{course}")
    assert states(page) == [state]
    assert page.one(has="set-state").one("svg")["aria-hidden"] == "true"


@pytest.mark.parametrize(
    ("first", "state"), [("9", "All points"), ("8", "No points")], ids=["right", "wrong"]
)
def test_graded_problem_state_shows_whether_points_were_earned(
    world, browser, student, course, first, state
):
    only = TEXT_PROBLEM[: TEXT_PROBLEM.index("  - {id: doubled")]
    [assigned] = world.assignment(course, only.replace("why-small-kernels", "one-part"))
    student.submit(assigned, {"cells": first})
    assert states(browser.get(f"/courses/{course}")) == [state]


def test_problem_state_is_only_answered_while_results_are_hidden(world, browser, student, course):
    [assigned] = world.assignment(course, results="manual")
    student.submit(assigned, {"cells": "9", "doubled": "18", "why": "?"})
    page = browser.get(f"/assignments/{assigned.assignment}")
    assert states(page) == ["Answered"]
    assert "Results are not shown yet" in page.text


def test_unreleased_assignment_is_hidden_from_students(world, browser, course):
    later = {"release": "2026-12-01 12:00", "due": "2026-12-08 12:00"}
    [assigned] = world.assignment(course, timeline_spec=later)
    assert "Homework 1" not in browser.get(f"/courses/{course}").text
    assert browser.get(f"/assignments/{assigned.assignment}").status == 404


@pytest.mark.parametrize(
    ("budget", "late_days", "said"),
    [
        (3, 0, f"Late days {NO_LATE_DAYS_RULE}"),
        (3, 1, f"Late days {LATE_DAYS_RULE.format('1 late day')}"),
        (2, 5, f"Late days {LATE_DAYS_RULE.format('2 late days')}"),
        (0, 1, ""),
    ],
)
def test_assignment_page_shows_late_day_limit(world, budget, late_days, said):
    course = world.course(late_day_budget=budget)
    student = world.enrol(course)
    due = {"due": "2026-11-10 23:59", "late_days": late_days}
    [assigned] = world.assignment(course, timeline_spec=due)
    told = Browser(world, student).get(f"/assignments/{assigned.assignment}")
    rules = told.one(aria_labelledby="rules").text
    assert said in rules
    assert ("Late days" in rules) == bool(said)


def test_assignment_page_explains_times_and_rules(world, browser, course):
    [assigned] = world.assignment(
        course,
        timeline_spec=LATE,
        attempts=3,
        by_attempt=[1, "1/2"],
        cool_down_seconds=120,
        regrade_days=7,
        regrade_limit=1,
        instructions="Show **nothing** but $x$.",
    )
    page = browser.get(f"/assignments/{assigned.assignment}")
    assert [one.text for one in page.one("ul", has="stages").all("li")][1:4] == [
        "Full credit until Thu 5 Nov 2026, 12:00 (in 2 days)",
        f"{BRIDGE} 2026, 12:00 (in 4 days)",
        "50 % of the credit until Sun 8 Nov 2026, 12:00 (in 5 days)",
    ]
    rules = page.one(aria_labelledby="rules").text
    for said in (
        "3 attempts at each part, worth 100 %, 50 % one after the other.",
        "2 minutes after an answer before the next one to the same part.",
        "With every answer.",
        "When the assignment has closed.",
        "within 7 days after you see a result, 1 request in all",
    ):
        assert said in rules
    assert page.one("strong").text == "nothing"


def test_assignment_without_deadline_shows_full_credit_at_any_time(world, browser, course):
    [assigned] = world.assignment(course)
    page = browser.get(f"/assignments/{assigned.assignment}")
    assert [one.text for one in page.one("ul", has="stages").all("li")] == [
        "Full credit at any time"
    ]


@pytest.mark.parametrize(
    ("limit", "said"),
    [(None, REGRADE_RULE.format("at any time", "")), (0, NO_REGRADES_RULE)],
)
def test_regrade_requests_without_day_limit_have_no_deadline(world, browser, course, limit, said):
    [assigned] = world.assignment(course, regrade_days=None, regrade_limit=limit)
    page = browser.get(f"/assignments/{assigned.assignment}")
    assert said in page.one(aria_labelledby="rules").text
    teacher = Browser(world, world.enrol(course, role="instructor"))
    editor = teacher.get(f"/assignments/{assigned.assignment}/edit")
    assert editor.one("p", id="regrade_days-hint").text == "Default: no limit."
    assert "0: no requests." in editor.one("p", id="regrade_limit-hint").text


def test_credit_strip_has_accessible_title(world, browser, course):
    [assigned] = world.assignment(course, timeline_spec=LATE)
    drawn = browser.get(f"/assignments/{assigned.assignment}").one("svg", has="strip")
    assert "50 % of the credit until Sun 8 Nov 2026" in drawn.one("title").text
    assert drawn["role"] == "img"


def test_assignment_page_shows_late_credit_after_due_date(world, student, course):
    [assigned] = world.assignment(course, timeline_spec=LATE | {"late_days": 0})
    world.clock.advance(days=4)
    page = Browser(world, student).get(f"/assignments/{assigned.assignment}")
    assert "Late: an answer is worth 50 % until Sun 8 Nov" in page.text
    assert page.one(aria_current="step").text.startswith("50 % of the credit")


def test_assignment_page_shows_full_credit_covered_by_late_days(world, student, course):
    [assigned] = world.assignment(course, timeline_spec=LATE)
    world.clock.advance(days=4)
    page = Browser(world, student).get(f"/assignments/{assigned.assignment}")
    assert "full credit until Sat 7 Nov 2026, 12:00" in page.text
    assert page.one(aria_current="step").text.startswith("Full credit with your late days")


WITH_LATE_DAYS = {"release": "2026-11-01 12:00", "due": "2026-11-05 12:00", "late_days": 2}
UNTIL = "Full credit until Thu 5 Nov"
BRIDGE = "Full credit with your late days until Sat 7 Nov"


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ([], ["Released Sun 1 Nov", UNTIL, BRIDGE]),
        ([{"days": 1, "credit": "90%"}], ["Released Sun 1 Nov", UNTIL, BRIDGE]),
        (
            [{"days": 1, "credit": "90%"}, {"days": 3, "credit": "1/2"}],
            [
                "Released Sun 1 Nov",
                UNTIL,
                BRIDGE,
                "50 % of the credit until Sun 8 Nov",
                "Closes Sun 8 Nov",
            ],
        ),
    ],
    ids=["nothing after due", "a step within the late days", "a step beyond them"],
)
def test_credit_steps_account_for_late_days(world, browser, course, late, said):
    [assigned] = world.assignment(course, timeline_spec=WITH_LATE_DAYS | {"late": late})
    page = browser.get(f"/assignments/{assigned.assignment}")
    listed = [one.text for one in page.one("ul", has="stages").all("li")]
    assert [one.split(" 2026")[0] for one in listed] == said
    drawn = page.one("svg", has="strip").one("title").text
    assert [one.split(" 2026")[0] for one in drawn.split(": ", 1)[1].split("; ")] == [
        one[0].lower() + one[1:] for one in said if "credit" in one
    ]


def test_assignment_closes_when_late_days_end(world, browser, course):
    spec = {"release": "2026-10-30 12:00", "due": "2026-11-01 12:00", "late_days": 1}
    [assigned] = world.assignment(course, timeline_spec=spec)
    page = browser.get(f"/assignments/{assigned.assignment}")
    assert page.text.count("Closed Mon 2 Nov 2026, 12:00") == 2
    assert "Closed Sun" not in page.text


def test_assignment_page_shows_extended_due_date(world, browser, student, course):
    [assigned] = world.assignment(course, timeline_spec=LATE)
    extend(world, course, {"days": 3}, student_id=student.id, assignment_id=assigned.assignment)
    assert "Due Sun 8 Nov 2026" in browser.get(f"/assignments/{assigned.assignment}").text


def test_assignment_page_redirects_staff_to_results(world, course):
    [assigned] = world.assignment(course)
    teacher = Browser(world, world.enrol(course, role="grader"))
    answer = teacher.get(f"/assignments/{assigned.assignment}")
    assert (answer.status, answer.location) == (303, f"/assignments/{assigned.assignment}/results")


def test_staff_viewing_as_student_see_student_pages(world, course, student):
    [assigned] = world.assignment(course)
    teacher = Browser(world, world.enrol(course, role="instructor"))
    teacher.cookies["grader-view-as"] = str(student.id)
    page = teacher.get(f"/assignments/{assigned.assignment}")
    assert page.heading == "Homework 1"
    assert "Viewing as " in page.text
    stopped = teacher.send(page.one("form", has="band"), "student=")
    assert stopped.location == f"/courses/{course}/students/{student.id}"
    assert teacher.follow(stopped).status == 200


START = datetime(2026, 11, 1, tzinfo=UTC)


def at(days: float) -> Moment:
    return Moment(at=START + timedelta(days=days), text=f"day {days}", relative="")


def times(*stages: tuple[float | None, str], release: float | None = 0) -> Times:
    return Times(
        release=None if release is None else at(release),
        due=None,
        closes=None,
        late_days_until=None,
        stages=tuple(
            Stage(until=None if day is None else at(day), credit=Fraction(credit))
            for day, credit in stages
        ),
        state="open",
        credit_now=Fraction(1),
    )


def test_no_credit_strip_without_deadline():
    assert build_credit_strip(times((None, "1")), now=START) is None


@pytest.mark.parametrize(
    ("told", "widths", "heights"),
    [
        (times((8, "1"), (10, "1/2")), [800, 200], [40, 20]),
        (times((8, "1"), (None, "1/2")), [800, 200], [40, 20]),
        (times((4, "1"), (6, "0"), (8, "9/10")), [500, 250, 250], [40, 0, 36]),
        (times((0, "1"), release=0), [0], [40]),
    ],
    ids=["closes", "never closes", "nothing in between", "no time at all"],
)
def test_credit_strip_is_scaled_by_time_and_credit(told, widths, heights):
    drawn = build_credit_strip(told, now=START + timedelta(days=4))
    assert [one.width for one in drawn.bars] == widths
    assert [one.height for one in drawn.bars] == heights
    assert [one.x for one in drawn.bars] == [sum(widths[:at]) for at in range(len(widths))]


@pytest.mark.parametrize(("day", "place"), [(-1, None), (0, 0), (5, 500), (10, 1000), (11, None)])
def test_credit_strip_marks_now_only_within_its_range(day, place):
    drawn = build_credit_strip(times((8, "1"), (10, "1/2")), now=START + timedelta(days=day))
    assert drawn.now == place


def test_credit_strip_without_release_starts_a_week_before_first_end():
    drawn = build_credit_strip(times((8, "1"), release=None), now=START + timedelta(days=4.5))
    assert drawn.now == 500
