"""Account page: name, password, sessions, tokens and data export."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.auth.scopes import SCOPE_GRANTS
from api.core.errors import Conflict, FieldError, InvalidInput, PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.pages.external_login import end_login
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import FORM_ERRORS, BoundForm
from api.pages.forms.rows import parse_whole_number
from api.pages.layout.frame import render_page
from api.pages.layout.theme import THEME_COOKIE, THEME_COOKIE_SECONDS, THEMES
from api.pages.login import copy_cookies
from api.pages.router import PageDep, PageRouter
from api.routes.accounts import me
from api.schemas.accounts.account import MePatch, NewToken, PasswordIn, TokenIn
from api.services.external_login.linked_identities import list_identities, unlink_identity

router = PageRouter()

DEFAULT_TOKEN_DAYS: Final = "90"  # noqa: S105  # not a secret
PASSWORDS_DIFFER_MESSAGE: Final = "The two new passwords are not the same."
LABELS: Final[Mapping[str, str]] = {
    "name": "Name",
    "current": "Current password",
    "new": "New password",
}


@dataclass(frozen=True, slots=True)
class _AccountForms:
    """State of the account page: refused forms, and a *new_token* to show."""

    name: BoundForm | None = None
    password: BoundForm | None = None
    token: BoundForm | None = None
    new_token: NewToken | None = None
    unlinking: ServiceError | None = None
    message: str = ""

    @property
    def status(self) -> int:
        """HTTP status of the page: the highest of its forms, 201 with a new token."""
        forms = (self.name, self.password, self.token, self.unlinking)
        refused = [one.status for one in forms if one]
        return max([201 if self.new_token else 200, *refused])


DONE_MESSAGES: Final[Mapping[str, str]] = {
    "name": "Your name is changed.",
    "password": "Your password is changed. All other browsers are logged out.",
    "session": "That browser is logged out.",
    "unlinked": "The link is removed. It no longer opens your account.",
    "revoked": "The token is revoked: nothing can use it any more.",
}


@router.get("/account")
def account_page(context: PageDep, done: str = "") -> Response:
    """Return the account page; *done* is the code of a message about the last change."""
    return _render_account(context, _AccountForms(message=DONE_MESSAGES.get(done, "")))


def _render_account(context: RequestContext, forms: _AccountForms) -> Response:
    mine = me.get_me(context, Response())
    courses = {course.course: course.title for course in mine.courses}
    with context.reading() as session:
        identities = list_identities(session, mine.id)
    return render_page(
        context,
        "account.html",
        title="Account",
        status=forms.status,
        me=mine,
        courses=courses,
        identities=identities,
        unlinking=forms.unlinking,
        sessions=me.get_sessions(context).items,
        tokens=me.get_tokens(context).items,
        scopes={name: grant.description for name, grant in SCOPE_GRANTS.items()},
        name=forms.name or BoundForm({"name": mine.name, "version": str(mine.version)}),
        password=forms.password or BoundForm(),
        token=forms.token or BoundForm({"days": DEFAULT_TOKEN_DAYS, "scope.submit": "on"}),
        made=forms.new_token,
        done=forms.message,
        has_mail=context.service.outbox.is_enabled,
        themes=THEMES,
    )


def _redirect_to_account(name: str) -> Response:
    return RedirectResponse(f"/account?done={name}#done", status_code=303)


@router.post("/me")
def change_name(form: FormDep, context: PageDep) -> Response:
    """Change the name of the caller."""
    try:
        body = validate_body(MePatch, {"name": form.text("name")})
        me.patch_me(body, context, parse_form_version(form.text("version")), Response())
    except FORM_ERRORS as error:
        return _render_account(context, _AccountForms(name=_bind_name_form(context, form, error)))
    return _redirect_to_account("name")


def _bind_name_form(context: RequestContext, form: PostedForm, error: ServiceError) -> BoundForm:
    """Return the posted form; if it was stale, with the current version."""
    version = form.text("version")
    if isinstance(error, PreconditionFailed):
        version = str(me.get_me(context, Response()).version)
    return BoundForm({"name": form.text("name"), "version": version}, error, LABELS)


@router.post("/me/password")
def change_password(form: FormDep, context: PageDep) -> Response:
    """Change the password of the caller and log out all other browsers."""
    cookie_response, typed = Response(), {name: form.raw_text(name) for name in ("current", "new")}
    if typed["new"] != form.raw_text("again"):
        return _render_account(
            context, _AccountForms(password=BoundForm({}, _passwords_differ_error(), LABELS))
        )
    try:
        me.post_password(validate_body(PasswordIn, typed), context, cookie_response)
    except FORM_ERRORS as error:
        return _render_account(context, _AccountForms(password=BoundForm({}, error, LABELS)))
    return copy_cookies(_redirect_to_account("password"), cookie_response)


def _passwords_differ_error() -> InvalidInput:
    return InvalidInput(
        PASSWORDS_DIFFER_MESSAGE, errors=(FieldError("new", "is not the same both times"),)
    )


@router.post("/theme")
def set_theme(form: FormDep, context: PageDep) -> Response:
    """Choose a theme in this browser; an empty or unknown name follows the system."""
    theme = form.text("theme")
    response = RedirectResponse("/account#appearance", status_code=303)
    if theme in THEMES and theme:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=THEME_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=context.service.settings.public_url.startswith("https"),
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


@router.post("/me/sessions/end")
def log_out_everywhere(context: PageDep) -> Response:
    """Log out in all browsers, including this one."""
    return end_login(context, "logout_everywhere")


@router.post("/me/sessions/{session_id}/end")
def log_out_session(session_id: UUID, context: PageDep) -> Response:
    """Log out in one browser."""
    me.delete_session(session_id, context)
    return _redirect_to_account("session")


@router.post("/me/identities/{identity}/unlink")
def unlink_own_identity(identity: UUID, context: PageDep) -> Response:
    """Unlink an identity at a provider or learning platform from the caller's account."""
    try:
        with context.transaction() as session:
            unlink_identity(
                session,
                context.authenticate(session),
                identity,
                has_passwords=context.service.settings.local_login,
                now=context.now,
            )
    except Conflict as error:
        return _render_account(context, _AccountForms(unlinking=error))
    return _redirect_to_account("unlinked")


@router.post("/me/tokens")
def create_token(form: FormDep, context: PageDep) -> Response:
    """Create a token, which is shown only on the returned page."""
    try:
        new_token = me.post_token(validate_body(TokenIn, _token_form_to_body(form)), context)
    except FORM_ERRORS as error:
        return _render_account(
            context, _AccountForms(token=BoundForm(_token_form_to_texts(form), error, LABELS))
        )
    return _render_account(context, _AccountForms(new_token=new_token))


def _token_form_to_body(form: PostedForm) -> dict[str, Any]:
    """Return the posted token form as the body of an API request."""
    return {
        "name": form.text("name"),
        "scopes": form.get_all("scopes"),
        "days": parse_whole_number(form.text("days")),
        "course": form.text("course") or None,
    }


def _token_form_to_texts(form: PostedForm) -> dict[str, str]:
    typed = {name: form.text(name) for name in ("name", "days", "course")}
    return typed | {f"scope.{one}": "on" for one in form.get_all("scopes")}


@router.post("/me/tokens/{token}/revoke")
def revoke_token(token: UUID, context: PageDep) -> Response:
    """Revoke a token immediately."""
    me.delete_token(token, context)
    return _redirect_to_account("revoked")


@router.get("/me/export")
def export_data(context: PageDep) -> Response:
    """Return all stored data about the caller as a file."""
    response = me.get_account_export(context)
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
