"""Tests of the result pages: what needs action, statistics of parts, wrong answers."""

import pytest
from analytics_course import POWERS, RIGHT, ROOTS, WRITTEN, WRONG, AnalyticsCourse
from pages import Browser
from regrading import run_dry_run

from api.core.ids import new_id
from api.db.models import AssignmentProblem
from api.pages.staff.results.gradebook import DASH

DUE_TOMORROW = {"due": "2026-11-03 11:00"}
LATE = {"due": "2026-11-02 11:00", "late": [{"days": 2, "credit": "50%"}]}
DOUBLED = {**RIGHT, "square": "20"}
ODD = {**RIGHT, "cube": "999"}


@pytest.fixture
def group(world):
    return AnalyticsCourse(world, 6)


@pytest.fixture
def browser(world, group):
    return Browser(world, group.staff)


def todo(browser, course):
    page = browser.get(f"/courses/{course}")
    assert page.status == 200
    return page.all("ul", has="results-todo"), page


def test_empty_course_page_offers_new_assignment(group, browser):
    lists, page = todo(browser, group.course)
    assert lists == []
    assert "Nothing needs action." in page.text
    assert "There is no assignment yet." in page.text
    assert page.one("a", text="New assignment")["href"].endswith("/assignments/new")


def test_course_page_lists_pending_work_first(world, group, browser):
    [assigned] = world.assignment(group.course, WRITTEN)
    group.hand_in(assigned, *[{"cube": "999", "why": "So."}] * 3)
    run_dry_run(world, group.staff, assigned, {"parts": {"square": {"points": 3}}})
    items = todo(browser, group.course)[0][0].all("li")
    told = {one.text: one.one("a")["href"] for one in items}
    path = f"/assignments/{assigned.assignment}"
    assert [*told] == [
        "The regrade of powers-in-words is ready to be applied Homework 1",
        "3 answers to grade Homework 1",
        "1 group of unexplained incorrect answers Homework 1",
    ]
    hrefs = [*told.values()]
    assert hrefs[0].startswith("/regrades/")
    assert hrefs[1:] == [f"{path}/review", f"{path}/results#items"]


def test_wrong_answer_group_needs_three_students(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, ODD, ODD, DOUBLED, DOUBLED, DOUBLED)
    assert todo(browser, group.course)[0] == []
    group.hand_in(assigned, None, None, None, None, None, ODD)
    assert "1 group of unexplained incorrect answers" in todo(browser, group.course)[0][0].text


def test_equal_wrong_answers_to_different_numbers_form_no_group(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    numbers = group.numbers(assigned)
    places = [at for at in numbers if [*numbers.values()].count(numbers[at]) == 1]
    group.draw(assigned, *[places[0]] * 3, *places[1:4])
    group.hand_in(assigned, None, *[{"cube": "999"}] * 5)
    assert todo(browser, group.course)[0] == []
    group.hand_in(assigned, {"cube": "999"})
    assert "1 group of unexplained incorrect answers" in todo(browser, group.course)[0][0].text


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-10-05 12:00", ["Not published yet and past its due time"]),
        ("2026-11-05 12:00", ["Not published yet and due soon"]),
        ("2026-12-05 12:00", []),
    ],
)
def test_unpublished_assignment_due_soon_is_highlighted(world, group, browser, due, said):
    world.assignment(group.course, published=False, timeline_spec={"due": due})
    lists, page = todo(browser, group.course)
    assert [one.one("a").text for one in lists] == said
    assert page.one("table").rows()[1][0] == "Homework 1 draft"


def test_ta_sees_no_instructor_actions_on_results(world, group):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, ODD)
    browser = Browser(world, group.join("Gra Der", role="grader"))
    assert not browser.get(f"/courses/{group.course}").all("a", text="New assignment")
    wrong = browser.get(f"{assigned.path}/results")
    assert wrong.status == 200
    assert not wrong.all("a", text="Accept")
    assert not browser.get(f"{assigned.path}/regrades").all(
        "form", action=f"{assigned.path}/regrades"
    )


