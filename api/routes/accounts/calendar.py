"""Calendar: the secret address at which programs read the caller's due times."""

from api.core.errors import Forbidden, NotFound, Unauthenticated
from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.schemas.accounts.mail import CalendarAddress, CalendarStatus
from api.services.accounts.accounts import lock_user
from api.services.calendar import addresses

router = ApiRouter(tags=["account"])


@router.get("/me/calendar", responses=error_responses(Unauthenticated))
def get_calendar(context: ContextDep) -> CalendarStatus:
    """Return whether your calendar has an address, and since when."""
    with context.reading() as session:
        feed = addresses.load_feed(session, context.authenticate(session).id)
        return CalendarStatus(created_at=None if feed is None else feed.created_at)


@router.post("/me/calendar", status_code=201, responses=error_responses(Unauthenticated, Forbidden))
def post_calendar(context: ContextDep) -> CalendarAddress:
    """Create an address of your calendar; an earlier one ends. Requires a session.

    Calendar programs read your due times there without a login. The address is returned once.
    """
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        lock_user(session, caller.id)
        public_url = context.service.settings.public_url
        url = addresses.create_feed_address(
            session, caller.id, public_url=public_url, now=context.now
        )
    return CalendarAddress(url=url)


@router.delete(
    "/me/calendar", status_code=204, responses=error_responses(Unauthenticated, Forbidden)
)
def delete_calendar(context: ContextDep) -> None:
    """End the address of your calendar. Requires a session."""
    with context.transaction() as session:
        caller = context.authenticate(session)
        caller.require_login()
        lock_user(session, caller.id)
        addresses.revoke_feed_address(session, caller.id)


def load_calendar_file(context: RequestContext, secret: str) -> bytes:
    """Return the calendar file of a secret address; raise `NotFound` for another one.

    Unknown addresses are counted by network address, requests of a known one by its owner.
    """
    # Imported here: most processes never build a calendar.
    from api.services.calendar.files import build_calendar  # noqa: PLC0415

    try:
        with context.service.db.reading() as session:
            owner = addresses.find_feed_owner(session, secret)
    except NotFound:
        context.consume_action_limit("calendar_guess", context.client_address_key)
        raise
    context.consume_action_limit("calendar_feed", str(owner.id))
    with context.service.db.reading() as session:
        public_url = context.service.settings.public_url
        return build_calendar(session, owner, public_url=public_url, now=context.now)
