"""Parameters and MACs of attention and of transformer blocks.

Counts are exact integers. Source: Vaswani et al., Attention Is All You Need (2017); the PyTorch
documentation of ``MultiheadAttention``, ``TransformerEncoderLayer`` and
``TransformerDecoderLayer``.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import flag, whole
from problems.solvers.parameters import layer_norm_params, linear_params
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "attention_macs",
    "attention_params",
    "transformer_block_macs",
    "transformer_block_params",
]


def attention_params(
    embed_dim: int,
    num_heads: int = 1,
    *,
    head_dim: int | None = None,
    kdim: int | None = None,
    vdim: int | None = None,
    output_projection: bool = True,
    bias: bool = True,
) -> int:
    """Return the parameters of multi-head attention: projections of Q, K, V and of the output.

    With ``inner = num_heads * head_dim``: ``inner*(embed_dim + kdim + vdim) + inner*embed_dim``,
    and biases of ``3*inner + embed_dim``. The heads share *embed_dim* if no *head_dim* is given;
    keys and values come from *embed_dim* if no *kdim* or *vdim* is given.

    >>> attention_params(512, 8)
    1050624
    """
    outer, heads = whole(embed_dim, "embed_dim"), whole(num_heads, "num_heads")
    inner = heads * _head(outer, heads, head_dim)
    sources = (outer, outer if kdim is None else kdim, outer if vdim is None else vdim)
    found = sum(linear_params(source, inner, bias=bias) for source in sources)
    projected = flag(output_projection, "output_projection")
    return found + (linear_params(inner, outer, bias=bias) if projected else 0)


def _head(embed_dim: int, num_heads: int, head_dim: int | None) -> int:
    """Return the width of one head."""
    if head_dim is not None:
        return whole(head_dim, "head_dim")
    width, remainder = divmod(whole(embed_dim, "embed_dim"), whole(num_heads, "num_heads"))
    if remainder:
        raise SolverError(f"{num_heads} heads do not share {embed_dim} features evenly")
    return width


def transformer_block_params(
    d_model: int,
    dim_feedforward: int,
    *,
    norms: int | None = None,
    cross_attention: bool = False,
    bias: bool = True,
) -> int:
    """Return the parameters of a transformer block.

    Attention, two fully connected layers over *dim_feedforward*, and *norms* layer normalisations
    of ``2*d_model``. Not said, these are 2, or 3 with the second attention of a decoder,
    *cross_attention*. Without *bias* no layer has one, as in PyTorch. How many heads share the
    attention changes nothing.

    >>> transformer_block_params(768, 3072)
    7087872
    """
    return sum(_pieces(d_model, dim_feedforward, norms, cross=cross_attention, bias=bias).values())


def _pieces(
    d_model: int, dim_feedforward: int, norms: int | None, *, cross: bool, bias: bool
) -> dict[str, int]:
    """Return the parameters of a transformer block by what has them."""
    attention = attention_params(d_model, bias=bias)
    crossed = flag(cross, "cross_attention")
    usual = 3 if crossed else 2
    return {
        "attention": attention,
        "cross_attention": attention if crossed else 0,
        "expansion": linear_params(d_model, dim_feedforward, bias=bias),
        "contraction": linear_params(dim_feedforward, d_model, bias=bias),
        "norms": (usual if norms is None else whole(norms, "norms", least=0))
        * layer_norm_params(d_model, bias=bias),
    }


def attention_macs(
    seq_len: int,
    embed_dim: int,
    num_heads: int = 1,
    *,
    source_len: int | None = None,
    projections: bool = True,
) -> int:
    """Return the MACs of attention over *seq_len* tokens.

    ``2*n*m*embed_dim`` for the scores and the weighted values, and for the *projections*
    ``(2*n + 2*m)*embed_dim**2``: n queries meet m keys, *source_len* or else n. The heads share the
    features, so that *num_heads* changes nothing.

    >>> attention_macs(197, 768)
    524391936
    """
    queries, keys = _lengths(seq_len, source_len)
    width = whole(embed_dim, "embed_dim")
    _head(width, num_heads, None)
    projected = 2 * (queries + keys) * width**2 if flag(projections, "projections") else 0
    return 2 * queries * keys * width + projected


def _lengths(seq_len: int, source_len: int | None) -> tuple[int, int]:
    """Return how many queries and how many keys there are."""
    queries = whole(seq_len, "seq_len")
    return queries, queries if source_len is None else whole(source_len, "source_len")


def transformer_block_macs(seq_len: int, d_model: int, dim_feedforward: int) -> int:
    """Return the MACs of a transformer block over *seq_len* tokens.

    ``attention_macs(n, d) + 2*n*d*dim_feedforward``.

    >>> transformer_block_macs(197, 768, 3072)
    1453954560
    """
    feed_forward = 2 * d_model * whole(dim_feedforward, "dim_feedforward")
    return attention_macs(seq_len, d_model) + seq_len * feed_forward


SOLVERS: Final[tuple[Solver, ...]] = (
    attention_params,
    transformer_block_params,
    attention_macs,
    transformer_block_macs,
)

# What students do instead.


def _every_head_full(given: SimpleNamespace) -> int:
    """Return the parameters where each head projects to all features."""
    wide = {**vars(given), "head_dim": given.embed_dim}
    if given.head_dim is not None:
        raise SolverError("the width of a head is given")
    return attention_params(**wide)


def _one_head(given: SimpleNamespace) -> int:
    """Return the parameters where one head alone is counted."""
    head = _head(given.embed_dim, given.num_heads, given.head_dim)
    return attention_params(**{**vars(given), "num_heads": 1, "head_dim": head})


def _one_projection(given: SimpleNamespace) -> int:
    """Return the parameters with one matrix in the place of those of Q, K and V."""
    every = attention_params(**vars(given))
    inner = given.num_heads * _head(given.embed_dim, given.num_heads, given.head_dim)
    sources = (given.embed_dim if one is None else one for one in (given.kdim, given.vdim))
    return every - sum(linear_params(one, inner, bias=given.bias) for one in sources)


def _without(*names: str) -> Solver:
    """Return a twin of `transformer_block_params` without some of its pieces."""

    def formula(given: SimpleNamespace) -> int:
        pieces = _pieces(
            given.d_model,
            given.dim_feedforward,
            given.norms,
            cross=given.cross_attention,
            bias=given.bias,
        )
        return sum(count for name, count in pieces.items() if name not in names)

    return instead(transformer_block_params, formula)


def _products(given: SimpleNamespace) -> int:
    """Return the MACs of the scores alone, or as many, of the weighted values."""
    queries, keys = _lengths(given.seq_len, given.source_len)
    width: int = given.embed_dim
    return queries * keys * width


def _weights(given: SimpleNamespace) -> int:
    """Return the weights of the projections."""
    if not given.projections:
        raise SolverError("there are no weights without projections")
    return attention_params(given.embed_dim, bias=False)


def _output_projections(given: SimpleNamespace) -> int:
    """Return the parameters of the output projections of a block."""
    attentions = 2 if given.cross_attention else 1
    return attentions * linear_params(given.d_model, given.d_model, bias=given.bias)


def _without_output(given: SimpleNamespace) -> int:
    """Return the MACs of attention that projects queries, keys and values alone."""
    every = attention_macs(**vars(given))
    if not given.projections:
        raise SolverError("there is no projection to leave out")
    projected: int = given.seq_len * given.embed_dim**2
    return every - projected


def _without_products(given: SimpleNamespace) -> int:
    """Return the MACs of a block whose attention is its projections alone."""
    attended = attention_macs(given.seq_len, given.d_model, projections=False)
    return transformer_block_macs(**vars(given)) - attended


def _block_weights(given: SimpleNamespace) -> int:
    return transformer_block_params(given.d_model, given.dim_feedforward, norms=0, bias=False)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        attention_params,
        {
            "no_bias": told(attention_params, bias=False),
            "bias_added": told(attention_params, bias=True),
            "output_projection_left_out": told(attention_params, output_projection=False),
            "heads_unshared": instead(attention_params, _every_head_full),
            "one_head": instead(attention_params, _one_head),
            "one_projection": instead(attention_params, _one_projection),
        },
    ),
    *twins_of(
        transformer_block_params,
        {
            "no_bias": told(transformer_block_params, bias=False),
            "norms_left_out": told(transformer_block_params, norms=0),
            "feed_forward_left_out": _without("expansion", "contraction"),
            "one_feed_forward_layer": _without("contraction"),
            "cross_attention_left_out": _without("cross_attention"),
            "attention_left_out": _without("attention", "cross_attention"),
            "output_projection_left_out": instead(
                transformer_block_params,
                lambda g: transformer_block_params(**vars(g)) - _output_projections(g),
            ),
        },
    ),
    *twins_of(
        attention_macs,
        {
            "flops_for_macs": instead(attention_macs, lambda g: 2 * attention_macs(**vars(g))),
            "positions_left_out": instead(attention_macs, _weights),
            "projections_left_out": told(attention_macs, projections=False),
            "output_projection_left_out": instead(attention_macs, _without_output),
            "attention_products_left_out": instead(
                attention_macs, lambda g: attention_macs(**vars(g)) - 2 * _products(g)
            ),
            "weighted_sum_left_out": instead(
                attention_macs, lambda g: attention_macs(**vars(g)) - _products(g)
            ),
            "heads_unshared": instead(
                attention_macs, lambda g: g.num_heads * attention_macs(**vars(g))
            ),
        },
    ),
    *twins_of(
        transformer_block_macs,
        {
            "flops_for_macs": instead(
                transformer_block_macs, lambda g: 2 * transformer_block_macs(**vars(g))
            ),
            "positions_left_out": instead(transformer_block_macs, _block_weights),
            "attention_products_left_out": instead(transformer_block_macs, _without_products),
            "feed_forward_left_out": instead(
                transformer_block_macs, lambda g: attention_macs(g.seq_len, g.d_model)
            ),
            "one_feed_forward_layer": instead(
                transformer_block_macs,
                lambda g: (
                    transformer_block_macs(**vars(g)) - g.seq_len * g.d_model * g.dim_feedforward
                ),
            ),
        },
    ),
)
