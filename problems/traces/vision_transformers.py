"""Tracers for the tokens and the parameters of vision transformers.

p is the side of a patch, n_p the number of patches, n the number of tokens, d the
features per token, m the features inside a block.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Formula, Rows, SolutionStep, TextStep, Tracer, build_formula
from problems.solvers.bounds import as_pair
from problems.solvers.parameters import linear_params
from problems.solvers.transformers import transformer_block_params
from problems.solvers.vision_transformers import (
    number_of_patches,
    patch_embedding_params,
    token_count,
    vit_params,
)
from problems.traces import parameters
from problems.traces.tracing import TracedArguments, build_tracers, sum_formula


def _build_patch_count_formula(args: TracedArguments) -> Formula:
    high, wide = as_pair(args.image_size, "image_size")
    tall, broad = as_pair(args.patch_size, "patch_size")
    if tall == broad:
        return build_formula("n_p", "H/p*(W/p)", H=high, W=wide, p=tall)
    return build_formula("n_p", "H/p_H*(W/p_W)", H=high, W=wide, p_H=tall, p_W=broad)


def _trace_number_of_patches(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Patches cover the image: the number in a column times the number in a row.")
    yield _build_patch_count_formula(args)


def _trace_token_count(args: TracedArguments) -> Iterator[SolutionStep]:
    yield from _trace_number_of_patches(args)
    if args.class_token:
        yield TextStep("The class token is one additional token.")
    yield build_formula(
        "n", "n_p + 1" if args.class_token else "n_p", n_p=_build_patch_count_formula(args).number
    )


def _trace_patch_embedding_params(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep(
        "It is a convolution with d filters, whose kernel size and stride are the patch size."
    )
    conv = parameters.TRACERS["conv_params"]
    yield from conv(args.in_channels, args.embed_dim, args.patch_size, bias=args.bias)


def _trace_vit_params(args: TracedArguments) -> Iterator[SolutionStep]:
    width = args.hidden_dim
    inner = 4 * width if args.mlp_dim is None else args.mlp_dim
    tokens = token_count(args.image_size, args.patch_size, class_token=args.class_token)
    block = transformer_block_params(width, inner)
    pieces = (
        ("patch embedding", patch_embedding_params(args.in_channels, args.patch_size, width)),
        ("class token, d", width if args.class_token else 0),
        ("positions, n·d", tokens * width),
        (f"{args.num_layers} blocks of {block}", args.num_layers * block),
        ("layer normalization, 2·d", 2 * width),
        ("head", linear_params(width, args.num_classes)),
    )
    yield from _trace_token_count(args)
    yield TextStep(f"With d = {width} and m = {inner}, these have parameters:")
    yield Rows(("piece", "parameters"), pieces)
    yield sum_formula("N", [count for _, count in pieces])


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        number_of_patches: _trace_number_of_patches,
        token_count: _trace_token_count,
        patch_embedding_params: _trace_patch_embedding_params,
        vit_params: _trace_vit_params,
    }
)
