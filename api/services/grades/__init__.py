"""Grades: progress in parts and problems, totals, projections, recomputation.

Every change of what counts calls `recompute_progress`: a submission, a regrade, a grade by a
person, an override, an extension, a setting of an assignment. It recomputes the given standings and
the grades of their assignments from the answers and the current rules, and records each changed
grade with its cause.
"""

from api.services.grades.answers import (
    POLICY_ANSWER_COLUMNS,
    ProgressKey,
    any_progress_key_condition,
    load_answers,
    to_policy_answer,
)
from api.services.grades.assignment import (
    GradingContext,
    VersionedProblem,
    build_grading_context,
    load_and_compute_student_grade,
    load_grading_context,
    load_problems,
    load_stored_progress,
)
from api.services.grades.parts import (
    deserialize_part_progress,
    join_part_members,
    serialize_part_progress_member,
)
from api.services.grades.problem_totals import ProblemTotal, compute_problem_total
from api.services.grades.recompute import (
    GradeCause,
    build_grade_change_row,
    build_grade_row,
    build_progress_row,
    compute_problem_totals,
    recompute_progress,
    recompute_progress_by_cause,
    recompute_student_grades,
)

__all__ = [
    "POLICY_ANSWER_COLUMNS",
    "GradeCause",
    "GradingContext",
    "ProblemTotal",
    "ProgressKey",
    "VersionedProblem",
    "any_progress_key_condition",
    "build_grade_change_row",
    "build_grade_row",
    "build_grading_context",
    "build_progress_row",
    "compute_problem_total",
    "compute_problem_totals",
    "deserialize_part_progress",
    "join_part_members",
    "load_and_compute_student_grade",
    "load_answers",
    "load_grading_context",
    "load_problems",
    "load_stored_progress",
    "recompute_progress",
    "recompute_progress_by_cause",
    "recompute_student_grades",
    "serialize_part_progress_member",
    "to_policy_answer",
]
