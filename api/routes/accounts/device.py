"""Login of programs by a code that a student confirms at ``/device`` (RFC 8628, ADR 30)."""

from datetime import timedelta
from typing import Final

from api.core.errors import BadRequest, Conflict, InvalidInput, RateLimited
from api.dependencies import AnonymousContextDep
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.schemas.accounts.device import (
    DeviceCodeIn,
    DeviceCodeOut,
    DeviceTokenIn,
    DeviceTokenOut,
)
from api.services.accounts import device_codes
from api.services.accounts.device_codes import PollRefusal

router = ApiRouter(tags=["account"])

REFUSAL_MESSAGES: Final[dict[PollRefusal, str]] = {
    "authorization_pending": "The code has not been confirmed yet. Poll again in 5 s.",
    "slow_down": "The program polls too often. Wait 5 s longer between two requests.",
    "expired_token": "The code is unknown, used or expired. Start the login again.",
    "access_denied": "The login was refused. Start again if that was a mistake.",
}
SECOND: Final = timedelta(seconds=1)


@router.post(
    "/device/code",
    response_model=DeviceCodeOut,
    openapi_extra={"security": []},
    responses=error_responses(InvalidInput, RateLimited),
)
def create_code(body: DeviceCodeIn, context: AnonymousContextDep) -> DeviceCodeOut:
    """Start the login of a program: the program shows a code that its user confirms in a browser.

    The codes expire after ten minutes.
    """
    context.consume_action_limit("code_address", context.client_address_key)
    with context.service.db.transaction() as session:
        code = device_codes.create_device_code(
            session, client=body.client, course_slug=body.course or "", now=context.now
        )
    address = f"{context.service.settings.public_url}/device"
    return DeviceCodeOut(
        device_code=code.secret.text,
        user_code=code.user_code,
        verification_uri=address,
        verification_uri_complete=f"{address}?code={code.user_code}",
        expires_in=device_codes.CODE_LIFETIME // SECOND,
        interval=device_codes.POLL_INTERVAL // SECOND,
    )


@router.post(
    "/device/token",
    response_model=DeviceTokenOut,
    openapi_extra={"security": []},
    responses=error_responses(
        "authorization_pending",
        "slow_down",
        "expired_token",
        "access_denied",
        Conflict,
        InvalidInput,
    ),
)
def fetch_token(body: DeviceTokenIn, context: AnonymousContextDep) -> DeviceTokenOut:
    """Fetch the token of a confirmed login. This works once; poll every five seconds until then.

    The token can submit answers and read what a student can read. It expires after 90 days.
    """
    db, now = context.service.db, context.now
    with db.reading() as session:
        refusal = device_codes.find_poll_refusal(session, body.device_code, now=now)
    if refusal == "authorization_pending":
        with db.transaction() as session:
            device_codes.record_poll(session, body.device_code, now=now)
    if refusal is not None:
        raise _to_error(refusal)
    with db.transaction() as session:
        request = str(context.request.state.request_id)
        granted = device_codes.redeem_device_code(
            session, body.device_code, request=request, now=now
        )
    if isinstance(granted, str):
        raise _to_error(granted)
    return DeviceTokenOut(
        access_token=granted.secret.text,
        expires_in=timedelta(days=device_codes.TOKEN_DAYS) // SECOND,
        scope=" ".join(granted.token.scopes),
        token=granted.token.id,
        course=granted.token.course_id,
    )


def _to_error(refusal: PollRefusal) -> BadRequest:
    waits = refusal in {"authorization_pending", "slow_down"}
    seconds = device_codes.POLL_INTERVAL // SECOND if waits else None
    return BadRequest(REFUSAL_MESSAGES[refusal], code=refusal, retry_after=seconds)
