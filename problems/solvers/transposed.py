"""Sizes after a transposed convolution, which undoes the size of a convolution.

Source: Dumoulin and Visin (2016), chapter 4, and the PyTorch documentation of ``ConvTranspose2d``.
"""

from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import whole
from problems.solvers.sizes import conv_size
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TRANSPOSED_SIDES", "TWINS", "transposed_size"]


def transposed_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the size after a transposed convolution along one axis.

    ``(size-1)*stride - 2*padding + dilation*(kernel_size-1) + output_padding + 1``. The padding
    crops. Cropping everything away is a `SolverError`.

    >>> transposed_size(4, 3)
    6
    """
    spread = (whole(size, "size") - 1) * whole(stride, "stride")
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    added = whole(output_padding, "output_padding", least=0)
    found = spread + extent + added - 2 * whole(padding, "padding", least=0)
    if found < 1:
        raise SolverError(f"a padding of {padding} crops everything away")
    return found


# What students do instead.


def _convolution(given: SimpleNamespace) -> int:
    return conv_size(
        given.size,
        given.kernel_size,
        stride=given.stride,
        padding=given.padding,
        dilation=given.dilation,
    )


SOLVERS: Final[tuple[Solver, ...]] = (transposed_size,)

# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
TRANSPOSED_SIDES: Final[dict[str, Solver]] = {
    "convolution_for_transposed": instead(transposed_size, _convolution),
    "forgot_minus_one": instead(
        transposed_size, lambda given: transposed_size(**vars(given)) + given.stride
    ),
    "forgot_plus_one": instead(transposed_size, lambda given: transposed_size(**vars(given)) - 1),
    "padding_added": instead(
        transposed_size, lambda given: transposed_size(**vars(given)) + 4 * given.padding
    ),
    "transposed_cropped": instead(transposed_size, lambda given: given.size * given.stride),
    "padding_left_out": told(transposed_size, padding=0),
    "output_padding_left_out": told(transposed_size, output_padding=0),
    "stride_left_out": told(transposed_size, stride=1),
    "dilation_left_out": told(transposed_size, dilation=1),
}

TWINS: Final[tuple[Twin, ...]] = twins_of(transposed_size, TRANSPOSED_SIDES)
