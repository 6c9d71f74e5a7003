"""Tests of `make quick`: it skips the files of `tests/slow.txt` and no others."""

from pathlib import Path

from grouped_cases import check_each

TESTS = Path(__file__).parents[1]
LINES = (TESTS / "slow.txt").read_text(encoding="utf-8").splitlines()
PATHS = [line.split()[0] for line in LINES if not line.startswith("#")]
pytest_plugins = ["pytester"]


def test_slow_test_list_is_sorted_and_unique():
    in_order = sorted(set(PATHS))
    assert in_order == PATHS


@check_each(PATHS)
def test_every_path_in_the_slow_test_list_exists(path):
    assert (TESTS / path).exists()


def test_quick_option_skips_only_listed_files(pytester):
    pytester.makeconftest((TESTS / "conftest.py").read_text(encoding="utf-8"))
    (pytester.path / "slow.txt").write_text("unit/test_slow.py 9\n", encoding="utf-8")
    for name in ("slow", "fast"):
        folder = pytester.mkdir("unit") if name == "slow" else pytester.path / "unit"
        (folder / f"test_{name}.py").write_text("def test_it(): ...\n", encoding="utf-8")
    assert pytester.runpytest_inprocess("-q").parseoutcomes() == {"passed": 2}
    assert pytester.runpytest_inprocess("-q", "--quick").parseoutcomes() == {"passed": 1}
