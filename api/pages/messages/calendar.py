"""Calendar: the page of its secret address, and the file that calendar programs read."""

from typing import Final

from fastapi.responses import RedirectResponse, Response

from api.dependencies import RequestContext
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.routes.accounts import calendar as api

router = PageRouter()
MEDIA_TYPE: Final = "text/calendar; charset=utf-8"


@router.get("/me/calendar")
def show_calendar(context: PageDep) -> Response:
    """Return the page to create and revoke the address of the calendar."""
    return _render_calendar_page(context)


@router.post("/me/calendar")
def create_address(context: PageDep) -> Response:
    """Create another address, and show it once."""
    return _render_calendar_page(context, url=api.post_calendar(context).url)


@router.post("/me/calendar/revoke")
def revoke_address(context: PageDep) -> Response:
    """End the address of the calendar."""
    api.delete_calendar(context)
    return RedirectResponse("/me/calendar", status_code=303)


def _render_calendar_page(context: RequestContext, *, url: str = "") -> Response:
    return render_page(
        context,
        "calendar.html",
        title="Calendar",
        crumbs=(Breadcrumb("Account", "/account"),),
        status=201 if url else 200,
        feed=api.get_calendar(context),
        url=url,
    )


@router.get("/calendar/{secret}.ics")
def read_calendar(secret: str, context: PageDep) -> Response:
    """Return the due times of the owner of a secret address, for calendar programs."""
    content = api.load_calendar_file(context, secret)
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})
