"""Problems, rules and helpers for tests of grades."""

from api.db.models import Assignment, Excuse, Override
from api.services.grades import GradeCause, recompute_student_grades

SHORT = """\
id: two-counts
title: Two counts
topic: shapes
difficulty: 1
params:
  K: {choose: [3, 5, 7], original: 3}
statement: |
  A kernel of size {{K}}.
parts:
  - {id: first, kind: integer, points: 3, prompt: "Cells?", key: "K*K"}
  - {id: second, kind: integer, points: 5, prompt: "Cells of two?", key: "2*K*K"}
"""
CATEGORIES = [
    {"id": "Homework", "weight": 60, "drop_lowest": 1},
    {"id": "Exam", "weight": "40", "drop_lowest": 0},
]
CLOSED = {
    "due": "2026-11-02 13:00",
    "late": [{"until": "2026-11-02 15:00", "credit": "1/2"}],
}


def retitle_assignment(world, assigned, title, **more):
    """Set the title and other columns of an assignment."""
    with world.session() as session:
        row = session.get_one(Assignment, assigned.assignment)
        row.title = title
        for name, value in more.items():
            setattr(row, name, value)


def add_grade_rows(world, assignment, student, *rows):
    """Add rows that affect a student's grade, and recompute it."""
    with world.session() as session:
        session.add_all(rows)
        cause = GradeCause("settings", None, None, world.clock())
        recompute_student_grades(session, assignment, [student.id], cause=cause)


def excuse_student(world, assigned, student, prof, *, problem=None):
    row = Excuse(
        assignment_id=assigned.assignment,
        problem_id=problem,
        student_id=student.id,
        created_by=prof.id,
        created_at=world.clock(),
    )
    add_grade_rows(world, assigned.assignment, student, row)


def override_grade(world, assigned, student, prof, given, **more):
    row = Override(
        assignment_id=assigned.assignment,
        student_id=student.id,
        points=given,
        reason="By hand.",
        author_id=prof.id,
        created_at=world.clock(),
        **more,
    )
    add_grade_rows(world, assigned.assignment, student, row)


def get_gradebook(person, course, **query):
    answer = person.get(f"/courses/{course}/gradebook", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def get_cell(told, person, at=0):
    return next(row for row in told["items"] if row["user"] == str(person.id))["cells"][at]
