"""The way to parameters and MACs of attention and of transformer blocks, piece by piece.

d is the width of a token, f that inside of the feed-forward layers, n the tokens, m the keys of
another sequence, h the heads.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Said, Step, Tracer, formula
from problems.solvers.parameters import layer_norm_params, linear_params
from problems.solvers.transformers import (
    attention_macs,
    attention_params,
    transformer_block_macs,
    transformer_block_params,
)
from problems.traces.tracing import counted_up, listed, tracers

__all__ = ["TRACERS"]


def _attention(given: SimpleNamespace) -> Iterator[Step]:
    width, heads = given.embed_dim, given.num_heads
    inner = width if given.head_dim is None else heads * given.head_dim
    if given.head_dim is not None:
        yield formula("d_in", "h*d_h", h=heads, d_h=given.head_dim)
    elif heads > 1:
        yield Said(f"{heads} heads share the {width} features; how many they are changes nothing.")
    sources = (width, given.kdim or width, given.vdim or width)
    pieces = [(name, source, inner) for name, source in zip("QKV", sources, strict=True)]
    if given.output_projection:
        pieces.append(("output", inner, width))
    own = "in·out + out" if given.bias else "in·out"
    yield Said(f"Each projection is a fully connected layer: {own}.")
    rows = [(*piece, linear_params(*piece[1:], bias=given.bias)) for piece in pieces]
    yield listed(("projection", "in", "out", "parameters"), rows)
    yield counted_up("N", [count for *_, count in rows])


def _block(given: SimpleNamespace) -> Iterator[Step]:
    width, inner = given.d_model, given.dim_feedforward
    attended = attention_params(width, bias=given.bias)
    pieces = [("attention", "4 projections", attended)]
    if given.cross_attention:
        pieces.append(("cross-attention", "4 projections", attended))
    pieces += [
        (name, f"{one} to {two}", linear_params(one, two, bias=given.bias))
        for name, one, two in (("expansion", width, inner), ("contraction", inner, width))
    ]
    usual = 3 if given.cross_attention else 2
    norms = usual if given.norms is None else given.norms
    if norms:
        own = layer_norm_params(width, bias=given.bias)
        pieces.append(("normalisation", f"{norms} of {own}", norms * own))
    biased = ", with a bias for each output" if given.bias else ", without biases"
    yield Said(f"Projections are fully connected layers from d to d{biased}.")
    yield listed(("piece", "what", "parameters"), pieces)
    yield counted_up("N", [count for *_, count in pieces])


def _attention_macs(given: SimpleNamespace) -> Iterator[Step]:
    one = given.source_len is None
    letters = {"n": given.seq_len, "d": given.embed_dim}
    letters["m"] = given.seq_len if one else given.source_len
    yield Said("Each query meets each key over d features: for its scores, then for the values.")
    met = formula("M_s", "2*n**2*d" if one else "2*n*m*d", **letters)
    yield met
    if not given.projections:
        yield formula("M_a", "M_s", M_s=met.number)
        return
    yield Said("The projections of queries, keys, values and output have d·d weights each.")
    made = formula("M_p", "4*n*d**2" if one else "(2*n + 2*m)*d**2", **letters)
    yield made
    yield formula("M_a", "M_s + M_p", M_s=met.number, M_p=made.number)


def _block_macs(given: SimpleNamespace) -> Iterator[Step]:
    steps = _attention_macs(
        SimpleNamespace(
            seq_len=given.seq_len, embed_dim=given.d_model, source_len=None, projections=True
        )
    )
    yield from steps
    yield Said("Two fully connected layers, from d to f and back, at each token:")
    letters = {"n": given.seq_len, "d": given.d_model, "f": given.dim_feedforward}
    yield formula("M_f", "2*n*d*f", **letters)
    attended = attention_macs(given.seq_len, given.d_model)
    yield formula("M", "M_a + M_f", M_a=attended, M_f=given.result - attended)


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        attention_params: _attention,
        transformer_block_params: _block,
        attention_macs: _attention_macs,
        transformer_block_macs: _block_macs,
    }
)
