"""Tests of patterns that are compiled at their first use."""

import ast
import gc
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import grader
import problems
from grader.lazy_regex import LazyPattern, lazy_regex

PACKAGES = (grader, problems)


@pytest.mark.parametrize(
    "use",
    [
        lambda pattern: pattern.search("x -AB y").span(),
        lambda pattern: pattern.match("Ab y").group(),
        lambda pattern: pattern.fullmatch("ab y"),
        lambda pattern: pattern.sub("<>", "a b", 1),
        lambda pattern: pattern.subn("<>", "a b"),
        lambda pattern: pattern.split("1a2B3"),
        lambda pattern: pattern.findall("a -b"),
        lambda pattern: [match.span() for match in pattern.finditer("a B")],
        lambda pattern: (pattern.pattern, pattern.flags, pattern.groups),
        lambda pattern: dict(pattern.groupindex),
    ],
)
def test_lazy_pattern_behaves_as_a_compiled_one(use):
    pattern, flags = r"(?P<sign>-)?[a-f]+", re.IGNORECASE
    lazy = lazy_regex(pattern, flags)
    assert use(lazy) == use(re.compile(pattern, flags))
    assert use(lazy) == use(re.compile(pattern, flags))


def test_import_compiles_no_pattern(monkeypatch):
    compiled = []
    monkeypatch.setattr(re, "compile", lambda *arguments: compiled.append(arguments))
    lazy_regex("(")
    assert compiled == []


def test_every_pattern_of_the_engine_is_valid():
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    gc.unfreeze()
    patterns = [one for one in gc.get_objects() if isinstance(one, LazyPattern)]
    gc.freeze()
    assert len(patterns) > 500
    for pattern in patterns:
        assert pattern.flags >= 0, pattern.pattern


def test_modules_of_the_engine_compile_no_pattern_at_import():
    eager = [
        f"{path}:{node.lineno}"
        for package in PACKAGES
        for path in Path(package.__path__[0]).rglob("*.py")
        for statement in ast.parse(path.read_text("utf-8")).body
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    ]
    assert eager == []
