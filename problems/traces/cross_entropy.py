"""Tracers for cross-entropy losses: a softmax table, then the logarithms.

z are the logits of the classes, p their probabilities, t the target probabilities;
classes count from 0.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula, build_value_step
from grader.display.text import to_text
from grader.values import Array, to_exact_number
from problems.solvers.activations import softmax
from problems.solvers.bounds import as_array
from problems.solvers.cross_entropy import (
    binary_cross_entropy,
    cross_entropy,
    softmax_cross_entropy,
)
from problems.solvers.divergence import entropy, kl_divergence, perplexity, token_loss
from problems.solvers.loss_gradients import softmax_cross_entropy_gradient
from problems.solvers.probabilities import as_double_rows, as_doubles, log_of_base, log_softmax
from problems.traces.losses import build_reduction_step, format_indexed_name
from problems.traces.reals import build_real_formula, build_symbolic_formula
from problems.traces.sums import dot_product_formula, mean_formula
from problems.traces.tracing import (
    MAX_ROWS,
    TracedArguments,
    build_table,
    build_tracers,
    show_array,
    sum_formula,
)

LOGARITHMS: Final = {None: "ln", 2: "log2", 10: "log10"}
MAX_EXAMPLES: Final = 8
LARGE_SCORE: Final = 30
MIN_PROBABILITY: Final = 1e-300
BINARY_LOSS_FORMULA: Final = "-(t*{0}(p) + (1 - t)*{0}(1 - p))"


def _build_softmax_table(row: Array, **columns: Array) -> SolutionStep:
    """Return the softmax table of a *row* of logits, with additional *columns*.

    >>> _build_softmax_table(np.array([0.0, 0.0])).rows[0]
    (0, 0, 1, Fraction(1, 2))
    """
    shift = row.max() if np.abs(row).max() > LARGE_SCORE else 0
    power = f"exp(z - {to_exact_number(shift)})" if shift else "exp(z)"
    powers, probabilities = np.exp(row - shift), softmax(row)
    rows = [
        (index, *map(to_exact_number, cells))
        for index, cells in enumerate(
            zip(
                row.tolist(),
                powers.tolist(),
                probabilities.tolist(),
                *columns.values(),
                strict=True,
            )
        )
    ]
    return build_table(("class", "z", power, "p", *columns), rows)


def _targets_as_probabilities(target: object, rows: Array) -> Array:
    """Return the target probabilities of each row; class indices become one-hot vectors."""
    targets = np.asarray(target)
    if targets.size == rows.size and targets.ndim == rows.ndim:
        return targets.astype(np.float64)
    return np.eye(rows.shape[-1])[targets.astype(np.int64)]


def _trace_softmax_cross_entropy(args: TracedArguments) -> Iterator[SolutionStep]:
    rows = as_double_rows(args.logits, "logits")
    smoothing = float(args.label_smoothing)
    targets = (1 - smoothing) * _targets_as_probabilities(
        args.target, rows
    ) + smoothing / rows.shape[-1]
    negative_logs = -log_softmax(rows) / log_of_base(args.base)
    yield TextStep(
        "The softmax turns the scores z into probabilities p: exp(z) divided by the sum."
    )
    if smoothing:
        smoothing_text = to_text(to_exact_number(args.label_smoothing))
        yield TextStep(f"Label smoothing mixes {smoothing_text} of equal shares into the target t.")
    yield from _trace_losses(args, rows, targets, negative_logs, softmax(rows))


def _trace_losses(
    args: TracedArguments,
    scores: Array | None,
    target_probabilities: Array,
    negative_logs: Array,
    probabilities_by_example: Array,
) -> Iterator[SolutionStep]:
    """Yield each example's loss, then the reduction; *negative_logs* is ``-log(p)``."""
    several, classes = target_probabilities.ndim > 1, target_probabilities.shape[-1]
    arrays = (target_probabilities, negative_logs, probabilities_by_example)
    flat = [array.reshape(-1, classes) for array in arrays]
    log = LOGARITHMS[args.base]
    for index, (true, nats, probabilities) in enumerate(zip(*flat, strict=True)):
        if index == MAX_EXAMPLES:
            yield TextStep(f"The other {len(flat[0]) - index} examples follow in the same way.")
            break
        certain = true.max() == 1
        if scores is not None:
            extra_columns = {} if certain else {"t": true.tolist(), f"-{log}(p)": nats.tolist()}
            yield _build_softmax_table(scores.reshape(-1, classes)[index], **extra_columns)
        name = format_indexed_name("L", index, several=several)
        yield _build_loss_step(name, true, nats, probabilities, log=log)
    if several:
        losses = np.where(target_probabilities > 0, target_probabilities * negative_logs, 0)
        yield build_reduction_step(losses.sum(axis=-1), args.reduction)


def _build_loss_step(
    name: str, true: Array, negative_logs: Array, probabilities: Array, *, log: str
) -> SolutionStep:
    """Return the loss of one example, for a single true class or for soft targets."""
    if true.max() < 1:
        counted = true > 0
        return dot_product_formula(name, true[counted].tolist(), negative_logs[counted].tolist())
    right = int(true.argmax())
    letter = f"p_{right}"
    if probabilities[right] < MIN_PROBABILITY:
        return build_value_step(
            name, to_exact_number(negative_logs[right])
        )  # p itself is no double any more
    known = {letter: to_exact_number(probabilities[right])}
    return build_formula(
        name, f"-{log}({letter})", result=to_exact_number(negative_logs[right]), **known
    )


