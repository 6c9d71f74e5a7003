"""Permissions of the routes for a student's own work."""

from access import Route

POSED = "/api/v1/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", "/api/v1/me/assignments"): Route("person"),
    ("GET", POSED): Route("student"),
    ("GET", f"{POSED}/draft"): Route("student"),
    ("PUT", f"{POSED}/draft"): Route("student", scope="submit", body={"answers": {"cells": "9"}}),
    ("DELETE", f"{POSED}/draft"): Route("student", scope="submit"),
    ("POST", f"{POSED}/reading"): Route("student", body={"part": "cells", "answer": "9"}),
    ("GET", f"{POSED}/submissions"): Route("student"),
    ("GET", "/api/v1/submissions/{submission}"): Route("student", owned=True),
    ("GET", "/api/v1/receipts/{submission}"): Route("student", owned=True),
    # New numbers come after some attempts, solutions and practice when it is over: 409, 403 here.
    ("POST", f"{POSED}/variant"): Route("student", scope="submit", ok=409),
    ("GET", f"{POSED}/solution"): Route("student", ok=403),
    ("GET", f"{POSED}/practice"): Route("student", ok=403),
    ("POST", f"{POSED}/practice"): Route("student", ok=403, body={"answers": {"cells": "9"}}),
}
