"""Tests of every kind of answer: graded from published variants, shown on each page."""

import pytest
from actors import ProblemReference
from full_database import ANSWERS, EVERY_KIND, PARTS
from pages import Browser

from grader.definitions.problem import Problem
from grader.kinds import KINDS
from grader.variants.variant import solve_variant
from problems.files.yaml_document import load_document
from problems.registry import REGISTRY

PROBLEM = Problem.model_validate(load_document(EVERY_KIND, file="every-kind").data)
RIGHT, WRONG, UNREADABLE = "right", "wrong", "unreadable"


@pytest.fixture
def assigned(world, course) -> ProblemReference:
    [assigned] = world.assignment(course, EVERY_KIND)
    return assigned


def sample_answers(sort: str) -> dict[str, str]:
    """Return a text answer of *sort* (right, wrong, unreadable) per part that has one."""
    variant = solve_variant(PROBLEM, None, REGISTRY)
    texts = {
        part.id: [
            text
            for text in getattr(
                KINDS[part.kind].build_samples(part, variant.keys.get(part.id)), sort
            )
            if isinstance(text, str) and text.strip()
        ]
        for part in PROBLEM.parts
    }
    return {part: found[0] for part, found in texts.items() if found}


def submitted(student, assigned, answers) -> dict[str, str]:
    """Submit *answers*, and return the status of each part."""
    response = student.submit(assigned, answers)
    assert response.status_code == 201, response.text
    return {one["part"]: one["status"] for one in response.json()["results"]}


def test_every_kind_is_graded_from_its_published_variant(student, assigned):
    right = {"a_expression": ANSWERS["a_expression"]} | sample_answers(RIGHT)
    assert right.keys() == {f"a_{kind}" for kind in PARTS if kind != "text"}
    assert set(submitted(student, assigned, right).values()) == {"correct"}
    assert "correct" not in submitted(student, assigned, sample_answers(WRONG)).values()
    assert set(submitted(student, assigned, sample_answers(UNREADABLE)).values()) == {"unreadable"}


def test_every_answer_page_renders_every_kind(world, course, student, teacher, assigned):
    submission = student.submit(assigned, sample_answers(RIGHT)).json()["id"]
    page = Browser(world, student).get(assigned.path)
    for kind in PARTS:
        assert page.one("section", id=f"part-a_{kind}").text
    shared = ("", "/submissions")
    for person, paths in (
        (student, (*(assigned.path + path for path in shared), f"/submissions/{submission}")),
        (teacher, (assigned.path, f"{assigned.path}/solution", f"{assigned.path}/results")),
        (
            teacher,
            (
                f"/courses/{course}/problems/{assigned.version}",
                f"/courses/{course}/students/{student.id}",
            ),
        ),
    ):
        for path in paths:
            assert Browser(world, person).get(path).status == 200, path
