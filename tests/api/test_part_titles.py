"""Tests of part titles: people read the title everywhere; the id is for programs."""

from uuid import UUID

import pytest
from pages import Browser
from regrading import get_regrade, read_grades, run_action, run_dry_run
from review_course import ReviewCourse
from world import TEXT_PROBLEM

from api.db.models import ProblemVersion, Regrade
from api.services.regrades.execution.dry_run import changes_part_points

ONE_DATABASE = True
NAMES = {"cells": "Cells of the kernel", "why": "Why <small> ones?"}
TITLED = TEXT_PROBLEM.replace("{id: cells,", f"{{id: cells, title: {NAMES['cells']},").replace(
    "- id: why\n", f"- id: why\n    title: {NAMES['why']}\n"
)
ANSWERS = {"cells": "8", "doubled": "16", "why": "Fewer parameters."}


@pytest.fixture
def scene(world):
    return ReviewCourse(world, {"regrade_days": 7}, TITLED)


@pytest.fixture
def student(scene):
    return scene.world.enrol(scene.course, "Stu Dent")


@pytest.fixture
def sent(scene, student):
    return student.submit(scene.assigned, ANSWERS).json()["id"]


def headings(page) -> list[str]:
    return [one.text for one in page.all("h2")]


@pytest.mark.parametrize(
    "path",
    [
        "{problem}",
        "{problem}/practice",
        "{problem}/solution",
        "{problem}/submissions",
        "/submissions/{sent}",
        "/receipts/{sent}",
        "/courses/{course}/grades",
        "{assignment}/history",
    ],
)
def test_student_pages_show_part_titles_or_names_made_from_ids(scene, student, sent, path):
    scene.change(solutions="manual", solutions_released_at=scene.world.clock())
    where = {"problem": scene.assigned.path, "assignment": scene.assignment}
    page = Browser(scene.world, student).get(path.format(**where, sent=sent, course=scene.course))
    assert page.status == 200
    for name in (*NAMES.values(), "Doubled"):
        assert name in page.text, name
    assert "<small>" not in page.source


def test_card_heading_is_letter_followed_by_title(scene, student):
    cards = headings(Browser(scene.world, student).get(scene.assigned.path))
    assert cards[:3] == ["a Cells of the kernel", "b Doubled", "c Why <small> ones?"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("{assignment}/review", "why"),
        ("{assignment}/review/why-small-kernels/why", "why"),
        ("/answers/{answer}/review", "why"),
        ("{assignment}/requests", "cells"),
        ("{assignment}/results", "cells"),
        ("{problem}/results", "cells"),
        ("{problem}/regrades?do=parts", "cells"),
        ("{problem}/settings", "cells"),
        ("/courses/{course}/students/{student}?open={slug}", "cells"),
    ],
)
def test_staff_pages_show_part_titles(scene, student, sent, path, part):
    asked = student.post(f"/submissions/{sent}/parts/cells/request", {"text": "Is it not 8?"})
    assert asked.status_code == 201, asked.text
    where = {
        "assignment": scene.assignment,
        "problem": scene.assigned.path,
        "course": scene.course,
        "student": student.id,
        "answer": scene.answer(student),
        "slug": scene.ina.get(scene.assignment).json()["slug"],
    }
    page = Browser(scene.world, scene.ina).get(path.format(**where))
    assert page.status == 200
    assert NAMES[part] in page.text


def test_stale_form_lists_differences_by_part_title(scene):
    browser = Browser(scene.world, scene.ina)
    [form] = browser.get(f"{scene.assigned.path}/settings").all("form", id="settings")
    assert browser.send(form, "act=save", points="5").status == 303
    stale = browser.send(form, "act=save", **{"voided.cells": "full", "voided.doubled": "out"})
    told = [row[0] for row in stale.one(role="alert").one("table").rows()]
    assert {NAMES["cells"], "Doubled"} <= {*told}


