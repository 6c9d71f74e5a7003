"""Tests of the regrade pages: from equal wrong answers to new grades, and back."""

from urllib.parse import urljoin

import pytest
from pages import Browser
from regrading import OTHER_KEY, run_action, run_dry_run, score
from world import TEXT_PROBLEM

from api.db.models import Regrade


@pytest.fixture
def browser(world, teacher):
    return Browser(world, teacher)


def form_of(page, path):
    return page.one("form", action=f"{path}/regrades")


def started(world, browser, page):
    """Run the dry run of the regrade that a form created, and return its page."""
    assert page.status == 303, page.text
    world.service.regrades.run_until_idle()
    return browser.follow(page)


def pressed(world, browser, page, what, **typed):
    """Submit the form *what* of a regrade page, run all work, and return the page."""
    form = page.one("form", action=f"{page.path}/{what}")
    return started(world, browser, browser.send(form, **typed))


def leads(page, text):
    """Return the absolute path of the first link with this *text*."""
    return urljoin(page.path, page.all("a", text=text)[0]["href"]).partition("#")[0]


def accept_form(browser, problem):
    """Return the path of the form that accepts the first group of wrong answers."""
    [button, *_] = browser.get(f"{problem.path}/results").all("button", name="accept")
    part, answer = button["value"].split("/")
    return f"{problem.path}/regrades?do=accept&part={part}&answer={answer}"


def test_accepted_group_is_dry_run_applied_and_undone(world, course, browser, problem):
    people = [world.enrol(course, name) for name in ("Ada", "Ben")]
    for person in people:
        person.submit(problem, {"cells": "6"})
    wrong = browser.get(f"{problem.path}/results")
    [accept] = wrong.all("button", name="accept")
    ready = started(
        world, browser, browser.post(f"{problem.path}/accept", {"accept": accept["value"]})
    )
    assert "The dry run is done. Nothing has changed yet." in ready.text
    assert "2 up, 0 down" in ready.text
    assert ready.one(aria_label="Changed students").one("table").rows()[1] == [
        "Ada",
        "0 → 2",
        "0 → 2",
        "2",
    ]
    assert [score(world, problem, person) for person in people] == [0, 0]
    applied = pressed(world, browser, ready, "apply", notice="6 counts as well.")
    assert "It is applied." in applied.text
    assert "6 counts as well." in applied.text
    assert [score(world, problem, person) for person in people] == [2, 2]
    undone = pressed(world, browser, applied, "undo", reason="It was right before")
    assert "It was undone" in undone.text
    assert "Scores of this problem, before it was undone:" in undone.text
    assert "6 counts as well. (taken off)" in undone.text
    assert not undone.all("h2", text="What next")
    assert [score(world, problem, person) for person in people] == [0, 0]


def test_contradicting_author_example_is_reported_and_can_be_dropped(world, course, browser):
    text = f"""{TEXT_PROBLEM}examples:
  - {{answers: {{cells: '9', doubled: '12'}}, expect: {{cells: correct, doubled: wrong}}}}
  - {{answers: {{cells: '6'}}, expect: {{cells: wrong}}}}
"""
    [problem] = world.assignment(course, text)
    student = world.enrol(course)
    student.submit(problem, {"cells": "6"})
    start = browser.get(accept_form(browser, problem))
    assert not start.all("input", name="version.drop_examples")
    refused = browser.send(form_of(start, problem.path))
    assert refused.status == 422
    box = refused.one("input", name="version.drop_examples")
    assert (box["value"], box.get("checked", "no")) == ("1", "no")
    said = refused.one(id=f"{box['id']}-wrong").text.rstrip(".")
    assert said.startswith("Example 2 ")
    assert all(word in said for word in ("Cells", "“6”", "“incorrect”"))
    assert said in refused.one(id="error").text
    assert refused.one("a", href=f"#{box['id']}")
    assert "examples.1" not in refused.one(id="error").text
    sent = {"version.drop_examples": "1"}
    again = browser.send(form_of(refused, problem.path), **sent, **{"version.accept.reason": "x"})
    assert again.one("input", name="version.drop_examples").get("checked", "no") != "no"
    reason = {"version.accept.reason": "Without the middle"}
    run = started(world, browser, browser.send(form_of(again, problem.path), **reason))
    pressed(world, browser, run, "apply")
    assert score(world, problem, student) == 2


