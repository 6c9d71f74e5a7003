"""The caller's own account: profile, password, sessions, tokens and data export."""

from typing import Any
from uuid import UUID

from fastapi import Response

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    PreconditionFailed,
    PreconditionRequired,
    RateLimited,
    Unauthenticated,
)
from api.db.models import Token
from api.dependencies import ContextDep
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.http.response_memory import PiecewiseResponse
from api.routes.accounts.login import set_session_cookies
from api.routes.shared.error_responses import READ_ERRORS
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
from api.services.accounts.export.data_export import HELD_BYTES, stream_account_data
from api.services.accounts.login import LoginAttempt

router = ApiRouter(tags=["account"])


@router.get("/me", response_model=Me, responses=error_responses(Unauthenticated))
def get_me(context: ContextDep, response: Response) -> Me:
    """Return your account and the courses that you are in."""
    with context.reading() as session:
        account = profile.load_profile(session, context.authenticate(session))
    response.headers["ETag"] = format_etag(account.version)
    return account


@router.patch(
    "/me",
    response_model=Me,
    responses=error_responses(
        Unauthenticated, Forbidden, InvalidInput, PreconditionFailed, PreconditionRequired
    ),
)
def patch_me(body: MePatch, context: ContextDep, expected: IfMatch, response: Response) -> Me:
    """Change your name. Requires a session."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        expected.check(profile.lock_account_and_get_version(session, caller))
        profile.change_name(session, caller, body.name, now=context.now)
        account = profile.load_profile(session, caller)
    response.headers["ETag"] = format_etag(account.version)
    return account


@router.post(
    "/me/password",
    response_model=LoginOut,
    responses=error_responses(Unauthenticated, Forbidden, InvalidInput, RateLimited),
)
def post_password(body: PasswordIn, context: ContextDep, response: Response) -> LoginOut:
    """Change your password. Requires a session; your other sessions end."""
    with context.reading() as session:
        caller = context.authenticate(session)
        session_id = str(caller.require_login())
    attempt = LoginAttempt(
        caller.user.email or "", context.client_address_key, context.now, body.current, session_id
    )
    new_session = profile.change_password(
        context.service.db, caller, attempt, body.new, passwords=context.service.passwords
    )
    return set_session_cookies(new_session, context, response)


@router.get(
    "/me/export",
    response_model=MeExport,
    responses=error_responses(Unauthenticated, Forbidden, RateLimited),
)
def get_account_export(context: ContextDep) -> PiecewiseResponse:
    """Return all data that the service stores about you. At most six times a minute."""
    with context.reading() as session:
        caller = context.authenticate(session)
        if caller.only_course is not None:
            raise Forbidden("This token is for one course. Use one without a course.")
    context.consume_action_limit("export_person", str(caller.id))
    pieces = stream_account_data(context.service.db.reading, caller.user, now=context.now)
    return PiecewiseResponse(pieces, held_bytes=HELD_BYTES, media_type="application/json")


@router.get("/me/sessions", response_model=Sessions, responses=error_responses(Unauthenticated))
def get_sessions(context: ContextDep) -> Sessions:
    """List your sessions, the most recently used first."""
    with context.reading() as session:
        caller = context.authenticate(session)
        rows = sessions.list_sessions(session, caller.id, now=context.now)
    return Sessions(
        items=tuple(
            SessionOut(
                id=row.id,
                created_at=row.created_at,
                seen_at=row.seen_at,
                this=row.id == caller.session_id,
            )
            for row in rows
        )
    )


@router.delete(
    "/me/sessions", status_code=204, responses=error_responses(Unauthenticated, Forbidden)
)
def delete_sessions(context: ContextDep) -> None:
    """Log out everywhere, including here. Tokens remain valid."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        sessions.end_sessions_and_tokens_for_event(
            session, "logout_everywhere", [caller.id], now=context.now
        )


@router.delete(
    "/me/sessions/{session_id}",
    status_code=204,
    responses=READ_ERRORS,
)
def delete_session(session_id: UUID, context: ContextDep) -> None:
    """End one of your sessions. Requires a session."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        sessions.end_session(session, caller, session_id, now=context.now)


@router.get("/me/tokens", response_model=Tokens, responses=error_responses(Unauthenticated))
def get_tokens(context: ContextDep) -> Tokens:
    """List your tokens that are not revoked, newest first."""
    with context.reading() as session:
        rows = tokens.list_tokens(session, context.authenticate(session).id)
    return Tokens(items=tuple(TokenOut(**_serialize_token(row)) for row in rows))


@router.post(
    "/me/tokens",
    status_code=201,
    response_model=NewToken,
    responses=error_responses(Unauthenticated, Forbidden, Conflict, InvalidInput, RateLimited),
)
def post_token(body: TokenIn, context: ContextDep) -> NewToken:
    """Create a token. Requires a session. Only this response shows the token.

    An account has at most 50 usable tokens and can create 60 an hour.
    """
    with context.reading() as session:
        caller = context.authenticate(session)
        caller.require_login()
    context.consume_action_limit("token_person", str(caller.id))
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        row, secret = tokens.create_token(
            session,
            caller.user,
            actor=caller,
            name=body.name,
            scopes=body.scopes,
            days=body.days,
            course=body.course,
            now=context.now,
        )
    return NewToken(**_serialize_token(row), token=secret.text)


@router.delete(
    "/me/tokens/{token}",
    status_code=204,
    responses=READ_ERRORS,
)
def delete_token(token: UUID, context: ContextDep) -> None:
    """Revoke a token. Requires a session, or the token itself."""
    with context.transaction() as session:
        tokens.revoke_token(session, context.authenticate(session), token, now=context.now)


def _serialize_token(row: Token) -> dict[str, Any]:
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
