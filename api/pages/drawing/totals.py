"""Pictures of totals: a bar per layer, each starting where the previous one ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.pages.drawing.markup import draw_rectangle, draw_svg, draw_text
from api.pages.layout.formatting import format_number, format_share

COUNT_COLUMNS: Final = ("parameters", "MACs", "macs")
PICTURE_WIDTH: Final = 340
ROW_HEIGHT: Final = 34
BAR_HEIGHT: Final = 12
MAX_BARS: Final = 10
MIN_BARS: Final = 3
MAX_NAME_LENGTH: Final = 30
MIN_SUM: Final = 1_000
MIN_LABELED_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class _LayerCount:
    name: str
    count: int


def draw_layer_counts_picture(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the picture of a table of counts per layer, or "" for any other table."""
    count_column = next((column for column in COUNT_COLUMNS if column in head), None)
    if count_column is None:
        return ""
    column_index = head.index(count_column)
    layer_counts = [_LayerCount(f"{row[0]}" or f"{row[1]}", row[column_index]) for row in rows]
    return _draw_bars(
        [count for count in layer_counts if type(count.count) is int and count.count], count_column
    )


def draw_sum_picture(name: str, terms: str, numbers: str) -> str:
    """Return the picture of a sum of large numbers, or "" for any other formula."""
    counts = numbers.split(" + ")
    if not all(count.isdigit() for count in counts) or sum(map(int, counts)) < MIN_SUM:
        return ""
    names = terms.split(" + ")
    if len(names) != len(counts) or names == counts:
        names = [f"term {index}" for index in range(1, len(counts) + 1)]
    layer_counts = [_LayerCount(one, int(count)) for one, count in zip(names, counts, strict=True)]
    return _draw_bars([count for count in layer_counts if count.count], name)


def _draw_bars(layer_counts: Sequence[_LayerCount], what: str) -> str:
    if len(layer_counts) < MIN_BARS:
        return ""
    merged_counts = _merge_smallest_counts(layer_counts)
    total = sum(count.count for count in merged_counts)
    parts, before = [], 0
    for index, layer in enumerate(merged_counts):
        y = index * ROW_HEIGHT
        x, wide = (round(part / total * PICTURE_WIDTH) for part in (before, layer.count))
        parts.append(draw_text(0, y + 13, _shorten_name(layer.name), "ws-left"))
        parts.append(
            draw_text(PICTURE_WIDTH, y + 13, _format_layer_count(layer, total), "ws-right")
        )
        parts.append(draw_rectangle(0, y + 18, (PICTURE_WIDTH, BAR_HEIGHT), "ws-all"))
        parts.append(
            draw_rectangle(min(x, PICTURE_WIDTH - 2), y + 18, (max(wide, 2), BAR_HEIGHT), "ws-bar")
        )
        before += layer.count
    title = f"What {what} is made of, {format_number(total)} in all"
    return draw_svg((PICTURE_WIDTH, len(merged_counts) * ROW_HEIGHT), title, *parts)


def _format_layer_count(layer: _LayerCount, total: int) -> str:
    share = layer.count / total
    share_text = format_share(share) if share >= MIN_LABELED_SHARE else "under 1 %"
    return f"{format_number(layer.count)} · {share_text}"


def _merge_smallest_counts(layer_counts: Sequence[_LayerCount]) -> list[_LayerCount]:
    """Return the counts in order; if there are too many, the largest, and the rest as one."""
    if len(layer_counts) <= MAX_BARS:
        return list(layer_counts)
    large = sorted(layer_counts, key=lambda item: item.count, reverse=True)[: MAX_BARS - 1]
    others = [count for count in layer_counts if count not in large]
    together = _LayerCount(f"the other {len(others)}", sum(other.count for other in others))
    return [*(count for count in layer_counts if count in large), together]


def _shorten_name(name: str) -> str:
    return (
        name
        if len(name) <= MAX_NAME_LENGTH
        else f"{name[: MAX_NAME_LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"
    )
