"""Patches, sequence lengths and parameter counts of vision transformers.

Counts are exact integers. Source: Dosovitskiy et al., An Image Is Worth 16x16 Words
(2021), in the form of torchvision's ``VisionTransformer``.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Pair, as_integer, as_pair, require_bool
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import (
    embedding_params,
    layer_norm_params,
    linear_params,
    make_one_bias_version,
)
from problems.solvers.transformers import transformer_block_params
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def number_of_patches(image_size: Pair, patch_size: Pair) -> int:
    """Return how many patches cover an image without overlap: ``(H / p) * (W / p)``.

    One number sets both sides. Raise `SolverError` if the patches do not fill the
    image.

    >>> number_of_patches(224, 16)
    196
    """
    height, width = _patch_grid(image_size, patch_size)
    return height * width


def _patch_grid(image_size: Pair, patch_size: Pair) -> tuple[int, int]:
    """Return the number of patches along the height and along the width."""
    image, patch = as_pair(image_size, "image_size"), as_pair(patch_size, "patch_size")
    if image[0] % patch[0] or image[1] % patch[1]:
        raise SolverError(f"patches of {patch} do not fill an image of {image}")
    return image[0] // patch[0], image[1] // patch[1]


def token_count(image_size: Pair, patch_size: Pair, *, class_token: bool = True) -> int:
    """Return the sequence length of a vision transformer: its patches and a class token.

    >>> token_count(224, 16)
    197
    """
    extra = 1 if require_bool(class_token, "class_token") else 0
    return number_of_patches(image_size, patch_size) + extra


def patch_embedding_params(
    in_channels: int, patch_size: Pair, embed_dim: int, *, bias: bool = True
) -> int:
    """Return the parameter count of the patch embedding, which all patches share.

    It maps each patch to *embed_dim* features with
    ``(in_channels * ph * pw + 1) * embed_dim`` parameters. Without *bias*, the 1 is
    left out.

    >>> patch_embedding_params(3, 16, 768)
    590592
    """
    sides = as_pair(patch_size, "patch_size")
    return conv_params(in_channels, as_integer(embed_dim, "embed_dim"), sides, bias=bias)


def vit_params(
    image_size: Pair,
    patch_size: Pair,
    num_layers: int,
    hidden_dim: int,
    *,
    mlp_dim: int | None = None,
    num_classes: int = 1000,
    in_channels: int = 3,
    class_token: bool = True,
) -> int:
    """Return the parameter count of a vision transformer.

    It has a patch embedding, a class token, one learned position per token,
    *num_layers* blocks with *mlp_dim* (by default four times *hidden_dim*), a final
    layer normalization, and a fully connected layer to the classes, all with biases.

    >>> vit_params(224, 16, 12, 768)
    86567656
    """
    args = SolverArguments(
        image_size=image_size,
        patch_size=patch_size,
        num_layers=num_layers,
        hidden_dim=hidden_dim,
        mlp_dim=mlp_dim,
        num_classes=num_classes,
        in_channels=in_channels,
        class_token=class_token,
    )
    return sum(_params_by_piece(args).values())


def _params_by_piece(args: SolverArguments) -> dict[str, int]:
    """Return the parameter count of each piece of a vision transformer."""
    width = as_integer(args.hidden_dim, "hidden_dim")
    tokens = token_count(args.image_size, args.patch_size, class_token=args.class_token)
    inner = 4 * width if args.mlp_dim is None else args.mlp_dim
    block = transformer_block_params(width, inner)
    return {
        "patches": patch_embedding_params(args.in_channels, args.patch_size, width),
        "class_token": width if args.class_token else 0,
        "positions": embedding_params(tokens, width),
        "blocks": as_integer(args.num_layers, "num_layers") * block,
        "norm": layer_norm_params(width),
        "head": linear_params(width, args.num_classes),
    }


SOLVERS: Final[tuple[Solver, ...]] = (
    number_of_patches,
    token_count,
    patch_embedding_params,
    vit_params,
)

# What students do instead.


def _patches_per_row(args: SolverArguments) -> int:
    return _patch_grid(args.image_size, args.patch_size)[1]


def _pixels_per_patch(args: SolverArguments) -> int:
    height, width = as_pair(args.patch_size, "patch_size")
    return height * width


def _make_version_without_piece(name: str) -> Solver:
    """Return a wrong version of `vit_params` without the piece *name*."""
    return replace_formula(
        vit_params,
        lambda args: sum(count for piece, count in _params_by_piece(args).items() if piece != name),
    )


def _params_without_norms(args: SolverArguments) -> int:
    """Return the parameter count without the layer normalizations in and after the blocks."""
    norms: int = 2 * args.num_layers + 1
    return vit_params(**vars(args)) - norms * layer_norm_params(args.hidden_dim)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        number_of_patches,
        {
            "patches_of_one_side": replace_formula(number_of_patches, _patches_per_row),
            "pixels_for_patches": replace_formula(number_of_patches, _pixels_per_patch),
        },
    ),
    *build_wrong_versions(
        token_count,
        {
            "class_token_left_out": replace_arguments(token_count, class_token=False),
            "class_token_counted": replace_arguments(token_count, class_token=True),
            "patches_of_one_side": replace_formula(
                token_count, lambda args: _patches_per_row(args) + int(args.class_token)
            ),
        },
    ),
    *build_wrong_versions(
        patch_embedding_params,
        {
            "no_bias": replace_arguments(patch_embedding_params, bias=False),
            "one_bias": make_one_bias_version(patch_embedding_params),
            "input_channels_left_out": replace_arguments(patch_embedding_params, in_channels=1),
        },
    ),
    *build_wrong_versions(
        vit_params,
        {
            "class_token_left_out": replace_arguments(vit_params, class_token=False),
            "class_token_counted": replace_arguments(vit_params, class_token=True),
            "position_embedding_left_out": _make_version_without_piece("positions"),
            "layer_left_out": _make_version_without_piece("head"),
            "norms_left_out": replace_formula(vit_params, _params_without_norms),
            "one_layer": replace_arguments(vit_params, num_layers=1),
        },
    ),
)
