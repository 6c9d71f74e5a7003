"""Tracers for parameters and MACs of recurrent layers: gate by gate, layer by layer.

G is the number of gates, I the input size, H the hidden size, N_1 the count of the
first layer, N_2 that of each further layer.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Formula, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.recurrent import GATE_COUNTS, recurrent_macs, recurrent_params
from problems.traces.tracing import TracedArguments, build_tracers

CELL_NAMES: Final = {"rnn": "A plain RNN", "gru": "A GRU", "lstm": "An LSTM"}


def _describe_gates(args: TracedArguments) -> TextStep:
    gates = GATE_COUNTS[args.kind]
    many = "one matrix" if gates == 1 else f"{gates} matrices"
    return TextStep(
        f"{CELL_NAMES[args.kind]} has {many} for the input and as many for the hidden state."
    )


def _trace_layer_counts(args: TracedArguments, biases: int) -> Iterator[SolutionStep]:
    """Yield the counts of the first layer and of the further layers, and their total N."""
    gates, ways = GATE_COUNTS[args.kind], 2 if args.bidirectional else 1
    several = args.num_layers > 1
    bias_source = {0: "", 1: " + H"}.get(biases, " + 2*H")
    many = f"{'2*' if ways > 1 else ''}{'G*' if gates > 1 else ''}"

    def format_count_source(inputs: str) -> str:
        weights = f"H*({inputs} + H)"
        return (
            f"{many}({weights}{bias_source})"
            if bias_source and many
            else f"{many}{weights}{bias_source}"
        )

    known = {"G": gates, "I": args.input_size, "H": args.hidden_size}
    name = "N_1" if several else "N"
    first = build_formula(name, format_count_source("I"), **known)
    yield first
    if several:
        from_below = "2*H" if ways > 1 else "H"
        further = build_formula("N_2", format_count_source(from_below), **known)
        yield TextStep(
            f"The next layer takes the hidden values{' of both directions' * (ways > 1)}."
        )
        yield further
        yield _build_total_over_layers_formula(args, first, further)


def _build_total_over_layers_formula(
    args: TracedArguments, first: Formula, further: Formula
) -> SolutionStep:
    known = {"N_1": first.number, "N_2": further.number, "L": args.num_layers}
    return build_formula("N", "N_1 + (L - 1)*N_2", **known)


def _trace_recurrent_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield _describe_gates(args)
    if args.bias_vectors:
        count = "one bias vector" if args.bias_vectors == 1 else "two bias vectors"
        owner = "Each gate" if GATE_COUNTS[args.kind] > 1 else "It"
        yield TextStep(f"{owner} has {count} of H numbers.")
    if args.bidirectional:
        yield TextStep("Each direction has its own weights.")
    if args.seq_len > 1:
        yield TextStep("All time steps share the weights; their number does not matter.")
    yield from _trace_layer_counts(args, args.bias_vectors)


def _trace_recurrent_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    yield _describe_gates(args)
    if args.bidirectional:
        yield TextStep("Each direction has its own weights.")
    *steps, weights = _trace_layer_counts(args, 0)
    yield from steps
    yield weights
    yield TextStep("Each weight is used once in each of the T time steps.")
    weight_count = weights.number if isinstance(weights, Formula) else 0
    yield build_formula("M", "T*N", T=args.seq_len, N=weight_count)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {recurrent_params: _trace_recurrent_params, recurrent_macs: _trace_recurrent_macs}
)
