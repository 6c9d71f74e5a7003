"""Patches, sequence lengths and parameters of vision transformers.

Counts are exact integers. Source: Dosovitskiy et al., An Image Is Worth 16x16 Words (2021), in the
form of torchvision's ``VisionTransformer``.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Pair, flag, pair, whole
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import (
    embedding_params,
    layer_norm_params,
    linear_params,
    one_bias,
)
from problems.solvers.transformers import transformer_block_params
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "number_of_patches",
    "patch_embedding_params",
    "token_count",
    "vit_params",
]


def number_of_patches(image_size: Pair, patch_size: Pair) -> int:
    """Return how many patches cover an image without overlap: ``(H / p) * (W / p)``.

    One number stands for both sides. Patches that do not fill the image are a `SolverError`.

    >>> number_of_patches(224, 16)
    196
    """
    height, width = _grid(image_size, patch_size)
    return height * width


def _grid(image_size: Pair, patch_size: Pair) -> tuple[int, int]:
    """Return how many patches stand in a column and in a row."""
    image, patch = pair(image_size, "image_size"), pair(patch_size, "patch_size")
    if image[0] % patch[0] or image[1] % patch[1]:
        raise SolverError(f"patches of {patch} do not fill an image of {image}")
    return image[0] // patch[0], image[1] // patch[1]


def token_count(image_size: Pair, patch_size: Pair, *, class_token: bool = True) -> int:
    """Return the length of the sequence of a vision transformer: its patches and a class token.

    >>> token_count(224, 16)
    197
    """
    extra = 1 if flag(class_token, "class_token") else 0
    return number_of_patches(image_size, patch_size) + extra


def patch_embedding_params(
    in_channels: int, patch_size: Pair, embed_dim: int, *, bias: bool = True
) -> int:
    """Return the parameters that map each patch to *embed_dim* features, the same for all patches.

    ``(in_channels * ph * pw + 1) * embed_dim``; without *bias* the 1 falls away.

    >>> patch_embedding_params(3, 16, 768)
    590592
    """
    sides = pair(patch_size, "patch_size")
    return conv_params(in_channels, whole(embed_dim, "embed_dim"), sides, bias=bias)


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
    """Return the parameters of a vision transformer.

    Patch embedding, class token, one learned position for each token, *num_layers* blocks with
    *mlp_dim* (not said, four times *hidden_dim*), a last layer normalisation, and a fully connected
    layer to the classes, all with biases.

    >>> vit_params(224, 16, 12, 768)
    86567656
    """
    given = SimpleNamespace(
        image_size=image_size,
        patch_size=patch_size,
        num_layers=num_layers,
        hidden_dim=hidden_dim,
        mlp_dim=mlp_dim,
        num_classes=num_classes,
        in_channels=in_channels,
        class_token=class_token,
    )
    return sum(_pieces(given).values())


def _pieces(given: SimpleNamespace) -> dict[str, int]:
    """Return the parameters of a vision transformer by what has them."""
    width = whole(given.hidden_dim, "hidden_dim")
    tokens = token_count(given.image_size, given.patch_size, class_token=given.class_token)
    inner = 4 * width if given.mlp_dim is None else given.mlp_dim
    block = transformer_block_params(width, inner)
    return {
        "patches": patch_embedding_params(given.in_channels, given.patch_size, width),
        "class_token": width if given.class_token else 0,
        "positions": embedding_params(tokens, width),
        "blocks": whole(given.num_layers, "num_layers") * block,
        "norm": layer_norm_params(width),
        "head": linear_params(width, given.num_classes),
    }


SOLVERS: Final[tuple[Solver, ...]] = (
    number_of_patches,
    token_count,
    patch_embedding_params,
    vit_params,
)

# What students do instead.


def _one_side(given: SimpleNamespace) -> int:
    """Return the patches of one row."""
    return _grid(given.image_size, given.patch_size)[1]


def _pixels(given: SimpleNamespace) -> int:
    """Return the pixels of a patch."""
    height, width = pair(given.patch_size, "patch_size")
    return height * width


def _without(name: str) -> Solver:
    """Return a twin of `vit_params` without one of its pieces."""
    return instead(
        vit_params,
        lambda given: sum(count for piece, count in _pieces(given).items() if piece != name),
    )


def _without_norms(given: SimpleNamespace) -> int:
    """Return the parameters without the normalisations in the blocks and after them."""
    norms: int = 2 * given.num_layers + 1
    return vit_params(**vars(given)) - norms * layer_norm_params(given.hidden_dim)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        number_of_patches,
        {
            "patches_of_one_side": instead(number_of_patches, _one_side),
            "pixels_for_patches": instead(number_of_patches, _pixels),
        },
    ),
    *twins_of(
        token_count,
        {
            "class_token_left_out": told(token_count, class_token=False),
            "class_token_counted": told(token_count, class_token=True),
            "patches_of_one_side": instead(
                token_count, lambda given: _one_side(given) + int(given.class_token)
            ),
        },
    ),
    *twins_of(
        patch_embedding_params,
        {
            "no_bias": told(patch_embedding_params, bias=False),
            "one_bias": one_bias(patch_embedding_params),
            "input_channels_left_out": told(patch_embedding_params, in_channels=1),
        },
    ),
    *twins_of(
        vit_params,
        {
            "class_token_left_out": told(vit_params, class_token=False),
            "class_token_counted": told(vit_params, class_token=True),
            "position_embedding_left_out": _without("positions"),
            "layer_left_out": _without("head"),
            "norms_left_out": instead(vit_params, _without_norms),
            "one_layer": told(vit_params, num_layers=1),
        },
    ),
)
