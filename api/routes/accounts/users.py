"""Accounts of the whole site, for administrators."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import ContextDep
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.http.problem_details import error_responses
from api.schemas.accounts.people import LinkOut
from api.schemas.accounts.users import (
    Erased,
    EraseIn,
    NewUser,
    UserDetails,
    UserIn,
    UserOut,
    UserPage,
    UserPatch,
)
from api.services.accounts import accounts
from api.services.accounts.erasure.account import erase_account, lock_student_work
from api.services.accounts.invitation_tokens import PasswordLink
from api.services.outbox.queue import MessageSubject

router = ApiRouter(tags=["site"])
USER_PATH = "/users/{user}"
ACTION_ERRORS = error_responses(Unauthenticated, Forbidden, NotFound, Conflict)
EDIT_ERRORS = error_responses(
    *(Unauthenticated, Forbidden, NotFound, InvalidInput, PreconditionFailed, PreconditionRequired)
)
UNCONFIRMED: Final = EraseIn()
Text = Annotated[str, Query(max_length=200, description="part of a name, address or number")]


@router.get("/users", responses=error_responses(Unauthenticated, Forbidden))
def get_users(
    context: ContextDep,
    page_request: PageRequestDep,
    text: Text = "",
    state: Literal["active", "suspended", "admin", "all"] = "all",
) -> UserPage:
    """List all accounts by last name."""
    after = page_request.parse_cursor("name", str)
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        rows = accounts.list_users(
            session, text=text, state=state, after=after, limit=page_request.limit + 1
        )
    page = page_request.build_page(
        rows,
        cursor_of=lambda user: Cursor("name", user.sort_name, user.id),
        serialize_row=accounts.serialize_user,
    )
    return UserPage(items=page.items, next=page.next)


@router.post(
    "/users",
    status_code=201,
    response_model=NewUser,
    responses=error_responses(Unauthenticated, Forbidden, Conflict, InvalidInput),
)
def post_user(body: UserIn, context: ContextDep) -> NewUser:
    """Create an account.

    E-mail the invitation link, or return it to be passed to the owner.
    """
    outbox = context.service.outbox
    if body.invite and body.send:
        outbox.require_enabled()
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.add_user(session, caller, body, now=context.now)
        url, invitation = context.service.settings.public_url, None
        if body.invite and body.send:
            subject = MessageSubject(created_by=caller.id)
            outbox.add(session, "invitation", [account.id], subject, now=context.now)
        elif body.invite:
            invitation = serialize_link(
                accounts.create_invitation(
                    session, caller, account, public_url=url, now=context.now
                )
            )
    return NewUser(user=accounts.serialize_user(account), invitation=invitation)


def serialize_link(link: PasswordLink) -> LinkOut:
    """Serialize a link, which is shown once."""
    return LinkOut(link=link.url, expires_at=link.expires_at)


@router.get(USER_PATH, responses=error_responses(Unauthenticated, Forbidden, NotFound))
def get_user(user: UUID, context: ContextDep, response: Response) -> UserDetails:
    """Return an account with its courses and its last login."""
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        account = accounts.load_user_details(session, user)
    response.headers["ETag"] = format_etag(account.version)
    return account


@router.patch(USER_PATH, response_model=UserOut, responses=EDIT_ERRORS)
def patch_user(
    user: UUID, body: UserPatch, context: ContextDep, expected: IfMatch, response: Response
) -> UserOut:
    """Change the name or the e-mail address of an account."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        expected.check(account.version)
        accounts.update_user(session, caller, account, body, now=context.now)
    response.headers["ETag"] = format_etag(account.version)
    return accounts.serialize_user(account)


@router.post(f"{USER_PATH}/suspend", response_model=UserOut, responses=ACTION_ERRORS)
def suspend_user(user: UUID, context: ContextDep) -> UserOut:
    """Suspend an account: its sessions, tokens and links end. Work and grades are kept."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        accounts.suspend_user(session, caller, account, now=context.now)
    return accounts.serialize_user(account)


@router.post(f"{USER_PATH}/restore", response_model=UserOut, responses=ACTION_ERRORS)
def restore_user(user: UUID, context: ContextDep) -> UserOut:
    """Restore a suspended account."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        accounts.restore_user(session, caller, account, now=context.now)
    return accounts.serialize_user(account)


@router.post(
    f"{USER_PATH}/erase",
    response_model=Erased,
    responses=ACTION_ERRORS | error_responses(InvalidInput),
)
def erase_user(user: UUID, context: ContextDep, body: EraseIn = UNCONFIRMED) -> Erased:
    """Erase the personal data of an account: names, addresses, credentials and free text.

    Answers to computed parts and grades are kept under a new random id, which only this response
    returns. This cannot be undone. `confirm` must be the name of the account.
    """
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        lock_student_work(session, user)
        account = accounts.lock_user(session, user)
        return Erased(
            id=erase_account(session, caller, account, confirm=body.confirm, now=context.now)
        )


@router.put(f"{USER_PATH}/administrator", response_model=UserOut, responses=ACTION_ERRORS)
def put_administrator(user: UUID, context: ContextDep) -> UserOut:
    """Make a user an administrator. All their sessions end.

    Refused for a user who has never logged in.
    """
    return _set_administrator(user, context, admin=True)


@router.delete(f"{USER_PATH}/administrator", response_model=UserOut, responses=ACTION_ERRORS)
def delete_administrator(user: UUID, context: ContextDep) -> UserOut:
    """Revoke the administrator rights of another user."""
    return _set_administrator(user, context, admin=False)


def _set_administrator(user: UUID, context: ContextDep, *, admin: bool) -> UserOut:
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        accounts.set_admin(session, caller, account, admin=admin, now=context.now)
    return accounts.serialize_user(account)


@router.post(f"{USER_PATH}/reset", status_code=201, response_model=LinkOut, responses=ACTION_ERRORS)
def post_reset_link(user: UUID, context: ContextDep) -> LinkOut:
    """Create a password reset link that expires after a day. Give it to its owner only."""
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        url = context.service.settings.public_url
        link = accounts.create_reset_link(session, caller, account, public_url=url, now=context.now)
    return serialize_link(link)


@router.post(
    f"{USER_PATH}/invite", status_code=201, response_model=LinkOut, responses=ACTION_ERRORS
)
def post_invitation(user: UUID, context: ContextDep) -> LinkOut:
    """Create an invitation link for a user without a password. It expires after 30 days.

    Earlier invitations end. Give the link to its owner only.
    """
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        account = accounts.lock_user(session, user)
        url = context.service.settings.public_url
        link = accounts.create_invitation(session, caller, account, public_url=url, now=context.now)
    return serialize_link(link)
