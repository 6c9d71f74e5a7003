"""Tracers for sizes along one axis: the formula with its numbers, no neutral terms.

The letters follow textbooks: W for the size, K for the kernel, S, P and D for stride,
padding and dilation, A for the output padding.
"""

from collections.abc import Iterator
from typing import Any, Final

from grader.display.steps import Array, Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, Tensor
from problems.solvers.geometry import padding_ends
from problems.solvers.pooling import pool_size
from problems.solvers.resizing import crop_margins, upsample_size
from problems.solvers.sizes import conv_size, same_padding, same_padding_ends
from problems.solvers.transposed import transposed_size
from problems.traces.tracing import TracedArguments, build_tracers

DEFAULT_STRIDE: Final = TextStep("The default stride of pooling is the window size: S = K.")
SAME_PADDING: Final = TextStep(
    "Same padding adds as many cells as the kernel removes, so only the stride matters."
)
DROPPED_WINDOW_SENTENCE: Final = (
    "The last window would start in the padding at the end, so it is omitted."
)


def output_size_formula(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int = 1,
    rounding: str = "floor",
    axis: str = "W",
    marked: str = "",
) -> Formula:
    """Return the formula of the output size of a sliding window along an *axis*.

    The *marked* letters get the axis as an index, because their values differ between
    axes. Terms without effect are omitted: no padding, a stride or a dilation of 1. Same
    padding has a formula of its own, from size and stride alone.

    >>> output_size_formula(28, 5, padding=2).numbers.operator
    '+'
    """
    letters = _geometry_letters(axis, marked)
    if padding == "same":
        source = f"ceil({axis}/{letters['S']})" if stride > 1 else axis
        return build_formula(f"{axis}_out", source, **{axis: size, letters["S"]: stride})
    before, after = padding_ends(padding, kernel, dilation=dilation)
    border = "" if not before + after else " + 2*{P}" if before == after else " + {P}_1 + {P}_2"
    moved = f"{axis}{border} - " + ("{D}*({K} - 1)" if dilation > 1 else "{K}")
    last = " - 1" if dilation > 1 else ""
    source = f"{moved}{'' if last else ' + 1'}"
    if stride > 1:
        source = f"{rounding}(({moved}{last})/{{S}}) + 1"
    numbers = {axis: size, letters["K"]: kernel, letters["S"]: stride, letters["D"]: dilation}
    ends = {letters["P"]: before, f"{letters['P']}_1": before, f"{letters['P']}_2": after}
    return build_formula(f"{axis}_out", source.format_map(letters), **numbers, **ends)


def _geometry_letters(axis: str, marked: str) -> dict[str, str]:
    """Return the letters of the geometry; the dilation becomes R if the axis is D."""
    letters = {letter: "R" if letter == axis else letter for letter in "KSPDA"}
    return {
        letter: f"{other}_{axis}" if letter in marked else other
        for letter, other in letters.items()
    }


