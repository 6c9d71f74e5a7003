"""ORM models; the revisions in `migrations/` create their tables."""

from api.db.models.audit import AuditEntry
from api.db.models.base import Base
from api.db.models.courses import (
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
from api.db.models.grades import Grade, GradeChange, Override
from api.db.models.keeping import Erasing
from api.db.models.people import LOCKED, Invite, Knock, LoginSession, Spending, Token, User
from api.db.models.problems import ProblemVersion, Variant
from api.db.models.regrades import Regrade, RegradeChange, RegradeChunk, RegradeStudent
from api.db.models.review import Comment, RegradeRequest, Review, ReviewSkip, RubricItem
from api.db.models.stamps import Stamp
from api.db.models.submissions import Answer, Draft, Draw, Grading, Standing, Submission

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
