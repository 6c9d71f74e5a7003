"""Tracers for parameters and MACs of attention and of transformer blocks, by part.

d is the width of a token, f the width inside the feed-forward layers, n the number of
tokens, m the number of keys of another sequence, h the number of heads.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.parameters import layer_norm_params, linear_params
from problems.solvers.transformers import (
    attention_macs,
    attention_params,
    transformer_block_macs,
    transformer_block_params,
)
from problems.traces.tracing import TracedArguments, build_table, build_tracers, sum_formula


def _trace_attention_params(args: TracedArguments) -> Iterator[SolutionStep]:
    width, heads = args.embed_dim, args.num_heads
    inner = width if args.head_dim is None else heads * args.head_dim
    if args.head_dim is not None:
        yield build_formula("d_in", "h*d_h", h=heads, d_h=args.head_dim)
    elif heads > 1:
        yield TextStep(
            f"{heads} heads share the {width} features; the number of heads does not matter."
        )
    sources = (width, args.kdim or width, args.vdim or width)
    pieces = [(name, source, inner) for name, source in zip("QKV", sources, strict=True)]
    if args.output_projection:
        pieces.append(("output", inner, width))
    params_source = "in·out + out" if args.bias else "in·out"
    yield TextStep(f"Each projection is a fully connected layer: {params_source}.")
    rows = [(*piece, linear_params(*piece[1:], bias=args.bias)) for piece in pieces]
    yield build_table(("projection", "in", "out", "parameters"), rows)
    yield sum_formula("N", [count for *_, count in rows])


def _trace_transformer_block_params(args: TracedArguments) -> Iterator[SolutionStep]:
    width, inner = args.d_model, args.dim_feedforward
    attended = attention_params(width, bias=args.bias)
    pieces = [("attention", "4 projections", attended)]
    if args.cross_attention:
        pieces.append(("cross-attention", "4 projections", attended))
    pieces += [
        (name, f"{one} to {two}", linear_params(one, two, bias=args.bias))
        for name, one, two in (("expansion", width, inner), ("contraction", inner, width))
    ]
    usual = 3 if args.cross_attention else 2
    norms = usual if args.norms is None else args.norms
    if norms:
        norm_params = layer_norm_params(width, bias=args.bias)
        pieces.append(("normalization", f"{norms} of {norm_params}", norms * norm_params))
    biased = ", with a bias for each output" if args.bias else ", without biases"
    yield TextStep(f"Projections are fully connected layers from d to d{biased}.")
    yield build_table(("piece", "what", "parameters"), pieces)
    yield sum_formula("N", [count for *_, count in pieces])


def _trace_attention_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    is_self_attention = args.source_len is None
    letters = {"n": args.seq_len, "d": args.embed_dim}
    letters["m"] = args.seq_len if is_self_attention else args.source_len
    yield TextStep(
        "Each query is paired with each key over d features: for the scores, then for the values."
    )
    met = build_formula("M_s", "2*n**2*d" if is_self_attention else "2*n*m*d", **letters)
    yield met
    if not args.projections:
        yield build_formula("M_a", "M_s", M_s=met.number)
        return
    yield TextStep("The projections of queries, keys, values and output have d·d weights each.")
    made = build_formula("M_p", "4*n*d**2" if is_self_attention else "(2*n + 2*m)*d**2", **letters)
    yield made
    yield build_formula("M_a", "M_s + M_p", M_s=met.number, M_p=made.number)


def _trace_transformer_block_macs(args: TracedArguments) -> Iterator[SolutionStep]:
    steps = _trace_attention_macs(
        TracedArguments(
            seq_len=args.seq_len, embed_dim=args.d_model, source_len=None, projections=True
        )
    )
    yield from steps
    yield TextStep("Two fully connected layers, from d to f and back, at each token:")
    letters = {"n": args.seq_len, "d": args.d_model, "f": args.dim_feedforward}
    yield build_formula("M_f", "2*n*d*f", **letters)
    attended = attention_macs(args.seq_len, args.d_model)
    yield build_formula("M", "M_a + M_f", M_a=attended, M_f=args.result - attended)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        attention_params: _trace_attention_params,
        transformer_block_params: _trace_transformer_block_params,
        attention_macs: _trace_attention_macs,
        transformer_block_macs: _trace_transformer_block_macs,
    }
)
