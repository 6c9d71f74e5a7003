"""Stable error codes with their HTTP status and meaning; the table in `docs` is generated from it.

A new code is one entry here. Its status and meaning never change, because clients depend on them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """Stable error code: its HTTP status, a title, and what happened and what to do."""

    status: int
    title: str
    meaning: str


ERROR_CODES: Final[dict[str, ErrorCode]] = {
    "bad_request": ErrorCode(
        400, "Cannot be read", "The request is not one that this address reads."
    ),
    "authorization_pending": ErrorCode(
        400,
        "Not confirmed yet",
        "Nobody has confirmed the code so far. Ask again after `interval` seconds.",
    ),
    "slow_down": ErrorCode(
        400,
        "Asked too soon",
        "The program asked for the token again too soon. Wait five seconds longer each time.",
    ),
    "expired_token": ErrorCode(
        400,
        "The code is no longer valid",
        "The code of the log-in is unknown, was used or has expired. Begin the log-in again.",
    ),
    "access_denied": ErrorCode(
        400, "Log-in refused", "The log-in was refused in the browser. Begin again if it is yours."
    ),
    "unauthenticated": ErrorCode(
        401,
        "Not logged in",
        "The request has no valid token or session. Send `Authorization: Bearer <token>`.",
    ),
    "token_expired": ErrorCode(
        401, "The token has expired", "The token was valid once. Make a new one and use that."
    ),
    "forbidden": ErrorCode(
        403, "Not allowed", "You may see this, but your role does not allow the act."
    ),
    "not_released": ErrorCode(
        403, "Not released yet", "This becomes visible at a later time, which the detail names."
    ),
    "not_found": ErrorCode(
        404, "Not found", "There is nothing at this address, or nothing that you may see."
    ),
    "method_not_allowed": ErrorCode(
        405, "Not done this way", "The address exists; the `Allow` header says with which methods."
    ),
    "request_timeout": ErrorCode(
        408,
        "The request took too long",
        "The body of the request did not arrive in time. Nothing was done: send it again.",
    ),
    "conflict": ErrorCode(
        409, "Not possible now", "The state of the thing does not allow it; the detail says why."
    ),
    "attempts_exhausted": ErrorCode(
        409, "No attempts left", "Every attempt at the named parts is used. Nothing was stored."
    ),
    "deadline_passed": ErrorCode(
        409, "Closed", "The request arrived after the assignment closed. Nothing was stored."
    ),
    "course_archived": ErrorCode(
        409,
        "The course is archived",
        "The course is archived: all of it can be read, and nothing changes. Bring it back first.",
    ),
    "claimed": ErrorCode(
        409,
        "Somebody else has it",
        "Another marker has claimed the answer, and holds it as long as the detail says.",
    ),
    "requests_closed": ErrorCode(
        409,
        "No more requests here",
        "The time to ask for a regrade is over, or as many requests were made as are allowed.",
    ),
    "regrade_active": ErrorCode(
        409,
        "A regrade is under way",
        "The problem has a regrade that is not finished. Apply, cancel or undo that one first.",
    ),
    "other_numbers": ErrorCode(
        409,
        "The version has other numbers",
        "Students have answered with numbers that the version does not have. Give it to those "
        "alone who have not opened the problem.",
    ),
    "file_misread": ErrorCode(
        409,
        "The file would be misread",
        "The other system would give scores to the wrong person or column; `errors` names each "
        "case. Mend them, or ask with `force=true`.",
    ),
    "gone": ErrorCode(
        410, "Gone", "It was here and has been removed, or it can be used only once."
    ),
    "stale": ErrorCode(
        412,
        "Changed since you read it",
        "The ETag in `If-Match` is not the current one. Read it again and repeat the edit.",
    ),
    "too_large": ErrorCode(413, "Too large", "The body is over the limit that the detail names."),
    "unsupported_media_type": ErrorCode(
        415, "Body of another type", "Send the body with the `Content-Type` that the detail names."
    ),
    "unknown_host": ErrorCode(
        421, "Unknown host", "The `Host` of the request is not a name of this service."
    ),
    "invalid": ErrorCode(
        422, "Cannot be used", "A field is missing, unknown or out of range; `errors` names it."
    ),
    "invalid_problem": ErrorCode(
        422,
        "The problem must be mended",
        "The problem file has errors; `errors` gives the file, line and field of each.",
    ),
    "problem_too_slow": ErrorCode(
        422,
        "The problem takes too long",
        "Checking or publishing the problem took longer than the service allows, and was stopped. "
        "Use smaller numbers or tensors, fewer parts or a simpler key. Nothing was stored.",
    ),
    "report_unreadable": ErrorCode(
        422,
        "The report cannot be read",
        "The document is of another kind, too large, encrypted or damaged; the detail says what to "
        "do. Nothing was stored.",
    ),
    "bad_json": ErrorCode(422, "Not JSON", "The body is not valid JSON in UTF-8."),
    "not_finite": ErrorCode(
        422,
        "Not a finite number",
        "The body holds NaN, Infinity or a number of 10^309 or more. Send it as text if it is an "
        "answer.",
    ),
    "duplicate_key": ErrorCode(
        422, "A key comes twice", "An object of the body has one key twice."
    ),
    "too_deep": ErrorCode(422, "Nested too deep", "The JSON of the body is nested deeper than 20."),
    "idempotency_key_reused": ErrorCode(
        422,
        "Key used for something else",
        "This `Idempotency-Key` came before with another body. Take a new key.",
    ),
    "precondition_required": ErrorCode(
        428,
        "Say what you change",
        "An edit needs `If-Match` with the ETag that the last reading gave.",
    ),
    "rate_limited": ErrorCode(
        429, "Too many requests", "Wait as many seconds as `Retry-After` says and try again."
    ),
    "cool_down": ErrorCode(
        429,
        "Wait before the next attempt",
        "The assignment asks for a pause between attempts. `Retry-After` says how long.",
    ),
    "storage_budget": ErrorCode(
        429,
        "Too much stored today",
        "One person's submissions and drafts may add so many MiB to the database in a day. "
        "`Retry-After` says when the next one is stored.",
    ),
    "report_budget": ErrorCode(
        429,
        "Too many reports today",
        "The reports of one person may have so many MiB in a day. `Retry-After` says when the next "
        "one is stored; answers can be typed meanwhile.",
    ),
    "too_many_uploads": ErrorCode(
        429,
        "Too many uploads at once",
        "You are uploading more at once than one person may. Wait until an upload has ended.",
    ),
    "internal": ErrorCode(
        500,
        "Our fault",
        "Something failed that should not. It is in the log under the id in `instance`.",
    ),
    "unavailable": ErrorCode(
        503,
        "Not just now",
        "The service cannot store or read at the moment. Nothing is lost: try again after "
        "`Retry-After` seconds, with the same `Idempotency-Key`.",
    ),
    "upload_capacity": ErrorCode(
        503,
        "No room for another upload",
        "The service is receiving as many uploads as it can hold. Nothing was done: send it again "
        "after `Retry-After` seconds.",
    ),
}
