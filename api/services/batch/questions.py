"""Questions of a file: its rows as distinct questions on parts of variants."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from api.services.batch.formats.blocks import Ints
from api.services.batch.grading_jobs import ProblemOutline, SourceFile, outline_problem
from api.services.batch.interning import BatchAnswers, encode_key_pairs
from grader.errors import ProblemError
from grader.limits import MAX_SEED
from problems.catalog import ProblemCatalog
from problems.files.loader import read_problem_source

NO_PART: Final = "the row has no part"
NO_PROBLEM: Final = "the row has no problem"
SEED: Final = re.compile(rb'"seed": (\d+),')


class VariantPart(NamedTuple):
    """A part of a variant, or the error for which it is missing.

    *variant* is equal for parts of one problem and seed. *dependencies* are the variant's parts
    whose answers may be carried to this one.
    """

    problem: str = ""
    seed: int | None = None
    part: str = ""
    variant: int = -1
    position: int = 0
    dependencies: tuple[str, ...] = ()
    error: str = ""


class _VariantLines(Mapping[int, str]):
    """Stored variants of a file by seed: lines of JSON, decoded on demand."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._spans: dict[int, tuple[int, int]] = {}
        start = 0
        while start < len(data):
            end = data.find(b"\n", start) % (len(data) + 1)
            if seed := SEED.search(data, start, end):
                self._spans[int(seed[1])] = start, end
            start = end + 1

    def __contains__(self, seed: object) -> bool:
        return seed in self._spans

    def __getitem__(self, seed: int) -> str:
        start, end = self._spans[seed]
        return self._data[start:end].decode()

    def __iter__(self) -> Iterator[int]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


@dataclass(slots=True, eq=False)
class BatchProblems:
    """The sources of the problems that a file names, and their published variants.

    *published* is a folder written by `grader publish -o`; its variants are not solved again.
    *typed_json*: the answers of the file are JSON text.
    """

    catalogue: ProblemCatalog
    published: Path | None = None
    typed_json: bool = False
    sources: dict[str, SourceFile | str] = field(default_factory=dict)

    def get_source_or_error(self, problem: str) -> SourceFile | str:
        """Return the source of a problem, or an error message."""
        if problem not in self.sources:
            self.sources[problem] = self._read_source_or_error(problem)
        return self.sources[problem]

    def digest(self) -> str:
        """Return a SHA-256 digest of all sources requested so far."""
        hasher = sha256()
        for name, source in sorted(self.sources.items()):
            hasher.update(repr((name, source)).encode())
        return hasher.hexdigest()

    @lru_cache(maxsize=2)  # noqa: B019  # the problems of a chunk and of the next
    def load_variants(self, problem: str) -> Mapping[int, str]:
        """Return the stored variants of a problem by seed, as JSON text; may be empty."""
        path = None if self.published is None else self.published / f"{problem}.jsonl"
        if path is None or not path.is_file():
            return {}
        return _VariantLines(path.read_bytes())

    def _read_source_or_error(self, problem: str) -> SourceFile | str:
        try:
            path = self.catalogue.path(problem)
            return SourceFile(str(path), read_problem_source(path))
        except ProblemError as error:
            return str(error)


@dataclass(frozen=True, slots=True)
class PartIndex:
    """The distinct variant parts of a file, and the one of each base of its answers."""

    variant_parts: list[VariantPart]
    part_by_base: Ints


def index_parts(
    answers: BatchAnswers, batch_problems: BatchProblems, executor: Executor
) -> PartIndex:
    """Return the part and variant of each base, without solving anything."""
    texts = answers.texts
    problems, parts = ([text.strip() for text in texts[name]] for name in ("problem", "part"))
    seeds = [_parse_seed(text.strip()) for text in texts["seed"]]
    keys = encode_key_pairs(
        encode_key_pairs(answers.problem, answers.seed, len(seeds)), answers.part, len(parts)
    )
    _, first, part_by_base = np.unique(keys, return_index=True, return_inverse=True)
    row_keys = [
        _resolve_row_key(problems[problem], seeds[seed], parts[part])
        for problem, seed, part in zip(
            answers.problem[first].tolist(),
            answers.seed[first].tolist(),
            answers.part[first].tolist(),
            strict=True,
        )
    ]
    outlines = _load_outlines(
        [key for key in row_keys if not isinstance(key, str)], batch_problems, executor
    )
    variant_parts, numbers = _list_variant_parts(row_keys, outlines)
    return PartIndex(variant_parts, numbers[part_by_base])


def _resolve_row_key(
    problem: str, seed: int | str | None, part: str
) -> tuple[str, int | None, str] | str:
    """Return problem, seed and part as named by a row, or an error message."""
    if not problem:
        return NO_PROBLEM
    if not part:
        return NO_PART
    return seed if isinstance(seed, str) else (problem, seed, part)


def _parse_seed(text: str) -> int | str | None:
    """Return the seed of a row, or an error message; None stands for the original."""
    if text in {"", "original"}:
        return None
    whole = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SEED))
    if not whole or int(text) > MAX_SEED:
        return (
            f"the seed {text[:40]!r} is not a whole number from 0 to {MAX_SEED}; leave it empty "
            "for the original"
        )
    return int(text)


def _load_outlines(
    row_keys: Iterable[tuple[str, int | None, str]],
    batch_problems: BatchProblems,
    executor: Executor,
) -> dict[str, ProblemOutline]:
    """Return the outlines of the named parts, by problem."""
    parts: dict[str, dict[str, None]] = {}
    for problem, _, part in row_keys:
        parts.setdefault(problem, {})[part] = None
    outlines, waiting = {}, {}
    for problem, part_ids in parts.items():
        source = batch_problems.get_source_or_error(problem)
        if isinstance(source, SourceFile):
            waiting[problem] = executor.submit(outline_problem, source, tuple(part_ids))
        else:
            outlines[problem] = ProblemOutline(dict.fromkeys(part_ids, source))
    return outlines | {problem: one.result() for problem, one in waiting.items()}


def _list_variant_parts(
    row_keys: Sequence[tuple[str, int | None, str] | str], outlines: Mapping[str, ProblemOutline]
) -> tuple[list[VariantPart], Ints]:
    """Return the distinct variant parts, and the index of the part of each row key."""
    variants: dict[tuple[str, int | None], int] = {}
    distinct = {one: index for index, one in enumerate(dict.fromkeys(row_keys))}
    variant_parts = [_build_variant_part(one, outlines, variants) for one in distinct]
    return variant_parts, np.array([distinct[key] for key in row_keys], np.int64)


def _build_variant_part(
    row_key: tuple[str, int | None, str] | str,
    outlines: Mapping[str, ProblemOutline],
    variants: dict[tuple[str, int | None], int],
) -> VariantPart:
    if isinstance(row_key, str):
        return VariantPart(error=row_key)
    problem, seed, part = row_key
    known = outlines[problem].parts[part]
    if isinstance(known, str):
        return VariantPart(error=known)
    variant = variants.setdefault((problem, seed), len(variants))
    position, dependencies = known
    return VariantPart(problem, seed, part, variant, position, dependencies)
