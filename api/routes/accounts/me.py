"""Somebody's own account: profile, password, sessions, tokens, and everything held about them."""

from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Precondition,
    PreconditionRequired,
    RateLimited,
    Unauthenticated,
)
from api.db.models import Token
from api.dependencies import HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.accounts.login import logged_in
from api.routes.shared.error_responses import SEES
from api.schemas.accounts.account import (
    LoginOut,
    Me,
    MeExport,
    MePatch,
    NewToken,
    PasswordIn,
    SessionOut,
    Sessions,
    TokenIn,
    TokenOut,
    Tokens,
)
from api.services.accounts import profile, sessions, tokens
from api.services.accounts.data_export import export
from api.services.accounts.login import Attempt

__all__ = ["router"]

router = ApiRouter(tags=["account"])


@router.get("/me", response_model=Me, responses=responses(Unauthenticated))
def get_me(here: HereDep, response: Response) -> Me:
    """Return the account of who asks, and the courses that they are in."""
    with here.reading() as session:
        told = profile.me(session, here.caller(session))
    response.headers["ETag"] = etag(told.version)
    return told


@router.patch(
    "/me",
    response_model=Me,
    responses=responses(Unauthenticated, Forbidden, Invalid, Precondition, PreconditionRequired),
)
def patch_me(body: MePatch, here: HereDep, expected: IfMatch, response: Response) -> Me:
    """Change one's own name; needs a login."""
    with here.transaction() as session:
        caller = here.caller(session)
        caller.need_login()
        expected.check(profile.own_version(session, caller))
        profile.rename(session, caller, body.name, now=here.now)
        told = profile.me(session, caller)
    response.headers["ETag"] = etag(told.version)
    return told


@router.post(
    "/me/password",
    response_model=LoginOut,
    responses=responses(Unauthenticated, Forbidden, Invalid, RateLimited),
)
def post_password(body: PasswordIn, here: HereDep, response: Response) -> LoginOut:
    """Set another password; needs a login. Other sessions end, and this one gets a new cookie."""
    with here.reading() as session:
        caller = here.caller(session)
        this = str(caller.need_login())
    attempt = Attempt(caller.user.email or "", here.address, here.now, body.current, this)
    begun = profile.change_password(
        here.service.db, caller, attempt, body.new, passwords=here.service.passwords
    )
    return logged_in(begun, here, response)


@router.get(
    "/me/export",
    response_model=MeExport,
    responses=responses(Unauthenticated, Forbidden, RateLimited),
)
def get_export(here: HereDep) -> StreamingResponse:
    """Return everything that the service holds about who asks; six times a minute at the most."""
    with here.reading() as session:
        caller = here.caller(session)
        if caller.only_course is not None:
            raise Forbidden("This token is for one course; take one without a course.")
    here.throttle("export_person", str(caller.id))
    pieces = export(here.service.db.reading, caller.user, now=here.now)
    return StreamingResponse(pieces, media_type="application/json")


@router.get("/me/sessions", response_model=Sessions, responses=responses(Unauthenticated))
def get_sessions(here: HereDep) -> Sessions:
    """List where one is logged in, the last used first."""
    with here.reading() as session:
        caller = here.caller(session)
        rows = sessions.sessions_of(session, caller.id, now=here.now)
    return Sessions(
        items=tuple(
            SessionOut(
                id=one.id,
                created_at=one.created_at,
                seen_at=one.seen_at,
                this=one.id == caller.session_id,
            )
            for one in rows
        )
    )


@router.delete("/me/sessions", status_code=204, responses=responses(Unauthenticated, Forbidden))
def delete_sessions(here: HereDep) -> None:
    """Log out everywhere, here as well; tokens stay."""
    with here.transaction() as session:
        caller = here.caller(session)
        caller.need_login()
        sessions.settle(session, "logout_everywhere", [caller.id], now=here.now)


@router.delete(
    "/me/sessions/{session_id}",
    status_code=204,
    responses=SEES,
)
def delete_session(session_id: UUID, here: HereDep) -> None:
    """Log out in one browser; needs a login."""
    with here.transaction() as session:
        caller = here.caller(session)
        caller.need_login()
        sessions.end_one(session, caller, session_id, now=here.now)


@router.get("/me/tokens", response_model=Tokens, responses=responses(Unauthenticated))
def get_tokens(here: HereDep) -> Tokens:
    """List one's own tokens that were not revoked, the newest first."""
    with here.reading() as session:
        rows = tokens.tokens_of(session, here.caller(session).id)
    return Tokens(items=tuple(TokenOut(**_listed(one)) for one in rows))


@router.post(
    "/me/tokens",
    status_code=201,
    response_model=NewToken,
    responses=responses(Unauthenticated, Forbidden, Conflict, Invalid, RateLimited),
)
def post_token(body: TokenIn, here: HereDep) -> NewToken:
    """Make a token; needs a login. The token is shown in this answer and never again.

    An account has 50 tokens that can be used at the most, and makes 60 in an hour.
    """
    with here.reading() as session:
        caller = here.caller(session)
        caller.need_login()
    here.throttle("token_person", str(caller.id))
    with here.transaction() as session:
        caller = here.caller(session)
        caller.need_login()
        row, secret = tokens.create(
            session,
            caller.user,
            by=caller,
            name=body.name,
            scopes=body.scopes,
            days=body.days,
            course=body.course,
            now=here.now,
        )
    return NewToken(**_listed(row), token=secret.text)


@router.delete(
    "/me/tokens/{token}",
    status_code=204,
    responses=SEES,
)
def delete_token(token: UUID, here: HereDep) -> None:
    """Revoke a token at once; needs a login, or the token itself."""
    with here.transaction() as session:
        tokens.revoke(session, here.caller(session), token, now=here.now)


def _listed(row: Token) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": f"gr_api_{row.prefix}",
        "scopes": row.scopes,
        "course": row.course_id,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
    }
