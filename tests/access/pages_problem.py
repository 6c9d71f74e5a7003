"""Permissions of the problem page, its form, and the requests of its script."""

from access import Route

FORM_POST = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
}
ASSIGNED_PROBLEM = "/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", ASSIGNED_PROBLEM): Route("student"),
    ("POST", ASSIGNED_PROBLEM): Route(
        "student", scope="submit", body="answer.cells=9&save=draft", ok=303, **FORM_POST
    ),
    ("POST", f"{ASSIGNED_PROBLEM}/draft"): Route(
        "student", scope="submit", body="answer.cells=9", **FORM_POST
    ),
    ("POST", f"{ASSIGNED_PROBLEM}/reading"): Route(
        "student", body="part=cells&answer.cells=9", **FORM_POST
    ),
    # The scene's assignment allows no new variant: 409.
    ("POST", f"{ASSIGNED_PROBLEM}/variant"): Route(
        "student", scope="submit", body="", ok=409, **FORM_POST
    ),
}
