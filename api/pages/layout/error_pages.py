"""Errors as pages: what happened, what to do, and nothing that was typed is lost."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from api.core.error_codes import CODES
from api.http.bodies import UNAUTHENTICATED_BODY_BYTES, body_of
from api.pages.forms.form import Form
from api.pages.layout.templating import respond

__all__ = ["present"]

UNAUTHENTICATED: Final = 401
NOT_DONE: Final = 405
FORM_ALONE: Final = {
    "title": "Only a form leads here",
    "detail": "This address takes what a form sends; it cannot be opened or loaded again. Go on "
    "from the page of the form.",
}
"""What people are told of an address that takes forms alone."""
TOO_LARGE: Final = 413
TOO_LONG: Final = {
    "title": "Too long",
    "detail": "What you typed is too long to be sent. Shorten the longest text, such as an answer "
    "into which too much was pasted, and send it again.",
}
"""What people are told who typed too much; of a file they are told how large it may be."""
FILES: Final = "multipart/"
ELSEWHERE: Final = ("/api/", "/static/")
KEPT: Final = ("Retry-After",)
SECRET: Final = ("password", "again", "secret")
MAX_KEPT_BYTES: Final = UNAUTHENTICATED_BODY_BYTES - 4 * 1024
"""How large a form may be that the log-in carries: the rest is for the log-in itself."""
NOT_KEPT: Final = (
    "What you sent is too large to be kept here. Log in in another tab; then go back in this one, "
    "and send it again."
)


def present(scope: Scope, response: Response) -> Response:
    """Return the problem *response* as a page where a browser asked for one, else as it is.

    Who is not logged in is sent to the log-in, and sends a form that was under way from there.
    """
    if not _wants_page(scope) or not response.headers.get("content-type", "").endswith("json"):
        return response
    told = json.loads(bytes(response.body))
    if response.status_code == UNAUTHENTICATED:
        return _log_in(scope, told)
    kept = {name: response.headers[name] for name in KEPT if name in response.headers}
    if any(one["field"].startswith("path ") for one in told.get("errors", ())):
        told = {"instance": told["instance"], **_of_code("not_found")}
    way = ""
    if response.status_code == NOT_DONE:
        told, way = told | FORM_ALONE, _page_above(scope)
    if response.status_code == TOO_LARGE and not _has_files(scope):
        told |= TOO_LONG
    context = {"told": told, "errors": [*_unsaid(told)], "way": way, **_waiting(scope, told)}
    return respond("error.html", context, status=told["status"], headers=kept)


def _waiting(scope: Scope, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form that an archived course did not take, to be sent again when it is back.

    Its *texts*, which took work, can be read and copied.
    """
    fields = _typed(scope) if told["code"] == "course_archived" else {}
    every = [one for values in fields.values() for one in values]
    return {
        "path": scope["path"],
        "kept": fields if any(every) else {},
        "texts": [one for one in every if len(one.split()) > 1],
        "lost": _has_files(scope),
    }


def _typed(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Return the fields of the form that is under way, but for passwords."""
    form: Form = scope["state"].get("form", Form())
    return {name: one for name, one in form.fields.items() if name not in SECRET}


def _of_code(code: str) -> dict[str, Any]:
    known = CODES[code]
    return {
        "code": code,
        "status": known.status,
        "title": known.title,
        "detail": known.meaning,
    }


def _page_above(scope: Scope) -> str:
    """Return the nearest page at the address or above it, "" where there is none."""
    path = scope["path"].rstrip("/")
    while path:
        asked = {**scope, "method": "GET", "path": path, "raw_path": path.encode()}
        if any(one.matches(asked)[0] is Match.FULL for one in scope["app"].routes):
            return quote(path)
        path = path.rpartition("/")[0]
    return ""


def _unsaid(told: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Yield the fields of an error that its sentence does not tell already."""
    for one in told.get("errors", ()):
        name = one["field"].removeprefix("query ")
        if f"{name} {one['said']}".strip() not in told["detail"]:
            yield {**one, "field": name}


def _wants_page(scope: Scope) -> bool:
    if scope["path"].startswith(ELSEWHERE):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _has_files(scope: Scope) -> bool:
    return Headers(scope=scope).get("content-type", "").lower().startswith(FILES)


def _log_in(scope: Scope, told: Mapping[str, Any]) -> Response:
    """Return the way to the log-in; with a form under way, the log-in that keeps it."""
    path = scope["path"]
    if scope["method"] in {"GET", "HEAD"}:
        query = scope["query_string"].decode("ascii", "replace")
        where = quote(f"{path}?{query}" if query else path, safe="")
        headers = {"Cache-Control": "private, no-store"}
        return RedirectResponse(f"/login?next={where}", status_code=303, headers=headers)
    # Without a cookie the error is what programs are told, that they need a token.
    came = "cookie" in Headers(scope=scope)
    kept, said = _typed(scope), told["detail"] if came else ""
    if not body_of(scope).is_small or _carried_bytes(kept) > MAX_KEPT_BYTES:
        kept, said = {}, f"{said} {NOT_KEPT}".strip()
    context = {"next": path, "kept": kept, "email": "", "is_out": False}
    context |= {"said": said, "is_wrong": False}
    return respond("login.html", context, status=UNAUTHENTICATED)


def _carried_bytes(fields: Mapping[str, tuple[str, ...]]) -> int:
    """Return the size of *fields* as the log-in sends them."""
    return len(urlencode([(f"kept.{name}", one) for name in fields for one in fields[name]]))
