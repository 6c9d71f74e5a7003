"""Fixtures of the browser tests: Debian's Chromium and a service on its own port.

The tests are skipped if there is no Chromium; `GRADER_TEST_CHROMIUM` names another
binary.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import database_template
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from populated_course import SCENE_SETTINGS, create_populated_course
from scene import Scene
from screens import Screens
from serving import serve_app
from world import World

NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})
CHROMIUM = os.environ.get("GRADER_TEST_CHROMIUM") or shutil.which("chromium") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield the browser, shared by all tests of this process."""
    if not CHROMIUM:
        absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
        absent("there is no Chromium on this machine (GRADER_TEST_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_strict_chromium(chromium: Browser) -> Iterator[Callable[[str], Browser]]:
    """Yield a function that opens a browser which blocks third-party cookies.

    It finds a host where the argument says, whatever certificate that has: ``lms.example
    127.0.0.1:5000``.
    """
    browsers = []

    def open_browser(host: str) -> Browser:
        flags = ["--no-sandbox", "--disable-gpu", "--test-third-party-cookie-phaseout"]
        flags += ["--ignore-certificate-errors", f"--host-resolver-rules=MAP {host}"]
        # The service of a test has a local address, unlike one that another site opens.
        flags += ["--disable-features=LocalNetworkAccessChecks"]
        browsers.append(chromium.browser_type.launch(executable_path=CHROMIUM, args=flags))
        return browsers[-1]

    yield open_browser
    for browser in browsers:
        browser.close()


@dataclass(frozen=True)
class Served:
    """A world and the address at which it is served."""

    world: World
    address: str


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty database with all tables; each test works on a copy."""
    return database_template.create_template(tmp_path_factory.mktemp("template"))


@contextmanager
def _served(
    template: Path, folder: Path, settings: Mapping[str, Any] = NO_SETTINGS
) -> Iterator[Served]:
    database = shutil.copyfile(template, folder / "grader.db")
    world = World(f"sqlite:///{database}", settings=settings)
    with serve_app(world.app, access_log=False) as port:
        yield Served(world, f"http://127.0.0.1:{port}")
    world.close()


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path) -> Iterator[Served]:
    """Yield an empty service on a free port."""
    with _served(sqlite_template, tmp_path) as served:
        yield served


@pytest.fixture
def screens(chromium: Browser, served: Served) -> Iterator[Screens]:
    """Yield an opener of pages of *served*; no page may send requests to another server."""
    screens = Screens(chromium, served.world, served.address)
    yield screens
    screens.close()
    assert screens.elsewhere == []


@pytest.fixture(scope="module")
def tour(
    chromium: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Screens, Scene]]:
    """Yield an opener of pages, and the scene of a fully populated course."""
    folder = tmp_path_factory.mktemp("tour")
    with _served(sqlite_template, folder, SCENE_SETTINGS) as served:
        screens = Screens(chromium, served.world, served.address)
        yield screens, create_populated_course(served.world)
        screens.close()
    assert screens.elsewhere == []


@pytest.fixture(scope="module")
def opened(tour: tuple[Screens, Scene]) -> Callable[[str | None], Page]:
    """Return a function from a person to their browser window, which is reused."""
    screens, scene = tour
    return cache(lambda who: screens.open(scene.people[who] if who else None))
