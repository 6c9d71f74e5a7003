"""Course policy: attempts, deadlines, late credit, dropped scores and totals.

Pure functions of values. Times are whole microseconds since 1970 in UTC; credits, points and scores
are exact. Where several rules hold for one student, the most favourable wins.
"""

from grader.policy.attempts import (
    Admission,
    Answered,
    Offered,
    Refused,
    Why,
    admit,
    attempts_used,
    next_attempt_at,
)
from grader.policy.course import AssignmentLine, Category, course_grade
from grader.policy.drops import NO_MARK, Mark
from grader.policy.parts import PartLine, Voided, part_grade, part_line
from grader.policy.reckoning import Graded, Reckoning, Step, in_words, shown, that_wait
from grader.policy.standing import PartStanding, stand
from grader.policy.timeline import Rules, Timeline
from grader.policy.totals import (
    Group,
    ProblemLine,
    assignment_grade,
    problem_grade,
    total_grade,
)

__all__ = [
    "NO_MARK",
    "Admission",
    "Answered",
    "AssignmentLine",
    "Category",
    "Graded",
    "Group",
    "Mark",
    "Offered",
    "PartLine",
    "PartStanding",
    "ProblemLine",
    "Reckoning",
    "Refused",
    "Rules",
    "Step",
    "Timeline",
    "Voided",
    "Why",
    "admit",
    "assignment_grade",
    "attempts_used",
    "course_grade",
    "in_words",
    "next_attempt_at",
    "part_grade",
    "part_line",
    "problem_grade",
    "shown",
    "stand",
    "that_wait",
    "total_grade",
]
