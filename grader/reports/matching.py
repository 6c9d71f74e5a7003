"""Choice of a passage for each part, from their scores and their order."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from grader.reports.scores import IMPOSSIBLE, Scores

MATCH_COST: Final = 0.6
OUT_OF_ORDER_GAIN: Final = 0.9
OUT_OF_ORDER_SCORE: Final = 1.5
ORDER_ALLOWANCE: Final = 0.15
"""How much better, for each part, another order must fit."""


def match_in_order(scores: Scores) -> list[int | None]:
    """Return the passage of each part: the best choice in which both keep their order."""
    count, length = scores.shape
    best = np.zeros((count + 1, length + 1))
    takes = np.zeros((count + 1, length + 1), np.bool_)
    for row in range(1, count + 1):
        gains = best[row - 1, :-1] + scores[row - 1] - MATCH_COST
        skip = best[row - 1]
        for column in range(1, length + 1):
            without = max(best[row, column - 1], skip[column])
            takes[row, column] = gains[column - 1] > without
            best[row, column] = max(gains[column - 1], without)
    chosen: list[int | None] = [None] * count
    row, column = count, length
    while row and column:
        if takes[row, column]:
            chosen[row - 1] = column - 1
            row, column = row - 1, column - 1
        elif best[row, column] == best[row - 1, column]:
            row -= 1
        else:
            column -= 1
    return chosen


def choose_passages(scores: Scores) -> list[int | None]:
    """Return the passage of each part: in order, unless the words say clearly otherwise."""
    in_order = _move_out_of_order(scores, match_in_order(scores))
    by_words = match_by_score(scores)
    allowance = ORDER_ALLOWANCE * len(scores)
    return (
        by_words
        if _sum_scores_of_choice(scores, by_words)
        > _sum_scores_of_choice(scores, in_order) + allowance
        else in_order
    )


def _sum_scores_of_choice(scores: Scores, chosen: Sequence[int | None]) -> float:
    return sum(
        float(scores[row, column]) - MATCH_COST
        for row, column in enumerate(chosen)
        if column is not None
    )


def match_by_score(scores: Scores) -> list[int | None]:
    """Return the passage of each part in any order; the part with most to lose chooses first."""
    free = scores.copy()
    chosen: list[int | None] = [None] * len(scores)
    pending = set(range(len(scores)))
    while pending:
        regrets = {}
        for row in pending:
            best = np.sort(np.maximum(free[row], MATCH_COST))[-2:]
            regrets[row] = (float(best[-1] - best[0]), float(best[-1]), -row)
        row = max(pending, key=regrets.__getitem__)
        pending.remove(row)
        column = int(free[row].argmax())
        if free[row, column] > MATCH_COST:
            chosen[row] = column
            free[:, column] = IMPOSSIBLE
    return chosen


def _move_out_of_order(scores: Scores, chosen: list[int | None]) -> list[int | None]:
    """Give a part a free passage that fits much better than the one in order."""
    taken = {column for column in chosen if column is not None}
    for row, column in enumerate(chosen):
        current = MATCH_COST if column is None else float(scores[row, column])
        for other in np.argsort(-scores[row], kind="stable").tolist():
            score = float(scores[row, other])
            if score < max(OUT_OF_ORDER_SCORE, current + OUT_OF_ORDER_GAIN):
                break
            if other not in taken:
                taken.add(other)
                if column is not None:
                    taken.discard(column)
                chosen[row] = other
                break
    return chosen
