"""Browsers for the tests of accounts: clients that keep cookies and send what browsers send."""

from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from loop import ask_in_one_turn
from world import Person, World

from api.db.models import User

PASSWORD = "three words of mine"  # noqa: S105  # nobody has it but the people of the tests
OTHER = "four quite other words"


class Browser:
    """A browser at an address, with its cookies."""

    def __init__(self, world: World, address: str = "192.0.2.7") -> None:
        self.client = TestClient(
            world.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False
        )
        ask_in_one_turn(self.client, address)

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """Return the response to a request as a page of the service sends it."""
        sent = {"Sec-Fetch-Site": "same-origin"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.request(method, f"/api/v1{path}", json=json, headers=sent)

    def get(self, path: str) -> Any:
        """Return the response to GET."""
        return self.call("GET", path)

    def post(self, path: str, json: Any = None) -> Any:
        """Return the response to POST."""
        return self.call("POST", path, json)

    def login(self, email: str, password: str = PASSWORD) -> Any:
        """Return the response to logging in."""
        return self.post("/login", {"email": email, "password": password})


def email_of(world: World, person: Person | UUID) -> str:
    """Return the e-mail address of somebody."""
    with world.session() as session:
        return str(session.get_one(User, getattr(person, "id", person)).email)


def with_password(world: World, person: Person, password: str = PASSWORD) -> str:
    """Give somebody a password, and return their e-mail address."""
    with world.session() as session:
        user = session.get_one(User, person.id)
        user.password_hash = world.service.passwords.hash(password)
        return str(user.email)
