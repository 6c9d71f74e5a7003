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
    "bad_request": ErrorCode(400, "Cannot be read", "The service cannot read the request."),
    "authorization_pending": ErrorCode(
        400,
        "Not confirmed yet",
        "Nobody has confirmed the code yet. Poll again after `interval` seconds.",
    ),
    "slow_down": ErrorCode(
        400,
        "Polled too soon",
        "The program polled for the token too soon. Increase the interval by five seconds.",
    ),
    "expired_token": ErrorCode(
        400,
        "The code has expired",
        "The code of the login is unknown, used or expired. Start the login again.",
    ),
    "access_denied": ErrorCode(
        400,
        "Login refused",
        "The user refused the login in the browser. Start again if that was a mistake.",
    ),
    "unauthenticated": ErrorCode(
        401,
        "Not logged in",
        "The request has no valid token or session. Send `Authorization: Bearer <token>`.",
    ),
    "token_expired": ErrorCode(
        401, "The token has expired", "The token has expired. Create a new one."
    ),
    "forbidden": ErrorCode(
        403, "Not allowed", "You can see this, but your role does not allow the action."
    ),
    "not_released": ErrorCode(
        403, "Not released yet", "This becomes visible later; `detail` states when."
    ),
    "not_found": ErrorCode(404, "Not found", "There is nothing at this address that you can see."),
    "method_not_allowed": ErrorCode(
        405,
        "Method not allowed",
        "The address exists, but not for this method. The `Allow` header lists the methods.",
    ),
    "request_timeout": ErrorCode(
        408,
        "The request took too long",
        "The body of the request did not arrive in time. Nothing was stored. Send it again.",
    ),
    "conflict": ErrorCode(
        409, "Not possible now", "The current state does not allow this; `detail` gives the reason."
    ),
    "attempts_exhausted": ErrorCode(
        409, "No attempts left", "No attempts are left for these parts. Nothing was stored."
    ),
    "deadline_passed": ErrorCode(
        409, "Closed", "The request arrived after the assignment closed. Nothing was stored."
    ),
    "course_archived": ErrorCode(
        409,
        "The course is archived",
        "The course is archived and read-only. Restore it first.",
    ),
    "claimed": ErrorCode(
        409,
        "Claimed by another person",
        "Another person has claimed the answer; `detail` states until when.",
    ),
    "requests_closed": ErrorCode(
        409,
        "No more requests",
        "The regrade window has closed, or the maximum number of requests is reached.",
    ),
    "regrade_active": ErrorCode(
        409,
        "A regrade is in progress",
        "The problem has an unfinished regrade. Apply, cancel or undo it first.",
    ),
    "other_numbers": ErrorCode(
        409,
        "The version has other numbers",
        "Students have answered with numbers that the version does not have. Use it only for "
        "students who have not opened the problem.",
    ),
    "file_misread": ErrorCode(
        409,
        "The file would be misread",
        "The other system would give scores to the wrong person or column; `errors` lists each "
        "case. Fix them, or set `force=true`.",
    ),
    "gone": ErrorCode(410, "Gone", "It was removed, or it was used and works only once."),
    "stale": ErrorCode(
        412,
        "Changed since you read it",
        "The ETag in `If-Match` is not the current one. Get the object again and repeat the edit.",
    ),
    "too_large": ErrorCode(413, "Too large", "The body is over the limit; `detail` states it."),
    "unsupported_media_type": ErrorCode(
        415,
        "Unsupported media type",
        "Send the body with the `Content-Type` in `detail`.",
    ),
    "unknown_host": ErrorCode(
        421, "Unknown host", "The `Host` of the request is not a name of this service."
    ),
    "invalid": ErrorCode(
        422, "Invalid", "A field is missing, unknown or out of range; `errors` lists it."
    ),
    "invalid_problem": ErrorCode(
        422,
        "The problem has errors",
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
        "The document is not of a supported type, too large, encrypted or damaged. The detail says "
        "what to do. Nothing was stored.",
    ),
    "attachment_unreadable": ErrorCode(
        422,
        "The file cannot be attached",
        "The file is not an image or a PDF, too large, encrypted or damaged. The detail says what "
        "to do. Nothing was stored.",
    ),
    "bad_json": ErrorCode(422, "Not JSON", "The body is not valid JSON in UTF-8."),
    "not_finite": ErrorCode(
        422,
        "Not a finite number",
        "The body contains NaN, Infinity or a number of 10^309 or more. Send an answer like this "
        "as text.",
    ),
    "duplicate_key": ErrorCode(
        422, "Duplicate key", "An object in the body has the same key twice."
    ),
    "too_deep": ErrorCode(
        422, "Nested too deeply", "The JSON of the body is nested more than 20 levels deep."
    ),
    "idempotency_key_reused": ErrorCode(
        422,
        "Idempotency key reused",
        "This `Idempotency-Key` was used with another body. Use a new key.",
    ),
    "precondition_required": ErrorCode(
        428,
        "Precondition required",
        "Send `If-Match` with the ETag of the latest GET.",
    ),
    "rate_limited": ErrorCode(
        429, "Too many requests", "Wait for the seconds in `Retry-After` and try again."
    ),
    "cool_down": ErrorCode(
        429,
        "Wait before you try again",
        "The assignment requires a pause between attempts. `Retry-After` states the seconds.",
    ),
    "storage_budget": ErrorCode(
        429,
        "Too much stored today",
        "Your submissions, drafts and reports reached the daily limit of stored text. "
        "`Retry-After` states when the next one can be stored.",
    ),
    "report_budget": ErrorCode(
        429,
        "Too many reports today",
        "You have reached the daily limit for uploads of reports and attachments. "
        "`Retry-After` says when you can upload the next one. You can still type answers.",
    ),
    "attachment_budget": ErrorCode(
        429,
        "Too many attachments today",
        "You have reached the daily limit for uploads of reports and attachments. "
        "`Retry-After` says when you can upload the next one. You can still submit answers.",
    ),
    "too_many_uploads": ErrorCode(
        429,
        "Too many uploads at once",
        "You have too many uploads in progress. Wait until one has finished.",
    ),
    "too_many_downloads": ErrorCode(
        429,
        "Too many downloads at once",
        "You have too many large downloads in progress. Wait until one has finished.",
    ),
    "internal": ErrorCode(
        500,
        "Internal error",
        "An unexpected error occurred. The log has it under the id in `instance`.",
    ),
    "unavailable": ErrorCode(
        503,
        "Temporarily unavailable",
        "The service cannot read or store data at the moment. Nothing is lost: try again after "
        "`Retry-After` seconds with the same `Idempotency-Key`.",
    ),
    "upload_capacity": ErrorCode(
        503,
        "No room for another upload",
        "The service is receiving too many uploads. Nothing was stored. Send it again after "
        "`Retry-After` seconds.",
    ),
    "download_capacity": ErrorCode(
        503,
        "No room for another large response",
        "The service is sending too many large responses. Try again after `Retry-After` seconds.",
    ),
}
