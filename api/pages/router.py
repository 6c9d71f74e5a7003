"""Page routes: forms are read, and cross-site ones refused, before the page runs."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.auth.request_activity import SAFE_METHODS
from api.auth.sessions import explain_cross_site_refusal
from api.core.errors import Forbidden
from api.db.engine import Database, reset_snapshot
from api.dependencies import RequestContext
from api.http.pagination import PageRequest
from api.http.pipeline.authenticator import (
    AuthenticatorDependency,
    authenticate_large_body,
    find_authenticators,
)
from api.pages.forms.form import PostedForm, read_form

VIEW_AS_COOKIE = "grader-view-as"
"""Cookie with the student that a member of the staff views the pages as."""


class _ReadSnapshot:
    """Session for all reads of a page, so that they see a single snapshot.

    One page can call several API routes.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._exit_stack = ExitStack()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session, opened on first access."""
        if self._session is None:
            self._session = self._exit_stack.enter_context(self._db.reading())
        return self._session

    def refresh(self) -> None:
        """Start a new snapshot with the next read."""
        if self._session is not None:
            reset_snapshot(self._session)

    def close(self) -> None:
        """Close the session, if it was opened."""
        self._exit_stack.close()


class PageRoute(APIRoute):
    """Page route that reads the form, even if the caller has to log in again first."""

    accepts_cross_site: ClassVar[bool] = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _close_snapshot_after(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that refuses cross-site forms and reads the form."""
        handle = super().get_route_handler()
        authenticators = find_authenticators(self.dependant)

        async def handle_page(request: Request) -> Response:
            refusal = explain_cross_site_refusal(request.method, request.headers)
            if refusal and not self.accepts_cross_site:
                raise Forbidden(refusal)
            request.state.form = PostedForm()
            await authenticate_large_body(request, authenticators)
            request.state.form = await read_form(request)
            return await handle(request)

        return handle_page


class CrossSitePageRoute(PageRoute):
    """Page route whose form another site sends, such as a launch; it must not use a session."""

    accepts_cross_site = True


def _close_snapshot_after(endpoint: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap *endpoint* to close the snapshot of its *context* afterwards, in its thread."""

    @wraps(endpoint)
    def call_endpoint(*, context: Any = None, **arguments: Any) -> Response:
        if not isinstance(context, _PageContext):
            return endpoint(**arguments)
        try:
            return endpoint(context=context, **arguments)
        finally:
            context.snapshot.close()

    return call_endpoint


class PageRouter(APIRouter):
    """Router for pages, which are left out of the OpenAPI schema."""

    def __init__(self, route_class: type[PageRoute] = PageRoute) -> None:
        super().__init__(route_class=route_class, include_in_schema=False)


class _PageContext(RequestContext):
    """Context of a page request; a cookie can replace the header ``X-View-As``."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.snapshot = _ReadSnapshot(self.service.db)

    @property
    def view_as(self) -> str:
        """The student whose view the caller requests, from the cookie or the header."""
        return self.request.cookies.get(VIEW_AS_COOKIE, "") or super().view_as

    @contextmanager
    def reading_without_activity(self) -> Iterator[Session]:
        """Yield the session of the page.

        A form gets a new session for each read, because others may write on its behalf.
        """
        if self.request.method not in SAFE_METHODS:
            with super().reading_without_activity() as session:
                yield session
            return
        try:
            yield self.snapshot.session
        except BaseException:
            self.snapshot.refresh()
            raise

    def invalidate_snapshot(self) -> None:
        """Refresh the snapshot, so that the next read sees the write."""
        self.snapshot.refresh()


class _LogoutPageContext(_PageContext):
    checks_named_user = False


class _DraftPageContext(_PageContext):
    rate_limit_class = "drafts"


class _SubmissionPageContext(_PageContext):
    rate_limit_class = "submissions"


PageDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_PageContext))]
LogoutPageDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_LogoutPageContext))]
DraftPageDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_DraftPageContext))]
SubmissionPageDep = Annotated[
    RequestContext, Depends(AuthenticatorDependency(_SubmissionPageContext))
]


def build_page_request(
    context: RequestContext, *, limit: int = 200, cursor: str | None = None
) -> PageRequest:
    """Return the page request for an API route that lists, with *limit* rows."""
    return PageRequest(limit, cursor or None, context.request, Response())
