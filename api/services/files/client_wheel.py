"""Wheel of `clients/python`, which the service offers for download and a release publishes."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from api.core.cache import cache_once
from api.services.files.wheels import build_wheel

TAG: Final = "py3-none-any"
PACKAGE_SUFFIXES: Final = (".py", ".typed")
WHEEL_FILE: Final = f"""\
Wheel-Version: 1.0
Generator: dlgrader
Root-Is-Purelib: true
Tag: {TAG}
"""


@dataclass(frozen=True, slots=True)
class ClientWheel:
    """A wheel: its file name, version and content, and the SHA-256 of the content in hex."""

    name: str
    version: str
    content: bytes
    digest: str


@cache_once
def load_client_wheel() -> ClientWheel:
    """Return the wheel of the client of this version: the same bytes wherever it is packed.

    It is packed from the sources, which the wheel of the service contains. hatchling builds a
    wheel with the same modules, and is no dependency of the service.
    """
    root = _find_sources()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    readme = (root / str(project["readme"])).read_text(encoding="utf-8")
    entries = [
        *_iterate_modules(root / "src"),
        (f"{info}/METADATA", _render_metadata(project, readme).encode()),
        (f"{info}/WHEEL", WHEEL_FILE.encode()),
    ]
    content = build_wheel(entries, dist_info_folder=info, compress=False)
    return ClientWheel(
        f"{stem}-{TAG}.whl",
        str(project["version"]),
        content,
        hashlib.sha256(content).hexdigest(),
    )


def _find_sources() -> Path:
    """Return the folder of the client: in the wheel of the service, or in the checkout."""
    packaged = Path(str(files("api"))) / "web" / "client"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "clients" / "python"


def _iterate_modules(source: Path) -> Iterator[tuple[str, bytes]]:
    for path in source.rglob("*"):
        if path.suffix in PACKAGE_SUFFIXES:
            yield path.relative_to(source).as_posix(), path.read_bytes()


def _render_metadata(project: dict[str, Any], readme: str) -> str:
    """Return the core metadata of a *project* without dependencies."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join([*lines, "", readme])
