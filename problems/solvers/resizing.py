"""Shapes after transposed convolution, upsampling, pixel shuffle and center crop.

Source: the PyTorch documentation of ``ConvTranspose2d``, ``Upsample`` and
``PixelShuffle``; Ronneberger, Fischer and Brox, U-Net (2015), for the crops.
"""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import Shape, as_integer, as_numbers
from problems.solvers.geometry import (
    PerAxis,
    axis_sizes,
    map_spatial_axes,
    move_channels,
    replace_size_rule,
    spatial_axes,
    swap_height_width,
)
from problems.solvers.transposed import WRONG_TRANSPOSED_SIZES, transposed_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


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

    Each axis follows `transposed_size`; a tuple gives each axis its own value. The
    layouts are those of `conv_shape`.

    >>> transposed_shape((28, 28, 1024), 512, 2, stride=2)
    (56, 56, 512)
    """
    return map_spatial_axes(
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
    (factor,) = as_numbers((scale_factor,), "scale_factor")
    upsampled = as_integer(size, "size") * factor // 1
    if upsampled < 1:
        raise SolverError(f"nothing is left of {size} by a factor of {factor}")
    return int(upsampled)


def upsample_shape(shape: Shape, scale_factor: Number, *, layout: str = "HWC") -> Shape:
    """Return the shape after upsampling each spatial axis by *scale_factor*.

    >>> upsample_shape((13, 26, 256), 2)
    (26, 52, 256)
    """
    return map_spatial_axes(lambda size: upsample_size(size, scale_factor), shape, layout)


def pixel_shuffle_shape(shape: Shape, upscale_factor: int, *, layout: str = "HWC") -> Shape:
    """Return the shape after a pixel shuffle by *upscale_factor*.

    The factor r multiplies height and width; the channels are divided by ``r*r``, which
    must divide them evenly. The layout is one of ``HWC CHW NHWC NCHW``.

    >>> pixel_shuffle_shape((24, 16, 48), 4)
    (96, 64, 3)
    """
    factor = as_integer(upscale_factor, "upscale_factor")
    axes = _image_axis_sizes(shape, layout)
    if axes["C"] % factor**2:
        raise SolverError(f"{factor}² does not divide {axes['C']} channels")
    axes["C"] //= factor**2
    return map_spatial_axes(lambda size: size * factor, tuple(axes.values()), layout)


def pixel_unshuffle_shape(shape: Shape, downscale_factor: int, *, layout: str = "HWC") -> Shape:
    """Return the shape after a pixel unshuffle by *downscale_factor*.

    The factor r must divide height and width; the channels are multiplied by ``r*r``.
    YOLO calls this the reorg or passthrough layer.

    >>> pixel_unshuffle_shape((26, 26, 64), 2)
    (13, 13, 256)
    """
    factor = as_integer(downscale_factor, "downscale_factor")
    axes = _image_axis_sizes(shape, layout)
    if axes["H"] % factor or axes["W"] % factor:
        raise SolverError(f"{factor} does not divide {axes['H']} and {axes['W']}")
    axes["C"] *= factor**2
    return map_spatial_axes(lambda size: size // factor, tuple(axes.values()), layout)


def crop_margins(size: int, target: int) -> tuple[int, int]:
    """Return the margins (before, after) that a center crop of *size* to *target* removes.

    They are ``floor((size - target) / 2)`` cells before, and the rest after. Raise
    `SolverError` if *target* is larger than *size*.

    >>> crop_margins(64, 56)
    (4, 4)
    """
    lost = as_integer(size, "size") - as_integer(target, "target")
    if lost < 0:
        raise SolverError(f"nothing can be cropped of {size} to give {target}")
    return lost // 2, lost - lost // 2


def _image_axis_sizes(shape: Shape, layout: str) -> dict[str, int]:
    """Return the sizes of *shape* by axis letter.

    Raise `SolverError` unless the spatial axes of *layout* are H and W.
    """
    if spatial_axes(layout) != "HW":
        raise SolverError(f"layout must have the axes H, W and C, not {layout}")
    return axis_sizes(shape, layout)


# What students do instead.


def _replace_channel_count(solver: Solver, channels: Solver) -> Solver:
    """Return a wrong version of *solver* whose shape has other *channels*.

    *channels* computes their number from the arguments.
    """

    def formula(args: SolverArguments) -> Shape:
        axes = axis_sizes(_compute_shape(solver, args), args.layout)
        axes["C"] = as_integer(channels(args), "the channels")
        return tuple(axes.values())

    return replace_formula(solver, formula)


def _compute_shape(solver: Solver, args: SolverArguments) -> Shape:
    result = solver(**vars(args))
    return result if isinstance(result, tuple) else ()


def _input_channels(args: SolverArguments) -> int:
    return axis_sizes(args.shape, args.layout)["C"]


def _make_layout_wrong_versions(solver: Solver) -> dict[str, Solver]:
    """Return the wrong versions common to all shapes: axes in another order."""
    return {
        "axes_swapped": replace_formula(
            solver, lambda args: swap_height_width(_compute_shape(solver, args), args.layout)
        ),
        "layout_swapped": replace_formula(
            solver, lambda args: move_channels(_compute_shape(solver, args), args.layout)
        ),
    }


def _divide_channels(channels: int, divisor: int) -> int:
    if channels % divisor:
        raise SolverError(f"{divisor} does not divide {channels} channels")
    return channels // divisor


GEOMETRY_ARGUMENTS: Final = ("kernel_size", "stride", "padding", "output_padding", "dilation")

SOLVERS: Final[tuple[Solver, ...]] = (
    transposed_shape,
    upsample_size,
    upsample_shape,
    pixel_shuffle_shape,
    pixel_unshuffle_shape,
    crop_margins,
)


def _exchange_uneven_margins(args: SolverArguments) -> tuple[int, int]:
    before, after = crop_margins(**vars(args))
    if before == after:
        raise SolverError("both ends lose as much")
    return after, before


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        transposed_shape,
        {
            mistake: replace_size_rule(transposed_shape, side, GEOMETRY_ARGUMENTS)
            for mistake, side in WRONG_TRANSPOSED_SIZES.items()
        },
    ),
    *build_wrong_versions(
        transposed_shape,
        {
            **_make_layout_wrong_versions(transposed_shape),
            "channels_kept": replace_arguments(transposed_shape, out_channels=_input_channels),
        },
    ),
    *build_wrong_versions(
        upsample_shape,
        {
            **_make_layout_wrong_versions(upsample_shape),
            "channels_scaled": _replace_channel_count(
                upsample_shape, lambda args: upsample_size(_input_channels(args), args.scale_factor)
            ),
        },
    ),
    *build_wrong_versions(
        pixel_shuffle_shape,
        {
            **_make_layout_wrong_versions(pixel_shuffle_shape),
            "channels_kept": _replace_channel_count(pixel_shuffle_shape, _input_channels),
            "shuffled_along_one_axis": _replace_channel_count(
                pixel_shuffle_shape,
                lambda args: _divide_channels(_input_channels(args), args.upscale_factor),
            ),
        },
    ),
    *build_wrong_versions(
        pixel_unshuffle_shape,
        {
            **_make_layout_wrong_versions(pixel_unshuffle_shape),
            "channels_kept": _replace_channel_count(pixel_unshuffle_shape, _input_channels),
            "shuffled_along_one_axis": _replace_channel_count(
                pixel_unshuffle_shape, lambda args: _input_channels(args) * args.downscale_factor
            ),
        },
    ),
    *build_wrong_versions(
        crop_margins,
        {
            "crop_of_both_sides": replace_formula(
                crop_margins, lambda args: (args.size - args.target,) * 2
            ),
            "fraction_left": replace_formula(
                crop_margins, lambda args: (Fraction(args.size - args.target, 2),) * 2
            ),
            "ends_swapped": replace_formula(crop_margins, _exchange_uneven_margins),
        },
    ),
)
