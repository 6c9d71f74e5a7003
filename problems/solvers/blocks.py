"""Numbers of learnable parameters of blocks: residual, bottleneck, inception.

Counts are exact integers. Source: He et al., Deep Residual Learning (2016), in the form of
torchvision's ``BasicBlock`` and ``Bottleneck``; Szegedy et al., Going Deeper with Convolutions
(2015), table 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Final, TypeAlias, TypedDict

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import Shape, flag, shape_of, whole
from problems.solvers.convolution_parameters import conv_params
from problems.solvers.parameters import batch_norm_params
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "basic_block_params",
    "bottleneck_params",
    "inception_channels",
    "inception_params",
]

MODULE_WIDTHS: Final = 6


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

    Where *projection* is not said, the shortcut has a 1x1 convolution if the channels change; a
    stride needs one too, then say so. *batch_norm* follows each convolution and counts as in
    `batch_norm_params`; *bias* gives the convolutions biases. A shortcut that passes on other
    channels than the block gives is a `SolverError`.

    >>> basic_block_params(64, 128)
    230144
    """
    main = _basic(in_channels, out_channels)
    shortcut = _shortcut(in_channels, out_channels, projection=projection)
    return _total((*main, *shortcut), batch_norm=batch_norm, bias=bias, count=count)


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
    """Return the parameters of a residual block 1x1, 3x3, 1x1 with *width* channels in the middle.

    *groups* are those of the 3x3 convolution; the rest is as in `basic_block_params`.

    >>> bottleneck_params(256, 64, 256)
    70400
    """
    main = _bottleneck(in_channels, width, out_channels, groups)
    shortcut = _shortcut(in_channels, out_channels, projection=projection)
    return _total((*main, *shortcut), batch_norm=batch_norm, bias=bias, count=count)


def inception_params(
    in_channels: int,
    widths: Shape,
    *,
    kernel_size: int = 5,
    batch_norm: bool = False,
    bias: bool = True,
    count: str = "learnable",
) -> int:
    """Return the parameters of an inception module of four branches.

    The six *widths* stand as in the paper's table: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool
    projection. *kernel_size* is that of the fifth; torchvision takes 3 for it, and batch
    normalisation without biases.

    >>> inception_params(192, (64, 96, 128, 16, 32, 32))
    163696
    """
    convs = _inception(in_channels, widths, kernel_size)
    return _total(convs, batch_norm=batch_norm, bias=bias, count=count)


def inception_channels(widths: Shape) -> int:
    """Return the channels that an inception module gives: those of its four branches together.

    The six *widths* stand as in `inception_params`; the reductions are inside of a branch.

    >>> inception_channels((64, 96, 128, 16, 32, 32))
    256
    """
    single, _, three, _, five, pooled = _module(widths)
    return single + three + five + pooled


SOLVERS: Final[tuple[Solver, ...]] = (
    basic_block_params,
    bottleneck_params,
    inception_params,
    inception_channels,
)


@dataclass(frozen=True, slots=True)
class _Conv:
    """A convolution of a block: the channels that come in and go out, and its kernel."""

    into: int
    out: int
    kernel: int
    groups: int = 1


_Convs: TypeAlias = tuple[_Conv, ...]


def _total(convs: _Convs, *, batch_norm: bool, bias: bool, count: str) -> int:
    """Return the parameters of all *convs* and of the normalisation after each."""
    weights = [
        conv_params(conv.into, conv.out, conv.kernel, bias=bias, groups=conv.groups)
        for conv in convs
    ]
    norms = [batch_norm_params(conv.out, count=count) for conv in convs]
    return sum(weights) + (sum(norms) if flag(batch_norm, "batch_norm") else 0)


def _basic(in_channels: int, out_channels: int) -> _Convs:
    return _Conv(in_channels, out_channels, 3), _Conv(out_channels, out_channels, 3)


def _bottleneck(in_channels: int, width: int, out_channels: int, groups: int) -> _Convs:
    first, last = _Conv(in_channels, width, 1), _Conv(width, out_channels, 1)
    return first, _Conv(width, width, 3, groups), last


def _shortcut(in_channels: int, out_channels: int, *, projection: bool | None) -> _Convs:
    """Return the projection of a residual block, if it has one."""
    changed = whole(in_channels, "in_channels") != whole(out_channels, "out_channels")
    projected = changed if projection is None else flag(projection, "projection")
    if changed and not projected:
        raise SolverError(
            f"without a projection {in_channels} channels cannot be added to {out_channels}"
        )
    return (_Conv(in_channels, out_channels, 1),) if projected else ()