def test_results_page_shows_pending_work_scores_and_parts(world, group, browser):
    [assigned] = world.assignment(group.course, WRITTEN)
    group.hand_in(assigned, RIGHT, DOUBLED, DOUBLED, ODD, {"why": "So."})
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    assert page.heading == "Homework 1 · results"
    tiles = {one.one("dt").text: one.all("dd")[0].text for one in page.all(has="tile")}
    assert tiles["To grade"] == "1"
    assert tiles["Unexplained"] == "1"
    assert tiles["Opened it"] == "5 of 6"
    assert (
        page.one("svg", has="chart-wide").all("title")[0].text.startswith("Histogram of 5 students")
    )
    rows = page.one(aria_label="Mistakes by part").one("table").rows()
    by_part = {row[0].split()[-3]: row for row in rows[1:]}
    assert [*by_part] == ["Square", "Cube", "Next", "Why"]
    assert by_part["Square"][2] == "20 2 × doubled"
    assert by_part["Cube"][2] == "999 1 × no cause known 1 unexplained"
    assert by_part["Cube"][1] == "1 of 4"


@pytest.mark.parametrize(("times", "known"), [(DUE_TOMORROW, False), (LATE, True), ({}, True)])
def test_assignment_mean_is_final_only_after_due_date(world, group, browser, times, known):
    [assigned] = world.assignment(group.course, WRITTEN, timeline_spec=times)
    group.hand_in(assigned, RIGHT, DOUBLED)
    [cell] = browser.get(f"/courses/{group.course}").all("td", data_label="Mean %")
    assert (cell.text != DASH) == known
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    labels = [one.one("dt").text for one in page.all(has="tile")]
    assert ("Mean" in labels, "Mean so far" in labels) == (known, not known)


def test_statistics_are_collapsed_and_explained(world, group, browser):
    [assigned] = world.assignment(group.course, WRITTEN)
    group.hand_in(assigned, RIGHT, DOUBLED, ODD)
    path = f"/assignments/{assigned.assignment}/results"
    statistics = browser.get(path).one("details", id="statistics")
    assert statistics.one("summary").text == "Statistics"
    assert statistics.get("open", "closed") == "closed"
    explained = {one.text: one for one in statistics.all("dl")[0].all("dt")}
    assert [*explained] == ["Facility", "Discrimination", "Attempts", "Cronbach’s α"]
    assert all(len(one.text.split()) >= 10 for one in statistics.all("dl")[0].all("dd"))
    assert "Parts with ungraded answers are left out." in statistics.text
    for query in ("attempt=best", "sort=facility"):
        assert (
            browser.get(f"{path}?{query}").one("details", id="statistics").get("open", "closed")
            == ""
        )


def test_results_page_of_unopened_assignment_is_empty(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    assert page.status == 200
    assert "Nobody has a grade yet." in page.text
    assert browser.get(f"{assigned.path}/results").text.count("No incorrect answers yet.") == 3
    assert "No assignment has grades yet." in browser.get(f"/courses/{group.course}/analytics").text


def test_results_page_works_without_problems(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).removed_at = world.clock()
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    assert page.status == 200
    assert "Nobody has a grade yet." in page.text


@pytest.mark.parametrize(
    ("sort", "direction", "first", "said"),
    [
        ("place", "asc", "Square", "ascending"),
        ("place", "desc", "Next", "descending"),
        ("facility", "asc", "Cube", "ascending"),
        ("facility", "desc", "Next", "descending"),
        ("wrong", "desc", "Cube", "descending"),
        ("wrong", "asc", "Square", "ascending"),
    ],
)
def test_item_analysis_is_sorted_by_column_links(
    world, group, browser, sort, direction, first, said
):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT, ODD, ODD, DOUBLED)
    path = f"/assignments/{assigned.assignment}/results"
    page = browser.get(path, params={"sort": sort, "dir": direction})
    table = page.one(aria_label="Item analysis").one("table")
    assert f" {first} " in f" {table.rows()[1][0]} "
    [head] = [one for one in table.all("th", scope="col") if one.get("aria-sort")]
    assert head["aria-sort"] == said
    turned = "asc" if direction == "desc" else "desc"
    assert head.one("a")["href"] == f"?sort={sort}&dir={turned}#statistics"