@pytest.mark.parametrize("way", ["accept", "mistake"])
@pytest.mark.parametrize("value", ["K +", "foo", "K / 0", "(1, 2)"])
def test_invalid_key_value_is_reported_at_its_field(browser, problem, way, value):
    fields = {
        "do": way,
        f"version.{way}.part": "cells",
        f"version.{way}.key": value,
        f"version.{way}.id": "border_only",
        f"version.{way}.reason": "So it is",
        f"version.{way}.say": "Look again.",
    }
    page = browser.post(f"{problem.path}/regrades", fields)
    assert page.status == 422
    assert page.one("a", href=f"#version.{way}.key").text == "Its value"
    assert page.one("input", name=f"version.{way}.key")["aria-invalid"] == "true"
    assert "parts." not in page.one(id="error").text


def test_accept_form_suggests_expression_of_known_mistake(world, course, browser):
    known = 'key: "K*K", mistakes: [{id: sides, key: 4*K, say: That is the sides.}]'
    [problem] = world.assignment(course, TEXT_PROBLEM.replace('key: "K*K"', known), variants="each")
    student = world.enrol(course)
    asked = student.get(problem.path).json()["statement"]
    size = int("".join(filter(str.isdigit, asked)))
    student.submit(problem, {"cells": str(4 * size)})
    start = browser.get(accept_form(browser, problem))
    assert start.one("input", name="version.accept.key")["value"] == "4*K"
    hint = start.one(id="version.accept.key-hint").text
    assert hint.startswith("An expression in the names of the problem, here K: students have")


def test_regrade_lists_only_changed_students_and_counts_the_rest(
    world, course, teacher, browser, problem
):
    for number in range(85):
        world.enrol(course, f"Same {number}").submit(problem, {"cells": "7"})
    world.enrol(course, "Zoe").submit(problem, {"cells": "9"})
    page = browser.get(f"/regrades/{run_dry_run(world, teacher, problem)['id']}")
    assert [row[0] for row in page.one(aria_label="Changed students").one("table").rows()] == [
        "Student",
        "Zoe",
    ]
    assert "85 students who submitted keep score and grade." in page.text
    assert not page.all("a", text="More")


def test_answer_group_can_be_labeled_as_mistake(world, course, browser, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "6"})
    name = leads(browser.get(f"{problem.path}/results"), "Label mistake")
    form = form_of(browser.get(name), problem.path)
    typed = {"version.mistake.id": "border_only", "version.mistake.say": "What about the middle?"}
    run = started(world, browser, browser.send(form, **typed))
    changed = browser.get(f"{run.path}?direction=same")
    assert "border only" in changed.one(aria_label="Changed answers").text


def test_accept_form_suggests_expression_from_similar_value(world, course, browser):
    [problem] = world.assignment(course, variants="each")
    student = world.enrol(course)
    asked = student.get(problem.path).json()["statement"]
    size = int("".join(filter(str.isdigit, asked)))
    student.submit(problem, {"cells": str(size**2 + 1)})
    accept = accept_form(browser, problem)
    start = browser.get(accept)
    assert start.one("input", name="version.accept.key")["value"] == "K*K + 1"
    assert "it is one more than the key" in start.text
    typed = {"version.accept.reason": "The corner counts"}
    run = started(world, browser, browser.send(form_of(start, problem.path), **typed))
    assert "1 up, 0 down" in run.text


