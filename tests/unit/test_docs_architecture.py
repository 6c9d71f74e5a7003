"""The page on architecture names what there is: every module on it, every package of the tree."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LAYERS = ("dlgrader", "grader", "problems", "api", "migrations")
NAME = re.compile(r"(?:[\w*]+/)*[\w*]+\.py\b|(?:\w+/)+(?=[`,;\s|]|$)")


def named() -> Iterator[str]:
    """Yield the paths that the page names; a bare name lies beside the path before it."""
    for line in PAGE.splitlines():
        folder = Path()
        for name in NAME.findall(line):
            if "/" in name and (ROOT / name.partition("/")[0]).is_dir():
                folder = Path(name).parent
                yield name
            else:
                yield (folder / name).as_posix()


NAMED = sorted(set(named()))
FOUND = {one.relative_to(ROOT).as_posix() for name in NAMED for one in ROOT.glob(name)}
THERE = sorted(
    one.relative_to(ROOT).as_posix()
    for layer in LAYERS
    for one in (*(ROOT / layer).rglob("__init__.py"), *(ROOT / layer).glob("*.py"))
)


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_is_there(name):
    assert list(ROOT.glob(name))


@pytest.mark.parametrize("path", THERE)
def test_every_package_and_every_module_beside_them_is_named(path):
    assert path.removesuffix("/__init__.py") in FOUND
