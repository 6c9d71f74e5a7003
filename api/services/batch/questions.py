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
from api.services.batch.interning import Answers, combined
from api.services.batch.judging import Outline, Text, outline
from grader.definitions.problem import MAX_SEED
from grader.errors import ProblemError
from problems.catalogue import Catalogue
from problems.loader import read_source

__all__ = ["Bank", "Place", "Places", "find_places"]

SEED: Final = re.compile(rb'"seed": (\d+),')


class Place(NamedTuple):
    """A part of a variant, or the error for which it is missing.

    *variant* is equal for places of one problem and seed. *heard* are the variant's parts whose
    answers may be carried to this one.
    """

    problem: str = ""
    seed: int | None = None
    part: str = ""
    variant: int = -1
    position: int = 0
    heard: tuple[str, ...] = ()
    error: str = ""


class _Lines(Mapping[int, str]):
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
class Bank:
    """The sources of the problems that a file names, and their published variants.

    *published* is a folder written by `grader publish -o`; its variants are not solved again.
    *typed_json*: the answers of the file are JSON text.
    """

    catalogue: Catalogue
    published: Path | None = None
    typed_json: bool = False
    sources: dict[str, Text | str] = field(default_factory=dict)

    def source(self, problem: str) -> Text | str:
        """Return the source of a problem, or an error message."""
        if problem not in self.sources:
            self.sources[problem] = self._read(problem)
        return self.sources[problem]

    def digest(self) -> str:
        """Return a SHA-256 digest of all sources requested so far."""
        told = sha256()
        for name, source in sorted(self.sources.items()):
            told.update(repr((name, source)).encode())
        return told.hexdigest()

    @lru_cache(maxsize=2)  # noqa: B019  # the problems of a chunk and of the next
    def variants(self, problem: str) -> Mapping[int, str]:
        """Return the stored variants of a problem by seed, as JSON text; may be empty."""
        path = None if self.published is None else self.published / f"{problem}.jsonl"
        if path is None or not path.is_file():
            return {}
        return _Lines(path.read_bytes())

    def _read(self, problem: str) -> Text | str:
        try:
            path = self.catalogue.path(problem)
            return Text(str(path), read_source(path))
        except ProblemError as error:
            return str(error)


@dataclass(frozen=True, slots=True)
class Places:
    """The distinct places of a file, and the place of each base of its answers."""

    places: list[Place]
    of_base: Ints


def find_places(answers: Answers, bank: Bank, executor: Executor) -> Places:
    """Return the part and variant of each base, without solving anything."""
    texts = answers.texts
    problems, parts = ([one.strip() for one in texts[name]] for name in ("problem", "part"))
    seeds = [_seed(one.strip()) for one in texts["seed"]]
    keys = combined(combined(answers.problem, answers.seed, len(seeds)), answers.part, len(parts))
    _, first, of_base = np.unique(keys, return_index=True, return_inverse=True)
    named = [
        _named(problems[problem], seeds[seed], parts[part])
        for problem, seed, part in zip(
            answers.problem[first].tolist(),
            answers.seed[first].tolist(),
            answers.part[first].tolist(),
            strict=True,
        )
    ]
    outlines = _outlines([one for one in named if not isinstance(one, str)], bank, executor)
    found, numbers = _placed(named, outlines)
    return Places(found, numbers[of_base])


def _named(problem: str, seed: int | str | None, part: str) -> tuple[str, int | None, str] | str:
    """Return problem, seed and part as named by a row, or an error message."""
    if not problem:
        return "the row has no problem"
    if not part:
        return "the row has no part"
    return seed if isinstance(seed, str) else (problem, seed, part)


def _seed(text: str) -> int | str | None:
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


def _outlines(
    named: Iterable[tuple[str, int | None, str]], bank: Bank, executor: Executor
) -> dict[str, Outline]:
    """Return the outlines of the named parts, by problem."""
    parts: dict[str, dict[str, None]] = {}
    for problem, _, part in named:
        parts.setdefault(problem, {})[part] = None
    found, waiting = {}, {}
    for problem, asked in parts.items():
        source = bank.source(problem)
        if isinstance(source, Text):
            waiting[problem] = executor.submit(outline, source, tuple(asked))
        else:
            found[problem] = Outline(dict.fromkeys(asked, source))
    return found | {problem: one.result() for problem, one in waiting.items()}


def _placed(
    named: Sequence[tuple[str, int | None, str] | str], outlines: Mapping[str, Outline]
) -> tuple[list[Place], Ints]:
    """Return the distinct places, and the index of the place of each name."""
    variants: dict[tuple[str, int | None], int] = {}
    different = {one: at for at, one in enumerate(dict.fromkeys(named))}
    places = [_place(one, outlines, variants) for one in different]
    return places, np.array([different[one] for one in named], np.int64)


def _place(
    named: tuple[str, int | None, str] | str,
    outlines: Mapping[str, Outline],
    variants: dict[tuple[str, int | None], int],
) -> Place:
    if isinstance(named, str):
        return Place(error=named)
    problem, seed, part = named
    known = outlines[problem].parts[part]
    if isinstance(known, str):
        return Place(error=known)
    variant = variants.setdefault((problem, seed), len(variants))
    position, heard = known
    return Place(problem, seed, part, variant, position, heard)
