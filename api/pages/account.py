"""One's own account: name, password, where one is logged in, tokens, and all that is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.auth.scopes import SCOPES
from api.core.errors import FieldError, Invalid, Precondition, ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.redisplay import REFUSALS, Typed
from api.pages.forms.rows import whole_number
from api.pages.layout.frame import page
from api.pages.login import LOGGED_OUT, with_cookies
from api.pages.router import PageDep, PageRouter
from api.routes.accounts import me
from api.schemas.accounts.account import MePatch, NewToken, PasswordIn, TokenIn

__all__ = ["router"]

router = PageRouter()

DEFAULT_DAYS: Final = "90"
REPEAT: Final = "The two new passwords are not the same."
LABELS: Final[Mapping[str, str]] = {
    "name": "Name",
    "current": "Password now",
    "new": "New password",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page shows beside the account: forms that were refused, and a *made* token."""

    name: Typed | None = None
    password: Typed | None = None
    token: Typed | None = None
    made: NewToken | None = None
    done: str = ""

    @property
    def status(self) -> int:
        """The status of the page."""
        refused = [one.status for one in (self.name, self.password, self.token) if one]
        return max([201 if self.made else 200, *refused])


NOTHING: Final = _Shown()
DONE: Final[Mapping[str, str]] = {
    "name": "Your name is changed.",
    "password": "Your password is changed. All other browsers are logged out.",
    "session": "That browser is logged out.",
    "revoked": "The token is revoked: nothing can use it any more.",
}


@router.get("/account")
def account(here: PageDep, done: str = "") -> Response:
    """Return the account; *done* names what has just been changed."""
    return _account(here, _Shown(done=DONE.get(done, "")))


def _account(here: Here, shown: _Shown) -> Response:
    mine = me.get_me(here, Response())
    courses = {one.course: one.title for one in mine.courses}
    return page(
        here,
        "account.html",
        title="Account",
        status=shown.status,
        me=mine,
        courses=courses,
        sessions=me.get_sessions(here).items,
        tokens=me.get_tokens(here).items,
        scopes={name: grant.says for name, grant in SCOPES.items()},
        name=shown.name or Typed({"name": mine.name, "version": str(mine.version)}),
        password=shown.password or Typed(),
        token=shown.token or Typed({"days": DEFAULT_DAYS, "scope.submit": "on"}),
        made=shown.made,
        done=shown.done,
    )


def _changed(name: str) -> Response:
    return RedirectResponse(f"/account?done={name}#done", status_code=303)


@router.post("/me")
def rename(form: FormDep, here: PageDep) -> Response:
    """Change one's own name."""
    try:
        body = validated(MePatch, {"name": form.text("name")})
        me.patch_me(body, here, held(form.text("version")), Response())
    except REFUSALS as error:
        return _account(here, _Shown(name=_renamed(here, form, error)))
    return _changed("name")


def _renamed(here: Here, form: Form, error: ServiceError) -> Typed:
    """Return the form as it was typed; one that was stale goes on from what is there now."""
    version = form.text("version")
    if isinstance(error, Precondition):
        version = str(me.get_me(here, Response()).version)
    return Typed({"name": form.text("name"), "version": version}, error, LABELS)


@router.post("/me/password")
def change_password(form: FormDep, here: PageDep) -> Response:
    """Set another password; all other browsers are logged out."""
    told, typed = Response(), {name: form.exact(name) for name in ("current", "new")}
    if typed["new"] != form.exact("again"):
        return _account(here, _Shown(password=Typed({}, _repeat(), LABELS)))
    try:
        me.post_password(validated(PasswordIn, typed), here, told)
    except REFUSALS as error:
        return _account(here, _Shown(password=Typed({}, error, LABELS)))
    return with_cookies(_changed("password"), told)


def _repeat() -> Invalid:
    return Invalid(REPEAT, errors=(FieldError("new", "is not the same both times"),))


@router.post("/me/sessions/end")
def log_out_everywhere(here: PageDep) -> Response:
    """Log out in all browsers, this one as well."""
    me.delete_sessions(here)
    return RedirectResponse(LOGGED_OUT, status_code=303)


@router.post("/me/sessions/{session_id}/end")
def log_out(session_id: UUID, here: PageDep) -> Response:
    """Log out in one browser."""
    me.delete_session(session_id, here)
    return _changed("session")


@router.post("/me/tokens")
def make_token(form: FormDep, here: PageDep) -> Response:
    """Make a token; it is shown on the page that comes back and never again."""
    try:
        made = me.post_token(validated(TokenIn, _token(form)), here)
    except REFUSALS as error:
        return _account(here, _Shown(token=Typed(_kept(form), error, LABELS)))
    return _account(here, _Shown(made=made))


def _token(form: Form) -> dict[str, Any]:
    """Return what the form of a token says, as the API takes it."""
    return {
        "name": form.text("name"),
        "scopes": form.all("scopes"),
        "days": whole_number(form.text("days")),
        "course": form.text("course") or None,
    }


def _kept(form: Form) -> dict[str, str]:
    """Return what was typed into the form of a token, to be shown again."""
    typed = {name: form.text(name) for name in ("name", "days", "course")}
    return typed | {f"scope.{one}": "on" for one in form.all("scopes")}


@router.post("/me/tokens/{token}/revoke")
def revoke(token: UUID, here: PageDep) -> Response:
    """Revoke a token at once."""
    me.delete_token(token, here)
    return _changed("revoked")


@router.get("/me/export")
def export(here: PageDep) -> Response:
    """Return everything that is held about who asks, as a file."""
    response = me.get_export(here)
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
