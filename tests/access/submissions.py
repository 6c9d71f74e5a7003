"""Permissions of submissions, the health checks and the OpenAPI document."""

from access import Route

ASSIGNED_PROBLEM = "/api/v1/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", "/healthz"): Route("anyone"),
    ("GET", "/readyz"): Route("anyone"),
    ("GET", "/api/v1/openapi.json"): Route("anyone"),
    ("POST", f"{ASSIGNED_PROBLEM}/submissions"): Route(
        "student", scope="submit", ok=201, body={"answers": {"cells": "9"}}
    ),
}
