"""The help: guides of `docs/` as pages for everybody, and the errors by their codes."""

import hashlib
from functools import cache
from typing import Final

from fastapi import Request, Response

from api.core.error_codes import CODES
from api.core.errors import NotFound
from api.markup.guides import GUIDES, HELP, guide, title_of
from api.pages.layout.templating import PAGE_HEADERS, render, respond
from api.pages.router import PageRouter

__all__ = ["router"]

router = PageRouter()
KEPT: Final = {**PAGE_HEADERS, "Cache-Control": "public, no-cache"}
"""A guide is the same for everybody: browsers keep it, and ask whether it changed."""


@router.get(HELP)
def guides() -> Response:
    """Return what there is to read, with a sentence each."""
    told = [(name, title_of(name), says) for name, says in GUIDES.items()]
    return respond("guides.html", {"guides": told})


@router.get(f"{HELP}/errors")
def errors_explained() -> Response:
    """Return the page to which the `type` of every error leads, at the code."""
    return respond("errors.html", {"codes": CODES})


@router.get(f"{HELP}/{{name}}")
def guide_page(name: str, request: Request) -> Response:
    """Return a guide, or that the browser has it as it is."""
    if name not in GUIDES:
        raise NotFound(CODES["not_found"].meaning)
    body, tag = _rendered(name)
    headers = {**KEPT, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/html", headers=headers)


@cache
def _rendered(name: str) -> tuple[bytes, str]:
    """Return the page of a guide, which never changes while the service runs, and its ETag."""
    body = render("guide.html", {"guide": guide(name)}).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:20]}"'
