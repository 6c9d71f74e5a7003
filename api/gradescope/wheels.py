"""Wheels of the packages that the engine needs, for the Python of Gradescope's machines.

For the Python that runs here they are packed from its own environment, so that nothing is
downloaded. For any other, pip downloads the same versions, or older ones if only these have wheels
for it: a new NumPy has none for an old Python.
"""

import importlib.util
import platform
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from api.core.errors import FileError
from api.services.files.wheels import build_wheel

ROOT_PACKAGES: Final = ("numpy", "pydantic", "PyYAML")
PLATFORMS: Final = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
REQUIREMENT_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
MIN_PYTHON: Final = (3, 11)
DOWNLOAD_SECONDS: Final = 600


def collect_wheels(python_version: str) -> dict[str, bytes]:
    """Return the wheels for *python_version*, such as ``3.12``, by file name."""
    names = list_required_packages()
    if _can_pack_installed_packages(python_version):
        return dict(pack_wheel(metadata.distribution(name)) for name in names)
    return _download_wheels(names, python_version)


def list_required_packages() -> tuple[str, ...]:
    """Return the names of the packages that the engine needs, with what these need."""
    names: dict[str, None] = {}
    waiting = list(ROOT_PACKAGES)
    while waiting:
        name = waiting.pop(0)
        if name.casefold() in names:
            continue
        names[name.casefold()] = None
        waiting += (
            match[0].replace("_", "-")
            for requirement in metadata.distribution(name).requires or ()
            if ";" not in requirement and (match := REQUIREMENT_NAME.match(requirement))
        )
    return tuple(names)


def _can_pack_installed_packages(python_version: str) -> bool:
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (python_version, sys.platform, platform.machine()) == (
        running,
        "linux",
        "x86_64",
    ) and sys.implementation.name == "cpython"


def pack_wheel(distribution: metadata.Distribution) -> tuple[str, bytes]:
    """Return the file name and the content of a wheel made of an installed distribution."""
    info = f"{_escape_wheel_name(distribution.name)}-{distribution.version}.dist-info"
    tags = re.findall(r"^Tag: (\S+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    if not tags:
        raise FileError(f"{distribution.name} was not installed as a wheel. Install it with pip")
    entries = list(_iterate_installed_files(distribution))
    folder = next((path.split("/")[0] for path, _ in entries if ".dist-info/" in path), info)
    content = build_wheel(entries, dist_info_folder=folder)
    # A file name has one tag of each kind; a tag with dots stands for several.
    python, abi, _ = tags[0].split("-")
    systems = ".".join(dict.fromkeys(tag.split("-")[2] for tag in tags))
    project = _escape_wheel_name(distribution.name)
    name = f"{project}-{distribution.version}-{python}-{abi}-{systems}.whl"
    return name, content


def _iterate_installed_files(distribution: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a distribution that belong into its wheel, without caches and scripts."""
    generated = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    for file in distribution.files or ():
        path = file.as_posix()
        is_inside = not path.startswith("..") and "__pycache__" not in path
        if (
            is_inside
            and not (".dist-info/" in path and file.name in generated)
            and _is_needed(path)
        ):
            yield path, Path(str(distribution.locate_file(file))).read_bytes()


def _is_needed(path: str) -> bool:
    """Return whether the engine may need a file; tests and headers of NumPy are left out."""
    return "/tests/" not in path and not path.endswith((".a", ".pyi", ".h", ".lib"))


def _download_wheels(names: tuple[str, ...], python_version: str) -> dict[str, bytes]:
    """Download the versions that are installed here, or older ones that fit together.

    Raises `FileError` if pip cannot.
    """
    bounds = _find_lower_bounds()
    requirements = [f"{name}{bounds.get(name, '')}<={metadata.version(name)}" for name in names]
    systems = [option for system in PLATFORMS for option in ("--platform", system)]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as environment:
        program = _find_python_with_pip(Path(environment))
        command = [
            *(program, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--only-binary=:all:", "--implementation", "cp"),
            *("--python-version", python_version, *systems, "--dest", folder, *requirements),
        ]
        ran = subprocess.run(  # noqa: S603  # our own arguments
            command, check=False, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
        )
        if ran.returncode:
            reason = (ran.stderr.strip().splitlines() or ["pip ended without a reason"])[-1]
            raise FileError(
                f"the wheels for Python {python_version} cannot be downloaded: {reason}\n"
                "pip must reach a package index, or PIP_FIND_LINKS must name a folder of wheels"
            )
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.whl"))}


def _find_lower_bounds() -> dict[str, str]:
    """Return the versions that Grader requires by package name, such as ``>=1.26,``."""
    bounds = {}
    for requirement in metadata.requires("dlgrader") or ():
        match = REQUIREMENT_NAME.match(requirement)
        if match and ";" not in requirement and (versions := requirement[match.end() :].strip()):
            bounds[match[0].casefold()] = f"{versions},"
    return bounds


def _find_python_with_pip(folder: Path) -> str:
    """Return the Python that runs here, or if it has no pip, that of a new venv in *folder*.

    uv creates environments without pip.
    """
    if importlib.util.find_spec("pip"):
        return sys.executable
    builder = venv.EnvBuilder(with_pip=True)
    try:
        builder.create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise FileError(
            "wheels of other Pythons cannot be downloaded: this environment has no pip, and no "
            f"venv with pip can be created. Install pip, or use --python {running}"
        ) from error
    return str(builder.ensure_directories(folder).env_exe)


def _escape_wheel_name(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
