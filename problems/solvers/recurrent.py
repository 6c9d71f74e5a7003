"""Parameter and MAC counts of recurrent layers: plain RNN, GRU and LSTM.

Counts are exact integers. Source: the PyTorch documentation of ``RNN``, ``GRU`` and
``LSTM``; Cho et al. (2014) for the GRU, Hochreiter and Schmidhuber (1997) for the LSTM.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_integer, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

GATE_COUNTS: Final = {"rnn": 1, "gru": 3, "lstm": 4}
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
    """Return the parameter count of recurrent layers.

    *kind* is ``rnn``, ``gru`` or ``lstm``, with 1, 3 or 4 gates. A layer has
    ``gates * (hidden*(input + hidden) + bias_vectors*hidden)`` parameters, and twice as
    many if *bidirectional*; the next layer then takes the hidden values of both
    directions. PyTorch keeps two bias vectors per gate, textbooks one. All time steps
    share the weights, so *seq_len*, which a problem statement may mention, has no
    effect.

    >>> recurrent_params("lstm", 10, 20, num_layers=2)
    5920
    """
    if as_integer(bias_vectors, "bias_vectors", least=0) not in BIAS_VECTORS:
        raise SolverError(f"bias_vectors must be 0, 1 or 2, not {bias_vectors}")
    as_integer(seq_len, "seq_len")
    directions = 2 if require_bool(bidirectional, "bidirectional") else 1
    hidden = as_integer(hidden_size, "hidden_size")
    biases = bias_vectors * hidden * as_integer(num_layers, "num_layers") * directions
    return _count_weights(kind, input_size, hidden, layers=num_layers, directions=directions) + (
        _count_gates(kind) * biases
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
    """Return the MACs of recurrent layers: each weight once per time step.

    *seq_len* is the number of time steps. Biases and the element-wise products of gates
    are not counted.

    >>> recurrent_macs("gru", 10, 20, seq_len=5)
    9000
    """
    directions = 2 if require_bool(bidirectional, "bidirectional") else 1
    weights = _count_weights(
        kind, input_size, hidden_size, layers=num_layers, directions=directions
    )
    return as_integer(seq_len, "seq_len") * weights


def _count_gates(kind: str) -> int:
    """Return the number of gates of a layer of *kind*; a plain RNN counts as 1."""
    if not isinstance(kind, str) or kind not in GATE_COUNTS:
        raise SolverError(f"kind must be one of {', '.join(GATE_COUNTS)}, not {str(kind)[:20]}")
    return GATE_COUNTS[kind]


def _count_weights(
    kind: str, input_size: int, hidden_size: int, *, layers: int, directions: int
) -> int:
    """Return the number of weights of all layers, without biases.

    The weights apply to the input or the layer below, and to the previous hidden state.
    """
    if as_integer(layers, "num_layers") > MAX_LAYERS:
        raise SolverError(f"num_layers must be from 1 to {MAX_LAYERS}, not {layers}")
    hidden = as_integer(hidden_size, "hidden_size")
    first = as_integer(input_size, "input_size") + hidden
    further = (directions * hidden + hidden) * (layers - 1)
    return _count_gates(kind) * directions * hidden * (first + further)


SOLVERS: Final[tuple[Solver, ...]] = (recurrent_params, recurrent_macs)

# What students do instead.


def _count_with_one_gate_fewer(args: SolverArguments) -> int:
    """Return the count with one gate too few, such as an LSTM counted as a GRU."""
    gates = _count_gates(args.kind)
    if gates == 1:
        raise SolverError("a plain RNN has no gates")
    return recurrent_params(**vars(args)) // gates * (gates - 1)


def _lstm_for_gru(args: SolverArguments) -> str:
    if args.kind != "gru":
        raise SolverError("only a GRU is taken for an LSTM")
    return "lstm"


def _count_with_one_direction_input(args: SolverArguments) -> int:
    """Return the count if each layer takes only one direction of the layer below."""
    both = {**vars(args), "bidirectional": False}
    directions = 2 if args.bidirectional else 1
    return directions * recurrent_params(**both)


def _count_unstacked_layers(args: SolverArguments) -> int:
    """Return the count if every layer takes the network's input."""
    layers = as_integer(args.num_layers, "num_layers")
    return layers * recurrent_params(**{**vars(args), "num_layers": 1})


def _count_without_recurrent_weights(args: SolverArguments) -> int:
    """Return the count without the hidden-to-hidden weights."""
    full_count = recurrent_params(**vars(args))
    directions = 2 if args.bidirectional else 1
    recurrent: int = args.num_layers * directions * args.hidden_size**2
    return full_count - _count_gates(args.kind) * recurrent


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        recurrent_params,
        {
            "no_bias": replace_arguments(recurrent_params, bias_vectors=0),
            "one_recurrent_bias": replace_arguments(
                recurrent_params, bias_vectors=lambda g: min(g.bias_vectors, 1)
            ),
            "two_recurrent_biases": replace_arguments(
                recurrent_params, bias_vectors=lambda g: 2 * min(g.bias_vectors, 1)
            ),
            "gates_left_out": replace_arguments(recurrent_params, kind="rnn"),
            "lstm_for_gru": replace_arguments(recurrent_params, kind=_lstm_for_gru),
            "one_gate_left_out": replace_formula(recurrent_params, _count_with_one_gate_fewer),
            "recurrent_weights_left_out": replace_formula(
                recurrent_params, _count_without_recurrent_weights
            ),
            "multiplied_by_length": replace_formula(
                recurrent_params, lambda g: g.seq_len * recurrent_params(**vars(g))
            ),
            "one_direction": replace_arguments(recurrent_params, bidirectional=False),
            "directions_not_joined": replace_formula(
                recurrent_params, _count_with_one_direction_input
            ),
            "earlier_channels_used": replace_formula(recurrent_params, _count_unstacked_layers),
            "one_layer": replace_arguments(recurrent_params, num_layers=1),
        },
    ),
    *build_wrong_versions(
        recurrent_macs,
        {
            "positions_left_out": replace_arguments(recurrent_macs, seq_len=1),
            "flops_for_macs": replace_formula(
                recurrent_macs, lambda g: 2 * recurrent_macs(**vars(g))
            ),
            "gates_left_out": replace_arguments(recurrent_macs, kind="rnn"),
            "one_direction": replace_arguments(recurrent_macs, bidirectional=False),
            "one_layer": replace_arguments(recurrent_macs, num_layers=1),
            "bias_counted": replace_formula(
                recurrent_macs,
                lambda g: g.seq_len * recurrent_params(**vars(g), bias_vectors=1),
            ),
        },
    ),
)
