"""What a form of a problem does: it keeps the draft, and hands in one part, once.

A form has a number of its own. The key of its submission is worked out from that number and the
answer: a form that is sent again, or found again by going back, hands in nothing twice.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Conflict, Invalid
from api.dependencies import Here
from api.pages.forms.form import Form, validated
from api.pages.student.components.inputs import is_given, looks_same
from api.routes.student import drafts, submissions
from api.schemas.student.problem import DraftView, ProblemView
from api.schemas.student.submissions import AnswersIn
from api.schemas.student.work import DraftIn
from api.services.submissions.preparation import Sent
from grader.display.text import show
from grader.reading import Style, Typed

__all__ = [
    "check_numbers",
    "check_person",
    "hand_in",
    "new_number",
    "print_of",
    "save_draft",
    "to_keep",
]

CHANGED: Final = (
    "The problem has changed since this page was opened. Read it again, and then hand in; what you "
    "typed is kept."
)
SOMEBODY_ELSE: Final = (
    "This page was opened by somebody else than who is logged in now, so nothing was saved. Log in "
    "as who opened it, and send it again; or open the problem again."
)
NOTHING: Final = "Nothing is typed here yet."
LENGTH: Final = 16


def new_number() -> str:
    """Return the number of a new form."""
    return secrets.token_hex(LENGTH // 2)


def print_of(view: ProblemView) -> str:
    """Return a short print of what is asked, so that no answer meets other numbers than its own."""
    asked = [str(view.draw), view.statement, *(f"{one.id} {one.prompt}" for one in view.parts)]
    return sha256("\0".join(asked).encode()).hexdigest()[:LENGTH]


def check_numbers(view: ProblemView, form: Form) -> None:
    """Raise `Conflict` where a form was made for other numbers or another text than *view* has."""
    if not hmac.compare_digest(form.text("asked").encode(), print_of(view).encode()):
        raise Conflict(CHANGED)


def check_person(here: Here, form: Form) -> None:
    """Raise `Conflict` where somebody else has logged in since the page of a form was opened."""
    caller = here.visit.caller
    if form.has("person") and (caller is None or form.text("person") != str(caller.id)):
        raise Conflict(SOMEBODY_ELSE)


def to_keep(
    view: ProblemView, answers: Mapping[str, Typed], *, numbers: Style | None
) -> dict[str, Typed]:
    """Return what of a form is a draft: all that does not stand there as it was handed in last.

    What is cleared is kept as empty, so that the last answer does not come back in its place.
    """
    last = {one.id: one.last.typed if one.last else None for one in view.parts}
    asked = {one.id: one for one in view.parts}
    return {
        part: typed
        for part, typed in answers.items()
        if not looks_same(asked[part], typed, last[part], numbers=numbers)
    }


def save_draft(
    here: Here, where: tuple[UUID, str], answers: Mapping[str, Typed], *, version: str = ""
) -> DraftView:
    """Put *answers* in the place of the draft; `Precondition` where it has another *version*."""
    body = validated(DraftIn, {"answers": answers})
    if_match = f'"v{version}"' if version.isdecimal() else None
    return drafts.put_draft(*where, body, here, Response(), if_match)


def hand_in(
    here: Here, where: tuple[UUID, str], answers: Mapping[str, Typed], *, number: str
) -> None:
    """Hand in *answers* by the form with this *number*; the same ones again change nothing."""
    for part, typed in answers.items():
        if not is_given(typed):
            raise Invalid.of(part, NOTHING)
    body = validated(AnswersIn, {"answers": answers})
    secret = here.visit.member.course.secret if here.visit.member else ""
    key = _key(secret, number, where, answers)
    submissions.submit_waiting(here, *where, Sent(body.answers, key, here.now))


def _key(secret: str, number: str, where: tuple[UUID, str], answers: Mapping[str, Typed]) -> str:
    told = [number, str(where[0]), where[1], sorted(answers.items())]
    canonical = json.dumps(told, ensure_ascii=True, separators=(",", ":"), default=show)
    return hmac.digest(bytes.fromhex(secret), canonical.encode(), "sha256").hex()
