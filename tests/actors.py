"""Who and what acts in a test: a clock that is moved, people with clients, problems by address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        """Move by a `timedelta` of these arguments."""
        self.now += timedelta(**span)
        return self.now


@dataclass
class Person:
    """Somebody with a client of their own, which sends their token."""

    id: UUID
    name: str
    client: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Any:
        """Return the response to GET."""
        return self.client.get(f"/api/v1{path}", **self._with(more))

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to POST."""
        if json is not None:
            more["json"] = json
        return self.client.post(f"/api/v1{path}", **self._with(more))

    def put(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to PUT."""
        return self.client.put(f"/api/v1{path}", json=json, **self._with(more))

    def patch(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to PATCH."""
        return self.client.patch(f"/api/v1{path}", json=json, **self._with(more))

    def delete(self, path: str, **more: Any) -> Any:
        """Return the response to DELETE."""
        return self.client.delete(f"/api/v1{path}", **self._with(more))

    def _with(self, more: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**more, "headers": headers | dict(more.get("headers") or {})}

    def submit(self, where: "Posing", answers: Mapping[str, Any], *, key: str = "") -> Any:
        """Return the response to handing in *answers*."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"{where.path}/submissions", {"answers": dict(answers)}, headers=headers)


@dataclass(frozen=True)
class Posing:
    """A problem in an assignment, as a test names it."""

    assignment: UUID
    id: UUID
    slug: str
    version: UUID

    @property
    def path(self) -> str:
        """The address of the problem below ``/api/v1``."""
        return f"/assignments/{self.assignment}/problems/{self.slug}"
