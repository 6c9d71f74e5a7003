"""Shapes after layers that enlarge, rearrange or crop: transposed convolution, upsampling, shuffle.

Source: the PyTorch documentation of ``ConvTranspose2d``, ``Upsample`` and ``PixelShuffle``;
Ronneberger, Fischer and Brox, U-Net (2015), for the crops.
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import Shape, numbers, whole
from problems.solvers.geometry import (
    PerAxis,
    axes_of,
    relaid,
    shaped_by,
    sided,
    spatial_letters,
    swapped,
)
from problems.solvers.transposed import TRANSPOSED_SIDES, transposed_size
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "crop_margins",
    "pixel_shuffle_shape",
    "pixel_unshuffle_shape",
    "transposed_shape",
    "upsample_shape",
    "upsample_size",
]


def transposed_shape(
    shape: Shape,
    out_channels: int,
    kernel_size: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    layout: str = "HWC",
) -> Shape:
    """Return the shape after a transposed convolution with *out_channels* filters.

    Each axis follows `transposed_size`; a tuple gives each its own value. The layouts are those of
    `conv_shape`.

    >>> transposed_shape((28, 28, 1024), 512, 2, stride=2)
    (56, 56, 512)
    """
    return sided(
        transposed_size,
        shape,
        layout,
        channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )


def upsample_size(size: int, scale_factor: Number) -> int:
    """Return the size after upsampling along one axis: ``floor(size * scale_factor)``.

    >>> upsample_size(7, 2), upsample_size(7, 1.5)
    (14, 10)
    """
    (factor,) = numbers((scale_factor,), "scale_factor")
    found = whole(size, "size") * factor // 1
    if found < 1:
        raise SolverError(f"nothing is left of {size} by a factor of {factor}")
    return int(found)


def upsample_shape(shape: Shape, scale_factor: Number, *, layout: str = "HWC") -> Shape:
    """Return the shape after upsampling each axis but channels and batch by *scale_factor*.

    >>> upsample_shape((13, 26, 256), 2)
    (26, 52, 256)
    """
    return sided(lambda size: upsample_size(size, scale_factor), shape, layout)


def pixel_shuffle_shape(shape: Shape, upscale_factor: int, *, layout: str = "HWC") -> Shape:
    """Return the shape after a pixel shuffle: height and width times *r*, channels over ``r*r``.

    *r* is *upscale_factor*, ``r*r`` must divide the channels. The layout is one of
    ``HWC CHW NHWC NCHW``.

    >>> pixel_shuffle_shape((24, 16, 48), 4)
    (96, 64, 3)
    """
    factor = whole(upscale_factor, "upscale_factor")
    axes = _image(shape, layout)
    if axes["C"] % factor**2:
        raise SolverError(f"{factor}² does not divide {axes['C']} channels")
    axes["C"] //= factor**2
    return sided(lambda size: size * factor, tuple(axes.values()), layout)


def pixel_unshuffle_shape(shape: Shape, downscale_factor: int, *, layout: str = "HWC") -> Shape:
    """Return the shape after a pixel unshuffle: height and width over *r*, channels times ``r*r``.

    *r* is *downscale_factor* and must divide height and width. YOLO calls this the reorganising or
    passthrough layer.

    >>> pixel_unshuffle_shape((26, 26, 64), 2)
    (13, 13, 256)
    """
    factor = whole(downscale_factor, "downscale_factor")
    axes = _image(shape, layout)
    if axes["H"] % factor or axes["W"] % factor:
        raise SolverError(f"{factor} does not divide {axes['H']} and {axes['W']}")
    axes["C"] *= factor**2
    return sided(lambda size: size // factor, tuple(axes.values()), layout)


def crop_margins(size: int, target: int) -> tuple[int, int]:
    """Return the cells (before, after) that a centre crop of *size* to *target* takes away.

    ``floor((size - target) / 2)`` before, the rest after. A target that is larger is a
    `SolverError`.

    >>> crop_margins(64, 56)
    (4, 4)
    """
    lost = whole(size, "size") - whole(target, "target")
    if lost < 0:
        raise SolverError(f"nothing can be cropped of {size} to give {target}")
    return lost // 2, lost - lost // 2


def _image(shape: Shape, layout: str) -> dict[str, int]:
    """Return the sizes of *shape* by letter; a layout without height and width is refused."""
    if spatial_letters(layout) != "HW":
        raise SolverError(f"layout must have the axes H, W and C, not {layout}")
    return axes_of(shape, layout)


# What students do instead.


def _with_channels(solver: Solver, channels: Solver) -> Solver:
    """Return the shape of *solver* with other *channels*, computed of all that is given."""

    def formula(given: SimpleNamespace) -> Shape:
        axes = axes_of(_shape(solver, given), given.layout)
        axes["C"] = whole(channels(given), "the channels")
        return tuple(axes.values())

    return instead(solver, formula)


def _shape(solver: Solver, given: SimpleNamespace) -> Shape:
    found = solver(**vars(given))
    return found if isinstance(found, tuple) else ()


def _channels(given: SimpleNamespace) -> int:
    return axes_of(given.shape, given.layout)["C"]


def _laid(solver: Solver) -> dict[str, Solver]:
    """Return the twins that all shapes have: axes in another order."""
    return {
        "axes_swapped": instead(solver, lambda given: swapped(_shape(solver, given), given.layout)),
        "layout_swapped": instead(
            solver, lambda given: relaid(_shape(solver, given), given.layout)
        ),
    }


def _divided(channels: int, divisor: int) -> int:
    if channels % divisor:
        raise SolverError(f"{divisor} does not divide {channels} channels")
    return channels // divisor


GEOMETRY: Final = ("kernel_size", "stride", "padding", "output_padding", "dilation")

SOLVERS: Final[tuple[Solver, ...]] = (
    transposed_shape,
    upsample_size,
    upsample_shape,
    pixel_shuffle_shape,
    pixel_unshuffle_shape,
    crop_margins,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        transposed_shape,
        {
            mistake: shaped_by(transposed_shape, side, GEOMETRY)
            for mistake, side in TRANSPOSED_SIDES.items()
        },
    ),
    *twins_of(
        transposed_shape,
        {
            **_laid(transposed_shape),
            "channels_kept": told(transposed_shape, out_channels=_channels),
        },
    ),
    *twins_of(
        upsample_shape,
        {
            **_laid(upsample_shape),
            "channels_scaled": _with_channels(
                upsample_shape, lambda given: upsample_size(_channels(given), given.scale_factor)
            ),
        },
    ),
    *twins_of(
        pixel_shuffle_shape,
        {
            **_laid(pixel_shuffle_shape),
            "channels_kept": _with_channels(pixel_shuffle_shape, _channels),
            "shuffled_along_one_axis": _with_channels(
                pixel_shuffle_shape,
                lambda given: _divided(_channels(given), given.upscale_factor),
            ),
        },
    ),
    *twins_of(
        pixel_unshuffle_shape,
        {
            **_laid(pixel_unshuffle_shape),
            "channels_kept": _with_channels(pixel_unshuffle_shape, _channels),
            "shuffled_along_one_axis": _with_channels(
                pixel_unshuffle_shape, lambda given: _channels(given) * given.downscale_factor
            ),
        },
    ),
    *twins_of(
        crop_margins,
        {
            "crop_of_both_sides": instead(
                crop_margins, lambda given: (given.size - given.target,) * 2
            ),
            "fraction_left": instead(
                crop_margins, lambda given: (Fraction(given.size - given.target, 2),) * 2
            ),
        },
    ),
)
