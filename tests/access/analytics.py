"""Permissions of the analytics routes: staff only."""

from access import Route

API = "/api/v1"
ASSIGNMENT = f"{API}/assignments/{{assignment}}"

ROUTES = {
    ("GET", f"{API}/courses/{{course}}/analytics"): Route("grader"),
    ("GET", f"{API}/courses/{{course}}/attention"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/analytics"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/unopened"): Route("grader"),
    ("GET", "/api/v1/courses/{course}/students-to-help"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/problems/{{problem}}/analytics"): Route("grader"),
}