@pytest.mark.parametrize("query", ["sort=colour", "dir=up", "attempt=last", "section=x"])
def test_invalid_results_query_is_rejected(world, group, browser, query):
    [assigned] = world.assignment(group.course, POWERS)
    assert browser.get(f"/assignments/{assigned.assignment}/results?{query}").status == 422


def test_results_can_be_filtered_by_section(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    tuesday = world.section(group.course, "Tuesday")
    group.world.set_enrolment(group.students[0], section_id=tuesday)
    group.hand_in(assigned, RIGHT, ODD)
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    form = page.one("form", has="results-filter")
    form.attributes["action"] = form["action"].partition("#")[0]
    seen = browser.send(form, section=str(tuesday))
    assert "1 of 1" in seen.text
    assert browser.send(form, section="").text == page.text


def test_results_page_releases_results_beside_warnings(world, group, browser):
    [assigned] = world.assignment(group.course, WRITTEN, results="manual")
    group.hand_in(assigned, {"why": "So."})
    page = browser.get(f"/assignments/{assigned.assignment}/results")
    assert "1 answer to part why of “Powers of a number” is not graded." in page.text
    form = page.one("form", action=f"/assignments/{assigned.assignment}/release")
    confirmation = browser.send(form, "show_results=now")
    form = confirmation.one("form", action=form["action"])
    assert browser.send(form, "show_results=now").status == 303
    again = browser.get(f"/assignments/{assigned.assignment}/results")
    assert "Results were released on" in again.text
    assert not again.all("form", action=f"/assignments/{assigned.assignment}/release")


@pytest.mark.parametrize(
    ("given", "cause"),
    [(lambda n: 2 * n, "doubled"), (lambda n: n * n + 1, "It is one more than the key.")],
    ids=["a mistake", "a relation to the key"],
)
def test_cause_with_more_votes_than_key_is_listed_first(world, given, cause):
    group = AnalyticsCourse(world, 24)
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    numbers = group.draw(assigned, *[0, 1, 2, 3] * 6)
    best = [{"square": str(given(n)), "cube": str(n**3)} for n in numbers[:14]]
    group.hand_in(assigned, *best, *[{"square": "7", "cube": "7"}] * 10)
    page = Browser(world, group.staff).get(f"{assigned.path}/results")
    first = page.one(aria_label="Incorrect answers to Square").one("table").rows()[1]
    assert first[0].startswith("4 values, such as")
    assert first[1].startswith("14")
    assert cause in first[2]
    assert "more votes than the key" in first[2]


def test_wrong_answer_groups_are_sorted_by_student_count(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(
        assigned, *[{**RIGHT, "square": one} for one in ("7", "20", "20", "99", "99", "20")]
    )
    page = browser.get(f"{assigned.path}/results")
    rows = page.one(aria_label="Incorrect answers to Square").one("table").rows()[1:]
    assert [row[1].split()[0] for row in rows] == ["3", "2", "1"]
    assert [row[2] for row in rows] == [
        "doubled",
        "no cause known It is one less than the key.",
        "no cause known",
    ]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (lambda n: 2 * n, "2*n"),
        (lambda n: n * n + 1, "n**2 + 1"),
        (lambda n: 2 * n * n, "2*(n**2)"),
        (lambda n: n**3 + 7 * n, None),
    ],
    ids=["a mistake", "a relation to the key", "a named relation to the key", "no cause"],
)
def test_wrong_answers_with_individual_numbers_are_accepted_by_cause(world, given, key):
    group = AnalyticsCourse(world, 8)
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    numbers = group.draw(assigned, *[0, 1] * 4)
    answers = [{"square": str(given(n)), "cube": str(n**3)} for n in numbers[:6]]
    group.hand_in(assigned, *answers, *[{"square": "7", "cube": "7"}] * 2)
    browser = Browser(world, group.staff)
    page = browser.get(f"{assigned.path}/results")
    buttons = page.one(aria_label="Incorrect answers to Square").all("button", name="accept")
    done = browser.post(f"{assigned.path}/accept", {"accept": buttons[0]["value"]})
    assert done.status == 303
    if key is None:
        asked = browser.follow(done)
        assert asked.one("input", name="version.accept.key")["value"] == ""
        return
    world.service.regrades.run_until_idle()
    run = browser.follow(done)
    assert "The dry run is done. Nothing has changed yet." in run.text
    assert "6 up, 0 down" in run.text


