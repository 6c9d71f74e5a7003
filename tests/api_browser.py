"""Browser clients for the account tests: they keep cookies and send browser headers."""

from typing import Any
from uuid import UUID

from event_loops import use_shared_loop
from fastapi.testclient import TestClient
from world import Person, World

from api.db.models import User

PASSWORD = "three words of mine"  # noqa: S105  # nobody has it but the people of the tests
OTHER_PASSWORD = "four quite other words"  # noqa: S105


class ApiBrowser:
    """Client with its own cookies and IP address."""

    def __init__(self, world: World, address: str = "192.0.2.7") -> None:
        self.client = TestClient(
            world.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False
        )
        use_shared_loop(self.client, address)

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """Send a request as a page of the service does, and return the response."""
        sent = {"Sec-Fetch-Site": "same-origin"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.request(method, f"/api/v1{path}", json=json, headers=sent)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, json: Any = None) -> Any:
        return self.call("POST", path, json)

    def login(self, email: str, password: str = PASSWORD) -> Any:
        return self.post("/login", {"email": email, "password": password})


def get_email(world: World, person: Person | UUID) -> str:
    with world.session() as session:
        return str(session.get_one(User, getattr(person, "id", person)).email)


def set_password(world: World, person: Person, password: str = PASSWORD) -> str:
    """Set a password for a person, and return their email address."""
    with world.session() as session:
        user = session.get_one(User, person.id)
        user.password_hash = world.service.passwords.hash(password)
        return str(user.email)
