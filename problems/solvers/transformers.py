"""Parameter and MAC counts of attention and of transformer blocks.

Counts are exact integers. Source: Vaswani et al., Attention Is All You Need (2017); the
PyTorch documentation of ``MultiheadAttention``, ``TransformerEncoderLayer`` and
``TransformerDecoderLayer``.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_integer, require_bool
from problems.solvers.parameters import layer_norm_params, linear_params
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


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
    """Return the parameter count of multi-head attention.

    It projects Q, K, V and the output. With ``inner = num_heads * head_dim``, the
    weights are ``inner*(embed_dim + kdim + vdim) + inner*embed_dim`` and the biases
    ``3*inner + embed_dim``. By default, the heads share *embed_dim* evenly, and *kdim*
    and *vdim* equal *embed_dim*.

    >>> attention_params(512, 8)
    1050624
    """
    outer, heads = as_integer(embed_dim, "embed_dim"), as_integer(num_heads, "num_heads")
    inner = heads * _head_width(outer, heads, head_dim)
    sources = (outer, outer if kdim is None else kdim, outer if vdim is None else vdim)
    params = sum(linear_params(source, inner, bias=bias) for source in sources)
    projected = require_bool(output_projection, "output_projection")
    return params + (linear_params(inner, outer, bias=bias) if projected else 0)


def _head_width(embed_dim: int, num_heads: int, head_dim: int | None) -> int:
    """Return *head_dim*, or by default an even share of *embed_dim*."""
    if head_dim is not None:
        return as_integer(head_dim, "head_dim")
    width, remainder = divmod(
        as_integer(embed_dim, "embed_dim"), as_integer(num_heads, "num_heads")
    )
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
    """Return the parameter count of a transformer block.

    It has attention, two fully connected layers over *dim_feedforward*, and *norms*
    layer normalizations of ``2*d_model``. *norms* defaults to 2, or to 3 with
    *cross_attention*, the second attention of a decoder. Without *bias*, no layer has
    biases, as in PyTorch. The number of heads does not matter.

    >>> transformer_block_params(768, 3072)
    7087872
    """
    return sum(
        _params_by_piece(d_model, dim_feedforward, norms, cross=cross_attention, bias=bias).values()
    )


def _params_by_piece(
    d_model: int, dim_feedforward: int, norms: int | None, *, cross: bool, bias: bool
) -> dict[str, int]:
    """Return the parameter count of each piece of a transformer block."""
    attention = attention_params(d_model, bias=bias)
    crossed = require_bool(cross, "cross_attention")
    usual = 3 if crossed else 2
    return {
        "attention": attention,
        "cross_attention": attention if crossed else 0,
        "expansion": linear_params(d_model, dim_feedforward, bias=bias),
        "contraction": linear_params(dim_feedforward, d_model, bias=bias),
        "norms": (usual if norms is None else as_integer(norms, "norms", least=0))
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

    They are ``2*n*m*embed_dim`` for the scores and the weighted values, and
    ``(2*n + 2*m)*embed_dim**2`` for the *projections*, with n queries and m keys; m is
    *source_len*, or n by default. The heads share the features, so *num_heads* changes
    nothing.

    >>> attention_macs(197, 768)
    524391936
    """
    queries, keys = _query_and_key_counts(seq_len, source_len)
    width = as_integer(embed_dim, "embed_dim")
    _head_width(width, num_heads, None)
    projected = 2 * (queries + keys) * width**2 if require_bool(projections, "projections") else 0
    return 2 * queries * keys * width + projected


def _query_and_key_counts(seq_len: int, source_len: int | None) -> tuple[int, int]:
    queries = as_integer(seq_len, "seq_len")
    return queries, queries if source_len is None else as_integer(source_len, "source_len")


def transformer_block_macs(seq_len: int, d_model: int, dim_feedforward: int) -> int:
    """Return the MACs of a transformer block over *seq_len* tokens.

    They are ``attention_macs(n, d) + 2*n*d*dim_feedforward``.

    >>> transformer_block_macs(197, 768, 3072)
    1453954560
    """
    feed_forward = 2 * d_model * as_integer(dim_feedforward, "dim_feedforward")
    return attention_macs(seq_len, d_model) + seq_len * feed_forward


SOLVERS: Final[tuple[Solver, ...]] = (
    attention_params,
    transformer_block_params,
    attention_macs,
    transformer_block_macs,
)

# What students do instead.


def _params_with_full_heads(args: SolverArguments) -> int:
    """Return the parameter count if each head projects to all features."""
    wide = {**vars(args), "head_dim": args.embed_dim}
    if args.head_dim is not None:
        raise SolverError("the width of a head is given")
    return attention_params(**wide)


def _params_with_one_head(args: SolverArguments) -> int:
    """Return the parameter count of a single head."""
    head = _head_width(args.embed_dim, args.num_heads, args.head_dim)
    return attention_params(**{**vars(args), "num_heads": 1, "head_dim": head})


