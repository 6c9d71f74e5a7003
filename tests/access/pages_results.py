"""Permissions of the pages for results and regrades: staff only, like their API."""

from access import Route
from access.regrades import applied

ASSIGNMENT = "/assignments/{assignment}"
POSED = f"{ASSIGNMENT}/problems/{{problem}}"
ONE = "/regrades/{regrade}"
FORM = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
    "ok": 303,
}
PREPARED = "do=parts&version.parts.part=cells&version.parts.points=3&reach=all"

ROUTES = {
    ("GET", "/courses/{course}/analytics"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/results"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/unopened"): Route("grader"),
    ("GET", "/courses/{course}/students-to-help"): Route("grader"),
    ("GET", f"{POSED}/results"): Route("grader"),
    ("GET", f"{POSED}/regrades"): Route("grader"),
    ("POST", f"{POSED}/accept"): Route(
        "instructor",
        scope="manage",
        body="accept=cells/00000000-0000-7000-8000-000000000000",
        **FORM,
    ),
    ("POST", f"{POSED}/regrades"): Route("instructor", scope="manage", body=PREPARED, **FORM),
    ("GET", ONE): Route("grader"),
    ("POST", f"{ONE}/apply"): Route("instructor", scope="manage", body="notice=", **FORM),
    ("POST", f"{ONE}/cancel"): Route("instructor", scope="manage", body="a=b", **FORM),
    ("POST", f"{ONE}/undo"): Route(
        "instructor", scope="manage", body="reason=", prepare=applied, **FORM
    ),
}
