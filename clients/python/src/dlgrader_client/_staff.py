"""Client for staff: lists of a course, exports to files, and regrades with a dry run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union
from urllib.parse import quote, urlencode

from dlgrader_client._course import pick_row
from dlgrader_client._errors import GraderClientError
from dlgrader_client._markup import BAD, GOOD, NEUTRAL, escape_html, format_count, render_box
from dlgrader_client._results import Displayed

if TYPE_CHECKING:
    from dlgrader_client._connection import Connection

PAGE_SIZE = 200
POLL_SECONDS = 1.0
RUNNING = frozenset({"judging", "applying", "undoing"})
"""Statuses of a regrade in progress."""
CHANGE_VERBS = {
    "ready": "would change",
    "applied": "changed",
    "undone": "had changed; the old grades are restored",
    "cancelled": "would have changed; no grade was changed",
    "failed": "would have changed so far; no grade was changed",
    "stopped": "would change in all; only some were changed",
}


class StaffCourse:
    """Course of a member of its staff; the token needs `read`, and `manage` for regrades."""

    def __init__(self, connection: Connection, course_id: str, title: str) -> None:
        self._connection, self.id, self.title = connection, course_id, title
        self._path = f"/courses/{quote(course_id, safe='')}"

    def __repr__(self) -> str:
        return f"StaffCourse({self.title!r})"

    def people(self, role: str = "") -> list[dict[str, Any]]:
        """Return the people of the course, all or those with a role such as ``student``."""
        return list(self._pages(f"{self._path}/people", {"role": role} if role else {}))

    def assignments(self) -> list[StaffAssignment]:
        """Return the assignments of the course in their order."""
        rows = self._pages(f"{self._path}/assignments", {})
        return [StaffAssignment(self._connection, row) for row in rows]

    def assignment(self, name: str = "") -> StaffAssignment:
        """Return an assignment by its short name, title or id; without a name, the only one."""
        rows = [assignment.row for assignment in self.assignments()]
        row = pick_row(rows, name, ("slug", "title", "id"), "assignment")
        return StaffAssignment(self._connection, row)

    def gradebook(self) -> list[dict[str, Any]]:
        """Return a row for each student: name, e-mail, percent, and a score per assignment.

        The scores are in ``row["scores"]`` by the short names of the assignments. A score is None
        if there is none yet. Pass the rows to `pandas.DataFrame`.
        """
        query, rows = {"limit": str(PAGE_SIZE)}, []
        while True:
            page = self._connection.request("GET", f"{self._path}/gradebook?{urlencode(query)}")
            slugs = [str(column["slug"]) for column in page["columns"]]
            for item in page["items"]:
                scores = (cell["score"] for cell in item["cells"])
                rows.append(
                    {
                        "name": item["name"],
                        "email": item["email"],
                        "percent": item["percent"],
                        "scores": dict(zip(slugs, scores)),
                    }
                )
            if not page.get("next"):
                return rows
            query["cursor"] = page["next"]

    def export(self, form: str, path: Union[str, os.PathLike[str]], *, force: bool = False) -> Path:
        """Write the gradebook to a file: csv, cells, jsonl, canvas, moodle or gradescope.

        The server refuses a file that the other system would misread, unless *force* is set.
        """
        query = "?force=true" if force else ""
        source = f"{self._path}/exports/{quote(form, safe='')}{query}"
        return self._connection.download(source, Path(path))

    def export_submissions(
        self, path: Union[str, os.PathLike[str]], *, pseudonymous: bool = False
    ) -> Path:
        """Write all submissions with their results to a file of JSON lines."""
        query = "?pseudonymous=true" if pseudonymous else ""
        return self._connection.download(f"{self._path}/exports/submissions{query}", Path(path))

    def _pages(self, path: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        return fetch_pages(self._connection, path, filters)


class StaffAssignment:
    """Assignment seen by its staff."""

    def __init__(self, connection: Connection, row: Mapping[str, Any]) -> None:
        self._connection, self.row = connection, row
        self.id, self.title = str(row["id"]), str(row["title"])
        self._path = f"/assignments/{quote(self.id, safe='')}"

    def __repr__(self) -> str:
        return f"StaffAssignment({self.title!r})"

    @property
    def problems(self) -> list[str]:
        """The names of the problems."""
        return [str(row["problem"]) for row in self.row["problems"]]

    def unopened(self) -> list[dict[str, Any]]:
        """Return the students who have not opened any problem of the assignment."""
        return list(fetch_pages(self._connection, f"{self._path}/unopened", {}))

    def regrades(self, problem: str) -> list[Regrade]:
        """Return the regrades of a problem, newest first."""
        rows = fetch_pages(self._connection, self._regrades_path(problem), {})
        return [Regrade(self._connection, row) for row in rows]

    def regrade(
        self,
        problem: str,
        version: Mapping[str, Any],
        *,
        reason: str = "",
        never_lower: bool = False,
    ) -> Regrade:
        """Start the dry run of a regrade of a problem; nothing changes until you apply it.

        *version* is the correction, as in the API: ``{"parts": {"side": {"key": "33"}}}`` changes a
        key, and ``{"source": text}`` replaces the file of the problem.
        """
        body = {"version": dict(version), "reason": reason, "never_lower": never_lower}
        row = self._connection.request("POST", self._regrades_path(problem), body)
        return Regrade(self._connection, row)

    def _regrades_path(self, problem: str) -> str:
        return f"{self._path}/problems/{quote(problem, safe='')}/regrades"


@dataclass(frozen=True, repr=False)
class RegradeChanges(Displayed):
    """How a regrade changes answers and students."""

    status: str
    counts: Mapping[str, int]
    error: str = ""

    def _lines(self) -> list[str]:
        counts = self.counts
        verb = CHANGE_VERBS[self.status]
        answers = (
            f"{format_count(counts['answers_changed'], 'answer')} of {counts['answers']} {verb}"
        )
        moves = f"{counts['up']} up, {counts['down']} down, {counts['review']} to grade"
        students = (
            f"{format_count(counts['students_up'], 'student')} up, {counts['students_down']} down"
        )
        lines = [
            f"Regrade: {self.status}",
            f"  {answers}: {moves}",
            f"  {students}, of {counts['students']}",
        ]
        return [*lines, f"  {self.error}"] if self.error else lines

    def _repr_html_(self) -> str:
        tone = BAD if self.error else GOOD if self.status == "applied" else NEUTRAL
        first, *rest = self._lines()
        return render_box(first, tone, [escape_html(line.strip()) for line in rest])


class Regrade:
    """Regrade of a problem: wait for its dry run, look at the changes, then apply or cancel it."""

    def __init__(self, connection: Connection, row: Mapping[str, Any]) -> None:
        self._connection, self.row = connection, row
        self.id = str(row["id"])
        self._path = f"/regrades/{quote(self.id, safe='')}"

    def __repr__(self) -> str:
        return f"Regrade({self.row['problem']!r}, {self.status})"

    @property
    def status(self) -> str:
        """The status at the last request."""
        return str(self.row["status"])

    def wait(self, timeout_seconds: float = 600.0) -> RegradeChanges:
        """Wait until the server has finished the current step, and return the changes.

        Raises `GraderClientError` after *timeout_seconds*; the regrade continues on the server.
        """
        end = time.monotonic() + timeout_seconds
        while True:
            self.row = self._connection.request("GET", self._path)
            if self.status not in RUNNING:
                return RegradeChanges(self.status, self.row["counts"], str(self.row["error"]))
            if time.monotonic() > end:
                raise GraderClientError(
                    f"The regrade is still {self.status} after {timeout_seconds:g} s. It continues "
                    "on the server: call wait() again."
                )
            time.sleep(POLL_SECONDS)

    def changes(self) -> list[dict[str, Any]]:
        """Return the answers that the regrade changes, with the results before and after."""
        return list(fetch_pages(self._connection, f"{self._path}/changes", {}))

    def apply(self, notice: str = "", *, never_lower: Optional[bool] = None) -> RegradeChanges:
        """Apply the regrade and wait for it; *notice* is shown to the students of the problem."""
        body: dict[str, Any] = {"notice": notice}
        if never_lower is not None:
            body["never_lower"] = never_lower
        return self._post_action_and_wait("apply", body)

    def cancel(self) -> RegradeChanges:
        """Cancel the regrade; what it has already applied stays."""
        return self._post_action_and_wait("cancel", None)

    def undo(self, reason: str = "") -> RegradeChanges:
        """Undo the applied regrade and wait for it."""
        return self._post_action_and_wait("undo", {"reason": reason})

    def _post_action_and_wait(
        self, action: str, body: Optional[Mapping[str, Any]]
    ) -> RegradeChanges:
        self.row = self._connection.request("POST", f"{self._path}/{action}", body)
        return self.wait()


def fetch_pages(
    connection: Connection, path: str, filters: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a list."""
    query = {"limit": str(PAGE_SIZE), **filters}
    while True:
        page = connection.request("GET", f"{path}?{urlencode(query)}")
        yield from page["items"]
        if not page.get("next"):
            return
        query["cursor"] = page["next"]
