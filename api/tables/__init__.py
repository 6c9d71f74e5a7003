"""ORM models; the revisions in `migrations/` create their tables."""

from api.tables.audit import AuditEntry
from api.tables.base import Base
from api.tables.courses import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Excuse,
    Extension,
    LateDays,
    Notice,
    Section,
)
from api.tables.grades import Grade, GradeChange, Override
from api.tables.keeping import Erasing
from api.tables.people import LOCKED, Invite, Knock, LoginSession, Spending, Token, User
from api.tables.problems import ProblemVersion, Variant
from api.tables.regrades import Regrade, RegradeChange, RegradeChunk, RegradeStudent
from api.tables.review import Comment, RegradeRequest, Review, ReviewSkip, RubricItem
from api.tables.stamps import Stamp
from api.tables.submissions import Answer, Draft, Draw, Grading, Standing, Submission

__all__ = [
    "LOCKED",
    "Answer",
    "Assignment",
    "AssignmentProblem",
    "AuditEntry",
    "Base",
    "Comment",
    "Course",
    "Draft",
    "Draw",
    "Enrolment",
    "Erasing",
    "Excuse",
    "Extension",
    "Grade",
    "GradeChange",
    "Grading",
    "Invite",
    "Knock",
    "LateDays",
    "LoginSession",
    "Notice",
    "Override",
    "ProblemVersion",
    "Regrade",
    "RegradeChange",
    "RegradeChunk",
    "RegradeRequest",
    "RegradeStudent",
    "Review",
    "ReviewSkip",
    "RubricItem",
    "Section",
    "Spending",
    "Stamp",
    "Standing",
    "Submission",
    "Token",
    "User",
    "Variant",
]
