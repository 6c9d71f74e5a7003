"""Permissions of the pages for results and regrades: staff only, like their API."""

from access import Route
from access.regrades import use_applied_regrade

ASSIGNMENT = "/assignments/{assignment}"
ASSIGNED_PROBLEM = f"{ASSIGNMENT}/problems/{{problem}}"
REGRADE = "/regrades/{regrade}"
FORM_POST = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
    "ok": 303,
}
REGRADE_FORM = "do=parts&version.parts.part=cells&version.parts.points=3&reach=all"

ROUTES = {
    ("GET", "/courses/{course}/analytics"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/results"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/unopened"): Route("grader"),
    ("GET", "/courses/{course}/students-to-help"): Route("grader"),
    ("GET", f"{ASSIGNED_PROBLEM}/results"): Route("grader"),
    ("GET", f"{ASSIGNED_PROBLEM}/regrades"): Route("grader"),
    ("POST", f"{ASSIGNED_PROBLEM}/accept"): Route(
        "instructor",
        scope="manage",
        body="accept=cells/00000000-0000-7000-8000-000000000000",
        **FORM_POST,
    ),
    ("POST", f"{ASSIGNED_PROBLEM}/regrades"): Route(
        "instructor", scope="manage", body=REGRADE_FORM, **FORM_POST
    ),
    ("GET", REGRADE): Route("grader"),
    ("POST", f"{REGRADE}/apply"): Route("instructor", scope="manage", body="notice=", **FORM_POST),
    ("POST", f"{REGRADE}/cancel"): Route("instructor", scope="manage", body="a=b", **FORM_POST),
    ("POST", f"{REGRADE}/undo"): Route(
        "instructor", scope="manage", body="reason=", prepare=use_applied_regrade, **FORM_POST
    ),
}
