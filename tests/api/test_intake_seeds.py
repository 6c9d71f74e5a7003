"""Tests of real answers from five homework documents: HTTP and batch results agree."""

import json
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from reference_batch import GradedRow, grade_rows, read_table
from world import Person, ProblemReference, World, bank_source

from api.db.models import Assignment
from api.services.engine.single_answer import SingleAnswerGrader
from api.services.problems.publishing import PublishedProblem, summarize_parts
from api.services.problems.versions import store_version
from grader import ENGINE
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

ONE_DATABASE = True
FILE = Path(__file__).parents[1] / "bank" / "real_answers.jsonl"
ANSWERS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
COMPUTED = 119


@cache
def by_batch() -> dict[tuple[str, str, str], GradedRow]:
    """Return the batch result of each answer, by student, problem and part."""
    table = read_table(FILE, names={})
    marked = grade_rows(table.rows, SingleAnswerGrader(ProblemCatalog()))
    return {
        (one["student"], one["problem"], one["part"]): found
        for one, found in zip(ANSWERS, marked, strict=True)
    }


@cache
def originals() -> tuple[PublishedProblem, ...]:
    """Return the problems of the answers, with only their textbook variants."""
    catalogue = ProblemCatalog()
    found = []
    for name in dict.fromkeys(one["problem"] for one in ANSWERS):
        problem = catalogue.get(name)
        found.append(
            PublishedProblem(
                id=name,
                title=problem.title,
                topic=problem.topic,
                difficulty=problem.difficulty,
                points=sum((Fraction(part.points) for part in problem.parts), Fraction(0)),
                parts=summarize_parts(problem),
                draw_hash=problem.draw_hash,
                marking_hash=problem.marking_hash,
                engine=ENGINE,
                report={},
                variants=(dump_variant(solve_variant(problem, None, REGISTRY), REGISTRY),),
            )
        )
    return tuple(found)


def handed_in() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield student, problem and answers of each submission, in the order of the file."""
    found: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for one in ANSWERS:
        found[one["student"], one["problem"]][one["part"]] = one["answer"]
    for (student, problem), answers in found.items():
        yield student, problem, answers


def pose(world: World) -> dict[str, ProblemReference]:
    """Assign all problems in one assignment, and return them by id."""
    with world.session() as session:
        for one in originals():
            store_version(session, one, bank_source(one.id), now=world.clock())
    assigned = world.assignment(world.course(), *(one.id for one in originals()))
    return {one.slug: one for one in assigned}


@pytest.fixture
def submitted(world: World) -> list[tuple[Person, ProblemReference, dict[str, Any], Any, str]]:
    """Submit everything; return person, problem, answers, reply and key of each."""
    assigned = pose(world)
    course = course_of(world, assigned)
    students = {name: world.enrol(course, name) for name in {one["student"] for one in ANSWERS}}
    done = []
    for at, (name, problem, answers) in enumerate(handed_in()):
        key = f"seed-{at}"
        reply = students[name].submit(assigned[problem], answers, key=key)
        assert reply.status_code == 201, reply.text
        done.append((students[name], assigned[problem], answers, reply.json(), f"{name}|{key}"))
    return done


def course_of(world: World, assigned: dict[str, ProblemReference]) -> Any:
    with world.session() as session:
        return session.get_one(Assignment, next(iter(assigned.values())).assignment).course_id


def test_answers_over_http_get_the_same_verdicts_as_in_batch(submitted):
    seen = 0
    for _, problem, _, reply, mark in submitted:
        for result in reply["results"]:
            batch = by_batch()[mark.split("|")[0], problem.slug, result["part"]].result
            assert batch is not None
            assert (result["status"], result["feedback"]) == (batch.status, batch.feedback)
            assert result["credit"] == (None if batch.credit is None else told(batch.credit))
            seen += batch.status != "needs_review"
    assert seen == COMPUTED


def told(credit: Fraction) -> Any:
    """Return a credit as JSON serializes it."""
    whole = 10**6 % credit.denominator == 0
    return float(credit) if whole else str(credit)


def test_submissions_survive_a_restart(world, submitted):
    again = World(world.url, clock=world.clock)
    for student, problem, answers, reply, mark in submitted:
        student.client = again.client
        told_again = student.submit(problem, answers, key=mark.split("|")[1])
        assert told_again.headers["idempotency-replayed"] == "true"
        assert told_again.json() == reply
    again.close()
