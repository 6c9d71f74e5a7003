"""The way to the numbers of word2vec: parameters, pairs, negative samples and their loss.

V is the number of words, d the width of their vectors, T the length of a text, c the window.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Formula, Said, Step, Tracer, formula
from grader.values import Number, exact
from problems.solvers.bounds import array, share
from problems.solvers.probabilities import doubles, unit_of_log
from problems.solvers.words import (
    negative_sampling_loss,
    noise_distribution,
    skip_gram_pairs,
    skip_gram_params,
)
from problems.traces.cross_entropy import LOGARITHMS
from problems.traces.sums import dotted
from problems.traces.tracing import MAX_ROWS, counted_up, listed, shown, tracers

__all__ = ["TRACERS"]

MAX_SAMPLES: Final = 8


def _params(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Two tables, one of vectors of centres and one of contexts, a row for each word:")
    yield formula("N", "2*V*d", V=given.vocabulary, d=given.embedding_dim)


def _pairs(given: SimpleNamespace) -> Iterator[Step]:
    reach = min(given.window, given.length - 1)
    known: dict[str, Number] = {"c": reach, "T": given.length}
    if reach < given.window:
        yield Said(f"No two words are more than c = {reach} words apart.")
    yield Said("Each word has c neighbours on either side, but some would lie beyond the ends.")
    missing = formula("m", "c*(c + 1)/2", **known)
    yield Said(
        "At either end the first word lacks c of them, the next one c - 1, and so on, m in all:"
    )
    yield missing
    yield formula("n", "2*c*T - 2*m", **known, m=missing.number)


def _noise(given: SimpleNamespace) -> Iterator[Step]:
    counts = doubles(array(given.counts, "counts", ranks=(1,)), "counts")
    powers = counts ** float(share(given.power, "power"))
    yield Said("Each count to the power, and its share in the sum of the powers:")
    columns = zip(counts.tolist(), powers.tolist(), given.result.tolist(), strict=True)
    rows = [tuple(map(exact, row)) for row in columns]
    yield counted_up("S", [row[1] for row in rows])
    yield listed(("count", "power", "share"), rows[: MAX_ROWS + 1])
    yield shown("p", given.result)


def _score(name: str, context: object, centre: list[float]) -> Formula:
    return dotted(name, np.asarray(context).tolist(), centre)


def _negative_sampling(given: SimpleNamespace) -> Iterator[Step]:
    centre = doubles(given.centre, "centre").tolist()
    others = doubles(given.negatives, "negatives")
    yield Said("The score of the true context is to be large, those of the negatives small:")
    scores = [_score("s_0", doubles(given.context, "context"), centre)]
    scores += [_score(f"s_{at}", row, centre) for at, row in enumerate(others, start=1)]
    yield from scores[: MAX_SAMPLES + 1]
    turned = [float(scores[0].number), *(-float(one.number) for one in scores[1:])]
    losses = np.logaddexp(0, -np.array(turned)) / unit_of_log(given.base)
    yield Said("Each adds its loss; z is the score, of a negative minus the score:")
    log = LOGARITHMS[given.base]
    kinds = ["context", *["negative"] * len(others)]
    columns = zip(map(exact, turned), map(exact, losses.tolist()), strict=True)
    rows = [(kind, *row) for kind, row in zip(kinds, columns, strict=True)]
    yield listed(("word", "z", f"-{log}(1/(1 + exp(-z)))"), rows)
    yield counted_up("L", map(exact, losses.tolist()))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        skip_gram_params: _params,
        skip_gram_pairs: _pairs,
        noise_distribution: _noise,
        negative_sampling_loss: _negative_sampling,
    }
)