def trace_pooled_size(
    size: int,
    kernel: int,
    *,
    stride: int | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    axis: str = "W",
    marked: str = "",
) -> Iterator[SolutionStep]:
    """Yield the formula of a pooled size, less a last window that lies in the padding."""
    step = kernel if stride is None else stride
    size_formula = output_size_formula(
        size,
        kernel,
        stride=step,
        padding=padding,
        dilation=dilation,
        rounding="ceil" if ceil_mode else "floor",
        axis=axis,
        marked=marked,
    )
    result = pool_size(
        size, kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    if size_formula.value == result:
        yield size_formula
        return
    windows = Formula("N", size_formula.tree, size_formula.numbers, size_formula.value)
    yield windows
    yield TextStep(DROPPED_WINDOW_SENTENCE)
    yield build_formula(f"{axis}_out", "N - 1", N=result + 1)


def transposed_size_formula(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    axis: str = "W",
    marked: str = "",
) -> Formula:
    """Return the formula of the output size of a transposed convolution along an *axis*."""
    letters = _geometry_letters(axis, marked)
    spread = f"({axis} - 1)*{{S}}" if stride > 1 else f"{axis} - 1"
    crop = " - 2*{P}" if padding else ""
    reach = " + {D}*({K} - 1) + 1" if dilation > 1 else " + {K}"
    added = " + {A}" if output_padding else ""
    numbers = (kernel, stride, padding, dilation, output_padding)
    return build_formula(
        f"{axis}_out",
        f"{spread}{crop}{reach}{added}".format_map(letters),
        **{axis: size},
        **dict(zip(map(letters.__getitem__, "KSPDA"), numbers, strict=True)),
    )


def kernel_extent_formula(kernel: int, dilation: int) -> Formula:
    """Return the formula of the extent of a dilated kernel, in cells."""
    return build_formula("E", "D*(K - 1) + 1", K=kernel, D=dilation)


def _geometry_options(args: TracedArguments) -> dict[str, Any]:
    """Return the window geometry: all arguments except the sizes and the result."""
    sizes = {"size", "kernel_size", "result"}
    return {name: value for name, value in vars(args).items() if name not in sizes}


def _trace_conv_size(args: TracedArguments) -> Iterator[SolutionStep]:
    if args.padding == "same":
        yield SAME_PADDING
    yield output_size_formula(args.size, args.kernel_size, **_geometry_options(args))


def _trace_pool_size(args: TracedArguments) -> Iterator[SolutionStep]:
    if args.stride is None:
        yield DEFAULT_STRIDE
    yield from trace_pooled_size(args.size, args.kernel_size, **_geometry_options(args))


def _trace_transposed_size(args: TracedArguments) -> Iterator[SolutionStep]:
    apart = "one cell" if args.stride == 1 else f"{args.stride} cells"
    crop = "; the padding crops both ends" if args.padding else ""
    yield TextStep(f"Each of the W inputs stamps the kernel, {apart} after the previous one{crop}.")
    yield transposed_size_formula(args.size, args.kernel_size, **_geometry_options(args))


def _trace_same_padding(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("The size is preserved if the total padding equals what the kernel removes.")
    if args.dilation == 1:
        yield build_formula("P", "(K - 1)/2", K=args.kernel_size)
    else:
        yield build_formula("P", "D*(K - 1)/2", D=args.dilation, K=args.kernel_size)


def _trace_same_padding_ends(args: TracedArguments) -> Iterator[SolutionStep]:
    out = build_formula("W_out", "ceil(W/S)", W=args.size, S=args.stride)
    yield out
    reach = args.kernel_size
    if args.dilation > 1:
        reached = kernel_extent_formula(args.kernel_size, args.dilation)
        yield reached
        reach = reached.number
    letter = "E" if args.dilation > 1 else "K"
    numbers = {"W_out": out.number, "S": args.stride, letter: reach, "W": args.size}
    total = build_formula("P", f"max((W_out - 1)*S + {letter} - W, 0)", **numbers)
    yield total
    at_end = args.extra == "after"
    yield build_formula("P_1", "floor(P/2)" if at_end else "ceil(P/2)", P=total.number)
    yield build_formula("P_2", "P - P_1", P=total.number, P_1=args.result[0])
    yield _build_pair_step(args.result, "P_1, P_2")


def _build_pair_step(both: tuple[int, int], names: str) -> Array:
    return Array(f"({names})", Tensor.from_nested(both))


def _trace_upsample_size(args: TracedArguments) -> Iterator[SolutionStep]:
    yield upsampled_size_formula(args.size, args.scale_factor)


def upsampled_size_formula(size: int, factor: Number, *, axis: str = "W") -> Formula:
    """Return the formula of the size after upsampling by *factor*."""
    whole = isinstance(factor, int)
    source = f"{axis}*R" if whole else f"floor({axis}*R)"
    return build_formula(f"{axis}_out", source, **{axis: size, "R": factor})


def _trace_crop_margins(args: TracedArguments) -> Iterator[SolutionStep]:
    lost = build_formula("L", "W - W_out", W=args.size, W_out=args.target)
    yield lost
    yield build_formula("C_1", "floor(L/2)", L=lost.number)
    yield build_formula("C_2", "L - C_1", L=lost.number, C_1=args.result[0])
    yield _build_pair_step(args.result, "C_1, C_2")


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        conv_size: _trace_conv_size,
        pool_size: _trace_pool_size,
        transposed_size: _trace_transposed_size,
        same_padding: _trace_same_padding,
        same_padding_ends: _trace_same_padding_ends,
        upsample_size: _trace_upsample_size,
        crop_margins: _trace_crop_margins,
    }
)
