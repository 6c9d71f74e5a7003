"""Problems of an assignment: answers checked, submitted and saved."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional, Union
from urllib.parse import quote

from dlgrader_client._deliveries import NotSubmitted
from dlgrader_client._display import display_result
from dlgrader_client._errors import (
    ConnectionFailedError,
    GraderClientError,
    NotLoggedInError,
    RefusedError,
    StorageFailedError,
)
from dlgrader_client._queue import QueuedAnswers
from dlgrader_client._results import Reading, SubmissionResult
from dlgrader_client._status import SavedDraft, Status
from dlgrader_client._values import to_answer

if TYPE_CHECKING:
    from dlgrader_client._course import Account


class Problem:
    """Problem of an assignment."""

    def __init__(self, account: Account, assignment: str, name: str) -> None:
        self.account, self.assignment, self.name = account, assignment, name
        self._path = problem_path(assignment, name)

    def __repr__(self) -> str:
        return f"Problem({self.name!r})"

    def check(self, part: str, value: Any) -> Reading:
        """Return how an answer is read; nothing is submitted and no attempt is used."""
        body = {"part": part, "answer": to_answer(value)}
        reply = self.account._connection.request("POST", f"{self._path}/reading", body)
        return Reading.from_json(part, reply)

    def submit(
        self, answers: Optional[Mapping[str, Any]] = None, **more: Any
    ) -> Union[SubmissionResult, NotSubmitted]:
        """Submit answers by the names of their parts, and return their results.

        The answers are first written to the queue, and sent after earlier ones. If the server does
        not answer or fails, they stay in the queue, and the result is `NotSubmitted`. If you
        interrupt this method, they stay there too, and it displays the queue. If the server refuses
        them, they are removed and the error is raised.

        Raises `StorageFailedError` if they cannot be written to the queue; then nothing is sent.
        """
        account, converted = self.account, _convert_answers(answers, more)
        with account._display_queue_on_interruption():
            try:
                entry = account._queue.add(self.assignment, self.name, converted)
            except StorageFailedError as error:
                raise StorageFailedError(f"NOT SUBMITTED: {error}") from None
            return self._send_after_queue(entry)

    def _send_after_queue(self, entry: QueuedAnswers) -> SubmissionResult | NotSubmitted:
        """Send the answers that are in the queue before *entry*, and then *entry*."""
        progress = self.account._deliver_before(entry.key)
        delivery = progress.to_delivery()
        for name, reason in delivery.refused:
            warnings.warn(
                f"An earlier answer to {name} was refused, NOT SUBMITTED: {reason}", stacklevel=4
            )
        earlier = None if delivery.is_empty else delivery
        stopped = progress.find_obstacle(entry)
        if stopped is None:
            try:
                return replace(self.account._send(entry), earlier=earlier)
            except (ConnectionFailedError, NotLoggedInError) as error:
                stopped = error
            except RefusedError:
                entry.remove()
                display_result(earlier)
                raise
            except KeyboardInterrupt:
                display_result(earlier)
                raise
        self.account._queue.failures[entry.key] = str(stopped)
        if isinstance(stopped, NotLoggedInError):
            display_result(earlier)  # an error has no room for these results
            raise NotLoggedInError(
                f"NOT SUBMITTED: the answer waits in the queue on this machine. {stopped}"
            )
        return NotSubmitted(str(stopped), len(self.account._queue), earlier)

    def draft(self, answers: Optional[Mapping[str, Any]] = None, **more: Any) -> SavedDraft:
        """Save answers without submitting them, beside those that the draft has already."""
        converted = _convert_answers(answers, more)
        connection = self.account._connection
        draft, etag = connection.request_with_etag("GET", f"{self._path}/draft")
        saved = {part: answer for part, answer in draft["answers"].items() if answer is not None}
        body = {"answers": {**saved, **converted}}
        connection.request("PUT", f"{self._path}/draft", body, {"If-Match": etag or "*"})
        return SavedDraft(self.name, tuple(converted))

    def numbers(self) -> dict[str, Any]:
        """Return the student's own numbers of the problem by name; this opens it.

        Arrays are nested lists, and fractions are text such as ``1/3``.
        """
        reply = self.account._connection.request("GET", self._path)
        return {str(number["name"]): number["value"] for number in reply["numbers"]}

    def status(self) -> Status:
        """Return the status of the problem; this opens it."""
        reply = self.account._connection.request("GET", self._path)
        own = (self.assignment, self.name)
        waiting = sum((entry.assignment, entry.problem) == own for entry in self.account._queue)
        return Status.from_json(reply, waiting=waiting)


def problem_path(assignment: str, problem: str) -> str:
    """Return the path of a problem below ``/api/v1``."""
    return f"/assignments/{quote(assignment, safe='')}/problems/{quote(problem, safe='')}"


def _convert_answers(
    answers: Optional[Mapping[str, Any]], more: Mapping[str, Any]
) -> dict[str, Any]:
    merged = {**(answers or {}), **more}
    if not merged:
        raise GraderClientError("Name at least one part and its answer.")
    return {str(part): to_answer(value) for part, value in merged.items()}
