"""The way to parameters and MACs of recurrent layers: the gates of a layer, layer by layer.

G is the number of gates, I the input, H the hidden size, N_1 the count of the first layer, N_2 that
of each further one.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Said, Step, Tracer, formula
from problems.solvers.recurrent import GATES, recurrent_macs, recurrent_params
from problems.traces.tracing import tracers

__all__ = ["TRACERS"]

NAMES: Final = {"rnn": "A plain RNN", "gru": "A GRU", "lstm": "An LSTM"}


def _gates(given: SimpleNamespace) -> Said:
    gates = GATES[given.kind]
    many = "one matrix" if gates == 1 else f"{gates} matrices"
    return Said(f"{NAMES[given.kind]} has {many} from the input and as many from the last step.")


def _layers(given: SimpleNamespace, biases: int) -> Iterator[Step]:
    """Yield the counts of the first layer and of the further ones, and all together as N."""
    gates, ways = GATES[given.kind], 2 if given.bidirectional else 1
    several = given.num_layers > 1
    own = {0: "", 1: " + H"}.get(biases, " + 2*H")
    many = f"{'2*' if ways > 1 else ''}{'G*' if gates > 1 else ''}"

    def cost(inputs: str) -> str:
        weights = f"H*({inputs} + H)"
        return f"{many}({weights}{own})" if own and many else f"{many}{weights}{own}"

    known = {"G": gates, "I": given.input_size, "H": given.hidden_size}
    name = "N_1" if several else "N"
    first = formula(name, cost("I"), **known)
    yield first
    if several:
        from_below = "2*H" if ways > 1 else "H"
        further = formula("N_2", cost(from_below), **known)
        yield Said(f"The next layer takes the hidden values{' of both directions' * (ways > 1)}.")
        yield further
        yield _together(given, first, further)


def _together(given: SimpleNamespace, first: Formula, further: Formula) -> Step:
    known = {"N_1": first.number, "N_2": further.number, "L": given.num_layers}
    return formula("N", "N_1 + (L - 1)*N_2", **known)


def _params(given: SimpleNamespace) -> Iterator[Step]:
    yield _gates(given)
    if given.bias_vectors:
        count = "one bias vector" if given.bias_vectors == 1 else "two bias vectors"
        owner = "Each gate" if GATES[given.kind] > 1 else "It"
        yield Said(f"{owner} has {count} of H numbers.")
    if given.bidirectional:
        yield Said("Both directions have weights of their own.")
    if given.seq_len > 1:
        yield Said("All time steps share the weights; their number plays no part.")
    yield from _layers(given, given.bias_vectors)


def _macs(given: SimpleNamespace) -> Iterator[Step]:
    yield _gates(given)
    if given.bidirectional:
        yield Said("Both directions have weights of their own.")
    *steps, weights = _layers(given, 0)
    yield from steps
    yield weights
    yield Said("Each weight is used once in each of the T time steps.")
    known = weights.number if isinstance(weights, Formula) else 0
    yield formula("M", "T*N", T=given.seq_len, N=known)


TRACERS: Final[dict[str, Tracer]] = tracers({recurrent_params: _params, recurrent_macs: _macs})
