"""Keys that a TA presses for 60 texts of the demo, with and without similar graded answers.

The TA selects the rubric items that have a long word of the answer, as the test of the grading page
does. Without neighbors, texts come in the order of submission, and each takes a key for every item
and one to save, or one key for zero points. With neighbors, the text that is most similar to the
last one comes next, and one key gives the grade of an identical answer or of one of the three
nearest, if it is the right one. The page is not opened; its similarity and its limits are used.

Run with ``.venv/bin/python benchmarks/grading_texts.py``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz

from api.demo.coursework.essays import choose_knowledge_level, write_essay
from api.demo.seeded_random import SeededRandom
from api.services.review.marks.neighbors import NEIGHBORS, normalize_text, rank_by_similarity
from grader.kinds.texts import TextPart
from grader.variants.random_stream import RandomStream
from problems.files.loader import load_problem_file

BANK: Final = Path(__file__).parents[1] / "problems" / "bank"
PROBLEMS: Final = (
    "pooling/max-pool-invariance.yaml",
    "interpretation/grad-cam-heatmap.yaml",
    "parameters/separable-fc-discussion.yaml",
)
TEXTS: Final = 60
LONG_WORD: Final = re.compile(r"\w{7,}")
LINE: Final = "{:<34} {:>9} {:>6} {:>12} {:>14}"


@dataclass(frozen=True, slots=True)
class GradingCost:
    """Number of *keys*, mean *similarity* of consecutive texts, and pairs with one grade."""

    keys: int
    similarity: float
    equal_grades: int


def write_texts(part: TextPart) -> list[str]:
    """Return texts as the students of the demo write them."""
    texts = []
    for student in range(TEXTS):
        rng = SeededRandom(RandomStream(b"grading texts", str(student)))
        texts.append(write_essay(part, {}, choose_knowledge_level(rng.between(20, 90), rng), rng))
    return texts


def find_grade(part: TextPart, text: str) -> frozenset[int]:
    """Return the rubric items of which an answer has a long word."""
    return frozenset(
        index
        for index, item in enumerate(part.rubric)
        if any(word in text.lower() for word in LONG_WORD.findall(str(item.say).lower()))
    )


def order_by_neighbors(texts: Sequence[str]) -> list[int]:
    """Return the order in which the queue offers the texts: the most similar to the last first."""
    waiting = list(range(len(texts)))
    order = [waiting.pop(0)]
    while waiting:
        candidates = {UUID(int=index): normalize_text(texts[index]) for index in waiting}
        ranks = rank_by_similarity(normalize_text(texts[order[-1]]), candidates)
        order.append(max(waiting, key=lambda index: ranks[UUID(int=index)]))
        waiting.remove(order[-1])
    return order


def find_offered_grades(
    text: str, graded: Sequence[str], grades: Sequence[frozenset[int]]
) -> set[frozenset[int]]:
    """Return the grades that the page offers with one key."""
    normalized = {UUID(int=index): normalize_text(other) for index, other in enumerate(graded)}
    ranks = rank_by_similarity(normalize_text(text), normalized)
    identical = {grades[index] for index, other in enumerate(graded) if other == text}
    nearest: dict[str, frozenset[int]] = {}
    for answer, similarity in sorted(ranks.items(), key=lambda item: (-item[1], -item[0].int)):
        if similarity and normalized[answer] != normalize_text(text) and len(nearest) < NEIGHBORS:
            nearest.setdefault(normalized[answer], grades[answer.int])
    return identical | set(nearest.values())


def measure(part: TextPart, texts: Sequence[str], *, with_neighbors: bool) -> GradingCost:
    """Return what grading all texts costs."""
    order = order_by_neighbors(texts) if with_neighbors else range(len(texts))
    ordered = [texts[index] for index in order]
    grades = [find_grade(part, text) for text in ordered]
    keys = 0
    for index, (text, grade) in enumerate(zip(ordered, grades, strict=True)):
        offered = find_offered_grades(text, ordered[:index], grades) if with_neighbors else set()
        keys += 1 if grade in offered or not grade else len(grade) + 1
    pairs = [
        fuzz.ratio(normalize_text(one), normalize_text(other)) for one, other in pairwise(ordered)
    ]
    equal = sum(one == other for one, other in pairwise(grades))
    return GradingCost(keys, sum(pairs) / len(pairs), equal)


def main() -> None:
    """Measure and print one line for each problem and order."""
    print(LINE.format("problem", "neighbors", "keys", "similarity %", "equal in a row"))
    for name in PROBLEMS:
        problem = load_problem_file(BANK / name)
        part = next(part for part in problem.parts if isinstance(part, TextPart))
        texts = write_texts(part)
        for with_neighbors in (False, True):
            cost = measure(part, texts, with_neighbors=with_neighbors)
            figures = (cost.keys, f"{cost.similarity:.0f}", cost.equal_grades)
            print(LINE.format(problem.id, "with" if with_neighbors else "without", *figures))


if __name__ == "__main__":
    main()