def test_results_page_escapes_student_input(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, {**RIGHT, "square": "square = 7  # <b>7</b>"}, {"square": "$7$"})
    page = browser.get(f"{assigned.path}/results")
    assert "<b>7" not in page.source
    assert "typed $7$" in page.text


def test_results_of_a_single_part_show_all_groups(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, *[{**WRONG, "square": str(one)} for one in range(200, 206)])
    whole = browser.get(f"{assigned.path}/results")
    assert len(whole.one(aria_label="Incorrect answers to Square").one("table").rows()) == 5
    assert "All of Square 2 more groups, mistakes, variants" in whole.text
    alone = browser.get(f"{assigned.path}/results?part=square")
    assert len(alone.one(aria_label="Incorrect answers to Square").one("table").rows()) == 7
    assert not alone.all(aria_label="Incorrect answers to Cube")


def test_wrong_answer_groups_are_paginated(world):
    group = AnalyticsCourse(world, 17)
    browser = Browser(world, group.staff)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, *[{**WRONG, "square": str(one)} for one in range(200, 217)])

    def shown(query):
        page = browser.get(f"{assigned.path}/results{query}")
        rows = page.one(aria_label="Incorrect answers to Square").one("table").rows()[1:]
        return page, [row[0].split()[0] for row in rows]

    first, before = shown("?part=square&attempt=best")
    second, after = shown(first.one("a", rel="next")["href"])
    assert (len(before), len(after)) == (15, 2)
    assert {*before, *after} == {str(one) for one in range(200, 217)}
    assert "at the best attempt" in second.text
    assert not second.all("a", rel="next")


def test_harder_variants_are_flagged(world, browser):
    group = AnalyticsCourse(world, 80)
    browser = Browser(world, group.staff)
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    drawn = group.draw(assigned, *[at % 2 for at in range(80)])
    hard = drawn[0]
    group.hand_in(assigned, *[{"square": "7" if one == hard else str(one**2)} for one in drawn])
    page = browser.get(f"{assigned.path}/results?part=square")
    assert [one.text for one in page.all(text="unlike the others", has="flag")]
    assert "is harder than the others" in page.text


def test_course_analytics_charts_scores_and_submission_times(world, group, browser):
    [first] = world.assignment(group.course, POWERS, timeline_spec=LATE)
    [second] = world.assignment(group.course, POWERS, timeline_spec={"due": "2026-11-04 12:00"})
    group.hand_in(first, RIGHT, ODD)
    group.hand_in(second, *[RIGHT] * 5)
    page = browser.get(f"/courses/{group.course}/analytics")
    titles = [one.all("title")[0].text for one in page.all("svg", has="chart-wide")]
    assert titles[0].startswith("The middle half of the scores in 2 assignments")
    assert titles[1].startswith("Last submissions: 0 of 5 (0 %) were late")
    other = browser.get(f"/courses/{group.course}/analytics?of={first.assignment}")
    table = other.one(aria_label="Submissions to Homework 1, as a table").one("table").rows()
    assert ["due to 1 d after", "2"] in table
    assert sum(int(row[1]) for row in table[1:]) == 2