@pytest.mark.parametrize(
    ("typed", "place", "said"),
    [
        ({"do": "accept"}, "version.accept.reason", "is missing"),
        (
            {"do": "accept", "version.accept.part": "cells", "version.accept.reason": "So it is"},
            "version.accept.key",
            "give the part and the key",
        ),
        (
            {
                "do": "accept",
                "version.accept.part": "cells",
                "version.accept.key": "K +",
                "version.accept.reason": "So it is",
            },
            "version.accept.key",
            "is not an expression",
        ),
        (
            {
                "do": "mistake",
                "version.mistake.part": "cells",
                "version.mistake.key": "6",
                "version.mistake.id": "Not A Name",
                "version.mistake.say": "Look again.",
            },
            "version.mistake.id",
            "",
        ),
        ({"do": "parts", "version.parts.part": "cells"}, "version.parts.part", "must set points"),
        (
            {"do": "parts", "version.parts.part": "cells", "version.parts.points": "many"},
            "version.parts.points",
            "",
        ),
        (
            {
                "do": "parts",
                "version.parts.part": "cells",
                "version.parts.points": "3",
                "reach": "students",
                "students": "Nobody Here",
            },
            "students",
            "names no student",
        ),
        (
            {
                "do": "parts",
                "version.parts.part": "cells",
                "version.parts.points": "3",
                "reach": "students",
            },
            "students",
            "must name 1 to 50 students",
        ),
    ],
)
def test_invalid_regrade_form_keeps_input_and_reports_field(
    world, browser, problem, typed, place, said
):
    page = browser.post(f"{problem.path}/regrades", {"reason": "Kept as typed", **typed})
    assert page.status == 422
    assert page.one("textarea", name="reason").text == "Kept as typed"
    for name, value in typed.items():
        for one in page.all("input", name=name, type="text"):
            assert one["value"] == value
    assert page.one(name=place)["aria-invalid"] == "true"
    assert said in page.one(id=f"{place}-wrong").text
    assert page.one("a", href=f"#{place}")
    with world.db.reading() as session:
        assert session.query(Regrade).count() == 0


@pytest.mark.parametrize("do", ["", "source", "colour"])
def test_unknown_regrade_action_is_rejected(browser, problem, do):
    assert browser.post(f"{problem.path}/regrades", {"do": do}).status == 422


@pytest.mark.parametrize(
    ("reach", "names"),
    [
        ({"reach": "all"}, ["Ada", "Ben", "Cleo"]),
        ({"reach": "answers", "statuses": ["wrong"]}, ["Ben", "Cleo"]),
        ({"reach": "answers", "statuses": ["wrong"], "part": "doubled"}, ["Cleo"]),
        ({"reach": "students", "students": "Ada\n\nCleo"}, ["Ada", "Cleo"]),
    ],
)
def test_regrade_is_limited_to_selected_students(
    world, course, teacher, browser, problem, reach, names
):
    answers = {"Ada": {"cells": "9"}, "Ben": {"cells": "7"}, "Cleo": {"doubled": "5"}}
    for name, given in answers.items():
        world.enrol(course, name).submit(problem, given)
    fields = {"do": "parts", "version.parts.part": "cells", "version.parts.points": "3", **reach}
    run = started(world, browser, browser.post(f"{problem.path}/regrades", fields))
    told = teacher.get(f"{run.path}/students").json()["items"]
    assert sorted(one["name"] for one in told) == names


@pytest.mark.parametrize(
    ("rule", "size", "right"), [("rel", "50%", 2), ("abs", "1", 2), ("sigfigs", "2", 0)]
)
def test_regrade_can_change_tolerance(world, course, browser, rule, size, right):
    measured = TEXT_PROBLEM.replace("{id: cells, kind: integer", "{id: cells, kind: number")
    [problem] = world.assignment(course, measured)
    student = world.enrol(course)
    student.submit(problem, {"cells": "10"})
    fields = {
        "do": "parts",
        "version.parts.part": "cells",
        "version.parts.rule": rule,
        "version.parts.size": size,
    }
    run = started(world, browser, browser.post(f"{problem.path}/regrades", fields))
    pressed(world, browser, run, "apply")
    assert score(world, problem, student) == right


def test_part_results_link_to_key_correction_with_current_keys(world, course, browser, problem):
    world.enrol(course).submit(problem, {"doubled": "7"})
    results = browser.get(f"{problem.path}/results")
    link = results.one("a", text="Correct the key, points or tolerance of Doubled")
    page = browser.get(link["href"].partition("#")[0])
    chosen = page.one("select", id="version.parts.part").all("option")
    assert [one["value"] for one in chosen if "selected" in one.attributes] == ["doubled"]
    keys = page.one("main").one("details")
    assert "open" in keys.attributes
    assert [row[:2] for row in keys.one("table").rows()[1:]][:2] == [
        ["cells", "K*K"],
        ["doubled", "2*cells"],
    ]


