"""Routes of pages: forms read and foreign ones refused before a page sees them."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.auth.request_activity import SAFE
from api.auth.sessions import foreign_request
from api.core.errors import Forbidden
from api.db.engine import Database, forget
from api.dependencies import Here
from api.http.pagination import Window
from api.http.pipeline.authenticator import Ask, admit_large_body, who_asks
from api.pages.forms.form import Form, read_form

__all__ = ["VIEW_AS", "PageDep", "PageRouter", "PageSubmitting", "PageTyping", "window"]

VIEW_AS = "grader-view-as"
"""The cookie that says with which student's eyes a member of the staff looks."""


class _Moment:
    """A session for all that a page reads: it shows one moment, though several routes answer it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open = ExitStack()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session, open from the first time that it is asked for."""
        if self._session is None:
            self._session = self._open.enter_context(self._db.reading())
        return self._session

    def pass_by(self) -> None:
        """Let the next read see a later moment."""
        if self._session is not None:
            forget(self._session)

    def end(self) -> None:
        """Close the session, where it was opened."""
        self._open.close()


class PageRoute(APIRoute):
    """A route of a page: its form is at hand, also for who has to log in again first."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _ended(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that refuses other sites' forms and reads the form."""
        handle = super().get_route_handler()
        asking = who_asks(self.dependant)

        async def paged(request: Request) -> Response:
            refusal = foreign_request(request.method, request.headers)
            if refusal:
                raise Forbidden(refusal)
            request.state.form = Form()
            await admit_large_body(request, asking)
            request.state.form = await read_form(request)
            return await handle(request)

        return paged


def _ended(endpoint: Callable[..., Response]) -> Callable[..., Response]:
    """Return *endpoint* with what it has read with closed after it, in the same thread."""

    @wraps(endpoint)
    def ended(*, here: Any = None, **given: Any) -> Response:
        if not isinstance(here, _Page):
            return endpoint(**given)
        try:
            return endpoint(here=here, **given)
        finally:
            here.moment.end()

    return ended


class PageRouter(APIRouter):
    """A router of pages, which the description of the API leaves out."""

    def __init__(self) -> None:
        super().__init__(route_class=PageRoute, include_in_schema=False)


class _Page(Here):
    """One request of a page; what the API takes from ``X-View-As`` may be in a cookie here."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.moment = _Moment(self.service.db)

    @property
    def view_as(self) -> str:
        """With whose eyes the caller wants to look."""
        return self.request.cookies.get(VIEW_AS, "") or super().view_as

    @contextmanager
    def unnoted(self) -> Iterator[Session]:
        """Yield the session of the page; a form has one each time, as others may write for it."""
        if self.request.method not in SAFE:
            with super().unnoted() as session:
                yield session
            return
        try:
            yield self.moment.session
        except BaseException:
            self.moment.pass_by()
            raise

    def wrote(self) -> None:
        """Let what is read next see what was written."""
        self.moment.pass_by()


class _Typing(_Page):
    pace = "drafts"


class _Submitting(_Page):
    pace = "submissions"


PageDep = Annotated[Here, Depends(Ask(_Page))]
PageTyping = Annotated[Here, Depends(Ask(_Typing))]
PageSubmitting = Annotated[Here, Depends(Ask(_Submitting))]


def window(here: Here, *, limit: int = 200, cursor: str | None = None) -> Window:
    """Return what a route of the API that lists takes; the page shows *limit* rows at a time."""
    return Window(limit, cursor or None, here.request, Response())
