"""The metadata that Gradescope gives with a submission: its authors, and earlier submissions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from api.gradescope.runtime.variants import normalize_email
from grader.json_values import from_json, to_json
from grader.reading import RawAnswer

METADATA_FILE: Final = "submission_metadata.json"
EXTRA_DATA_KEY: Final = "grader"
UNKNOWN_TIME: Final = datetime.min.replace(tzinfo=UTC)
MAX_EARLIER: Final = 500
"""Maximum number of earlier submissions that are graded again; the latest ones count."""

Answers = Mapping[str, Mapping[str, RawAnswer]]
"""Answers as typed, by problem and part."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Whose the submission is, and the answers of the *earlier* submissions, oldest first."""

    student: str
    earlier: tuple[Answers, ...] = ()


def load_metadata(root: Path) -> Metadata:
    """Return the metadata below *root*; raise an exception if they cannot be read."""
    data = json.loads((root / METADATA_FILE).read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError("the metadata of the submission is not an object")
    return Metadata(_find_variant_owner(data), tuple(_find_earlier_answers(data)))


def _find_variant_owner(data: Mapping[str, Any]) -> str:
    """Return the name that decides the numbers.

    Of a group, it is the e-mail address that comes first in the alphabet. A user without an
    address is known by the id.
    """
    users = [user for user in _as_list(data.get("users")) if isinstance(user, dict)]
    emails = [normalize_email(str(user["email"])) for user in users if user.get("email")]
    ids = [f"id:{user['id']}" for user in users if user.get("id") is not None]
    names = sorted(filter(None, emails)) or sorted(ids)
    if not names:
        raise ValueError("the metadata of the submission has no user")
    return names[0]


def _find_earlier_answers(data: Mapping[str, Any]) -> Iterator[Answers]:
    """Yield the answers that earlier runs left in `extra_data`, oldest first."""
    earlier = [one for one in _as_list(data.get("previous_submissions")) if isinstance(one, dict)]
    earlier.sort(key=_parse_submission_time)
    for submission in earlier[-MAX_EARLIER:]:
        answers = _parse_extra_data(submission)
        if answers:
            yield answers


def _parse_submission_time(submission: Mapping[str, Any]) -> datetime:
    """Return when an earlier submission was made; `UNKNOWN_TIME`, the oldest, if it is unreadable.

    The offset from UTC changes within a course, so the text of a time does not give the order.
    """
    try:
        moment = datetime.fromisoformat(submission["submission_time"])
    except (KeyError, TypeError, ValueError):
        return UNKNOWN_TIME
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_extra_data(submission: Mapping[str, Any]) -> Answers:
    """Return the answers of an earlier submission; none if it was graded by something else."""
    try:
        stored = submission["results"]["extra_data"][EXTRA_DATA_KEY]["answers"]
        return {
            str(problem): {str(part): from_json(typed) for part, typed in parts.items()}
            for problem, parts in stored.items()
        }
    except (AttributeError, LookupError, TypeError, ValueError, ZeroDivisionError):
        return {}


def build_extra_data(answers: Answers) -> dict[str, Any]:
    """Return the answers in the form in which the next run finds them."""
    stored = {
        problem: {part: to_json(typed) for part, typed in parts.items()}
        for problem, parts in answers.items()
    }
    return {EXTRA_DATA_KEY: {"answers": stored}}


def _as_list(data: object) -> list[Any]:
    return data if isinstance(data, list) else []
