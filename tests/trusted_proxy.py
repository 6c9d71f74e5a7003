"""A campus whose trusted proxy names the users: its settings, requests through it, and logins."""

import json
from typing import Any

from event_loops import use_shared_loop
from pages import Browser, Page
from world import World

from api.config.login_header import SOCKET_PEER

PROXY = "10.0.0.5"
HEADER = f"X-Remote-User: {PROXY}, 10.1.0.0/16"
BY_PROXY = {"login_header": HEADER, "new_accounts": ("example.edu",)}


def from_peer(app: Any, peer: str) -> Any:
    """Return *app* as it is reached through a socket whose peer is *peer*."""

    async def reached(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"state": {SOCKET_PEER: peer}}, receive, send)

    return reached


def set_peer(world: World, peer: str) -> None:
    """Let all further requests of *world* come through a socket whose peer is *peer*."""
    world.client.app = from_peer(world.app, peer)
    use_shared_loop(world.client)


def start_campus(database_url: str, peer: str = PROXY, **settings: Any) -> World:
    """Return a service with *settings* that is reached through a trusted proxy."""
    world = World(database_url, settings=BY_PROXY | settings)
    set_peer(world, peer)
    return world


def log_in(browser: Browser, user: str | bytes, **fields: str) -> Page:
    """Log in as the proxy names *user*, and return the response."""
    return browser.post("/login/proxy", fields, headers={"X-Remote-User": user})


def me(browser: Browser, **headers: str) -> str | int:
    """Return the address of the account that *browser* uses, or the status of the refusal."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    page = browser.get("/api/v1/me", headers={"Accept": "application/json"} | named)
    return str(json.loads(page.source)["email"]) if page.status == 200 else page.status
