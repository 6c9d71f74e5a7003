"""Help pages: the guides of `docs/`, public, and the error codes."""

import hashlib
from functools import cache
from typing import Final

from fastapi import Request, Response

from api.core.error_codes import ERROR_CODES
from api.core.errors import NotFound
from api.markup.guides import GUIDES, GUIDES_PATH, read_title, render_guide
from api.pages.layout.templating import PAGE_HEADERS, render, render_response
from api.pages.router import PageRouter

router = PageRouter()
REVALIDATED_HEADERS: Final = {**PAGE_HEADERS, "Cache-Control": "public, no-cache"}
"""Headers of a guide: public, cached by browsers and revalidated on each request."""


@router.get(GUIDES_PATH)
def guides_page() -> Response:
    """Return the list of guides with a one-sentence summary of each."""
    summaries = [(name, read_title(name), says) for name, says in GUIDES.items()]
    return render_response("guides.html", {"guides": summaries})


@router.get(f"{GUIDES_PATH}/errors")
def errors_page() -> Response:
    """Return the page of error codes, which the `type` URI of every error points to."""
    return render_response("errors.html", {"codes": ERROR_CODES})


@router.get(f"{GUIDES_PATH}/{{name}}")
def guide_page(name: str, request: Request) -> Response:
    """Return a guide, or 304 Not Modified if the browser has the current version."""
    if name not in GUIDES:
        raise NotFound(ERROR_CODES["not_found"].meaning)
    body, tag = _render_guide_with_etag(name)
    headers = {**REVALIDATED_HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)


@cache
def _render_guide_with_etag(name: str) -> tuple[bytes, str]:
    """Return the HTML of a guide and its ETag, cached because guides are constant."""
    body = render("guide.html", {"guide": render_guide(name)}).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:20]}"'
