"""Tests of the texts that entries of the submission cache share."""

from uuid import UUID

from api.services.grades import serialize_part_progress_member
from api.services.submissions.cache.submission_ids import SubmissionIds
from grader.policy import NO_PROGRESS, PartProgress

PROBLEM, ASSIGNMENT = UUID(int=1), UUID(int=2)


def test_students_share_problem_and_assignment_id_objects():
    one, two = (
        SubmissionIds.from_uuids(PROBLEM, UUID(int=student), UUID(int=student), ASSIGNMENT)
        for student in (3, 4)
    )
    assert one.problem == PROBLEM.hex
    assert one.problem is two.problem
    assert one.assignment is two.assignment
    assert one.student is one.author
    assert one.id_texts == (str(PROBLEM), str(UUID(int=3)), str(ASSIGNMENT))
    assert one.id_texts[0] is two.id_texts[0]


def test_part_without_answers_is_serialized_like_any_other():
    fresh = PartProgress()
    assert fresh is not NO_PROGRESS
    expected = serialize_part_progress_member("a", fresh)
    assert serialize_part_progress_member("a", NO_PROGRESS) == expected
    assert serialize_part_progress_member("a", NO_PROGRESS) is serialize_part_progress_member(
        "a", NO_PROGRESS
    )
