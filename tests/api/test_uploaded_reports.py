"""Tests of uploaded reports over REST: read, confirmed, and counted like typed answers."""

import hashlib

import pytest
from world import TEXT_PROBLEM

MARKDOWN = "text/markdown"
REPORT = """\
# Homework 1

## 1. Why small kernels

(a) How many cells: 9

(b) Twice that, doubled: 18

(c) Why: Small kernels are stacked because they have fewer parameters.
"""


@pytest.fixture
def posed(world, course):
    [posed] = world.assignment(course, TEXT_PROBLEM, variants="original")
    return posed


def upload(person, posed, text=REPORT, name="report.md", **more):
    document = text if isinstance(text, bytes) else text.encode()
    return person.post(
        f"/assignments/{posed.assignment}/reports",
        content=document,
        params={"name": name},
        headers={"Content-Type": "application/octet-stream"} | more.pop("headers", {}),
        **more,
    )


def uploaded(person, posed, text=REPORT, name="report.md"):
    answer = upload(person, posed, text, name)
    assert answer.status_code == 201, answer.text
    return answer.json()


def confirm(person, report, **body):
    path = f"/assignments/{report['assignment']}/reports/{report['id']}"
    answer = person.post(f"{path}/confirm", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_report_is_read_and_nothing_is_graded(world, student, posed):
    report = uploaded(student, posed)
    found = {part["part"]: part for part in report["parts"]}
    assert {name: part["confidence"] for name, part in found.items()} == dict.fromkeys(
        ("cells", "doubled", "why"), "certain"
    )
    assert found["cells"]["passages"][0]["read_as"] == "9"
    assert report["digest"] == hashlib.sha256(REPORT.encode()).hexdigest()
    assert student.get(f"{posed.path}/submissions").json()["items"] == []


def test_confirmed_answers_are_a_submission_with_a_receipt_of_the_document(world, student, posed):
    report = uploaded(student, posed)
    [item] = confirm(student, report, certain=True)
    assert [one["status"] for one in item["submission"]["results"]] == [
        "correct",
        "correct",
        "needs_review",
    ]
    receipt = item["submission"]["receipt"]
    assert receipt["document"] == report["digest"]
    proof = student.get(f"/receipts/{receipt['id']}").json()
    assert (proof["valid"], proof["document"]) == (True, report["digest"])
