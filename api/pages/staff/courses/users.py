"""Accounts of the whole site, for administrators: create, edit, suspend, restore and erase."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import InvalidInput, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import BoundForm
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import RECOVERABLE_ERRORS, build_query_string
from api.routes.accounts import users as api
from api.schemas.accounts.people import LinkOut
from api.schemas.accounts.users import EraseIn, UserDetails, UserIn, UserPatch
from api.services.accounts import accounts
from api.services.sandbox.worker_sandbox import describe_layers

router = PageRouter()
USER_PATH: Final = "/users/{user}"
ROWS: Final = 70
CRUMBS: Final = (Breadcrumb("Users", "/users"),)
EMPTY_FORM: Final = PostedForm()
LABELS: Final = {"name": "Name", "email": "E-mail", "student_number": "Student number"}


@router.get("/users")
def show_users(
    context: PageDep,
    text: Annotated[str, Query(max_length=200)] = "",
    state: Literal["active", "suspended", "admin", "all"] = "all",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Return the accounts of the site, sorted by family name, and the layers of the sandbox."""
    page = build_page_request(context, limit=ROWS, cursor=cursor)
    user_list = api.get_users(context, page, text=text.strip(), state=state)
    more = build_query_string({"text": text, "state": state, "cursor": user_list.next})
    return render_page(
        context,
        "staff/users.html",
        title="Users",
        users=user_list.items,
        text=text,
        state=state,
        has_mail=context.service.outbox.is_enabled,
        more=more if user_list.next else "",
        sandbox_layers=describe_layers(),
    )


@router.get("/users/new")
def show_new_user(context: PageDep) -> Response:
    """Return the form for a new account."""
    return _render_new_user(context)


def _render_new_user(
    context: RequestContext, *, form: PostedForm = EMPTY_FORM, error: ServiceError | None = None
) -> Response:
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
    typed = {name: form.text(name) for name in LABELS}
    return render_page(
        context,
        "staff/user_new.html",
        title="New user",
        crumbs=CRUMBS,
        status=error.status if error else 200,
        form=form,
        has_mail=context.service.outbox.is_enabled,
        t=BoundForm(typed, error, LABELS),
    )


@router.post("/users/new")
def create_user(form: FormDep, context: PageDep) -> Response:
    """Create an account, and show its page; an invitation that is not sent is shown only once."""
    is_invited = form.has("invite")
    flags = {"invite": is_invited, "send": is_invited and form.has("send")}
    values = {name: form.text(name) for name in LABELS} | flags
    try:
        created = api.post_user(validate_body(UserIn, values), context)
    except RECOVERABLE_ERRORS as error:
        return _render_new_user(context, form=form, error=error)
    if created.invitation is not None:
        return _render_user(context, created.user.id, link=created.invitation)
    outcome = "user-invited" if is_invited else "user-created"
    return RedirectResponse(f"/users/{created.user.id}?saved={outcome}", status_code=303)


@router.get(USER_PATH)
def show_user(user: UUID, context: PageDep) -> Response:
    """Return the page of an account, with its form and actions."""
    return _render_user(context, user)


def _render_user(
    context: RequestContext,
    user: UUID,
    *,
    form: PostedForm = EMPTY_FORM,
    error: ServiceError | None = None,
    link: LinkOut | None = None,
    confirm: str = "",
) -> Response:
    """Return the page of an account; *confirm* names an action that asks for confirmation."""
    account = _load_account(context, user)
    typed = {
        "name": form.text("name", account.name),
        "email": form.text("email", account.email or ""),
    }
    return render_page(
        context,
        "staff/user.html",
        title=account.name,
        crumbs=CRUMBS,
        status=error.status if error else 200,
        user=account,
        typed=typed,
        error=error,
        link=link,
        confirm=confirm,
        t=BoundForm(typed, error, LABELS),
        is_self=context.activity.caller is not None and context.activity.caller.id == user,
    )


def _load_account(context: RequestContext, user: UUID) -> UserDetails:
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        return accounts.load_user_details(session, user)


@router.post(USER_PATH)
def change_user(user: UUID, form: FormDep, context: PageDep) -> Response:
    """Update the name or e-mail address of an account, if changed."""
    account = _load_account(context, user)
    posted = {"name": form.text("name"), "email": form.text("email")}
    stored = {"name": account.name, "email": account.email or ""}
    changed = dict(posted.items() - stored.items())

    def patch_account() -> None:
        api.patch_user(
            user,
            validate_body(UserPatch, changed),
            context,
            parse_form_version(form.text("version")),
            Response(),
        )

    return _act_and_redirect(context, user, patch_account, "user-changed", form=form)


