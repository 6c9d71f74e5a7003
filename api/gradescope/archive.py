"""The archive for Gradescope: scripts, engine, problems, configuration and wheels."""

import ast
import io
import secrets
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from api.core.errors import FileError
from api.gradescope.assignments import ArchiveSource, SourceProblem
from api.gradescope.runtime.configuration import (
    CONFIGURATION_FILE,
    PROBLEMS_FOLDER,
    ArchiveProblem,
    Configuration,
    parse_configuration,
)
from api.gradescope.scripts import ENGINE_PROGRAM, render_run_script, render_setup_script
from api.services.files.zip_entries import PROGRAM_MODE, add_entry
from problems.files.loader import load_problem_as_file
from problems.publish import publish_problem
from problems.registry import REGISTRY

ENGINE: Final = "engine"
"""Folder of the archive with our code, the configuration and the problems."""
RUNTIME: Final = "api.gradescope.runtime.main"
WHOLE_PACKAGES: Final = ("grader", "problems")
SECRET_BYTES: Final = 32


def find_secret(archive: Path, secret_file: Path | None) -> str:
    """Return the secret of *secret_file*, else of the archive that is there, else a new one.

    So an archive that is made again under its name gives every student the same numbers.
    """
    if secret_file is not None:
        return _read_secret(secret_file)
    if not archive.exists():
        return secrets.token_hex(SECRET_BYTES)
    try:
        with ZipFile(archive) as earlier:
            text = earlier.read(f"{ENGINE}/{CONFIGURATION_FILE}").decode()
        return parse_configuration(text).secret
    except (BadZipFile, KeyError, OSError, TypeError, ValueError) as error:
        raise FileError(
            f"{archive} exists and is not an archive of `grader gradescope`. Name another file"
        ) from error


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"{path} has no readable secret. `grader secret {path}` creates one"
        ) from error
    if len(secret) < SECRET_BYTES // 2:
        raise FileError(f"the secret in {path} is too short. `grader secret FILE` creates one")
    return secret


def build_configuration(
    source: ArchiveSource, secret: str, *, seeds: int
) -> tuple[Configuration, dict[str, str]]:
    """Return the configuration of an archive and the files of its problems by id."""
    texts: dict[str, str] = {}
    entries = []
    for entry in source.problems:
        if texts.setdefault(entry.problem, entry.text) != entry.text:
            raise FileError(f"the assignment has two versions of {entry.problem}. Keep one")
        entries.append(
            ArchiveProblem(
                entry.name, entry.problem, entry.points, _publish_seeds(entry, source, seeds)
            )
        )
    configuration = Configuration(
        title=source.title,
        secret=secret,
        problems=tuple(entries),
        variants=source.variants,
        visibility=source.visibility,
        attempts=source.attempts,
        by_attempt=source.by_attempt,
        numbers=source.numbers,
    )
    return configuration, texts


def _publish_seeds(entry: SourceProblem, source: ArchiveSource, limit: int) -> tuple[int, ...]:
    """Return the seeds that students may get; none if all have the textbook's numbers."""
    problem = load_problem_as_file(entry.text, Path(f"{entry.problem}.yaml"))
    if source.variants != "original":
        return publish_problem(problem, REGISTRY, limit=limit).report.seeds
    if not problem.has_original:
        raise FileError(f"{entry.problem} has no original numbers. Use --variants shared")
    return ()


def build_archive(
    configuration: Configuration,
    texts: Mapping[str, str],
    wheels: Mapping[str, Mapping[str, bytes]],
) -> bytes:
    """Return the archive: the same bytes for the same arguments.

    *texts* has the files of the problems by id, *wheels* those of each Python version by file name.
    """
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, script in (
            ("setup.sh", render_setup_script(tuple(wheels))),
            ("run_autograder", render_run_script()),
        ):
            add_entry(archive, name, script.encode(), mode=PROGRAM_MODE)
        add_entry(archive, f"{ENGINE}/__main__.py", ENGINE_PROGRAM.encode())
        add_entry(archive, f"{ENGINE}/{CONFIGURATION_FILE}", configuration.to_text().encode())
        for problem, text in sorted(texts.items()):
            add_entry(archive, f"{ENGINE}/{PROBLEMS_FOLDER}/bank/{problem}.yaml", text.encode())
        for path, content in sorted(_iterate_engine_files()):
            add_entry(archive, f"{ENGINE}/{path}", content)
        for version, contents in wheels.items():
            for wheel, content in sorted(contents.items()):
                add_entry(archive, f"wheels/{version}/{wheel}", content)
    return buffer.getvalue()


def _iterate_engine_files() -> Iterator[tuple[str, bytes]]:
    """Yield the paths and contents of the modules that the runtime needs."""
    for package in WHOLE_PACKAGES:
        root = Path(str(files(package)))
        for path in root.rglob("*.py"):
            yield f"{package}/{path.relative_to(root).as_posix()}", path.read_bytes()
    api_root = Path(str(files("api")))
    for path in _find_imported_modules(api_root):
        yield f"api/{path.relative_to(api_root).as_posix()}", path.read_bytes()


def _find_imported_modules(api_root: Path) -> set[Path]:
    """Return the modules of `api` that the runtime imports, with the packages around them."""
    modules: set[Path] = set()
    waiting = [RUNTIME]
    while waiting:
        pieces = waiting.pop().split(".")[1:]
        for end in range(len(pieces) + 1):
            base = api_root.joinpath(*pieces[:end])
            path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
            if path.is_file() and path not in modules:
                modules.add(path)
                waiting += _find_api_imports(path)
    return modules


def _find_api_imports(path: Path) -> Iterator[str]:
    """Yield the dotted names below `api` that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "api":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
