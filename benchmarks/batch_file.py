"""Makes a file of answers as a large course has it: 200 problem-versions, 5,000 students.

Each student answers one part of every problem-version: 5 % are formulas, 10 % matrices, the others
numbers, shapes, lists and sets. 35 % are wrong: half of these by a known mistake. At least 5 % of
the answers differ. With *shared* variants all students of a version have the same numbers; with
*own* ones each has those of a seed from the list of up to 500 that are published.

What is published of a problem is worked out once and kept in a folder, as `grader publish -o`
writes it: some minutes for all 500 seeds.

Run with ``.venv/bin/python benchmarks/batch_file.py FILE [shared|plain|own] [STUDENTS]
[VERSIONS] [FOLDER]``; *plain* is *shared* without formulas.
"""

import json
import os
import random
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path

import polars as pl

from grader.definitions.problem import Problem
from grader.kinds import KINDS
from grader.limits import PUBLISHED_SEEDS
from grader.variants.variant import Variant
from problems.catalog import ProblemCatalog
from problems.publish import publish_problem
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant, load_variant

DEFAULTS = ("shared", "5000", "200", str(Path.home() / ".cache" / "grader-benchmark"))
WRONG = 0.35
BY_MISTAKE = 0.5
FORMULAS, MATRICES = 0.05, 0.10
DIFFERENT = 300
"""One more than there are wrong answers to a variant, known mistakes apart."""
NUMBER = re.compile(r"\d+")
FORMULA_KINDS = ("expression",)
MATRIX_KINDS = ("matrix", "tensor")
PLAIN_KINDS = ("integer", "number", "percent", "quantity", "shape", "vector", "set")


@dataclass(frozen=True)
class Column:
    """One part of a version of a problem, which all students answer."""

    problem: str
    version: int
    part: str


def published(problem: str, folder: Path) -> list[str]:
    """Return the published variants of a problem as JSON lines, worked out the first time."""
    path = folder / f"{problem}.jsonl"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        variants = publish_problem(
            ProblemCatalog().get(problem), REGISTRY, limit=PUBLISHED_SEEDS
        ).variants
        new = path.with_suffix(f".{os.getpid()}")
        lines = (json.dumps(dump_variant(variant, REGISTRY)) for variant in variants)
        new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        new.replace(path)
    return path.read_text(encoding="utf-8").splitlines()


def publish_all(problems: Sequence[str], folder: Path) -> None:
    """Publish what is not published yet, on all cores."""
    missing = [one for one in problems if not (folder / f"{one}.jsonl").is_file()]
    if missing:
        print(f"publishing {len(missing)} problems, once", flush=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(published, missing, [folder] * len(missing)))


def columns(versions: int, *, formulas: bool) -> list[Column]:
    """Return what is answered: so many versions, each with one part."""
    catalogue = ProblemCatalog()
    bank = [catalogue.get(name) for name in catalogue.ids]
    drawn = [problem for problem in bank if problem.has_drawn_params]
    wanted = (
        (FORMULA_KINDS, round(versions * FORMULAS) if formulas else 0),
        (MATRIX_KINDS, round(versions * MATRICES)),
        (PLAIN_KINDS, versions),
    )
    found = [one for kinds, most in wanted for one in islice(versions_of(drawn, kinds), most)]
    return found[:versions]


def versions_of(bank: Sequence[Problem], kinds: Sequence[str]) -> Iterator[Column]:
    """Yield parts of these kinds, of one problem after the other, version after version."""
    parts = {one.id: [part.id for part in one.parts if part.kind in kinds] for one in bank}
    with_parts = {name: found for name, found in parts.items() if found}
    for version in count():
        for name, found in with_parts.items():
            yield Column(name, version, found[version % len(found)])


class Answers:
    """What is typed at one part of one variant: right, by a known mistake, or otherwise wrong."""

    def __init__(self, variant: Variant, part_id: str, chance: random.Random) -> None:
        part = variant.problem.get_part(part_id)
        kind = KINDS[part.kind]
        key = variant.keys.get(part_id)
        right = [one for one in kind.build_samples(part, key).right if isinstance(one, str)]
        self.right = right or [kind.format_key(key, part)]
        known = variant.mistakes[part_id].candidates
        self.known = [kind.format_key(one.value, part) for one in known] or self.right
        self.chance, self.formula = chance, part.kind in FORMULA_KINDS

    def typed(self) -> str:
        """Return the answer of a student."""
        if self.chance.random() >= WRONG:
            return self.chance.choice(self.right)
        if self.chance.random() < BY_MISTAKE:
            return self.chance.choice(self.known)
        return self.odd()

    def odd(self) -> str:
        """Return the right answer with another number in it, or with a number added."""
        text, more = self.right[0], self.chance.randrange(1, DIFFERENT)
        places = list(NUMBER.finditer(text))
        if self.formula or not places:
            return f"{text} + {more}"
        place = places[more % len(places)]
        return f"{text[: place.start()]}{int(place[0]) + more}{text[place.end() :]}"


def answers_of(
    column: Column, folder: Path, students: int, *, own: bool
) -> Iterator[tuple[str, str]]:
    """Yield seed and answer of each student, in order."""
    chance = random.Random(f"{column}")  # noqa: S311  # answers, no secrets
    problem = ProblemCatalog().get(column.problem)
    lines = published(column.problem, folder)
    if not own:
        lines = [lines[column.version % len(lines)]]
    typed = []
    for line in lines:
        variant = load_variant(json.loads(line), problem, REGISTRY)
        typed.append((str(variant.seed), Answers(variant, column.part, chance)))
    chance.shuffle(typed)
    for seed, answers in islice(cycle(typed), students):
        yield seed, answers.typed()


def column_frame(column: Column, folder: Path, students: int, own: bool) -> pl.DataFrame:  # noqa: FBT001
    """Return the rows of one version."""
    found = list(answers_of(column, folder, students, own=own))
    return pl.DataFrame(
        {
            "student": [f"s{at:05}@example.edu" for at in range(students)],
            "problem": [column.problem] * students,
            "part": [column.part] * students,
            "answer": [answer for _, answer in found],
            "seed": [seed for seed, _ in found],
        }
    )


def write_file(path: Path, kind: str, *, students: int, versions: int, folder: Path) -> None:
    """Write the file of a kind, the rows of each student together."""
    own, asked = kind == "own", columns(versions, formulas=kind != "plain")
    publish_all(sorted({one.problem for one in asked}), folder)
    count_ = len(asked)
    with ProcessPoolExecutor() as pool:
        frames = list(
            pool.map(column_frame, asked, [folder] * count_, [students] * count_, [own] * count_)
        )
    whole = pl.concat(frames).with_columns(place=pl.Series([*range(students)] * count_))
    whole.sort("place", maintain_order=True).drop("place").write_csv(path)
    answers = whole.select("problem", "seed", "part", "answer").n_unique()
    share = answers / whole.height
    print(f"{whole.height:,} answers, {answers:,} different ({share:.1%}) in {path}", flush=True)


def main(arguments: list[str]) -> None:
    """Write the file that the command line asks for."""
    if not arguments:
        print(__doc__)
        return
    file, *more = arguments
    kind, students, versions, folder = (*more, *DEFAULTS[len(more) :])
    write_file(
        Path(file),
        kind,
        students=int(students),
        versions=int(versions),
        folder=Path(folder),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
