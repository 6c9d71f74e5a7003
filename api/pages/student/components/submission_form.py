"""Problem forms: save the draft, and submit one part idempotently.

Each form has a unique number. The idempotency key of a submission derives from that
number and the answer, so that sending the form again, or returning to it with the back
button, submits nothing twice.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Conflict, InvalidInput
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.pages.forms.form import PostedForm, validate_body
from api.pages.student.components.inputs import has_content, is_same_input
from api.routes.student import drafts, submissions
from api.schemas.student.problem import DraftView, ProblemView
from api.schemas.student.submissions import AnswersIn
from api.schemas.student.work import DraftIn
from api.services.submissions.preparation import SubmissionRequest
from grader.display.text import to_text
from grader.reading import NumberStyle, RawAnswer

PROBLEM_CHANGED_MESSAGE: Final = (
    "The problem has changed since you opened this page. Read it again, then submit. Your input is "
    "kept."
)
OTHER_USER_MESSAGE: Final = (
    "Another person is logged in now, so nothing was saved. Log in as before and send it again, or "
    "open the problem again."
)
EMPTY_ANSWER_MESSAGE: Final = "Enter an answer first."
ATTACHED_PREFIX: Final = "attached."
HEX_DIGITS: Final = 16


def generate_form_number() -> str:
    """Return a random number for a new form, in hexadecimal digits."""
    return secrets.token_hex(HEX_DIGITS // 2)


def fingerprint_problem(view: ProblemView) -> str:
    """Return a hash of a problem's variant and text.

    A form carries it, so that its answers are never graded against another variant.
    """
    texts = [str(view.draw), view.statement, *(f"{part.id} {part.prompt}" for part in view.parts)]
    return sha256("\0".join(texts).encode()).hexdigest()[:HEX_DIGITS]


def check_problem_unchanged(view: ProblemView, form: PostedForm) -> None:
    """Raise `Conflict` if a form was made for another variant or text than *view* has."""
    if not hmac.compare_digest(form.text("asked").encode(), fingerprint_problem(view).encode()):
        raise Conflict(PROBLEM_CHANGED_MESSAGE)


def check_same_user(context: RequestContext, form: PostedForm) -> None:
    """Raise `Conflict` if another user has logged in since the form was opened."""
    caller = context.activity.caller
    if form.has("person") and (caller is None or form.text("person") != str(caller.id)):
        raise Conflict(OTHER_USER_MESSAGE)


def select_draft_answers(
    view: ProblemView, answers: Mapping[str, RawAnswer], *, decimal_style: NumberStyle | None
) -> dict[str, RawAnswer]:
    """Return the draft: the answers in a form that differ from the last submitted ones.

    A cleared answer is kept as empty, so that the last answer does not reappear.
    """
    last_answers = {part.id: part.last.typed if part.last else None for part in view.parts}
    parts_by_id = {part.id: part for part in view.parts}
    return {
        part: typed
        for part, typed in answers.items()
        if not is_same_input(
            parts_by_id[part], typed, last_answers[part], decimal_style=decimal_style
        )
    }


def save_draft(
    context: RequestContext,
    problem_key: tuple[UUID, str],
    answers: Mapping[str, RawAnswer],
    *,
    version: str = "",
) -> DraftView:
    """Replace the draft with *answers*.

    Raises `PreconditionFailed` if the draft has another version than *version*.
    """
    body = validate_body(DraftIn, {"answers": answers})
    if_match = f'"v{version}"' if version.isdecimal() else None
    return drafts.put_draft(*problem_key, body, context, Response(), if_match)


def submit_answers(
    context: RequestContext,
    problem_key: tuple[UUID, str],
    answers: Mapping[str, RawAnswer],
    *,
    number: str,
    attachments: Mapping[str, UUID],
) -> None:
    """Submit *answers* from the form with this *number*; repeating it changes nothing.

    *attachments* are the ids of the attachments that the form showed, by part. Raises
    `InvalidInput` if an answer is blank.
    """
    for part, typed in answers.items():
        if not has_content(typed):
            raise InvalidInput.for_field(part, EMPTY_ANSWER_MESSAGE)
    body = validate_body(AnswersIn, {"answers": answers, "attachments": attachments})
    secret = context.activity.member.course.secret if context.activity.member else ""
    key_fields = {**answers, **{f"{part} attached": one for part, one in attachments.items()}}
    idempotency_key = _derive_idempotency_key(secret, number, problem_key, key_fields)
    request = SubmissionRequest(
        body.answers, idempotency_key, context.now, attachments=body.attachments
    )
    submissions.submit_and_wait(context, *problem_key, request)


def parse_attachments(form: PostedForm, part: str) -> dict[str, UUID]:
    """Return the attachment of a part that the form showed, by the part; {} if it showed none."""
    attachment = parse_id(form.text(f"{ATTACHED_PREFIX}{part}"))
    return {} if attachment is None else {part: attachment}


def _derive_idempotency_key(
    secret: str, number: str, problem_key: tuple[UUID, str], answers: Mapping[str, object]
) -> str:
    payload = [number, str(problem_key[0]), problem_key[1], sorted(answers.items())]
    canonical = json.dumps(payload, ensure_ascii=True, separators=(",", ":"), default=to_text)
    return hmac.digest(bytes.fromhex(secret), canonical.encode(), "sha256").hex()
