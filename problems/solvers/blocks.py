"""Parameter counts of residual, bottleneck and inception blocks.

Counts are exact integers. Source: He et al., Deep Residual Learning (2016), in the form
of torchvision's ``BasicBlock`` and ``Bottleneck``; Szegedy et al., Going Deeper with
Convolutions (2015), table 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypedDict

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Shape, as_integer, as_shape, require_bool
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import batch_norm_params
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

INCEPTION_WIDTHS: Final = 6


def basic_block_params(
    in_channels: int,
    out_channels: int,
    *,
    projection: bool | None = None,
    batch_norm: bool = True,
    bias: bool = False,
    count: str = "learnable",
) -> int:
    """Return the parameters of a residual block of two 3x3 convolutions.

    By default, the shortcut has a 1x1 convolution only if the number of channels
    changes; a stride needs one too, so set *projection* there. *batch_norm* follows
    each convolution and counts as in `batch_norm_params`; *bias* adds biases to the
    convolutions. Raise `SolverError` if the channels change without a projection.

    >>> basic_block_params(64, 128)
    230144
    """
    main = _basic_block_convs(in_channels, out_channels)
    shortcut = _shortcut_convs(in_channels, out_channels, projection=projection)
    return _count_params((*main, *shortcut), batch_norm=batch_norm, bias=bias, count=count)


def bottleneck_params(
    in_channels: int,
    width: int,
    out_channels: int,
    *,
    projection: bool | None = None,
    groups: int = 1,
    batch_norm: bool = True,
    bias: bool = False,
    count: str = "learnable",
) -> int:
    """Return the parameters of a bottleneck block: 1x1, 3x3 and 1x1 convolutions.

    The 3x3 convolution has *width* channels and *groups* groups; the rest is as in
    `basic_block_params`.

    >>> bottleneck_params(256, 64, 256)
    70400
    """
    main = _bottleneck_convs(in_channels, width, out_channels, groups)
    shortcut = _shortcut_convs(in_channels, out_channels, projection=projection)
    return _count_params((*main, *shortcut), batch_norm=batch_norm, bias=bias, count=count)


def inception_params(
    in_channels: int,
    widths: Shape,
    *,
    kernel_size: int = 5,
    batch_norm: bool = False,
    bias: bool = True,
    count: str = "learnable",
) -> int:
    """Return the parameters of an inception module with four branches.

    The six *widths* follow the paper's table: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5,
    pool projection. *kernel_size* is that of the fifth convolution; torchvision uses 3,
    and batch normalization without biases.

    >>> inception_params(192, (64, 96, 128, 16, 32, 32))
    163696
    """
    convs = _inception_convs(in_channels, widths, kernel_size)
    return _count_params(convs, batch_norm=batch_norm, bias=bias, count=count)


def inception_channels(widths: Shape) -> int:
    """Return the output channels of an inception module: the sum over its four branches.

    The six *widths* are as in `inception_params`. The reductions are inside their
    branches and do not count.

    >>> inception_channels((64, 96, 128, 16, 32, 32))
    256
    """
    single, _, three, _, five, pooled = _parse_inception_widths(widths)
    return single + three + five + pooled


SOLVERS: Final[tuple[Solver, ...]] = (
    basic_block_params,
    bottleneck_params,
    inception_params,
    inception_channels,
)


@dataclass(frozen=True, slots=True)
class _ConvLayer:
    """A convolution in a block: input and output channels, kernel size and groups."""

    in_channels: int
    out_channels: int
    kernel: int
    groups: int = 1


_ConvLayers: TypeAlias = tuple[_ConvLayer, ...]


def _count_params(convs: _ConvLayers, *, batch_norm: bool, bias: bool, count: str) -> int:
    """Return the parameters of all *convs* and of the batch normalization after each."""
    weights = [
        conv_params(conv.in_channels, conv.out_channels, conv.kernel, bias=bias, groups=conv.groups)
        for conv in convs
    ]
    norms = [batch_norm_params(conv.out_channels, count=count) for conv in convs]
    return sum(weights) + (sum(norms) if require_bool(batch_norm, "batch_norm") else 0)


def _basic_block_convs(in_channels: int, out_channels: int) -> _ConvLayers:
    return _ConvLayer(in_channels, out_channels, 3), _ConvLayer(out_channels, out_channels, 3)


def _bottleneck_convs(in_channels: int, width: int, out_channels: int, groups: int) -> _ConvLayers:
    first, last = _ConvLayer(in_channels, width, 1), _ConvLayer(width, out_channels, 1)
    return first, _ConvLayer(width, width, 3, groups), last


def _shortcut_convs(in_channels: int, out_channels: int, *, projection: bool | None) -> _ConvLayers:
    """Return the projection of a residual block, or an empty tuple if it has none."""
    changed = as_integer(in_channels, "in_channels") != as_integer(out_channels, "out_channels")
    projected = changed if projection is None else require_bool(projection, "projection")
    if changed and not projected:
        raise SolverError(
            f"without a projection {in_channels} channels cannot be added to {out_channels}"
        )
    return (_ConvLayer(in_channels, out_channels, 1),) if projected else ()


def _inception_convs(in_channels: int, widths: Shape, kernel_size: int) -> _ConvLayers:
    single, reduced, three, squeezed, five, pooled = _parse_inception_widths(widths)
    return (
        _ConvLayer(in_channels, single, 1),
        _ConvLayer(in_channels, reduced, 1),
        _ConvLayer(reduced, three, 3),
        _ConvLayer(in_channels, squeezed, 1),
        _ConvLayer(squeezed, five, kernel_size),
        _ConvLayer(in_channels, pooled, 1),
    )


def _parse_inception_widths(widths: object) -> Shape:
    sizes = as_shape(widths, "widths")
    if len(sizes) != INCEPTION_WIDTHS:
        raise SolverError(
            "widths are 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5 and pool projection: "
            f"{INCEPTION_WIDTHS} numbers, not {len(sizes)}"
        )
    return sizes


# What students do instead.


def _require_batch_norm(args: SolverArguments) -> bool:
    """Return True, or raise `SolverError` if there is no batch normalization."""
    if not args.batch_norm:
        raise SolverError("there is no batch normalization")
    return True


def _block_wrong_versions(
    solver: Solver, convs: Callable[[SolverArguments], _ConvLayers], **further: Solver
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of a block; *convs* returns all of its convolutions."""

    def count_with_input_channels(args: SolverArguments) -> int:
        wrong = tuple(replace(conv, in_channels=args.in_channels) for conv in convs(args))
        return _count_params(wrong, **_read_count_options(args))

    return build_wrong_versions(
        solver,
        {
            "no_bias": replace_arguments(solver, bias=False),
            "batch_norm_left_out": replace_arguments(
                solver, batch_norm=lambda args: not _require_batch_norm(args)
            ),
            "batch_norm_all": replace_arguments(solver, count="all"),
            "batch_norm_learnable": replace_arguments(solver, count="learnable"),
            "biased_before_batch_norm": replace_arguments(solver, bias=_require_batch_norm),
            "earlier_channels_used": replace_formula(solver, count_with_input_channels),
            **further,
        },
    )