def _trace_cross_entropy(args: TracedArguments) -> Iterator[SolutionStep]:
    rows = as_double_rows(args.probabilities, "probabilities")
    targets = _targets_as_probabilities(args.target, rows)
    known = np.where(targets > 0, rows, 1)
    yield TextStep("The loss is minus the logarithm of the probability of the true class.")
    yield from _trace_losses(args, None, targets, -np.log(known) / log_of_base(args.base), rows)


def _trace_binary_cross_entropy(args: TracedArguments) -> Iterator[SolutionStep]:
    cells, targets = as_doubles(args.prediction, "prediction"), as_doubles(args.target, "target")
    log = LOGARITHMS[args.base]
    options = {"logits": args.logits, "base": args.base, "reduction": "none"}
    losses = np.asarray(binary_cross_entropy(args.prediction, args.target, **options))
    if args.logits:
        yield build_symbolic_formula("p", "1/(1 + exp(-z))")
    yield build_symbolic_formula("L", BINARY_LOSS_FORMULA.format(log))
    probabilities = np.exp(-np.logaddexp(0, -cells)) if args.logits else cells
    columns = {"z": cells} if args.logits else {}
    columns |= {"p": probabilities, "t": targets, "L": losses}
    yield _build_cell_table(columns)
    yield build_reduction_step(losses, args.reduction)


def _build_cell_table(columns: Mapping[str, Array]) -> SolutionStep:
    """Return a table of arrays of the same shape, one row per cell."""
    cells = (column.ravel()[: MAX_ROWS + 1].tolist() for column in columns.values())
    return build_table(
        tuple(columns), [tuple(map(to_exact_number, row)) for row in zip(*cells, strict=True)]
    )


def _trace_entropy(args: TracedArguments) -> Iterator[SolutionStep]:
    true = as_doubles(args.p, "p")
    log = LOGARITHMS[args.base]
    yield TextStep(f"Each outcome contributes its probability p times its surprise, -{log}(p):")
    surprises = -np.log(np.where(true > 0, true, 1)) / log_of_base(args.base)
    terms = true * surprises
    yield _build_cell_table({"p": true, f"-{log}(p)": surprises, f"-p·{log}(p)": terms})
    yield sum_formula("H", map(to_exact_number, terms.tolist()))


def _trace_kl_divergence(args: TracedArguments) -> Iterator[SolutionStep]:
    true, other = as_doubles(args.p, "p"), as_doubles(args.q, "q")
    log = LOGARITHMS[args.base]
    yield TextStep(
        "p is the first distribution, q the second; each value contributes p times log(p/q):"
    )
    known = np.where(true > 0, true, 1)
    ratios = np.log(known / np.where(true > 0, other, 1)) / log_of_base(args.base)
    terms = true * ratios
    yield _build_cell_table({"p": true, "q": other, f"p·{log}(p/q)": terms})
    yield sum_formula("D", map(to_exact_number, terms.tolist()))


def _build_token_table(log: str, probabilities: Array, losses: Array) -> SolutionStep:
    """Return the table of the probability and loss of each token."""
    tokens = np.arange(1, len(probabilities) + 1)
    return _build_cell_table({"token": tokens, "p": probabilities, f"-{log}(p)": losses})


def _trace_token_loss(args: TracedArguments) -> Iterator[SolutionStep]:
    probabilities = as_doubles(
        as_array(args.probabilities, "probabilities", ranks=(1,)), "probabilities"
    )
    losses = -np.log(probabilities) / log_of_base(args.base)
    yield TextStep("The loss of each token is minus the logarithm of its probability:")
    yield _build_token_table(LOGARITHMS[args.base], probabilities, losses)
    yield build_reduction_step(losses, args.reduction)


def _trace_perplexity(args: TracedArguments) -> Iterator[SolutionStep]:
    probabilities = as_doubles(
        as_array(args.probabilities, "probabilities", ranks=(1,)), "probabilities"
    )
    nats = -np.log(probabilities)
    yield _build_token_table("ln", probabilities, nats)
    mean = mean_formula("H", nats.tolist())
    yield TextStep("The perplexity is e to the power of the mean H:")
    yield mean
    yield build_real_formula("PP", "exp(H)", H=mean.number)


def _trace_softmax_cross_entropy_gradient(args: TracedArguments) -> Iterator[SolutionStep]:
    scores = as_double_rows(args.logits, "logits")
    rows = cast("Array", scores.reshape(-1, scores.shape[-1]))
    targets = _targets_as_probabilities(args.target, scores).reshape(rows.shape)
    yield TextStep("The gradient is p - t: the probabilities of the softmax minus the true ones.")
    for index, (row, true) in enumerate(zip(rows, targets, strict=True)):
        if index == MAX_EXAMPLES:
            yield TextStep(f"The other {len(rows) - index} examples follow in the same way.")
            break
        difference = softmax(row) - true
        yield _build_softmax_table(row, **{"t": true.tolist(), "p - t": difference.tolist()})
    if scores.ndim > 1 and args.reduction == "mean":
        yield TextStep(f"The loss is the mean over {len(rows)} examples, and so is its gradient.")
    yield show_array("g", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        softmax_cross_entropy: _trace_softmax_cross_entropy,
        cross_entropy: _trace_cross_entropy,
        binary_cross_entropy: _trace_binary_cross_entropy,
        entropy: _trace_entropy,
        kl_divergence: _trace_kl_divergence,
        token_loss: _trace_token_loss,
        perplexity: _trace_perplexity,
        softmax_cross_entropy_gradient: _trace_softmax_cross_entropy_gradient,
    }
)
