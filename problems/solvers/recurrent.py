"""Parameters and MACs of recurrent layers: plain RNN, GRU, LSTM.

Counts are exact integers. Source: the PyTorch documentation of ``RNN``, ``GRU`` and ``LSTM``; Cho
et al. (2014) for the GRU, Hochreiter and Schmidhuber (1997) for the LSTM.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import flag, whole
from problems.solvers.twins import instead, told, twins_of

__all__ = ["GATES", "SOLVERS", "TWINS", "recurrent_macs", "recurrent_params"]

GATES: Final = {"rnn": 1, "gru": 3, "lstm": 4}
MAX_LAYERS: Final = 1000
BIAS_VECTORS: Final = (0, 1, 2)


def recurrent_params(
    kind: str,
    input_size: int,
    hidden_size: int,
    *,
    bias_vectors: int = 2,
    num_layers: int = 1,
    bidirectional: bool = False,
    seq_len: int = 1,
) -> int:
    """Return the parameters of recurrent layers of one *kind*: ``rnn``, ``gru`` or ``lstm``.

    A layer has ``gates * (hidden*(input + hidden) + bias_vectors*hidden)`` for 1, 3 or 4 gates,
    twice that if *bidirectional*; the next layer takes the hidden values of both directions.
    PyTorch keeps two bias vectors for each gate, textbooks one. All time steps share the weights:
    *seq_len*, which a statement may tell, changes nothing.

    >>> recurrent_params("lstm", 10, 20, num_layers=2)
    5920
    """
    if whole(bias_vectors, "bias_vectors", least=0) not in BIAS_VECTORS:
        raise SolverError(f"bias_vectors must be 0, 1 or 2, not {bias_vectors}")
    whole(seq_len, "seq_len")
    directions = 2 if flag(bidirectional, "bidirectional") else 1
    hidden = whole(hidden_size, "hidden_size")
    biases = bias_vectors * hidden * whole(num_layers, "num_layers") * directions
    return _weights(kind, input_size, hidden, layers=num_layers, directions=directions) + (
        _gates(kind) * biases
    )


def recurrent_macs(
    kind: str,
    input_size: int,
    hidden_size: int,
    *,
    seq_len: int = 1,
    num_layers: int = 1,
    bidirectional: bool = False,
) -> int:
    """Return the MACs of recurrent layers over *seq_len* time steps: every weight once a step.

    Biases and the products of gates, cell by cell, are not counted.

    >>> recurrent_macs("gru", 10, 20, seq_len=5)
    9000
    """
    directions = 2 if flag(bidirectional, "bidirectional") else 1
    weights = _weights(kind, input_size, hidden_size, layers=num_layers, directions=directions)
    return whole(seq_len, "seq_len") * weights


def _gates(kind: str) -> int:
    """Return how many matrices of each sort a layer of *kind* has."""
    if not isinstance(kind, str) or kind not in GATES:
        raise SolverError(f"kind must be one of {', '.join(GATES)}, not {str(kind)[:20]}")
    return GATES[kind]


def _weights(kind: str, input_size: int, hidden_size: int, *, layers: int, directions: int) -> int:
    """Return the weights of all layers: from the input, or the layer below, and from before."""
    if whole(layers, "num_layers") > MAX_LAYERS:
        raise SolverError(f"num_layers must be from 1 to {MAX_LAYERS}, not {layers}")
    hidden = whole(hidden_size, "hidden_size")
    first = whole(input_size, "input_size") + hidden
    further = (directions * hidden + hidden) * (layers - 1)
    return _gates(kind) * directions * hidden * (first + further)


SOLVERS: Final[tuple[Solver, ...]] = (recurrent_params, recurrent_macs)

# What students do instead.


def _one_gate_less(given: SimpleNamespace) -> int:
    """Return the count with one gate less than there are, such as an LSTM counted as a GRU."""
    gates = _gates(given.kind)
    if gates == 1:
        raise SolverError("a plain RNN has no gates")
    return recurrent_params(**vars(given)) // gates * (gates - 1)


def _of_an_lstm(given: SimpleNamespace) -> str:
    if given.kind != "gru":
        raise SolverError("only a GRU is taken for an LSTM")
    return "lstm"


def _unwidened(given: SimpleNamespace) -> int:
    """Return the count where a layer above takes the values of one direction only."""
    both = {**vars(given), "bidirectional": False}
    directions = 2 if given.bidirectional else 1
    return directions * recurrent_params(**both)


def _unstacked(given: SimpleNamespace) -> int:
    """Return the count where every layer takes the network's input."""
    layers = whole(given.num_layers, "num_layers")
    return layers * recurrent_params(**{**vars(given), "num_layers": 1})


def _input_weights(given: SimpleNamespace) -> int:
    """Return the count without the weights from hidden to hidden."""
    every = recurrent_params(**vars(given))
    directions = 2 if given.bidirectional else 1
    recurrent: int = given.num_layers * directions * given.hidden_size**2
    return every - _gates(given.kind) * recurrent


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        recurrent_params,
        {
            "no_bias": told(recurrent_params, bias_vectors=0),
            "one_recurrent_bias": told(
                recurrent_params, bias_vectors=lambda g: min(g.bias_vectors, 1)
            ),
            "two_recurrent_biases": told(
                recurrent_params, bias_vectors=lambda g: 2 * min(g.bias_vectors, 1)
            ),
            "gates_left_out": told(recurrent_params, kind="rnn"),
            "lstm_for_gru": told(recurrent_params, kind=_of_an_lstm),
            "one_gate_left_out": instead(recurrent_params, _one_gate_less),
            "recurrent_weights_left_out": instead(recurrent_params, _input_weights),
            "multiplied_by_length": instead(
                recurrent_params, lambda g: g.seq_len * recurrent_params(**vars(g))
            ),
            "one_direction": told(recurrent_params, bidirectional=False),
            "directions_not_joined": instead(recurrent_params, _unwidened),
            "earlier_channels_used": instead(recurrent_params, _unstacked),
            "one_layer": told(recurrent_params, num_layers=1),
        },
    ),
    *twins_of(
        recurrent_macs,
        {
            "positions_left_out": told(recurrent_macs, seq_len=1),
            "flops_for_macs": instead(recurrent_macs, lambda g: 2 * recurrent_macs(**vars(g))),
            "gates_left_out": told(recurrent_macs, kind="rnn"),
            "one_direction": told(recurrent_macs, bidirectional=False),
            "one_layer": told(recurrent_macs, num_layers=1),
            "bias_counted": instead(
                recurrent_macs,
                lambda g: g.seq_len * recurrent_params(**vars(g), bias_vectors=1),
            ),
        },
    ),
)
