"""Permissions of the student pages: courses, assignments, grades, work and account."""

from urllib.parse import urlencode

from api_browser import OTHER_PASSWORD, PASSWORD

from access import Route

FORM_POST = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
    "ok": 303,
}
SESSION_ONLY = {"login": True}
PROBLEM = "/assignments/{assignment}/problems/{problem}"

ROUTES = {
    ("GET", "/courses/{course}"): Route("student"),
    ("GET", "/assignments/{assignment}"): Route("student"),
    ("GET", "/courses/{course}/grades"): Route("student"),
    ("GET", "/courses/{course}/mistakes"): Route("student"),
    ("GET", "/assignments/{assignment}/history"): Route("student"),
    ("GET", f"{PROBLEM}/submissions"): Route("student"),
    # Practice opens after the close: tests/api/test_pages_student_work.py covers it.
    ("GET", f"{PROBLEM}/practice"): Route("student", ok=403),
    ("POST", f"{PROBLEM}/practice"): Route(
        "student", body="number=0&answer.cells=9", **(FORM_POST | {"ok": 403})
    ),
    ("GET", "/submissions/{submission}"): Route("student", owned=True),
    ("POST", "/submissions/{submission}/parts/{part}/request"): Route(
        "student",
        scope="submit",
        owned=True,
        body="text=I+named+both.",
        path={"part": "cells"},
        **(FORM_POST | {"ok": 409}),  # the student has an open request about it
    ),
    ("GET", "/receipts/{submission}"): Route("student", owned=True),
    ("GET", "/me/requests"): Route("person"),
    ("GET", "/account"): Route("person"),
    # The scene has no pending code: tests/api/test_device_codes.py covers one.
    ("GET", "/device"): Route("person", **SESSION_ONLY),
    ("POST", "/device"): Route(
        "person", **SESSION_ONLY, body="code=BDFK-XTRW&decision=allow", **(FORM_POST | {"ok": 404})
    ),
    ("GET", "/me/mail"): Route("person"),
    ("POST", "/me/mail"): Route(
        "person", **SESSION_ONLY, body="kind=results_released", **FORM_POST
    ),
    ("GET", "/me/calendar"): Route("person"),
    ("POST", "/me/calendar"): Route("person", **SESSION_ONLY, body="", **(FORM_POST | {"ok": 201})),
    ("POST", "/me/calendar/revoke"): Route("person", **SESSION_ONLY, body="", **FORM_POST),
    ("POST", "/me/news/read"): Route("person", **SESSION_ONLY, body="", **FORM_POST),
    ("GET", "/me/export"): Route("person"),
    ("POST", "/me"): Route(
        "person", **SESSION_ONLY, body="name=Ann+Example&version=1", **FORM_POST
    ),
    ("POST", "/me/password"): Route(
        "person",
        **SESSION_ONLY,
        caller="newcomer",
        body=urlencode({"current": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}),
        **FORM_POST,
    ),
    ("POST", "/me/sessions/end"): Route("person", **SESSION_ONLY, body="", **FORM_POST),
    ("POST", "/me/sessions/{session_id}/end"): Route(
        "person", **SESSION_ONLY, body="", **FORM_POST
    ),
    ("POST", "/me/tokens"): Route(
        "person", **SESSION_ONLY, body="name=laptop&scopes=read&days=7", **(FORM_POST | {"ok": 201})
    ),
    ("POST", "/me/identities/{identity}/unlink"): Route(
        "person", **SESSION_ONLY, body="", **FORM_POST
    ),
    ("POST", "/me/tokens/{token}/revoke"): Route("person", **SESSION_ONLY, body="", **FORM_POST),
}
