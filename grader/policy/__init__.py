"""Course policy: attempts, deadlines, late credit, dropped scores and totals.

Pure functions of values. Times are whole microseconds since 1970 in UTC; credits, points and scores
are exact. Where several rules hold for one student, the most favourable wins.
"""

from grader.policy.attempts import (
    Admission,
    AdmissionError,
    NewAnswer,
    RefusalReason,
    StoredAnswer,
    admit_answers,
    count_used_attempts,
    next_attempt_at,
)
from grader.policy.course import AssignmentLine, GradeCategory, compute_course_grade
from grader.policy.drops import NO_SCORE, Score
from grader.policy.parts import (
    PartLine,
    Voided,
    build_part_line,
    compute_part_grade,
    format_attempt,
)
from grader.policy.progress import NO_PROGRESS, PartProgress, evaluate_part_progress
from grader.policy.score_breakdown import (
    BreakdownStep,
    ComputedGrade,
    ScoreBreakdown,
    format_rounded_number,
    format_steps,
    format_ungraded_points,
)
from grader.policy.timeline import SubmissionRules, Timeline
from grader.policy.totals import (
    ProblemGroup,
    ProblemLine,
    combine_problem_grades,
    compute_assignment_grade,
    compute_problem_grade,
)

__all__ = [
    "NO_PROGRESS",
    "NO_SCORE",
    "Admission",
    "AdmissionError",
    "AssignmentLine",
    "BreakdownStep",
    "ComputedGrade",
    "GradeCategory",
    "NewAnswer",
    "PartLine",
    "PartProgress",
    "ProblemGroup",
    "ProblemLine",
    "RefusalReason",
    "Score",
    "ScoreBreakdown",
    "StoredAnswer",
    "SubmissionRules",
    "Timeline",
    "Voided",
    "admit_answers",
    "build_part_line",
    "combine_problem_grades",
    "compute_assignment_grade",
    "compute_course_grade",
    "compute_part_grade",
    "compute_problem_grade",
    "count_used_attempts",
    "evaluate_part_progress",
    "format_attempt",
    "format_rounded_number",
    "format_steps",
    "format_ungraded_points",
    "next_attempt_at",
]
