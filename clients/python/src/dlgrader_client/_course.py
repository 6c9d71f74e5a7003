"""Courses, assignments and problems of the student who is logged in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional
from urllib.parse import quote, urlencode

from dlgrader_client._connection import Connection
from dlgrader_client._display import display_text
from dlgrader_client._errors import (
    ConnectionFailedError,
    GraderClientError,
    NotLoggedInError,
    RefusedError,
    StorageFailedError,
)
from dlgrader_client._markup import describe_wait
from dlgrader_client._queue import Queue, QueuedAnswers
from dlgrader_client._results import (
    Delivery,
    NotSubmitted,
    Reading,
    SubmissionResult,
)
from dlgrader_client._status import AssignmentStatus, SavedDraft, Status
from dlgrader_client._values import to_answer

PAGE_SIZE = 100
MAX_PAGES = 50
TOO_MANY_REQUESTS = 429
DEADLINE_PASSED = "deadline_passed"


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

    def deliver(self) -> Delivery:
        """Send the queued answers, oldest first, until one cannot be sent."""
        return self._deliver_before("")[0]

    def _deliver_before(self, key: str) -> tuple[Delivery, Optional[GraderClientError]]:
        """Send the queued answers before the entry with *key*, oldest first.

        Returns what became of them, and the error that stopped the delivery, None without one.
        """
        delivered: list[SubmissionResult] = []
        refused: list[tuple[str, str]] = []
        unsent: list[str] = []
        stopped: Optional[GraderClientError] = None
        for entry in self._queue:
            if entry.key == key:
                break
            if stopped is not None:
                unsent.append(entry.name)
                continue
            try:
                delivered.append(replace(self._send(entry), queued_at=entry.queued_at_text))
            except (ConnectionFailedError, NotLoggedInError) as error:
                stopped = error
                unsent.append(entry.name)
            except RefusedError as error:
                kept = entry.set_aside()
                place = "" if kept is None else f" Your answer is kept in {kept}."
                refused.append((entry.name, f"{_explain_refusal(entry, error)}{place}"))
        reason = "" if stopped is None else str(stopped)
        return Delivery(tuple(delivered), tuple(refused), tuple(unsent), reason), stopped

    def _send(self, entry: QueuedAnswers) -> SubmissionResult:
        """Send one entry of the queue, and delete it once the server has stored it.

        A status of 429 refuses the request and not the answer, so it raises
        `ConnectionFailedError` too.
        """
        path = f"{_problem_path(entry.assignment, entry.problem)}/submissions"
        try:
            reply = self._connection.request(
                "POST", path, {"answers": entry.answers}, {"Idempotency-Key": entry.key}
            )
        except RefusedError as error:
            if error.status == TOO_MANY_REQUESTS:
                raise ConnectionFailedError(str(error)) from None
            raise
        result = SubmissionResult.from_json(reply, entry.problem)
        entry.remove()
        return result


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
        problem, name = self._split(part)
        return problem.check(name, value)

    def submit(self, part: str, value: Any) -> SubmissionResult | NotSubmitted:
        """Submit the answer to one part; see `Problem.submit`."""
        problem, name = self._split(part)
        return problem.submit({name: value})

    def draft(self, part: str, value: Any) -> SavedDraft:
        """Save an answer without submitting it; the page of the problem shows it."""
        problem, name = self._split(part)
        return problem.draft({name: value})

    def status(self) -> AssignmentStatus:
        """Return the status of each problem; this opens the problems."""
        rows = tuple(self.problem(name).status() for name in self.problems)
        return AssignmentStatus(self.title, rows)

    def deliver(self) -> Delivery:
        """Send the answers that wait in the queue of the account."""
        return self.account.deliver()

    def _split(self, part: str) -> tuple[Problem, str]:
        problem, slash, name = part.rpartition("/")
        if not slash and len(self.problems) > 1:
            raise GraderClientError(
                f"{self.title} has several problems. Write problem/part; the problems are "
                f"{', '.join(self.problems)}."
            )
        return self.problem(problem), name


class Problem:
    """Problem of an assignment."""

    def __init__(self, account: Account, assignment: str, name: str) -> None:
        self.account, self.assignment, self.name = account, assignment, name
        self._path = _problem_path(assignment, name)

    def __repr__(self) -> str:
        return f"Problem({self.name!r})"

    def check(self, part: str, value: Any) -> Reading:
        """Return how an answer is read; nothing is submitted and no attempt is used."""
        body = {"part": part, "answer": to_answer(value)}
        reply = self.account._connection.request("POST", f"{self._path}/reading", body)
        return Reading.from_json(part, reply)

    def submit(
        self, answers: Optional[Mapping[str, Any]] = None, **more: Any
    ) -> SubmissionResult | NotSubmitted:
        """Submit answers by the names of their parts, and return their results.

        They are written to the queue first, and sent after the answers that are there already. If
        the server does not answer, or answers with an error of its own, they stay there and the
        result is `NotSubmitted`; if it refuses them, they are taken out and the error is raised.
        Raises `StorageFailedError` if they cannot be written to the queue; then nothing is sent.
        """
        account, converted = self.account, _convert_answers(answers, more)
        try:
            entry = account._queue.add(self.assignment, self.name, converted)
        except StorageFailedError as error:
            raise StorageFailedError(f"NOT SUBMITTED: {error}") from None
        delivery, stopped = account._deliver_before(entry.key)
        for name, reason in delivery.refused:
            warnings.warn(
                f"An earlier answer to {name} was refused, NOT SUBMITTED: {reason}", stacklevel=3
            )
        earlier = None if delivery.is_empty else delivery
        if stopped is None:
            try:
                return replace(account._send(entry), earlier=earlier)
            except (ConnectionFailedError, NotLoggedInError) as error:
                stopped = error
            except RefusedError:
                entry.remove()
                _display(earlier)
                raise
        if isinstance(stopped, NotLoggedInError):
            _display(earlier)  # an error has no room for these results
            raise NotLoggedInError(
                f"NOT SUBMITTED: the answer waits in the queue on this machine. {stopped}"
            )
        return NotSubmitted(str(stopped), len(account._queue), earlier)

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
        return Status.from_json(reply, waiting=len(self.account._queue))


def _explain_refusal(entry: QueuedAnswers, error: RefusedError) -> str:
    """Return why a queued answer is refused; after a deadline also when it was queued."""
    if error.code == DEADLINE_PASSED and entry.queued_at_text:
        return f"{error} {describe_wait(entry.queued_at_text)}"
    return str(error)


def _display(delivery: Optional[Delivery]) -> None:
    if delivery is not None:
        display_text(str(delivery), delivery._repr_html_())


def _problem_path(assignment: str, problem: str) -> str:
    return f"/assignments/{quote(assignment, safe='')}/problems/{quote(problem, safe='')}"


def _convert_answers(
    answers: Optional[Mapping[str, Any]], more: Mapping[str, Any]
) -> dict[str, Any]:
    merged = {**(answers or {}), **more}
    if not merged:
        raise GraderClientError("Name at least one part and its answer.")
    return {str(part): to_answer(value) for part, value in merged.items()}


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
