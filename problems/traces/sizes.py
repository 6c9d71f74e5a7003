"""The way to sizes along one axis: the formula with its numbers, less what does nothing.

The letters are those of textbooks: W for the size, K for the kernel, S, P and D for stride, padding
and dilation, A for the output padding.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula
from grader.values import Number, Tensor
from problems.solvers.bounds import pair
from problems.solvers.pooling import pool_size
from problems.solvers.resizing import crop_margins, upsample_size
from problems.solvers.sizes import conv_size, same_padding, same_padding_ends
from problems.solvers.transposed import transposed_size
from problems.traces.tracing import tracers

__all__ = [
    "DEFAULT_STRIDE",
    "TRACERS",
    "extent",
    "pooled_side",
    "side",
    "transposed_side",
    "upsampled_side",
]

DEFAULT_STRIDE: Final = Said(
    "The stride of a pooling is its window, unless another one is given: S = K."
)
DROPPED: Final = "A last window would start in the padding at the end; it is left out."


def side(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    rounding: str = "floor",
    axis: str = "W",
    marked: str = "",
) -> Formula:
    """Return the formula of the size after windows have moved along an *axis*.

    The letters that are *marked* get the axis as index: they have another value along another axis.
    What does nothing is left out: no padding, a stride or a dilation of 1.

    >>> side(28, 5, padding=2).numbers.operator
    '+'
    """
    before, after = pair(padding, "padding", least=0)
    letters = _letters(axis, marked)
    border = "" if not before + after else " + 2*{P}" if before == after else " + {P}_1 + {P}_2"
    moved = f"{axis}{border} - " + ("{D}*({K} - 1)" if dilation > 1 else "{K}")
    last = " - 1" if dilation > 1 else ""
    source = f"{moved}{'' if last else ' + 1'}"
    if stride > 1:
        source = f"{rounding}(({moved}{last})/{{S}}) + 1"
    numbers = {axis: size, letters["K"]: kernel, letters["S"]: stride, letters["D"]: dilation}
    ends = {letters["P"]: before, f"{letters['P']}_1": before, f"{letters['P']}_2": after}
    return formula(f"{axis}_out", source.format_map(letters), **numbers, **ends)


def _letters(axis: str, marked: str) -> dict[str, str]:
    """Return what stands for the letters of a geometry; R for the dilation where D is the axis."""
    letters = {letter: "R" if letter == axis else letter for letter in "KSPDA"}
    return {one: f"{other}_{axis}" if one in marked else other for one, other in letters.items()}


def pooled_side(
    size: int,
    kernel: int,
    *,
    stride: int | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    axis: str = "W",
    marked: str = "",
) -> Iterator[Step]:
    """Yield the formula of a pooled size, and what becomes of a last window in the padding."""
    step = kernel if stride is None else stride
    found = side(
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
    if found.value == result:
        yield found
        return
    windows = Formula("N", found.tree, found.numbers, found.value)
    yield windows
    yield Said(DROPPED)
    yield formula(f"{axis}_out", "N - 1", N=result + 1)


def transposed_side(
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
    """Return the formula of the size after a transposed convolution along an *axis*."""
    letters = _letters(axis, marked)
    spread = f"({axis} - 1)*{{S}}" if stride > 1 else f"{axis} - 1"
    crop = " - 2*{P}" if padding else ""
    reach = " + {D}*({K} - 1) + 1" if dilation > 1 else " + {K}"
    added = " + {A}" if output_padding else ""
    numbers = (kernel, stride, padding, dilation, output_padding)
    return formula(
        f"{axis}_out",
        f"{spread}{crop}{reach}{added}".format_map(letters),
        **{axis: size},
        **dict(zip(map(letters.__getitem__, "KSPDA"), numbers, strict=True)),
    )


def extent(kernel: int, dilation: int) -> Formula:
    """Return the formula of how many cells a dilated kernel spans."""
    return formula("E", "D*(K - 1) + 1", K=kernel, D=dilation)


def _geometry(given: SimpleNamespace) -> dict[str, Any]:
    """Return how windows are laid: the arguments beside the two sizes."""
    sizes = {"size", "kernel_size", "result"}
    return {name: value for name, value in vars(given).items() if name not in sizes}


def _conv_size(given: SimpleNamespace) -> Iterator[Step]:
    yield side(given.size, given.kernel_size, **_geometry(given))


def _pool_size(given: SimpleNamespace) -> Iterator[Step]:
    if given.stride is None:
        yield DEFAULT_STRIDE
    yield from pooled_side(given.size, given.kernel_size, **_geometry(given))


def _transposed_size(given: SimpleNamespace) -> Iterator[Step]:
    apart = "one cell" if given.stride == 1 else f"{given.stride} cells"
    crop = "; the padding crops both ends" if given.padding else ""
    yield Said(f"Each of the W inputs stamps the kernel, {apart} after the stamp before{crop}.")
    yield transposed_side(given.size, given.kernel_size, **_geometry(given))


def _same_padding(given: SimpleNamespace) -> Iterator[Step]:
    yield Said("The size is kept if both ends together are padded by what the kernel takes away.")
    if given.dilation == 1:
        yield formula("P", "(K - 1)/2", K=given.kernel_size)
    else:
        yield formula("P", "D*(K - 1)/2", D=given.dilation, K=given.kernel_size)


def _same_padding_ends(given: SimpleNamespace) -> Iterator[Step]:
    out = formula("W_out", "ceil(W/S)", W=given.size, S=given.stride)
    yield out
    reach = given.kernel_size
    if given.dilation > 1:
        reached = extent(given.kernel_size, given.dilation)
        yield reached
        reach = reached.number
    letter = "E" if given.dilation > 1 else "K"
    numbers = {"W_out": out.number, "S": given.stride, letter: reach, "W": given.size}
    total = formula("P", f"max((W_out - 1)*S + {letter} - W, 0)", **numbers)
    yield total
    at_end = given.extra == "after"
    yield formula("P_1", "floor(P/2)" if at_end else "ceil(P/2)", P=total.number)
    yield formula("P_2", "P - P_1", P=total.number, P_1=given.result[0])
    yield _ends(given.result, "P_1, P_2")


def _ends(both: tuple[int, int], names: str) -> Array:
    return Array(f"({names})", Tensor.of(both))


def _upsample_size(given: SimpleNamespace) -> Iterator[Step]:
    yield upsampled_side(given.size, given.scale_factor)


def upsampled_side(size: int, factor: Number, *, axis: str = "W") -> Formula:
    """Return the formula of a size after upsampling."""
    whole = isinstance(factor, int)
    source = f"{axis}*R" if whole else f"floor({axis}*R)"
    return formula(f"{axis}_out", source, **{axis: size, "R": factor})


def _crop_margins(given: SimpleNamespace) -> Iterator[Step]:
    lost = formula("L", "W - W_out", W=given.size, W_out=given.target)
    yield lost
    yield formula("C_1", "floor(L/2)", L=lost.number)
    yield formula("C_2", "L - C_1", L=lost.number, C_1=given.result[0])
    yield _ends(given.result, "C_1, C_2")


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        conv_size: _conv_size,
        pool_size: _pool_size,
        transposed_size: _transposed_size,
        same_padding: _same_padding,
        same_padding_ends: _same_padding_ends,
        upsample_size: _upsample_size,
        crop_margins: _crop_margins,
    }
)