def test_only_parts_with_a_key_link_to_key_correction(world, course, browser):
    [assigned] = world.assignment(course, "kernel-stride-padding-search")
    world.enrol(course).submit(assigned, {"smallest": "3", "any": "(3, 1, 1)"})
    links = browser.get(f"{assigned.path}/results").all("a")
    corrected = [one["href"] for one in links if one.text.startswith("Correct the key")]
    assert any("part=smallest#" in one for one in corrected)
    assert not any("part=any#" in one or "part=halving#" in one for one in corrected)


def test_regrade_can_use_an_existing_version(world, teacher, browser, problem):
    run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    page = browser.get(f"{problem.path}/regrades?do=id")
    run = started(world, browser, browser.send(form_of(page, problem.path)))
    assert "Nothing has changed yet." in run.text


def test_second_regrade_is_refused_and_page_links_to_active_one(world, teacher, browser, problem):
    run = run_dry_run(world, teacher, problem)
    page = browser.get(f"{problem.path}/regrades")
    assert not page.all("form", action=f"{problem.path}/regrades")
    assert page.one(has="note").one("a")["href"] == f"/regrades/{run['id']}"
    fields = {"do": "parts", "version.parts.part": "cells", "version.parts.points": "3"}
    refused = browser.post(f"{problem.path}/regrades", fields)
    assert refused.status == 409
    assert refused.one("input", name="version.parts.points")["value"] == "3"


def test_never_lower_keeps_higher_credit(world, course, teacher, browser, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "9"})
    run = browser.get(f"/regrades/{run_dry_run(world, teacher, problem)['id']}")
    assert run.one(aria_label="Changed students").one("table").rows()[1][1:] == [
        "2 → 0",
        "2 → 0",
        "2",
    ]
    done = browser.send(run.one("form", action=f"{run.path}/apply"), "never_lower=true")
    applied = started(world, browser, done)
    assert "nobody loses credit" in applied.text
    assert "Scores of this problem: 0 up, 0 down of 1 student" in applied.text
    assert "1 would lose it and stays" in applied.text
    assert not applied.all(aria_label="Changed students")
    assert score(world, problem, student) == 2


def test_never_lower_regrade_lists_only_gains(world, course, teacher, browser, problem):
    world.enrol(course).submit(problem, {"cells": "10"})
    asked = {"version": OTHER_KEY, "never_lower": True}
    made = teacher.post(f"{problem.path}/regrades", asked).json()
    world.service.regrades.run_until_idle()
    table = browser.get(f"/regrades/{made['id']}").one(aria_label="Changed students").one("table")
    assert [row[1:] for row in table.rows()] == [["Problem", "Assignment"], ["0 → 2", "0 → 2"]]


def test_regrade_links_to_diff_of_its_version(world, course, teacher, browser, problem):
    world.enrol(course).submit(problem, {"cells": "9"})
    run = browser.get(f"/regrades/{run_dry_run(world, teacher, problem)['id']}")
    told = browser.get(run.one("a", text="what is different")["href"])
    assert "The grading of answers changed." in told.text


def test_running_regrade_shows_progress_and_refreshes(world, teacher, browser, problem, course):
    world.enrol(course).submit(problem, {"cells": "9"})
    asked = teacher.post(f"{problem.path}/regrades", {"version": OTHER_KEY}).json()
    page = browser.get(f"/regrades/{asked['id']}")
    state = page.one(id="regrade")
    assert state["data-refresh"] == "2000"
    assert state.all("form", action=f"{page.path}/cancel")
    assert state["data-href"] == page.path
    assert page.one("progress")["max"] == "1"
    assert page.one("a", text="Reload")["href"] == page.path
    cancelled = pressed(world, browser, page, "cancel")
    assert "It was canceled. Nothing was changed." in cancelled.text
    assert "data-refresh" not in cancelled.source


@pytest.mark.parametrize(
    ("what", "field"), [("apply", "notice"), ("undo", "reason"), ("cancel", "")]
)
def test_regrade_action_invalid_in_its_state_is_refused_on_page(
    world, teacher, browser, problem, what, field
):
    run = run_dry_run(world, teacher, problem)
    if what != "undo":
        run_action(world, teacher, run, "cancel")
    page = browser.post(f"/regrades/{run['id']}/{what}", {field: "x"} if field else {"a": "b"})
    assert page.status == 409
    assert page.one(id="error").text
    assert page.heading == "Regrade of Why small kernels"


