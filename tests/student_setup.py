"""Problems and rows for tests of the student side."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from actors import NOW
from sqlalchemy.orm import Session
from world import Person, ProblemReference, World

from api.auth.authentication import authenticate_token
from api.auth.authorization import AssignedProblem, load_assigned_problem
from api.auth.roles import Permission
from api.core.ids import new_id
from api.db.models import AssignmentProblem, Enrolment, Extension
from api.services.problems.publishing import PublishedProblem, summarize_parts
from api.services.problems.versions import store_version
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.preparation import SubmissionRequest, prepare_submission
from grader import ENGINE
from grader.variants.variant import solve_variant
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant

KEY_OF_CANARY = "1524155677489"
"""Key of the original of `CANARY`, which no response to a student contains."""

CANARY = """\
id: square-of-a-number
title: A number that gives itself away
topic: convolution
difficulty: 1
params:
  K: {choose: [1234567, 1234577, 1234587, 1234597], original: 1234567}
  X: {integers: [-3, 3], shape: [2, 3], original: [[1, 0, 2], [0, 1, 3]]}
let: {answer: K*K}
statement: |
  A number ${{K}}$ and the matrix ${{X}}$.
parts:
  - {id: squared, kind: integer, points: 2, prompt: "${{K}}^2$?", key: answer}
  - id: picked
    kind: choice
    prompt: Which is larger?
    options: {a: "${{K}}$", b: its square}
    key: "'b'"
    reason: a definition
  - {id: turned, kind: matrix, prompt: "$X$ turned by 180 degrees?", key: flip(X)}
"""

SQUARES = """\
id: squares-of-numbers
title: A number and no more
topic: convolution
difficulty: 1
params:
  K: {choose: [1234567, 1234577, 1234587, 1234597, 1234607], original: 1234567}
statement: |
  A number ${{K}}$.
parts:
  - {id: squared, kind: integer, points: 2, prompt: "${{K}}^2$?", key: K*K}
  - {id: tripled, kind: integer, points: 1, prompt: "$3K$?", key: 3*K}
"""
NUMBERS = {1234567, 1234577, 1234587, 1234597, 1234607}
"""Numbers of `SQUARES`; each variant has one of them."""

BROKEN = """\
id: divided-by-nothing
title: A key that cannot be computed
topic: convolution
difficulty: 1
params:
  K: {choose: [3, 5], original: 3}
statement: |
  A number {{K}}.
parts:
  - {id: sound, kind: integer, points: 1, prompt: "Twice?", key: 2*K}
  - {id: broken, kind: integer, points: 1, prompt: "What?", key: "7 // (K - 3)"}
"""
"""A problem that the checker would refuse, because the key of its original fails."""

FORMS = """\
id: forms-of-answers
title: Forms of answers
topic: convolution
difficulty: 1
params:
  K: {choose: [4, 5, 7, 9, 11], original: 4}
  X: {integers: [1, 9], shape: [3, 3], original: [[1, 1, 2], [1, 1, 3], [1, 2, 3]]}
  W: {integers: [1, 3], shape: [3, 3], original: [[1, 1, 2], [1, 1, 3], [1, 2, 3]]}
statement: |
  A number ${{K}}$, and ${{X}}$, and ${{W}}$.
parts:
  - id: row
    kind: vector
    points: 2
    prompt: "The three numbers from ${{K}}$ on?"
    key: "(K, K + 1, K + 2)"
    accept: [{key: "(K, K + 1)", reason: the last one goes without saying, say: Right.}]
    mistakes: [{id: doubled_short, key: "(K, 2*K)", say: "Three numbers.", credit: 1/2}]
  - {id: padding, kind: integer, points: 1, prompt: "Padding?", key: "same_padding(3)"}
  - id: convolved
    kind: matrix
    points: 2
    prompt: "Convolved?"
    key: "conv2d(X, W, padding=padding)"
  - {id: third, kind: number, points: 1, prompt: "A third?", key: "K/12"}
  - {id: decimal, kind: number, points: 1, prompt: "About a third?", key: "(K + 29)/100"}
