"""Permissions of the solution page: staff always, students once shown (403 here)."""

from access import Route

ROUTES = {
    ("GET", "/assignments/{assignment}/problems/{problem}/solution"): Route("student", ok=403),
}
