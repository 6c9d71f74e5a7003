"""Test of an upgrade from one wheel to the next, which has a new migration: the data is kept."""

import re
import shutil
import sqlite3
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

import httpx2
import pytest
from deploy.installed import install_wheel, read_until, serving
from deploy.test_release import EPOCH, copy_tree, release

from problems.catalog import ProblemCatalog

NEXT_VERSION = "0.2.0"
MIGRATION = '''"""A table of the next version."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    op.create_table("next_version", sa.Column("id", sa.Integer(), primary_key=True))
'''


@pytest.fixture
def next_wheel(tmp_path: Path) -> Path:
    """Build the wheel of a next version, which adds a table, from a copy of the tree."""
    tree = tmp_path / "next"
    tree.mkdir()
    copy_tree(tree)
    project = tree / "pyproject.toml"
    text = re.sub(
        r'(?m)^version = ".*"', f'version = "{NEXT_VERSION}"', project.read_text(), count=1
    )
    project.write_text(text)
    versions = tree / "migrations" / "versions"
    head = max(path.stem for path in versions.glob("0*.py")).partition("_")[0]
    (versions / "9999_next.py").write_text(MIGRATION.format(head=head))
    return release.build_wheel(tree, tmp_path, epoch=EPOCH)


class Student:
    """Student of the demo course, a client of the service that just started."""

    def __init__(self, output: IO[str]) -> None:
        line = read_until(output, r"^(curl .*/me/assignments)$")
        name, _, token = line.split("'")[3].partition(": ")
        self._prefix = urlsplit(line.split()[-1]).path.removesuffix("/me/assignments")
        address = line.split()[-1].removesuffix(f"{self._prefix}/me/assignments")
        self.client = httpx2.Client(base_url=address, headers={name: token}, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def read(self, path: str) -> dict[str, Any]:
        """Return the JSON of a resource of the API."""
        return self.client.get(f"{self._prefix}{path}").raise_for_status().json()

    def send(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post *body* to a resource of the API and return the JSON of the response."""
        return self.client.post(f"{self._prefix}{path}", json=body).raise_for_status().json()


def submit(student: Student) -> tuple[str, dict[str, Any]]:
    """Submit an answer to the first problem; return the path of the receipt, and the receipt."""
    assignment = student.read("/me/assignments")["items"][0]
    problem = f"/assignments/{assignment['id']}/problems/{assignment['problems'][0]['problem']}"
    answers = {student.read(problem)["parts"][0]["id"]: "1"}
    reply = student.send(f"{problem}/submissions", {"answers": answers})
    receipt = f"/receipts/{reply['id']}"
    return receipt, student.read(receipt)


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "grader.db")) as database:
        return database.execute(statement).fetchall()


def test_upgrade_keeps_submissions_grades_and_accounts(wheel_file, next_wheel, tmp_path):
    bank = tmp_path / "bank"
    bank.mkdir()
    for name in ("conv-output-shape", "conv2d-by-hand", "max-pool-invariance"):
        shutil.copy(ProblemCatalog().path(name), bank)
    few = {"GRADER_DEMO_STUDENTS": "3", "GRADER_SEEDS": "3", "GRADER_PASSWORD_MEMORY": "8"}
    installed = install_wheel(wheel_file, tmp_path / "venv")
    with (
        serving(installed, tmp_path, "--demo", GRADER_BANK=str(bank), **few) as output,
        Student(output) as student,
    ):
        path, receipt = submit(student)
        profile = student.read("/me")
    before = query(tmp_path, "SELECT * FROM grades")
    scores = [Fraction(score) for (score,) in query(tmp_path, "SELECT score FROM grades")]
    assert len(scores) >= 3  # of each student of the demo
    assert len(set(scores)) > 1
    assert max(scores) > 0

    install_wheel(next_wheel, tmp_path / "venv")
    printed = installed.run("grader", "--version", folder=tmp_path)
    assert printed.startswith(f"grader {NEXT_VERSION}, engine ")
    with (
        serving(installed, tmp_path, "--demo", GRADER_BANK=str(bank), **few) as output,
        Student(output) as student,  # a demo makes new tokens at each start
    ):
        assert student.client.get("/healthz").json()["version"] == NEXT_VERSION
        assert (student.read(path), student.read("/me")) == (receipt, profile)
    assert query(tmp_path, "SELECT * FROM grades") == before
    assert query(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert query(tmp_path, "SELECT count(*) FROM next_version") == [(0,)]
