"""Permissions of the routes for a student's own work."""

from access import Route

ASSIGNED_PROBLEM = "/api/v1/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", "/api/v1/me/assignments"): Route("person"),
    ("GET", ASSIGNED_PROBLEM): Route("student"),
    ("GET", f"{ASSIGNED_PROBLEM}/draft"): Route("student"),
    ("PUT", f"{ASSIGNED_PROBLEM}/draft"): Route(
        "student", scope="submit", body={"answers": {"cells": "9"}}
    ),
    ("DELETE", f"{ASSIGNED_PROBLEM}/draft"): Route("student", scope="submit"),
    ("POST", f"{ASSIGNED_PROBLEM}/reading"): Route(
        "student", body={"part": "cells", "answer": "9"}
    ),
    ("GET", f"{ASSIGNED_PROBLEM}/submissions"): Route("student"),
    ("GET", "/api/v1/submissions/{submission}"): Route("student", owned=True),
    ("GET", "/api/v1/receipts/{submission}"): Route("student", owned=True),
    # A new variant requires attempts (409 here); solutions and practice, the close (403 here).
    ("POST", f"{ASSIGNED_PROBLEM}/variant"): Route("student", scope="submit", ok=409),
    ("GET", f"{ASSIGNED_PROBLEM}/solution"): Route("student", ok=403),
    ("GET", f"{ASSIGNED_PROBLEM}/practice"): Route("student", ok=403),
    ("POST", f"{ASSIGNED_PROBLEM}/practice"): Route(
        "student", ok=403, body={"answers": {"cells": "9"}}
    ),
}
