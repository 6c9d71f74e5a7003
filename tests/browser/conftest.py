"""A real browser before a real server: Debian's Chromium, and the service on a port of its own.

The tests are skipped where there is no Chromium; `GRADER_TEST_CHROMIUM` names another one.
"""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import templates
import uvicorn
from furnished import furnished
from playwright.sync_api import Browser, sync_playwright
from screens import Screens
from world import World

CHROMIUM = os.environ.get("GRADER_TEST_CHROMIUM") or shutil.which("chromium") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the browser, one for all tests of this process."""
    if not CHROMIUM:
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent("there is no Chromium on this machine (GRADER_TEST_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Served:
    """A world behind a port of this machine."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(world.app, log_config=None, lifespan="off", access_log=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True
        )
        self.thread.start()

    def close(self) -> None:
        """Stop the server, then the service."""
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()
        self.world.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty database with all tables; a test works on a copy."""
    return templates.made_in(tmp_path_factory.mktemp("template"))


def _served(template: Path, folder: Path) -> Served:
    return Served(World(f"sqlite:///{shutil.copyfile(template, folder / 'grader.db')}"))


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """Return a service with nothing in it, behind a port."""
    served = _served(sqlite_template, tmp_path)
    yield served
    served.close()


@pytest.fixture
def screens(chromium: Browser, served: Served) -> Iterator[Screens]:
    """Return what opens pages of *served* in the browser; no page asks another server."""
    screens = Screens(chromium, served.world, served.address)
    yield screens
    screens.close()
    assert screens.elsewhere == []


@pytest.fixture(scope="module")
def tour(
    chromium: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Screens, object]]:
    """Return what opens pages of a course with one of everything, and the scene."""
    served = _served(sqlite_template, tmp_path_factory.mktemp("tour"))
    screens = Screens(chromium, served.world, served.address)
    yield screens, furnished(served.world)
    screens.close()
    served.close()
    assert screens.elsewhere == []
