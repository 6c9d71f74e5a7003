"""The test student of a course, as whom staff try out assignments."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.ids import new_id
from api.db.models import Course, Enrolment, User
from api.schemas.accounts.people import Person
from api.services.audit import recorder
from api.services.enrolment.enrolments import load_person_details

TEST_NAME: Final = "Test student"


def get_or_create_test_student(
    session: Session, member: CourseMembership, *, now: datetime
) -> Person:
    """Return the test student of the course; create it if there is none."""
    session.get(Course, member.course.id, with_for_update=True)  # concurrent calls create only one
    query = select(Enrolment.user_id).where(
        Enrolment.course_id == member.course.id, Enrolment.is_test
    )
    user_id = session.scalar(query)
    if user_id is None:
        user_id = new_id()
        session.add(User(id=user_id, name=TEST_NAME, created_at=now))
        session.flush()
        session.add(
            Enrolment(
                course_id=member.course.id,
                user_id=user_id,
                role="student",
                is_test=True,
                created_at=now,
            )
        )
        recorder.record_action(
            session, member, "test_student.added", now=now, target=("user", user_id)
        )
    return load_person_details(session, member, user_id)
