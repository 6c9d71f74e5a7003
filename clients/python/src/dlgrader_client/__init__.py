"""Client of Grader for notebooks and Python programs.

import dlgrader_client as grader

course = grader.login("https://grader.example.edu", course="dl-2026")
hw = grader.use(course.assignment("hw-1"))
hw.check("conv-output-shape/stride_1", "126x126x16")
hw.submit("conv-output-shape/stride_1", "126x126x16")
"""

from __future__ import annotations

from typing import Any, Optional

from dlgrader_client import _magic
from dlgrader_client._connection import Connection, normalize_address
from dlgrader_client._course import Account, Assignment, Course
from dlgrader_client._deliveries import (
    Delivery,
    Discarded,
    NotSubmitted,
    QueueStatus,
)
from dlgrader_client._display import get_ipython_shell
from dlgrader_client._errors import (
    ConnectionFailedError,
    GraderClientError,
    InsecureAddressError,
    LoginFailedError,
    NotLoggedInError,
    RefusedError,
    StorageFailedError,
    UnusableAnswerError,
)
from dlgrader_client._login import obtain_token, require_token, revoke_token
from dlgrader_client._problem import Problem
from dlgrader_client._queue import QueuedAnswers
from dlgrader_client._results import PartResult, Reading, SubmissionResult
from dlgrader_client._staff import Regrade, RegradeChanges, StaffAssignment, StaffCourse
from dlgrader_client._status import AssignmentStatus, PartStatus, SavedDraft, Status
from dlgrader_client._values import to_answer
from dlgrader_client._version import VERSION as __version__

__all__ = [
    "Account",
    "Assignment",
    "AssignmentStatus",
    "ConnectionFailedError",
    "Course",
    "Delivery",
    "Discarded",
    "GraderClientError",
    "InsecureAddressError",
    "LoginFailedError",
    "NotLoggedInError",
    "NotSubmitted",
    "PartResult",
    "PartStatus",
    "Problem",
    "QueueStatus",
    "QueuedAnswers",
    "Reading",
    "RefusedError",
    "Regrade",
    "RegradeChanges",
    "SavedDraft",
    "StaffAssignment",
    "StaffCourse",
    "Status",
    "StorageFailedError",
    "SubmissionResult",
    "UnusableAnswerError",
    "__version__",
    "connect",
    "login",
    "logout",
    "staff",
    "to_answer",
    "use",
]

PROGRAM = "dlgrader-client"
STAFF_TIMEOUT_SECONDS = 300.0
"""Time for a response to staff: a regrade publishes a version first, and an export may be long."""


def connect(
    server: str, *, course: Optional[str] = None, program: str = PROGRAM, force: bool = False
) -> Account:
    """Log in with a code unless a token is stored, and return the account.

    *course* is the short name of a course, to which a new token is limited. *program* is the name
    that the login page shows. *force* starts a new login even if a token is stored.
    """
    address = normalize_address(server)
    token = obtain_token(address, course=course, program=program, force=force)
    return Account(Connection(address, token.secret), token.user_id)


def login(server: str, course: str = "", *, program: str = PROGRAM, force: bool = False) -> Course:
    """Log in as `connect` does, and return a course: the only one if no *course* is named."""
    account = connect(server, course=course or None, program=program, force=force)
    return account.course(course)


def staff(server: str, course: str = "") -> StaffCourse:
    """Return a course for its staff: lists, exports and regrades.

    The token is that in ``DLGRADER_TOKEN`` or in the file of tokens: a login with a code is
    for students. *course* may be left out if there is only one. Raises `NotLoggedInError` without a
    token.
    """
    address = normalize_address(server)
    token = require_token(address, course)
    connection = Connection(address, token.secret)
    connection.timeout_seconds = STAFF_TIMEOUT_SECONDS
    taught = Account(connection, token.user_id).course(course)
    return StaffCourse(connection, taught.id, taught.title)


def logout(server: str) -> None:
    """Revoke the stored tokens of a server and delete them here; queued answers stay."""
    revoke_token(server)


def use(assignment: Assignment) -> Assignment:
    """Register ``%%answer`` for the parts of *assignment*, and return the assignment."""
    _magic.select_assignment(assignment)
    _magic.register(get_ipython_shell())
    return assignment


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%answer``; IPython calls this for ``%load_ext dlgrader_client``."""
    _magic.register(shell)
