"""Accounts, courses and assignments of the student who is logged in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Union
from urllib.parse import urlencode

from dlgrader_client._connection import Connection
from dlgrader_client._deliveries import (
    Delivery,
    DeliveryProgress,
    Discarded,
    Interruption,
    NotSubmitted,
    QueueStatus,
)
from dlgrader_client._display import display_result
from dlgrader_client._errors import (
    ConnectionFailedError,
    GraderClientError,
    NotLoggedInError,
    RefusedError,
)
from dlgrader_client._markup import describe_wait
from dlgrader_client._problem import Problem, problem_path
from dlgrader_client._queue import Queue, QueuedAnswers
from dlgrader_client._results import Reading, SubmissionResult
from dlgrader_client._status import AssignmentStatus, SavedDraft

PAGE_SIZE = 100
MAX_PAGES = 50
TOO_MANY_REQUESTS = 429
DEADLINE_PASSED = "deadline_passed"
FORBIDDEN = "forbidden"
"""Code of a refusal of the token or the role, whatever the answer is."""


class Account:
    """Account on a server: its connection, and its queue of answers."""

    def __init__(self, connection: Connection, user_id: str) -> None:
        self._connection = connection
        self._queue = Queue(connection.address, user_id)

    def __repr__(self) -> str:
        return f"Account({self._connection.address!r})"

    def course(self, name: str = "") -> Course:
        """Return a course by its short name, title or id; without a name, the only one."""
        rows = self._connection.request("GET", "/me")["courses"]
        row = pick_row(rows, name, ("slug", "title", "course"), "course")
        return Course(self, str(row["course"]), str(row["title"]))

    def queue(self) -> QueueStatus:
        """Return the queued answers, oldest first; nothing is sent."""
        return QueueStatus(tuple(self._queue))

    def discard(self, entry_id: str) -> Discarded:
        """Delete an answer from the queue by the id that `queue` displays; nothing is sent."""
        for entry in self._queue:
            if entry.id == entry_id:
                entry.remove()
                return Discarded(entry)
        known = ", ".join(entry.id for entry in self._queue) or "no answers"
        raise GraderClientError(f"{entry_id!r} is not in the queue, which has {known}.")

    def deliver(self) -> Delivery:
        """Send the queued answers, oldest first.

        It stops if the server does not answer or is too busy. If the server fails at an answer, the
        later answers to the same problem stay in the queue, and those to other problems are sent.
        """
        with self._display_queue_on_interruption():
            return self._deliver_before("").to_delivery()

    def _deliver_before(self, key: str) -> DeliveryProgress:
        """Send the queued answers before the entry with *key*; return what became of them."""
        progress = DeliveryProgress()
        try:
            for entry in self._queue:
                if entry.key == key:
                    break
                self._deliver_entry(entry, progress)
        except KeyboardInterrupt:
            display_result(progress.to_delivery())
            raise
        return progress

    def _deliver_entry(self, entry: QueuedAnswers, progress: DeliveryProgress) -> None:
        """Send an entry of the queue unless an earlier failure keeps it back."""
        if (obstacle := progress.find_obstacle(entry)) is not None:
            self._queue.failures[entry.key] = str(obstacle)
            progress.unsent.append(entry.name)
            return
        try:
            result = self._send(entry)
            progress.delivered.append(replace(result, queued_at=entry.queued_at_text))
        except (ConnectionFailedError, NotLoggedInError) as error:
            self._queue.failures[entry.key] = str(error)
            progress.add_failure(entry, error)
        except RefusedError as error:
            kept = entry.move_out_of_queue()
            place = "" if kept is None else f" Your answer is kept in {kept}."
            progress.refused.append((entry.name, f"{_explain_refusal(entry, error)}{place}"))

    def _send(self, entry: QueuedAnswers) -> SubmissionResult:
        """Send one entry of the queue, and delete it once the server has stored it.

        A status of 429 refuses the request and not the answer, so it raises
        `ConnectionFailedError` too, as does a response that is not from Grader. A token that may
        not submit raises `NotLoggedInError`.
        """
        path = f"{problem_path(entry.assignment, entry.problem)}/submissions"
        try:
            reply = self._connection.request(
                "POST", path, {"answers": entry.answers}, {"Idempotency-Key": entry.key}
            )
        except RefusedError as error:
            if error.status == TOO_MANY_REQUESTS:
                raise ConnectionFailedError(str(error), error.status) from None
            if (error.status, error.code) == (403, FORBIDDEN):
                raise NotLoggedInError(
                    f"{error} Log in again with an account that may submit; a token needs the "
                    "scope `submit`."
                ) from None
            raise
        if not _is_submission(reply):
            raise ConnectionFailedError(
                f"The response of {self._connection.address} is not a receipt of Grader. A network "
                "login page or another service may have answered: open the address in a browser."
            )
        result = SubmissionResult.from_json(reply, entry.problem)
        entry.remove()
        return result

    @contextmanager
    def _display_queue_on_interruption(self) -> Iterator[None]:
        """If the user interrupts the block, display what is in the queue before it ends."""
        try:
            yield
        except KeyboardInterrupt:
            display_result(Interruption(self.queue()))
            raise


class Course:
    """Course that the student is in."""

    def __init__(self, account: Account, course_id: str, title: str) -> None:
        self.account, self.id, self.title = account, course_id, title

    def __repr__(self) -> str:
        return f"Course({self.title!r})"

    def assignments(self) -> list[Assignment]:
        """Return the assignments of the course, open ones first."""
        query = {"course": self.id, "limit": str(PAGE_SIZE)}
        rows: list[Any] = []
        for _ in range(MAX_PAGES):
            reply = self.account._connection.request("GET", f"/me/assignments?{urlencode(query)}")
            rows += reply["items"]
            if not reply.get("next"):
                break
            query["cursor"] = reply["next"]
        return [Assignment(self.account, row) for row in rows]

    def assignment(self, name: str = "") -> Assignment:
        """Return an assignment by its short name, title or id; without a name, the only one."""
        rows = [assignment.row for assignment in self.assignments()]
        row = pick_row(rows, name, ("slug", "title", "id"), "assignment")
        return Assignment(self.account, row)


class Assignment:
    """Assignment; a part is named ``problem/part``, or ``part`` if there is only one problem."""

    def __init__(self, account: Account, row: Mapping[str, Any]) -> None:
        self.account, self.row = account, row
        self.id, self.title = str(row["id"]), str(row["title"])

    def __repr__(self) -> str:
        return f"Assignment({self.title!r}, problems: {', '.join(self.problems)})"

    @property
    def problems(self) -> list[str]:
        """The names of the problems."""
        return [str(row["problem"]) for row in self.row["problems"]]

    def problem(self, name: str = "") -> Problem:
        """Return a problem by its name or title; without a name, the only one."""
        row = pick_row(self.row["problems"], name, ("problem", "title"), "problem")
        return Problem(self.account, self.id, str(row["problem"]))

    def check(self, part: str, value: Any) -> Reading:
        """Return how an answer is read; nothing is submitted and no attempt is used."""
        problem, name = self._split_part_name(part)
        return problem.check(name, value)

    def submit(self, part: str, value: Any) -> Union[SubmissionResult, NotSubmitted]:
        """Submit the answer to one part; see `Problem.submit`."""
        problem, name = self._split_part_name(part)
        return problem.submit({name: value})

    def draft(self, part: str, value: Any) -> SavedDraft:
        """Save an answer without submitting it; the page of the problem shows it."""
        problem, name = self._split_part_name(part)
        return problem.draft({name: value})

    def status(self) -> AssignmentStatus:
        """Return the status of each problem; this opens the problems."""
        rows = tuple(self.problem(name).status() for name in self.problems)
        return AssignmentStatus(self.title, rows)

    def deliver(self) -> Delivery:
        """Send the answers that wait in the queue of the account; see `Account.deliver`."""
        return self.account.deliver()

    def queue(self) -> QueueStatus:
        """Return the answers that wait in the queue of the account, oldest first."""
        return self.account.queue()

    def discard(self, entry_id: str) -> Discarded:
        """Delete an answer from the queue by the id that `queue` displays; nothing is sent."""
        return self.account.discard(entry_id)

    def _split_part_name(self, part: str) -> tuple[Problem, str]:
        problem, slash, name = part.rpartition("/")
        if not slash and len(self.problems) > 1:
            raise GraderClientError(
                f"{self.title} has several problems. Write problem/part; the problems are "
                f"{', '.join(self.problems)}."
            )
        return self.problem(problem), name


def _is_submission(reply: Any) -> bool:
    """Return whether the response to an answer proves that Grader stored it: it has the receipt."""
    return (
        isinstance(reply, dict) and bool(reply.get("id")) and isinstance(reply.get("receipt"), dict)
    )


def _explain_refusal(entry: QueuedAnswers, error: RefusedError) -> str:
    """Return why a queued answer is refused; after a deadline also when it was queued."""
    if error.code == DEADLINE_PASSED and entry.queued_at_text:
        return f"{error} {describe_wait(entry.queued_at_text)}"
    return str(error)


def pick_row(rows: list[Any], name: str, keys: tuple[str, ...], noun: str) -> Any:
    """Return the row that *name* means by the first of *keys* that fits; "" is the only row."""
    if not name and len(rows) == 1:
        return rows[0]
    for key in keys:
        fitting = [row for row in rows if str(row[key]) == name]
        if len(fitting) == 1:
            return fitting[0]
    known = ", ".join(str(row[keys[0]]) for row in rows) or "none"
    if name:
        raise GraderClientError(f"{name!r} is not the name of one {noun}. You have: {known}.")
    raise GraderClientError(f"Name one {noun}. You have: {known}.")
