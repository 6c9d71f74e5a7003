"""Distributions that pip installs with a wheel, from the metadata of this environment."""

from collections.abc import Iterator
from email import message_from_bytes
from importlib import metadata
from itertools import product
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PLATFORMS = (
    ("linux", "Linux", "posix", "x86_64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("win32", "Windows", "nt", "AMD64"),
    ("emscripten", "Emscripten", "posix", "wasm32"),
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def list_environments() -> Iterator[dict[str, str]]:
    """Yield the environments of packages in which the wheel may be installed."""
    for (system, name, family, machine), version in product(PLATFORMS, PYTHONS):
        yield {
            "sys_platform": system,
            "platform_system": name,
            "os_name": family,
            "platform_machine": machine,
            "python_version": version,
            "python_full_version": f"{version}.0",
        }


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Return whether a requirement applies in any environment with one of *extras* or none."""
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**environment, "extra": extra})
        for environment in list_environments()
        for extra in {"", *extras}
    )


def find_dependencies(wheel: Path) -> dict[str, str]:
    """Return everything that any environment installs with *wheel* and all of its extras.

    The values are the versions installed here, "" for a package that is not installed here.
    """
    with ZipFile(wheel) as packed:
        [name] = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        project = message_from_bytes(packed.read(name))
    extras = set(project.get_all("Provides-Extra", ()))
    waiting = [(project.get_all("Requires-Dist"), extras)]
    versions, visited = {}, set()
    while waiting:
        lines, extras = waiting.pop()
        for requirement in map(Requirement, lines):
            name = canonicalize_name(requirement.name)
            if (name, *requirement.extras) in visited or not applies(requirement, extras):
                continue
            visited.add((name, *requirement.extras))
            try:
                versions[name] = metadata.version(name)
                waiting.append((metadata.requires(name) or [], requirement.extras))
            except metadata.PackageNotFoundError:
                versions[name] = ""
    return versions
