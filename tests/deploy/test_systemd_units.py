"""Tests of the systemd units: they name existing commands, and the tutorial shows their text."""

import re
import shutil
import subprocess
import sys
import tomllib
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer.main
from tutorials import TUTORIALS

from api.cli.grading import app
from api.config.settings import ServiceSettings
from api.config.sources import ENV_PREFIX, FILE_VARIABLE

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "docker" / "systemd").iterdir())
PAGE = (TUTORIALS / "install-for-a-department.md").read_text(encoding="utf-8")
FILE = re.compile(r"^```(?:ini|toml) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = dict(FILE.findall(PAGE))
PROGRAM = "/opt/grader/bin/grader"
CALL = re.compile(rf"(?:{PROGRAM}|-- grader|exec api grader) ((?:[a-z]+ ?)+)")


def read_unit(path: Path) -> RawConfigParser:
    unit = RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


def test_every_command_of_units_and_tutorial_exists():
    text = "\n".join([PAGE, *(path.read_text(encoding="utf-8") for path in UNITS)])
    calls = [match.split() for match in CALL.findall(text)]
    assert {"serve", "backup", "user", "mail", "db", "settings"} == {call[0] for call in calls}
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, *rest in calls:
        group = getattr(commands[name], "commands", None)
        assert group is None or rest[0] in group, (name, rest)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_tutorial_contains_the_whole_unit(path):
    assert FILES[path.name] == path.read_text(encoding="utf-8")


def test_units_set_known_variables():
    for path in UNITS:
        for name, value in read_unit(path).items("Service") if path.suffix == ".service" else ():
            if name == "Environment":
                variable = value.partition("=")[0]
                fields = {ENV_PREFIX + field.upper() for field in ServiceSettings.model_fields}
                assert variable in fields | {FILE_VARIABLE}


def test_timer_starts_the_backup_service():
    names = {path.name for path in UNITS}
    assert names == {"grader.service", "grader-backup.service", "grader-backup.timer"}
    assert read_unit(ROOT / "docker/systemd/grader-backup.timer").has_option("Timer", "OnCalendar")


def test_settings_files_of_the_tutorial_are_valid():
    files = {name: tomllib.loads(text) for name, text in FILES.items() if name.endswith(".toml")}
    assert sorted(files) == ["mail.toml", "postgresql.toml", "settings.toml"]
    for values in files.values():
        ServiceSettings(**files["settings.toml"] | values)


def test_systemd_accepts_the_units(tmp_path):
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("there is no systemd-analyze on this machine")
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [verifier, "verify", *map(str, sorted(tmp_path.iterdir()))],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
