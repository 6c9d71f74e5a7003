"""Tests of the archive for Gradescope, unpacked and run as Gradescope does it."""

import csv
import hmac
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import get_args
from zipfile import ZipFile

import pytest
from gradescope_runs import check_fields, fill, run, run_script, type_answer

from api.cli.main import main
from api.core.errors import FileError
from api.gradescope.archive import build_archive, find_secret
from api.gradescope.archive_builder import ArchiveOptions, make_archive
from api.gradescope.runtime.configuration import parse_configuration
from api.gradescope.runtime.main import grade_submission
from api.gradescope.wheels import collect_wheels, list_required_packages, pack_wheel
from api.services.engine.single_answer import serialize_student_result
from api.services.files.wheels import build_wheel
from grader.definitions.problem import Status
from grader.grading.grade import grade
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NAMES = ("conv-output-shape", "conv-pool-stack", "binary-image-conv", "pooling-purpose")
OLDEST_NUMPY = next(
    requirement.partition(">=")[2]
    for requirement in metadata.requires("dlgrader")
    if requirement.startswith("numpy")
)
EMAIL = "ada@example.edu"
MAX_MEMORY = 384
ALL_STATUSES = set(get_args(Status))


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "autograder.zip"
    arguments = [*NAMES, "-o", str(path), "--python", PYTHON, "--seeds", "8"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["grader", "gradescope", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 0
    return path


@pytest.fixture(scope="module")
def root(archive, tmp_path_factory) -> Path:
    """Unpack and set up the archive as Gradescope does, in another place than `/autograder`."""
    root = tmp_path_factory.mktemp("autograder")
    with ZipFile(archive) as packed:
        packed.extractall(root / "source")
    for script in ("setup.sh", "run_autograder"):
        (root / script).write_bytes((root / "source" / script).read_bytes())
    fill(root, {}, email=EMAIL)
    code, printed, _ = run_script(root, "setup.sh")
    assert code == 0, printed
    assert printed == f"Grader is ready: Python {PYTHON}\n"
    return root


@pytest.fixture(scope="module")
def variants(archive) -> dict:
    """The variants of the student, whose seeds are computed here from the secret again."""
    with ZipFile(archive) as packed:
        configuration = json.loads(packed.read("engine/assignment.json"))

    def rank(name: str, seed: int) -> bytes:
        text = f"{name}\n{EMAIL}\n{seed}".encode()
        return hmac.new(configuration["secret"].encode(), text, "sha256").digest()

    bank, drawn = ProblemCatalog(), {}
    for entry in configuration["problems"]:
        name, seeds = entry["name"], entry["seeds"]
        seed = min(seeds, key=lambda seed: rank(name, seed)) if seeds else None
        drawn[name] = solve_variant(bank.get(name), seed, REGISTRY)
    return drawn


def right_answers(variants: dict) -> dict[str, dict[str, str]]:
    return {
        name: {part: type_answer(key) for part, key in variants[name].keys.items()}
        for name in NAMES[:3]
    } | {NAMES[3]: {"answer": "It makes the maps smaller."}}


def wrong_answers(variants: dict) -> dict[str, dict[str, str]]:
    """Answers of all statuses: a mistake and what follows from it, a wrong cell, unreadable, ..."""
    answers = right_answers(variants)
    shape, stack = answers[NAMES[0]], answers[NAMES[1]]
    height, width, channels = variants[NAMES[0]].keys["stride_2"]
    shape["stride_1"] = "twelve or so"
    shape["stride_2"] = f"{height + 1}x{width + 1}x{channels}"
    height, width, channels = variants[NAMES[1]].keys["conv1"]
    stack["conv1"] = stack["relu1"] = f"({height + 2}, {width + 2}, {channels})"
    stack["conv1_params"] = "17"
    del stack["pool2"]
    matrix = answers[NAMES[2]]
    first, _, rest = matrix["output"].strip().partition(" ")
    matrix["output"] = f"{int(first) + 20} {rest}"
    return answers


def as_csv(answers: dict[str, dict[str, str]]) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["problem", "part", "answer"])
    rows.writerows(
        [name, part, typed] for name, parts in answers.items() for part, typed in parts.items()
    )
    return text.getvalue()


def as_json(answers: dict[str, dict[str, str]]) -> str:
    return json.dumps(answers)


def as_markdown(answers: dict[str, dict[str, str]]) -> str:
    return "".join(
        f"# {name}\n\n" + "".join(f"## {part}\n\n{typed}\n\n" for part, typed in parts.items())
        for name, parts in answers.items()
    )


def as_notebook(answers: dict[str, dict[str, str]]) -> str:
    cells = [
        {"cell_type": "code", "source": [f"%%answer {name}/{part}\n", typed], "outputs": []}
        for name, parts in answers.items()
        for part, typed in parts.items()
    ]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def assert_verdicts_of_the_engine(results: dict, variants: dict, answers: dict) -> set[str]:
    """Compare every test with the engine's own verdict; return the statuses."""
    tests = {test["name"].split(":")[0]: test for test in results["tests"]}
    statuses = set()
    for name, variant in variants.items():
        for result in grade(variant, answers.get(name, {}), registry=REGISTRY):
            test = tests.pop(f"{name}/{result.part}")
            view = serialize_student_result(result, variant)
            statuses.add(view["status"])
            assert test["tags"] == [view["status"]]
            if variant.problem.get_part(result.part).kind == "text":
                assert (test["score"], test["max_score"]) == (0, 0)
                assert "A TA grades this part" in test["output"]
                continue
            assert test["max_score"] == view["points"]
            assert Fraction(test["score"]).limit_denominator(1000) == result.score
            assert test["status"] == ("passed" if result.credit == 1 else "failed")
            assert str(view["feedback"]) in test["output"]
            assert str(view["read_as"]) in test["output"]
    assert not tests
    return statuses


@pytest.mark.parametrize(
    ("file", "write", "answer", "expected"),
    [
        ("answers.csv", as_csv, right_answers, {"correct", "needs_review"}),
        ("answers.json", as_json, wrong_answers, ALL_STATUSES),
    ],
)
def test_upload_gets_verdicts_of_the_engine(root, variants, file, write, answer, expected):
    answers = answer(variants)
    fill(root, {file: write(answers), "numpy.py": "raise SystemExit('not mine')"}, email=EMAIL)
    ran = run(root)
    assert ran.printed == ""
    assert assert_verdicts_of_the_engine(ran.results, variants, answers) == expected
    assert 20 < ran.memory < MAX_MEMORY
    assert variants[NAMES[0]].problem.title in ran.results["output"]
    assert ran.results["stdout_visibility"] == "hidden"


@pytest.mark.parametrize(
    ("file", "write"), [("HW1.ipynb", as_notebook), ("answers.md", as_markdown)]
)
def test_documents_are_graded_like_answer_files(root, variants, file, write):
    answers = wrong_answers(variants)
    fill(root, {file: write(answers)}, email=EMAIL)
    results = grade_submission(root, root / "source" / "engine")
    check_fields(results)
    assert assert_verdicts_of_the_engine(results, variants, answers) == ALL_STATUSES


def test_missing_file_shows_upload_instructions_and_own_numbers(root, variants):
    fill(root, {"report.pdf": "%PDF"}, email=" Ada@EXAMPLE.edu ")
    results = grade_submission(root, root / "source" / "engine")
    check_fields(results)
    assert assert_verdicts_of_the_engine(results, variants, {}) == {"missing"}
    assert sum(test["score"] for test in results["tests"]) == 0
    assert (
        "Upload one of answers.csv, answers.json, answers.ipynb, answers.md." in results["output"]
    )
    height = variants[NAMES[0]].names["H"]
    assert f"A feature map of height {height} and" in results["output"]


HOSTILE_NOTEBOOKS = {
    "nested lists": ("[" * 100 + "]" * 100, "more than 100,000 lists and objects"),
    "texts": ('"aa"', "cannot be read as a Jupyter notebook"),
}


@pytest.mark.parametrize(
    ("piece", "note"), HOSTILE_NOTEBOOKS.values(), ids=HOSTILE_NOTEBOOKS.keys()
)
def test_hostile_10_mb_notebook_stays_within_memory_limit(root, piece, note):
    cells = ",".join([piece] * (9_900_000 // (len(piece) + 1)))
    fill(root, {"a.ipynb": f'{{"cells":[{cells}]}}'}, email=EMAIL)
    ran = run(root)
    assert note in ran.results["output"]
    assert ran.memory < MAX_MEMORY


def test_failure_shows_reason_to_staff_and_no_traceback_to_students(root):
    fill(root, {"answers.json": "{}"}, email=EMAIL)
    (root / "submission_metadata.json").write_text("[]")
    ran = run(root)
    assert "Traceback" in ran.printed  # standard error, which `stdout_visibility` hides
    assert ran.results["stdout_visibility"] == "hidden"
    assert "The autograder failed" in ran.results["output"]
    assert "Traceback" not in json.dumps(ran.results)


def test_killed_engine_leaves_results_that_report_it(root):
    fill(root, {"answers.json": "{}"}, email=EMAIL)
    program = (root / "source" / "python").read_text()
    try:
        (root / "source" / "python").write_text("/bin/false\n")
        results = run(root).results
    finally:
        (root / "source" / "python").write_text(program)
    assert results["score"] == 0
    assert "Tell the course staff" in results["output"]


OLD_PYTHON = """\
#!/bin/sh
[ "$1" = --version ] && echo Python 3.10.12 || echo 3.10
"""


def test_image_with_old_python_is_refused_with_instructions(root, tmp_path):
    """The package manager has no newer Python either."""
    script = (root / "setup.sh").read_text().replace(f"versions=({PYTHON})", "versions=(3.99)")
    (tmp_path / "setup.sh").write_text(script)
    for folder in ("submission", "bin"):
        (tmp_path / folder).mkdir()
    failing = "#!/bin/sh\nexit 100\n"
    for name, program in (("python3", OLD_PYTHON), ("apt-get", failing)):
        (tmp_path / "bin" / name).write_text(program)
        (tmp_path / "bin" / name).chmod(0o755)
    code, printed, _ = run_script(tmp_path, "setup.sh", programs=str(tmp_path / "bin"))
    assert code == 1
    assert "Grader needs Python 3.11 or newer, and this archive has wheels for: 3.99." in printed
    assert "This image has Python 3.10.12" in printed
    assert "--python VERSION" in printed
    assert not (tmp_path / "source").exists()


APT_GET = """\
#!/bin/sh
folder=$(dirname "$0")
echo "$*" >>"$folder/asked"
case "$*" in
*python3.97*) printf '#!/bin/sh\\n[ "$1" = -c ] && echo 3.97\\nexit 0\\n' >"$folder/python3.97"
    chmod +x "$folder/python3.97" ;;
*python3.98*) exit 100 ;;
esac
"""


def test_first_available_python_version_is_installed_when_missing(root, tmp_path):
    script = (root / "setup.sh").read_text()
    (tmp_path / "setup.sh").write_text(script.replace(f"({PYTHON})", "(3.98 3.97)"))
    for folder in ("submission", "source", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin" / "apt-get").write_text(APT_GET)
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    code, printed, _ = run_script(tmp_path, "setup.sh", programs=str(tmp_path / "bin"))
    assert (code, printed) == (0, "Grader is ready: Python 3.97\n")
    asked = [line.split()[0] for line in (tmp_path / "bin" / "asked").read_text().splitlines()]
    assert asked == ["update", "install", "install"]
    program = (tmp_path / "source" / "python").read_text().strip()
    assert program == str(tmp_path / "bin" / "python3.97")


@pytest.fixture
def wheel_folder(tmp_path, monkeypatch) -> Path:
    """A folder that pip takes wheels from, and nowhere else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def write_wheels_of_399(folder: Path, *, numpy: str = "") -> dict[str, bytes]:
    """Write small wheels for Python 3.99 in the versions that are installed, except *numpy*."""
    wheels = {}
    for package in list_required_packages():
        version = (package == "numpy" and numpy) or metadata.version(package)
        info = f"{package.replace('-', '_').lower()}-{version}"
        header = "Metadata-Version: 2.1\n"
        entries = [
            (
                f"{info}.dist-info/METADATA",
                f"{header}Name: {package}\nVersion: {version}\n".encode(),
            ),
            (f"{info}.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: cp399-cp399-any\n"),
        ]
        name = f"{info}-cp399-cp399-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
        wheels[name] = build_wheel(entries, dist_info_folder=f"{info}.dist-info")
        (folder / name).write_bytes(wheels[name])
    return wheels


def test_wheels_for_other_python_match_installed_versions(wheel_folder):
    wheels = write_wheels_of_399(wheel_folder)
    write_wheels_of_399(wheel_folder, numpy=OLDEST_NUMPY)
    write_wheels_of_399(wheel_folder, numpy="99.0")
    assert collect_wheels("3.99") == wheels


def test_older_version_is_downloaded_if_installed_one_has_no_wheel(wheel_folder):
    """NumPy ends its wheels for a Python years before Grader does."""
    wheels = write_wheels_of_399(wheel_folder, numpy=OLDEST_NUMPY)
    assert collect_wheels("3.99") == wheels


def test_version_older_than_required_is_not_downloaded(wheel_folder):
    write_wheels_of_399(wheel_folder, numpy="1.26.0")
    with pytest.raises(FileError, match="No matching distribution found for numpy"):
        collect_wheels("3.99")


COLLECT = """
from importlib.util import find_spec
from api.core.errors import FileError
from api.gradescope.wheels import collect_wheels
assert find_spec("pip") is None
try:
    print(*sorted(collect_wheels("3.99")), sep="\\n")
except FileError as error:
    print(error)
"""


def collect_without_pip(folder: Path, modules: dict[str, str] | None = None) -> str:
    """Run `COLLECT` in a venv that has our packages and no pip; *modules* are found first."""
    venv.create(folder / "venv", with_pip=False)
    packages, first = folder / "packages", folder / "first"
    for made in (packages, first):
        made.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"pip(-|$)", path.name):
            (packages / path.name).symlink_to(path)
    for name, text in (modules or {}).items():
        (first / name).write_text(text)
    program = shutil.which("python", path=str(folder / "venv" / Path(sys.executable).parent.name))
    paths = os.pathsep.join(map(str, (first, Path(__file__).parents[2], packages)))
    command = [program, "-c", COLLECT]
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=folder
    ).stdout


def test_wheels_are_downloaded_through_temporary_venv_without_pip(wheel_folder):
    """uv creates environments without pip."""
    wheels = write_wheels_of_399(wheel_folder)
    assert collect_without_pip(wheel_folder).split() == sorted(wheels)


def test_error_without_pip_and_venv_names_usable_python(tmp_path):
    """Debian's Python has a `venv` that fails to add pip, until python3-venv is installed."""
    text = """
import subprocess
class EnvBuilder:
    def __init__(self, with_pip):
        assert with_pip
    def create(self, folder):
        raise subprocess.CalledProcessError(1, ["ensurepip"])
"""
    printed = collect_without_pip(tmp_path, {"venv.py": text})
    assert f"Install pip, or use --python {PYTHON}" in printed


@pytest.mark.usefixtures("wheel_folder")
def test_failed_wheel_download_error_suggests_a_fix():
    with pytest.raises(FileError, match=r"(?s)wheels for Python 3\.99 .* index, or PIP_FIND_LINKS"):
        collect_wheels("3.99")


@pytest.mark.usefixtures("wheel_folder")
def test_wheels_are_downloaded_before_seeds_are_published(tmp_path):
    """The problem cannot be published, and the error is that of the download."""
    example = Path(__file__).parents[2] / "docs" / "examples" / "small-network.yaml"
    problem = tmp_path / example.name
    text, _, _ = example.read_text(encoding="utf-8").partition("examples:")
    problem.write_text(re.sub(r", original: \d+", "", text))
    versions = (("3.99",), "wheels for Python 3\\.99"), ((), "has no original numbers")
    for python_versions, message in versions:
        options = ArchiveOptions(None, None, None, "original", python_versions, 1)
        with pytest.raises(FileError, match=message):
            make_archive([str(problem)], tmp_path / "a.zip", options, warn=pytest.fail)


def test_archive_and_unpacked_files_stay_under_size_limit(archive, root):
    megabyte = 1024 * 1024
    assert archive.stat().st_size < MAX_MEMORY * megabyte
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < MAX_MEMORY * megabyte


def test_archive_is_private_and_keeps_its_secret_when_rebuilt(archive):
    assert archive.stat().st_mode & 0o777 == 0o600
    with ZipFile(archive) as packed:
        configuration = parse_configuration(packed.read("engine/assignment.json").decode())
    assert find_secret(archive, None) == configuration.secret
    assert len(configuration.secret) == 64


def test_archives_and_wheels_are_reproducible(archive):
    with ZipFile(archive) as packed:
        configuration = parse_configuration(packed.read("engine/assignment.json").decode())
        names = set(packed.namelist())
    texts = {entry.problem: "" for entry in configuration.problems}
    first, second = (build_archive(configuration, texts, {}) for _ in range(2))
    assert first == second
    small = metadata.distribution("typing-inspection")
    assert pack_wheel(small) == pack_wheel(small)
    assert f"wheels/{PYTHON}/{pack_wheel(small)[0]}" in names


def test_planted_undocumented_field_is_detected():
    check_fields({"score": 1})
    with pytest.raises(KeyError):
        check_fields({"score": 1, "grade": 2})
    with pytest.raises(AssertionError):
        check_fields({"score": 1, "visibility": "never"})
