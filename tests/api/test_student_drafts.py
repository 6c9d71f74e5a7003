"""Tests of drafts: they lose no input, and submitted answers do not come back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from student_setup import DUE_TOMORROW


@pytest.fixture
def problem(world, course):
    [assigned] = world.assignment(course, timeline_spec=DUE_TOMORROW)
    return assigned


def save(person, problem, answers, *, match=None, **more):
    headers = {} if match is None else {"If-Match": match}
    return person.put(f"{problem.path}/draft", {"answers": answers}, headers=headers, **more)


def draft(person, problem):
    return person.get(f"{problem.path}/draft").json()


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"cells": ""},
        {"cells": " \t⏎ "},
        {"cells": "[[1, 2], [3"},
        {"cells": 0.1, "doubled": [[1, 0.5], ["x"]], "why": "é∑👩‍🔬\n" * 500},
        {"cells": "−5", "why": "<script>"},
        {"cells": 12345678901234567890},
    ],
)
def test_draft_is_returned_as_typed(student, problem, answers):
    saved = save(student, problem, answers)
    assert saved.status_code == 200, saved.text
    assert draft(student, problem)["answers"] == saved.json()["answers"] == answers
    assert student.get(problem.path).json()["draft"] == draft(student, problem)


def test_unsaved_draft_is_empty_with_version_0(student, problem):
    found = student.get(f"{problem.path}/draft")
    assert found.json() == {"answers": {}, "saved_at": None, "version": 0}
    assert found.headers["etag"] == '"v0"'
    assert save(student, problem, {"cells": "1"}, match='"v0"').headers["etag"] == '"v1"'


def test_stale_draft_version_is_rejected_and_changes_nothing(student, problem):
    tag = save(student, problem, {"cells": "1"}).headers["etag"]
    assert save(student, problem, {"cells": "2"}, match=tag).status_code == 200
    late = save(student, problem, {"cells": "3"}, match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert draft(student, problem)["answers"] == {"cells": "2"}
    assert save(student, problem, {"cells": "4"}).status_code == 200
    assert save(student, problem, {"cells": "5"}, match="*").status_code == 200


def test_discarded_draft_is_empty_and_old_versions_stay_stale(student, problem):
    tag = save(student, problem, {"cells": "1"}).headers["etag"]
    gone = student.delete(f"{problem.path}/draft")
    assert (gone.status_code, gone.json()["answers"]) == (200, {})
    assert save(student, problem, {"cells": "2"}, match=tag).status_code == 412
    assert draft(student, problem)["answers"] == {}


def test_submitted_parts_leave_draft_and_others_remain(student, problem):
    save(student, problem, {"cells": "1", "why": "Because"})
    student.submit(problem, {"cells": "9"})
    assert draft(student, problem)["answers"] == {"why": "Because"}
    save(student, problem, {"cells": "10"})  # typed after it, even at the same moment
    assert draft(student, problem)["answers"] == {"cells": "10"}


def test_refused_submission_keeps_draft(world, student, problem):
    save(student, problem, {"cells": "1"})
    world.clock.advance(days=2)
    assert student.submit(problem, {"cells": "1"}).status_code == 409
    assert draft(student, problem)["answers"] == {"cells": "1"}
    assert save(student, problem, {"cells": "2"}).status_code == 200  # after the close, too


def test_draft_is_private_to_student_and_staff_cannot_edit_it(world, course, student, problem):
    save(student, problem, {"cells": "1"})
    assert draft(world.enrol(course, "Other"), problem)["answers"] == {}
    grader = world.enrol(course, "G", role="grader")
    as_student = {"X-View-As": str(student.id)}
    refused = grader.put(f"{problem.path}/draft", {"answers": {}}, headers=as_student)
    assert refused.status_code == 403
    assert draft(student, problem)["answers"] == {"cells": "1"}


@pytest.mark.parametrize(
    ("answers", "field"),
    [({"cell": "1"}, "answers.cell"), ({"cells": None}, "answers.cells"), (None, "answers")],
)
def test_invalid_draft_answers_are_rejected_by_field(student, problem, answers, field):
    refused = save(student, problem, answers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_only_one_of_concurrent_saves_with_same_version_succeeds(student, problem):
    def put(number):
        return save(student, problem, {"cells": str(number)}, match='"v0"').status_code

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(put, range(8)))
    assert sorted(told) == [200] + [412] * 7
    assert draft(student, problem)["answers"] == {"cells": str(told.index(200))}