def test_regrade_shows_answers_of_one_student_before_and_after(
    world, course, teacher, browser, problem
):
    ada, ben = world.enrol(course, "Ada"), world.enrol(course, "Ben")
    ada.submit(problem, {"cells": "10"})
    ben.submit(problem, {"cells": "9"})
    run = run_dry_run(world, teacher, problem)
    page = browser.get(f"/regrades/{run['id']}?student={ada.id}")
    assert page.one(aria_label="Changed answers").one("table").rows()[1:] == [
        ["Ada", "Cells", "10", "incorrect, 0 %", "correct, 100 %"]
    ]
    up = browser.get(f"/regrades/{run['id']}?direction=down")
    assert [row[0] for row in up.one(aria_label="Changed answers").one("table").rows()[1:]] == [
        "Ben"
    ]


def test_ta_sees_regrade_without_buttons(world, course, teacher, problem):
    run = run_dry_run(world, teacher, problem)
    grader = Browser(world, world.enrol(course, "Gra Der", role="grader"))
    page = grader.get(f"/regrades/{run['id']}")
    assert page.status == 200
    assert not [one for one in page.all("form") if one["action"].startswith("/regrades")]


def test_regrade_that_changes_only_points_shows_points(world, course, teacher, browser, problem):
    world.enrol(course, "Ada").submit(problem, {"cells": "9"})
    run = run_dry_run(world, teacher, problem, {"parts": {"cells": {"points": 7}}})
    page = browser.get(f"/regrades/{run['id']}?direction=same")
    assert page.one(aria_label="Changed answers").one("table").rows()[1:] == [
        ["Ada", "Cells", "9", "correct, 100 %: 2 of 2", "correct, 100 %: 7 of 7"]
    ]
    assert "Scores of this problem: 1 up, 0 down of 1 student who submitted." in page.text
    assert "1 of 1 answer would change: same credit" in page.text


def test_regrade_counts_only_students_who_submitted_the_problem(world, course, teacher, browser):
    assigned, other = world.assignment(course, TEXT_PROBLEM, "pooling-4x4")
    world.enrol(course, "Ada").submit(assigned, {"cells": "9"})
    world.enrol(course, "Bea").submit(other, {"max": [[1, 2], [3, 4]]})
    run = run_dry_run(world, teacher, assigned, {"parts": {"cells": {"points": 7}}})
    told = [browser.get(f"/regrades/{run['id']}").text]
    applied = run_action(world, teacher, run, "apply")
    assert (run["counts"]["students"], applied["counts"]["students"]) == (1, 2)
    told.append(browser.get(f"/regrades/{run['id']}").text)
    for text in told:
        assert "1 up, 0 down of 1 student who submitted." in text
        assert "keeps score and grade" not in text


def test_undone_regrade_lists_assignments_still_using_its_version(
    world, course, teacher, browser, problem
):
    run = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    [other] = world.assignment(course)
    run_dry_run(world, teacher, other, {"id": run["to_version"]["id"]})
    run_action(world, teacher, run, "undo")
    page = browser.get(f"/regrades/{run['id']}")
    assert (
        "Version 1 of the course stays published: Homework 1 uses it." in page.one(has="note").text
    )


def test_regrade_is_not_shown_as_applied_while_applying(world, course, browser, problem):
    world.enrol(course).submit(problem, {"cells": "6"})
    [accept] = browser.get(f"{problem.path}/results").all("button", name="accept")
    done = browser.post(f"{problem.path}/accept", {"accept": accept["value"]})
    ready = started(world, browser, done)
    form = ready.one("form", action=f"{ready.path}/apply")
    applying = browser.follow(browser.send(form))
    names = [one.text for one in applying.all("dt")]
    assert ("Started to apply" in names, "Applied" in names) == (True, False)
    world.service.regrades.run_until_idle()
    names = [one.text for one in browser.get(ready.path).all("dt")]
    assert ("Started to apply" in names, "Applied" in names) == (False, True)
