"""The way to the tokens and the parameters of vision transformers.

p is the side of a patch, n_p the patches, n the tokens, d the features of each, m those inside of a
block.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Formula, Rows, Said, Step, Tracer, formula
from problems.solvers.bounds import pair
from problems.solvers.parameters import linear_params
from problems.solvers.transformers import transformer_block_params
from problems.solvers.vision_transformers import (
    number_of_patches,
    patch_embedding_params,
    token_count,
    vit_params,
)
from problems.traces import parameters
from problems.traces.tracing import counted_up, tracers

__all__ = ["TRACERS"]


def _patches(given: SimpleNamespace) -> Formula:
    """Return the formula of the number of patches."""
    high, wide = pair(given.image_size, "image_size")
    tall, broad = pair(given.patch_size, "patch_size")
    if tall == broad:
        return formula("n_p", "H/p*(W/p)", H=high, W=wide, p=tall)
    return formula("n_p", "H/p_H*(W/p_W)", H=high, W=wide, p_H=tall, p_W=broad)


def _number_of_patches(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("Patches side by side fill the image: so many in a column, times so many in a row.")
    yield _patches(given)


def _token_count(given: SimpleNamespace) -> Iterator[Step]:
    yield from _number_of_patches(given)
    if given.class_token:
        yield Said("The class token is one more.")
    yield formula("n", "n_p + 1" if given.class_token else "n_p", n_p=_patches(given).number)


def _patch_embedding(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("It is a convolution whose kernel and stride are a patch, with d filters.")
    conv = parameters.TRACERS["conv_params"]
    yield from conv(given.in_channels, given.embed_dim, given.patch_size, bias=given.bias)


def _vit_params(given: SimpleNamespace) -> Iterator[Step]:
    width = given.hidden_dim
    inner = 4 * width if given.mlp_dim is None else given.mlp_dim
    tokens = token_count(given.image_size, given.patch_size, class_token=given.class_token)
    block = transformer_block_params(width, inner)
    pieces = (
        ("patch embedding", patch_embedding_params(given.in_channels, given.patch_size, width)),
        ("class token, d", width if given.class_token else 0),
        ("positions, n·d", tokens * width),
        (f"{given.num_layers} blocks of {block}", given.num_layers * block),
        ("layer normalisation, 2·d", 2 * width),
        ("head", linear_params(width, given.num_classes)),
    )
    yield from _token_count(given)
    yield Said(f"With d = {width} and m = {inner}, these have parameters:")
    yield Rows(("piece", "parameters"), pieces)
    yield counted_up("N", [count for _, count in pieces])


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        number_of_patches: _number_of_patches,
        token_count: _token_count,
        patch_embedding_params: _patch_embedding,
        vit_params: _vit_params,
    }
)
