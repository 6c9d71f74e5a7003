"""Tests of `make release`: the same bytes from the same tag, and an SBOM of what is installed."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from deploy.dependency_closure import find_dependencies

from api.markup.docs_files import ROOT_PAGES
from api.services.files.client_wheel import load_client_wheel

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"
SPEC = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
release = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(release)
EPOCH = 1_790_000_000


def git(folder: Path, *arguments: str, **environment: str) -> None:
    settings = ("user.name=Ada", "user.email=ada@example.edu", "init.defaultBranch=main")
    options = [word for setting in settings for word in ("-c", setting)]
    command = [GIT, "-C", str(folder), *options, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | environment)


def copy_tree(copy: Path) -> None:
    """Copy what a wheel is built from to *copy*; the files get new times."""
    for name in ("api", "grader", "problems", "migrations", "dlgrader", "docs", "clients"):
        shutil.copytree(
            ROOT / name,
            copy / name,
            copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    (copy / ".ci").mkdir()
    for name in ("pyproject.toml", "README.md", "uv.lock", ".ci/release.py", *ROOT_PAGES):
        shutil.copyfile(ROOT / name, copy / name)
    (copy / ".gitignore").write_text("__pycache__/\n")


def run_release(repository: Path, programs: Path) -> None:
    """Run `make release` at the tag of *repository*, on a machine without a container engine."""
    programs.mkdir()
    (programs / "git").symlink_to(GIT)
    ran = subprocess.run(
        [sys.executable, str(repository / ".ci" / "release.py"), "--no-check"],
        cwd=repository,
        env=os.environ | {"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "dlgrader-0.1.0-py3-none-any.whl" in ran.stdout
    assert "image: skipped" in ran.stdout


@pytest.fixture(scope="module")
def builds(tmp_path_factory) -> list[Path]:
    """Build twice: from the tree, and with the command from the tag of another repository."""
    first, second = (tmp_path_factory.mktemp(name) for name in ("first", "second"))
    release.build_files(ROOT, first, epoch=EPOCH)
    repository = second / "repository"
    repository.mkdir()
    copy_tree(repository)
    git(repository, "init")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "Release", GIT_COMMITTER_DATE=f"@{EPOCH} +0000")
    git(repository, "tag", "v0.1.0")
    (repository / "grader" / "stray.py").write_text("raise SystemExit('not in the tag')")
    run_release(repository, second / "bin")
    return [first, repository / "dist"]


def test_two_builds_are_byte_identical(builds):
    first, second = ({path.name: path.read_bytes() for path in one.iterdir()} for one in builds)
    assert set(first) == {
        "dlgrader-0.1.0-py3-none-any.whl",
        "dlgrader_client-0.1.1-py3-none-any.whl",
        "dlgrader-0.1.0.cdx.json",
        "SHA256SUMS",
    }
    assert first == second


def test_checksums_match_files_and_timestamps_match_commit(builds):
    folder = builds[0]
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
    with ZipFile(folder / "dlgrader-0.1.0-py3-none-any.whl") as wheel:
        assert {entry.date_time[:3] for entry in wheel.infolist()} == {(2026, 9, 21)}


def test_released_client_wheel_is_the_one_the_service_offers(builds):
    wheel = load_client_wheel()
    assert (builds[0] / wheel.name).read_bytes() == wheel.content
    assert f"{wheel.digest}  {wheel.name}\n" in (builds[0] / "SHA256SUMS").read_text()


def find_faults(text: str) -> object:
    """Return what the schema of CycloneDX does not allow in an SBOM, None if it is valid."""
    return JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)


def test_sbom_is_valid_cyclonedx(builds):
    text = (builds[0] / "dlgrader-0.1.0.cdx.json").read_text()
    assert find_faults(text) is None
    assert find_faults(text.replace('"bomFormat"', '"format"')) is not None


def test_sbom_names_wheel_digest_and_commit_time(builds):
    sbom = json.loads((builds[0] / "dlgrader-0.1.0.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sbom["serialNumber"])
    assert sbom["metadata"]["timestamp"] == "2026-09-21T14:13:20Z"
    component = sbom["metadata"]["component"]
    wheel = sha256((builds[0] / "dlgrader-0.1.0-py3-none-any.whl").read_bytes()).hexdigest()
    assert (component["name"], component["version"]) == ("dlgrader", "0.1.0")
    assert component["hashes"] == [{"alg": "SHA-256", "content": wheel}]
    assert all(package["purl"].startswith("pkg:pypi/") for package in sbom["components"])


def test_sbom_lists_exactly_the_installed_packages(builds):
    """The other list comes from the metadata of the wheel and of the distributions here."""
    sbom = json.loads((builds[0] / "dlgrader-0.1.0.cdx.json").read_text())
    listed = {(package["name"], package["version"]) for package in sbom["components"]}
    required = find_dependencies(builds[0] / "dlgrader-0.1.0-py3-none-any.whl")
    assert {"fastapi", "starlette", "numpy", "psycopg-binary", "distributed"} <= set(required)
    assert {name for name, _ in listed} == set(required)
    assert {(name, version) for name, version in required.items() if version} <= listed


def test_release_tag_is_found_and_must_match_version(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    with pytest.raises(release.ReleaseError, match="this commit has no tag; name one"):
        release.find_tag(tmp_path)
    git(tmp_path, "tag", "v1.2.0")
    assert release.find_tag(tmp_path) == "v1.2.0"
    (tmp_path / "stray.py").write_text("not committed")
    tree = tmp_path / "tree"
    release.export_tree(tmp_path, "v1.2.0", tree)
    assert [path.name for path in tree.iterdir()] == ["pyproject.toml"]
    release.check_version(tree, "v1.2.0")
    with pytest.raises(release.ReleaseError, match=r"the tag is v1\.3\.0, and .* has 1\.2\.0"):
        release.check_version(tree, "v1.3.0")
    with pytest.raises(release.ReleaseError, match=r"there is no tag v1\.3\.0"):
        release.release("v1.3.0", tmp_path / "dist", repository=tmp_path)
    git(tmp_path, "tag", "latest")
    with pytest.raises(release.ReleaseError, match="2 tags"):
        release.find_tag(tmp_path)


def test_changed_client_requires_new_version(tmp_path):
    """Otherwise `pip install --upgrade` keeps the old client."""
    source = tmp_path / "clients" / "python" / "src"
    source.mkdir(parents=True)
    project = source.parent / "pyproject.toml"

    def commit(code: str, version: str, tag: str) -> None:
        (source / "client.py").write_text(code)
        project.write_text(f'[project]\nname = "client"\nversion = "{version}"\n')
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--allow-empty", "-m", tag)
        git(tmp_path, "tag", tag)

    git(tmp_path, "init")
    commit("first", "0.1.0", "v0.1.0")
    commit("first", "0.1.0", "v0.2.0")
    commit("second", "0.2.0", "v0.3.0")
    for tag in ("v0.1.0", "v0.2.0", "v0.3.0"):
        release.check_client_version(tmp_path, tag)
    commit("third", "0.2.0", "v0.4.0")
    with pytest.raises(
        release.ReleaseError, match=r"changed since v0\.3\.0, .*python/pyproject\.toml"
    ):
        release.check_client_version(tmp_path, "v0.4.0")


def test_release_checks_client_version(tmp_path, monkeypatch):
    git(tmp_path, "init")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    git(tmp_path, "tag", "v1.2.0")
    asked = []
    monkeypatch.setattr(release, "build_files", lambda *_, **__: [])
    monkeypatch.setattr(release, "build_image", lambda *_, **__: [])
    monkeypatch.setattr(release, "check_client_version", lambda *given: asked.append(given))
    release.release("v1.2.0", tmp_path / "dist", repository=tmp_path, is_checked=True)
    assert asked == [(tmp_path, "v1.2.0")]


MAKE = """\
#!/bin/sh
echo "$PWD: $*: $(cat pyproject.toml)" >>"$(dirname "$0")/asked"
exit $(cat "$(dirname "$0")/code")
"""


def test_tag_is_built_only_if_release_checks_pass(tmp_path, monkeypatch):
    """Make is a script that passes or fails, and writes down what it is asked to do."""
    repository, programs = tmp_path / "repository", tmp_path / "bin"
    for folder in (repository, programs):
        folder.mkdir()
    git(repository, "init")
    (repository / "pyproject.toml").write_text('[project]\nversion = "1.2.0"')
    git(repository, "add", ".")
    git(repository, "commit", "-m", "First")
    git(repository, "tag", "v1.2.0")
    (repository / "pyproject.toml").write_text("not committed")
    (programs / "make").write_text(MAKE)
    (programs / "make").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{Path(GIT).parent}:/usr/bin:/bin")
    built = []
    monkeypatch.setattr(release, "build_files", lambda *_, **__: built.append("files") or [])
    monkeypatch.setattr(release, "build_image", lambda *_, **__: built.append("image") or [])

    (programs / "code").write_text("1")
    with pytest.raises(release.ReleaseError, match="make check-release fails on v1"):
        release.release("v1.2.0", tmp_path / "dist", repository=repository)
    assert not built
    (programs / "code").write_text("0")
    release.release("v1.2.0", tmp_path / "dist", repository=repository)
    assert built == ["files", "image"]
    asked = (programs / "asked").read_text().splitlines()
    assert len(asked) == 4
    assert all(": check-release: [project]" in line for line in asked[::2])
    assert str(repository) not in "".join(asked)
    release.release("v1.2.0", tmp_path / "dist", repository=repository, is_checked=True)
    assert (programs / "asked").read_text().splitlines() == asked
    assert not list((repository / ".git").glob("worktrees/*"))


def test_release_checks_include_the_full_bank_check():
    makefile = (ROOT / "Makefile").read_text()
    [names] = re.findall(r"^check-release: (.*?) ##", makefile, re.MULTILINE)
    assert {"check", "check-bank"} <= {*names.split()}
    assert re.search(r"^check-bank: .*\n\t\$\(BIN\)/grader check$", makefile, re.MULTILINE)


ENGINE = """\
#!/bin/sh
echo "$*" >>"$(dirname "$0")/asked"
case "$*" in
*inspect*) echo 'sha256:0123 sha256:abcd ' ;;
*"--entrypoint python "*) printf 'pypi NumPy 2.4.6\\npypi typing_extensions 4.15.0\\n' ;;
*dpkg-query*) printf 'deb libc6 2.36-9+deb12u10 amd64\\n' ;;
esac
"""


@pytest.mark.parametrize(
    ("name", "times"),
    [("docker", f"--build-arg SOURCE_DATE_EPOCH={EPOCH}"), ("podman", f"--timestamp {EPOCH}")],
)
def test_image_is_built_at_commit_time_with_sbom(tmp_path, monkeypatch, name, times):
    """The engine is a script that prints what an engine prints."""
    programs, out = tmp_path / "bin", tmp_path / "out"
    for folder in (programs, out):
        folder.mkdir()
    (programs / name).write_text(ENGINE)
    (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin")
    monkeypatch.setattr(release.shutil, "which", lambda engine: engine if engine == name else None)
    [path] = release.build_image(ROOT, out, epoch=EPOCH)
    assert find_faults(path.read_text()) is None
    assert f"build {times} --tag dlgrader:0.1.0 {ROOT}" in (programs / "asked").read_text()
    text = path.read_text()
    sbom = json.loads(text)
    assert path.name == "dlgrader-0.1.0-image.cdx.json"
    assert sbom["metadata"]["timestamp"] == "2026-09-21T14:13:20Z"
    layers = [one["value"] for one in sbom["metadata"]["component"]["properties"]]
    assert layers == ["sha256:0123", "sha256:abcd"]
    assert [package["purl"] for package in sbom["components"]] == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64",
        "pkg:pypi/numpy@2.4.6",
        "pkg:pypi/typing-extensions@4.15.0",
    ]
    release.build_image(ROOT, out, epoch=EPOCH)
    assert path.read_text() == text


def test_missing_container_engine_skips_image_and_reports_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(release.shutil, "which", lambda _: None)
    assert release.build_image(ROOT, tmp_path, epoch=EPOCH) == []
    assert "skipped" in capsys.readouterr().out


def test_failing_program_is_reported_with_its_reason(tmp_path):
    with pytest.raises(release.ReleaseError, match=r"git -C .* failed: fatal: not a git repo"):
        release.find_tag(tmp_path)
