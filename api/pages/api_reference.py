"""API reference page: every operation with a runnable command, from the OpenAPI document."""

import hashlib
import threading
import weakref
from typing import Final

from fastapi import FastAPI, Request, Response

from api.http.response_memory import SharedResponse
from api.markup.api_reference import build_reference
from api.pages.docs import REVALIDATED_HEADERS
from api.pages.layout.templating import render
from api.pages.router import PageRouter

router = PageRouter()
PAGE_BY_APP: Final = weakref.WeakKeyDictionary[FastAPI, bytes]()
"""The rendered page of each application; an application never changes."""
LOCK: Final = threading.Lock()


@router.get("/api")
def api_reference_page(request: Request) -> Response:
    """Return the API reference, or 304 Not Modified if the browser has the current version."""
    body = _render_api_reference(request.app)
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {**REVALIDATED_HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return SharedResponse(body, media_type="text/html", headers=headers)


def _render_api_reference(app: FastAPI) -> bytes:
    """Return the page, rendered at the first request; requests at the same time wait for it."""
    with LOCK:
        body = PAGE_BY_APP.get(app)
        if body is None:
            areas = build_reference(app.openapi())
            context = {"areas": areas, "base": app.state.service.settings.public_url}
            body = PAGE_BY_APP[app] = render("api_reference.html", context).encode()
        return body
