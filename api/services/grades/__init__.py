"""Grades: progress in parts and problems, totals, projections, recomputation.

Every change of what counts calls `recompute_keys`: a submission, a regrade, a grade by a person, an
override, an extension, a setting of an assignment. It recomputes the given standings and the grades
of their assignments from the answers and the current rules, and records each changed grade with its
cause.
"""

from api.services.grades.answers import ProgressKey, load_answers, matches_any_key, to_policy_answer
from api.services.grades.assignment import (
    GradingContext,
    VersionedProblem,
    load_grading_context,
    load_problems,
    load_stored_progress,
    load_student_context,
    load_student_grade,
)
from api.services.grades.parts import deserialize_part, join_part_members, serialize_part_member
from api.services.grades.problem_totals import ProblemTotal, compute_total
from api.services.grades.recompute import (
    GradeCause,
    build_grade_change_row,
    build_grade_row,
    build_progress_row,
    compute_totals,
    recompute_keys,
    recompute_keys_by_cause,
    recompute_students,
)

__all__ = [
    "GradeCause",
    "GradingContext",
    "ProblemTotal",
    "ProgressKey",
    "VersionedProblem",
    "build_grade_change_row",
    "build_grade_row",
    "build_progress_row",
    "compute_total",
    "compute_totals",
    "deserialize_part",
    "join_part_members",
    "load_answers",
    "load_grading_context",
    "load_problems",
    "load_stored_progress",
    "load_student_context",
    "load_student_grade",
    "matches_any_key",
    "recompute_keys",
    "recompute_keys_by_cause",
    "recompute_students",
    "serialize_part_member",
    "to_policy_answer",
]