def test_bank_version_page_shows_ids_with_titles(scene):
    path = f"/courses/{scene.course}/problems/{scene.assigned.version}"
    found = headings(Browser(scene.world, scene.ina).get(path))
    assert {"cells Cells of the kernel integer", "doubled integer"} <= {*found}


def test_regrade_changes_and_own_requests_show_part_title(scene, student, sent):
    version = {"accept": {"part": "cells", "key": "8", "reason": "Counted with a hole"}}
    scene.change(variants="original")
    run = run_dry_run(scene.world, scene.ina, scene.assigned, version)
    page = Browser(scene.world, scene.ina).get(f"/regrades/{run['id']}?direction=up")
    assert NAMES["cells"] in page.one("table").text
    asked = student.post(f"/submissions/{sent}/parts/cells/request", {"text": "Is it not 8?"})
    assert asked.status_code == 201, asked.text
    own = Browser(scene.world, student).get("/me/requests")
    assert headings(own) == [f"Why small kernels, {NAMES['cells']}"]


def test_api_returns_part_titles_with_ids(scene, student, sent):
    assert sent
    problem = student.get(scene.assigned.path).json()
    assert [(one["id"], one["title"]) for one in problem["parts"]] == [
        ("cells", NAMES["cells"]),
        ("doubled", ""),
        ("why", NAMES["why"]),
    ]
    [listed] = student.get(scene.assignment).json()["problems"]
    [assigned] = scene.ina.get(scene.assignment).json()["problems"]
    [grade] = student.get(f"/courses/{scene.course}/grades").json()["assignments"]
    assert listed["part_titles"] == grade["problems"][0]["part_titles"] == NAMES
    assert [one["title"] for one in assigned["parts"]] == [NAMES["cells"], "", NAMES["why"]]
    [told] = scene.ada.get(f"{scene.assignment}/readiness").json()["unassessed"]
    review = scene.ada.get(f"/answers/{scene.answer(student)}/review").json()
    rubric = scene.ada.get(f"{scene.part}/rubric").json()
    assert told["part_title"] == review["part_title"] == rubric["part_title"] == NAMES["why"]
    figures = scene.ina.get(f"{scene.assigned.path}/analytics").json()["parts"]
    assert [one["part_title"] for one in figures] == [NAMES["cells"], "", NAMES["why"]]


def test_readiness_warning_lists_ungraded_parts_by_title(scene, sent):
    assert sent
    ready = scene.ada.get(f"{scene.assignment}/readiness").json()
    said = "1 answer to part “Why <small> ones?” of “Why small kernels” is not graded."
    assert ready["warnings"][0] == said


def test_title_only_change_regrades_without_changing_results(world):
    plain = ReviewCourse(world)
    student = plain.world.enrol(plain.course, "Stu Dent")
    student.submit(plain.assigned, ANSWERS)
    before = read_grades(world, plain.assigned)
    run = run_dry_run(world, plain.ina, plain.assigned, {"source": TITLED})
    assert {way: run["counts"][way] for way in ("up", "down", "review")} == {
        "up": 0,
        "down": 0,
        "review": 0,
    }
    with world.db.reading() as session:
        assert not changes_part_points(session, session.get_one(Regrade, UUID(run["id"])))
    run_action(world, plain.ina, run, "apply")
    after = read_grades(world, plain.assigned)
    assert get_regrade(plain.ina, run)["status"] == "applied"
    for what in ("answers", "standings", "grades"):
        assert after[what] == before[what]
    assert NAMES["cells"] in Browser(world, student).get(plain.assigned.path).text


def test_version_stored_without_titles_is_shown_unchanged(scene, student):
    with scene.world.session() as session:
        version = session.get_one(ProblemVersion, UUID(str(scene.assigned.version)))
        version.parts = [{k: one[k] for k in ("id", "kind", "points")} for one in version.parts]
    [listed] = student.get(scene.assignment).json()["problems"]
    assert listed["part_titles"] == {}
