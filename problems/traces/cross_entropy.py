"""The way to losses of probabilities: the softmax in a table, then the logarithm of what is true.

z are the scores of the classes, p their probabilities, t the true ones; classes count from 0.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Final, cast

import numpy as np

from grader.display.steps import Said, Step, Tracer, formula, stated
from grader.display.text import show
from grader.values import Array, exact
from problems.solvers.activations import softmax
from problems.solvers.bounds import array
from problems.solvers.cross_entropy import (
    binary_cross_entropy,
    cross_entropy,
    softmax_cross_entropy,
)
from problems.solvers.divergence import entropy, kl_divergence, perplexity, token_loss
from problems.solvers.loss_gradients import softmax_cross_entropy_gradient
from problems.solvers.probabilities import doubles, log_softmax, rows_of_doubles, unit_of_log
from problems.traces.losses import numbered, reduced_to
from problems.traces.reals import real, rule
from problems.traces.sums import averaged, dotted
from problems.traces.tracing import MAX_ROWS, counted_up, listed, shown, tracers

__all__ = ["LOGARITHMS", "TRACERS"]

LOGARITHMS: Final = {None: "ln", 2: "log2", 10: "log10"}
MAX_EXAMPLES: Final = 8
LARGE: Final = 30
SMALLEST: Final = 1e-300
BINARY: Final = "-(t*{0}(p) + (1 - t)*{0}(1 - p))"


def _softmax_table(row: Array, **columns: Array) -> Step:
    """Return the table of the softmax of a *row* of scores, with further *columns*.

    >>> _softmax_table(np.array([0.0, 0.0])).rows[0]
    (0, 0, 1, Fraction(1, 2))
    """
    least = row.max() if np.abs(row).max() > LARGE else 0
    power = f"exp(z - {exact(least)})" if least else "exp(z)"
    powers, probabilities = np.exp(row - least), softmax(row)
    rows = [
        (at, *map(exact, cells))
        for at, cells in enumerate(
            zip(
                row.tolist(),
                powers.tolist(),
                probabilities.tolist(),
                *columns.values(),
                strict=True,
            )
        )
    ]
    return listed(("class", "z", power, "p", *columns), rows)


def _wanted(target: object, rows: Array) -> Array:
    """Return the true probabilities of each row, from classes or as they are given."""
    found = np.asarray(target)
    if found.size == rows.size and found.ndim == rows.ndim:
        return found.astype(np.float64)
    return np.eye(rows.shape[-1])[found.astype(np.int64)]


def _softmax_cross_entropy(given: SimpleNamespace) -> Iterator[Step]:
    rows = rows_of_doubles(given.logits, "logits")
    smoothing = float(given.label_smoothing)
    wanted = (1 - smoothing) * _wanted(given.target, rows) + smoothing / rows.shape[-1]
    found = -log_softmax(rows) / unit_of_log(given.base)
    yield Said("The softmax makes probabilities p of the scores z: exp(z) over the sum of all.")
    if smoothing:
        mixed = show(exact(given.label_smoothing))
        yield Said(f"Label smoothing mixes {mixed} of equal shares into the target t.")
    yield from _examples(given, rows, wanted, found, softmax(rows))


def _examples(
    given: SimpleNamespace, scores: Array | None, wanted: Array, found: Array, shares: Array
) -> Iterator[Step]:
    """Yield the loss of each example, and what becomes of them; *found* is ``-log(p)``."""
    several, classes = wanted.ndim > 1, wanted.shape[-1]
    flat = [one.reshape(-1, classes) for one in (wanted, found, shares)]
    log = LOGARITHMS[given.base]
    for at, (true, nats, probabilities) in enumerate(zip(*flat, strict=True)):
        if at == MAX_EXAMPLES:
            yield Said(f"The other {len(flat[0]) - at} examples follow in the same way.")
            break
        certain = true.max() == 1
        if scores is not None:
            further = {} if certain else {"t": true.tolist(), f"-{log}(p)": nats.tolist()}
            yield _softmax_table(scores.reshape(-1, classes)[at], **further)
        name = numbered("L", at, several=several)
        yield _loss(name, true, nats, probabilities, log=log)
    if several:
        yield reduced_to(np.where(wanted > 0, wanted * found, 0).sum(axis=-1), given.reduction)


def _loss(name: str, true: Array, nats: Array, probabilities: Array, *, log: str) -> Step:
    """Return the loss of one example: of one true class, or weighted by probabilities."""
    if true.max() < 1:
        counted = true > 0
        return dotted(name, true[counted].tolist(), nats[counted].tolist())
    right = int(true.argmax())
    letter = f"p_{right}"
    if probabilities[right] < SMALLEST:
        return stated(name, exact(nats[right]))  # p itself is no double any more
    known = {letter: exact(probabilities[right])}
    return formula(name, f"-{log}({letter})", result=exact(nats[right]), **known)


def _cross_entropy(given: SimpleNamespace) -> Iterator[Step]:
    rows = rows_of_doubles(given.probabilities, "probabilities")
    wanted = _wanted(given.target, rows)
    known = np.where(wanted > 0, rows, 1)
    yield Said("The loss is minus the logarithm of the probability of what is true.")
    yield from _examples(given, None, wanted, -np.log(known) / unit_of_log(given.base), rows)


def _binary(given: SimpleNamespace) -> Iterator[Step]:
    cells, wanted = doubles(given.prediction, "prediction"), doubles(given.target, "target")
    log = LOGARITHMS[given.base]
    options = {"logits": given.logits, "base": given.base, "reduction": "none"}
    losses = np.asarray(binary_cross_entropy(given.prediction, given.target, **options))
    if given.logits:
        yield rule("p", "1/(1 + exp(-z))")
    yield rule("L", BINARY.format(log))
    shares = np.exp(-np.logaddexp(0, -cells)) if given.logits else cells
    columns = {"z": cells} if given.logits else {}
    columns |= {"p": shares, "t": wanted, "L": losses}
    yield _columns(columns)
    yield reduced_to(losses, given.reduction)


def _columns(columns: Mapping[str, Array]) -> Step:
    """Return the table of arrays of one shape, cell by cell."""
    cells = (column.ravel()[: MAX_ROWS + 1].tolist() for column in columns.values())
    return listed(tuple(columns), [tuple(map(exact, row)) for row in zip(*cells, strict=True)])


def _entropy(given: SimpleNamespace) -> Iterator[Step]:
    true = doubles(given.p, "p")
    log = LOGARITHMS[given.base]
    yield Said(f"Each outcome adds its probability p times its surprise, -{log}(p):")
    surprises = -np.log(np.where(true > 0, true, 1)) / unit_of_log(given.base)
    terms = true * surprises
    yield _columns({"p": true, f"-{log}(p)": surprises, f"-p·{log}(p)": terms})
    yield counted_up("H", map(exact, terms.tolist()))


def _kl_divergence(given: SimpleNamespace) -> Iterator[Step]:
    true, other = doubles(given.p, "p"), doubles(given.q, "q")
    log = LOGARITHMS[given.base]
    yield Said("p is the first distribution, q the second; each value adds p times the log of p/q:")
    known = np.where(true > 0, true, 1)
    ratios = np.log(known / np.where(true > 0, other, 1)) / unit_of_log(given.base)
    terms = true * ratios
    yield _columns({"p": true, "q": other, f"p·{log}(p/q)": terms})
    yield counted_up("D", map(exact, terms.tolist()))


def _by_token(log: str, shares: Array, losses: Array) -> Step:
    """Return the table of the loss of each token."""
    tokens = np.arange(1, len(shares) + 1)
    return _columns({"token": tokens, "p": shares, f"-{log}(p)": losses})


def _token_loss(given: SimpleNamespace) -> Iterator[Step]:
    shares = doubles(array(given.probabilities, "probabilities", ranks=(1,)), "probabilities")
    losses = -np.log(shares) / unit_of_log(given.base)
    yield Said("Each token costs minus the logarithm of the probability that it was given:")
    yield _by_token(LOGARITHMS[given.base], shares, losses)
    yield reduced_to(losses, given.reduction)


def _perplexity(given: SimpleNamespace) -> Iterator[Step]:
    shares = doubles(array(given.probabilities, "probabilities", ranks=(1,)), "probabilities")
    nats = -np.log(shares)
    yield _by_token("ln", shares, nats)
    mean = averaged("H", nats.tolist())
    yield Said("The perplexity is the power of e to the mean H:")
    yield mean
    yield real("PP", "exp(H)", H=mean.number)


def _gradient(given: SimpleNamespace) -> Iterator[Step]:
    scores = rows_of_doubles(given.logits, "logits")
    rows = cast("Array", scores.reshape(-1, scores.shape[-1]))
    wanted = _wanted(given.target, scores).reshape(rows.shape)
    yield Said("The gradient is p - t: the probabilities of the softmax minus the true ones.")
    for at, (row, true) in enumerate(zip(rows, wanted, strict=True)):
        if at == MAX_EXAMPLES:
            yield Said(f"The other {len(rows) - at} examples follow in the same way.")
            break
        apart = softmax(row) - true
        yield _softmax_table(row, **{"t": true.tolist(), "p - t": apart.tolist()})
    if scores.ndim > 1 and given.reduction == "mean":
        yield Said(f"The loss is the mean over {len(rows)} examples, and so is its gradient.")
    yield shown("g", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        softmax_cross_entropy: _softmax_cross_entropy,
        cross_entropy: _cross_entropy,
        binary_cross_entropy: _binary,
        entropy: _entropy,
        kl_divergence: _kl_divergence,
        token_loss: _token_loss,
        perplexity: _perplexity,
        softmax_cross_entropy_gradient: _gradient,
    }
)
