"""Pages of learning platforms, for administrators: register, disable, and rotate keys."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.core.errors import PreconditionFailed, ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm
from api.pages.forms.form_version import parse_form_version
from api.pages.forms.redisplay import find_differences
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.lti.common import require_tool
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import RECOVERABLE_ERRORS
from api.services.audit import recorder
from api.services.lti.platforms.corrections import (
    CHANGEABLE_FIELDS,
    change_platform,
    load_platform_values,
)
from api.services.lti.platforms.registration import (
    NewRegistrationLink,
    create_registration_link,
)
from api.services.lti.platforms.registry import (
    PlatformValues,
    add_deployment,
    add_platform,
    list_platforms,
    set_disabled,
)
from api.services.lti.scores.overview import list_platform_courses

if TYPE_CHECKING:
    from api.services.lti.platforms.tool_keys import KeyState

router = PageRouter()
PLATFORMS_PATH: Final = "/lti/platforms"
CRUMBS: Final = (Breadcrumb("Learning platforms", PLATFORMS_PATH),)
CHANGEABLE_TEXTS: Final = tuple(name for name in CHANGEABLE_FIELDS if name != "vouches_email")
LABELS: Final = {
    "name": "Name",
    "origin": "Address of the platform",
    "issuer": "Issuer (platform id)",
    "client_id": "Client id",
    "authorization_url": "Authentication request URL",
    "token_url": "Access token URL",
    "jwks_url": "Public keyset URL",
    "audience": "Audience of access tokens",
    "vouches_email": "The platform verifies e-mail addresses",
}
TEXT_FIELDS: Final = (*CHANGEABLE_TEXTS, "issuer", "client_id", "deployments")
EMPTY_FORM: Final = PostedForm()


@router.get(PLATFORMS_PATH)
def show_platforms(context: PageDep) -> Response:
    """Return the registered platforms, the keys, and what an administrator copies."""
    return _render_platforms(context)


def _render_platforms(
    context: RequestContext,
    *,
    form: PostedForm = EMPTY_FORM,
    link: NewRegistrationLink | None = None,
    error: ServiceError | None = None,
) -> Response:
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        tool = require_tool(context)
        platforms = list_platforms(session)
        courses = list_platform_courses(session)
    return render_page(
        context,
        "staff/lti_platforms.html",
        title="Learning platforms",
        status=error.status if error else 200,
        platforms=platforms,
        courses={
            row.platform.id: [one for one in courses if one.platform_id == row.platform.id]
            for row in platforms
        },
        keys=_load_keys(context),
        values=tool.addresses.list_values(),
        form=form,
        link=link,
        error=error,
    )


def _load_keys(context: RequestContext) -> "tuple[KeyState, ...]":
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.platforms.tool_keys import list_key_states  # noqa: PLC0415

    with context.reading() as session:
        return list_key_states(session, now=context.now)


@router.get(f"{PLATFORMS_PATH}/new")
def show_new_platform(context: PageDep) -> Response:
    """Return the form that registers a platform by hand."""
    return _render_new_platform(context)


def _render_new_platform(
    context: RequestContext, *, form: PostedForm = EMPTY_FORM, error: ServiceError | None = None
) -> Response:
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
    tool = require_tool(context)
    return render_page(
        context,
        "staff/lti_platform_new.html",
        title="Register a learning platform",
        crumbs=CRUMBS,
        status=error.status if error else 200,
        platform_id=None,
        values=tool.addresses.list_values(),
        labels=LABELS,
        typed={name: form.text(name) for name in TEXT_FIELDS},
        vouches_email=form.has("vouches_email"),
        differences=None,
        error=error,
    )


@router.post(f"{PLATFORMS_PATH}/new")
def register_platform_by_hand(form: FormDep, context: PageDep) -> Response:
    """Register a platform with the values of the form."""
    texts = {name: form.text(name) for name in TEXT_FIELDS if name != "deployments"}
    values = PlatformValues(
        **texts,
        vouches_email=form.has("vouches_email"),
        deployments=tuple(form.text("deployments").split()),
    )
    try:
        with context.transaction() as session:
            caller = context.authorize_site(session, right="manage_site")
            require_tool(context)
            add_platform(session, caller, values, now=context.now)
    except RECOVERABLE_ERRORS as error:
        return _render_new_platform(context, form=form, error=error)
    return RedirectResponse(f"{PLATFORMS_PATH}?saved=platform-registered", status_code=303)


@router.post(f"{PLATFORMS_PATH}/link")
def make_registration_link(form: FormDep, context: PageDep) -> Response:
    """Create a link by which a platform registers itself; it is shown once."""
    try:
        with context.transaction() as session:
            caller = context.authorize_site(session, right="manage_site")
            link = create_registration_link(
                session,
                caller,
                name=form.text("name"),
                origin=form.text("origin"),
                addresses=require_tool(context).addresses,
                now=context.now,
            )
    except RECOVERABLE_ERRORS as error:
        return _render_platforms(context, form=form, error=error)
    return _render_platforms(context, link=link)


@router.post(f"{PLATFORMS_PATH}/keys/rotate")
def rotate_tool_keys(form: FormDep, context: PageDep) -> Response:
    """Create a key that replaces the current one, in an hour or at once."""
    # Imported here: a service without LTI does not load these libraries.
    from api.services.lti.platforms.tool_keys import rotate_keys  # noqa: PLC0415

    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        require_tool(context)
        kid = rotate_keys(session, now=context.now, at_once=form.has("at_once"))
        recorder.record_action(
            session, caller, "lti_key.rotated", now=context.now, change=({}, {"kid": kid})
        )
    return RedirectResponse(f"{PLATFORMS_PATH}?saved=key-rotated", status_code=303)


@router.get(f"{PLATFORMS_PATH}/{{platform}}")
def show_platform(platform: UUID, context: PageDep) -> Response:
    """Return the form that corrects the values of a platform."""
    return _render_platform(context, platform)


def _render_platform(
    context: RequestContext,
    platform_id: UUID,
    *,
    form: PostedForm | None = None,
    error: ServiceError | None = None,
) -> Response:
    with context.reading() as session:
        context.authorize_site(session, right="manage_site")
        require_tool(context)
        values, version = load_platform_values(session, platform_id)
    stored = {name: str(getattr(values, name)) for name in CHANGEABLE_TEXTS}
    stored["vouches_email"] = "yes" if values.vouches_email else ""
    typed = stored if form is None else _read_posted_texts(form)
    is_stale = isinstance(error, PreconditionFailed)
    return render_page(
        context,
        "staff/lti_platform_new.html",
        title=values.name,
        crumbs=CRUMBS,
        status=error.status if error else 200,
        platform_id=platform_id,
        version=version if form is None or is_stale else form.text("version"),
        values=((LABELS["issuer"], values.issuer), (LABELS["client_id"], values.client_id)),
        labels=LABELS,
        typed=typed,
        vouches_email=bool(typed["vouches_email"]),
        differences=find_differences(stored, typed, LABELS.__getitem__) if is_stale else None,
        error=None if is_stale else error,
    )


def _read_posted_texts(form: PostedForm) -> dict[str, str]:
    """Return the texts of the fields that can be corrected."""
    texts = {name: form.text(name) for name in CHANGEABLE_TEXTS}
    return texts | {"vouches_email": "yes" if form.has("vouches_email") else ""}


@router.post(f"{PLATFORMS_PATH}/{{platform}}")
def correct_platform(platform: UUID, form: FormDep, context: PageDep) -> Response:
    """Correct the values of a platform with those of the form."""
    changes = {**_read_posted_texts(form), "vouches_email": form.has("vouches_email")}
    expected = parse_form_version(form.text("version"))
    try:
        with context.transaction() as session:
            caller = context.authorize_site(session, right="manage_site")
            require_tool(context)
            change_platform(session, caller, platform, changes, expected=expected, now=context.now)
    except RECOVERABLE_ERRORS as error:
        return _render_platform(context, platform, form=form, error=error)
    return RedirectResponse(f"{PLATFORMS_PATH}?saved=platform-changed", status_code=303)


@router.post(f"{PLATFORMS_PATH}/{{platform}}/deployments")
def add_platform_deployment(platform: UUID, form: FormDep, context: PageDep) -> Response:
    """Add a deployment to a platform."""
    try:
        with context.transaction() as session:
            caller = context.authorize_site(session, right="manage_site")
            require_tool(context)
            add_deployment(session, caller, platform, form.text("deployment"), now=context.now)
    except RECOVERABLE_ERRORS as error:
        return _render_platforms(context, error=error)
    return RedirectResponse(f"{PLATFORMS_PATH}?saved=platform-changed", status_code=303)


@router.post(f"{PLATFORMS_PATH}/{{platform}}/disable")
def disable_platform(platform: UUID, context: PageDep) -> Response:
    """Disable a platform: its launches are refused, and it gets no scores."""
    return _set_disabled(context, platform, is_disabled=True)


@router.post(f"{PLATFORMS_PATH}/{{platform}}/enable")
def enable_platform(platform: UUID, context: PageDep) -> Response:
    """Enable a disabled platform."""
    return _set_disabled(context, platform, is_disabled=False)


def _set_disabled(context: RequestContext, platform: UUID, *, is_disabled: bool) -> Response:
    with context.transaction() as session:
        caller = context.authorize_site(session, right="manage_site")
        require_tool(context)
        set_disabled(session, caller, platform, is_disabled=is_disabled, now=context.now)
    return RedirectResponse(f"{PLATFORMS_PATH}?saved=platform-changed", status_code=303)
