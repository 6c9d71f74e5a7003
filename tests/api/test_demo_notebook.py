"""Test of the notebook of `clients/python`, in a kernel, on the assignment of the demo course."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from client_process import CLIENT, PATIENCE, client_environment, confirm_code
from demo_service import running_demo
from nbclient import NotebookClient

from api.demo.plan import OPEN_ASSIGNMENT_SLUG, PLAN
from problems.catalog import ProblemCatalog

CODE = re.compile(r"[B-Z]{4}-[B-Z]{4}")
FEW = {"GRADER_DEMO_STUDENTS": "3", "GRADER_SEEDS": "3", "GRADER_PASSWORD_MEMORY": "8"}


class Reader(NotebookClient):  # type: ignore[misc]
    """Runs a notebook, and confirms the code that it displays as a student does in a browser."""

    def __init__(self, notebook: Any, address: str, login: tuple[str, str], **options: Any) -> None:
        super().__init__(notebook, **options)
        self._address, self._login = address, login
        self.confirmed: list[str] = []

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Confirm the first code in a message of the kernel."""
        found = CODE.search(json.dumps(msg["content"], default=str))
        if found and msg["header"]["msg_type"] != "execute_input" and not self.confirmed:
            confirm_code(self._address, self._login, found[0])
            self.confirmed.append(found[0])
        return super().process_message(msg, cell, cell_index)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """The problems of the assignment that is open in the demo course."""
    bank = tmp_path / "bank"
    bank.mkdir()
    [planned] = [one for one in PLAN if one.slug == OPEN_ASSIGNMENT_SLUG]
    for name in planned.problems:
        shutil.copy(ProblemCatalog().path(name), bank)
    return bank


def test_demo_notebook_logs_in_and_answers_the_assignment(tmp_path, bank, monkeypatch):
    for name, value in client_environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(CLIENT / "examples" / "demo.ipynb", as_version=4)
    with running_demo(tmp_path, GRADER_BANK=str(bank), **FEW) as demo:
        monkeypatch.setenv("DLGRADER_SERVER", demo.address)
        reader = Reader(notebook, demo.address, demo.logins()["student"], timeout=PATIENCE)
        reader.execute()
    assert len(reader.confirmed) == 1
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    _, _, checked, wrong, right, evaluated, status = map(join_html, cells)
    assert "(not submitted)" in checked
    assert "At which positions does a window no longer fit into the map?" in wrong
    assert "stride_1: correct" in right
    assert "stride_2: correct" in evaluated
    assert "stride_2" in status
    assert "gr_api_" not in nbformat.writes(notebook)


def join_html(cell: Any) -> str:
    """Return what a cell displays."""
    return "".join(
        output["data"].get("text/html", "") for output in cell.outputs if "data" in output
    )
