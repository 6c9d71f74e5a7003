"""The web application: for now a page and an endpoint that say the service is up."""

from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from api.settings import Settings
from problems.catalogue import Catalogue

__all__ = ["Health", "create_app"]

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Health(BaseModel):
    """What `/healthz` answers while the service can work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str = "ok"
    version: str
    problems: int


def create_app(settings: Settings) -> FastAPI:
    """Return the application that serves what *settings* name."""
    catalogue = Catalogue(settings.bank) if settings.bank else Catalogue()
    health = Health(version=version("grader"), problems=len(catalogue.ids))
    page = Template(_web_file("index.html")).substitute(health.model_dump())
    style = _web_file("style.css")
    app = FastAPI(title="Grader", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> Health:
        """Return that the service is up."""
        return health

    @app.get("/")
    def index() -> HTMLResponse:
        """Return the page that says so to a person."""
        return HTMLResponse(page, headers=HEADERS)

    @app.get("/style.css")
    def style_sheet() -> Response:
        """Return the style sheet of the page."""
        return Response(style, media_type="text/css", headers=HEADERS)

    return app


def _web_file(name: str) -> str:
    return (files("api") / "web" / name).read_text(encoding="utf-8")
