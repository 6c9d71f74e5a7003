"""Documentation pages: the files of `docs/`, public, with navigation and search."""

import hashlib
from typing import Final

from fastapi import Request, Response

from api.core.cache import cache_once
from api.core.error_codes import ERROR_CODES
from api.core.errors import NotFound
from api.http.response_memory import SharedResponse
from api.markup.docs_files import (
    DOCS_PATH,
    PICTURE_FOLDER,
    find_docs_root,
    list_pages,
    load_navigation,
    page_address,
)
from api.markup.docs_pages import render_page
from api.markup.docs_search import MAX_QUERY_CHARACTERS, search
from api.pages.layout.templating import PAGE_HEADERS, render, render_response
from api.pages.router import PageDep, PageRouter
from api.state import SEARCHES

router = PageRouter()
REVALIDATED_HEADERS: Final = {**PAGE_HEADERS, "Cache-Control": "public, no-cache"}
"""Headers of a page: public, cached by browsers and revalidated on each request."""


@router.get(DOCS_PATH)
def docs_index_page(request: Request) -> Response:
    """Return the first page, which lists all others by tutorials, guides and reference."""
    return docs_page("", request)


@router.get(f"{DOCS_PATH}/search")
def docs_search_page(context: PageDep, q: str = "") -> Response:
    """Return the sections that contain all words of *q*.

    Raises `RateLimited` after too many searches from one address.
    """
    context.service.rate_limiters[SEARCHES].consume(context.client_address_key)
    query = q.strip()[:MAX_QUERY_CHARACTERS]
    variables = {"query": query, "results": search(query), **_navigation_context("")}
    return render_response("docs_search.html", variables)


@router.get(f"/{PICTURE_FOLDER}/{{name}}")
def docs_picture(name: str, request: Request) -> Response:
    """Return a picture of the documentation."""
    body = _load_pictures().get(name)
    if body is None:
        raise NotFound(ERROR_CODES["not_found"].meaning)
    return _revalidated_response(body, "image/png", request)


@router.get(f"{DOCS_PATH}/{{name:path}}")
def docs_page(name: str, request: Request) -> Response:
    """Return a page, or 304 Not Modified if the browser has the current version."""
    if name not in list_pages():
        raise NotFound(ERROR_CODES["not_found"].meaning)
    return _revalidated_response(_render_docs_page(name), "text/html", request)


def _revalidated_response(body: bytes, media_type: str, request: Request) -> Response:
    """Return *body* with its ETag, or 304 Not Modified."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {**REVALIDATED_HEADERS, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return SharedResponse(body, media_type=media_type, headers=headers)


@cache_once
def _render_docs_page(name: str) -> bytes:
    """Return the HTML of a page, cached because the files are constant."""
    context = {"guide": render_page(name), **_navigation_context(name)}
    return render("docs_page.html", context).encode()


@cache_once
def _load_pictures() -> dict[str, bytes]:
    folder = find_docs_root() / PICTURE_FOLDER
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def _navigation_context(name: str) -> dict[str, object]:
    """Return the variables of the navigation beside each page."""
    return {"navigation": load_navigation(), "address": page_address(name)}
