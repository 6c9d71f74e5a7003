"""Tests of SVG, HTML and URLs in authors' texts: every page escapes them."""

import re

from pages import Browser, Element, Page
from world import World

from api.db.models import Course

HOSTILE = (
    "<svg onload=alert(4711)><script>alert(4711)</script></svg>",
    "<img src=x onerror=alert(4711)>",
    "</title></textarea></script><iframe src=//evil.example>",
    "<math><mtext><style><!--</style><img title='--><img src=x onerror=alert(4711)>'>",
    "$<svg onload=alert(4711)>$ $\\text{<svg onload=alert(4711)>}$ [x](//evil.example)",
)


PROBLEM = """\
id: hostile-texts
title: TITLE
topic: convolution
difficulty: 1
params: {K: {choose: [3, 5, 7, 9], original: 3}}
statement: TEXT
parts:
  - id: cells
    kind: integer
    title: TITLE
    prompt: TEXT
    key: K*K
    mistakes: [{id: two, key: 2*K, say: TEXT}]
  - {id: which, kind: choice, prompt: TEXT, key: "'x'", options: {x: TEXT, y: Other}, reason: TEXT}
  - id: why
    kind: text
    points: 4
    prompt: TEXT
    rubric: [{id: fewer, points: 2, say: TEXT}, {id: deeper, points: 2, say: More.}]
    model: TEXT
"""


def dangerous(page: Page) -> list[Element]:
    """Return the elements of a page that run or load what an author wrote."""
    return [
        element
        for element in page.walk()
        if element.tag in {"iframe", "style"}
        or "alert" in "".join(element.texts() if element.tag == "script" else ())
        or any(name.startswith("on") for name in element.attributes)
        or any("evil" in element.get(name) for name in ("href", "src", "action"))
        or element.get("src") == "x"
    ]


def with_text(text: str, *, title: str) -> str:
    """Return the problem with *text* in all texts and *title* in all titles, both quoted."""
    quoted = {"TEXT": text, "TITLE": title}
    return re.sub(
        "TEXT|TITLE", lambda word: "'" + quoted[word[0]].replace("'", "''") + "'", PROBLEM
    )


def test_author_text_is_escaped_on_every_page(world: World) -> None:
    text = " ".join(HOSTILE)
    course = world.course()
    student, teacher = world.enrol(course), world.enrol(course, role="instructor")
    with world.session() as session:
        session.get_one(Course, course).title = HOSTILE[0]
    [assigned] = world.assignment(course, with_text(text, title=HOSTILE[0]), instructions=text)
    browser, staff = Browser(world, student), Browser(world, teacher)
    done = student.submit(assigned, {"cells": "6", "which": "x", "why": text}).json()
    assert len(done["results"]) == 3
    homework, files = f"/assignments/{assigned.assignment}", f"/courses/{course}"
    mine = (assigned.path, homework, f"/submissions/{done['id']}", f"{assigned.path}/submissions")
    all_others = (
        *(
            assigned.path,
            f"{assigned.path}/solution",
            f"{assigned.path}/settings",
            f"{assigned.path}/results",
        ),
        *(f"{homework}/edit", f"{homework}/results", f"{homework}/review"),
        *(f"{files}/problems", f"{files}/export", f"/submissions/{done['id']}"),
    )
    pages = [browser.get(path) for path in mine] + [staff.get(path) for path in all_others]
    for page in pages:
        assert page.status == 200, page.source
        assert dangerous(page) == []
    assert sum("alert(4711)" in page.text or "evil.example" in page.text for page in pages) > 5
