"""Permissions of the problem page, its form, and the requests of its script."""

from access import Route

FORM = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
}
POSED = "/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", POSED): Route("student"),
    ("POST", POSED): Route(
        "student", scope="submit", body="answer.cells=9&save=draft", ok=303, **FORM
    ),
    ("POST", f"{POSED}/draft"): Route("student", scope="submit", body="answer.cells=9", **FORM),
    ("POST", f"{POSED}/reading"): Route("student", body="part=cells&answer.cells=9", **FORM),
    # The scene's assignment gives no new numbers: the page says so.
    ("POST", f"{POSED}/variant"): Route("student", scope="submit", body="", ok=409, **FORM),
}
