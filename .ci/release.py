"""Builds a release from a tag: both wheels, SBOM, checksums, and the image where an engine answers.

``python .ci/release.py [TAG] [--out FOLDER] [--no-check]``; without TAG, that of the commit that is
checked out. Nothing is built unless ``make check-release`` passes on the files of the tag.
The same tag gives the same bytes of wheel and SBOM: they are built from the files of the tag, and
every time in them is that of its commit.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import uuid
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROOT: Final = Path(__file__).resolve().parents[1]
SBOM_NAMESPACE: Final = uuid.UUID("2f0c8d43-5d4b-5a0e-9f0e-6a1f6f4f0b7c")
"""Namespace of the serial numbers of SBOMs, which follow from their contents."""
SUMS_FILE: Final = "SHA256SUMS"
LIST_PYTHON_PACKAGES: Final = """
from importlib.metadata import distributions
for one in distributions():
    print("pypi", one.name, one.version)
"""
LAYERS_FORMAT: Final = "{{range .RootFS.Layers}}{{.}} {{end}}"
DEBIAN_FORMAT: Final = r"deb ${Package} ${Version} ${Architecture}\n"
CLIENT_SCRIPT: Final = """
import sys
from pathlib import Path
from api.services.files.client_wheel import load_client_wheel
wheel = load_client_wheel()
Path(sys.argv[1], wheel.name).write_bytes(wheel.content)
print(wheel.name)
"""
"""Program that runs in the files of the tag, and imports their packages."""


class ReleaseError(Exception):
    """The release cannot be built; the message says what to do."""


def main() -> None:
    """Build the release that the command line names."""
    parser = argparse.ArgumentParser(description="Build a release from a tag.")
    parser.add_argument("tag", nargs="?", default="")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--no-check", action="store_true", help="build a checked tag again")
    options = parser.parse_args()
    try:
        release(options.tag, options.out, repository=ROOT, is_checked=options.no_check)
    except ReleaseError as error:
        sys.exit(f"release: {error}")


def release(tag: str, out: Path, *, repository: Path, is_checked: bool = False) -> None:
    """Check *tag*, unless it was checked before, and build its files and image into *out*."""
    tag = tag or find_tag(repository)
    if not _git(repository, "tag", "--list", tag).split():
        raise ReleaseError(f"there is no tag {tag}; create it with `git tag {tag}`")
    epoch = int(_git(repository, "log", "-1", "--format=%ct", f"{tag}^{{commit}}"))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        export_tree(repository, tag, tree)
        check_version(tree, tag)
        check_client_version(repository, tag)
        if not is_checked:
            check_tag(repository, tag)
        for path in build_files(tree, out, epoch=epoch):
            _say(f"{path}")
        for path in build_image(tree, out, epoch=epoch):
            _say(f"{path}")


def check_tag(repository: Path, tag: str) -> None:
    """Run `make check-release` on the files of *tag*; raise `ReleaseError` if it fails.

    It runs in a work tree of its own, so that no file of the working folder helps it to pass.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git(repository, "worktree", "add", "--detach", str(tree), tag)
        try:
            # Its output takes half an hour, so it is not captured.
            subprocess.run(["make", "check-release"], cwd=tree, check=True)  # noqa: S607  # the make of this machine
        except subprocess.CalledProcessError as error:
            raise ReleaseError(
                f"make check-release fails on {tag}; nothing was built. Fix it, then move the tag"
            ) from error
        finally:
            _git(repository, "worktree", "remove", "--force", str(tree))


def find_tag(repository: Path) -> str:
    """Return the tag of the commit that is checked out; raise `ReleaseError` if it has none."""
    tags = _git(repository, "tag", "--points-at", "HEAD").split()
    if len(tags) != 1:
        raise ReleaseError(
            f"this commit has {len(tags) or 'no'} tag{'s' * (len(tags) > 1)}; name one: "
            "make release TAG=v0.1.0"
        )
    return tags[0]


def export_tree(repository: Path, tag: str, tree: Path) -> None:
    """Write the files of *tag* to *tree*: nothing that is only in the working folder."""
    packed = _run(["git", "-C", str(repository), "archive", "--format=tar", tag])
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(tree, filter="data")


def check_version(tree: Path, tag: str) -> None:
    """Raise `ReleaseError` unless *tag* names the version of the project in *tree*."""
    version = read_version(tree)
    if tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag}, and pyproject.toml has {version}: tag v{version}")


def read_version(tree: Path) -> str:
    """Return the version of the project in *tree*."""
    return str(tomllib.loads((tree / "pyproject.toml").read_text())["project"]["version"])


def check_client_version(repository: Path, tag: str) -> None:
    """Raise `ReleaseError` if the client changed since the last tag with the same version.

    pip upgrades no package to the version that is installed.
    """
    merged = ["tag", "--merged", f"{tag}^{{commit}}", "--sort=-version:refname", "--list", "v*"]
    earlier = next((name for name in _git(repository, *merged).split() if name != tag), "")
    changes = ["diff", "--name-only", earlier, tag]
    if not earlier or not _git(repository, *changes, "--", "clients/python/src"):
        return
    if not _git(repository, *changes, "-G^version = ", "--", "clients/python/pyproject.toml"):
        raise ReleaseError(
            f"clients/python/src changed since {earlier}, and its version did not. Raise it in "
            "clients/python/pyproject.toml and _version.py, commit, and move the tag"
        )