def _act_and_redirect(
    context: RequestContext,
    user: UUID,
    act: Callable[[], object],
    outcome: str,
    *,
    form: PostedForm = EMPTY_FORM,
) -> Response:
    """Run *act* and redirect to the account, which states the *outcome*.

    On an error, redisplay the form.
    """
    try:
        act()
    except RECOVERABLE_ERRORS as error:
        return _render_user(context, user, form=form, error=error)
    return RedirectResponse(f"/users/{user}?saved={outcome}", status_code=303)


@router.post(f"{USER_PATH}/suspend")
def suspend_user(user: UUID, form: FormDep, context: PageDep) -> Response:
    """Suspend an account after a confirmation."""
    if form.text("confirm") != "yes":
        return _render_user(context, user, confirm="suspend")
    suspend = partial(api.suspend_user, user, context)
    return _act_and_redirect(context, user, suspend, "user-suspended")


@router.post(f"{USER_PATH}/restore")
def restore_user(user: UUID, context: PageDep) -> Response:
    """Restore a suspended account."""
    return _act_and_redirect(
        context, user, lambda: api.restore_user(user, context), "user-restored"
    )


@router.get(f"{USER_PATH}/administrator")
def show_administrator_form(user: UUID, context: PageDep) -> Response:
    """Return the page that explains the rights and asks for the name as confirmation."""
    return _render_administrator_form(context, user)


def _render_administrator_form(
    context: RequestContext, user: UUID, *, confirm: str = "", error: ServiceError | None = None
) -> Response:
    account = _load_account(context, user)
    return render_page(
        context,
        "staff/user_administrator.html",
        title=f"Make {account.name} an administrator",
        crumbs=(*CRUMBS, Breadcrumb(account.name, f"/users/{user}")),
        status=error.status if error else 200,
        user=account,
        confirm=confirm,
        t=BoundForm({"confirm": confirm}, error, {"confirm": "The name"}),
        error=error,
    )


@router.post(f"{USER_PATH}/administrator")
def make_administrator(user: UUID, form: FormDep, context: PageDep) -> Response:
    """Make a user an administrator, if the name was typed as confirmation."""
    account, confirm = _load_account(context, user), form.text("confirm")
    try:
        if confirm != account.name:
            raise InvalidInput.for_field("confirm", "is not the name of this account")
        api.put_administrator(user, context)
    except RECOVERABLE_ERRORS as error:
        return _render_administrator_form(context, user, confirm=confirm, error=error)
    return RedirectResponse(f"/users/{user}?saved=administrator-made", status_code=303)


@router.post(f"{USER_PATH}/administrator/withdraw")
def withdraw_administrator(user: UUID, context: PageDep) -> Response:
    """Revoke the administrator rights of another user."""
    return _act_and_redirect(
        context, user, lambda: api.delete_administrator(user, context), "administrator-withdrawn"
    )


@router.post(f"{USER_PATH}/reset")
def reset_user_password(user: UUID, context: PageDep) -> Response:
    """Return the account with a new password link, which is shown only once."""
    return _show_new_link(context, user, lambda: api.post_reset_link(user, context))


def _show_new_link(context: RequestContext, user: UUID, create: Callable[[], LinkOut]) -> Response:
    """Return the account with the link that *create* returns, or with its error."""
    try:
        link = create()
    except RECOVERABLE_ERRORS as error:
        return _render_user(context, user, error=error)
    return _render_user(context, user, link=link)


@router.post(f"{USER_PATH}/invite")
def invite_user(user: UUID, context: PageDep) -> Response:
    """Return the account with a new invitation, which is shown only once."""
    return _show_new_link(context, user, lambda: api.post_invitation(user, context))


@router.get(f"{USER_PATH}/erase")
def show_erase_form(user: UUID, context: PageDep) -> Response:
    """Return the page that explains the erasure and asks for the name as confirmation."""
    return _render_erase_form(context, user)


def _render_erase_form(
    context: RequestContext, user: UUID, *, confirm: str = "", error: ServiceError | None = None
) -> Response:
    account = _load_account(context, user)
    return render_page(
        context,
        "staff/user_erase.html",
        title=f"Erase {account.name}",
        crumbs=(*CRUMBS, Breadcrumb(account.name, f"/users/{user}")),
        status=error.status if error else 200,
        user=account,
        confirm=confirm,
        error=error,
        erased=None,
    )


@router.post(f"{USER_PATH}/erase")
def erase_user(user: UUID, form: FormDep, context: PageDep) -> Response:
    """Erase a person permanently, and show once the id under which their work stays."""
    account, confirm = _load_account(context, user), form.text("confirm")
    try:
        done = api.erase_user(user, context, validate_body(EraseIn, {"confirm": confirm}))
    except RECOVERABLE_ERRORS as error:
        return _render_erase_form(context, user, confirm=confirm, error=error)
    return render_page(
        context,
        "staff/user_erase.html",
        title="Erased",
        crumbs=CRUMBS,
        user=account,
        error=None,
        erased=done.id,
    )