"""
"""Every way in which an answer of another size than the key can earn credit."""

DUE_TOMORROW = {"due": "2026-11-03 12:00"}


def extend(world: World, course: UUID, spec: Mapping[str, Any], **whom: UUID) -> None:
    """Grant an extension to a student or a section."""
    with world.session() as session:
        author = session.query(Enrolment.user_id).filter_by(course_id=course).first()
        assert author is not None
        session.add(
            Extension(
                id=new_id(),
                course_id=course,
                spec=dict(spec),
                created_by=author[0],
                created_at=NOW,
                **whom,
            )
        )


def test_student(world: World, course: UUID) -> Person:
    """Enrol a test student in a course."""
    person = world.enrol(course, "Test student")
    world.set_enrolment(person, is_test=True)
    return person


test_student.__test__ = False  # type: ignore[attr-defined]  # no test, whatever its name


def pose_broken(world: World, where: ProblemReference) -> None:
    """Pin a problem to `BROKEN`, as if a solver broke after its publication."""
    problem = load_problem(BROKEN, file="divided-by-nothing.yaml")
    variant = dump_variant(solve_variant(problem, None, REGISTRY), REGISTRY)
    published = PublishedProblem(
        id=problem.id,
        title=problem.title,
        topic=problem.topic,
        difficulty=1,
        points=Fraction(2),
        parts=summarize_parts(problem),
        draw_hash=problem.draw_hash,
        marking_hash=problem.marking_hash,
        engine=ENGINE,
        report={},
        variants=(variant,),
    )
    with world.session() as session:
        version = store_version(session, published, BROKEN, now=NOW)
        session.get_one(AssignmentProblem, where.id).version_id = version.id


def load_as_student(
    world: World,
    session: Session,
    student: Person,
    where: ProblemReference,
    *,
    right: Permission = "see_course",
) -> AssignedProblem:
    """Load a problem as a request by *student* does."""
    caller = authenticate_token(session, f"Bearer {student.token}", now=world.clock())
    return load_assigned_problem(session, caller, where.assignment, where.slug, permission=right)


def under_way(
    world: World,
    student: Person,
    where: ProblemReference,
    answers: Mapping[str, str],
    *,
    key: str | None,
) -> PendingSubmission | StoredSubmission:
    """Return a submission that is graded but not yet stored.

    A submission that repeats a stored one returns the stored one.
    """
    with world.db.reading() as session:
        assigned = load_as_student(world, session, student, where, right="submit")
        service, sent = world.service, SubmissionRequest(answers, key, world.clock())
        found = prepare_submission(
            session, assigned, sent, variants=service.variants, cache=service.submission_cache
        )
    return (
        found
        if isinstance(found, StoredSubmission)
        else found.grade(service.submission_cache.answer_grader)
    )


def without_ids(told: Any, *, also: frozenset[str] = frozenset()) -> Any:
    """Return a response without the fields that differ between any two submissions."""
    own = {"id", "answer", "submission", "typed", "read_as", "receipt", "student", "repeats"} | also
    if isinstance(told, dict):
        return {name: without_ids(one, also=also) for name, one in told.items() if name not in own}
    if isinstance(told, list):
        return [without_ids(one, also=also) for one in told]
    return told


def every_path(where: ProblemReference) -> list[tuple[str, str, Any]]:
    """Return all requests that a student can make about a problem: method, path, body."""
    answers = {"answers": {"cells": "9"}}
    return [
        ("get", where.path, None),
        ("get", f"{where.path}/draft", None),
        ("put", f"{where.path}/draft", answers),
        ("delete", f"{where.path}/draft", None),
        ("post", f"{where.path}/reading", {"part": "cells", "answer": "9"}),
        ("post", f"{where.path}/submissions", answers),
        ("get", f"{where.path}/submissions", None),
        ("post", f"{where.path}/variant", None),
        ("get", f"{where.path}/solution", None),
        ("get", f"{where.path}/practice", None),
        ("post", f"{where.path}/practice", answers),
    ]


def ask(person: Person, method: str, path: str, body: Any) -> Any:
    """Return the response to a request of `every_path`, with a fixed request id."""
    more = {} if body is None else {"json": body}
    return getattr(person, method)(path, headers={"X-Request-ID": "same"}, **more)


def names_in(told: Any) -> set[str]:
    """Return the names of all fields of a response, at any depth."""
    if isinstance(told, dict):
        return set(told).union(*map(names_in, told.values()))
    return set().union(*map(names_in, told)) if isinstance(told, list) else set()


def number_of(person: Person, where: ProblemReference) -> int:
    """Return the first number in a student's variant of a problem."""
    number: int = person.get(where.path).json()["numbers"][0]["value"]
    return number


def numbers_in(text: str) -> list[int]:
    """Return the whole numbers in a text."""
    return [int(found) for found in re.findall(r"\d+", text)]
