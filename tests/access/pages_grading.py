"""Permissions of the pages for grading: review, rubrics, comments and regrade requests."""

from access import Route
from access.pages_editing import FORM_POST, build_versioned_form

ASSIGNMENT = "/assignments/{assignment}"
PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
ANSWER = "/answers/{answer}"
BY_GRADER = {"access_level": "grader", "scope": "grade", **FORM_POST}

ROUTES = {
    ("GET", f"{ASSIGNMENT}/review"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/requests"): Route("grader"),
    ("POST", "/requests/{request}/answer"): Route(
        **BY_GRADER, body="decision=declined&reply=It+is+right+as+it+is."
    ),
    ("GET", PART): Route("grader"),
    ("POST", f"{PART}/next"): Route(**BY_GRADER, body=""),
    ("GET", f"{PART}/groups"): Route("grader"),
    ("POST", f"{PART}/groups/{{group}}/mark"): Route(**BY_GRADER, body="credit=1"),
    # The page is for grading, which requires the scope to grade.
    ("GET", f"{PART}/rubric"): Route("grader", scope="grade"),
    ("POST", f"{PART}/rubric"): Route(**BY_GRADER, body="label=clear&points=1"),
    ("POST", f"{PART}/rubric/{{item}}"): Route(
        **BY_GRADER, body="label=fewer&points=1&version=1&act=save"
    ),
    ("GET", f"{ANSWER}/review"): Route("grader"),
    ("POST", f"{ANSWER}/mark"): Route(
        **BY_GRADER, body=build_versioned_form("/answers/{answer}/review")
    ),
    # The answer in the scene has no mark to withdraw: 409.
    ("POST", f"{ANSWER}/unmark"): Route(**BY_GRADER | {"ok": 409}, body="version=1"),
    ("POST", f"{ANSWER}/undo"): Route(**BY_GRADER | {"ok": 409}, body="version=1"),
    ("POST", f"{ANSWER}/claim"): Route(**BY_GRADER, body=""),
    ("POST", f"{ANSWER}/release"): Route(**BY_GRADER, body=""),
    ("POST", f"{ANSWER}/skip"): Route(**BY_GRADER, body=""),
    ("POST", f"{ANSWER}/flag"): Route(**BY_GRADER, body="note=Look."),
    ("POST", f"{ANSWER}/comments"): Route(**BY_GRADER, body="text=Well+put.&public=on"),
    ("POST", "/comments/{comment}/withdraw"): Route(**BY_GRADER, body="", denied_status=404),
}
