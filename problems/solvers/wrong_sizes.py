"""Rare wrong versions of sizes, shapes, patches and receptive fields."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.network.graphs import Network
from problems.network.receptive_fields import AxisWindow, ReceptiveField, grow_field
from problems.solvers.bounds import Shape, as_pair
from problems.solvers.convolution_parameters import conv_params, conv_transpose_params
from problems.solvers.cost import conv_macs
from problems.solvers.geometry import axis_sizes, map_spatial_axes, spatial_axes
from problems.solvers.pooling import pool_shape, pool_size
from problems.solvers.receptive_field import FIELD_MEASURES, effective_stride, receptive_field
from problems.solvers.resizing import upsample_shape
from problems.solvers.sizes import conv_shape, conv_size
from problems.solvers.vision_transformers import number_of_patches, token_count
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

# Same padding.


def same_padded_size(size: int, kernel_size: int, *, stride: int | None = None, **_: object) -> int:
    """Return ``ceil(size / stride)``, the size if the padding were chosen to keep it.

    >>> same_padded_size(7, 3, stride=2)
    4
    """
    return -(-size // (kernel_size if stride is None else stride))


def _shape_with_same_padded_sizes(args: SolverArguments, channels: int | None) -> Shape:
    return map_spatial_axes(
        same_padded_size,
        args.shape,
        args.layout,
        channels=channels,
        kernel_size=args.kernel_size,
        stride=args.stride,
    )


# One entry of a tuple for all axes, and entries exchanged.


def _use_one_entry_for_all_axes(
    *names: str, index: int
) -> Mapping[str, Callable[[SolverArguments], object]]:
    """Return changes that use one entry of the arguments *names* for all axes."""

    def select(name: str, args: SolverArguments) -> object:
        if not any(_has_different_entries(getattr(args, other)) for other in names):
            raise SolverError("no argument has different numbers for its axes")
        value = getattr(args, name)
        return (value[index],) * len(value) if isinstance(value, (tuple, list)) else value

    return {name: partial(select, name) for name in names}


def _has_different_entries(value: object) -> bool:
    return isinstance(value, (tuple, list)) and len(set(value)) > 1


def _reverse_kernel_sides(args: SolverArguments) -> tuple[int, ...]:
    if not _has_different_entries(args.kernel_size):
        raise SolverError("the kernel has equal sides")
    return tuple(args.kernel_size)[::-1]


def _kernel_sides_added(args: SolverArguments) -> tuple[int, ...]:
    """Return a kernel with as many cells as two sides have together."""
    height, width = as_pair(args.kernel_size, "kernel_size")
    if height == width == 1:
        raise SolverError("the kernel has one cell")
    return (height + width, 1)


def _make_axis_wrong_versions(solver: Solver, *names: str) -> Mapping[str, Solver]:
    return {
        "first_axis_for_all": replace_arguments(
            solver, **_use_one_entry_for_all_axes(*names, index=0)
        ),
        "last_axis_for_all": replace_arguments(
            solver, **_use_one_entry_for_all_axes(*names, index=-1)
        ),
    }


# Channels.


def _multiply_input_and_output_channels(args: SolverArguments) -> int:
    return int(args.out_channels * axis_sizes(args.shape, args.layout)["C"])


def _scale_channels_by_area(args: SolverArguments) -> Shape:
    axes = axis_sizes(upsample_shape(**vars(args)), args.layout)
    scaled = axes["C"] * args.scale_factor ** len(spatial_axes(args.layout))
    if int(scaled) != scaled:
        raise SolverError("the channels are not a whole number")
    axes["C"] = int(scaled)
    return tuple(axes[letter] for letter in args.layout)


# Receptive fields.


def _require_listed_layers(args: SolverArguments) -> Sequence[tuple[int, ...]]:
    """Return the layers of a list of at least two."""
    if isinstance(args.layers, Network) or len(args.layers) == 1:
        raise SolverError("there is no layer to leave out")
    layers: Sequence[tuple[int, ...]] = args.layers
    return layers


def _drop_first_layer(args: SolverArguments) -> Sequence[tuple[int, ...]]:
    return _require_listed_layers(args)[1:]


def _drop_last_layer(args: SolverArguments) -> Sequence[tuple[int, ...]]:
    return _require_listed_layers(args)[:-1]


def _drop_last_stride(args: SolverArguments) -> Sequence[tuple[int, ...]]:
    """Return the layers without the last one that has a stride of more than 1."""
    layers = _require_listed_layers(args)
    strided = [index for index, (_, stride, *_) in enumerate(layers) if stride > 1]
    if not strided:
        raise SolverError("every stride is 1")
    return (*layers[: strided[-1]], *layers[strided[-1] + 1 :])


def _grow_by_dilated_kernel(field: ReceptiveField, window: AxisWindow) -> ReceptiveField:
    """Return *field* after a window that spans ``dilation * kernel`` cells."""
    if window.dilation == 1:
        return grow_field(field, window)
    extent = window._replace(kernel=window.dilation * window.kernel, dilation=1)
    return grow_field(field, extent)


def _field_with_whole_kernels(args: SolverArguments) -> int:
    """Return 1 plus the kernels times the jumps: k where the recursion has k - 1."""
    fields = [ReceptiveField()]
    size = 1
    for layer in _require_listed_layers(args):
        window = AxisWindow(*layer)
        size += (window.reach + 1) * fields[-1].jump
        fields.append(grow_field(fields[-1], window))
    return size


def _field_with_whole_last_kernel(args: SolverArguments) -> int:
    """Return the field if the last layer adds its whole kernel: k where it has k - 1."""
    return receptive_field(args.layers) + effective_stride(_drop_last_layer(args))


def _sum_fields_around_last_layer(args: SolverArguments) -> int:
    """Return the sum of the fields of the first layers and of the last one."""
    *first, last = _require_listed_layers(args)
    stacks = [[AxisWindow(*layer) for layer in layers] for layers in (first, (last,))]
    return sum(reduce(grow_field, stack, ReceptiveField()).size for stack in stacks)


# Patches.


def _pixels_over_patch_side(args: SolverArguments) -> int:
    """Return the pixels of the image divided by the side of a patch."""
    height, width = as_pair(args.image_size, "image_size")
    side, other = as_pair(args.patch_size, "patch_size")
    if side != other or height * width % side:
        raise SolverError("the patch has no side to divide by")
    return height * width // side


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *(
        version
        for solver in (conv_size, pool_size)
        for version in build_wrong_versions(
            solver,
            {
                "same_padding_assumed": replace_formula(
                    solver, lambda args: same_padded_size(**vars(args))
                )
            },
        )
    ),
    *build_wrong_versions(
        conv_shape,
        {
            "same_padding_assumed": replace_formula(
                conv_shape, lambda args: _shape_with_same_padded_sizes(args, args.out_channels)
            ),
            "channels_multiplied": replace_arguments(
                conv_shape, out_channels=_multiply_input_and_output_channels
            ),
            "kernel_sides_exchanged": replace_arguments(
                conv_shape, kernel_size=_reverse_kernel_sides
            ),
            **_make_axis_wrong_versions(conv_shape, "kernel_size", "stride", "padding", "dilation"),
        },
    ),
    *build_wrong_versions(
        pool_shape,
        {
            "same_padding_assumed": replace_formula(
                pool_shape, lambda args: _shape_with_same_padded_sizes(args, None)
            ),
            "kernel_sides_exchanged": replace_arguments(
                pool_shape, kernel_size=_reverse_kernel_sides
            ),
            **_make_axis_wrong_versions(pool_shape, "kernel_size", "stride", "padding"),
        },
    ),
    *(
        version
        for solver in (conv_params, conv_transpose_params, conv_macs)
        for version in build_wrong_versions(
            solver,
            {
                "kernel_sides_added": replace_arguments(solver, kernel_size=_kernel_sides_added),
                **_make_axis_wrong_versions(solver, "kernel_size"),
            },
        )
    ),
    *build_wrong_versions(
        upsample_shape,
        {"channels_scaled_by_area": replace_formula(upsample_shape, _scale_channels_by_area)},
    ),
    *build_wrong_versions(
        receptive_field,
        {
            "first_layer_skipped": replace_arguments(receptive_field, layers=_drop_first_layer),
            "dilation_times_kernel": replace_formula(
                receptive_field, partial(FIELD_MEASURES[receptive_field], _grow_by_dilated_kernel)
            ),
            "kernels_for_steps": replace_formula(receptive_field, _field_with_whole_kernels),
            "last_kernel_for_steps": replace_formula(
                receptive_field, _field_with_whole_last_kernel
            ),
            "fields_added": replace_formula(receptive_field, _sum_fields_around_last_layer),
        },
    ),
    *build_wrong_versions(
        effective_stride,
        {
            "first_layer_skipped": replace_arguments(effective_stride, layers=_drop_first_layer),
            "stopped_one_step_early": replace_arguments(effective_stride, layers=_drop_last_layer),
            "one_stride_left_out": replace_arguments(effective_stride, layers=_drop_last_stride),
        },
    ),
    *build_wrong_versions(
        number_of_patches,
        {"divided_by_side": replace_formula(number_of_patches, _pixels_over_patch_side)},
    ),
    *build_wrong_versions(
        token_count,
        {
            "divided_by_side": replace_formula(
                token_count, lambda args: _pixels_over_patch_side(args) + int(args.class_token)
            )
        },
    ),
)
