"""Tests of complete documentation: fields, kinds, commands, options and columns."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

from api.cli.grading import app
from api.config.display import render_settings_page
from api.config.settings import ServiceSettings
from api.config.sources import ENV_PREFIX
from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS
from grader.definitions.params import Choose, Integers, Named, Network, Torch
from grader.definitions.parts import Accept, AuthorMistake, KeyedPart
from grader.definitions.problem import Example, Expectation, Problem, Status
from grader.expressions.arithmetic import FUNCTIONS
from grader.grading.tolerance import Tolerance
from grader.kinds import KINDS
from grader.kinds.texts import RubricItem
from problems.catalog import ProblemCatalog
from problems.docs_generator import PAGES as WRITTEN
from problems.mistakes import FAMILIES, MISTAKES
from problems.network.published.catalog import PUBLISHED_NETWORKS

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
REFERENCE = PAGES["docs/write-a-problem.md"]
ANSWERS = PAGES["docs/answers.md"]
COMMANDS = PAGES["docs/cli.md"]
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]*)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def section(page: str, name: str) -> str:
    """Return the text below the heading `name`, up to the next heading."""
    found = re.search(rf"^#+ `{name}`\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading is `{name}`"
    return found[1]


def missing(names: Iterable[str], page: str) -> list[str]:
    """Return the *names* that do not appear on *page* as code."""
    code = "\n".join(CODE.findall(page))
    return [name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", code)]


def fields(model: Any) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_planted_documentation_gap_is_detected() -> None:
    assert missing(["-o", "--out", "seed"], "`--out` seed `seeds`") == ["-o", "seed"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_documented_with_all_its_fields(kind: str) -> None:
    own = fields(KINDS[kind].part) - fields(KeyedPart) - {"tolerance"}
    text = section(REFERENCE, kind)
    assert missing(sorted(own), text) == []
    assert f"kind: {kind}" in text
    assert missing([kind], ANSWERS) == []


@pytest.mark.parametrize(
    "model",
    [
        Accept,
        AuthorMistake,
        Choose,
        Example,
        Expectation,
        Integers,
        KeyedPart,
        Named,
        Network,
        Problem,
        RubricItem,
        Tolerance,
        Torch,
    ],
)
def test_every_problem_file_field_is_documented(model: Any) -> None:
    assert missing(sorted(fields(model)), REFERENCE) == []


def test_every_function_and_published_network_is_documented() -> None:
    assert missing(FUNCTIONS, section(REFERENCE, "let")) == []
    assert missing(PUBLISHED_NETWORKS, section(REFERENCE, "params")) == []


def test_every_status_is_documented() -> None:
    assert missing(get_args(Status), REFERENCE) == []
    assert missing(get_args(Status), ANSWERS) == []


@pytest.mark.parametrize("name", WRITTEN)
def test_generated_reference_is_up_to_date(name: str) -> None:
    assert PAGES[f"docs/{name}"] == WRITTEN[name](), "run `make docs`"


def test_every_mistake_belongs_to_one_family() -> None:
    assert sum(len(family.MISTAKES) for family in FAMILIES) == len(MISTAKES)


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))
def test_every_command_is_documented_with_its_options_and_exit_codes(name: str) -> None:
    text = section(COMMANDS, f"grader {name}")
    for one in typer.main.get_command(app).commands[name].params:
        options = [word for word in one.opts if word.startswith("-")]
        words = options or [one.name.upper().removesuffix("S")]
        assert missing(words, text) == [] or words == ["--help"]
    assert "\nExit: 0" in text
    assert f"| [`grader {name}`](#grader-{name}) |" in COMMANDS.partition("\n## ")[0]


def test_every_batch_column_is_documented() -> None:
    assert missing((*INPUT_FIELDS, *RESULT_FIELDS), section(COMMANDS, "grader batch")) == []


def test_every_setting_is_documented() -> None:
    names = (ENV_PREFIX + name.upper() for name in ServiceSettings.model_fields)
    assert missing(names, PAGES["docs/settings.md"]) == []
    assert PAGES["docs/settings.md"] == render_settings_page(), "run `make docs`"


def test_reference_contains_whole_example_and_readme_states_bank_size() -> None:
    example = (ROOT / "docs" / "examples" / "small-network.yaml").read_text(encoding="utf-8")
    assert REFERENCE.rindex("```yaml small-network.yaml\n") == REFERENCE.index(
        f"```yaml small-network.yaml\n{example}```"
    )
    assert f"bank of {len(ProblemCatalog().ids)} problems" in " ".join(PAGES["README.md"].split())


def slugs(path: Path) -> set[str]:
    """Return the anchors of a page, derived from its headings."""
    titles = HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_between_pages_resolves(name: str) -> None:
    for target in LINK.findall(PAGES[name]):
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        assert not anchor or anchor in slugs(file), target
