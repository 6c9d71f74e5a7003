"""The page of a worked solution: for students when it is shown, 403 here; staff any time."""

from access import Route

ROUTES = {
    ("GET", "/assignments/{assignment}/problems/{problem}/solution"): Route("student", ok=403),
}
