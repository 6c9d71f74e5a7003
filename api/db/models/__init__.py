"""ORM models; the revisions in `migrations/` create their tables."""

from api.db.models.audit import AuditEntry, ErasureFlag
from api.db.models.base import Base
from api.db.models.change_counters import ChangeCounter
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
from api.db.models.lti import (
    LtiContext,
    LtiDeployment,
    LtiKey,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiPlatform,
    LtiRegistrationLink,
    LtiScore,
    LtiUser,
)
from api.db.models.outbox import MailOptOut, OutboxMessage
from api.db.models.people import (
    LOCKED_PASSWORD_PREFIX,
    DeviceCode,
    Identity,
    Invite,
    LoginFlow,
    LoginSession,
    RateLimitEvent,
    RateLimitUsage,
    Token,
    User,
)
from api.db.models.problems import ProblemVersion, Variant
from api.db.models.regrades import Regrade, RegradeChange, RegradeChunk, RegradeStudent
from api.db.models.review import Comment, RegradeRequest, Review, ReviewSkip, RubricItem
from api.db.models.submissions import Answer, Draft, Draw, Grading, ProblemProgress, Submission

__all__ = [
    "LOCKED_PASSWORD_PREFIX",
    "Answer",
    "Assignment",
    "AssignmentProblem",
    "AuditEntry",
    "Base",
    "ChangeCounter",
    "Comment",
    "Course",
    "DeviceCode",
    "Draft",
    "Draw",
    "Enrolment",
    "ErasureFlag",
    "Excuse",
    "Extension",
    "Grade",
    "GradeChange",
    "Grading",
    "Identity",
    "Invite",
    "LateDays",
    "LoginFlow",
    "LoginSession",
    "LtiContext",
    "LtiDeployment",
    "LtiKey",
    "LtiLaunch",
    "LtiLineItem",
    "LtiLink",
    "LtiPlatform",
    "LtiRegistrationLink",
    "LtiScore",
    "LtiUser",
    "MailOptOut",
    "Notice",
    "OutboxMessage",
    "Override",
    "ProblemProgress",
    "ProblemVersion",
    "RateLimitEvent",
    "RateLimitUsage",
    "Regrade",
    "RegradeChange",
    "RegradeChunk",
    "RegradeRequest",
    "RegradeStudent",
    "Review",
    "ReviewSkip",
    "RubricItem",
    "Section",
    "Submission",
    "Token",
    "User",
    "Variant",
]
