"""Page rendering: templates, response headers, and static files with hashed names."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.core.errors import ERROR_CODES, NotFound, ServiceError
from api.http.response_memory import SharedResponse
from api.markup.markdown import render_inline, render_markdown
from api.pages.layout import formatting

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types grader"
)
PAGE_HEADERS: Final = {"Content-Security-Policy": CSP, "Cache-Control": "private, no-store"}
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
IMMUTABLE_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
STYLE_SHEET_NAME: Final = "app.css"
FONT_NAME: Final = "math.woff2"
MEDIA_TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _StaticFile:
    """A static file that browsers can cache forever, since its name has a content hash."""

    name: str
    body: bytes
    media_type: str


@cache
def _load_static_files() -> Mapping[str, _StaticFile]:
    """Return the static files by their names in templates."""
    folder = files("api") / "web" / "static"
    static_files = {
        one.name: _build_static_file(one.name, one.read_bytes()) for one in folder.iterdir()
    }
    # The style sheet has the source name of the font; browsers request the name with a hash.
    font = static_files[FONT_NAME].name.encode()
    sheet = static_files[STYLE_SHEET_NAME].body.replace(FONT_NAME.encode(), font)
    return static_files | {STYLE_SHEET_NAME: _build_static_file(STYLE_SHEET_NAME, sheet)}


def _build_static_file(name: str, body: bytes) -> _StaticFile:
    stem, dot, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:10]
    guessed = MEDIA_TYPES.get(dot + ending) or mimetypes.guess_type(name)[0]
    return _StaticFile(f"{stem}.{digest}{dot}{ending}", body, guessed or "application/octet-stream")


def static_url(name: str) -> str:
    """Return the URL of the static file *name*, which includes a hash of its content."""
    return f"/static/{_load_static_files()[name].name}"


@cache
def load_environment() -> Environment:
    """Return the Jinja environment; an undefined variable is an error."""
    environment = Environment(
        loader=PackageLoader("api", "web/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = static_url
    environment.filters |= {"prose": render_markdown, "inline": render_inline} | dict(
        formatting.FILTERS
    )
    return environment


def render(template: str, context: Mapping[str, Any]) -> str:
    """Render a template with *context*."""
    return load_environment().get_template(template).render(context)


def render_response(
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] = NO_HEADERS,
) -> HTMLResponse:
    """Render a template as a response with the page headers and additional *headers*."""
    return HTMLResponse(render(template, context), status, {**PAGE_HEADERS, **headers})


def build_retry_after_headers(error: ServiceError | None) -> Mapping[str, str]:
    """Return the header with the seconds to wait, if *error* names any."""
    if error is None or error.retry_after is None:
        return NO_HEADERS
    return {"Retry-After": str(error.retry_after)}


def build_static_router() -> APIRouter:
    """Return the router that serves the style sheet, scripts, font and icon from memory."""
    router = APIRouter(include_in_schema=False)
    files_by_name = {one.name: one for one in _load_static_files().values()}

    @router.get("/static/{name}")
    async def serve_static_file(name: str) -> Response:
        """Return a static file that browsers cache for a year."""
        static_file = files_by_name.get(name)
        if static_file is None:
            raise NotFound(ERROR_CODES["not_found"].meaning)
        return SharedResponse(
            static_file.body, media_type=static_file.media_type, headers=IMMUTABLE_HEADERS
        )

    return router