def build_files(tree: Path, out: Path, *, epoch: int) -> list[Path]:
    """Build the wheels of *tree*, the SBOM and the checksums into *out*; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    wheel = build_wheel(tree, out, epoch=epoch)
    client = build_client_wheel(tree, out)
    sbom = out / f"{'-'.join(wheel.name.split('-')[:2])}.cdx.json"
    sbom.write_text(build_sbom(tree, wheel, epoch=epoch), encoding="utf-8")
    sums = out / SUMS_FILE
    sums.write_text("".join(f"{_digest(path)}  {path.name}\n" for path in (wheel, client, sbom)))
    return [wheel, client, sbom, sums]


def build_wheel(tree: Path, out: Path, *, epoch: int) -> Path:
    """Build the wheel, offline, with the build backend of this environment."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        _run(command, cwd=tree, SOURCE_DATE_EPOCH=str(epoch))
        (built,) = Path(folder).glob("*.whl")
        return Path(shutil.move(built, out / built.name))


def build_client_wheel(tree: Path, out: Path) -> Path:
    """Write the wheel of the client: the file that the service of this version offers."""
    name = _run([sys.executable, "-c", CLIENT_SCRIPT, str(out.resolve())], cwd=tree)
    return out / name.decode().strip()


def build_sbom(tree: Path, wheel: Path, *, epoch: int) -> str:
    """Return the SBOM of the wheel and of what `uv.lock` installs with it, in CycloneDX 1.5."""
    command = [sys.executable, "-m", "uv", "export", "--quiet", "--frozen", "--no-dev", "--offline"]
    options = ["--all-extras", "--format", "cyclonedx1.5", "--project", str(tree)]
    sbom: dict[str, Any] = json.loads(_run([*command, *options]))
    hashes = [{"alg": "SHA-256", "content": _digest(wheel)}]
    sbom["metadata"]["component"]["hashes"] = hashes
    # These two are new at every export.
    sbom["metadata"]["timestamp"] = _format_time(epoch)
    del sbom["serialNumber"]
    return _render_sbom(sbom)


def build_image(tree: Path, out: Path, *, epoch: int) -> list[Path]:
    """Build the image `dlgrader:VERSION`, and its SBOM into *out*, where an engine answers.

    Without an engine, say so and build nothing. With podman the layers of the same tag on the same
    base image are the same bytes: every time in them is *epoch*. Docker sets the times that its
    builder can set. The id of the image is new each time, because it covers intermediate images.
    """
    engine = find_engine()
    if not engine:
        _say("image: skipped, neither docker nor podman answers")
        return []
    version = read_version(tree)
    name = f"dlgrader:{version}"
    times = {
        "docker": ["--build-arg", f"SOURCE_DATE_EPOCH={epoch}"],
        "podman": ["--timestamp", str(epoch)],
    }[engine]
    _run([engine, "build", *times, "--tag", name, str(tree)])
    layers = _run([engine, "image", "inspect", "--format", LAYERS_FORMAT, name]).decode().split()
    run = [engine, "run", "--rm", "--network=none", "--entrypoint"]
    python = _run([*run, "python", name, "-c", LIST_PYTHON_PACKAGES]).decode()
    debian = _run([*run, "dpkg-query", name, "-W", "-f", DEBIAN_FORMAT]).decode()
    packages = [parse_package(line) for line in (python + debian).splitlines()]
    sbom = out / f"dlgrader-{version}-image.cdx.json"
    sbom.write_text(build_image_sbom(version, layers, packages, epoch=epoch), encoding="utf-8")
    _say(f"image: {name}")
    return [sbom]


def find_engine() -> str:
    """Return the container engine that answers, "" without one."""
    for engine in ("docker", "podman"):
        if shutil.which(engine) is None:
            continue
        answers = subprocess.run([engine, "info"], capture_output=True, check=False)  # noqa: S603
        if not answers.returncode:
            return engine
    return ""


def parse_package(line: str) -> dict[str, str]:
    """Return the component of an installed package: ``pypi|deb NAME VERSION [ARCHITECTURE]``.

    >>> parse_package("deb libc6 2.36-9+deb12u10 amd64")["purl"]
    'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64'
    """
    kind, name, version, *architecture = line.split()
    place = f"deb/debian/{name}" if kind == "deb" else f"pypi/{re.sub('[-_.]+', '-', name).lower()}"
    suffix = f"?arch={architecture[0]}" if architecture else ""
    purl = f"pkg:{place}@{quote(version, safe='')}{suffix}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def build_image_sbom(
    version: str, layers: list[str], packages: list[dict[str, str]], *, epoch: int
) -> str:
    """Return the SBOM of an image: its layers, and the Python and Debian packages in it."""
    component = {
        "type": "container",
        "bom-ref": f"dlgrader-image@{version}",
        "name": "dlgrader",
        "version": version,
        "properties": [{"name": "dlgrader:layer", "value": layer} for layer in layers],
    }
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": _format_time(epoch), "component": component},
        "components": sorted(packages, key=lambda package: package["purl"]),
    }
    return _render_sbom(sbom)


def _render_sbom(sbom: dict[str, Any]) -> str:
    """Return the text of an SBOM, with a serial number that follows from its content."""
    serial = uuid.uuid5(SBOM_NAMESPACE, json.dumps(sbom, sort_keys=True))
    return f"{json.dumps({**sbom, 'serialNumber': serial.urn}, indent=2)}\n"


def _format_time(epoch: int) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(repository: Path, *arguments: str) -> str:
    return _run(["git", "-C", str(repository), *arguments]).decode()


def _run(command: list[str], *, cwd: Path | None = None, **environment: str) -> bytes:
    """Return the output of a program; raise `ReleaseError` with its last line if it fails."""
    ran = subprocess.run(  # noqa: S603  # our own commands
        command, cwd=cwd, env=os.environ | environment, capture_output=True, check=False
    )
    if ran.returncode:
        reason = (ran.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[-1]
        raise ReleaseError(f"{' '.join(command[:4])} failed: {reason}")
    return ran.stdout


def _say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
