"""Expected values of the problems about sizes in both directions, found by search."""

from itertools import count as numbers_from
from itertools import pairwise

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, filters
from tests.bank.oracle.windows import same_padding, starts, windows

ANY_SIZE = 100
MOST_CELLS = 2000

Shape = tuple[int, ...]


def _spans(p: Params) -> int:
    """Return the extent of the dilated kernel in cells, from first to last weight."""
    taps = range(0, p["K"] * p["d"], p["d"])
    return taps[-1] - taps[0] + 1


def _keeping_dilation(p: Params) -> int:
    """Return the dilation at which the problem's padding preserves the size."""
    padding = p["D"] * (p["K"] // 2)
    return next(
        dilation
        for dilation in numbers_from(1)
        if len(starts(ANY_SIZE, p["K"], padding=padding, dilation=dilation)) == ANY_SIZE
    )


def _rounded_up(p: Params) -> int:
    """Return ⌈n / S⌉, counted as the strides that it takes to pass all cells."""
    return len(range(0, p["n"], p["S"]))


def _ends(p: Params) -> list[int]:
    """Return the fewest zeros that give ⌈n / S⌉ windows, as [before, after]."""
    zeros = next(
        zeros
        for zeros in numbers_from(0)
        if windows(p["n"] + zeros, p["K"], stride=p["S"]) == _rounded_up(p)
    )
    return [zeros // 2, zeros - zeros // 2]


def _spectrogram(p: Params) -> Shape:
    height = windows(p["H"], p["KH"], stride=p["SH"], padding=p["PH"])
    return p["N"], height, windows(p["W"], p["KW"], padding=p["PW"])


def _pooled_spectrogram(p: Params) -> Shape:
    channels, height, width = _spectrogram(p)
    return channels, height, windows(width, 3, stride=3)


def _sound(p: Params) -> Shape:
    return p["N"], windows(p["L"], p["K"], stride=p["S"])


def _video(p: Params) -> Shape:
    frames = windows(p["T"], p["KT"], padding=p["KT"] // 2)
    height, width = (windows(p[axis], 7, stride=2, padding=3) for axis in "HW")
    return p["M"], frames, height, width


def _halved(p: Params, times: int) -> int:
    """Return the size after *times* convolutions of the encoder."""
    size: int = p["n"]
    for _ in range(times):
        size = windows(size, p["K"], stride=2, padding=p["K"] // 2)
    return size


def _stamps(size: int, kernel: int, stride: int, *, padding: int = 0) -> int:
    """Return the output size of a transposed convolution.

    It counts the covered cells and subtracts the padding.
    """
    covered = {stride * cell + tap for cell in range(size) for tap in range(kernel)}
    return max(covered) + 1 - 2 * padding


def _doubled(p: Params, size: int) -> int:
    return _stamps(size, p["K"], 2, padding=p["K"] // 2)


def _missing(p: Params) -> list[int]:
    """Return, for each decoder layer, how many cells it falls short of the next size."""
    sizes = [_halved(p, times) for times in (3, 2, 1, 0)]
    return [wanted - _doubled(p, size) for size, wanted in pairwise(sizes)]


def _channels_of_a_group(p: Params) -> int:
    """Return how many channels the first filter reads."""
    channels = p["g"] * p["c"]
    return len([channel for channel in range(channels) if channel * p["g"] < channels])


def _grouped(p: Params) -> int:
    one = (p["K"], p["K"], _channels_of_a_group(p))
    return count(filters(p["g"] * p["o"], one))


def _grouped_shape(p: Params) -> Shape:
    height, width = (windows(p[axis], p["K"], stride=2, padding=p["K"] // 2) for axis in "HW")
    return p["g"] * p["o"], height, width


def _pooled_map(p: Params) -> Shape:
    height, width = (windows(p[axis], p["K"], stride=p["S"]) for axis in "HW")
    return height, width, p["C"]


def _columns_without_window(p: Params) -> int:
    seen = {at + tap for at in starts(p["W"], p["K"], stride=p["S"]) for tap in range(p["K"])}
    return len(set(range(p["W"])) - seen)


def _with_a_last_window(size: int, p: Params) -> list[int]:
    """Return the window starts in ceil mode.

    One more window follows if the others leave cells over.
    """
    found = starts(size, p["K"], stride=p["S"])
    rest = size - (found[-1] + p["K"])
    return [*found, found[-1] + p["S"]] if rest else found


def _pooled_map_rounded_up(p: Params) -> Shape:
    height, width = (len(_with_a_last_window(p[axis], p)) for axis in "HW")
    return height, width, p["C"]


def _least_padding(p: Params) -> int:
    size = p["S"] * p["m"]
    return next(
        padding
        for padding in numbers_from(0)
        if windows(size, p["K"], stride=p["S"], padding=padding) == p["m"]
    )


def _with_stride(p: Params, stride: int) -> int:
    return windows(p["n"], p["k"], stride=stride, padding=p["p"])


def _least_stride(p: Params) -> int:
    wanted = _with_stride(p, p["s"])
    return next(stride for stride in numbers_from(1) if _with_stride(p, stride) == wanted)


def _whole_strides(p: Params) -> int:
    """Return how many whole strides fit in the axis."""
    return len([at for at in range(0, p["n"], p["s"]) if at + p["s"] <= p["n"]])


def _least_kernel(p: Params) -> int:
    return next(
        kernel
        for kernel in numbers_from(1)
        if windows(p["n"], kernel, stride=p["s"], padding=p["p"]) == _whole_strides(p)
    )


def _most_cells(p: Params) -> int:
    return next(
        size
        for size in range(MOST_CELLS, 0, -1)
        if windows(size, p["k"], stride=p["s"], padding=p["p"]) == p["m"]
    )


def _third(p: Params) -> int:
    return len(range(2, p["n"], 3)) - 1


def _fitting_kernels(p: Params) -> Shape:
    kernels = range(1, p["n"] + 1)
    return tuple(kernel for kernel in kernels if windows(p["n"], kernel, stride=3) == _third(p))


def _leads(size: int, wanted: int, kernel: int, stride: int, padding: int) -> bool:
    if kernel < 1 or stride < 1:
        return False
    return windows(size, kernel, stride=stride, padding=padding) == wanted


def _enlarged(p: Params) -> Shape:
    return p["C"], p["H"] * p["r"], p["W"] * p["r"]


def _shuffled(p: Params) -> Shape:
    """Return the shape with as many values as before on the enlarged sides."""
    _, height, width = _enlarged(p)
    return p["C"] * p["H"] * p["W"] // (height * width), height, width


TABLE: Table = {
    "dilated-conv-size": {
        "extent": _spans,
        "output": lambda p: len(starts(p["W"], p["K"], dilation=p["d"])),
        "strided": lambda p: len(starts(p["W"], p["K"], dilation=p["d"], stride=p["S"])),
        "padding": lambda p: same_padding(ANY_SIZE, _spans(p)),
        "dilation": _keeping_dilation,
    },
    "same-padding-styles": {
        "symmetric": lambda p: same_padding(ANY_SIZE, p["K"]),
        "symmetric_size": lambda p: windows(
            p["n"], p["K"], stride=p["S"], padding=same_padding(ANY_SIZE, p["K"])
        ),
        "same_size": _rounded_up,
        "ends": _ends,
        "centre": lambda p: list(range(-_ends(p)[0], p["n"]))[p["K"] // 2],
    },
    "rectangular-inputs": {
        "conv": _spectrogram,
        "pooled": _pooled_spectrogram,
        "parameters": lambda p: count(filters(p["N"], (p["KH"], p["KW"], 1))),
        "features": lambda p: p["N"] * _pooled_spectrogram(p)[1],
    },
    "audio-and-video-shapes": {
        "sound": _sound,
        "sound_pooled": lambda p: (p["N"], windows(_sound(p)[1], 4, stride=4)),
        "video": _video,
        "video_parameters": lambda p: count(filters(p["M"], (3, p["KT"], 7, 7))),
    },
    "decoder-sizes": {
        "first": lambda p: _halved(p, 1),
        "second": lambda p: _halved(p, 2),
        "third": lambda p: _halved(p, 3),
        "back": lambda p: _doubled(p, _halved(p, 3)),
        "output_padding": _missing,
    },
    "grouped-conv-shapes": {
        "filter": lambda p: (_channels_of_a_group(p), p["K"], p["K"]),
        "output": _grouped_shape,
        "parameters": _grouped,
        "standard": lambda p: count(conv(p["g"] * p["c"], p["g"] * p["o"], p["K"])),
        "depthwise": lambda p: count(filters(p["g"] * p["c"], (p["K"], p["K"]))),
    },
    "pooling-ceil-mode": {
        "floor": _pooled_map,
        "unseen": _columns_without_window,
        "ceil": _pooled_map_rounded_up,
        "last_window": lambda p: len(range(_with_a_last_window(p["W"], p)[-1], p["W"])),
    },
    "padding-for-a-size": {
        "padding": _least_padding,
        "stride": _least_stride,
        "kernel": _least_kernel,
        "largest_input": _most_cells,
    },
    "kernel-stride-padding-search": {
        "smallest": lambda p: min(_fitting_kernels(p)),
        "kernels": _fitting_kernels,
        "any": lambda p: (
            lambda k, s, pad: s >= 2 and 1 <= pad < k and _leads(p["n"], p["n"] // 2 - 1, k, s, pad)
        ),
        "halving": lambda _: (
            lambda k, s, pad: (
                k >= 3 and all(_leads(size, size // 2, k, s, pad) for size in range(8, 60, 2))
            )
        ),
    },
    "upsampling-and-pixel-shuffle": {
        "upsampled_shape": _enlarged,
        "filters": lambda p: p["N"] * p["r"] * p["r"],
        "shuffled_shape": _shuffled,
    },
}

SHOWN: Table = {
    "grouped-conv-shapes": {
        "C": lambda p: p["g"] * p["c"],
        "N": lambda p: p["g"] * p["o"],
    },
    "padding-for-a-size": {
        "q": lambda p: _with_stride(p, p["s"]),
        "t": _whole_strides,
    },
    "kernel-stride-padding-search": {
        "q": _third,
        "m": lambda p: windows(p["n"], 4, stride=2),
    },
}