def _inception(in_channels: int, widths: Shape, kernel_size: int) -> _Convs:
    single, reduced, three, squeezed, five, pooled = _module(widths)
    return (
        _Conv(in_channels, single, 1),
        _Conv(in_channels, reduced, 1),
        _Conv(reduced, three, 3),
        _Conv(in_channels, squeezed, 1),
        _Conv(squeezed, five, kernel_size),
        _Conv(in_channels, pooled, 1),
    )


def _module(widths: object) -> Shape:
    """Return the six widths of an inception module."""
    found = shape_of(widths, "widths")
    if len(found) != MODULE_WIDTHS:
        raise SolverError(
            "widths are 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5 and pool projection: "
            f"{MODULE_WIDTHS} numbers, not {len(found)}"
        )
    return found


# What students do instead.


def _normed(given: SimpleNamespace) -> bool:
    """Return True where batch normalisation follows the convolutions; else a `SolverError`."""
    if not given.batch_norm:
        raise SolverError("there is no batch normalisation")
    return True


def _twins(
    solver: Solver, convs: Callable[[SimpleNamespace], _Convs], **further: Solver
) -> tuple[Twin, ...]:
    """Return the twins of a block; *convs* gives all its convolutions."""

    def on_the_input(given: SimpleNamespace) -> int:
        wrong = tuple(replace(conv, into=given.in_channels) for conv in convs(given))
        return _total(wrong, **_counted(given))

    return twins_of(
        solver,
        {
            "no_bias": told(solver, bias=False),
            "batch_norm_left_out": told(solver, batch_norm=lambda given: not _normed(given)),
            "batch_norm_all": told(solver, count="all"),
            "batch_norm_learnable": told(solver, count="learnable"),
            "biased_before_batch_norm": told(solver, bias=_normed),
            "earlier_channels_used": instead(solver, on_the_input),
            **further,
        },
    )


class _Counted(TypedDict):
    """What is counted beside the weights."""

    batch_norm: bool
    bias: bool
    count: str


def _counted(given: SimpleNamespace) -> _Counted:
    return {"batch_norm": given.batch_norm, "bias": given.bias, "count": given.count}


def _basic_main(given: SimpleNamespace) -> _Convs:
    return _basic(given.in_channels, given.out_channels)


def _bottleneck_main(given: SimpleNamespace) -> _Convs:
    return _bottleneck(given.in_channels, given.width, given.out_channels, given.groups)


def _inception_all(given: SimpleNamespace) -> _Convs:
    return _inception(given.in_channels, given.widths, given.kernel_size)


def _residual_twins(solver: Solver, main: Callable[[SimpleNamespace], _Convs]) -> tuple[Twin, ...]:
    """Return the twins of a residual block; *main* gives the convolutions beside the shortcut."""

    def convs(given: SimpleNamespace) -> _Convs:
        shortcut = _shortcut(given.in_channels, given.out_channels, projection=given.projection)
        return (*main(given), *shortcut)

    return _twins(
        solver,
        convs,
        projection_left_out=instead(solver, lambda given: _total(main(given), **_counted(given))),
        projection_counted=told(solver, projection=True),
    )


def _naive(given: SimpleNamespace) -> int:
    """Return the parameters of the module whose kernels stand on its input, without reductions."""
    single, _, three, _, five, pooled = _inception_all(given)
    reached = (single, replace(three, into=single.into), replace(five, into=single.into), pooled)
    return _total(reached, **_counted(given))


def _all_widths(given: SimpleNamespace) -> int:
    return sum(_module(given.widths))


TWINS: Final[tuple[Twin, ...]] = (
    *_residual_twins(basic_block_params, _basic_main),
    *_residual_twins(bottleneck_params, _bottleneck_main),
    *_twins(
        inception_params,
        _inception_all,
        reductions_left_out=instead(inception_params, _naive),
        pool_branch_left_out=instead(
            inception_params, lambda given: _total(_inception_all(given)[:-1], **_counted(given))
        ),
    ),
    *twins_of(
        inception_channels, {"reductions_concatenated": instead(inception_channels, _all_widths)}
    ),
)
