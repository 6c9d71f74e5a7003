"""Test actors: a manual clock, people with API clients, and assigned problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """Clock that moves only when a test advances it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        """Move the clock by ``timedelta(**span)``, and return the new time."""
        self.now += timedelta(**span)
        return self.now


@dataclass
class Person:
    """Person with their own API client, which sends their token."""

    id: UUID
    name: str
    client: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(f"/api/v1{path}", **self._with(more))

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        if json is not None:
            more["json"] = json
        return self.client.post(f"/api/v1{path}", **self._with(more))

    def put(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.client.put(f"/api/v1{path}", json=json, **self._with(more))

    def patch(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.client.patch(f"/api/v1{path}", json=json, **self._with(more))

    def delete(self, path: str, **more: Any) -> Any:
        return self.client.delete(f"/api/v1{path}", **self._with(more))

    def _with(self, more: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**more, "headers": headers | dict(more.get("headers") or {})}

    def submit(
        self, where: "ProblemReference", answers: Mapping[str, Any], *, key: str = ""
    ) -> Any:
        """Submit *answers* to a problem, and return the response."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"{where.path}/submissions", {"answers": dict(answers)}, headers=headers)


@dataclass(frozen=True)
class ProblemReference:
    """Problem in an assignment, as tests refer to it."""

    assignment: UUID
    id: UUID
    slug: str
    version: UUID

    @property
    def path(self) -> str:
        """Path of the problem below ``/api/v1``."""
        return f"/assignments/{self.assignment}/problems/{self.slug}"
