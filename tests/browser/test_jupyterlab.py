"""Test of `clients/python` in JupyterLab: login by code, hints, and a killed kernel."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from actors import FakeClock
from api_browser import PASSWORD, set_password
from client_process import (
    PATIENCE,
    client_environment,
    find_free_port,
    serving,
)
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from world import World

from api.db.models import Assignment, Course, Submission

UV = Path(sys.executable).with_name("uv")
JUPYTERLAB = "jupyterlab>=4.4,<5"
CELLS = (
    (
        "import dlgrader_client as grader\n"
        "hw = grader.use(grader.login('{address}', course='{slug}').assignment('squares'))"
    ),
    "hw.submit('cells', 81)",
    "hw.submit('cells', 9)",
    "hw.submit('doubled', 18)",
    "import os; os.kill(os.getpid(), 9)",
    "hw.deliver()",
    "hw.deliver()",
)
LOG_IN, WRONG, RIGHT, QUEUED, KILL, DELIVER, AGAIN = range(len(CELLS))


@contextmanager
def running_jupyterlab(folder: Path) -> Iterator[str]:
    """Yield the address of a JupyterLab over *folder*, with the client on its path."""
    port = find_free_port()
    command = [str(UV), "run", "--no-project", "--quiet", "--python", sys.executable]
    command += ["--with", JUPYTERLAB, "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--IdentityProvider.token=", f"--notebook-dir={folder}"]
    log = (folder / "jupyter.log").open("w")
    with log, subprocess.Popen(command, env=environment(folder), stdout=log, stderr=log) as process:
        try:
            wait_for(port, process, folder / "jupyter.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of JupyterLab: all that it stores is in *folder*."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    return client_environment(folder) | {name: str(folder / ".jupyter") for name in names}


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until something listens at *port*; skip where JupyterLab cannot be installed."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    absent = pytest.fail if os.environ.get("GRADER_TEST_ALL") else pytest.skip
    absent(f"JupyterLab does not start here: {log.read_text()[-300:]}")


def write_notebook(path: Path, address: str, slug: str) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": source.format(address=address, slug=slug),
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def stored_replies(url: str) -> list[tuple[str, str]]:
    """Return the part and the hint of each submission that the server has stored, oldest first."""
    engine = create_engine(url)
    with Session(engine) as session:
        replies = session.scalars(select(Submission.reply).order_by(Submission.received_at)).all()
    engine.dispose()
    results = [result for reply in replies for result in reply["results"]]
    return [(result["part"], result["feedback"]) for result in results if result["read_as"]]


def count_answers(url: str, part: str) -> int:
    return [name for name, _ in stored_replies(url)].count(part)


class Notebook:
    """The notebook on the page of JupyterLab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait_for_kernel(self) -> None:
        """Wait until the kernel can run a cell."""
        status = self.page.locator("#jp-main-statusbar")
        expect(status).to_contain_text("| Idle", timeout=PATIENCE * 1000)

    def run(self, number: int) -> None:
        """Run a cell, without waiting for it."""
        self.page.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def save(self, path: Path, text: str) -> str:
        """Save the notebook, and return the file once it contains *text*."""
        self.page.keyboard.press("Control+s")
        end = time.monotonic() + PATIENCE
        while text not in (saved := path.read_text(encoding="utf-8")):
            assert time.monotonic() < end, "the notebook was not saved"
            time.sleep(0.2)
        return saved

    def expect(self, number: int, text: str) -> None:
        """Wait until the output of a cell contains *text*."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)
        expect(cell.locator(".jp-OutputArea")).to_contain_text(text, timeout=PATIENCE * 1000)


def log_in_with_the_code(browser: Browser, link: str, email: str) -> None:
    """Confirm the login of the notebook in another window, as a student does."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(link)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("main")).to_contain_text("logged in")
    page.close()


def test_student_submits_answers_from_jupyterlab(
    chromium: Browser, sqlite_template: Path, tmp_path: Path
):
    url = f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'grader.db')}"
    world = World(url, clock=FakeClock(datetime.now(UTC)))
    course = world.course()
    email = set_password(world, world.enrol(course))
    [assigned] = world.assignment(course, results="at_once", attempts=9)
    with world.session() as session:
        session.get_one(Assignment, assigned.assignment).slug = "squares"
        slug = session.get_one(Course, course).slug
    world.close()
    home, port = tmp_path / "home", find_free_port()
    home.mkdir()
    write_notebook(home / "homework.ipynb", f"http://127.0.0.1:{port}", slug)
    with running_jupyterlab(home) as jupyter:
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        with serving(tmp_path, url, port):
            page.goto(f"{jupyter}/lab/tree/homework.ipynb?reset")
            notebook = Notebook(page)
            notebook.wait_for_kernel()
            notebook.run(LOG_IN)
            link = page.locator(".jp-OutputArea a[href*='/device']")
            log_in_with_the_code(chromium, str(link.get_attribute("href")), email)
            notebook.run(WRONG)
            notebook.expect(WRONG, "incorrect")
            [(_, hint)] = stored_replies(url)
            assert hint.endswith("?")
            notebook.expect(WRONG, f"Hint: {hint}")
            notebook.run(RIGHT)
            notebook.expect(RIGHT, "cells: correct")
        notebook.run(QUEUED)
        notebook.expect(QUEUED, "NOT SUBMITTED")
        saved = notebook.save(home / "homework.ipynb", "NOT SUBMITTED")
        assert "gr_api_" not in saved
        assert count_answers(url, "doubled") == 0
        with serving(tmp_path, url, port):
            notebook.run(KILL)
            page.get_by_role("button", name="Ok").click(timeout=PATIENCE * 1000)
            notebook.run(LOG_IN)
            notebook.run(DELIVER)
            notebook.expect(DELIVER, "1 queued answer delivered.")
            notebook.run(AGAIN)
            notebook.expect(AGAIN, "0 queued answers delivered.")
        saved = notebook.save(home / "homework.ipynb", "0 queued answers delivered.")
        assert "gr_api_" not in saved
        page.close()
    assert count_answers(url, "doubled") == 1
