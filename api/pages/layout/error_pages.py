"""Error pages: what happened and what to do next, without losing the posted form."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from api.auth.proxied_sessions import OTHER_USER_MESSAGE
from api.core.error_codes import ERROR_CODES
from api.http.request_body import UNAUTHENTICATED_BODY_BYTES, get_body
from api.pages.forms.form import PostedForm
from api.pages.layout.login_ways import list_login_ways
from api.pages.layout.templating import render_response

UNAUTHENTICATED: Final = 401
METHOD_NOT_ALLOWED: Final = 405
FORM_ONLY_PROBLEM: Final = {
    "title": "Only a form can open this page",
    "detail": "This address accepts only what a form sends; it cannot be opened or reloaded. "
    "Continue from the page of the form.",
}
"""Error text for opening an address that accepts only posted forms."""
TOO_LARGE: Final = 413
TOO_LONG_PROBLEM: Final = {
    "title": "Too long",
    "detail": "What you typed is too long to be sent. Shorten the longest text, such as an answer "
    "into which too much was pasted, and send it again.",
}
"""Error text for typed text that is too long; the error for a file states its limit."""
MULTIPART_PREFIX: Final = "multipart/"
NON_PAGE_PREFIXES: Final = ("/api/", "/static/")
PRESERVED_HEADERS: Final = ("Retry-After",)
SECRET_FIELDS: Final = ("password", "again", "secret")
MAX_CARRIED_BYTES: Final = UNAUTHENTICATED_BODY_BYTES - 4 * 1024
"""Size limit of a form carried through the login; the login itself uses the rest."""
NOT_CARRIED_MESSAGE: Final = (
    "What you sent is too large to keep here. Log in in another tab; then return to the previous "
    "page in this one, and send it again."
)


def render_error(scope: Scope, response: Response) -> Response:
    """Render the problem *response* as a page if a browser asked for one, else return it.

    Users who are not logged in go to the login page, which sends the posted form again
    after the login.
    """
    if not _accepts_html_page(scope) or not response.headers.get("content-type", "").endswith(
        "json"
    ):
        return response
    problem = json.loads(bytes(response.body))
    if response.status_code == UNAUTHENTICATED:
        return _respond_with_login(scope, problem)
    headers = {
        name: response.headers[name] for name in PRESERVED_HEADERS if name in response.headers
    }
    if any(one["field"].startswith("path ") for one in problem.get("errors", ())):
        problem = {"instance": problem["instance"], **_problem_from_code("not_found")}
    page_path = ""
    if response.status_code == METHOD_NOT_ALLOWED:
        problem, page_path = problem | FORM_ONLY_PROBLEM, _find_nearest_page_path(scope)
    if response.status_code == TOO_LARGE and not _has_files(scope):
        problem |= TOO_LONG_PROBLEM
    context = {
        "problem": problem,
        "errors": [*_iter_unmentioned_errors(problem)],
        "way": page_path,
        **_build_resend_context(scope, problem),
    }
    return render_response("error.html", context, status=problem["status"], headers=headers)


def _build_resend_context(scope: Scope, problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form that an archived course rejected, to be sent again later.

    *texts* are its longer texts, which the user can read and copy.
    """
    fields = _posted_fields_without_secrets(scope) if problem["code"] == "course_archived" else {}
    texts = [value for values in fields.values() for value in values]
    return {
        "path": scope["path"],
        "carried_fields": fields if any(texts) else {},
        "texts": [text for text in texts if len(text.split()) > 1],
        "lost": _has_files(scope),
    }


def _posted_fields_without_secrets(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Return the fields of the posted form, except passwords and secrets."""
    form: PostedForm = scope["state"].get("form", PostedForm())
    return {name: field for name, field in form.fields.items() if name not in SECRET_FIELDS}


def _problem_from_code(code: str) -> dict[str, Any]:
    error_code = ERROR_CODES[code]
    return {
        "code": code,
        "status": error_code.status,
        "title": error_code.title,
        "detail": error_code.meaning,
    }


def _find_nearest_page_path(scope: Scope) -> str:
    """Return the path of the nearest page at or above the address, or "" if there is none."""
    path = scope["path"].rstrip("/")
    while path:
        candidate_scope = {**scope, "method": "GET", "path": path, "raw_path": path.encode()}
        if any(route.matches(candidate_scope)[0] is Match.FULL for route in scope["app"].routes):
            return quote(path)
        path = path.rpartition("/")[0]
    return ""


def _iter_unmentioned_errors(problem: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Yield the field errors that the detail of the problem does not mention."""
    for error in problem.get("errors", ()):
        name = error["field"].removeprefix("query ")
        if f"{name} {error['message']}".strip() not in problem["detail"]:
            yield {**error, "field": name}


def _accepts_html_page(scope: Scope) -> bool:
    if scope["path"].startswith(NON_PAGE_PREFIXES):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _has_files(scope: Scope) -> bool:
    return Headers(scope=scope).get("content-type", "").lower().startswith(MULTIPART_PREFIX)


def _respond_with_login(scope: Scope, problem: Mapping[str, Any]) -> Response:
    """Redirect to the login page, or render it with the form if one was posted."""
    path = scope["path"]
    if scope["method"] in {"GET", "HEAD"}:
        query = scope["query_string"].decode("ascii", "replace")
        next_path = quote(f"{path}?{query}" if query else path, safe="")
        headers = {"Cache-Control": "private, no-store"}
        reason = "&other_user=yes" if problem["detail"] == OTHER_USER_MESSAGE else ""
        location = f"/login?next={next_path}{reason}"
        return RedirectResponse(location, status_code=303, headers=headers)
    # Without a cookie, the error is for programs: it asks for a token.
    had_cookie = "cookie" in Headers(scope=scope)
    fields, message = _posted_fields_without_secrets(scope), problem["detail"] if had_cookie else ""
    if not get_body(scope).is_small or _count_carried_bytes(fields) > MAX_CARRIED_BYTES:
        fields, message = {}, f"{message} {NOT_CARRIED_MESSAGE}".strip()
    context = {"next": path, "carried_fields": fields, "email": "", "is_out": False}
    context |= {"message": message, "is_wrong": False}
    context |= list_login_ways(scope)
    return render_response("login.html", context, status=UNAUTHENTICATED)


def _count_carried_bytes(fields: Mapping[str, tuple[str, ...]]) -> int:
    """Return the size of *fields* in bytes, as the login form sends them."""
    return len(urlencode([(f"kept.{name}", field) for name in fields for field in fields[name]]))
