"""Accounts of the whole site, for administrators."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query, Response

from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageWindow
from api.http.problem_details import responses
from api.schemas.accounts.people import LinkOut
from api.schemas.accounts.users import Erased, EraseIn, UserOut, UserPage, UserPatch
from api.services.accounts import accounts
from api.services.accounts.erasure.account import erase, hold_work

__all__ = ["router"]

router = ApiRouter(tags=["site"])
ONE = "/users/{user}"
ACTS = responses(Unauthenticated, Forbidden, NotFound, Conflict)
EDITS = responses(
    *(Unauthenticated, Forbidden, NotFound, Invalid, Precondition, PreconditionRequired)
)
UNCONFIRMED: Final = EraseIn()
Text = Annotated[str, Query(max_length=200, description="part of a name, address or number")]


@router.get("/users", responses=responses(Unauthenticated, Forbidden))
def get_users(
    here: HereDep,
    window: PageWindow,
    text: Text = "",
    state: Literal["active", "suspended", "admin", "all"] = "all",
) -> UserPage:
    """List all accounts by family name."""
    after = window.after("name", str)
    with here.reading() as session:
        here.site(session, right="manage_site")
        rows = accounts.users(session, text=text, state=state, after=after, limit=window.limit + 1)
    page = window.page(
        rows, end=lambda user: Cursor("name", user.sort_name, user.id), show=accounts.listed
    )
    return UserPage(items=page.items, next=page.next)


@router.patch(ONE, response_model=UserOut, responses=EDITS)
def patch_user(
    user: UUID, body: UserPatch, here: HereDep, expected: IfMatch, response: Response
) -> UserOut:
    """Correct the name or the e-mail address of an account."""
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        found = accounts.locked_user(session, user)
        expected.check(found.version)
        accounts.change(session, caller, found, body, now=here.now)
    response.headers["ETag"] = etag(found.version)
    return accounts.listed(found)


@router.post(f"{ONE}/suspend", response_model=UserOut, responses=ACTS)
def suspend_user(user: UUID, here: HereDep) -> UserOut:
    """Keep somebody out: sessions, tokens and links end at once; work and grades stay."""
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        found = accounts.locked_user(session, user)
        accounts.suspend(session, caller, found, now=here.now)
    return accounts.listed(found)


@router.post(f"{ONE}/restore", response_model=UserOut, responses=ACTS)
def restore_user(user: UUID, here: HereDep) -> UserOut:
    """Let a suspended person in again."""
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        found = accounts.locked_user(session, user)
        accounts.restore(session, caller, found, now=here.now)
    return accounts.listed(found)


@router.post(f"{ONE}/erase", response_model=Erased, responses=ACTS | responses(Invalid))
def erase_user(user: UUID, here: HereDep, body: EraseIn = UNCONFIRMED) -> Erased:
    """Erase a person for good: name, addresses, credentials and free text.

    Answers to computed parts and grades stay under a new random id, which is returned once. This
    cannot be undone; `confirm` is the name of the account, typed once more.
    """
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        hold_work(session, user)
        found = accounts.locked_user(session, user)
        return Erased(id=erase(session, caller, found, confirm=body.confirm, now=here.now))


@router.put(f"{ONE}/administrator", response_model=UserOut, responses=ACTS)
def put_administrator(user: UUID, here: HereDep) -> UserOut:
    """Make somebody an administrator; they have to log in again."""
    return _name_admin(user, here, admin=True)


@router.delete(f"{ONE}/administrator", response_model=UserOut, responses=ACTS)
def delete_administrator(user: UUID, here: HereDep) -> UserOut:
    """Take the rights of an administrator from somebody else."""
    return _name_admin(user, here, admin=False)


def _name_admin(user: UUID, here: HereDep, *, admin: bool) -> UserOut:
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        found = accounts.locked_user(session, user)
        accounts.name_admin(session, caller, found, admin=admin, now=here.now)
    return accounts.listed(found)


@router.post(f"{ONE}/reset", status_code=201, response_model=LinkOut, responses=ACTS)
def reset_user(user: UUID, here: HereDep) -> LinkOut:
    """Make a link by which somebody sets another password within a day; give it to nobody else."""
    with here.transaction() as session:
        caller = here.site(session, right="manage_site")
        found = accounts.locked_user(session, user)
        url = here.service.settings.public_url
        link = accounts.reset(session, caller, found, public_url=url, now=here.now)
    return LinkOut(link=link.address, expires_at=link.expires_at)