class _CountOptions(TypedDict):
    """Options of a count: which parameters to include in addition to the weights."""

    batch_norm: bool
    bias: bool
    count: str


def _read_count_options(args: SolverArguments) -> _CountOptions:
    return {"batch_norm": args.batch_norm, "bias": args.bias, "count": args.count}


def _basic_block_convs_from_args(args: SolverArguments) -> _ConvLayers:
    return _basic_block_convs(args.in_channels, args.out_channels)


def _bottleneck_convs_from_args(args: SolverArguments) -> _ConvLayers:
    return _bottleneck_convs(args.in_channels, args.width, args.out_channels, args.groups)


def _inception_convs_from_args(args: SolverArguments) -> _ConvLayers:
    return _inception_convs(args.in_channels, args.widths, args.kernel_size)


def _residual_wrong_versions(
    solver: Solver, main: Callable[[SolverArguments], _ConvLayers]
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of a residual block.

    *main* returns the convolutions outside the shortcut.
    """

    def convs(args: SolverArguments) -> _ConvLayers:
        shortcut = _shortcut_convs(args.in_channels, args.out_channels, projection=args.projection)
        return (*main(args), *shortcut)

    return _block_wrong_versions(
        solver,
        convs,
        projection_left_out=replace_formula(
            solver, lambda args: _count_params(main(args), **_read_count_options(args))
        ),
        projection_counted=replace_arguments(solver, projection=True),
    )


def _count_without_reductions(args: SolverArguments) -> int:
    """Return the parameters without the reductions: every kernel sees the module's input."""
    single, _, three, _, five, pooled = _inception_convs_from_args(args)
    unreduced = (
        single,
        replace(three, in_channels=single.in_channels),
        replace(five, in_channels=single.in_channels),
        pooled,
    )
    return _count_params(unreduced, **_read_count_options(args))


def _sum_all_widths(args: SolverArguments) -> int:
    return sum(_parse_inception_widths(args.widths))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *_residual_wrong_versions(basic_block_params, _basic_block_convs_from_args),
    *_residual_wrong_versions(bottleneck_params, _bottleneck_convs_from_args),
    *_block_wrong_versions(
        inception_params,
        _inception_convs_from_args,
        reductions_left_out=replace_formula(inception_params, _count_without_reductions),
        pool_branch_left_out=replace_formula(
            inception_params,
            lambda args: _count_params(
                _inception_convs_from_args(args)[:-1], **_read_count_options(args)
            ),
        ),
    ),
    *build_wrong_versions(
        inception_channels,
        {"reductions_concatenated": replace_formula(inception_channels, _sum_all_widths)},
    ),
)
