"""Helpers for tests of the problem page: a problem, its form and its feedback."""

from typing import Any

from pages import Browser, Page
from world import TEXT_PROBLEM, Person, ProblemReference, World

PAPER = """\
id: two-by-two
title: Two by two
topic: convolution
difficulty: 1
params:
  K: {choose: [3, 5, 7, 9, 11], original: 3}
  X: {integers: [1, 3], shape: [2, 2], original: [[1, 0], [0, 1]]}
statement: |
  The matrix ${{X}}$ and $K = {{K}}$.
parts:
  - {id: doubled, kind: matrix, points: 4, prompt: "$2X$?", key: 2*X, show: cells}
  - id: which
    kind: choices
    points: 1
    prompt: Which are odd?
    options: {a: "${{K}}$", b: "$2\\\\cdot{{K}}$", c: "${{K}} + 2$"}
    key: "('a', 'c')"
    reason: K is odd
  - id: tripled
    kind: integer
    points: 1
    prompt: "$3K$?"
    key: 3*K
    mistakes: [{id: two, key: 2*K, say: "Three times, not twice."}]
  - {id: formula, kind: expression, points: 1, prompt: "Twice x?", variables: {x: 1..9}, key: 2*x}
"""


def open_problem(
    world: World, *problems: str, **more: Any
) -> tuple[Person, ProblemReference, Browser]:
    """Return a student, a problem (by default two numbers and a text) and their browser."""
    course = world.course()
    student = world.enrol(course)
    [assigned, *_] = world.assignment(course, *(problems or (TEXT_PROBLEM,)), **more)
    return student, assigned, Browser(world, student)


def submit_form(browser: Browser, assigned: ProblemReference, button: str, **typed: Any) -> Page:
    """Submit the form of a problem with *typed*; ``__`` in a name means a dot."""
    form = browser.get(assigned.path).one("form", id="answers")
    fields = {name.replace("__", "."): value for name, value in typed.items()}
    return browser.send(form, button, **fields)


def read_feedback(page: Page, part: str) -> str:
    """Return the feedback on a part."""
    return page.one(id=f"told-{part}").text


def read_value(page: Page, name: str) -> str:
    """Return the value of an input field."""
    return page.one("input", name=name).get("value")


def list_results(student: Person, assigned: ProblemReference) -> list[dict[str, Any]]:
    """Return the results of all answers, the last submission first."""
    items = student.get(f"{assigned.path}/submissions").json()["items"]
    return [result for one in items for result in one["results"]]
