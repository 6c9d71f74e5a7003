"""Flash messages: the next page reports the result of a change."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from fastapi import Query
from fastapi.responses import RedirectResponse

from api.pages.layout.formatting import describe_grade_changes, format_count
from api.schemas.shared.effects import Effect

NO_GRADE_CHANGED: Final = "Saved. No grade changed."
COUNTS_PATTERN: Final = re.compile(r"(\d{1,7})-(\d{1,7})-(\d{1,7})")
OUTCOMES: Final[Mapping[str, str]] = {
    "answers-confirmed": "Answers submitted.",
    "assignment-created": "Assignment created. Choose its problems.",
    "assignment-restored": "Assignment restored. Its submissions count again.",
    "course-connected": "Connected to the course of the learning platform.",
    "course-created": "Course created.",
    "course-copied": "Course copied. This is the copy: its assignments are not published yet. "
    "Check their dates, and add its people.",
    "excuse-saved": "Excused.",
    "excuse-withdrawn": "Excuse withdrawn.",
    "joined": "You have joined the course.",
    "join-code-replaced": "New link and code. The old ones no longer work.",
    "joining-off": "The link and code no longer work.",
    "joining-on": "Students can now join with the link or code.",
    "key-rotated": "Key created.",
    "late-days-refunded": "Late days refunded.",
    "person-added": "Added to the course.",
    "person-changed": "Changes saved.",
    "person-withdrawn": "Withdrawn from the course. All work is kept.",
    "administrator-made": "Made an administrator. All sessions ended.",
    "administrator-withdrawn": "No longer an administrator. All sessions ended.",
    "platform-changed": "Changes saved.",
    "roster-requested": "The roster will be compared in a few seconds. Then reload the page.",
    "platform-registered": "Learning platform registered.",
    "points-set": "Points set by hand.",
    "problems-added": "Problems added.",
    "scores-compared": "Scores compared. Those that differ are sent now.",
    "user-changed": "Changes saved.",
    "user-created": "Account created.",
    "user-invited": "Account created. The invitation is on its way.",
    "user-restored": "Account restored.",
    "user-suspended": "Account suspended. All sessions and tokens ended.",
    "points-withdrawn": "Points by hand withdrawn. The computed points count again.",
}
"""Messages that every page displays at its top, by the word in its address."""
DELETED: Final = "deleted-"
"""Start of the word about a deleted assignment, before its id."""
SavedQuery: TypeAlias = Annotated[str, Query(max_length=60)]
"""Result of a change: a word, the numbers of grades changed, up and down, or both."""


def redirect_with_flash(
    path: str, effect: Effect | None = None, word: str = ""
) -> RedirectResponse:
    """Return a redirect to *path* that reports *word* and the grade changes of *effect*."""
    counts = f"{effect.changed}-{effect.up}-{effect.down}" if effect else ""
    done = ".".join(filter(None, (word, counts))) or "done"
    page, sign, fragment = path.partition("#")
    mark = "&" if "?" in page else "?"
    return RedirectResponse(f"{page}{mark}saved={done}{sign}{fragment}", status_code=303)


def flash_message(saved: str) -> str:
    """Return the message about the previous change, or "" if there was none.

    >>> flash_message("3-2-1"), flash_message("0-0-0"), flash_message("done"), flash_message("")
    ('Saved. 3 grades changed: 2 up, 1 down.', 'Saved. No grade changed.', 'Saved.', '')
    """
    if saved in OUTCOMES or saved.startswith(DELETED):
        return ""
    match = COUNTS_PATTERN.fullmatch(saved)
    if match is None:
        return "Saved." if saved else ""
    changed, up, down = map(int, match.groups())
    if not changed:
        return NO_GRADE_CHANGED
    changes = describe_grade_changes(changed, up, down)
    return f"Saved. {format_count(changed, 'grade')} changed: {changes}."
