"""Permissions of the student pages: courses, assignments, grades, work and account."""

from urllib.parse import urlencode

from api_browser import OTHER_PASSWORD, PASSWORD

from access import Route

FORM = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
    "ok": 303,
}
OWN = {"login": True}
PROBLEM = "/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", "/courses/{course}"): Route("student"),
    ("GET", "/assignments/{assignment}"): Route("student"),
    ("GET", "/courses/{course}/grades"): Route("student"),
    ("GET", "/courses/{course}/mistakes"): Route("student"),
    ("GET", "/assignments/{assignment}/history"): Route("student"),
    ("GET", f"{PROBLEM}/submissions"): Route("student"),
    # Practice comes after the close: 403 before (tests/api/test_pages_student_work.py asks).
    ("GET", f"{PROBLEM}/practice"): Route("student", ok=403),
    ("POST", f"{PROBLEM}/practice"): Route(
        "student", body="number=0&answer.cells=9", **(FORM | {"ok": 403})
    ),
    ("GET", "/submissions/{submission}"): Route("student", owned=True),
    ("POST", "/submissions/{submission}/parts/{part}/request"): Route(
        "student",
        scope="submit",
        owned=True,
        body="text=I+named+both.",
        path={"part": "cells"},
        **(FORM | {"ok": 409}),  # the student has an open request about it
    ),
    ("GET", "/receipts/{submission}"): Route("student", owned=True),
    ("GET", "/me/requests"): Route("person"),
    ("GET", "/account"): Route("person"),
    # The scene has no code that waits: tests/api/test_device_codes.py confirms them.
    ("GET", "/device"): Route("person", **OWN),
    ("POST", "/device"): Route(
        "person", **OWN, body="code=BDFK-XTRW&decision=allow", **(FORM | {"ok": 404})
    ),
    ("GET", "/me/mail"): Route("person"),
    ("POST", "/me/mail"): Route("person", **OWN, body="kind=results_released", **FORM),
    ("GET", "/me/calendar"): Route("person"),
    ("POST", "/me/calendar"): Route("person", **OWN, body="", **(FORM | {"ok": 201})),
    ("POST", "/me/calendar/revoke"): Route("person", **OWN, body="", **FORM),
    ("POST", "/me/news/read"): Route("person", **OWN, body="", **FORM),
    ("GET", "/me/export"): Route("person"),
    ("POST", "/me"): Route("person", **OWN, body="name=Ann+Example&version=1", **FORM),
    ("POST", "/me/password"): Route(
        "person",
        **OWN,
        caller="newcomer",
        body=urlencode({"current": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}),
        **FORM,
    ),
    ("POST", "/me/sessions/end"): Route("person", **OWN, body="", **FORM),
    ("POST", "/me/sessions/{session_id}/end"): Route("person", **OWN, body="", **FORM),
    ("POST", "/me/tokens"): Route(
        "person", **OWN, body="name=laptop&scopes=read&days=7", **(FORM | {"ok": 201})
    ),
    ("POST", "/me/identities/{identity}/unlink"): Route("person", **OWN, body="", **FORM),
    ("POST", "/me/tokens/{token}/revoke"): Route("person", **OWN, body="", **FORM),
}
