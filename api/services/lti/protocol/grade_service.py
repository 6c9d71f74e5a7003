"""Assignment and Grade Services 2.0: line items are found or created, and scores are sent."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Any, Final
from urllib.parse import urlencode

from api.services.lti.protocol.addresses import (
    PlatformError,
    PlatformUnreachableError,
    is_https_url,
)
from api.services.lti.protocol.public_http import PlatformHttp, PlatformReply

LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
CANVAS_SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"
NEXT_PATTERN: Final = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
LINE_ITEM_TAG: Final = "grader"
MAX_PAGES: Final = 50
TOO_MANY_REQUESTS: Final = 429
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
CANVAS_RATE_LIMIT: Final = b"Rate Limit Exceeded"
"""Text with which versions of Canvas refuse too many requests, with status 403."""
SERVER_ERROR: Final = 500
REQUEST_TIMEOUT: Final = 408
DEFAULT_WAIT: Final = timedelta(minutes=1)
MIN_WAIT: Final = timedelta(seconds=1)
MAX_WAIT: Final = timedelta(hours=1)


class GradeServiceRefusalError(PlatformError):
    """The platform refuses a request for good; the message is for staff."""


class TokenExpiredError(PlatformError):
    """The platform does not accept the access token any more."""


class RateLimitError(PlatformError):
    """The platform asks to wait: for some time, or until a time."""

    def __init__(self, message: str, retry_after: timedelta | datetime) -> None:
        super().__init__(message)
        self._retry_after = retry_after

    def compute_wait(self, now: datetime) -> timedelta:
        """Return how long to wait from *now* on: at least a second, and at most `MAX_WAIT`."""
        after = self._retry_after
        wait = after - now if isinstance(after, datetime) else after
        return max(MIN_WAIT, min(wait, MAX_WAIT))


@dataclass(frozen=True, slots=True)
class LineItemSpec:
    """Line item to create: *resource_id* is the id of the assignment here."""

    label: str
    maximum: Fraction
    resource_id: str


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """Score of a user at a time; a *score* of None clears what the platform has.

    *progress* is ``FullyGraded``, or ``PendingManual`` while a person has to grade a part.
    """

    user_id: str
    score: Fraction | None
    possible: Fraction
    progress: str
    timestamp: datetime


def find_line_item(http: PlatformHttp, url: str, token: str, resource_id: str) -> str:
    """Return the address of the line item with *resource_id*, "" if there is none.

    Platforms may ignore the filter, so every entry is compared.
    """
    page_url = f"{url}{'&' if '?' in url else '?'}{urlencode({'resource_id': resource_id})}"
    for _ in range(MAX_PAGES):
        reply = http.send("GET", page_url, headers=build_headers(token, accept=LINE_ITEMS_TYPE))
        raise_for_reply_status(reply, "the line items")
        if not isinstance(reply.value, list):
            # As an empty list it would lead to a second line item.
            raise PlatformError("the reply for the line items is not a list")
        for entry in reply.value:
            if isinstance(entry, dict) and entry.get("resourceId") == resource_id:
                return _read_id(entry)
        page_url = find_next_page(reply)
        if not page_url:
            return ""
    raise PlatformError("the list of line items has too many pages")


def find_next_page(reply: PlatformReply) -> str:
    """Return the address of the next page of a list, "" for the last one.

    Raises `PlatformError` for one that is not allowed: the list would end too early.
    """
    match = NEXT_PATTERN.search(reply.headers.get("link", ""))
    if match and not is_https_url(match[1]):
        raise PlatformError("the address of the next page is not an https address")
    return match[1] if match else ""


def create_line_item(http: PlatformHttp, url: str, token: str, spec: LineItemSpec) -> str:
    """Create a line item and return its address.

    The caller looks for it first: a platform creates another one for every request.
    """
    body = {
        "label": spec.label,
        "scoreMaximum": to_json_number(spec.maximum),
        "resourceId": spec.resource_id,
        "tag": LINE_ITEM_TAG,
    }
    headers = build_headers(token, accept=LINE_ITEM_TYPE, content_type=LINE_ITEM_TYPE)
    reply = http.send("POST", url, headers=headers, body=body)
    raise_for_reply_status(reply, "a new line item")
    return _read_id(reply.value if isinstance(reply.value, dict) else {})


def _read_id(entry: dict[str, Any]) -> str:
    item_url = entry.get("id")
    if not isinstance(item_url, str) or not is_https_url(item_url):
        raise PlatformError("a line item has no https address")
    return item_url


def send_score(
    http: PlatformHttp, item_url: str, token: str, message: ScoreMessage, *, is_canvas: bool
) -> None:
    """Send a score; return once the platform has accepted it."""
    body: dict[str, Any] = {
        "userId": message.user_id,
        "scoreMaximum": to_json_number(message.possible),
        "activityProgress": "Initialized" if message.score is None else "Completed",
        "gradingProgress": "NotReady" if message.score is None else message.progress,
        "timestamp": format_timestamp(message.timestamp),
    }
    if message.score is not None:
        body["scoreGiven"] = to_json_number(message.score)
    if is_canvas:
        # Otherwise each score counts as a submission, which uses up attempts there.
        body[CANVAS_SUBMISSION] = {"new_submission": False}
    reply = http.send(
        "POST",
        build_scores_url(item_url),
        headers=build_headers(token, content_type=SCORE_TYPE),
        body=body,
    )
    raise_for_reply_status(reply, "the score")


def build_scores_url(item_url: str) -> str:
    """Return the address of the scores of a line item, whose query stays behind the path.

    >>> build_scores_url("https://a.example/items/1?type_id=3")
    'https://a.example/items/1/scores?type_id=3'
    """
    path, separator, query = item_url.partition("?")
    return f"{path.rstrip('/')}/scores{separator}{query}"


def format_timestamp(timestamp: datetime) -> str:
    """Return a time in ISO 8601 with milliseconds."""
    return timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json_number(number: Fraction) -> int | float:
    """Return an exact number as JSON has it.

    >>> to_json_number(Fraction(3)), to_json_number(Fraction(1, 3))
    (3, 0.3333)
    """
    return int(number) if number.denominator == 1 else round(float(number), 4)


def build_headers(token: str, *, accept: str = "", content_type: str = "") -> dict[str, str]:
    """Return the headers of a request with an access token."""
    headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Content-Type": content_type}
    return {name: value for name, value in headers.items() if value}


def raise_for_reply_status(reply: PlatformReply, what: str) -> None:
    """Raise the error that a *reply* about *what* stands for, unless it is a success."""
    if reply.is_success:
        return
    raise_if_platform_unavailable(reply, what)
    message = _describe_refusal(reply, what)
    if reply.status == UNAUTHORIZED:
        raise TokenExpiredError(message)
    raise GradeServiceRefusalError(message)


def raise_if_platform_unavailable(reply: PlatformReply, what: str) -> None:
    """Raise `RateLimitError` or `PlatformUnreachableError` if the platform serves nobody now."""
    if _is_rate_limit(reply):
        raise RateLimitError(_describe_refusal(reply, what), _parse_retry_after(reply))
    if reply.status >= SERVER_ERROR or reply.status == REQUEST_TIMEOUT:
        raise PlatformUnreachableError(_describe_refusal(reply, what))


def _describe_refusal(reply: PlatformReply, what: str) -> str:
    return (
        f"the platform refused {what}: status {reply.status}{_extract_refusal_reason(reply.value)}"
    )


def _is_rate_limit(reply: PlatformReply) -> bool:
    if reply.status == FORBIDDEN:
        return CANVAS_RATE_LIMIT in reply.body
    return reply.status == TOO_MANY_REQUESTS


def _extract_refusal_reason(value: object) -> str:
    """Return the reason in the body of a refusal, "" if there is none."""
    reason = value.get("error") or value.get("message") if isinstance(value, dict) else None
    return f" ({' '.join(reason.split())[:100]})" if isinstance(reason, str) and reason else ""


def _parse_retry_after(reply: PlatformReply) -> timedelta | datetime:
    """Return the seconds or the date in the header ``Retry-After``, or a minute without it."""
    text = reply.headers.get("retry-after", "").strip()
    try:
        if text.isdecimal():
            return timedelta(seconds=min(int(text), int(MAX_WAIT.total_seconds())))
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # also for a number of thousands of digits
        return DEFAULT_WAIT
    return until if until.tzinfo else until.replace(tzinfo=UTC)
