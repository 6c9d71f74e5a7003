"""Write a file of answers of a large course: 200 versions of problems, 5,000 students.

Each student answers one part of every version: 5 % are formulas, 10 % matrices, the others numbers,
shapes, lists and sets. 35 % are wrong, half of them by a known mistake. At least 5 % of the answers
differ. With *shared* variants all students have the same numbers in a version; with *own* variants
each student has the numbers of one of up to 500 published seeds.

Each problem is published once and cached in a folder, in the format of `grader publish -o`. That
takes some minutes for all 500 seeds.

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

DEFAULT_ARGUMENTS = ("shared", "5000", "200", str(Path.home() / ".cache" / "grader-benchmark"))
WRONG_SHARE = 0.35
KNOWN_MISTAKE_SHARE = 0.5
FORMULA_SHARE, MATRIX_SHARE = 0.05, 0.10
MAX_OFFSET = 300
"""One more than the number of wrong answers to a variant that no known mistake gives."""
NUMBER = re.compile(r"\d+")
FORMULA_KINDS = ("expression",)
MATRIX_KINDS = ("matrix", "tensor")
PLAIN_KINDS = ("integer", "number", "percent", "quantity", "shape", "vector", "set")


@dataclass(frozen=True)
class Column:
    """Part of a version of a problem that all students answer."""

    problem: str
    version: int
    part: str


def load_published(problem: str, folder: Path) -> list[str]:
    """Return the published variants of a problem as JSON lines; publish it the first time."""
    path = folder / f"{problem}.jsonl"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        variants = publish_problem(
            ProblemCatalog().get(problem), REGISTRY, limit=PUBLISHED_SEEDS
        ).variants
        new_path = path.with_suffix(f".{os.getpid()}")
        lines = (json.dumps(dump_variant(variant, REGISTRY)) for variant in variants)
        new_path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        new_path.replace(path)
    return path.read_text(encoding="utf-8").splitlines()


def publish_missing(problems: Sequence[str], folder: Path) -> None:
    """Publish the problems that are not cached yet, on all cores."""
    missing = [problem for problem in problems if not (folder / f"{problem}.jsonl").is_file()]
    if missing:
        print(f"publishing {len(missing)} problems, once", flush=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(load_published, missing, [folder] * len(missing)))


def select_columns(versions: int, *, formulas: bool) -> list[Column]:
    """Return *versions* columns, each for one part."""
    catalog = ProblemCatalog()
    bank = [catalog.get(name) for name in catalog.ids]
    drawn_problems = [problem for problem in bank if problem.has_drawn_params]
    limits = (
        (FORMULA_KINDS, round(versions * FORMULA_SHARE) if formulas else 0),
        (MATRIX_KINDS, round(versions * MATRIX_SHARE)),
        (PLAIN_KINDS, versions),
    )
    columns = [
        column
        for kinds, limit in limits
        for column in islice(generate_columns(drawn_problems, kinds), limit)
    ]
    return columns[:versions]


def generate_columns(bank: Sequence[Problem], kinds: Sequence[str]) -> Iterator[Column]:
    """Yield parts of these kinds: one of each problem, then again with the next version."""
    parts = {
        problem.id: [part.id for part in problem.parts if part.kind in kinds] for problem in bank
    }
    with_parts = {name: part_ids for name, part_ids in parts.items() if part_ids}
    for version in count():
        for name, part_ids in with_parts.items():
            yield Column(name, version, part_ids[version % len(part_ids)])


class AnswerSource:
    """Random answers to a part of a variant: right, by a known mistake, or otherwise wrong."""

    def __init__(self, variant: Variant, part_id: str, rng: random.Random) -> None:
        part = variant.problem.get_part(part_id)
        kind = KINDS[part.kind]
        key = variant.keys.get(part_id)
        samples = [
            sample for sample in kind.build_samples(part, key).right if isinstance(sample, str)
        ]
        self.right_answers = samples or [kind.format_key(key, part)]
        mistakes = variant.mistakes[part_id].candidates
        self.known_wrong_answers = [
            kind.format_key(sample.value, part) for sample in mistakes
        ] or self.right_answers
        self.rng, self.is_formula = rng, part.kind in FORMULA_KINDS

    def generate_answer(self) -> str:
        """Return a random answer."""
        if self.rng.random() >= WRONG_SHARE:
            return self.rng.choice(self.right_answers)
        if self.rng.random() < KNOWN_MISTAKE_SHARE:
            return self.rng.choice(self.known_wrong_answers)
        return self.generate_wrong_answer()

    def generate_wrong_answer(self) -> str:
        """Return the right answer with one number changed, or with a number added."""
        text, offset = self.right_answers[0], self.rng.randrange(1, MAX_OFFSET)
        matches = list(NUMBER.finditer(text))
        if self.is_formula or not matches:
            return f"{text} + {offset}"
        match = matches[offset % len(matches)]
        return f"{text[: match.start()]}{int(match[0]) + offset}{text[match.end() :]}"


def generate_answers(
    column: Column, folder: Path, students: int, *, individual: bool
) -> Iterator[tuple[str, str]]:
    """Yield the seed and the answer of each student, in order."""
    rng = random.Random(f"{column}")  # noqa: S311  # answers, no secrets
    problem = ProblemCatalog().get(column.problem)
    lines = load_published(column.problem, folder)
    if not individual:
        lines = [lines[column.version % len(lines)]]
    sources = []
    for line in lines:
        variant = load_variant(json.loads(line), problem, REGISTRY)
        sources.append((str(variant.seed), AnswerSource(variant, column.part, rng)))
    rng.shuffle(sources)
    for seed, source in islice(cycle(sources), students):
        yield seed, source.generate_answer()


def build_column_frame(
    column: Column,
    folder: Path,
    students: int,
    individual: bool,  # noqa: FBT001  # for `Executor.map`
) -> pl.DataFrame:
    """Return the rows of a column."""
    rows = list(generate_answers(column, folder, students, individual=individual))
    return pl.DataFrame(
        {
            "student": [f"s{index:05}@example.edu" for index in range(students)],
            "problem": [column.problem] * students,
            "part": [column.part] * students,
            "answer": [answer for _, answer in rows],
            "seed": [seed for seed, _ in rows],
        }
    )


def write_file(path: Path, kind: str, *, students: int, versions: int, folder: Path) -> None:
    """Write a file of a *kind*, grouped by student."""
    individual, columns = kind == "own", select_columns(versions, formulas=kind != "plain")
    publish_missing(sorted({column.problem for column in columns}), folder)
    column_count = len(columns)
    with ProcessPoolExecutor() as pool:
        frames = list(
            pool.map(
                build_column_frame,
                columns,
                [folder] * column_count,
                [students] * column_count,
                [individual] * column_count,
            )
        )
    rows = pl.concat(frames).with_columns(place=pl.Series([*range(students)] * column_count))
    rows.sort("place", maintain_order=True).drop("place").write_csv(path)
    answers = rows.select("problem", "seed", "part", "answer").n_unique()
    share = answers / rows.height
    print(f"{rows.height:,} answers, {answers:,} different ({share:.1%}) in {path}", flush=True)


def main(arguments: list[str]) -> None:
    """Write a file with the arguments of the command line."""
    if not arguments:
        print(__doc__)
        return
    file, *more = arguments
    kind, students, versions, folder = (*more, *DEFAULT_ARGUMENTS[len(more) :])
    write_file(
        Path(file),
        kind,
        students=int(students),
        versions=int(versions),
        folder=Path(folder),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
