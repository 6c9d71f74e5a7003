"""Frames of a sliding window: the input, the products, and the growing output map."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.pages.drawing.markup import count_bytes, format_value
from api.pages.drawing.window_drawer import WindowDrawer
from api.pages.drawing.window_paths import WindowMove, WindowPath
from api.pages.layout.formatting import replace_hyphens_with_minus_signs

FRAME_OVERHEAD_BYTES: Final = 170
"""Size of the markup around the drawings of a frame."""
MAX_EXTRA_FRAMES: Final = 2
"""Number of frames over the limit that are not worth leaving out."""
LEADING_FRAMES: Final = 3
"""Number of frames expanded at the beginning, in addition to the last one."""


@dataclass(frozen=True, slots=True)
class DrawingFrame:
    """A still picture: drawings side by side, their description, and the running sum."""

    drawings: str
    text: str
    running: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """The frames of a run of windows or stamps.

    *shared* has the elements that they refer to, *kernels* the drawings of the kernels.
    *omitted_texts* are the texts of the windows without a frame, each with its position in
    words.
    """

    about: str
    shared: str
    kernels: str
    frames: tuple[DrawingFrame, ...]
    omitted_texts: tuple[str, ...]

    @property
    def key_frames(self) -> tuple[DrawingFrame, ...]:
        """The first frames and the last one, which are expanded."""
        return tuple(frame for frame in self.frames if frame.is_key)

    @property
    def other_frames(self) -> tuple[DrawingFrame, ...]:
        """The frames between the key frames, which are collapsed."""
        return tuple(frame for frame in self.frames if not frame.is_key)


def build_window_frames(
    paths: Sequence[WindowPath], *, id_prefix: str, max_bytes: int
) -> FrameSequence:
    """Return the frames of *paths* in about *max_bytes*.

    *id_prefix* makes the ids of their elements unique on the page.
    """
    drawers = [
        WindowDrawer.for_path(way, f"{id_prefix}{number}-") for number, way in enumerate(paths)
    ]
    pairs = [(drawer, index) for drawer in drawers for index in range(len(drawer.path.moves))]
    kernels = "".join(drawer.draw_kernels() for drawer in _unique_kernel_drawers(drawers))
    lines = sum(count_bytes(drawer.path.moves[at].line) for drawer, at in pairs)
    longest = max(_count_frame_bytes(drawer, at) for drawer, at in (pairs[0], pairs[-1]))
    max_bytes -= count_bytes(_draw_shared_elements(drawers, pairs), kernels) + lines
    selected = select_frame_indices(len(pairs), max(LEADING_FRAMES, max_bytes // longest))
    frames = tuple(
        _build_frame(drawer, index, is_key=number < LEADING_FRAMES or number == len(pairs) - 1)
        for number, (drawer, index) in enumerate(pairs)
        if number in selected
    )
    omitted_texts = tuple(
        replace_hyphens_with_minus_signs(drawer.path.moves[index].line)
        for number, (drawer, index) in enumerate(pairs)
        if number not in selected
    )
    shared = _draw_shared_elements(drawers, [pairs[number] for number in sorted(selected)])
    return FrameSequence(_describe_movement(paths[0]), shared, kernels, frames, omitted_texts)


def select_frame_indices(count: int, max_frames: int) -> frozenset[int]:
    """Return the indices of the frames to draw out of *count*, with room for *max_frames*.

    If some are left out, the first frames and the last one remain.
    """
    if count <= max_frames + MAX_EXTRA_FRAMES:
        return frozenset(range(count))
    return frozenset((*range(max_frames - 1), count - 1))


def _draw_shared_elements(
    drawers: Sequence[WindowDrawer], pairs: Sequence[tuple[WindowDrawer, int]]
) -> str:
    """Return the elements that the frames of *pairs* refer to."""
    return "".join(
        part
        for drawer in drawers
        for part in drawer.draw_shared_elements({at for pair, at in pairs if pair is drawer})
    )


def _count_frame_bytes(drawer: WindowDrawer, index: int) -> int:
    """Return the size of a frame in bytes, without its description."""
    frame = _build_frame(drawer, index, is_key=False)
    return FRAME_OVERHEAD_BYTES + count_bytes(frame.drawings, frame.running)


def _build_frame(drawer: WindowDrawer, index: int, *, is_key: bool) -> DrawingFrame:
    move = drawer.path.moves[index]
    running = " → ".join(map(format_value, move.running_sums())) if move.kernels else ""
    return DrawingFrame(
        drawer.draw_frame(index), replace_hyphens_with_minus_signs(move.text), running, is_key
    )


def _unique_kernel_drawers(drawers: Sequence[WindowDrawer]) -> Iterator[WindowDrawer]:
    """Yield the drawers whose kernels differ from those of all earlier ones."""
    seen = set()
    for drawer in drawers:
        kernels = drawer.path.moves[0].kernels
        if kernels and kernels not in seen:
            seen.add(kernels)
            yield drawer


def _describe_movement(path: WindowPath) -> str:
    """Return the stride, dilation and padding of a window in words."""
    first = path.moves[0]
    facts = []
    for axis, direction in ((1, "right"), (0, "down")):
        step = _find_stride(path.moves, axis)
        if step > 1:
            facts.append(f"{step} {direction}")
    sentences = [f"The window moves {' and '.join(facts)} at a time."] if facts else []
    dilation = max(first.covered.dilation)
    if dilation > 1:
        sentences.append(f"Its cells lie {dilation} apart.")
    rows, columns = path.window_input.unpadded_ranges
    plane = path.window_input.planes[0]
    if len(rows) * len(columns) < len(plane) * len(plane[0]):
        sentences.append("Gray cells are the border of zeros.")
    return " ".join(sentences)


def _find_stride(moves: Iterable[WindowMove], axis: int) -> int:
    """Return the stride of the window along *axis*, or 1 if it does not move along it."""
    return next(
        (
            move.covered.corner[axis] // move.position[axis]
            for move in moves
            if move.position[axis] == 1
        ),
        1,
    )
