"""What all pages share: templates, headers, static files under names that tell their content."""

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

from api.core.errors import CODES, NotFound
from api.markup.markdown import inline, prose
from api.pages.layout import formatting

__all__ = ["CSP", "PAGE_HEADERS", "render", "respond", "static_address", "static_routes"]

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types grader"
)
PAGE_HEADERS: Final = {"Content-Security-Policy": CSP, "Cache-Control": "private, no-store"}
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
SHEET: Final = "app.css"
FONT: Final = "math.woff2"
TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Static:
    """A file that browsers may keep for ever, as its name changes with its content."""

    name: str
    body: bytes
    media_type: str


@cache
def _statics() -> Mapping[str, _Static]:
    """Return the static files by the names that templates use."""
    folder = files("api") / "web" / "static"
    found = {one.name: _static(one.name, one.read_bytes()) for one in folder.iterdir()}
    # The style sheet names the font as it is called here; browsers ask for what it is called there.
    font = found[FONT].name.encode()
    sheet = found[SHEET].body.replace(FONT.encode(), font)
    return found | {SHEET: _static(SHEET, sheet)}


def _static(name: str, body: bytes) -> _Static:
    stem, dot, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:10]
    guessed = TYPES.get(dot + ending) or mimetypes.guess_type(name)[0]
    return _Static(f"{stem}.{digest}{dot}{ending}", body, guessed or "application/octet-stream")


def static_address(name: str) -> str:
    """Return the address of the static file *name*, which changes with its content."""
    return f"/static/{_statics()[name].name}"


@cache
def _templates() -> Environment:
    """Return the templates; a name that a page does not give is an error, never a gap."""
    found = Environment(
        loader=PackageLoader("api", "web/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals["static"] = static_address
    found.filters |= {"prose": prose, "inline": inline} | dict(formatting.FILTERS)
    return found


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return a template filled with *context*."""
    return _templates().get_template(template).render(context)


def respond(
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] = NOTHING,
) -> HTMLResponse:
    """Return a filled template as a page with the headers of all pages, and more *headers*."""
    return HTMLResponse(render(template, context), status, {**PAGE_HEADERS, **headers})


def static_routes() -> APIRouter:
    """Return the route that serves style sheet, scripts, font and icon from memory."""
    router = APIRouter(include_in_schema=False)
    by_address = {one.name: one for one in _statics().values()}

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        """Return a static file; browsers keep it."""
        found = by_address.get(name)
        if found is None:
            raise NotFound(CODES["not_found"].meaning)
        return Response(found.body, media_type=found.media_type, headers=FOREVER)

    return router
