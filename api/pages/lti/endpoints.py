"""Endpoints that platforms fetch: the public keys and the configuration of the tool."""

from typing import Final

from fastapi.responses import JSONResponse, Response

from api.pages.lti.common import require_tool
from api.pages.router import PageDep, PageRouter
from api.services.lti.platforms.configuration import build_canvas_configuration

router = PageRouter()
CACHE_HEADERS: Final = {"Cache-Control": "public, max-age=600"}


@router.get("/lti/jwks")
def get_public_keys(context: PageDep) -> Response:
    """Return the public keys of this tool as a JWKS."""
    require_tool(context)
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.platforms.tool_keys import load_public_keys  # noqa: PLC0415

    keys = load_public_keys(context.service.db, now=context.now)
    return JSONResponse({"keys": keys}, headers=CACHE_HEADERS)


@router.get("/lti/config.json")
def get_configuration(context: PageDep) -> Response:
    """Return the configuration of this tool in the form that Canvas fetches."""
    tool = require_tool(context)
    return JSONResponse(build_canvas_configuration(tool.addresses), headers=CACHE_HEADERS)