def test_result_pages_meet_csp_and_accessibility_rules(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT, ODD, DOUBLED)
    run = run_dry_run(world, group.staff, assigned, {"parts": {"square": {"points": 3}}})
    for path in (
        f"/courses/{group.course}",
        f"/courses/{group.course}/analytics",
        f"/assignments/{assigned.assignment}/results",
        f"{assigned.path}/results",
        f"{assigned.path}/regrades",
        f"/regrades/{run['id']}",
    ):
        page = browser.get(path)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert len(page.all("h1")) == 1
        names = {name for one in page.walk() for name in one.attributes}
        assert not {name for name in names if name == "style" or name.startswith("on")}
        assert all(one.get("scope") for one in page.all("th")), path
        ids = [one["id"] for one in page.walk() if one.get("id")]
        assert len(ids) == len(set(ids)), path
        labelled = {one["for"] for one in page.all("label") if one.get("for")}
        inside = {id(each) for one in page.all("label") for each in one.walk()}
        for one in page.all():
            if one.tag in {"input", "select", "textarea"} and one.get("type") != "hidden":
                assert one.get("id") in labelled or id(one) in inside, (path, one.attributes)


def test_results_link_to_students_who_have_not_opened_assignment(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, *[RIGHT] * 4)
    results = browser.get(f"/assignments/{assigned.assignment}/results")
    href = results.one("a", text="Who has not?")["href"]
    page = browser.get(href)
    assert page.heading == "Homework 1 · not opened"
    assert "2 students have not opened any problem." in page.text
    assert [row[0] for row in page.one("table").rows()] == ["Name", "Stu 4", "Stu 5"]
    student = page.one("a", text="Stu 4")["href"]
    assert student == f"/courses/{group.course}/students/{group.students[4].id}"
    assert browser.get(student).status == 200
    group.hand_in(assigned, *[None] * 4, RIGHT, RIGHT)
    assert "Every student has opened the assignment" in browser.get(href).text
    assert not browser.get(f"/assignments/{assigned.assignment}/results").all(text="Who has not?")


def test_unopened_list_is_filtered_by_section(world, group, browser):
    [assigned] = world.assignment(group.course, POWERS, published=False)
    section = world.section(group.course, "Tuesday")
    group.join("Tue Sday", section=section)
    results = browser.get(
        f"/assignments/{assigned.assignment}/results", params={"section": section}
    )
    page = browser.get(results.one("a", text="Who has not?")["href"])
    assert page.one("table").rows()[1][0::3] == ["Tue Sday", "Tuesday"]
    assert "Students cannot open the assignment before it is published." in page.text
    whole = browser.get(f"/assignments/{assigned.assignment}/unopened", params={"section": ""})
    assert len(whole.one("tbody").all("tr")) == 7
    for wrong in ("x", new_id()):
        query = {"section": wrong}
        assert (
            browser.get(f"/assignments/{assigned.assignment}/unopened", params=query).status == 422
        )


def test_ta_cannot_list_unopened_students_in_anonymous_assignment(world, group):
    [assigned] = world.assignment(group.course, POWERS, anonymous=True)
    browser = Browser(world, group.join("Gra Der", role="grader"))
    results = browser.get(f"/assignments/{assigned.assignment}/results")
    assert results.status == 200
    assert not results.all("a", text="Who has not?")
    refused = browser.get(f"/assignments/{assigned.assignment}/unopened")
    assert refused.status == 403
    assert "Stu 1" not in refused.text


def test_class_mistakes_over_time_show_student_shares(world, group, browser):
    path = f"/courses/{group.course}/analytics"
    [first] = world.assignment(group.course, POWERS)
    assert "No known mistake so far." in browser.get(path).text
    group.hand_in(first, DOUBLED, DOUBLED, RIGHT, RIGHT)
    [second] = world.assignment(group.course, ROOTS)
    group.hand_in(second, DOUBLED, RIGHT, RIGHT, RIGHT)
    label = "Mistakes of the class over time"
    _, [name, students, *shares] = browser.get(path).one(aria_label=label).one("table").rows()
    assert (name, students) == ("doubled", "2")
    assert shares == ["50 % half or more 2 of 4", "25 % 1 of 4"]


def test_results_page_without_students_avoids_zero_of_zero(world, course):
    [assigned] = world.assignment(course, POWERS)
    browser = Browser(world, world.enrol(course, role="instructor"))
    page = browser.get(f"{assigned.path.partition('/problems')[0]}/results")
    assert page.status == 200
    assert "of 0" not in page.text
    assert "no students yet" in page.text
    assert "0 of 0" not in browser.get(f"{assigned.path}/results").text
