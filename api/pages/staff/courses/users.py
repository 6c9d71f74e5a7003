"""Accounts of the whole site, for administrators: corrected, kept out, let in, erased."""

from collections.abc import Callable
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import MENDABLE, query
from api.routes.accounts import users as api
from api.schemas.accounts.people import LinkOut
from api.schemas.accounts.users import EraseIn, UserOut, UserPatch
from api.services.accounts import accounts

__all__ = ["router"]

router = PageRouter()
ONE: Final = "/users/{user}"
ROWS: Final = 70
WAY: Final = (Crumb("People of the site", "/users"),)
NOTHING: Final = Form()
State = Literal["active", "suspended", "admin", "all"]


@router.get("/users")
def users_page(
    here: PageDep,
    text: Annotated[str, Query(max_length=200)] = "",
    state: State = "all",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Return all accounts by family name."""
    seen = window(here, limit=ROWS, cursor=cursor)
    told = api.get_users(here, seen, text=text.strip(), state=state)
    following = {"text": text, "state": state, "cursor": told.next}
    return page(
        here,
        "staff/users.html",
        title="People of the site",
        users=told.items,
        text=text,
        state=state,
        more=query(following) if told.next else "",
    )


@router.get(ONE)
def user_page(user: UUID, here: PageDep) -> Response:
    """Return an account, to be corrected and acted on."""
    return _user_page(here, user)


def _user_page(
    here: Here,
    user: UUID,
    *,
    form: Form = NOTHING,
    error: ServiceError | None = None,
    link: LinkOut | None = None,
) -> Response:
    told = _account(here, user)
    typed = {"name": form.text("name", told.name), "email": form.text("email", told.email or "")}
    return page(
        here,
        "staff/user.html",
        title=told.name,
        crumbs=WAY,
        status=error.status if error else 200,
        user=told,
        typed=typed,
        error=error,
        link=link,
        is_self=here.visit.caller is not None and here.visit.caller.id == user,
    )


def _account(here: Here, user: UUID) -> UserOut:
    with here.reading() as session:
        here.site(session, right="manage_site")
        return accounts.find(session, user)


@router.post(ONE)
def change_user(user: UUID, form: FormDep, here: PageDep) -> Response:
    """Correct the name or the e-mail address of an account, as far as it was changed."""
    told = _account(here, user)
    given = {"name": form.text("name"), "email": form.text("email")}
    changed = {name: value for name, value in given.items() if value != (getattr(told, name) or "")}

    def act() -> None:
        api.patch_user(
            user, validated(UserPatch, changed), here, held(form.text("version")), Response()
        )

    return _acted(here, user, act, form=form)


def _acted(here: Here, user: UUID, act: Callable[[], object], *, form: Form = NOTHING) -> Response:
    """Act and return to the account; where that is refused, show it with what was typed."""
    try:
        act()
    except MENDABLE as error:
        return _user_page(here, user, form=form, error=error)
    return RedirectResponse(f"/users/{user}", status_code=303)


@router.post(f"{ONE}/suspend")
def suspend_user(user: UUID, here: PageDep) -> Response:
    """Keep somebody out."""
    return _acted(here, user, lambda: api.suspend_user(user, here))


@router.post(f"{ONE}/restore")
def restore_user(user: UUID, here: PageDep) -> Response:
    """Let a suspended person in again."""
    return _acted(here, user, lambda: api.restore_user(user, here))


@router.post(f"{ONE}/administrator")
def make_administrator(user: UUID, here: PageDep) -> Response:
    """Make somebody an administrator."""
    return _acted(here, user, lambda: api.put_administrator(user, here))


@router.post(f"{ONE}/administrator/withdraw")
def withdraw_administrator(user: UUID, here: PageDep) -> Response:
    """Take the rights of an administrator from somebody else."""
    return _acted(here, user, lambda: api.delete_administrator(user, here))


@router.post(f"{ONE}/reset")
def reset_user(user: UUID, here: PageDep) -> Response:
    """Return the account with a new link to set a password: it is shown this once."""
    try:
        link = api.reset_user(user, here)
    except MENDABLE as error:
        return _user_page(here, user, error=error)
    return _user_page(here, user, link=link)


@router.get(f"{ONE}/erase")
def erase_page(user: UUID, here: PageDep) -> Response:
    """Return the page that says what is erased and asks for the name once more."""
    return _erase_page(here, user)


def _erase_page(
    here: Here, user: UUID, *, confirm: str = "", error: ServiceError | None = None
) -> Response:
    told = _account(here, user)
    return page(
        here,
        "staff/user_erase.html",
        title=f"Erase {told.name}",
        crumbs=(*WAY, Crumb(told.name, f"/users/{user}")),
        status=error.status if error else 200,
        user=told,
        confirm=confirm,
        error=error,
        erased=None,
    )


@router.post(f"{ONE}/erase")
def erase_user(user: UUID, form: FormDep, here: PageDep) -> Response:
    """Erase a person for good, and tell once under which id the work stays."""
    told, confirm = _account(here, user), form.text("confirm")
    try:
        done = api.erase_user(user, here, validated(EraseIn, {"confirm": confirm}))
    except MENDABLE as error:
        return _erase_page(here, user, confirm=confirm, error=error)
    return page(
        here,
        "staff/user_erase.html",
        title="Erased",
        crumbs=WAY,
        user=told,
        error=None,
        erased=done.id,
    )
