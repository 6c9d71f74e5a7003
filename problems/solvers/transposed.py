"""Sizes after a transposed convolution, which inverts the size of a convolution.

Source: Dumoulin and Visin (2016), chapter 4, and the PyTorch documentation of
``ConvTranspose2d``.
"""

from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_integer
from problems.solvers.sizes import conv_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


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

    It is
    ``(size-1)*stride - 2*padding + dilation*(kernel_size-1) + output_padding + 1``. The
    padding crops the output. Raise `SolverError` if it crops everything away.

    >>> transposed_size(4, 3)
    6
    """
    spread = (as_integer(size, "size") - 1) * as_integer(stride, "stride")
    extent = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1) + 1
    added = as_integer(output_padding, "output_padding", least=0)
    result = spread + extent + added - 2 * as_integer(padding, "padding", least=0)
    if result < 1:
        raise SolverError(f"a padding of {padding} crops everything away")
    return result


# What students do instead.


def _conv_size_for_transposed(args: SolverArguments) -> int:
    return conv_size(
        args.size,
        args.kernel_size,
        stride=args.stride,
        padding=args.padding,
        dilation=args.dilation,
    )


SOLVERS: Final[tuple[Solver, ...]] = (transposed_size,)

# Wrong sizes along one axis; the shapes of single layers and of networks reuse them.
WRONG_TRANSPOSED_SIZES: Final[dict[str, Solver]] = {
    "convolution_for_transposed": replace_formula(transposed_size, _conv_size_for_transposed),
    "forgot_minus_one": replace_formula(
        transposed_size, lambda args: transposed_size(**vars(args)) + args.stride
    ),
    "forgot_plus_one": replace_formula(
        transposed_size, lambda args: transposed_size(**vars(args)) - 1
    ),
    "padding_added": replace_formula(
        transposed_size, lambda args: transposed_size(**vars(args)) + 4 * args.padding
    ),
    "transposed_cropped": replace_formula(transposed_size, lambda args: args.size * args.stride),
    "padding_left_out": replace_arguments(transposed_size, padding=0),
    "output_padding_left_out": replace_arguments(transposed_size, output_padding=0),
    "stride_left_out": replace_arguments(transposed_size, stride=1),
    "dilation_left_out": replace_arguments(transposed_size, dilation=1),
}

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = build_wrong_versions(
    transposed_size, WRONG_TRANSPOSED_SIZES
)