def _params_with_one_projection(args: SolverArguments) -> int:
    """Return the parameter count with one matrix in place of those for Q, K and V."""
    full_count = attention_params(**vars(args))
    inner = args.num_heads * _head_width(args.embed_dim, args.num_heads, args.head_dim)
    sources = (args.embed_dim if one is None else one for one in (args.kdim, args.vdim))
    return full_count - sum(linear_params(source, inner, bias=args.bias) for source in sources)


def _make_version_without_pieces(*names: str) -> Solver:
    """Return a wrong version of `transformer_block_params` without the pieces *names*."""

    def formula(args: SolverArguments) -> int:
        pieces = _params_by_piece(
            args.d_model,
            args.dim_feedforward,
            args.norms,
            cross=args.cross_attention,
            bias=args.bias,
        )
        return sum(count for name, count in pieces.items() if name not in names)

    return replace_formula(transformer_block_params, formula)


def _score_macs(args: SolverArguments) -> int:
    """Return the MACs of the scores alone; the weighted values need as many."""
    queries, keys = _query_and_key_counts(args.seq_len, args.source_len)
    width: int = args.embed_dim
    return queries * keys * width


def _projection_weight_count(args: SolverArguments) -> int:
    if not args.projections:
        raise SolverError("there are no weights without projections")
    return attention_params(args.embed_dim, bias=False)


def _output_projection_params(args: SolverArguments) -> int:
    """Return the parameter count of all output projections of a block."""
    attentions = 2 if args.cross_attention else 1
    return attentions * linear_params(args.d_model, args.d_model, bias=args.bias)


def _macs_without_output_projection(args: SolverArguments) -> int:
    full_macs = attention_macs(**vars(args))
    if not args.projections:
        raise SolverError("there is no projection to leave out")
    projected: int = args.seq_len * args.embed_dim**2
    return full_macs - projected


def _block_macs_without_products(args: SolverArguments) -> int:
    """Return the MACs of a block whose attention consists of its projections alone."""
    attended = attention_macs(args.seq_len, args.d_model, projections=False)
    return transformer_block_macs(**vars(args)) - attended


def _block_weight_count(args: SolverArguments) -> int:
    return transformer_block_params(args.d_model, args.dim_feedforward, norms=0, bias=False)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        attention_params,
        {
            "no_bias": replace_arguments(attention_params, bias=False),
            "bias_added": replace_arguments(attention_params, bias=True),
            "output_projection_left_out": replace_arguments(
                attention_params, output_projection=False
            ),
            "heads_unshared": replace_formula(attention_params, _params_with_full_heads),
            "one_head": replace_formula(attention_params, _params_with_one_head),
            "one_projection": replace_formula(attention_params, _params_with_one_projection),
        },
    ),
    *build_wrong_versions(
        transformer_block_params,
        {
            "no_bias": replace_arguments(transformer_block_params, bias=False),
            "norms_left_out": replace_arguments(transformer_block_params, norms=0),
            "feed_forward_left_out": _make_version_without_pieces("expansion", "contraction"),
            "one_feed_forward_layer": _make_version_without_pieces("contraction"),
            "cross_attention_left_out": _make_version_without_pieces("cross_attention"),
            "attention_left_out": _make_version_without_pieces("attention", "cross_attention"),
            "output_projection_left_out": replace_formula(
                transformer_block_params,
                lambda g: transformer_block_params(**vars(g)) - _output_projection_params(g),
            ),
        },
    ),
    *build_wrong_versions(
        attention_macs,
        {
            "flops_for_macs": replace_formula(
                attention_macs, lambda g: 2 * attention_macs(**vars(g))
            ),
            "positions_left_out": replace_formula(attention_macs, _projection_weight_count),
            "projections_left_out": replace_arguments(attention_macs, projections=False),
            "output_projection_left_out": replace_formula(
                attention_macs, _macs_without_output_projection
            ),
            "attention_products_left_out": replace_formula(
                attention_macs, lambda g: attention_macs(**vars(g)) - 2 * _score_macs(g)
            ),
            "weighted_sum_left_out": replace_formula(
                attention_macs, lambda g: attention_macs(**vars(g)) - _score_macs(g)
            ),
            "heads_unshared": replace_formula(
                attention_macs, lambda g: g.num_heads * attention_macs(**vars(g))
            ),
        },
    ),
    *build_wrong_versions(
        transformer_block_macs,
        {
            "flops_for_macs": replace_formula(
                transformer_block_macs, lambda g: 2 * transformer_block_macs(**vars(g))
            ),
            "positions_left_out": replace_formula(transformer_block_macs, _block_weight_count),
            "attention_products_left_out": replace_formula(
                transformer_block_macs, _block_macs_without_products
            ),
            "feed_forward_left_out": replace_formula(
                transformer_block_macs, lambda g: attention_macs(g.seq_len, g.d_model)
            ),
            "one_feed_forward_layer": replace_formula(
                transformer_block_macs,
                lambda g: (
                    transformer_block_macs(**vars(g)) - g.seq_len * g.d_model * g.dim_feedforward
                ),
            ),
        },
    ),
)
