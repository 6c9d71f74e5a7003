"""Page of dynamic registration, which a platform shows in a frame of its administration."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import ServiceError
from api.pages.forms.form import FormDep
from api.pages.lti.common import render_framed, render_launch_refusal, require_tool
from api.pages.router import PageDep, PageRouter
from api.services.lti.platforms.registration import (
    RegistrationRequest,
    find_registration_link,
    find_registration_link_origin,
    register_platform,
)

router = PageRouter()
Parameter = Annotated[str, Query(max_length=8_000)]


@router.get("/lti/register/{registration}")
def show_registration(
    registration: str,
    context: PageDep,
    openid_configuration: Parameter = "",
    registration_token: Parameter = "",
) -> Response:
    """Return the page that asks to register the platform that opened it."""
    require_tool(context)
    origin = ""
    try:
        context.consume_action_limit("flow_address", context.client_address_key)
        with context.service.db.reading() as session:
            origin = find_registration_link_origin(session, registration)
            name = find_registration_link(session, registration, now=context.now).name
    except ServiceError as error:
        return _render_refusal(error, origin)
    return render_framed(
        "lti/register.html",
        {
            "name": name,
            "origin": origin,
            "registration": registration,
            "openid_configuration": openid_configuration,
            "registration_token": registration_token,
            "is_done": False,
            "has_deployment": False,
            "error": None,
        },
        origins=(origin,),
        keeps_opener=True,
    )


@router.post("/lti/register/{registration}")
def finish_registration(registration: str, form: FormDep, context: PageDep) -> Response:
    """Register this tool at the platform, and the platform here."""
    tool = require_tool(context)
    request = RegistrationRequest(
        registration, form.text("openid_configuration"), form.text("registration_token")
    )
    origin = ""
    try:
        context.consume_action_limit("flow_address", context.client_address_key)
        with context.service.db.reading() as session:
            origin = find_registration_link_origin(session, registration)
        registered = register_platform(
            context.service.db, tool.http, request, addresses=tool.addresses, now=context.now
        )
    except ServiceError as error:
        return _render_refusal(error, origin)
    return render_framed(
        "lti/register.html",
        {
            "name": registered.platform.name,
            "origin": origin,
            "is_done": True,
            "has_deployment": registered.has_deployment,
        },
        origins=(origin,),
        keeps_opener=True,
    )


def _render_refusal(error: ServiceError, origin: str) -> Response:
    return render_launch_refusal(error, origins=(origin,) if origin else ())
