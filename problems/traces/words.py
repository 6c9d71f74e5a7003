"""Tracers for word2vec: parameters, pairs, negative samples and their loss.

V is the number of words, d the width of their vectors, T the length of a text, c the
window.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, to_exact_number
from problems.solvers.bounds import as_array, as_proportion
from problems.solvers.probabilities import as_doubles, log_of_base
from problems.solvers.words import (
    negative_sampling_loss,
    noise_distribution,
    skip_gram_pairs,
    skip_gram_params,
)
from problems.traces.cross_entropy import LOGARITHMS
from problems.traces.sums import dot_product_formula
from problems.traces.tracing import (
    MAX_ROWS,
    TracedArguments,
    build_table,
    build_tracers,
    show_array,
    sum_formula,
)

MAX_SAMPLES: Final = 8


def _trace_skip_gram_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(
        "Two tables of vectors, one for centers and one for contexts, with one row per word:"
    )
    yield build_formula("N", "2*V*d", V=args.vocabulary, d=args.embedding_dim)


def _trace_skip_gram_pairs(args: TracedArguments) -> Iterator[SolutionStep]:
    reach = min(args.window, args.length - 1)
    known: dict[str, Number] = {"c": reach, "T": args.length}
    if reach < args.window:
        yield TextStep(f"No two words are more than c = {reach} words apart.")
    yield TextStep("Each word has c neighbors on either side, but some would be beyond the ends.")
    missing = build_formula("m", "c*(c + 1)/2", **known)
    yield TextStep(
        "At either end, the first word lacks c of them, the next one c - 1, and so on, m in total:"
    )
    yield missing
    yield build_formula("n", "2*c*T - 2*m", **known, m=missing.number)


def _trace_noise_distribution(args: TracedArguments) -> Iterator[SolutionStep]:
    counts = as_doubles(as_array(args.counts, "counts", ranks=(1,)), "counts")
    powers = counts ** float(as_proportion(args.power, "power"))
    yield TextStep("Each count raised to the power, and its share of the sum of the powers:")
    columns = zip(counts.tolist(), powers.tolist(), args.result.tolist(), strict=True)
    rows = [tuple(map(to_exact_number, row)) for row in columns]
    yield sum_formula("S", [row[1] for row in rows])
    yield build_table(("count", "power", "share"), rows[: MAX_ROWS + 1])
    yield show_array("p", args.result)


def _build_score_formula(name: str, context: object, centre: list[float]) -> Formula:
    return dot_product_formula(name, np.asarray(context).tolist(), centre)


def _trace_negative_sampling_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    centre = as_doubles(args.centre, "centre").tolist()
    others = as_doubles(args.negatives, "negatives")
    yield TextStep("The score of the true context should be large, those of the negatives small:")
    scores = [_build_score_formula("s_0", as_doubles(args.context, "context"), centre)]
    scores += [
        _build_score_formula(f"s_{index}", row, centre) for index, row in enumerate(others, start=1)
    ]
    yield from scores[: MAX_SAMPLES + 1]
    signed_scores = [float(scores[0].number), *(-float(score.number) for score in scores[1:])]
    losses = np.logaddexp(0, -np.array(signed_scores)) / log_of_base(args.base)
    yield TextStep(
        "Each word contributes its loss; z is the score, or minus the score for a negative:"
    )
    log = LOGARITHMS[args.base]
    kinds = ["context", *["negative"] * len(others)]
    columns = zip(
        map(to_exact_number, signed_scores), map(to_exact_number, losses.tolist()), strict=True
    )
    rows = [(kind, *row) for kind, row in zip(kinds, columns, strict=True)]
    yield build_table(("word", "z", f"-{log}(1/(1 + exp(-z)))"), rows)
    yield sum_formula("L", map(to_exact_number, losses.tolist()))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        skip_gram_params: _trace_skip_gram_params,
        skip_gram_pairs: _trace_skip_gram_pairs,
        noise_distribution: _trace_noise_distribution,
        negative_sampling_loss: _trace_negative_sampling_loss,
    }
)
