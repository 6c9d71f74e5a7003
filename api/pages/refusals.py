"""Errors as pages: what happened, what to do, and nothing that was typed is lost."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from api.pages.forms import Form
from api.pages.site import respond

__all__ = ["present"]

UNAUTHENTICATED: Final = 401
ELSEWHERE: Final = ("/api/", "/static/")
KEPT: Final = ("Retry-After",)
SECRET: Final = ("password", "again", "secret")


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
    return respond("error.html", {"told": told}, status=response.status_code, headers=kept)


def _wants_page(scope: Scope) -> bool:
    if scope["path"].startswith(ELSEWHERE):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _log_in(scope: Scope, told: Mapping[str, Any]) -> Response:
    """Return the way to the log-in; with a form under way, the log-in that keeps it."""
    path = scope["path"]
    if scope["method"] in {"GET", "HEAD"}:
        query = scope["query_string"].decode("ascii", "replace")
        where = quote(f"{path}?{query}" if query else path, safe="")
        headers = {"Cache-Control": "private, no-store"}
        return RedirectResponse(f"/login?next={where}", status_code=303, headers=headers)
    form: Form = scope["state"].get("form", Form())
    kept = {name: one for name, one in form.fields.items() if name not in SECRET}
    said = {"said": told["detail"], "is_wrong": False}
    context = {"next": path, "kept": kept, "email": "", **said}
    return respond("login.html", context, status=UNAUTHENTICATED)
